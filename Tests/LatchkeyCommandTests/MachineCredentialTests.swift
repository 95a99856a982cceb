// MachineCredentialTests.swift: unmodified boto3 gets a role's credentials from the built command, in each of three forms.
import Foundation
import LatchkeyTestSupport
import Testing

@Suite("Machines without keys")
struct MachineCredentialTests {
    @Test(
        "boto3 finds a role's credentials, calls with them and gets new ones",
        arguments: ["custom-process", "container-role", "iam-role"]
    )
    func finds(method: String) throws {
        let served = try Served()
        let output = try PythonEnvironment.run(
            Self.script,
            [
                method, Places.binary.path, served.endpoint, Served.rootKey, Served.rootSecret, served.folder.path,
                "\(served.processIdentifier)",
            ],
            with: [AWSClientTests.boto3]
        )
        #expect(output.lines.last == "done")
        // What was lent is in no log: neither of the server nor of the agent.
        let seen = try String(contentsOf: served.folder.appending(path: "seen"), encoding: .utf8).split(separator: "\n")
        #expect(seen.count >= 4)
        let log = (try? String(contentsOf: served.folder.appending(path: "agent.log"), encoding: .utf8)) ?? ""
        #expect(log.isEmpty == (method == "custom-process"))
        for secret in seen { #expect(!log.contains(secret) && !served.log.contains(secret)) }
        #expect(served.end() == 0)
    }

    /// Asserts; prints `done` at the end, and leaves the secrets that it has seen in `seen`.
    private static let script = """
        import datetime, json, os, signal, stat, subprocess, sys, time, urllib.error, urllib.request

        method, latchkey, endpoint, root_key, root_secret, folder, server = sys.argv[1:]
        for name in list(os.environ):
            if name.startswith(("AWS_", "LATCHKEY_")):
                del os.environ[name]
        os.environ["HOME"] = folder
        import boto3
        from botocore.config import Config

        region = "eu-central-1"
        once = Config(retries={"total_max_attempts": 1})
        iam = boto3.client("iam", endpoint_url=endpoint, region_name=region, aws_access_key_id=root_key,
                           aws_secret_access_key=root_secret, config=once)
        user = iam.create_user(UserName="host")["User"]["Arn"]
        key = iam.create_access_key(UserName="host")["AccessKey"]
        role = iam.create_role(RoleName="build", Path="/ci/", AssumeRolePolicyDocument=json.dumps({
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Principal": {"AWS": user}, "Action": "sts:AssumeRole",
                          "Condition": {"StringEquals": {"sts:ExternalId": "rack-7"}}}}))["Role"]["Arn"]

        # The host's own key is where only latchkey looks for it.
        os.mkdir(folder + "/.aws")
        credentials = folder + "/host-credentials"
        with open(credentials, "w") as file:
            file.write("[host]\\naws_access_key_id = %s\\naws_secret_access_key = %s\\n"
                       % (key["AccessKeyId"], key["SecretAccessKey"]))
        os.chmod(credentials, 0o600)
        wanted = ["--endpoint", endpoint, "--profile", "host", "--role-arn", role, "--role-session-name", "rack7",
                  "--external-id", "rack-7", "--duration", "900"]
        host = {"PATH": os.environ["PATH"], "HOME": folder, "AWS_SHARED_CREDENTIALS_FILE": credentials}

        agent = None
        try:
            if method == "custom-process":
                command = ["env", "AWS_SHARED_CREDENTIALS_FILE=" + credentials, latchkey, "credentials"] + wanted
                quoted = " ".join('"%s"' % word for word in command)
                with open(folder + "/.aws/config", "w") as file:
                    file.write("[default]\\ncredential_process = %s\\n" % quoted)
            else:
                form = ["--metadata"] if method == "iam-role" else ["--token-file", folder + "/token"]
                agent = subprocess.Popen([latchkey, "agent", "--listen", "127.0.0.1:0"] + form + wanted, env=host,
                                         stdout=subprocess.PIPE, stderr=open(folder + "/agent.log", "wb"), text=True)
                line = agent.stdout.readline()
                assert line.startswith("listening on http://127.0.0.1:"), (line, open(folder + "/agent.log").read())
                address = line.split()[-1]
                # The lines that it prints are the variables that clients want.
                for _ in range(2 if method == "container-role" else 1):
                    name, value = agent.stdout.readline().strip().split("=", 1)
                    os.environ[name] = value

            session = boto3.Session(region_name=region)
            held = session.get_credentials()
            assert held.method == method, held.method
            seen = []

            def caller():
                frozen = held.get_frozen_credentials()
                seen.extend([frozen.secret_key, frozen.token])
                sts = session.client("sts", endpoint_url=endpoint, config=once)
                return frozen.access_key, sts.get_caller_identity()["Arn"]

            first, arn = caller()
            assert first.startswith("ASIA") and arn == "arn:aws:sts::123456789012:assumed-role/build/rack7", (first, arn)

            # Less than 15 minutes are left, so boto3 asks again each time; an agent has others once it was told to renew.
            # Of the metadata service's, boto3 takes for granted that they are to be extended, by 25 minutes at most: there
            # the clock that it goes by is put forward, until they seem to be about to end.
            if agent:
                assert caller()[0] == first
                agent.send_signal(signal.SIGHUP)
            if method == "iam-role":
                fetch_time = held._time_fetcher
                held._time_fetcher = lambda: fetch_time() + datetime.timedelta(minutes=11)
            for _ in range(100):
                second, arn = caller()
                if second != first:
                    break
                time.sleep(0.1)
            assert second != first and arn.endswith("/rack7"), (second, arn)

            if method == "container-role":
                # Made for its owner alone; without it there is nothing.
                facts = os.stat(folder + "/token")
                assert stat.S_IMODE(facts.st_mode) == 0o600 and facts.st_size == 43, facts
                seen.append(open(folder + "/token").read())
                for fields in ({}, {"Authorization": "x" * 43}):
                    try:
                        urllib.request.urlopen(urllib.request.Request(
                            os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"], headers=fields))
                        raise AssertionError("not refused")
                    except urllib.error.HTTPError as error:
                        assert error.code == 401, error
            if method == "iam-role":
                # Version 1 of the service is not spoken.
                try:
                    urllib.request.urlopen(address + "/latest/meta-data/iam/security-credentials/")
                    raise AssertionError("not refused")
                except urllib.error.HTTPError as error:
                    assert error.code == 401, error

            # The role trusts the host no longer: nothing new is lent, and the agent says so and goes on.
            iam.update_assume_role_policy(RoleName="build", PolicyDocument=json.dumps({
                "Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": {"AWS": user},
                                                       "Action": "sts:AssumeRole"}}))
            if agent:
                agent.send_signal(signal.SIGHUP)
                for _ in range(100):
                    log = open(folder + "/agent.log").read()
                    if "AccessDenied" in log:
                        break
                    time.sleep(0.1)
                assert "no new credentials, trying again; the old ones last until 20" in log, log
                assert held.get_frozen_credentials().access_key == second
                assert key["SecretAccessKey"] not in open("/proc/%d/cmdline" % agent.pid).read()
                # The server takes a request and does not answer: whoever ends the agent does not wait for that.
                os.kill(int(server), signal.SIGSTOP)
                try:
                    agent.send_signal(signal.SIGHUP)
                    time.sleep(0.3)
                    agent.terminate()
                    assert agent.wait(20) == 0, agent.returncode
                    agent = subprocess.Popen([latchkey, "agent", "--listen", "127.0.0.1:0"] + form + wanted, env=host,
                                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                    time.sleep(0.3)
                    agent.terminate()
                    assert agent.communicate(timeout=20) == ("", "") and agent.returncode == 0, agent.returncode
                finally:
                    os.kill(int(server), signal.SIGCONT)
            else:
                answer = subprocess.run([latchkey, "credentials"] + wanted, env=host, capture_output=True, text=True)
                assert answer.returncode == 1 and "AccessDenied" in answer.stderr and not answer.stdout, answer
            with open(folder + "/seen", "w") as file:
                file.write("\\n".join(seen + [key["SecretAccessKey"]]))
        finally:
            if agent and agent.poll() is None:
                agent.kill()
                agent.wait()
        print("done")
        """
}
