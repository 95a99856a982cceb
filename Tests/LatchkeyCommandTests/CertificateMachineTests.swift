// CertificateMachineTests.swift: hosts with a certificate and no key: boto3 by the built command, and AWS's own Python client.
import Foundation
import LatchkeyTestSupport
import Testing

@Suite("Machines with certificates")
struct CertificateMachineTests {
    @Test(
        "boto3 finds a role's credentials that a certificate opened, and is shut out when it is revoked",
        arguments: ["custom-process", "container-role", "iam-role"]
    )
    func finds(method: String) throws {
        let made = try TestCertificates()
        let root = try made.root()
        let between = try made.issue("/CN=between", TestCertificates.authority, by: root)
        let client = try made.issue("/O=Acme/CN=rack7", by: between, key: TestCertificates.rsa, serial: "0ABC")
        let served = try Served()
        let output = try PythonEnvironment.run(
            Self.script,
            [
                method, Places.binary.path, served.endpoint, Served.rootKey, Served.rootSecret, served.folder.path,
                root.certificateFile, between.certificateFile, client.certificateFile, client.keyFile,
            ],
            with: [AWSClientTests.boto3]
        )
        #expect(output.lines.last == "done", "\(output.stderr)")
        let log = (try? String(contentsOf: served.folder.appending(path: "agent.log"), encoding: .utf8)) ?? ""
        #expect(log.isEmpty == (method == "custom-process"))
        for line in client.key.split(separator: "\n").dropFirst().dropLast() {
            #expect(!log.contains(line) && !served.log.contains(line))
        }
        #expect(served.log.contains(#""action":"AssumeRoleWithCertificate","caller":"anonymous","status":200"#))
        #expect(served.end() == 0)
    }

    /// Asserts; prints `done` at the end.
    private static let script = """
        import datetime, json, os, signal, subprocess, sys, time

        method, latchkey, endpoint, root_key, root_secret, folder, authority, between, certificate, key = sys.argv[1:]
        for name in list(os.environ):
            if name.startswith(("AWS_", "LATCHKEY_")):
                del os.environ[name]
        os.environ["HOME"] = folder
        import boto3
        from botocore.config import Config
        from botocore.exceptions import ClientError

        region = "eu-central-1"
        once = Config(retries={"total_max_attempts": 1})
        environment = {"PATH": os.environ["PATH"], "HOME": folder}
        root = dict(environment, AWS_ACCESS_KEY_ID=root_key, AWS_SECRET_ACCESS_KEY=root_secret)

        def call(action, **members):
            command = [latchkey, "call", action, "--endpoint", endpoint, "--input-json", json.dumps(members)]
            return json.loads(subprocess.run(command, env=root, check=True, capture_output=True).stdout or "{}")

        anchor = call("CreateTrustAnchor", name="machines", certificateBody=open(authority).read())
        anchor = anchor["trustAnchor"]["trustAnchorArn"]
        iam = boto3.client("iam", endpoint_url=endpoint, region_name=region, aws_access_key_id=root_key,
                           aws_secret_access_key=root_secret, config=once)
        role = iam.create_role(RoleName="build", Path="/ci/", AssumeRolePolicyDocument=json.dumps({
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Principal": {"Service": "rolesanywhere.amazonaws.com"},
                          "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
                          "Condition": {"ArnEquals": {"aws:SourceArn": anchor},
                                        "StringEquals": {"aws:PrincipalTag/x509Subject/CN": "rack7"}}}}))["Role"]["Arn"]

        os.mkdir(folder + "/.aws")
        os.chmod(key, 0o600)
        wanted = ["--endpoint", endpoint, "--role-arn", role, "--duration", "900", "--certificate", certificate,
                  "--private-key", key, "--certificate-chain", between, "--trust-anchor", anchor]
        agent = None
        try:
            if method == "custom-process":
                quoted = " ".join('"%s"' % word for word in [latchkey, "credentials"] + wanted)
                with open(folder + "/.aws/config", "w") as file:
                    file.write("[default]\\ncredential_process = %s\\n" % quoted)
            else:
                form = ["--metadata"] if method == "iam-role" else ["--token-file", folder + "/token"]
                agent = subprocess.Popen([latchkey, "agent", "--listen", "127.0.0.1:0"] + form + wanted, env=environment,
                                         stdout=subprocess.PIPE, stderr=open(folder + "/agent.log", "wb"), text=True)
                line = agent.stdout.readline()
                assert line.startswith("listening on http://127.0.0.1:"), (line, open(folder + "/agent.log").read())
                for _ in range(2 if method == "container-role" else 1):
                    name, value = agent.stdout.readline().strip().split("=", 1)
                    os.environ[name] = value

            session = boto3.Session(region_name=region)
            held = session.get_credentials()
            assert held.method == method, held.method

            def caller():
                sts = session.client("sts", endpoint_url=endpoint, config=once)
                return held.get_frozen_credentials().access_key, sts.get_caller_identity()["Arn"]

            first, arn = caller()
            assert first.startswith("ASIA") and arn == "arn:aws:sts::123456789012:assumed-role/build/0abc", (first, arn)
            if agent:
                assert caller()[0] == first
                agent.send_signal(signal.SIGHUP)
            if method == "iam-role":
                # boto3 takes for granted that these are extended: its clock is put forward until they seem to end.
                fetch_time = held._time_fetcher
                held._time_fetcher = lambda: fetch_time() + datetime.timedelta(minutes=11)
            for _ in range(100):
                second, arn = caller()
                if second != first:
                    break
                time.sleep(0.1)
            assert second != first and arn.endswith("/0abc"), (second, arn)

            # The certificate is taken back: what it opened ends at once, and it opens nothing more.
            assert call("RevokeCertificate", trustAnchorArn=anchor, serialNumber="0A:BC")["ended"] >= 2
            try:
                session.client("sts", endpoint_url=endpoint, config=once).get_caller_identity()
                raise AssertionError("not refused")
            except ClientError as error:
                assert error.response["Error"]["Code"] == "InvalidClientTokenId", error
            except Exception as error:
                # The process that gives credentials is asked anew, and has none.
                assert method == "custom-process" and "was revoked" in str(error), error
            if agent:
                agent.send_signal(signal.SIGHUP)
                for _ in range(100):
                    log = open(folder + "/agent.log").read()
                    if "AccessDenied: The certificate is not trusted: it was revoked." in log:
                        break
                    time.sleep(0.1)
                assert "no new credentials, trying again" in log and "it was revoked" in log, log
                agent.terminate()
                assert agent.wait(20) == 0, agent.returncode
            else:
                answer = subprocess.run([latchkey, "credentials"] + wanted, env=environment, capture_output=True, text=True)
                assert answer.returncode == 1 and "it was revoked" in answer.stderr and not answer.stdout, answer
        finally:
            if agent and agent.poll() is None:
                agent.kill()
                agent.wait()
        print("done")
        """

