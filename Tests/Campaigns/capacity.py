#!/usr/bin/env python3
# capacity.py: what a sign-in, a checked code and a signed call cost the server: processor time, room in the store, memory.
import os
import sqlite3
import threading

from campaign import Campaign, PASSWORD, code

campaign = Campaign("capacity", signins=200, checks=400, calls=1000)
CLIENTS = 8


def processor(pid):
    """The seconds of processor time that a process has used."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def room(campaign):
    database = sqlite3.connect(f"file:{campaign.folder}/store.sqlite?mode=ro", uri=True)
    pages = database.execute("SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM "
                             "pragma_freelist_count)").fetchone()[0]
    database.close()
    return pages * 4096


def measure(campaign, server, count, act):
    """Runs an act on eight clients; milliseconds of processor time and bytes of the store for each time."""
    before, used = processor(server.process.pid), room(campaign)
    threads = [threading.Thread(target=lambda client=client: [act(client, number) for number in range(count // CLIENTS)])
               for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = count // CLIENTS * CLIENTS
    return (processor(server.process.pid) - before) / done * 1000, (room(campaign) - used) / done


def body(campaign):
    for name in ("LATCHKEY_ARGON2_MEMORY", "LATCHKEY_ARGON2_PASSES"):
        del campaign.environment[name]
    server, seeds, counters = campaign.serve(), [], [0] * CLIENTS
    for client in range(CLIENTS):
        seeds.append(server.enroll(f"person{client}"))

    def once(client):
        counters[client] += 1
        return code(seeds[client], counters[client])

    def sign_in(client, _):
        status, answer = server.post("SignIn", {"userName": f"person{client}", "password": PASSWORD, "code": once(client)})
        campaign.expect(status == 200 and answer.get("session"), f"a sign-in was answered {status}: {answer}")

    def check(client, _):
        members = {"userName": f"person{client}", "code": once(client)}
        status, answer = server.post("VerifyOneTimeCode", members, signed=True)
        campaign.expect(status == 200, f"a code was answered {status}: {answer}")

    def call(client, _):
        status, answer = server.post("GetUser", {"userName": f"person{client}"}, signed=True)
        campaign.expect(status == 200, f"a call was answered {status}: {answer}")

    told = []
    given = campaign.given
    for name, count, act in (("sign-in", given.signins, sign_in), ("checked code", given.checks, check),
                             ("signed call", given.calls, call)):
        milliseconds, size = measure(campaign, server, count, act)
        told.append(f"a {name} {milliseconds:.2f} ms of a core and {size:.0f} bytes")
    status = open(f"/proc/{server.process.pid}/status").read()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return ", ".join(told) + f", {peak // 1024} MiB of memory at most"


campaign.run(body)
