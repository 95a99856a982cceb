#!/usr/bin/env python3
# race.py: sixteen requests with one code, ticket, recovery code or pending device, half of them to each of two servers over one
# PostgreSQL: exactly one is served, for every kind of thing that counts once.
import concurrent.futures
import json
import socket

from campaign import ACCOUNT, Campaign, PASSWORD, ROOT_KEY, ROOT_SECRET, code, sign, step

campaign = Campaign("race", rounds=1000)
RACERS = 16
ROOT = ROOT_KEY, ROOT_SECRET


class Round:
    """A user of one round's own, with what has to be there before the race."""

    def __init__(self, number, kind, here, there):
        self.name, self.kind, self.here, self.there = f"{kind.lower()}-{number}", kind, here, there
        self.sign_in = {"userName": self.name, "password": PASSWORD}
        here.call("CreateUser", {"userName": self.name})
        there.call("CreateLoginProfile", self.sign_in)
        begun = here.call("BeginEnrollment", {"userName": self.name})["enrollment"]
        self.serial, self.seed, now = begun["serialNumber"], begun["secret"], step()
        self.once, self.next = code(self.seed, now), code(self.seed, now + 1)
        if kind != "ConfirmEnrollment":
            there.call("ConfirmEnrollment", {"serialNumber": self.serial, "code": code(self.seed, now - 1)})
        # The members of the requests, of which one after the other is sent again and again, and who signs them.
        self.requests, self.key = getattr(self, kind)(), getattr(self, "key", None)

    def own_key(self):
        key = self.here.call("CreateAccessKey", {"userName": self.name})["accessKey"]
        self.key = key["accessKeyId"], key["secretAccessKey"]

    def ticket(self):
        return self.here.call("SignIn", self.sign_in, signed=False)["challenge"]["ticket"]

    def SignIn(self):
        return [("SignIn", {**self.sign_in, "code": self.once})]

    def VerifyOneTimeCode(self):
        self.key = ROOT
        return [("VerifyOneTimeCode", {"userName": self.name, "code": self.once})]

    def GetSessionToken(self):
        self.own_key()
        return [("GetSessionToken", {"serialNumber": self.serial, "tokenCode": self.once})]

    def AssumeRole(self):
        self.own_key()
        return [("AssumeRole", {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/raced", "roleSessionName": "racer",
                                "serialNumber": self.serial, "tokenCode": self.once})]

    def EveryDoor(self):
        """One code at every door at once."""
        ticket, verify = self.ticket(), self.VerifyOneTimeCode()
        return self.SignIn() + [("AnswerChallenge", {"ticket": ticket, "code": self.once})] + verify

    def RecoveryCode(self):
        codes = self.there.call("RenewRecoveryCodes", {"userName": self.name})["recoveryCodes"]
        return [("SignIn", {**self.sign_in, "recoveryCode": codes[0]})]

    def AnswerChallenge(self):
        """Two tickets and one code."""
        return [("AnswerChallenge", {"ticket": self.ticket(), "code": self.once}) for _ in range(2)]

    def Ticket(self):
        """One ticket and two good codes."""
        ticket = self.ticket()
        return [("AnswerChallenge", {"ticket": ticket, "code": good}) for good in (self.once, self.next)]

    def ConfirmEnrollment(self):
        self.key = ROOT
        return [("ConfirmEnrollment", {"serialNumber": self.serial, "code": self.once})]

    def ResyncMFADevice(self):
        self.key = ROOT
        return [("ResyncMFADevice", {"userName": self.name, "serialNumber": self.serial, "authenticationCode1": self.once,
                                     "authenticationCode2": self.next})]

    def ChangePassword(self):
        """One password that can be changed into another once."""
        token = self.here.call("AnswerChallenge", {"ticket": self.ticket(), "code": self.once}, signed=False)["session"]["token"]
        self.bearer = token
        return [("ChangePassword", {"oldPassword": PASSWORD, "newPassword": f"{PASSWORD} and {word}"}) for word in ("dawn", "noon")]

    def remove(self):
        """An account has room for so many users only."""
        if self.kind in ("GetSessionToken", "AssumeRole"):
            self.here.call("DeleteAccessKey", {"userName": self.name, "accessKeyId": self.key[0]})
        if self.kind == "AssumeRole":
            self.here.call("DeleteUserPolicy", {"userName": self.name, "policyName": "may"})
        self.there.call("DeactivateMFADevice", {"userName": self.name, "serialNumber": self.serial})
        self.here.call("DeleteVirtualMFADevice", {"serialNumber": self.serial})
        self.there.call("DeleteLoginProfile", {"userName": self.name})
        self.here.call("DeleteUser", {"userName": self.name})

    def race(self, servers):
        """The answers to sixteen requests, all of which are on their way before the first answer is read."""
        runners = []
        for number in range(RACERS):
            server = servers[number % 2]
            action, members = self.requests[number // 2 % len(self.requests)]
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
            request = self.raw(server, action, members)
            connection.sendall(request[:-1])
            runners.append((connection, request[-1:]))
        for connection, rest in runners:
            connection.sendall(rest)
        answers = []
        for connection, _ in runners:
            with connection, connection.makefile("rb") as answer:
                head, _, text = answer.read().partition(b"\r\n\r\n")
                answers.append((int(head.split(b" ", 2)[1]), json.loads(text or b"{}")))
        return answers

    def raw(self, server, action, members):
        text, host = json.dumps(members).encode(), f"127.0.0.1:{server.port}"
        lines = [f"POST /v1/{action} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(text)}",
                 "Content-Type: application/json", "Connection: close"]
        if hasattr(self, "bearer"):
            lines.append(f"Authorization: Bearer {self.bearer}")
        elif self.key and action not in ("SignIn", "AnswerChallenge"):
            lines += [f"{name}: {value}" for name, value in sign("POST", f"/v1/{action}", host, text, *self.key).items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + text


KINDS = ["SignIn", "VerifyOneTimeCode", "GetSessionToken", "AssumeRole", "EveryDoor", "RecoveryCode", "AnswerChallenge", "Ticket",
         "ConfirmEnrollment", "ResyncMFADevice", "ChangePassword"]


def body(campaign):
    campaign.environment["LATCHKEY_STORE"] = campaign.postgres()
    servers = [campaign.serve(), campaign.serve()]
    trust = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}}}
    may = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}
    servers[0].call("CreateRole", {"roleName": "raced", "assumeRolePolicyDocument": json.dumps(trust)})
    servers[0].call("UpdateAccountPasswordPolicy", {"allowUsersToChangePassword": True})
    wins = dict.fromkeys(KINDS, 0)

    def prepare(number):
        here, there = campaign.random.sample(servers, 2)
        prepared = Round(number, KINDS[number % len(KINDS)], here, there)
        if prepared.kind == "AssumeRole":
            there.call("PutUserPolicy", {"userName": prepared.name, "policyName": "may", "policyDocument": json.dumps(may)})
        return prepared

    rounds = campaign.given.rounds * len(KINDS)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for first in range(0, rounds, 4):
            # Prepared together, run one after the other, before their codes are too old.
            present = list(pool.map(prepare, range(first, min(first + 4, rounds))))
            for prepared in present:
                kind, answers = prepared.kind, prepared.race(servers)
                won = sum(1 for status, answer in answers if status == 200 and not answer.get("challenge"))
                campaign.expect(won == 1, f"{prepared.name}: {won} of {RACERS} were served: {answers}")
                campaign.expect(all(status == 200 or 400 <= status < 500 for status, _ in answers),
                                f"{prepared.name}: {sorted(status for status, _ in answers)}")
                wins[kind] += won
            list(pool.map(Round.remove, present))
            if len(campaign.faults) >= 20:
                break
    for server in servers:
        campaign.expect(server.end() == 0, "a server did not end in peace")
    campaign.examine()
    return (f"{campaign.given.rounds} rounds of {RACERS} on two servers for each of {len(KINDS)} kinds, "
            + ", ".join(f"{number} {kind}" for kind, number in wins.items()) + " won by one")


campaign.run(body)