    @Test(
        "AWS's own Python client of IAM Roles Anywhere takes a role over TLS, and is told in its own words what is wrong"
    )
    func peer() throws {
        let made = try TestCertificates()
        let root = try made.root()
        let between = try made.issue("/CN=between", TestCertificates.authority, by: root)
        let client = try made.issue("/O=Acme/CN=rack7", by: between)
        let host = try made.issue(
            "/CN=localhost",
            ["basicConstraints=CA:FALSE", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
            by: root
        )
        let served = try Served(["--tls-certificate", host.certificateFile, "--tls-key", host.keyFile])
        let output = try PythonEnvironment.run(
            Self.peerScript,
            [
                Places.binary.path, served.endpoint, Served.rootKey, Served.rootSecret, served.folder.path,
                root.certificateFile, between.certificateFile, client.certificateFile, client.keyFile,
            ],
            with: [AWSClientTests.boto3, "iam-rolesanywhere-session==2.3.0"]
        )
        #expect(output.lines.last == "done", "\(output.stderr)")
        #expect(served.end() == 0)
    }

    private static let peerScript = """
        import json, os, ssl, subprocess, sys, urllib.error, urllib.parse, urllib.request

        latchkey, endpoint, root_key, root_secret, folder, authority, between, certificate, key = sys.argv[1:]
        for name in list(os.environ):
            if name.startswith(("AWS_", "LATCHKEY_")):
                del os.environ[name]
        from botocore.awsrequest import AWSRequest
        from iam_rolesanywhere_session import IAMRolesAnywhereSession
        from iam_rolesanywhere_session.iam_rolesanywhere_session import IAMRolesAnywhereSigner

        region = "eu-central-1"
        root = {"PATH": os.environ["PATH"], "HOME": folder, "AWS_ACCESS_KEY_ID": root_key,
                "AWS_SECRET_ACCESS_KEY": root_secret}

        def call(action, **members):
            command = [latchkey, "call", action, "--endpoint", endpoint, "--ca-file", authority, "--input-json",
                       json.dumps(members)]
            return json.loads(subprocess.run(command, env=root, check=True, capture_output=True).stdout or "{}")

        anchor = call("CreateTrustAnchor", name="machines", certificateBody=open(authority).read())
        anchor = anchor["trustAnchor"]["trustAnchorArn"]
        trust = {"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": {"Service": "rolesanywhere.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
            "Condition": {"ArnEquals": {"aws:SourceArn": anchor}}}}
        role = call("CreateRole", roleName="build", assumeRolePolicyDocument=json.dumps(trust))["role"]["arn"]
        profile = "arn:aws:rolesanywhere:eu-central-1:123456789012:profile/any"

        def session(chain=between):
            return IAMRolesAnywhereSession(
                profile_arn=profile, role_arn=role, trust_anchor_arn=anchor, certificate=certificate, private_key=key,
                certificate_chain=chain, region=region, session_duration=900,
                endpoint=urllib.parse.urlsplit(endpoint).netloc, verify=authority).get_session()

        own = session()
        sts = own.client("sts", endpoint_url=endpoint, verify=authority)
        assert sts.get_caller_identity()["Arn"].startswith("arn:aws:sts::123456789012:assumed-role/build/")
        try:
            session(chain=None).get_credentials().get_frozen_credentials()
            raise AssertionError("not refused")
        except AssertionError:
            raise
        except Exception as error:
            assert "no chain of signatures leads from it to the trust anchor" in str(error), error

        # The members may be in the query, as older clients have them; whatever else is there is for AWS.
        context = ssl.create_default_context(cafile=authority)
        own_type = IAMRolesAnywhereSigner(certificate, key, between, None, region)

        class PlainSigner(IAMRolesAnywhereSigner):
            def _modify_request_before_signing(self, request):
                super()._modify_request_before_signing(request)
                del request.headers["Content-Type"]
                request.headers["Content-Type"] = "application/json"

        plain_type = PlainSigner(certificate, key, between, None, region)

        def send(query="", body=None, tamper=None, path="/sessions", signer=own_type):
            request = AWSRequest(method="POST", url=endpoint + path + query, data=json.dumps(body or {}).encode())
            signer.add_auth(request)
            prepared = request.prepare()
            headers = {n: v.decode() if isinstance(v, bytes) else v for n, v in prepared.headers.items()}
            sent = urllib.request.Request(prepared.url, data=tamper or prepared.body, headers=headers, method="POST")
            try:
                with urllib.request.urlopen(sent, context=context) as answer:
                    return answer.status, json.load(answer), answer.headers
            except urllib.error.HTTPError as error:
                return error.code, json.load(error), error.headers

        query = "?" + urllib.parse.urlencode({"profileArn": profile, "roleArn": role, "trustAnchorArn": anchor},
                                             quote_via=urllib.parse.quote)
        status, answer, headers = send(query, {"durationSeconds": 900, "instanceProperties": None, "sessionName": None})
        entry = answer["credentialSet"][0]
        assert status == 201 and entry["sourceIdentity"] == "CN=rack7" and entry["roleArn"] == role, answer
        assert set(entry) == {"assumedRoleUser", "credentials", "packedPolicySize", "roleArn", "sourceIdentity"}, entry
        assert set(entry["credentials"]) == {"accessKeyId", "secretAccessKey", "sessionToken", "expiration"}
        assert answer["subjectArn"].startswith("arn:aws:rolesanywhere::123456789012:subject/"), answer
        members = {"roleArn": role, "trustAnchorArn": anchor}
        cases = [
            (dict(body=members, tamper=json.dumps(members).replace("build", "admin").encode()), 403,
             "SignatureDoesNotMatchException"),
            (dict(body=dict(members, trustAnchorArn=anchor + "X")), 403, "AccessDeniedException"),
            (dict(body=dict(members, roleArn=role + "X")), 403, "AccessDeniedException"),
            (dict(body={"roleArn": role}), 400, "ValidationException"),
            (dict(body=dict(members, durationSeconds=1)), 400, "ValidationException"),
            (dict(query=query, body=members), 400, "ValidationException"),
        ]
        for case, status, name in cases:
            got, answer, headers = send(**case)
            assert (got, headers["x-amzn-errortype"]) == (status, name), (case, got, answer, headers)
            assert answer["message"] and set(answer) == {"message"}, answer

        # The same by the action's own name; no other action is open to a certificate.
        own_name = "/v1/AssumeRoleWithCertificate"
        status, answer, headers = send(body=members, path=own_name, signer=plain_type)
        assert status == 200 and answer["subject"] == "O=Acme,CN=rack7", answer
        assert answer["credentials"]["accessKeyId"].startswith("ASIA"), answer
        cases = [
            (dict(body=dict(members, more=1), path=own_name, signer=plain_type), 400, "ValidationError"),
            (dict(body={}, path="/v1/ListUsers", signer=plain_type), 400, "IncompleteSignature"),
            (dict(body={}, path="/v1/SignIn", signer=plain_type), 400, "IncompleteSignature"),
        ]
        for case, status, code in cases:
            got, answer, headers = send(**case)
            assert (got, answer["error"]["code"]) == (status, code), (case, got, answer)
        print("done")
        """
}
