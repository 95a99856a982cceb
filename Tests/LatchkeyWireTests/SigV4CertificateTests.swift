// SigV4CertificateTests.swift: requests that a certificate's key signed, accepted whole and refused when anything is changed.
import Glibc
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyTestSupport
import Testing

@testable import LatchkeyWire

@Suite("Signatures by certificates")
struct SigV4CertificateTests {
    let certificates: TestCertificates
    let root: TestCertificates.Issued
    let now = Int64(time(nil))

    init() throws {
        certificates = try TestCertificates()
        root = try certificates.root()
    }

    private let plain = HTTPRequest(
        method: "POST",
        target: "/sessions?b=2&a=1%20x",
        fields: HTTPFields([
            HTTPFields.Field("host", "keys.example.com"), HTTPFields.Field("content-type", "application/json"),
        ]),
        body: Array(#"{"roleArn":"x"}"#.utf8)
    )

    private func signer(
        _ client: TestCertificates.Issued,
        chain: [TestCertificates.Issued] = [],
        service: String = "rolesanywhere"
    ) throws -> SigV4.CertificateSigner {
        let certificate = try Certificate(pem: client.certificate)
        return try #require(
            SigV4.CertificateSigner(
                certificate: certificate,
                chain: try chain.map { try Certificate(pem: $0.certificate) },
                key: try CertificateKey(privateKeyPEM: client.key, of: certificate),
                region: "eu-central-1",
                service: service
            )
        )
    }

    private func code(_ request: HTTPRequest, at time: Int64? = nil, regions: Set<String>? = nil) -> String? {
        do throws(SigV4.Refusal) {
            let claim = try SigV4.CertificateClaim(request, services: ["rolesanywhere"], regions: regions)
            try claim.verify(at: time ?? now, skew: 900)
            return nil
        } catch {
            return error.code
        }
    }

    @Test(
        "a signed request is accepted with its certificates, for as long as SigV4 takes any",
        arguments: [TestCertificates.p256, TestCertificates.rsa, "EC -pkeyopt ec_paramgen_curve:P-384"]
    )
    func accepted(algorithm: String) throws {
        let client = try certificates.issue(by: root, key: algorithm)
        let signed = try signer(client, chain: [root, root]).sign(plain, at: now)
        let claim = try SigV4.CertificateClaim(signed, services: ["rolesanywhere"], regions: ["eu-central-1"])
        #expect(claim.certificate == (try Certificate(pem: client.certificate)) && claim.chain.count == 2)
        #expect(claim.scope.region == "eu-central-1" && claim.time == now)
        #expect(SigV4.CertificateClaim.isMade(by: signed) && !SigV4.CertificateClaim.isMade(by: plain))
        for seconds in [-900, 0, 900] { #expect(code(signed, at: now + Int64(seconds)) == nil) }
        for seconds in [-901, 901, 86_400] {
            #expect(code(signed, at: now + Int64(seconds)) == "SignatureDoesNotMatch")
        }
        #expect(code(signed, regions: ["us-east-1"]) == "SignatureDoesNotMatch")
        // What was signed before is signed anew.
        #expect(code(try signer(client).sign(signed, at: now)) == nil)
        // No key of ours opens such a request.
        #expect(throws: SigV4.Refusal.self) {
            try SigV4.Claim(signed, services: ["rolesanywhere"], regions: nil)
        }
    }

