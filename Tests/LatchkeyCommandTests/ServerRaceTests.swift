// ServerRaceTests.swift: sixteen requests with one code at once, by every way that a code can be offered to the server.
import LatchkeyTestSupport
import Testing

@Suite("Sixteen requests with one code")
struct ServerRaceTests {
    @Test("exactly one wins", arguments: ["SignIn", "GetSessionToken", "VerifyOneTimeCode"])
    func race(action: String) throws {
        let served = try Served()
        let output = try PythonEnvironment.run(
            Self.script,
            [served.endpoint, Served.rootKey, Served.rootSecret, action],
            with: [AWSClientTests.boto3]
        )
        #expect(output.lines.map(String.init) == Array(repeating: "1 won, 15 lost", count: 6))
        #expect(served.end() == 0)
    }

    /// Prints one line a round. All requests are on their connections before the first answer is read.
    private static let script = """
        import hashlib, hmac, json, socket, struct, base64, sys, time, urllib.parse
        import boto3
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        endpoint, key, secret, action = sys.argv[1:]
        host = urllib.parse.urlparse(endpoint)
        iam = boto3.client("iam", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key,
                           aws_secret_access_key=secret)

        def code(seed, step):
            mac = hmac.new(base64.b32decode(seed), struct.pack(">Q", step), hashlib.sha1).digest()
            at = mac[-1] & 15
            return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1000000:06}"

        def raw(path, body, kind, sign_as=None):
            request = AWSRequest("POST", endpoint + path, data=body, headers={"Content-Type": kind})
            if sign_as:
                SigV4Auth(Credentials(*sign_as[0]), sign_as[1], "us-east-1").add_auth(request)
            lines = [f"POST {path} HTTP/1.1", f"Host: {host.netloc}", f"Content-Length: {len(body)}", "Connection: close"]
            lines += [f"{name}: {value}" for name, value in request.headers.items() if name.lower() != "host"]
            return ("\\r\\n".join(lines) + "\\r\\n\\r\\n" + body).encode()

        for round in range(6):
            name = f"user{round}"
            iam.create_user(UserName=name)
            iam.create_login_profile(UserName=name, Password="wandering otters hum at dusk")
            pair = iam.create_access_key(UserName=name)["AccessKey"]
            device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
            seed, serial = device["Base32StringSeed"], device["SerialNumber"]
            step = int(time.time()) // 30
            iam.enable_mfa_device(UserName=name, SerialNumber=serial, AuthenticationCode1=code(seed, step - 1),
                                  AuthenticationCode2=code(seed, step))
            once = code(seed, step + 1)
            if action == "SignIn":
                body = json.dumps({"userName": name, "password": "wandering otters hum at dusk", "code": once})
                requests = [raw("/v1/SignIn", body, "application/json") for _ in range(16)]
            elif action == "VerifyOneTimeCode":
                body = json.dumps({"userName": name, "code": once})
                requests = [raw("/v1/VerifyOneTimeCode", body, "application/json", ((key, secret), "latchkey"))
                            for _ in range(16)]
            else:
                body = urllib.parse.urlencode({"Action": action, "Version": "2011-06-15", "SerialNumber": serial,
                                               "TokenCode": once})
                own = (pair["AccessKeyId"], pair["SecretAccessKey"])
                requests = [raw("/", body, "application/x-www-form-urlencoded", (own, "sts")) for _ in range(16)]
            sockets = [socket.create_connection((host.hostname, host.port)) for _ in requests]
            for connection, request in zip(sockets, requests):
                connection.sendall(request)
            answers = []
            for connection in sockets:
                with connection, connection.makefile("rb") as answer:
                    answers.append(answer.read())
            won = [a for a in answers if a.startswith(b"HTTP/1.1 200 ") and (action != "SignIn" or b'"session"' in a)]
            assert all(a.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 4")) for a in answers), answers
            print(f"{len(won)} won, {len(answers) - len(won)} lost")
        """
}
