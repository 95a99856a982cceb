// SigV4PeerTests.swift: what other programs sign is accepted, and what we sign is what they sign.
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyTestSupport
import LatchkeyVectors
import Testing

@testable import LatchkeyWire

@Suite("Signatures beside botocore and curl")
struct SigV4PeerTests {
    @Test("all of 2,400 requests that botocore signed are accepted, with what they say of themselves")
    func botocore() throws {
        let requests = SignedRequests.requests
        #expect(requests.count == 2_400)
        #expect(requests.contains { $0.request.query.contains("X-Amz-Signature") })
        for signed in requests {
            do throws(SigV4.Refusal) {
                let claim = try signed.verify(signed.request)
                #expect(claim.keyID == signed.keyID)
                #expect(claim.token == signed.token)
                #expect(claim.scope.region == signed.region)
                #expect(claim.scope.service == signed.service)
            } catch {
                Issue.record("\(error): \(signed.request)")
            }
        }
    }

    @Test("none of them is accepted under another secret")
    func wrongSecret() throws {
        for signed in SignedRequests.requests {
            let claim = try SigV4.Claim(signed.request, services: [signed.service], regions: [signed.region])
            #expect(throws: SigV4.Refusal.differs) {
                try claim.verify(with: Secret(utf8: signed.secret + "x"), at: signed.time, skew: 900)
            }
        }
    }

    @Test("our signer writes the same Authorization field as botocore does")
    func signer() throws {
        var compared = 0
        for signed in SignedRequests.requests {
            let fields = signed.request.fields
            guard fields.contains("authorization"), !fields.contains("accept"), !fields.contains("date") else {
                continue
            }
            let signer = SigV4.Signer(
                keyID: signed.keyID,
                secret: Secret(utf8: signed.secret),
                token: signed.token,
                region: signed.region,
                service: signed.service
            )
            let ours = signer.sign(signed.request, at: signed.time)
            #expect(ours.fields["authorization"] == fields["authorization"])
            #expect(ours.fields["x-amz-security-token"] == signed.token)
            #expect(ours.fields.all.count == fields.all.count)
            compared += 1
        }
        #expect(compared > 500)
    }

    @Test("our signer presigns as botocore does")
    func presigner() throws {
        var compared = 0
        for signed in SignedRequests.requests where !signed.request.fields.contains("authorization") {
            guard !signed.request.fields.contains("accept") else { continue }
            let claim = try SigV4.Claim(signed.request, services: [signed.service], regions: nil)
            let (path, query) = SigV4.split(Array(signed.request.target.utf8))
            let own = query.split(separator: UInt8(ascii: "&")).filter { !$0.starts(with: Self.authenticating) }
            let bare = HTTPRequest(
                method: signed.request.method,
                target: String(decoding: path + [UInt8(ascii: "?")] + own.joined(separator: "&".utf8), as: UTF8.self),
                fields: signed.request.fields
            )
            let signer = SigV4.Signer(
                keyID: signed.keyID,
                secret: Secret(utf8: signed.secret),
                token: signed.token,
                region: signed.region,
                service: signed.service
            )
            let ours = signer.presign(bare, at: signed.time, lifetime: try #require(claim.lifetime))
            #expect(Self.signature(ours) == Self.signature(signed.request))
            let proved = try signed.verify(ours)
            #expect(proved.canonicalRequest == claim.canonicalRequest)
            compared += 1
        }
        #expect(compared > 400)
    }

    @Test("what curl signs is accepted, if it is told the Content-Type: of its own it signs none")
    func curl() throws {
        let requests = try Curl.requests()
        #expect(requests.count == 7)
        for signed in requests.dropLast() {
            let claim = try signed.verify(signed.request)
            #expect(claim.scope.text.hasSuffix("/eu-west-1/iam/aws4_request"))
        }
        let last = try #require(requests.last)
        #expect(throws: SigV4.Refusal.unsigned("content-type")) { try last.verify(last.request) }
    }

    @Test("botocore computes the vectors' stages and signatures too, from the requests as they stand there")
    func vectors() throws {
        let folder = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined() + "/Vectors/sigv4"
        let paths = ["aws-examples.json", "requests.json", "refusals.json"].map { "\(folder)/\($0)" }
        let output = try PythonEnvironment.run(Self.judge, paths, with: [SignedRequests.package])
        #expect(output.lines.last.map(String.init) == "judged 72", "\(output.stdout)")
        #expect(output.lines.count == 1)
    }

    private static let authenticating = Array("X-Amz-".utf8)

    private static func signature(_ request: HTTPRequest) -> Substring? {
        request.query.split(separator: "&").first { $0.hasPrefix("X-Amz-Signature=") }
    }

    /// Reads each request with Python's own libraries, and prints a line for every stage that botocore makes differently.
    private static let judge = #"""
        import json, sys
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest, HTTPHeaders
        from botocore.credentials import Credentials
        from email.utils import parsedate
        from urllib.parse import parse_qsl
        import time

        class Judge(SigV4Auth):
            def headers_to_sign(self, request):
                headers = HTTPHeaders()
                for name in self.names:
                    headers[name] = request.headers[name]
                return headers

        count = 0
        for path in sys.argv[1:]:
            for case in json.load(open(path))["cases"]:
                expect = case["expect"]
                if "refusal" in expect: continue
                head, _, body = case["request"].partition("\n\n")
                first, *lines = head.split("\n")
                method, target, _ = first.split(" ")
                headers = HTTPHeaders()
                for line in lines:
                    name, _, value = line.partition(":")
                    headers[name] = value.strip(" ")
                url, _, query = target.partition("?")
                params = parse_qsl(query, keep_blank_values=True)
                if "Authorization" in headers:
                    words = headers["Authorization"].split(None, 1)[1].split(",")
                    parts = dict(word.strip().split("=", 1) for word in words)
                    names, credential = parts["SignedHeaders"], parts["Credential"]
                    date = headers["X-Amz-Date"] or headers["Date"]
                else:
                    given = dict(params)
                    names, credential, date = given["X-Amz-SignedHeaders"], given["X-Amz-Credential"], given["X-Amz-Date"]
                    params = [(k, v) for k, v in params if k != "X-Amz-Signature"]
                date = date.strip()
                if "," in date: date = time.strftime("%Y%m%dT%H%M%SZ", parsedate(date))
                key, _, region, service, _ = credential.split("/")
                request = AWSRequest(method=method, url="http://host" + url, data=body.encode(), params=params)
                request.headers = headers
                request.context["timestamp"] = date
                judge = Judge(Credentials(key, case["secret"]), service, region)
                judge.names = names.split(";")
                canonical = judge.canonical_request(request)
                string = judge.string_to_sign(request, canonical)
                wanted = (key, region, service, canonical, string, judge.signature(string, request))
                stages = ("keyID", "region", "service", "canonicalRequest", "stringToSign", "signature")
                for stage, value in zip(stages, wanted):
                    if expect[stage] != value: print(case["id"], stage, value)
                count += 1
        print("judged", count)
        """#
}
