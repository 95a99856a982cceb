// ProviderReachTests.swift: a provider whose name leads into a network of one's own is asked only where that is allowed.
import Foundation
import LatchkeyTestSupport
import Testing

@Suite("Where providers may be")
struct ProviderReachTests {
    private static let packages = [AWSClientTests.boto3, "PyJWT==2.15.1", "cryptography==50.0.2"]

    /// What a server with these settings says of a good token of the provider `https://id.localhost`, and how often the
    /// provider was connected to.
    private func answer(_ environment: [String: String], in folder: URL? = nil) throws -> (String, Int) {
        let served = try Served(in: folder, environment: environment)
        let output = try PythonEnvironment.run(
            Self.script,
            [served.endpoint, Served.rootKey, Served.rootSecret, served.folder.path],
            with: Self.packages
        )
        let words = try #require(output.lines.last).split(separator: " ", maxSplits: 1).map(String.init)
        #expect(served.end() == 0)
        return (words[1], try #require(Int(words[0])))
    }

    @Test("a name that leads to this host is followed only into a network that is named, behind a trusted certificate")
    func names() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "latchkey-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let certificate = folder.appending(path: "provider.pem").path
        let made = try Subprocess.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "2", "-subj", "/CN=x",
                "-addext", "subjectAltName=DNS:id.localhost", "-nodes", "-out", certificate, "-keyout",
                folder.appending(path: "provider.key").path,
            ]
        )
        #expect(made.status == 0, "\(made.stderr)")
        let trusted = ["LATCHKEY_IDENTITY_CA_FILE": certificate]
        let inside = ["LATCHKEY_IDENTITY_NETWORKS": "127.0.0.0/8, ::1"]
        let elsewhere = trusted.merging(["LATCHKEY_IDENTITY_NETWORKS": "10.0.0.0/8"]) { $1 }
        defer { try? FileManager.default.removeItem(at: folder) }
        for (environment, words, connections) in [
            // Nothing is connected to, although the name is a good one and the certificate would be trusted.
            (trusted, "InvalidIdentityToken: .*no address that may be asked", 0...0),
            (inside, "InvalidIdentityToken: .*is not trusted", 1...9),
            (elsewhere, "InvalidIdentityToken: .*no address that may be asked", 0...0),
            (trusted.merging(inside) { $1 }, "arn:aws:sts::123456789012:assumed-role/pod/seven", 1...9),
        ] {
            let place = folder.appending(path: UUID().uuidString)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            for name in ["provider.pem", "provider.key"] {
                try FileManager.default.copyItem(at: folder.appending(path: name), to: place.appending(path: name))
            }
            let (said, count) = try answer(environment, in: place)
            #expect(said.range(of: words, options: .regularExpression) != nil, "\(said)")
            #expect(connections.contains(count), "\(count) connections, \(said)")
        }
    }

    /// Prints how many connections the provider got, and what came of the call.
    private static let script = """
        import base64, http.server, json, socket, ssl, sys, threading, time
        import boto3, jwt
        from botocore import UNSIGNED
        from botocore.config import Config
        from botocore.exceptions import ClientError
        from cryptography.hazmat.primitives.asymmetric import ec

        endpoint, key, secret, folder = sys.argv[1:]
        signer = ec.generate_private_key(ec.SECP256R1())
        numbers = signer.public_key().public_numbers()
        text = lambda number: base64.urlsafe_b64encode(number.to_bytes(32, "big")).decode().rstrip("=")
        connections = []

        class Provider(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                document = {"issuer": issuer, "jwks_uri": issuer + "/keys"} if "well-known" in self.path else {
                    "keys": [{"kty": "EC", "crv": "P-256", "kid": "1", "x": text(numbers.x), "y": text(numbers.y)}]}
                body = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        class Counted(http.server.ThreadingHTTPServer):
            def get_request(self):
                connection, address = self.socket.accept()
                connections.append(address)
                return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

            def handle_error(self, *arguments):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder + "/provider.pem", folder + "/provider.key")
        provider = Counted(("127.0.0.1", 0), Provider)
        issuer = "https://id.localhost:%d" % provider.server_port
        threading.Thread(target=provider.serve_forever, daemon=True).start()

        region = "eu-central-1"
        iam = boto3.client("iam", endpoint_url=endpoint, region_name=region, aws_access_key_id=key,
                           aws_secret_access_key=secret)
        arn = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["app"])["OpenIDConnectProviderArn"]
        role = iam.create_role(RoleName="pod", AssumeRolePolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Federated": arn},
                                                   "Action": "sts:AssumeRoleWithWebIdentity"}}))["Role"]["Arn"]
        sts = boto3.client("sts", endpoint_url=endpoint, region_name=region,
                           config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}))
        now = int(time.time())
        token = jwt.encode({"iss": issuer, "sub": "7", "aud": "app", "iat": now, "exp": now + 600}, signer,
                           algorithm="ES256", headers={"kid": "1"})
        try:
            answer = sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="seven", WebIdentityToken=token)
            said = answer["AssumedRoleUser"]["Arn"]
        except ClientError as error:
            said = error.response["Error"]["Code"] + ": " + error.response["Error"]["Message"]
        print(len(connections), said)
        """
}
