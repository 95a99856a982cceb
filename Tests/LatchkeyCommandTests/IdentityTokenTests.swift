// IdentityTokenTests.swift: a host without any key gives its programs a role that a platform's token opens.
import Foundation
import LatchkeyTestSupport
import Testing

@Suite("Machines with a platform's token")
struct IdentityTokenTests {
    @Test("the agent and the command take a role with a real provider's token, which is read anew each time")
    func agent() throws {
        let served = try Served(environment: ["LATCHKEY_IDENTITY_PROVIDERS": "loopback"])
        let output = try PythonEnvironment.run(
            Self.script,
            [Places.binary.path, served.endpoint, Served.rootKey, Served.rootSecret, served.folder.path],
            with: [AWSClientTests.boto3, "oidc-provider-mock==0.3.4"]
        )
        #expect(output.lines.last == "done", "\(output.stderr)")
        #expect(served.end() == 0)
        // Neither a token nor what it opened is in a log.
        let seen = try String(contentsOf: served.folder.appending(path: "seen"), encoding: .utf8).split(separator: "\n")
        #expect(seen.count >= 8)
        let log = try String(contentsOf: served.folder.appending(path: "agent.log"), encoding: .utf8)
        #expect(!log.isEmpty)
        for secret in seen { #expect(!log.contains(secret) && !served.log.contains(secret)) }
    }

    /// Asserts; prints `done` at the end, and leaves the secrets that it has seen in `seen`.
    private static let script = """
        import datetime, os, signal, subprocess, sys, time
        import boto3
        from oidc_provider_mock import run_server_in_thread

        \(WebIdentityClientTests.login)

        latchkey, endpoint, key, secret, folder = sys.argv[1:]
        for name in list(os.environ):
            if name.startswith(("AWS_", "LATCHKEY_")):
                del os.environ[name]
        os.environ.update(HOME=folder, AWS_CONFIG_FILE=folder + "/config", AWS_SHARED_CREDENTIALS_FILE=folder + "/none")
        iam = boto3.client("iam", endpoint_url=endpoint, region_name="eu-central-1", aws_access_key_id=key,
                           aws_secret_access_key=secret)
        token, seen = folder + "/identity", []

        def rotate(text):
            # As a platform does: the file is there at all times.
            with open(token + ".new", "w") as file:
                file.write(text)
            os.replace(token + ".new", token)
            seen.append(text.strip())

        with run_server_in_thread() as server:
            issuer = f"http://localhost:{server.server_port}"
            name = issuer[len("http://"):]
            provider = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["app"])["OpenIDConnectProviderArn"]
            role = iam.create_role(RoleName="pod", Path="/ci/", AssumeRolePolicyDocument=json.dumps({
                "Version": "2012-10-17", "Statement": {
                    "Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {"StringEquals": {f"{name}:sub": "pod-7"}}}}))["Role"]["Arn"]
            rotate(login(issuer, "pod-7", "app")["id_token"])
            host = {"PATH": os.environ["PATH"], "HOME": folder, "AWS_WEB_IDENTITY_TOKEN_FILE": token,
                    "AWS_ROLE_ARN": role, "AWS_ROLE_SESSION_NAME": "rack7"}
            agent = subprocess.Popen(
                [latchkey, "agent", "--listen", "127.0.0.1:0", "--metadata", "--token-file", folder + "/authorization",
                 "--endpoint", endpoint, "--duration", "900"],
                env=host, stdout=subprocess.PIPE, stderr=open(folder + "/agent.log", "wb"), text=True)
            try:
                lines = [agent.stdout.readline().strip() for _ in range(4)]
                assert lines[0].startswith("listening on "), (lines, open(folder + "/agent.log").read())
                variables = dict(line.split("=", 1) for line in lines[1:])

                def session(*names):
                    for name in variables:
                        os.environ.pop(name, None)
                    os.environ.update({name: variables[name] for name in names})
                    made = boto3.Session(region_name="eu-central-1")
                    return made, made.get_credentials()

                container, container_held = session("AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                                    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
                assert container_held.method == "container-role", container_held.method

                def caller(made, held):
                    frozen = held.get_frozen_credentials()
                    seen.extend([frozen.secret_key, frozen.token])
                    return frozen.access_key, made.client("sts", endpoint_url=endpoint).get_caller_identity()["Arn"]

                first, arn = caller(container, container_held)
                assert arn == "arn:aws:sts::123456789012:assumed-role/pod/rack7", arn

                def told(words):
                    agent.send_signal(signal.SIGHUP)
                    for _ in range(200):
                        if words in open(folder + "/agent.log").read():
                            return
                        time.sleep(0.1)
                    raise AssertionError((words, open(folder + "/agent.log").read()))

                # Another's token, one that is none, and none at all: said once, and the old credentials are lent on.
                rotate(login(issuer, "pod-8", "app")["id_token"])
                told("AccessDenied")
                rotate("none of yours " * 3)
                told("holds no identity token: that is one line")
                os.unlink(token)
                told("cannot read the identity token in `%s`: no such file" % token)
                assert caller(container, container_held)[0] == first

                # The platform has put a new one there.
                rotate(login(issuer, "pod-7", "app")["id_token"] + "\\n")
                agent.send_signal(signal.SIGHUP)
                for _ in range(200):
                    second, arn = caller(container, container_held)
                    if second != first:
                        break
                    time.sleep(0.1)
                assert second != first and arn.endswith("/rack7"), (second, arn)

                metadata, metadata_held = session("AWS_EC2_METADATA_SERVICE_ENDPOINT")
                assert metadata_held.method == "iam-role", metadata_held.method
                assert caller(metadata, metadata_held)[0] == second
                agent.send_signal(signal.SIGHUP)
                # The clock that boto3 goes by is put forward, until the credentials seem to be about to end.
                fetch_time = metadata_held._time_fetcher
                metadata_held._time_fetcher = lambda: fetch_time() + datetime.timedelta(minutes=11)
                for _ in range(200):
                    third, arn = caller(metadata, metadata_held)
                    if third != second:
                        break
                    time.sleep(0.1)
                assert third != second and arn.endswith("/rack7"), (third, arn)
                shown = open("/proc/%d/cmdline" % agent.pid).read()
                assert not [text for text in seen if text in shown]
                agent.terminate()
                assert agent.wait(20) == 0, agent.returncode
            finally:
                if agent.poll() is None:
                    agent.kill()
                    agent.wait()
            del os.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"]

            # The command, as a profile's process; options say what variables would.
            words = [latchkey, "credentials", "--endpoint", endpoint, "--role-arn", role, "--role-session-name", "job",
                     "--web-identity-token-file", token]
            with open(folder + "/config", "w") as file:
                file.write("[profile job]\\ncredential_process = %s\\n" % " ".join('"%s"' % word for word in words))
            job = boto3.Session(profile_name="job", region_name="eu-central-1")
            assert job.client("sts", endpoint_url=endpoint).get_caller_identity()["Arn"].endswith(":assumed-role/pod/job")

            # A key in the environment goes before the platform's variables, as it does in AWS's own tools.
            answer = subprocess.run([latchkey, "credentials", "--endpoint", endpoint], capture_output=True, text=True,
                                    env=dict(host, AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret))
            lent = json.loads(answer.stdout)
            root = boto3.client("sts", endpoint_url=endpoint, region_name="eu-central-1",
                                aws_access_key_id=lent["AccessKeyId"], aws_secret_access_key=lent["SecretAccessKey"],
                                aws_session_token=lent["SessionToken"])
            assert root.get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:root"

        # The provider is gone: the authority goes on with the keys that it has, and lends on.
        answer = subprocess.run(words, capture_output=True, text=True, env=dict(host))
        assert answer.returncode == 0, answer
        with open(folder + "/seen", "w") as file:
            file.write("\\n".join(seen))
        print("done")
        """
}
