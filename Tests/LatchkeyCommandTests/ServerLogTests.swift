// ServerLogTests.swift: the access log and the metrics of the built server, after a user's whole life has gone through it.
import Foundation
import LatchkeyJSON
import LatchkeyTestSupport
import Testing

@Suite("What the server tells of its requests")
struct ServerLogTests {
    /// What the script says that it did.
    private struct Life: Decodable {
        let requests: Int
        let secrets: [String]
        let codes: [String]
        let actions: [String: Int]
        let metrics: String
    }

    @Test(
        "every request leaves one line, and neither line nor metric shows a secret; logins and refused codes are counted"
    )
    func wholeLife() throws {
        let served = try Served()
        let output = try PythonEnvironment.run(
            Self.script,
            [served.endpoint, Served.rootKey, Served.rootSecret],
            with: [AWSClientTests.boto3]
        )
        let life = try JSON(parsing: Array((output.lines.last ?? "").utf8).span).decode(Life.self)
        #expect(served.end() == 0)

        let log = served.log
        let lines = try log.split(separator: "\n").map { try JSON(parsing: Array($0.utf8).span) }
        #expect(lines.count == life.requests)
        // What was no request has no identifier.
        #expect(Set(lines.compactMap { $0.object?["request"]?.string }).count == life.requests - 1)
        var actions: [String: Int] = [:]
        for line in lines {
            let members = try #require(line.object)
            #expect(members["time"] != nil && members["status"] != nil)
            #expect(members["microseconds"] != nil || members["error"]?.string == "malformed")
            #expect(members["peer"]?.string == "127.0.0.1")
            let name = members["action"]?.string ?? members["path"]?.string ?? ""
            actions[name, default: 0] += 1
            // Six digits may stand in a time or an identifier by chance.
            let told = members.members.filter { !["time", "request", "microseconds"].contains($0.name) }
            for code in life.codes {
                #expect(!told.contains { $0.value.string?.contains(code) ?? false }, "a code is in the log")
            }
        }
        #expect(actions == life.actions)
        #expect(life.secrets.count > 12)
        for (index, secret) in life.secrets.enumerated() {
            #expect(secret.count >= 12)
            #expect(!log.contains(secret), "secret \(index) is in the log")
            #expect(!life.metrics.contains(secret), "secret \(index) is in the metrics")
        }

        let metrics = Set(life.metrics.split(separator: "\n").map(String.init))
        for line in [
            #"latchkey_logins_total{outcome="session"} 1"#,
            #"latchkey_logins_total{outcome="challenge"} 1"#,
            #"latchkey_logins_total{outcome="refused"} 4"#,
            #"latchkey_codes_refused_total{reason="wrong_code"} 2"#,
            #"latchkey_codes_refused_total{reason="replayed_code"} 1"#,
            #"latchkey_requests_total{action="CreateUser",code="OK"} 1"#,
            #"latchkey_requests_total{action="none",code="InvalidAction"} 1"#,
            #"latchkey_malformed_requests_total{status="400"} 1"#,
            "latchkey_hashing_running 0", "latchkey_hashing_waiting 0",
            // The request for the metrics themselves is not over yet, and the malformed one took no time.
            "latchkey_request_seconds_count \(life.requests - 2)",
            "latchkey_request_seconds_bucket{le=\"+Inf\"} \(life.requests - 2)",
        ] {
            #expect(metrics.contains(line), "\(line)")
        }
    }

