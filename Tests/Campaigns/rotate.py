#!/usr/bin/env python3
# rotate.py: keys rotated while people sign in, check codes and sign calls, on SQLite and on PostgreSQL with a second machine; the
# rotation is killed at random moments and called again: everything goes on, and nothing is left under the old keys.
import concurrent.futures
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

from campaign import BINARY, Campaign, PASSWORD, code

campaign = Campaign("rotate", kills=20, users=4500, workers=6)


class Person:
    """A user with a device and an access key."""

    def __init__(self, name, server):
        self.name, self.seed, self.counter = name, server.enroll(name), 1
        key = server.call("CreateAccessKey", {"userName": name})["accessKey"]
        self.key = key["accessKeyId"], key["secretAccessKey"]
        self.token = None

    def sign_in(self, server):
        status, answer = server.post(
            "SignIn", {"userName": self.name, "password": PASSWORD, "code": code(self.seed, self.counter)}, timeout=60)
        self.counter += 1
        if campaign.expect(status == 200, f"a sign-in of {self.name} was answered {status}: {answer}"):
            self.token = answer["session"]["token"]

    def check(self, server):
        status, answer = server.post("VerifyOneTimeCode", {"userName": self.name, "code": code(self.seed, self.counter)},
                                     signed=True, timeout=60)
        self.counter += 1
        campaign.expect(status == 200, f"a code of {self.name} was answered {status}: {answer}")

    def call(self, server):
        status, answer = server.post("ListDevices", {}, signed=True, timeout=60, key=self.key)
        # Nobody has allowed it; whose key it is was found out by its signature before that.
        campaign.expect(status == 403 and "AccessDenied" in str(answer),
                        f"a signed call of {self.name} was answered {status}: {answer}")

    def session(self, server):
        status, answer = server.post("Session", {"token": self.token}, timeout=60)
        campaign.expect(status == 200, f"a session of {self.name} was answered {status}: {answer}")


