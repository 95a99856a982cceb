#!/usr/bin/env python3
# writes.py: every single write, sync and cut of the store's files fails once, with one error after the other, while people sign in
# and an administrator writes, and while the server starts and ends: nothing is acknowledged that does not last, nothing is damaged,
# and the server goes on by itself. And each of 200 acknowledged changes had been synced before it was answered.
import errno
import mmap
import os
import re
import signal
import struct
import time

from campaign import Campaign, PASSWORD, code

# Every STRIDE-th call fails in the short form, every one in the long form.
campaign = Campaign("writes", stride=1, requests=200)
KINDS = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC, "half a write": -1}


class Plan:
    """What is to fail, in memory that is shared with the server."""

    def __init__(self, path):
        with open(path, "wb") as file:
            file.write(bytes(40))
        self.memory = mmap.mmap(os.open(path, os.O_RDWR), 40)

    def read(self):
        """The number of calls, and of failed ones."""
        fields = struct.unpack("=5q", self.memory[:])
        return fields[0], fields[4]

    def fail(self, first, error, count=1):
        """From now on, which call is the first that fails; none if zero."""
        self.memory[:] = struct.pack("=5q", 0, first, count, error, 0)


class Scene:
    """One administrator and one user, and what was acknowledged to them."""

    def __init__(self, server):
        self.server, self.seed, self.counter = server, server.enroll("ann"), 1
        self.names, self.gone, self.live, self.ended, self.number, self.refused = [], [], [], [], 0, 0

    def sign_in(self):
        status, answer = self.server.post("SignIn", {"userName": "ann", "password": PASSWORD,
                                                     "code": code(self.seed, self.counter)})
        if status == 200 and answer.get("session"):
            self.live.append(answer["session"]["token"])
        # The code of a sign-in that failed may have been spent, and must be good if it was said not to be.
        if status != 503:
            self.counter += 1
        return status

    def work(self, where):
        """Four changes, any of which may fail; each is told truly."""
        def count(status):
            campaign.expect(status in (200, 500, 503), f"{where}: a change was answered {status}")
            self.refused += status != 200
            return status == 200
        count(self.sign_in())
        self.number += 1
        if count(self.server.post("CreateUser", {"userName": f"user-{self.number}"}, signed=True)[0]):
            self.names.append(f"user-{self.number}")
        if len(self.live) > 3:
            token = self.live.pop(0)
            if count(self.server.post("SignOut", {"token": token})[0]):
                self.ended = (self.ended + [token])[-5:]
        if len(self.names) > 3:
            name = self.names.pop(0)
            if count(self.server.post("DeleteUser", {"userName": name}, signed=True)[0]):
                self.gone.append(name)

    def recover(self, where):
        """The next sign-in succeeds, by itself, at once."""
        for _ in range(3):
            if self.sign_in() == 200:
                return
        campaign.wrong(f"{where}: nobody can sign in afterwards")

    def verify(self, where):
        for token in self.live:
            campaign.expect(self.server.post("Session", {"token": token})[0] == 200, f"{where}: a told session is lost")
        for token in self.ended:
            campaign.expect(self.server.post("Session", {"token": token})[0] == 403, f"{where}: an ended session is back")
        status, answer = self.server.post("ListUsers", {"maxItems": 1000}, signed=True)
        there = {user["userName"] for user in answer["users"]}
        for name in self.names:
            campaign.expect(name in there, f"{where}: {name} was made and is lost")
        for name in self.gone:
            campaign.expect(name not in there, f"{where}: {name} was deleted and is back")
        self.gone.clear()

    def kill(self):
        self.server.process.send_signal(signal.SIGKILL)
        self.server.end()
        self.server.start()


def while_serving(plan, scene, kind):
    """Lets each call of the work fail once; how many there were."""
    first, stride = 1 + campaign.random.randrange(campaign.given.stride), campaign.given.stride
    while len(campaign.faults) < 20:
        where = f"{kind} of call {first}"
        plan.fail(first, KINDS[kind], campaign.random.choice([1, 1, 3]))
        scene.work(where)
        failed = plan.read()[1]
        plan.fail(0, 0)
        if not failed:
            break
        scene.recover(where)
        if campaign.random.random() < 0.2:
            scene.kill()
            where += " and a kill"
        scene.verify(where)
        first += stride
    return first


