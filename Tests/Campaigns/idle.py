#!/usr/bin/env python3
# idle.py: thousands of connections that say nothing, or too little too slowly, while somebody signs in: all of the idle ones are
# closed in the end, and who has something to say is heard meanwhile.
import resource
import selectors
import socket
import time

from campaign import Campaign, PASSWORD, code

campaign = Campaign("idle", connections=10000, seconds=14)


def body(campaign):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(campaign.given.connections, hard - 200)
    server = campaign.serve()
    seed = server.enroll("ann")
    slow, waiting, signed_in, slowest = [], selectors.DefaultSelector(), 0, 0.0

    def sign_in():
        nonlocal signed_in, slowest
        signed_in += 1
        began = time.monotonic()
        status, answer = server.post("SignIn", {"userName": "ann", "password": PASSWORD,
                                                "code": code(seed, signed_in)})
        slowest = max(slowest, time.monotonic() - began)
        campaign.expect(status == 200 and answer.get("session"), f"sign-in {signed_in} was answered {status}: {answer}")

    closed = 0

    def look():
        nonlocal closed
        for key, _ in waiting.select(0):
            try:
                rest = key.fileobj.recv(4096)
            except OSError:
                rest = b""
            if not rest:
                waiting.unregister(key.fileobj)
                key.fileobj.close()
                closed += 1
            else:
                campaign.expect(rest.startswith(b"HTTP/1.1 408 "), f"an idle connection was answered {rest[:60]}")

    most = 0
    for number in range(count):
        connection = socket.socket()
        # Each address may have no more than 1,024.
        connection.bind((f"127.0.1.{1 + number // 900}", 0))
        connection.connect(("127.0.0.1", server.port))
        if number % 2:
            connection.sendall(b"P")
            slow.append(connection)
        connection.setblocking(False)
        waiting.register(connection, selectors.EVENT_READ)
        if number % 500 == 499:
            look()
            sign_in()
        most = max(most, number + 1 - closed)
    end = time.monotonic() + campaign.given.seconds
    while time.monotonic() < end:
        for connection in slow[::7]:
            try:
                connection.send(b"O")
            except OSError:
                pass
        sign_in()
        look()
        time.sleep(0.5)
    look()
    campaign.expect(closed == count, f"{count - closed} of {count} idle connections are still open")
    campaign.expect(server.end() == 0, "the server did not end in peace")
    return f"{count} connections, {most} at once, {signed_in} sign-ins meanwhile, the slowest {slowest:.2f} s"


campaign.run(body)
