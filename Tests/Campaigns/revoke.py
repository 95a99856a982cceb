#!/usr/bin/env python3
# revoke.py: what one of two servers over one PostgreSQL has taken away, and has said so, the other refuses at once, for every way
# in which a right, a key, a session, a device or a user can be taken away.
import json

from campaign import ACCOUNT, Campaign, PASSWORD, ROOT_KEY, ROOT_SECRET, code

campaign = Campaign("revoke", rounds=1000)
ROOT = ROOT_KEY, ROOT_SECRET


def policy(effect="Allow", action="iam:ListUsers", **more):
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": effect, "Action": action, **(more or {"Resource": "*"})}})


class Ways:
    """Each method takes something away in the course of one round: it yields what must be served before, and refused after."""

    def __init__(self, here):
        for name in ("ann", "bob"):
            here.call("CreateUser", {"userName": name})
        key = here.call("CreateAccessKey", {"userName": "ann"})["accessKey"]
        self.key, self.id = (key["accessKeyId"], key["secretAccessKey"]), key["accessKeyId"]
        here.call("CreateLoginProfile", {"userName": "bob", "password": PASSWORD})
        self.managed = here.call("CreatePolicy", {"policyName": "list", "policyDocument": policy()})["policy"]["arn"]
        self.denial = here.call("CreatePolicy", {"policyName": "nothing", "policyDocument": policy("Deny", "*")})["policy"]["arn"]
        self.turned = here.call("CreatePolicy", {"policyName": "turned", "policyDocument": policy()})["policy"]["arn"]
        here.call("CreatePolicyVersion", {"policyArn": self.turned, "policyDocument": policy("Deny")})
        here.call("CreateGroup", {"groupName": "listers"})
        here.call("AttachGroupPolicy", {"groupName": "listers", "policyArn": self.managed})
        here.call("PutUserPolicy", {"userName": "ann", "policyName": "take", "policyDocument": policy(action="sts:AssumeRole")})
        self.trust = policy(action="sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/ann"})
        self.distrust = policy(action="sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"})
        here.call("CreateRole", {"roleName": "lister", "assumeRolePolicyDocument": self.trust})

    def listing(self, key=None):
        return "ListUsers", {}, key or self.key

    def DetachUserPolicy(self, here, there):
        here.call("AttachUserPolicy", {"userName": "ann", "policyArn": self.managed})
        yield self.listing()
        here.call("DetachUserPolicy", {"userName": "ann", "policyArn": self.managed})

    def DeleteUserPolicy(self, here, there):
        here.call("PutUserPolicy", {"userName": "ann", "policyName": "own", "policyDocument": policy()})
        yield self.listing()
        here.call("DeleteUserPolicy", {"userName": "ann", "policyName": "own"})

    def PutUserPolicy(self, here, there):
        here.call("PutUserPolicy", {"userName": "ann", "policyName": "own", "policyDocument": policy()})
        yield self.listing()
        here.call("PutUserPolicy", {"userName": "ann", "policyName": "own", "policyDocument": policy("Deny")})
        yield None
        here.call("DeleteUserPolicy", {"userName": "ann", "policyName": "own"})

    def RemoveUserFromGroup(self, here, there):
        here.call("AddUserToGroup", {"userName": "ann", "groupName": "listers"})
        yield self.listing()
        here.call("RemoveUserFromGroup", {"userName": "ann", "groupName": "listers"})

    def DetachGroupPolicy(self, here, there):
        here.call("AddUserToGroup", {"userName": "ann", "groupName": "listers"})
        yield self.listing()
        here.call("DetachGroupPolicy", {"groupName": "listers", "policyArn": self.managed})
        yield None
        here.call("RemoveUserFromGroup", {"userName": "ann", "groupName": "listers"})
        here.call("AttachGroupPolicy", {"groupName": "listers", "policyArn": self.managed})

    def SetDefaultPolicyVersion(self, here, there):
        here.call("AttachUserPolicy", {"userName": "ann", "policyArn": self.turned})
        yield self.listing()
        here.call("SetDefaultPolicyVersion", {"policyArn": self.turned, "versionId": "v2"})
        yield None
        here.call("DetachUserPolicy", {"userName": "ann", "policyArn": self.turned})
        here.call("SetDefaultPolicyVersion", {"policyArn": self.turned, "versionId": "v1"})

    def PutUserPermissionsBoundary(self, here, there):
        here.call("AttachUserPolicy", {"userName": "ann", "policyArn": self.managed})
        yield self.listing()
        here.call("PutUserPermissionsBoundary", {"userName": "ann", "permissionsBoundary": self.denial})
        yield None
        here.call("DeleteUserPermissionsBoundary", {"userName": "ann"})
        here.call("DetachUserPolicy", {"userName": "ann", "policyArn": self.managed})

    def UpdateAccessKey(self, here, there):
        here.call("AttachUserPolicy", {"userName": "ann", "policyArn": self.managed})
        yield self.listing()
        here.call("UpdateAccessKey", {"userName": "ann", "accessKeyId": self.id, "status": "Inactive"})
        yield None
        here.call("UpdateAccessKey", {"userName": "ann", "accessKeyId": self.id, "status": "Active"})
        here.call("DetachUserPolicy", {"userName": "ann", "policyArn": self.managed})

    def DeleteAccessKey(self, here, there):
        key = here.call("CreateAccessKey", {"userName": "bob"})["accessKey"]
        here.call("AttachUserPolicy", {"userName": "bob", "policyArn": self.managed})
        yield self.listing((key["accessKeyId"], key["secretAccessKey"]))
        here.call("DeleteAccessKey", {"userName": "bob", "accessKeyId": key["accessKeyId"]})
        yield None
        here.call("DetachUserPolicy", {"userName": "bob", "policyArn": self.managed})

    def DeactivateMFADevice(self, here, there):
        serial, seed = here.enroll_device("bob")
        yield (("VerifyOneTimeCode", {"userName": "bob", "code": code(seed, 1)}, ROOT),
               ("VerifyOneTimeCode", {"userName": "bob", "code": code(seed, 2)}, ROOT))
        here.call("DeactivateMFADevice", {"userName": "bob", "serialNumber": serial})
        yield None
        here.call("DeleteVirtualMFADevice", {"serialNumber": serial})

    def DeleteUser(self, here, there):
        here.call("CreateUser", {"userName": "eve"})
        yield "GetUser", {"userName": "eve"}, ROOT
        here.call("DeleteUser", {"userName": "eve"})

    def session_of_role(self, here, there):
        here.call("AttachRolePolicy", {"roleName": "lister", "policyArn": self.managed})
        status, answer = there.post("AssumeRole", {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/lister", "roleSessionName": "ann"},
                                    signed=True, key=self.key)
        campaign.expect(status == 200, f"AssumeRole was answered {status}: {answer}")
        lent = answer["credentials"]
        return self.listing((lent["accessKeyId"], lent["secretAccessKey"], lent["sessionToken"]))

    def DetachRolePolicy(self, here, there):
        yield self.session_of_role(here, there)
        here.call("DetachRolePolicy", {"roleName": "lister", "policyArn": self.managed})

    def RevokeRoleSessions(self, here, there):
        yield self.session_of_role(here, there)
        here.call("RevokeRoleSessions", {"roleName": "lister"})

    def UpdateAssumeRolePolicy(self, here, there):
        yield self.session_of_role(here, there)
        here.call("UpdateAssumeRolePolicy", {"roleName": "lister", "policyDocument": self.distrust})
        yield None
        here.call("UpdateAssumeRolePolicy", {"roleName": "lister", "policyDocument": self.trust})

    def SignOut(self, here, there):
        token = here.call("SignIn", {"userName": "bob", "password": PASSWORD}, signed=False)["session"]["token"]
        yield "Session", {"token": token}, None
        here.call("SignOut", {"token": token}, signed=False)

    def EndSessions(self, here, there):
        token = here.call("SignIn", {"userName": "bob", "password": PASSWORD}, signed=False)["session"]["token"]
        yield "Session", {"token": token}, None
        here.call("EndSessions", {"userName": "bob"})

    def DeleteLoginProfile(self, here, there):
        yield "SignIn", {"userName": "bob", "password": PASSWORD}, None
        here.call("DeleteLoginProfile", {"userName": "bob"})
        yield None
        here.call("CreateLoginProfile", {"userName": "bob", "password": PASSWORD})


def ask(server, request):
    action, members, key = request
    return server.post(action, members, signed=key is not None, **({"key": key} if key else {}))


def body(campaign):
    campaign.environment["LATCHKEY_STORE"] = campaign.postgres()
    servers = [campaign.serve(), campaign.serve()]
    ways = Ways(servers[0])
    names = [name for name in vars(Ways) if name[0].isupper()]
    refused = dict.fromkeys(names, 0)
    for number in range(campaign.given.rounds):
        here, there = campaign.random.sample(servers, 2)
        for name in names:
            turn = getattr(ways, name)(here, there)
            request = next(turn)
            # What counts once needs another one to be refused.
            before, after = request if isinstance(request[0], tuple) else (request, request)
            status, answer = ask(there, before)
            campaign.expect(status == 200, f"round {number}: before {name} the other server answered {status}: {answer}")
            next(turn, None)
            status, answer = ask(there, after)
            if campaign.expect(status is not None and 400 <= status < 500,
                               f"round {number}: after {name} the other server answered {status}: {answer}"):
                refused[name] += 1
            next(turn, None)
        if len(campaign.faults) >= 20:
            break
    for server in servers:
        campaign.expect(server.end() == 0, "a server did not end in peace")
    campaign.examine()
    return f"{campaign.given.rounds} rounds each of " + ", ".join(f"{number} {name}" for name, number in refused.items()) + " refused"


campaign.run(body)