    @Test("a request that is changed anywhere, or says less than it must, is refused")
    func refused() throws {
        let client = try certificates.issue(by: root)
        let other = try certificates.issue(by: root)
        let good = try signer(client, chain: [root]).sign(plain, at: now)
        #expect(code(good) == nil)
        func changed(
            method: String? = nil,
            target: String? = nil,
            body: [UInt8]? = nil,
            _ change: (inout [HTTPFields.Field]) -> Void = { _ in }
        ) -> HTTPRequest {
            var fields = good.fields.all
            change(&fields)
            return HTTPRequest(
                method: method ?? good.method,
                target: target ?? good.target,
                fields: HTTPFields(fields),
                body: body ?? good.body
            )
        }
        func setting(_ name: String, _ value: (String) -> String?) -> HTTPRequest {
            changed { fields in
                fields = fields.compactMap { field in
                    guard field.name == name else { return field }
                    return value(String(decoding: field.value, as: UTF8.self)).map { HTTPFields.Field(name, $0) }
                }
            }
        }
        func authorization(_ old: String, _ new: String) -> HTTPRequest {
            setting("authorization") { $0.replacing(old, with: new) }
        }
        let stranger = Base64.encode(try Certificate(pem: other.certificate).der)
        let serial = try #require(CertificateNames(try Certificate(pem: client.certificate))).decimalSerialNumber
        let mismatch = "SignatureDoesNotMatch"
        let incomplete = "IncompleteSignature"
        let cases: [(String, HTTPRequest, String)] = [
            ("method", changed(method: "GET"), mismatch), ("path", changed(target: "/?b=2&a=1%20x"), mismatch),
            ("query", changed(target: "/sessions?b=2&a=1%20y"), mismatch),
            ("body", changed(body: Array("{}".utf8)), mismatch),
            ("host", setting("host") { _ in "evil.example" }, mismatch),
            ("date", setting("x-amz-date") { _ in "20150830T123600Z" }, mismatch),
            ("other certificate", setting("x-amz-x509") { _ in stranger }, mismatch),
            ("no certificate", setting("x-amz-x509") { _ in nil }, mismatch),
            ("two in one", setting("x-amz-x509") { "\($0),\($0)" }, incomplete),
            ("no Base64", setting("x-amz-x509") { _ in "-----BEGIN" }, incomplete),
            ("empty", setting("x-amz-x509") { _ in "" }, incomplete),
            ("cut", setting("x-amz-x509") { String($0.prefix(400)) }, incomplete),
            ("chain taken away", setting("x-amz-x509-chain") { _ in nil }, mismatch),
            ("another chain", setting("x-amz-x509-chain") { _ in stranger }, mismatch),
            (
                "long chain", setting("x-amz-x509-chain") { [String](repeating: $0, count: 6).joined(separator: ",") },
                incomplete
            ),
            ("chain of nothing", setting("x-amz-x509-chain") { $0 + "," }, incomplete),
            ("algorithm of another key", authorization("ECDSA", "RSA"), mismatch),
            ("unknown algorithm", authorization("AWS4-X509-ECDSA-SHA256", "AWS4-X509-ECDSA-SHA1"), incomplete),
            ("our own algorithm", authorization("AWS4-X509-ECDSA-SHA256", "AWS4-HMAC-SHA256"), incomplete),
            ("another serial number", authorization("Credential=\(serial)", "Credential=1"), mismatch),
            ("another service", authorization("/rolesanywhere/", "/sts/"), mismatch),
            ("another region", authorization("/eu-central-1/", "/us-east-1/"), mismatch),
            ("certificate not signed", authorization(";x-amz-x509;", ";"), mismatch),
            ("chain not signed", authorization(";x-amz-x509-chain", ""), mismatch),
            ("host not signed", authorization("host;", ""), mismatch),
            ("date not signed", authorization("x-amz-date;", ""), mismatch),
            ("no signature", authorization("Signature=", "Signature=00"), mismatch),
            ("no digits", authorization("Signature=", "Signature=zz"), mismatch),
            ("session token", changed { $0.append(HTTPFields.Field("x-amz-security-token", "t")) }, incomplete),
            ("two signatures", changed { $0.append(contentsOf: $0.filter { $0.name == "authorization" }) }, incomplete),
            ("in the query too", changed(target: "/sessions?X-Amz-Algorithm=AWS4-HMAC-SHA256"), incomplete),
            ("unsigned field", changed { $0.append(HTTPFields.Field("x-amz-more", "t")) }, mismatch),
            ("twice", changed { $0.append(contentsOf: $0.filter { $0.name == "x-amz-x509" }) }, mismatch),
            ("not signed", plain, "MissingAuthenticationToken"),
        ]
        for (name, request, wanted) in cases { #expect(code(request) == wanted, "\(name)") }
    }

    @Test("the signer of AWS's own Python client signs what is accepted here, with either key and with a chain")
    func peer() throws {
        let between = try certificates.issue("/CN=between", TestCertificates.authority, by: root)
        for algorithm in [TestCertificates.p256, TestCertificates.rsa] {
            let client = try certificates.issue(by: between, key: algorithm)
            let output = try PythonEnvironment.run(
                Self.script,
                [client.certificateFile, client.keyFile, between.certificateFile],
                with: ["boto3==1.43.11", "iam-rolesanywhere-session==2.3.0"]
            )
            let request = try SigV4.RequestText(try Hex.decode(String(output.lines[0]), .strict)).request
            let claim = try SigV4.CertificateClaim(request, services: ["rolesanywhere"], regions: ["eu-west-1"])
            try claim.verify(at: claim.time, skew: 0)
            #expect(claim.certificate == (try Certificate(pem: client.certificate)))
            #expect(claim.chain == [try Certificate(pem: between.certificate)])
        }
    }

    /// Prints one signed request in hexadecimal digits.
    private static let script = """
        import json, sys
        from botocore.awsrequest import AWSRequest
        from iam_rolesanywhere_session.iam_rolesanywhere_session import IAMRolesAnywhereSigner

        certificate, key, chain = sys.argv[1:]
        signer = IAMRolesAnywhereSigner(certificate, key, chain, None, "eu-west-1")
        request = AWSRequest(method="POST", url="https://rolesanywhere.eu-west-1.amazonaws.com/sessions",
                             data=json.dumps({"roleArn": "r", "durationSeconds": 900}))
        signer.add_auth(request)
        prepared = request.prepare()
        lines = ["POST /sessions HTTP/1.1"]
        for name, value in prepared.headers.items():
            lines.append(f"{name}: {value.decode() if isinstance(value, bytes) else value}")
        print(("\\r\\n".join(lines) + "\\r\\n\\r\\n").encode().hex() + prepared.body.encode().hex())
        """
}
