#!/usr/bin/env python3
# full.py: a disk that fills up, is freed, and is mounted read-only: nothing is acknowledged that does not last, and the server
# goes on by itself when there is room again.
import os
import signal
import subprocess
import sys
import time

if os.environ.get("LATCHKEY_NAMESPACE") is None:
    # A mount namespace of its own, in which a small disk can be mounted.
    os.environ["LATCHKEY_NAMESPACE"] = "1"
    user = [] if os.getuid() == 0 else ["--map-root-user"]
    os.execvp("unshare", ["unshare", *user, "--mount", sys.executable, os.path.abspath(__file__), *sys.argv[1:]])

from campaign import Campaign, PASSWORD, code

campaign = Campaign("full", fillings=40)


def body(campaign):
    disk = f"{campaign.folder}/disk"
    os.mkdir(disk, 0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=0700", "small", disk], check=True)
    campaign.cleanups.append(lambda: subprocess.run(["umount", "-l", disk], check=False))
    campaign.environment["LATCHKEY_STORE"] = f"sqlite:{disk}/store.sqlite"
    server = campaign.serve()
    seed = server.enroll("ann")
    sessions, used, counter, refused = [], set(), 1, 0

    def sign_in():
        status, answer = server.post("SignIn", {"userName": "ann", "password": PASSWORD, "code": code(seed, counter)})
        if status == 200 and answer.get("session"):
            campaign.expect(counter not in used, f"code {counter} was accepted twice")
            used.add(counter)
            sessions.append(answer["session"]["token"])
        return status

    for filling in range(campaign.given.fillings):
        filler = os.open(f"{disk}/filler", os.O_WRONLY | os.O_CREAT)
        left = campaign.random.choice([0, 3, 12, 30, 70])
        size = 65536
        while size:
            try:
                os.write(filler, bytes(size))
            except OSError:
                size //= 2
        os.ftruncate(filler, max(0, os.fstat(filler).st_size - left * 4096))
        # Signs in until the disk is full indeed.
        for _ in range(200):
            status = sign_in()
            if status != 200:
                break
            counter += 1
        # SQLite may go on in the log that it has: then there is room for what was asked.
        campaign.expect(status in (200, 500, 503), f"filling {filling}: a full disk was answered {status}")
        refused += status != 200
        if campaign.random.random() < 0.3:
            server.process.send_signal(signal.SIGKILL)
            server.end()
            os.close(filler)
            os.unlink(f"{disk}/filler")
            server.start()
        else:
            os.close(filler)
            os.unlink(f"{disk}/filler")
        began = time.monotonic()
        while sign_in() != 200 and time.monotonic() - began < 10:
            counter += 0 if time.monotonic() - began < 1 else 1
            time.sleep(0.1)
        campaign.expect(counter in used, f"filling {filling}: with room again nobody could sign in")
        counter += 1
        for token in sessions[-20:]:
            campaign.expect(server.post("Session", {"token": token})[0] == 200, f"filling {filling}: a told session is lost")
    campaign.expect(refused > 0, "the disk was never full")
    campaign.expect(server.end() == 0, "the server did not end in peace")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    status, said, _ = campaign.latchkey("doctor")
    campaign.expect(status == 3 and "read-only" in said, f"doctor on a read-only disk: {status}: {said}")
    status, _, _ = campaign.latchkey("login", "ann", "--password-stdin", "--code", code(seed, counter), stdin=PASSWORD)
    campaign.expect(status == 3, f"a sign-in on a read-only disk ended with {status}")
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    campaign.must("login", "ann", "--password-stdin", "--code", code(seed, counter), stdin=PASSWORD)
    campaign.examine(doctor=False)
    return f"{campaign.given.fillings} fillings, {refused} refusals, {len(sessions)} sign-ins told"


campaign.run(body)
