// ServerEdgeTests.swift: the built server at its edges: malformed and oversized requests, signals while it works.
import Foundation
import LatchkeyTestSupport
import Testing

@Suite("The built server at its edges")
struct ServerEdgeTests {
    private static let prelude = """
        import json, os, signal, socket, sys, time
        endpoint = sys.argv[1].removeprefix("http://")
        host, port = endpoint.split(":")

        def connect():
            connection = socket.create_connection((host, port))
            connection.settimeout(20)
            return connection

        def answers(connection):
            # All that comes until the server closes.
            text = b""
            while piece := connection.recv(65536):
                text += piece
            return text

        def statuses(text):
            return [int(line.split()[1]) for line in text.split(b"\\r\\n") if line.startswith(b"HTTP/1.1 ")]

        """

    @Test("what two readers could understand differently is refused once and closed, and the process lives on")
    func torture() throws {
        let served = try Served()
        let output = try PythonEnvironment.run(Self.prelude + Self.tortures, [served.endpoint], with: [])
        #expect(output.lines.map(String.init) == ["35 refused"])
        #expect(served.end() == 0)
        // Each left its line, and what was smuggled behind it is in none.
        let lines = served.log.split(separator: "\n")
        #expect(lines.filter { $0.contains(#""error":"malformed""#) }.count == 35)
        #expect(!served.log.contains("smuggled"))
    }

    private static let tortures = """
        form = "Action=GetCallerIdentity&Version=2011-06-15"
        kind = "Content-Type: application/x-www-form-urlencoded\\r\\n"
        post = "POST / HTTP/1.1\\r\\nHost: a\\r\\n" + kind
        get = "GET /healthz HTTP/1.1\\r\\n"
        cases = {
            post + "Content-Length: 5\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n": 400,
            post + "Transfer-Encoding: chunked\\r\\nContent-Length: 5\\r\\n\\r\\n0\\r\\n\\r\\n": 400,
            post + "Content-Length: 5\\r\\nContent-Length: 6\\r\\n\\r\\nabcdef": 400,
            post + "Content-Length: 5\\r\\nContent-Length: 5\\r\\n\\r\\nabcde": 400,
            post + "Content-Length: 5, 5\\r\\n\\r\\nabcde": 400,
            post + "Content-Length: +5\\r\\n\\r\\nabcde": 400,
            post + "Content-Length: -5\\r\\n\\r\\nabcde": 400,
            post + "Content-Length: 0x5\\r\\n\\r\\nabcde": 400,
            post + "Content-Length: 5 5\\r\\n\\r\\nabcde": 400,
            post + "Content-Length: 99999999999999999999999\\r\\n\\r\\n": 413,
            post + "Content-Length:\\r\\n\\r\\n": 400,
            post + "Transfer-Encoding: xchunked\\r\\n\\r\\n": 501,
            post + "Transfer-Encoding: chunked, identity\\r\\n\\r\\n0\\r\\n\\r\\n": 501,
            post + "Transfer-Encoding: chunked\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n": 400,
            post + "Transfer-Encoding: chunked\\r\\n\\r\\n0x5\\r\\nabcde\\r\\n0\\r\\n\\r\\n": 400,
            post + "Transfer-Encoding: chunked\\r\\n\\r\\n-1\\r\\n": 400,
            post + "Transfer-Encoding: chunked\\r\\n\\r\\n5\\r\\nabcdefg\\r\\n0\\r\\n\\r\\n": 400,
            post + "Transfer-Encoding: chunked\\r\\n\\r\\n5\\nabcde\\r\\n0\\r\\n\\r\\n": 400,
            post + "Transfer-Encoding: chunked\\r\\n\\r\\nffffffffffffffffff\\r\\n": 400,
            post + "Content-Length : 5\\r\\n\\r\\nabcde": 400,
            post + "Content-Length: 5\\n\\r\\nabcde": 400,
            get + "\\r\\n": 400,
            get + "Host: a\\r\\nHost: a\\r\\n\\r\\n": 400,
            get + "Host: a\\r\\nHost: b\\r\\n\\r\\n": 400,
            get + "Host : a\\r\\n\\r\\n": 400,
            get + "Host: a\\r\\nX: b\\r\\n c\\r\\n\\r\\n": 400,
            get + "Host: a\\r\\n X: b\\r\\n\\r\\n": 400,
            get + "Host: a\\r\\nX: b\\0c\\r\\n\\r\\n": 400,
            get + "Host: a\\r\\nX: b\\rc\\r\\n\\r\\n": 400,
            get + "Host: a\\nX: b\\r\\n\\r\\n": 400,
            "GET /healthz HTTP/1.1\\nHost: a\\n\\n": 400,
            "GET  /healthz HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n": 400,
            "GET /healthz HTTP/1.9\\r\\nHost: a\\r\\n\\r\\n": 505,
        }
        proofs = "Authorization: AWS4-HMAC-SHA256 a\\r\\nAuthorization: AWS4-HMAC-SHA256 b\\r\\n"
        cases[post + proofs + f"Content-Length: {len(form)}\\r\\n\\r\\n" + form] = 400
        cases[get + "Host: a\\r\\n" + proofs + "\\r\\n"] = 400
        smuggled = "GET /smuggled HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
        count = 0
        for text, status in cases.items():
            with connect() as connection:
                connection.sendall((text + smuggled).encode("latin-1"))
                connection.shutdown(socket.SHUT_WR)
                answer = answers(connection)
                assert statuses(answer) == [status], (text, answer)
                assert b"connection: close\\r\\n" in answer, (text, answer)
                count += 1
        print(count, "refused")
        """

