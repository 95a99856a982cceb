#!/usr/bin/env python3
# race.py: sixteen requests with one code, password or challenge, half of them to each of two servers over one PostgreSQL:
# exactly one is served, and what the one server revoked the other refuses at once.
import json
import socket

from campaign import Campaign, PASSWORD, code, sign, step

campaign = Campaign("race", rounds=1000)
RACERS = 16


def raw(server, action, members, signed):
    body = json.dumps(members).encode()
    host = f"127.0.0.1:{server.port}"
    lines = [f"POST /v1/{action} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}",
             "Content-Type: application/json", "Connection: close"]
    if signed:
        lines += [f"{name}: {value}" for name, value in sign("POST", f"/v1/{action}", host, body).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def race(servers, action, members, signed):
    """The answers to sixteen requests, all of which are on their way before the first answer is read."""
    runners = []
    for number in range(RACERS):
        server = servers[number % 2]
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        request = raw(server, action, members, signed)
        connection.sendall(request[:-1])
        runners.append((connection, request[-1:]))
    for connection, rest in runners:
        connection.sendall(rest)
    answers = []
    for connection, _ in runners:
        with connection, connection.makefile("rb") as answer:
            head, _, body = answer.read().partition(b"\r\n\r\n")
            answers.append((int(head.split(b" ", 2)[1]), json.loads(body)))
    return answers


def body(campaign):
    campaign.environment["LATCHKEY_STORE"] = campaign.postgres()
    servers = [campaign.serve(), campaign.serve()]
    kinds = ["SignIn", "VerifyOneTimeCode", "recovery", "AnswerChallenge", "SignOut"]
    wins = dict.fromkeys(kinds, 0)
    for number in range(campaign.given.rounds):
        kind = kinds[number % len(kinds)]
        here, there = campaign.random.sample(servers, 2)
        name = f"person{number}"
        here.call("CreateUser", {"userName": name})
        there.call("CreateLoginProfile", {"userName": name, "password": PASSWORD})
        begun = here.call("BeginEnrollment", {"userName": name})["enrollment"]
        now = step()
        there.call("ConfirmEnrollment", {"serialNumber": begun["serialNumber"], "code": code(begun["secret"], now)})
        once = code(begun["secret"], now + 1)
        sign_in = {"userName": name, "password": PASSWORD}
        if kind == "SignIn":
            answers = race(servers, "SignIn", {**sign_in, "code": once}, False)
        elif kind == "VerifyOneTimeCode":
            answers = race(servers, kind, {"userName": name, "code": once}, True)
        elif kind == "recovery":
            answers = race(servers, "SignIn", {**sign_in, "recoveryCode": there.call("RenewRecoveryCodes", {"userName": name})["recoveryCodes"][0]}, False)
        else:
            challenge = here.call("SignIn", sign_in, signed=False)["challenge"]["ticket"]
            if kind == "AnswerChallenge":
                answers = race(servers, kind, {"ticket": challenge, "code": once}, False)
            else:
                # What one node has ended, the other refuses from then on.
                token = there.call("AnswerChallenge", {"ticket": challenge, "code": once}, signed=False)["session"]["token"]
                campaign.expect(here.post("Session", {"token": token})[0] == 200, f"round {number}: no session on the other")
                here.call("SignOut", {"token": token}, signed=False)
                answers = race(servers, "Session", {"token": token}, False)
                campaign.expect(all(400 <= status < 500 for status, _ in answers),
                                f"round {number}: an ended session was served: {answers}")
                wins[kind] += 1
                continue
        won = sum(1 for status, answer in answers if status == 200 and (kind == "VerifyOneTimeCode" or answer.get("session")))
        campaign.expect(won == 1, f"round {number} ({kind}): {won} of {RACERS} were served: {answers}")
        campaign.expect(all(status == 200 or 400 <= status < 500 for status, _ in answers),
                        f"round {number} ({kind}): {sorted(status for status, _ in answers)}")
        wins[kind] += won
    for server in servers:
        campaign.expect(server.end() == 0, "a server did not end in peace")
    for words in (("store", "check"), ("audit", "--verify")):
        status, _, errors = campaign.latchkey(*words)
        campaign.expect(status == 0, f"latchkey {' '.join(words)}: {errors}")
    return f"{campaign.given.rounds} rounds of {RACERS} on two servers, " + ", ".join(f"{n} {k}" for k, n in wins.items())


campaign.run(body)
