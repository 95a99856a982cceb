// SigV4Tests.swift: claims and signers by themselves: moments, requests as text, and what a refusal never says.
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyTestSupport
import Testing

@testable import LatchkeyWire

@Suite("Signature Version 4")
struct SigV4Tests {
    private static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    private static let now: Int64 = 1_440_938_160

    private static func signer(token: String? = nil, service: String = "sts") -> SigV4.Signer {
        SigV4.Signer(
            keyID: "AKIDEXAMPLE",
            secret: Secret(utf8: secret),
            token: token,
            region: "us-east-1",
            service: service
        )
    }

    private static let post = HTTPRequest(
        method: "POST",
        target: "/",
        fields: HTTPFields([
            HTTPFields.Field("Host", "localhost"),
            HTTPFields.Field("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
        ]),
        body: Array("Action=GetCallerIdentity&Version=2011-06-15".utf8)
    )

    private static func verify(_ request: HTTPRequest, at now: Int64 = now) throws -> SigV4.Claim {
        let claim = try SigV4.Claim(request, services: ["sts"], regions: ["us-east-1"])
        try claim.verify(with: Secret(utf8: secret), at: now, skew: 900)
        return claim
    }

    @Test("a request that is signed is accepted; signed again it carries the new signature alone")
    func signing() throws {
        let first = Self.signer(token: "abc").sign(Self.post, at: Self.now)
        #expect(try Self.verify(first).token == "abc")
        let second = Self.signer().sign(first, at: Self.now + 5000)
        let claim = try Self.verify(second, at: Self.now + 5000)
        #expect(claim.token == nil)
        #expect(claim.time == Self.now + 5000)
        #expect(second.fields.all.count == first.fields.all.count - 1)
    }

    @Test("a request that is presigned lives for its lifetime, whatever the skew")
    func presigning() throws {
        let request = HTTPRequest(
            method: "GET",
            target: "/?Action=GetCallerIdentity&Version=2011-06-15",
            fields: HTTPFields([HTTPFields.Field("Host", "localhost")])
        )
        let signed = Self.signer(token: "a+b/=").presign(request, at: Self.now, lifetime: 3600)
        #expect(try Self.verify(signed, at: Self.now + 3600).token == "a+b/=")
        #expect(throws: SigV4.Refusal.self) { try Self.verify(signed, at: Self.now + 3601) }
        #expect(!signed.fields.contains("authorization"))
    }

    @Test("the right signature under a secret is that of the claim, and no refusal shows it or the string to sign")
    func stages() throws {
        let signed = Self.signer().sign(Self.post, at: Self.now)
        let claim = try Self.verify(signed)
        let right = String(decoding: claim.expectedSignature(with: Secret(utf8: Self.secret)), as: UTF8.self)
        #expect(signed.fields["authorization"]?.hasSuffix("Signature=" + right) == true)
        let other = String(decoding: claim.expectedSignature(with: Secret(utf8: "another")), as: UTF8.self)
        #expect(other != right)
        do throws(SigV4.Refusal) {
            try claim.verify(with: Secret(utf8: "another"), at: Self.now, skew: 900)
            Issue.record("accepted under another secret")
        } catch {
            let hash = String(decoding: claim.stringToSign.suffix(64), as: UTF8.self)
            for hidden in [other, hash, "another"] { #expect(!error.message.contains(hidden)) }
        }
    }

    @Test("a field with a line end in it cannot make a second line of the canonical request")
    func lineEnds() throws {
        let fields = Self.post.fields.all + [HTTPFields.Field("x-amz-a", "b\nx-amz-b:c")]
        let request = HTTPRequest(method: "POST", target: "/", fields: HTTPFields(fields), body: Self.post.body)
        #expect(throws: SigV4.Refusal.notOnce("x-amz-a")) {
            try Self.verify(Self.signer().sign(request, at: Self.now))
        }
    }

    @Test("moments are those of Python's calendar, in both spellings, from 1970 to 9999")
    func moments() throws {
        let output = try PythonEnvironment.run(
            """
            import calendar, email.utils, random, time
            for number in range(3000):
                seconds = random.choice([random.randrange(0, 253402300800), 86400 * random.randrange(0, 2932897) - random.randrange(0, 2)])
                if seconds < 0: continue
                print(seconds, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds)), email.utils.formatdate(seconds, usegmt=True), sep="|")
            """,
            with: []
        )
        #expect(output.lines.count > 2_900)
        for line in output.lines {
            let columns = line.split(separator: "|")
            let seconds = try #require(Int64(columns[0]))
            #expect(SigV4.Moment(seconds).text == columns[1])
            #expect(SigV4.Moment(basic: Array(columns[1].utf8))?.seconds == seconds)
            #expect(SigV4.Moment(internet: Array(columns[2].utf8))?.seconds == seconds)
        }
    }

    @Test(
        "days and hours that do not exist are no moments",
        arguments: [
            "19000229T000000Z", "20150229T000000Z", "20150431T000000Z", "20150001T000000Z", "20151301T000000Z",
            "20150100T000000Z", "20150101T240000Z", "20150101T006000Z", "20150101T000060Z", "19691231T235959Z",
            "20150101t000000Z", "20150101T000000z", "20150101T000000", "2015010 T000000Z", "+2150101T000000Z",
            "20150101T000000Z ", "", "Thu, 01 Jan 1970 00:00:00 GM", "Fri, 01 Jan 1970 00:00:00 GMT",
            "Thu, 32 Jan 1970 00:00:00 GMT", "thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 +0100",
        ]
    )
    func noMoments(text: String) {
        #expect(SigV4.Moment(basic: Array(text.utf8)) == nil)
        #expect(SigV4.Moment(internet: Array(text.utf8)) == nil)
    }

    @Test("a request as text is read with either line end, and its body to the byte")
    func text() throws {
        for end in ["\n", "\r\n"] {
            let text = ["PUT /a?b HTTP/1.1", "Host:  a\t", "X-Y: z", "", "body\n\nmore"].joined(separator: end)
            let request = try SigV4.RequestText(Array(text.utf8)).request
            #expect(request.method == "PUT")
            #expect(request.target == "/a?b")
            #expect(request.fields.all.map(\.name) == ["host", "x-y"])
            #expect(request.fields["host"] == "a")
            #expect(request.body == Array("body\n\nmore".utf8))
        }
        let short = try SigV4.RequestText(Array("GET /\nHost: a\n".utf8)).request
        #expect(short.body.isEmpty)
        let edited = try SigV4.RequestText(Array("GET /\nContent-Length: 2\n\nab\n".utf8)).request
        #expect(edited.body == Array("ab".utf8))
    }

    @Test(
        "a text that is no request says which line it is",
        arguments: [
            ("", "the first line"), ("GET / HTTP/1.1", "the first line"), ("GET a HTTP/1.1\n", "line 1"),
            ("GET /a b HTTP/1.1\n", "line 1"), ("GET / HTTP/1.1 x\n", "line 1"), ("/\n", "line 1"),
            ("GET /é\n", "line 1"), ("GET /\nHost\n\n", "line 2"), ("GET /\na: b\n c\n\n", "line 3"),
            ("GET /\na : b\n\n", "line 2"), ("GET /\n: b\n\n", "line 2"), ("GET /\na: b\u{1}\n\n", "line 2"),
            ("GET /\na: b", "line 2"), ("GET /\ncontent-length: 3\n\nab", "content-length"),
            ("GET /\ncontent-length: 1\n\nab", "content-length"), ("GET /\ncontent-length: -1\n\n", "content-length"),
        ]
    )
    func noText(text: String, says: String) {
        let fault = #expect(throws: SigV4.RequestText.Fault.self) { try SigV4.RequestText(Array(text.utf8)) }
        #expect(fault?.description.contains(says) == true, "\(fault?.description ?? "")")
    }
}
