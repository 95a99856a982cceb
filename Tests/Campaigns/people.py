# people.py: people who sign in and out and an administrator's writes for them, what they were told of it, and the checker that
# holds their history against what the store has in the end.
import json
import threading
import time

from campaign import PASSWORD, code


class Person(threading.Thread):
    """Signs in with one code after another, and remembers what the servers acknowledged, refused and left open."""

    def __init__(self, name, servers, stop, chance):
        super().__init__(daemon=True)
        self.name_, self.servers, self.stop, self.chance = name, servers, stop, chance
        self.counter, self.accepted, self.live, self.ended = 1, {}, [], []
        self.created, self.deleted, self.undone, self.open = [], [], [], 0
        self.refused_codes, self.false_refusals = set(), []
        # When each server last acknowledged a change.
        self.heard = {}
        self.seed = servers[0].enroll(name)

    def post(self, action, members, signed=False):
        server = self.chance.choice(self.servers)
        status, answer = server.post(action, members, signed)
        if status == 200:
            self.heard[server] = time.monotonic()
        elif status is None or status == 500:
            self.open += 1
        return status, answer

    def sign_in(self, counter):
        status, answer = self.post("SignIn", {"userName": self.name_, "password": PASSWORD, "code": code(self.seed, counter)})
        if status == 200 and isinstance(answer, dict) and answer.get("session"):
            self.accepted[counter] = self.accepted.get(counter, 0) + 1
            self.live.append(answer["session"]["token"])
        return status

    def run(self):
        isCertain = True
        while not self.stop.is_set():
            status = self.sign_in(self.counter)
            if status in (None, 500):
                # Nobody knows what became of it: it is tried again, and may be accepted now or have been accepted then.
                isCertain = False
                time.sleep(0.02)
                continue
            if status in (429, 503):
                # Nothing was done, and that was said: the code must still be good.
                time.sleep(0.05)
                continue
            if self.counter not in self.accepted and isCertain:
                self.false_refusals.append(self.counter)
            spent, self.counter, isCertain = self.counter, self.counter + 1, True
            chosen = self.chance.random()
            if chosen < 0.1 and spent in self.accepted:
                self.sign_in(spent)
            elif chosen < 0.35 and self.live:
                token = self.live.pop()
                status = self.post("SignOut", {"token": token})[0]
                if status == 200:
                    self.ended.append(token)
                elif status == 503:
                    self.live.append(token)
            elif chosen < 0.7:
                name = f"{self.name_}-{spent}"
                status = self.post("CreateUser", {"userName": name}, signed=True)[0]
                if status == 200:
                    self.created.append(name)
                elif status == 503:
                    self.undone.append(name)
            elif chosen < 0.8 and self.created:
                name = self.created.pop()
                status = self.post("DeleteUser", {"userName": name}, signed=True)[0]
                if status == 200:
                    self.deleted.append(name)
                elif status == 503:
                    self.created.append(name)


def told(people):
    """How many sign-ins and how many other changes were acknowledged."""
    return (sum(len(person.accepted) for person in people),
            sum(len(person.created) + len(person.deleted) + len(person.ended) for person in people))


def check_history(campaign, server, people):
    """Holds what people were told against the store: through a server first, and once that has ended in the trail."""
    names, marker = set(), {}
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
        for name in person.undone:
            campaign.expect(name not in names, f"{name} was said not to be made, and is there")
        campaign.expect(not person.false_refusals,
                        f"codes {person.false_refusals} of {person.name_} were refused although nothing had become of them")


def check_trail(campaign, people):
    """Holds the trail against what people saw: an entry for everything that was acknowledged, at most one a code or name."""
    trail = [json.loads(line) for line in campaign.must("audit", "--json").splitlines()]
    done = {}
    for entry in trail:
        if entry["outcome"] == "succeeded":
            about = entry["event"], (entry.get("subject") or "").rsplit(":user/", 1)[-1]
            done[about] = done.get(about, 0) + 1
    for person in people:
        spent = done.get(("SignIn", person.name_), 0)
        campaign.expect(len(person.accepted) <= spent < person.counter,
                        f"{person.name_} was told {len(person.accepted)} sign-ins, the trail has {spent}")
        for event, names in (("CreateUser", person.created + person.deleted), ("DeleteUser", person.deleted)):
            for name in names:
                campaign.expect(done.get((event, name)) == 1, f"the trail has {done.get((event, name), 0)} {event} of {name}")
    campaign.examine()
