#!/usr/bin/env python3
# restarts.py: PostgreSQL restarted under two servers, in its hard ways too, and connections cut at every stage of a commit: nothing
# is told wrongly or done twice, nothing told is lost, and both servers go on by themselves within five seconds.
import os
import signal
import threading
import time

from campaign import Campaign, Postgres
from people import Person, check_history, check_trail, told
from proxy import STAGES, CuttingProxy

campaign = Campaign("restarts", restarts=60, cuts=300, users=8, seconds=5)


def body(campaign):
    postgres, chance = Postgres(campaign), campaign.random
    proxy = CuttingProxy(postgres.folder)
    campaign.cleanups.append(proxy.end)
    campaign.environment["LATCHKEY_STORE"] = f"postgresql://latchkey@/campaign?host={proxy.folder}"
    servers, stop = [campaign.serve(), campaign.serve()], threading.Event()
    people = [Person(f"person{number}", servers, stop, type(chance)(chance.random()))
              for number in range(campaign.given.users)]
    for person in people:
        person.start()
    slowest = 0.0

    def await_recovery(what):
        """Waits until each server has acknowledged a change that was asked for from now on."""
        nonlocal slowest
        began = time.monotonic()
        for server in servers:
            while max((person.heard.get(server, 0) for person in people), default=0) <= began:
                if time.monotonic() - began > 60:
                    raise RuntimeError(f"{what}: a server does not go on")
                time.sleep(0.005)
        passed = time.monotonic() - began
        slowest = max(slowest, passed)
        campaign.expect(passed < campaign.given.seconds, f"{what}: the servers went on after {passed:.1f} s only")

    def restart(number):
        way = ("immediate", "fast", "killed backend")[number % 3]
        if way == "killed backend":
            # The server ends all connections, repairs itself and goes on.
            backends = postgres.psql("SELECT pid FROM pg_stat_activity WHERE usename = 'latchkey' AND pid <> pg_backend_pid()")
            os.kill(int(chance.choice(backends)), signal.SIGKILL)
            time.sleep(0.05)
            postgres.await_readiness()
        else:
            postgres.stop(signal.SIGQUIT if way == "immediate" else signal.SIGINT)
            time.sleep(chance.choice([0, 0, 0.3, 2]))
            postgres.start()
        await_recovery(f"restart {number} ({way})")

    def cut(number):
        stage = (STAGES + ["terminated"])[number % (len(STAGES) + 1)]
        if stage == "terminated":
            postgres.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'latchkey' AND "
                          "pid <> pg_backend_pid()")
            stages[stage] = stages.get(stage, 0) + 1
        else:
            before = proxy.cuts
            proxy.cut(stage, chance.randrange(12))
            patience = time.monotonic() + 20
            while proxy.cuts == before and time.monotonic() < patience:
                time.sleep(0.002)
            stages[stage] = stages.get(stage, 0) + proxy.cuts - before
        await_recovery(f"cut {number} ({stage})")

    stages = {}
    for number in range(campaign.given.restarts):
        time.sleep(chance.uniform(0, 0.5))
        restart(number)
    slowest_restart, slowest = slowest, 0.0
    for number in range(campaign.given.cuts):
        cut(number)
    stop.set()
    for person in people:
        person.join()
    cuts = sum(stages.values())
    campaign.expect(cuts == campaign.given.cuts, f"only {cuts} cuts were made: {stages}")
    check_history(campaign, servers[0], people)
    for server in servers:
        campaign.expect(server.end() == 0, "a server did not end in peace")
    check_trail(campaign, people)
    signed_in, changes = told(people)
    opened = sum(person.open for person in people)
    return (f"{campaign.given.restarts} restarts, {cuts} cuts, {signed_in} sign-ins and {changes} other changes told, {opened} left "
            f"open, the slowest recovery {slowest_restart:.1f} s after a restart and {slowest:.1f} s after a cut")


campaign.run(body)