def around(plan, scene, kind):
    """Lets each call of a start, some work and an end fail once; how many there were."""
    first, stride = 1 + campaign.random.randrange(campaign.given.stride), campaign.given.stride
    while len(campaign.faults) < 20:
        where = f"{kind} of call {first} from start to end"
        campaign.expect(scene.server.end() == 0, f"{where}: the server had not ended in peace")
        plan.fail(first, KINDS[kind], campaign.random.choice([1, 1, 3]))
        try:
            scene.server.start()
            started = True
        except RuntimeError as error:
            started = False
            status = scene.server.end()
            campaign.expect(status == 3, f"{where}: the server did not start and ended with {status}: {error}")
        if started:
            scene.work(where)
            # What was acknowledged is in the log; only its way into the file may have failed.
            campaign.expect(scene.server.end() in (0, 3), f"{where}: the server ended otherwise")
        failed = plan.read()[1]
        plan.fail(0, 0)
        scene.server.start()
        scene.recover(where)
        scene.verify(where)
        if not failed:
            break
        first += stride
    return first


def in_order(count):
    """Looks with strace whether the log was synced before each change was answered; how many changes."""
    trace = f"{campaign.folder}/trace"
    server = campaign.serve(wrapper=["strace", "-f", "-y", "-s", "24", "-o", trace, "-e",
                                     "trace=pwrite64,fdatasync,fsync,writev,write,sendto,sendmsg"],
                            LATCHKEY_STORE=f"sqlite:{campaign.folder}/traced.sqlite")
    seed = server.enroll("bob")
    # To make and enrol somebody took four changes.
    for number in range(count // 2 - 2):
        server.call("CreateUser", {"userName": f"traced-{number}"})
        server.call("SignIn", {"userName": "bob", "password": PASSWORD, "code": code(seed, number + 1)}, signed=False)
    # strace hands the signal on to nobody: the server itself is ended.
    child = int(open(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read().split()[0])
    os.kill(child, signal.SIGTERM)
    server.process.wait(timeout=60)
    lines = open(trace, errors="replace").read().splitlines()
    unsynced, synced, answers, syncing = False, False, 0, set()
    for line in lines:
        thread, _, call = line.partition(" ")
        call = call.strip()
        if "-wal>" in call and call.startswith("pwrite64"):
            unsynced = True
        elif "-wal>" in call and re.match("f(data)?sync", call):
            if call.endswith("= 0"):
                unsynced, synced = False, True
            else:
                syncing.add(thread)
        elif thread in syncing and "resumed>" in call:
            syncing.remove(thread)
            if call.endswith("= 0"):
                unsynced, synced = False, True
        elif "HTTP/1.1 200" in call:
            answers += 1
            campaign.expect(synced and not unsynced, f"answer {answers} was given before its change was synced")
            synced = False
    campaign.expect(answers == count, f"{answers} answers were seen of {count}")
    return answers


def body(campaign):
    library, plan = campaign.preload("failing.c"), Plan(f"{campaign.folder}/plan")
    server = campaign.serve(LD_PRELOAD=library, FAILING_PLAN=f"{campaign.folder}/plan", FAILING_NAME="/store.sqlite")
    scene, told = Scene(server), []
    for kind in KINDS:
        told.append(f"{while_serving(plan, scene, kind)} and {around(plan, scene, kind)} calls with {kind}")
    campaign.expect(scene.refused > 0, "nothing ever failed")
    campaign.expect(server.end() == 0, "the server did not end in peace")
    campaign.examine()
    ordered = in_order(campaign.given.requests)
    return f"{', '.join(told)}, {scene.refused} changes refused, {scene.number} made, {ordered} answers after their sync"


campaign.run(body)
