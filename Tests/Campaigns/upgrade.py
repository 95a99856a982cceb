#!/usr/bin/env python3
# upgrade.py: a store of an older schema, opened by a latchkey that is killed at any point of bringing it up to date, on SQLite at
# every single write and on PostgreSQL at random moments: each step is done or not done, the next opening goes on, nothing is lost.
import glob
import json
import os
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import time

from campaign import BINARY, Campaign, PASSWORD, Postgres, code

campaign = Campaign("upgrade", kills=60)
# Stores with a schema older than this one have users that nobody has sealed.
OLDEST = 5


def undoing():
    """What takes each later step of the schema back, by its number: all of them only added something."""
    found = {}
    sources = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Sources/Latchkey/*.swift")
    for path in glob.glob(sources):
        for number, text in re.findall(r"Migration\(\s*number: (\d+),\s*sql:(.*?)\n\)", open(path).read(), re.S):
            if int(number) <= OLDEST:
                continue
            undone = []
            for statement in re.findall(r'"""(.*?)"""|"(.*?)"(?:,|\n|$)', text, re.S):
                statement = " ".join("".join(statement).split())
                added = re.match(r"CREATE TABLE (\w+)|ALTER TABLE (\w+) ADD COLUMN (\w+)|CREATE (?:UNIQUE )?INDEX (\w+)", statement)
                if not added:
                    raise RuntimeError(f"step {number} of the schema cannot be taken back: {statement}")
                table, changed, column, index = added.groups()
                undone.insert(0, f"DROP TABLE {table}" if table else f"DROP INDEX {index}" if index else
                              f"ALTER TABLE {changed} DROP COLUMN {column}")
            found[int(number)] = undone + [f"DELETE FROM migrations WHERE number = {number}"]
    return found


def populate():
    """A store with users, devices and keys; the seeds."""
    server = campaign.serve()
    seeds = {}
    for number in range(12):
        seeds[f"person{number}"] = server.enroll(f"person{number}")
        server.call("CreateAccessKey", {"userName": f"person{number}"})
    campaign.expect(server.end() == 0, "the server did not end in peace")
    return seeds


def check(where, seeds, counters):
    """Everything is there, and somebody signs in."""
    campaign.examine(f"{where}: ")
    users = json.loads(campaign.must("user", "list", "--json"))
    campaign.expect({user["userName"] for user in users} == set(seeds), f"{where}: other users are there")
    name = campaign.random.choice(sorted(seeds))
    counters[name] = counters.get(name, 0) + 1
    campaign.must("login", name, "--password-stdin", "--code", code(seeds[name], counters[name]), stdin=PASSWORD)


def on_sqlite(undo):
    """Killed at every write; how many kills."""
    seeds, store = populate(), f"{campaign.folder}/store.sqlite"
    last, library, plan = max(undo), campaign.preload("failing.c"), f"{campaign.folder}/plan"
    kills, seen = 0, set()
    for schema in range(OLDEST, last):
        old = f"{campaign.folder}/old-{schema}.sqlite"
        shutil.copy(store, old)
        with sqlite3.connect(old, isolation_level=None) as database:
            for number in range(last, schema, -1):
                for statement in undo[number]:
                    database.execute(statement)
        database.close()
        campaign.environment["LATCHKEY_STORE"] = f"sqlite:{campaign.folder}/upgraded.sqlite"
        upgraded, first = f"{campaign.folder}/upgraded.sqlite", 0
        # The short form tries some of the writes of each old schema, the long form all.
        stride = max(1, 60 // max(1, campaign.given.kills))
        while len(campaign.faults) < 20:
            first += campaign.random.randint(1, 2 * stride - 1)
            for left in ("-wal", "-shm"):
                if os.path.exists(upgraded + left):
                    os.unlink(upgraded + left)
            shutil.copy(old, upgraded)
            with open(plan, "wb") as file:
                file.write(struct.pack("=5q", 0, first, 1, -2, 0))
            status, _, errors = campaign.latchkey("user", "list", LD_PRELOAD=library, FAILING_PLAN=plan,
                                                  FAILING_NAME="/upgraded.sqlite")
            if status != -signal.SIGKILL:
                campaign.expect(status == 0, f"schema {schema}, write {first}: user list ended with {status}: {errors}")
                break
            kills += 1
            seen.add(reached(sqlite_steps(upgraded), schema, last, f"schema {schema}, write {first}"))
            check(f"schema {schema}, killed at write {first}", seeds, {})
    campaign.expect(len(seen) >= 2, f"the kills left only the schemas {seen}")
    campaign.environment["LATCHKEY_STORE"] = f"sqlite:{store}"
    return kills


def sqlite_steps(path):
    # A copy, so that its log is not copied into the file by who only looks.
    copy = f"{campaign.folder}/look.sqlite"
    for left in ("", "-wal"):
        if os.path.exists(path + left):
            shutil.copy(path + left, copy + left)
        elif os.path.exists(copy + left):
            os.unlink(copy + left)
    database = sqlite3.connect(copy)
    steps = [number for number, in database.execute("SELECT number FROM migrations ORDER BY number")]
    campaign.expect(database.execute("PRAGMA integrity_check").fetchone()[0] == "ok", "a killed upgrade left a damaged file")
    database.close()
    return steps


def reached(steps, schema, last, where):
    """The schema that a killed upgrade came to: whole steps, in their order."""
    campaign.expect(steps == list(range(1, len(steps) + 1)) and schema <= len(steps) <= last, f"{where}: it has the steps {steps}")
    return len(steps)


def on_postgres(undo):
    """Killed at random moments; how many kills."""
    postgres, last = Postgres(campaign), max(undo)
    campaign.environment["LATCHKEY_STORE"] = postgres.address
    campaign.environment["LATCHKEY_MASTER_KEY"] = f"{campaign.folder}/postgres.key"
    seeds, kills, seen, whole = populate(), 0, set(), 0.0
    for schema in range(OLDEST, last):
        postgres.psql(f"CREATE DATABASE old_{schema} TEMPLATE campaign", "postgres")
        postgres.psql("SET search_path = latchkey; " + "; ".join(
            statement.replace("DROP TABLE", "DROP TABLE IF EXISTS") for number in range(last, schema, -1) for statement in undo[number]),
            f"old_{schema}")
    attempts = 0
    while kills < campaign.given.kills and attempts < 20 * campaign.given.kills and len(campaign.faults) < 20:
        attempts += 1
        schema = OLDEST + attempts % (last - OLDEST)
        postgres.psql("DROP DATABASE IF EXISTS upgraded WITH (FORCE)", "postgres")
        postgres.psql(f"CREATE DATABASE upgraded TEMPLATE old_{schema}", "postgres")
        campaign.environment["LATCHKEY_STORE"] = postgres.address.replace("/campaign?", "/upgraded?")
        began = time.monotonic()
        process = subprocess.Popen([BINARY, "user", "list"], env=campaign.environment, cwd=campaign.folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if whole:
            time.sleep(campaign.random.uniform(0, whole))
            process.kill()
        status = process.wait()
        if not whole:
            whole = time.monotonic() - began
        if status == -signal.SIGKILL:
            kills += 1
        else:
            campaign.expect(status == 0, f"schema {schema} on PostgreSQL: user list ended with {status}")
        steps = [int(line) for line in postgres.psql("SELECT number FROM latchkey.migrations ORDER BY number", "upgraded")]
        seen.add(reached(steps, schema, last, f"schema {schema} on PostgreSQL"))
        check(f"schema {schema} on PostgreSQL", seeds, {})
    return kills, sorted(seen)


def body(campaign):
    undo = undoing()
    campaign.expect(sorted(undo) == list(range(OLDEST + 1, max(undo) + 1)), f"the steps {sorted(undo)} were found")
    on_file = on_sqlite(undo)
    in_database, seen = on_postgres(undo)
    campaign.expect(on_file > 0 and in_database > 0, "nothing was killed")
    return f"{on_file} kills at writes to SQLite, {in_database} kills on PostgreSQL, which left the schemas {seen}"


campaign.run(body)
