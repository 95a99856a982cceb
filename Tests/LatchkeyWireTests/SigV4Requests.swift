// SigV4Requests.swift: requests that botocore and curl signed, for the tests to accept, change and sign again.
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyJSON
import LatchkeyTestSupport

@testable import LatchkeyWire

/// A request as another program signed it.
struct SignedRequest: Sendable {
    let request: HTTPRequest
    let keyID: String
    let secret: String
    let token: String?
    let region: String
    let service: String
    let time: Int64

    /// Reads a line of a script below.
    init(line: Substring) throws {
        let json = try JSON(parsing: Array(line.utf8))
        func text(_ name: String) throws -> String {
            guard let text = json[name]?.string else { throw Missing(name: name) }
            return text
        }
        request = try SigV4.RequestText(try Hex.decode(try text("request"), .strict)).request
        keyID = try text("key")
        secret = try text("secret")
        token = json["token"]?.string
        region = try text("region")
        service = try text("service")
        time = Int64(try text("time")) ?? 0
    }

    private struct Missing: Error {
        let name: String
    }

    /// Reads the request's claim and holds it against the secret, at the time at which it was signed.
    func verify(_ request: HTTPRequest) throws(SigV4.Refusal) -> SigV4.Claim {
        let claim = try SigV4.Claim(request, services: [service], regions: nil)
        // A key of another name has another secret.
        let known = Secret(utf8: claim.keyID == keyID ? secret : "another secret")
        try claim.verify(with: known, at: time, skew: 900)
        return claim
    }
}

/// Requests of botocore's, made once a run.
enum SignedRequests {
    static let package = "boto3==1.43.11"

    /// Header fields and queries, about half each, all with the moments of their own.
    static let requests: [SignedRequest] =
        (try? PythonEnvironment.run(script, ["2400"], with: [package]).lines.map { try SignedRequest(line: $0) }) ?? []

    private static let script = #"""
        import datetime, json, random, sys
        import botocore.auth as auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        from botocore.utils import percent_encode_sequence
        from urllib.parse import quote, urlencode, urlsplit

        chance = random.Random()
        LETTERS = "abcXYZ019"
        ODD = "-_.~ !\"#$%&'()*+,/:;<=>?@[]^`{|}é漢\u0007\U0001F511"

        def word(least, most, letters=LETTERS):
            return "".join(chance.choice(letters) for _ in range(chance.randint(least, most)))

        def pairs(most):
            return list({word(1, 6, LETTERS + ODD): word(0, 12, LETTERS + ODD) for _ in range(chance.randint(0, most))}.items())

        def path():
            segments = [chance.choice([word(1, 5), word(1, 5, LETTERS + ODD), ".", "..", ""]) for _ in range(chance.randint(0, 5))]
            # Some characters raw that others escape.
            return "/" + "/".join(quote(s, safe=chance.choice(["~", "~!$&'()*+,:=@"])) for s in segments)