    @Test("where there are several accounts a sign-in says which, in either API; a wrong method is told the right ones")
    func doors() throws {
        let served = try Served()
        for arguments in [
            ["call", "CreateAccount", "--input-json", "-"],
            ["user", "create", "bea", "--account", "210987654321", "--password-stdin"],
        ] {
            let account = #"{"accountId":"210987654321","alias":"shop","rootPassword":"\#(Self.password)"}"#
            let made = try Subprocess.run(
                Places.binary.path,
                arguments,
                stdin: Array((arguments[0] == "call" ? account : Self.password).utf8),
                environment: served.environment
            )
            #expect(made.status == 0, "\(made.stderr)")
        }
        let output = try PythonEnvironment.run(Self.doorways, [served.endpoint, Self.password], with: [])
        #expect(output.lines.map(String.init) == ["done"])
        #expect(served.end() == 0)
    }

    private static let password = "herons stand in the shallows"

    private static let doorways = """
        import json, sys, urllib.error, urllib.parse, urllib.request
        endpoint, password = sys.argv[1:]

        def ask(path, body=None, kind=None, method=None):
            request = urllib.request.Request(endpoint + path, body, method=method)
            if kind:
                request.add_header("Content-Type", kind)
            try:
                with urllib.request.urlopen(request) as answer:
                    return answer.status, answer.headers, answer.read().decode()
            except urllib.error.HTTPError as error:
                return error.code, error.headers, error.read().decode()

        def query(**members):
            members |= {"Action": "SignIn", "UserName": "bea", "Password": password}
            return ask("/", urllib.parse.urlencode(members).encode(), "application/x-www-form-urlencoded")

        def data(**members):
            members |= {"userName": "bea", "password": password}
            return ask("/v1/SignIn", json.dumps(members).encode(), "application/json")

        for account in ["210987654321", "shop"]:
            assert query(Account=account)[0] == 200, query(Account=account)
            assert data(account=account)[0] == 200, data(account=account)
        # In the other account there is no such user, and nobody is told.
        assert query(Account="123456789012")[0] == data(account="123456789012")[0] == 403
        for status, _, text in query(), data():
            assert status == 400 and "name the account" in text, text
        for status, _, text in query(Account="333333333333"), data(account="333333333333"):
            assert status == 400 and "no such account" in text, text
        assert ask("/", method="PUT")[1]["Allow"] == "GET, POST"
        assert ask("/v1/SignIn")[1]["Allow"] == "POST"
        assert ask("/healthz", b"")[1]["Allow"] == "GET, HEAD"
        print("done")
        """

    @Test("a request at each limit is served, and one beyond it is refused as soon as that is known")
    func limits() throws {
        let served = try Served()
        let output = try PythonEnvironment.run(Self.prelude + Self.sizes, [served.endpoint], with: [])
        #expect(output.lines.map(String.init) == ["done"])
        #expect(served.end() == 0)
    }