class Worker(threading.Thread):
    """Has one act after another of some people's done, without a pause."""

    def __init__(self, people, servers, stop):
        super().__init__(daemon=True)
        self.people, self.servers, self.stop, self.done, self.slowest, self.new = people, servers, stop, 0, 0.0, []

    def run(self):
        try:
            while not self.stop.is_set() and len(campaign.faults) < 20:
                person, server = self.people[self.done % len(self.people)], self.servers[self.done % len(self.servers)]
                began = time.monotonic()
                (person.sign_in, person.check, person.call)[self.done // len(self.people) % 3](server)
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.done += 1
                if self.done % 50 == 0:
                    # New secrets come to be at any time as well.
                    self.new.append(Person(f"{person.name}-{self.done}", server))
        except Exception as error:
            campaign.wrong(f"a worker broke off: {error!r}")


def examine(name, before):
    """No secret in a copy of the store is under another key than the newest, and the old key file opens nothing."""
    copy = f"{campaign.folder}/{name}.sqlite"
    campaign.must("store", "backup", copy)
    database = sqlite3.connect(f"file:{copy}?mode=ro&immutable=1", uri=True)
    keys = [number for number, in database.execute("SELECT id FROM data_keys")]
    campaign.expect(len(keys) == 1, f"{name}: data keys {keys} are left")
    sealed = 0
    for table, in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        for column in [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[2] == "BYTEA"]:
            for number in range(1, max(keys) + 1):
                # A seal begins with the number of its key; no digest happens to.
                found, = database.execute(f"SELECT count(*) FROM {table} WHERE substr({column}, 1, 4) = ?",
                                          (number.to_bytes(4, "big"),)).fetchone()
                if number in keys:
                    sealed += found
                else:
                    campaign.expect(found == 0, f"{name}: {found} of {table}.{column} are under the old key {number}")
    database.close()
    os.unlink(copy)
    lines = open(campaign.environment["LATCHKEY_MASTER_KEY"]).read().splitlines()
    campaign.expect(len(lines) == 1, f"{name}: the key file has {len(lines)} lines")
    status, _, errors = campaign.latchkey("store", "check", "--master-key", before)
    campaign.expect(status == 3 and "is not this store's master key" in errors, f"{name}: the old key is good for {status}: {errors}")
    campaign.expect(not os.path.exists(campaign.environment["LATCHKEY_MASTER_KEY"] + ".new"), f"{name}: a key file is left over")
    return sealed


def rotate(words, seconds):
    """Calls the rotation and kills it after a time; its status, or None if it was killed."""
    process = subprocess.Popen([BINARY, "store", "rotate-key", "--json", *words], env=campaign.environment, cwd=campaign.folder,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        errors = process.communicate(timeout=seconds)[1].decode()
    except subprocess.TimeoutExpired:
        process.kill()
        errors = process.communicate()[1].decode()
    if process.returncode == -signal.SIGKILL:
        return None
    if "a rotation has not ended" not in errors:
        campaign.expect(process.returncode == 0, f"rotate-key {words} ended with {process.returncode}: {errors}")
    return process.returncode


def rotate_all(name, servers, kills):
    """Rotations one after the other with so many kills, the last one to its end; how many came to their end."""
    key, copy = campaign.environment["LATCHKEY_MASTER_KEY"], f"{campaign.folder}/{name}-copy.key"

    def carry():
        """Takes the key file to the other machine."""
        shutil.copy(key, copy + ".carried")
        os.rename(copy + ".carried", copy)

    whole, killed, ended = 1.0, 0, 0
    while len(campaign.faults) < 20:
        # A rotation is prepared, carried, done, and carried again; where it was killed it is called again.
        rotate(["--prepare"], campaign.random.uniform(0, 0.2) if campaign.random.random() < 0.2 else 60)
        carry()
        began, left = time.monotonic(), killed < kills
        status = rotate([], campaign.random.uniform(0.02, 1.1 * whole) if left else 300)
        killed += status is None
        if status == 0:
            whole = time.monotonic() - began
            ended += 1
            carry()
            if not left:
                return ended, killed


def run_on(name, store, machines):
    campaign.environment["LATCHKEY_STORE"] = store
    campaign.environment["LATCHKEY_MASTER_KEY"] = f"{campaign.folder}/{name}.key"
    servers = [campaign.serve()]
    if machines > 1:
        copy = f"{campaign.folder}/{name}-copy.key"
        shutil.copy(campaign.environment["LATCHKEY_MASTER_KEY"], copy)
        servers.append(campaign.serve(LATCHKEY_MASTER_KEY=copy))
    before = f"{campaign.folder}/{name}-before.key"
    shutil.copy(campaign.environment["LATCHKEY_MASTER_KEY"], before)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        people = list(pool.map(lambda number: Person(f"person{number}", servers[number % machines]),
                               range(campaign.given.users)))
        stop = threading.Event()
        share = max(1, min(60, len(people)) // campaign.given.workers)
        workers = [Worker(people[number * share:(number + 1) * share], servers, stop) for number in range(campaign.given.workers)]
        for worker in workers:
            worker.start()
        ended, killed = rotate_all(name, servers, campaign.given.kills)
        stop.set()
        for worker in workers:
            worker.join()
            people += worker.new
        for act in (Person.sign_in, Person.check, Person.call, Person.session):
            list(pool.map(lambda numbered: act(numbered[1], servers[numbered[0] % machines]), enumerate(people)))
    sealed = examine(name, before)
    campaign.expect(sealed >= 2 * len(people), f"{name}: only {sealed} secrets were found")
    for server in servers:
        campaign.expect(server.end() == 0, f"{name}: a server did not end in peace")
    campaign.examine(f"{name}: ")
    return (f"{killed} kills and {ended} whole rotations of {sealed} secrets on {name}, {sum(w.done for w in workers)} acts "
            f"meanwhile, the slowest {max(w.slowest for w in workers):.1f} s")


def body(campaign):
    return "; ".join([run_on("SQLite", f"sqlite:{campaign.folder}/store.sqlite", 1),
                      run_on("PostgreSQL", campaign.postgres(), 2)])


campaign.run(body)
