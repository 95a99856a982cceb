#!/usr/bin/env python3
# flood.py: more changes at once than a server has room for, while another process holds the store: those that find no room are told
# at once to come back, the others are answered when the store is free, and the server does not grow.
import json
import resource
import selectors
import socket
import sqlite3
import time

from campaign import Campaign, PASSWORD, code

# Writer.room in Sources/LatchkeyStore/Writer.swift.
ROOM = 4096
campaign = Campaign("flood", floods=10, more=400)


def memory(pid):
    """The server's memory in MiB."""
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS")) // 1024


def flood(server, count, store):
    """Sends so many changes while the store is held; the answers given meanwhile, and those given afterwards."""
    holder = sqlite3.connect(store, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    waiting, early, late, began = selectors.DefaultSelector(), [], [], time.monotonic()
    text = json.dumps({"token": "nobody's"}).encode()
    request = (f"POST /v1/SignOut HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: application/json\r\n"
               f"Content-Length: {len(text)}\r\nConnection: close\r\n\r\n").encode() + text

    def read(answers, seconds):
        end = time.monotonic() + seconds
        while waiting.get_map() and time.monotonic() < end:
            for key, _ in waiting.select(0.1):
                piece = key.fileobj.recv(1 << 16)
                key.data.append(piece)
                if not piece:
                    answers.append(b"".join(key.data))
                    waiting.unregister(key.fileobj)
                    key.fileobj.close()

    for number in range(count):
        connection = socket.socket()
        # Each address may have no more than 1,024.
        connection.bind((f"127.0.1.{1 + number // 900}", 0))
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(request)
        connection.setblocking(False)
        waiting.register(connection, selectors.EVENT_READ, [])
    # All are read by the server before the store is free, or it has waited long enough.
    while len(early) < count - ROOM - 1 and time.monotonic() - began < 8:
        read(early, 0.2)
    holder.execute("ROLLBACK")
    holder.close()
    read(late, 60)
    campaign.expect(not waiting.get_map(), f"{len(waiting.get_map())} changes were never answered")
    return early, late


def body(campaign):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = campaign.serve()
    seed, refused, most, count = server.enroll("ann"), 0, 0, ROOM + campaign.given.more
    for number in range(campaign.given.floods):
        for _ in range(3):
            answers = sum(flood(server, count, f"{campaign.folder}/store.sqlite"), [])
            turned = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503 ") and b'"Throttling"' in answer]
            # On a machine that is too slow to send them all, the store is given up before the room is taken.
            slow = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503 ") and b"holds the store" in answer]
            if turned or not slow:
                break
        refused += len(turned)
        campaign.expect(len(turned) > 0, f"flood {number}: nobody was refused")
        campaign.expect(all(b"retry-after: 1" in answer.lower() for answer in turned + slow),
                        f"flood {number}: nothing says when to come back: {turned[:1]}")
        campaign.expect(len(turned) <= campaign.given.more or slow, f"flood {number}: {len(turned)} were refused")
        others = [answer for answer in answers if answer not in turned and answer not in slow]
        campaign.expect(all(answer.startswith(b"HTTP/1.1 4") for answer in others),
                        f"flood {number}: {len(others)} others were answered, with {others[:1]}")
        status, answer = server.post("SignIn", {"userName": "ann", "password": PASSWORD, "code": code(seed, number + 1)})
        campaign.expect(status == 200, f"flood {number}: a sign-in afterwards was answered {status}: {answer}")
        most = max(most, memory(server.process.pid))
    campaign.expect(most < 256, f"the server took {most} MiB")
    campaign.expect(server.end() == 0, "the server did not end in peace")
    campaign.examine()
    return f"{campaign.given.floods} floods of {count} changes, {refused} told to come back, {most} MiB of memory at most"


campaign.run(body)
