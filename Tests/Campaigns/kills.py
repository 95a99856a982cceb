#!/usr/bin/env python3
# kills.py: a server killed again and again while people sign in and out and an administrator writes: nothing acknowledged is
# lost, nothing ended comes back, no code counts twice.
import json
import signal
import threading
import time

from campaign import Campaign, PASSWORD, code

campaign = Campaign("kills", kills=200, users=6)


class Person(threading.Thread):
    """Signs in with one code after another, and remembers what the server acknowledged."""

    def __init__(self, name, seed, server, stop, chance):
        super().__init__(daemon=True)
        self.name_, self.seed, self.server, self.stop, self.chance = name, seed, server, stop, chance
        self.counter, self.accepted, self.live, self.ended, self.created, self.deleted = 1, {}, [], [], [], []
        self.refusals = 0

    def sign_in(self, counter):
        status, answer = self.server.post(
            "SignIn", {"userName": self.name_, "password": PASSWORD, "code": code(self.seed, counter)})
        if status == 200 and isinstance(answer, dict) and answer.get("session"):
            self.accepted[counter] = self.accepted.get(counter, 0) + 1
            self.live.append(answer["session"]["token"])
        return status

    def run(self):
        while not self.stop.is_set():
            status = self.sign_in(self.counter)
            if status is None:
                # Nobody knows what became of it: it is tried again, and may be accepted now or have been accepted then.
                time.sleep(0.02)
                continue
            if status != 200 or self.counter not in self.accepted:
                self.refusals += 1
            if status in (429, 500, 503):
                time.sleep(0.05)
                continue
            spent, self.counter = self.counter, self.counter + 1
            chosen = self.chance.random()
            if chosen < 0.1 and spent in self.accepted:
                self.sign_in(spent)
            elif chosen < 0.35 and self.live:
                token = self.live.pop()
                if self.server.post("SignOut", {"token": token})[0] == 200:
                    self.ended.append(token)
            elif chosen < 0.7:
                name = f"{self.name_}-{spent}"
                if self.server.post("CreateUser", {"userName": name}, signed=True)[0] == 200:
                    self.created.append(name)
            elif chosen < 0.8 and self.created:
                name = self.created.pop()
                if self.server.post("DeleteUser", {"userName": name}, signed=True)[0] == 200:
                    self.deleted.append(name)


def body(campaign):
    server, chance = campaign.serve(), campaign.random
    stop, people = threading.Event(), []
    for number in range(campaign.given.users):
        name = f"person{number}"
        server.call("CreateUser", {"userName": name})
        server.call("CreateLoginProfile", {"userName": name, "password": PASSWORD})
        begun = server.call("BeginEnrollment", {"userName": name, "parameters": {
            "kind": "hotp", "algorithm": "SHA1", "digits": 6, "period": 30}})["enrollment"]
        server.call("ConfirmEnrollment", {"serialNumber": begun["serialNumber"], "code": code(begun["secret"], 0)})
        people.append(Person(name, begun["secret"], server, stop, type(chance)(chance.random())))
    for person in people:
        person.start()
    slowest = 0.0
    for _ in range(campaign.given.kills):
        # Most kills come when work is under way, however slow the machine is; the others may come before any is.
        waits, told, patience = chance.random() > 0.2, sum(len(person.accepted) for person in people), time.monotonic() + 10
        while waits and time.monotonic() < patience:
            if sum(len(person.accepted) for person in people) > told:
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

    names = set()
    marker = {}
    while True:
        page = server.call("ListUsers", {"maxItems": 1000, **marker})
        names |= {user["userName"] for user in page["users"]}
        if not page.get("marker"):
            break
        marker = {"marker": page["marker"]}
    for person in people:
        for counter, times in person.accepted.items():
            campaign.expect(times == 1, f"code {counter} of {person.name_} was accepted {times} times")
        for token in person.live:
            campaign.expect(server.post("Session", {"token": token})[0] == 200,
                            f"a session of {person.name_} that was told is lost")
        for token in person.ended:
            status = server.post("Session", {"token": token})[0]
            campaign.expect(status is not None and 400 <= status < 500, f"a session of {person.name_} is back")
        for name in person.created:
            campaign.expect(name in names, f"{name} was made and is lost")
        for name in person.deleted:
            campaign.expect(name not in names, f"{name} was deleted and is back")
    signed_in = sum(len(person.accepted) for person in people)
    told = sum(len(person.created) + len(person.deleted) + len(person.ended) for person in people)
    campaign.expect(2 * signed_in >= campaign.given.kills, f"only {signed_in} sign-ins: too few to show anything")
    campaign.expect(server.end() == 0, "the server did not end in peace")
    # The trail against what people saw: an entry for everything that was acknowledged, at most one a code.
    trail = [json.loads(line) for line in campaign.must("audit", "--json").splitlines()]
    for person in people:
        spent = sum(1 for entry in trail if entry["event"] == "SignIn" and entry["outcome"] == "succeeded"
                    and (entry.get("subject") or "").endswith(f":user/{person.name_}"))
        campaign.expect(len(person.accepted) <= spent < person.counter,
                        f"{person.name_} was told {len(person.accepted)} sign-ins, the trail has {spent}")
    for words in (("store", "check"), ("audit", "--verify")):
        status, _, errors = campaign.latchkey(*words)
        campaign.expect(status == 0, f"latchkey {' '.join(words)}: {errors}")
    return (f"{campaign.given.kills} kills, {signed_in} sign-ins and {told} other changes told, slowest start "
            f"{slowest:.2f} s")


campaign.run(body)
