#!/usr/bin/env python3
# clock.py: a clock that jumps by seconds, hours and years, back and forth, beyond 2038 and to 2100: at every time people enrol and
# sign in, no code counts twice whatever time it is again, and the server does not spin.
import datetime
import http.client
import json
import mmap
import os
import struct
import time

from campaign import Campaign, PASSWORD, code, sign

campaign = Campaign("clock", jumps=120)
HOUR, YEAR = 3600, 31_536_000


def body(campaign):
    offset, clock, library = 0, f"{campaign.folder}/clock", campaign.preload("clock.c")
    with open(clock, "wb") as file:
        file.write(struct.pack("=q", 0))
    shared = mmap.mmap(os.open(clock, os.O_RDWR), 8)

    def jump(to):
        nonlocal offset
        offset = to
        shared[:] = struct.pack("=q", to)

    server = campaign.serve(LD_PRELOAD=library, CLOCK_OFFSET=clock)

    def now():
        return time.time() + offset

    def call(action, members):
        text, host = json.dumps(members).encode(), f"127.0.0.1:{server.port}"
        moment = datetime.datetime.fromtimestamp(now(), datetime.timezone.utc)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request("POST", f"/v1/{action}", text, {"Content-Type": "application/json", "Host": host,
                                                           **sign("POST", f"/v1/{action}", host, text, now=moment)})
        answer = connection.getresponse()
        found = answer.status, json.loads(answer.read())
        connection.close()
        return found

    def sign_in(name, seed, counter):
        status, answer = server.post("SignIn", {"userName": name, "password": PASSWORD, "code": code(seed, counter)})
        campaign.expect(status is not None and status < 500, f"at {offset:+d} s a sign-in was answered {status}: {answer}")
        return status == 200 and bool(answer.get("session"))

    y2038, y2100 = 2_147_483_647 - int(time.time()), 4_102_444_800 - int(time.time())
    # The clock's own tick may fall between our reading and the server's: one step of it changes nothing here.
    places = [0, 1, -1, 30, -30, HOUR, -HOUR, YEAR, -YEAR, y2038 - 5, y2038 + 5, y2100, y2100 + HOUR]
    spent, replays, visited = [], 0, set()
    for number in range(campaign.given.jumps):
        jump(places[number] if number < len(places) else campaign.random.choice(places) + campaign.random.choice([-1, 0, 1]))
        visited.add(datetime.datetime.fromtimestamp(now(), datetime.timezone.utc).year)
        # Every code that was used and lies near this time is offered again.
        near = [used for used in spent if abs(used[2] - now() / 30) < 3]
        for name, seed, counter in campaign.random.sample(near, min(4, len(near))):
            replays += 1
            campaign.expect(not sign_in(name, seed, counter), f"at {offset:+d} s a code of {name} was good twice")
        name = f"person{number}"
        for action, members in (("CreateUser", {"userName": name}),
                                ("CreateLoginProfile", {"userName": name, "password": PASSWORD})):
            status, answer = call(action, members)
            campaign.expect(status == 200, f"at {offset:+d} s {action} was answered {status}: {answer}")
        status, answer = call("BeginEnrollment", {"userName": name})
        if not campaign.expect(status == 200, f"at {offset:+d} s no enrolment began: {status}: {answer}"):
            continue
        begun, present = answer["enrollment"], int(now()) // 30
        status, answer = call("ConfirmEnrollment", {"serialNumber": begun["serialNumber"],
                                                    "code": code(begun["secret"], present)})
        campaign.expect(status == 200, f"at {offset:+d} s an enrolment was answered {status}: {answer}")
        campaign.expect(sign_in(name, begun["secret"], present + 1), f"at {offset:+d} s nobody could sign in")
        spent += [(name, begun["secret"], present), (name, begun["secret"], present + 1)]
        if number % 20 == 5:
            fields = open(f"/proc/{server.process.pid}/stat").read().rsplit(")", 1)[1].split()
            time.sleep(0.5)
            after = open(f"/proc/{server.process.pid}/stat").read().rsplit(")", 1)[1].split()
            ticks = int(after[11]) + int(after[12]) - int(fields[11]) - int(fields[12])
            campaign.expect(ticks < 25, f"at {offset:+d} s the server spins: {ticks} ticks in half a second")
    campaign.expect(server.end() == 0, "the server did not end in peace")
    campaign.examine()
    campaign.expect(replays >= campaign.given.jumps // 4, f"only {replays} codes were offered again")
    return f"{campaign.given.jumps} jumps through the years {min(visited)} to {max(visited)}, {replays} used codes offered again"


campaign.run(body)