    private static let sizes = """
        def ask(text):
            with connect() as connection:
                connection.sendall(text.encode())
                connection.shutdown(socket.SHUT_WR)
                return statuses(answers(connection))

        def line(count):
            return "GET /" + "a" * (count - len("GET / HTTP/1.1")) + " HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"

        def fields(count):
            return "GET /healthz HTTP/1.1\\r\\nHost: a\\r\\n" + "X: y\\r\\n" * (count - 1) + "\\r\\n"

        def size(count):
            return "GET /healthz HTTP/1.1\\r\\nHost: a\\r\\nX: " + "y" * count + "\\r\\n\\r\\n"

        def body(announced, sent):
            return (f"POST /v1/SignIn HTTP/1.1\\r\\nHost: a\\r\\nContent-Type: application/json\\r\\n"
                    f"Content-Length: {announced}\\r\\n\\r\\n" + " " * sent)

        mebibyte = 1 << 20
        assert ask(line(8192)) == [404] and ask(line(8193)) == [414]
        assert ask(fields(100)) == [200] and ask(fields(101)) == [431]
        assert ask(size(32000)) == [200] and ask(size(32768)) == [431]
        # Blanks are no JSON: read whole, then refused.
        assert ask(body(mebibyte, mebibyte)) == [400] and ask(body(mebibyte + 1, 0)) == [413]
        assert ask(body(1 << 40, 0)) == [413]
        chunk = "10000\\r\\n" + "a" * 65536 + "\\r\\n"
        chunked = "POST / HTTP/1.1\\r\\nHost: a\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n" + chunk * 17
        assert ask(chunked) == [413]
        print("done")
        """

    @Test("SIGTERM ends the server with 0 once what it was asked is answered, and it takes nothing new")
    func drain() throws {
        let served = try Served()
        let output = try PythonEnvironment.run(
            Self.prelude + Self.ending,
            [served.endpoint, "\(served.processIdentifier)"],
            with: []
        )
        #expect(output.lines.map(String.init) == ["16 answered", "half a request answered", "nothing new"])
        #expect(served.end() == 0)
    }

    private static let ending = """
        body = json.dumps({"userName": "nobody", "password": "wandering otters hum at dusk"})
        text = (f"POST /v1/SignIn HTTP/1.1\\r\\nHost: a\\r\\nContent-Type: application/json\\r\\n"
                f"Content-Length: {len(body)}\\r\\n\\r\\n{body}").encode()
        half, idle = connect(), connect()
        half.sendall(text[:-10])
        idle.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
        assert statuses(idle.recv(65536)) == [200]
        # Their passwords are hashed when the signal comes.
        busy = [connect() for _ in range(16)]
        for connection in busy:
            connection.sendall(text)
        while b'latchkey_hashing_running 0' in (lambda c: (c.sendall(
                b"GET /metrics HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n"), answers(c))[1])(connect()):
            for connection in busy:
                assert statuses(connection.recv(65536)) == [403]
                connection.sendall(text)
        os.kill(int(sys.argv[2]), signal.SIGTERM)
        assert answers(idle) == b""
        print(sum(statuses(answers(connection))[-1] == 403 for connection in busy), "answered")
        half.sendall(text[-10:])
        assert statuses(answers(half)) == [403]
        print("half a request answered")
        try:
            connect()
        except ConnectionRefusedError:
            print("nothing new")
        """

    @Test(
        "SIGHUP shows a new certificate to new connections, keeps the old ones, and keeps a certificate that is broken off"
    )
    func reload() throws {
        try Places.withFolder { folder in
            try makeCertificate("first", in: folder)
            let served = try Served([
                "--tls-certificate", folder.appending(path: "tls.pem").path, "--tls-key",
                folder.appending(path: "tls.key").path,
            ])
            #expect(served.endpoint.hasPrefix("https://"))
            #expect(try name(served) == "first")
            try makeCertificate("second", in: folder)
            #expect(try name(served) == "first")
            served.signal(SIGHUP)
            #expect(try eventually { try name(served) == "second" })
            try Data("broken".utf8).write(to: folder.appending(path: "tls.pem"))
            served.signal(SIGHUP)
            #expect(try eventually { served.log.contains("the old certificate stays") })
            #expect(try name(served) == "second")
            #expect(served.end() == 0)
        }
    }

    private func makeCertificate(_ name: String, in folder: URL) throws {
        let output = try Subprocess.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=\(name)", "-keyout", folder.appending(path: "tls.key").path, "-out",
                folder.appending(path: "tls.pem").path,
            ]
        )
        #expect(output.status == 0, "\(output.stderr)")
    }

    /// The name in the certificate that the server shows.
    private func name(_ served: Served) throws -> String {
        let output = try Subprocess.run(
            "curl",
            ["-sk", "-o", "/dev/null", "-w", "%{certs}", served.endpoint + "/healthz"]
        )
        let line = output.lines.first { $0.hasPrefix("Subject:") }
        return line.map { String($0.drop { $0 != "=" }.dropFirst().filter { $0 != " " }) } ?? output.stdout
    }

    private func eventually(_ condition: () throws -> Bool) throws -> Bool {
        for _ in 0..<500 {
            if try condition() { return true }
            usleep(20_000)
        }
        return false
    }
}
