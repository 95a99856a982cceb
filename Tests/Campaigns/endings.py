#!/usr/bin/env python3
# endings.py: a server told to end while people sign in and an administrator writes: what was asked is answered or was never taken
# up, nothing is cut in two, it ends within ten seconds with status 0, and nothing that was told is lost.
import signal
import socket
import threading
import time

from campaign import Campaign
from people import Person, check_history, check_trail, told

campaign = Campaign("endings", rounds=100, users=8, seconds=10)


def dangling(server):
    """Connections on which nothing, half a head and half a body were sent."""
    host = f"127.0.0.1:{server.port}"
    head = f"POST /v1/SignIn HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 40\r\n"
    connections = []
    for text in ("", head, head + "\r\n{\"userName\""):
        connection = socket.create_connection(("127.0.0.1", server.port))
        connection.sendall(text.encode())
        connections.append(connection)
    return connections


class Witness(Person):
    """Somebody who also looks at how an answer broke off."""

    broken = []

    def post(self, action, members, signed=False):
        status, answer = super().post(action, members, signed)
        if status is None and "IncompleteRead" in answer or "JSONDecode" in str(answer):
            self.broken.append(f"{action}: {answer}")
        return status, answer


def body(campaign):
    server, chance, stop = campaign.serve(), campaign.random, threading.Event()
    people = [Witness(f"person{number}", [server], stop, type(chance)(chance.random()))
              for number in range(campaign.given.users)]
    for person in people:
        person.start()
    slowest, left = 0.0, 0
    for number in range(campaign.given.rounds):
        before, patience = told(people)[0], time.monotonic() + 10
        while told(people)[0] == before and time.monotonic() < patience:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.1))
        connections = dangling(server) if number % 25 == 3 else []
        left += len(connections)
        time.sleep(0.05 if connections else 0)
        began = time.monotonic()
        status = server.end(signal.SIGTERM if number % 2 else signal.SIGINT)
        passed = time.monotonic() - began
        slowest = max(slowest, passed)
        campaign.expect(status == 0, f"round {number}: the server ended with {status}")
        # A moment for the end of the process itself.
        campaign.expect(passed < campaign.given.seconds + 1, f"round {number}: the server ended after {passed:.1f} s")
        for connection in connections:
            connection.close()
        server.start()
    stop.set()
    for person in people:
        person.join()
    campaign.expect(not Witness.broken, f"{len(Witness.broken)} answers were cut in two: {Witness.broken[:3]}")
    check_history(campaign, server, people)
    campaign.expect(server.end() == 0, "the server did not end in peace")
    check_trail(campaign, people)
    signed_in, changes = told(people)
    return (f"{campaign.given.rounds} ends, {left} connections with half a request, {signed_in} sign-ins and {changes} other changes "
            f"told, the slowest end {slowest:.1f} s")


campaign.run(body)
