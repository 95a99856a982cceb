#!/usr/bin/env python3
# kills.py: a server killed again and again while people sign in and out and an administrator writes: nothing acknowledged is
# lost, nothing ended comes back, no code counts twice.
import signal
import threading
import time

from campaign import Campaign
from people import Person, check_history, check_trail, told

campaign = Campaign("kills", kills=200, users=6)


def body(campaign):
    server, chance = campaign.serve(), campaign.random
    stop = threading.Event()
    people = [Person(f"person{number}", [server], stop, type(chance)(chance.random()))
              for number in range(campaign.given.users)]
    for person in people:
        person.start()
    slowest = 0.0
    for _ in range(campaign.given.kills):
        # Most kills come when work is under way, however slow the machine is; the others may come before any is.
        waits, before, patience = chance.random() > 0.2, told(people)[0], time.monotonic() + 10
        while waits and time.monotonic() < patience:
            if told(people)[0] > before:
                break
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.3))
        server.process.send_signal(signal.SIGKILL)
        server.end()
        slowest = max(slowest, server.start())
    time.sleep(0.3)
    stop.set()
    for person in people:
        person.join()
    check_history(campaign, server, people)
    signed_in, changes = told(people)
    campaign.expect(2 * signed_in >= campaign.given.kills, f"only {signed_in} sign-ins: too few to show anything")
    campaign.expect(server.end() == 0, "the server did not end in peace")
    check_trail(campaign, people)
    return (f"{campaign.given.kills} kills, {signed_in} sign-ins and {changes} other changes told, slowest start "
            f"{slowest:.2f} s")


campaign.run(body)
