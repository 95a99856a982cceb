#!/usr/bin/env python3
# backup.py: the drill: a backup while people sign in, the store lost, the backup restored: what was there before the backup is
# there again, and no code that anybody used, before it or after, is good once more.
import os
import threading

from campaign import Campaign, PASSWORD, code, step

campaign = Campaign("backup", drills=20, users=4)


def body(campaign):
    signed_in, replayed = 0, 0
    server = campaign.serve()
    for drill in range(campaign.given.drills):
        people = []
        for number in range(campaign.given.users):
            name = f"person{drill}-{number}"
            server.call("CreateUser", {"userName": name})
            server.call("CreateLoginProfile", {"userName": name, "password": PASSWORD})
            begun = server.call("BeginEnrollment", {"userName": name})["enrollment"]
            # Its own step is spent for the enrolment: what lies around it can be used.
            now = step()
            server.call("ConfirmEnrollment", {"serialNumber": begun["serialNumber"], "code": code(begun["secret"], now - 1)})
            people.append((name, begun["secret"], now))
        copy, accepted = f"{campaign.folder}/backup-{drill}.sqlite", []

        def sign_in(name, seed, counter):
            status, answer = server.post("SignIn", {"userName": name, "password": PASSWORD, "code": code(seed, counter)})
            if status == 200 and answer.get("session"):
                accepted.append((name, seed, counter))
            return status

        def work(person):
            name, seed, now = person
            sign_in(name, seed, now)
            sign_in(name, seed, now + 1)

        threads = [threading.Thread(target=work, args=(person,)) for person in people]
        for thread in threads:
            thread.start()
        campaign.must("store", "backup", copy)
        for thread in threads:
            thread.join()
        campaign.expect(accepted, f"drill {drill}: nobody could sign in")
        server.end()
        for left in ("", "-wal", "-shm"):
            if os.path.exists(f"{campaign.folder}/store.sqlite{left}"):
                os.unlink(f"{campaign.folder}/store.sqlite{left}")
        campaign.must("store", "restore", copy)
        campaign.examine(f"drill {drill}: ")
        server.start()
        known = accepted[:]
        signed_in += len(known)
        for name, seed, counter in known:
            accepted.clear()
            status = sign_in(name, seed, counter)
            replayed += 1
            campaign.expect(not accepted and status is not None and 400 <= status < 500,
                            f"drill {drill}: a used code of {name} was answered {status} after the restore")
        for name, _, _ in people:
            campaign.expect(server.post("GetUser", {"userName": name}, signed=True)[0] == 200, f"{name} is not there again")
        os.unlink(copy)
    campaign.expect(server.end() == 0, "the server did not end in peace")
    return f"{campaign.given.drills} drills, {signed_in} sign-ins, {replayed} codes replayed after a restore"


campaign.run(body)