    /// Goes through a life, and prints what it did and which secrets went by, as one line of JSON.
    private static let script = """
        import base64, collections, hashlib, hmac, json, socket, struct, sys, time, urllib.error, urllib.request
        import boto3
        from botocore.config import Config
        from botocore.exceptions import ClientError

        endpoint, key, secret = sys.argv[1:]
        actions = collections.Counter()
        secrets, codes = [secret], []

        def client(service, *pair):
            made = boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=pair[0],
                                aws_secret_access_key=pair[1], aws_session_token=pair[2] if pair[2:] else None,
                                config=Config(retries={"total_max_attempts": 1}))
            made.meta.events.register("before-call", lambda model, **_: actions.update([model.name]))
            return made

        def post(action, **members):
            actions.update([action])
            request = urllib.request.Request(f"{endpoint}/v1/{action}", json.dumps(members).encode(),
                                             {"Content-Type": "application/json"})
            try:
                with urllib.request.urlopen(request) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                return json.load(error)

        def get(path):
            actions.update([path.split("?")[0]])
            try:
                with urllib.request.urlopen(endpoint + path) as answer:
                    return answer.read().decode()
            except urllib.error.HTTPError as error:
                return error.read().decode()

        def code(step):
            mac = hmac.new(base64.b32decode(seed), struct.pack(">Q", step), hashlib.sha1).digest()
            at = mac[-1] & 15
            text = f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1000000:06}"
            codes.append(text)
            return text

        def refused(call, **members):
            try:
                call(**members)
            except ClientError as error:
                return error.response["Error"]["Code"]
            raise SystemExit(f"{call} was not refused")

        first, second = "wandering otters hum at dusk", "eleven quiet harbours dream"
        secrets += [first, second, "a password of nobody at all"]
        iam = client("iam", key, secret)
        iam.create_user(UserName="ann")
        iam.create_login_profile(UserName="ann", Password=first)
        pair = iam.create_access_key(UserName="ann")["AccessKey"]
        secrets.append(pair["SecretAccessKey"])
        device = iam.create_virtual_mfa_device(VirtualMFADeviceName="ann")["VirtualMFADevice"]
        seed, serial = device["Base32StringSeed"].decode(), device["SerialNumber"]
        secrets += [seed, base64.b64encode(seed.encode()).decode(), base64.b32decode(seed).hex()]
        # Room for three steps within one window.
        if time.time() % 30 > 20:
            time.sleep(30 - time.time() % 30)
        step = int(time.time()) // 30
        iam.enable_mfa_device(UserName="ann", SerialNumber=serial, AuthenticationCode1=code(step - 2),
                              AuthenticationCode2=code(step - 1))

        # A password typed where the name belongs, a name that nobody has, and a wrong password.
        secrets.append("Tr0ub4dor-and-3-typed-as-a-name")
        assert "error" in post("SignIn", userName=secrets[-1], password=first)
        assert "error" in post("SignIn", userName="bob", password="a password of nobody at all")
        assert "error" in post("SignIn", userName="ann", password=second)
        wrong = next(f"{n:06}" for n in range(9) if f"{n:06}" not in {code(step + n) for n in (-1, 0, 1, 2)})
        assert "error" in post("SignIn", userName="ann", password=first, code=wrong)
        ticket = post("SignIn", userName="ann", password=first)["challenge"]["ticket"]
        session = post("AnswerChallenge", ticket=ticket, code=code(step))["session"]
        secrets += [ticket, session["token"]]
        sts = client("sts", pair["AccessKeyId"], pair["SecretAccessKey"])
        assert refused(sts.get_session_token, SerialNumber=serial, TokenCode=codes[-1])
        given = sts.get_session_token(SerialNumber=serial, TokenCode=code(step + 1))["Credentials"]
        secrets += [given["SecretAccessKey"], given["SessionToken"]]
        assert refused(sts.get_session_token, SerialNumber=serial, TokenCode=wrong)
        own = client("iam", given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        assert refused(own.delete_user, UserName="ann") == "AccessDenied"
        iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:ChangePassword", "Resource": "*"}}))
        own.change_password(OldPassword=first, NewPassword=second)
        post("Session", token=session["token"])
        post("SignOut", token=session["token"])
        assert "error" in post("Session", token=session["token"])
        refused(client("iam", key, "another secret than the right one it is").list_users)
        actions["GetSession"] = actions.pop("Session")

        # Secrets where none belong.
        get(f"/v1?password={second.replace(' ', '+')}")
        get("/healthz")
        with socket.create_connection(endpoint.removeprefix("http://").split(":")) as raw:
            raw.sendall(f"GET /?token={session['token']} HTTP/1.1\\r\\nHost: a\\r\\nHost: {ticket}\\r\\n\\r\\n".encode())
            raw.makefile().read()
        actions[""] += 1
        time.sleep(0.3)
        metrics = get("/metrics")
        print(json.dumps({"requests": sum(actions.values()), "secrets": secrets, "codes": codes, "actions": actions,
                          "metrics": metrics}))
        """
}