        for number in range(int(sys.argv[1])):
            time = chance.choice([chance.randrange(0, 253402300800 - 604800), chance.randrange(1700000000, 1900000000)])
            auth.get_current_datetime = lambda *a, **k: datetime.datetime.fromtimestamp(time, datetime.timezone.utc)
            region = chance.choice(["us-east-1", "eu-central-1", "cn-north-1", word(1, 12, "abc-019")])
            service = chance.choice(["iam", "sts"])
            key, secret = "AKIA" + word(16, 16, "ABC234"), word(1, 90, LETTERS + "+/é ")
            token = word(20, 400, LETTERS + "+/=") if chance.random() < 0.4 else None
            credentials = Credentials(key, secret, token)
            host = chance.choice(["localhost", "127.0.0.1:8080", "[::1]:8443", word(1, 9, "abc") + ".amazonaws.com"])
            headers = {}
            for _ in range(chance.randint(0, 2)):
                headers["X-Amz-" + word(1, 6, "ABC-") + "m"] = chance.choice(["", " "]).join(word(0, 5, LETTERS + "  é=,;/") for _ in range(3))
            if chance.random() < 0.3: headers["Accept"] = "*/*"
            isHeader = chance.random() < 0.6
            if isHeader:
                method = chance.choice(["POST", "POST", "GET", "PUT", "DELETE"])
                body = b""
                if method in ("POST", "PUT"):
                    form = [("Action", "ListUsers"), ("Version", "2010-05-08")] + pairs(6)
                    body = chance.choice([urlencode(form).encode(), bytes(chance.randrange(256) for _ in range(chance.randint(0, 300)))])
                    headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
            else:
                method, body = "GET", b""
            if isHeader and chance.random() < 0.15:
                headers["Date"] = chance.choice(["Sun, 30 Aug 2015 12:36:00 GMT"])
            query = percent_encode_sequence(pairs(5))
            url = "http://" + host + path() + ("?" + query if query else "")
            request = AWSRequest(method=method, url=url, headers=headers, data=body)
            if isHeader:
                auth.SigV4Auth(credentials, service, region).add_auth(request)
            else:
                auth.SigV4QueryAuth(credentials, service, region, expires=chance.randint(1, 604800)).add_auth(request)
            sent = request.prepare()
            parts = urlsplit(sent.url)
            target = parts.path + ("?" + parts.query if parts.query else "")
            lines = [("Host", host)] + [(k, v.decode() if isinstance(v, bytes) else v) for k, v in sent.headers.items()]
            if chance.random() < 0.5: chance.shuffle(lines)
            text = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines) + "\r\n"
            whole = text.encode() + (sent.body or b"")
            fact = {"request": whole.hex(), "key": key, "secret": secret, "region": region, "service": service, "time": str(time)}
            if token: fact["token"] = token
            print(json.dumps(fact))
        """#
}

/// Requests of curl's, as a server on loopback got them.
enum Curl {
    static func requests() throws -> [SignedRequest] {
        let output = try Subprocess.run("/usr/bin/python3", ["-c", script])
        guard output.status == 0 else { throw Failed(reason: output.stderr) }
        return try output.lines.map { try SignedRequest(line: $0) }
    }

    private struct Failed: Error {
        let reason: String
    }

    private static let script = #"""
        import calendar, json, socket, subprocess, sys, time

        def serve(listener):
            connection, _ = listener.accept()
            whole = b""
            while True:
                head, blank, body = whole.partition(b"\r\n\r\n")
                if blank:
                    lengths = [l for l in head.lower().split(b"\r\n") if l.startswith(b"content-length:")]
                    if len(body) >= (int(lengths[0].split(b":")[1]) if lengths else 0): break
                whole += connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            connection.close()
            return whole

        listener = socket.create_server(("127.0.0.1", 0))
        FORM = "Content-Type: application/x-www-form-urlencoded"
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        for number, more in enumerate([
            ["/", "-H", FORM, "--data", "Action=ListUsers&Version=2010-05-08"],
            ["/", "-H", FORM, "--data-binary", "Action=CreateUser&UserName=a%2Bb&Path=%2Fx%2F"],
            ["/", "-H", FORM + "; charset=utf-8", "--data", "a=b+c"],
            ["/?Action=GetCallerIdentity&Version=2011-06-15"],
            ["/base/path", "-H", FORM, "-H", "X-Amz-Security-Token: abc/+=", "--data", "a=b"],
            ["/", "-X", "PUT", "--data", "{}", "-H", "content-type: application/json"],
            # The last one has the Content-Type that curl adds by itself.
            ["/", "--data", "Action=ListUsers&Version=2010-05-08"],
        ]):
            key, secret = "AKIDEXAMPLE", f"secret/{number}+x"
            child = subprocess.Popen(["curl", "-sS", "--noproxy", "*", "--aws-sigv4", "aws:amz:eu-west-1:iam", "-K", "-", base + more[0]] + more[1:],
                                     stdin=subprocess.PIPE)
            child.stdin.write(f'user = "{key}:{secret}"\n'.encode())
            child.stdin.close()
            whole = serve(listener)
            if child.wait() != 0: sys.exit("curl failed")
            print(json.dumps({"request": whole.hex(), "key": key, "secret": secret, "region": "eu-west-1", "service": "iam",
                              "time": str(int(time.time()))}))
        """#
}
