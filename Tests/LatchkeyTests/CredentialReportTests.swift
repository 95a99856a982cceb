// CredentialReportTests.swift: the credential report, read by Python's csv module.
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Credential report", .everyDatabase)
struct CredentialReportTests {
    /// AWS's columns, from the IAM user guide.
    static let columns = """
        user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,\
        mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,\
        access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,\
        access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,\
        cert_1_last_rotated,cert_2_active,cert_2_last_rotated
        """

    static func report(_ test: TestAuthority) async throws -> String {
        let output = try await test.perform(GetCredentialReport())
        #expect(output.reportFormat == .csv)
        return String(decoding: try #require(output.content).bytes, as: UTF8.self)
    }

    /// One cell for each line, by the column's name, as Python reads the text.
    static func column(_ name: String, of report: String) throws -> [String] {
        let script =
            "import csv,sys,io; [print(row['\(name)']) for row in csv.DictReader(io.StringIO(sys.stdin.read()))]"
        return try OpenSSLTool.run("python3", ["-c", script], report).split(separator: "\n").map(String.init)
    }

    @Test("a report is begun, complete for four hours, and then expired")
    func states() async throws {
        let test = try await TestAuthority()
        #expect(try await test.fault(GetCredentialReport())?.code == "ReportNotPresent")
        #expect(try await test.fault(GetCredentialReport())?.status == 410)
        let first = try await test.perform(GenerateCredentialReport())
        #expect(first.state == .started && first.description != nil)
        #expect(try await test.perform(GenerateCredentialReport()).state == .complete)
        let made = test.clock.now
        test.clock.advance(4 * 3_600 - 1)
        #expect(try await test.perform(GetCredentialReport()).generatedTime == made)
        #expect(try await test.perform(GenerateCredentialReport()).state == .complete)
        test.clock.advance(1)
        let expired = try await test.fault(GetCredentialReport())
        #expect(expired?.code == "ReportExpired" && expired?.status == 410)
        #expect(try await test.perform(GenerateCredentialReport()).state == .started)
        #expect(try await test.perform(GetCredentialReport()).generatedTime == test.clock.now)
    }

    @Test("while another call is at it the report is in progress, and is begun again if that call has died")
    func inProgress() async throws {
        let test = try await TestAuthority()
        try test.tamper(
            "INSERT INTO credential_reports (account, started) VALUES ('123456789012', \(test.clock.now.seconds))"
        )
        #expect(try await test.perform(GenerateCredentialReport()).state == .inProgress)
        let fault = try await test.fault(GetCredentialReport())
        #expect(fault?.code == "ReportInProgress" && fault?.status == 404)
        test.clock.advance(300)
        #expect(try await test.fault(GetCredentialReport())?.code == "ReportNotPresent")
        #expect(try await test.perform(GenerateCredentialReport()).state == .started)
        #expect(try await Self.report(test).hasPrefix("user,arn,"))
    }

    @Test("the columns are AWS's, root comes first, and every cell says what was done")
    func cells() async throws {
        let test = try await TestAuthority()
        test.followRealTime()
        try await test.perform(UpdateAccountPasswordPolicy(minimumPasswordLength: 15, maxPasswordAge: 90))
        let start = test.clock.now
        let ann = try await test.makeUser("ann,a=1")
        try await test.perform(UpdateUser(userName: ann, newPath: try Path("/a\",b/")))
        try await test.perform(CreateUser(userName: try UserName("bob")))
        let phone = try await test.enroll(ann)
        let key = try await AccessKeyTests.makeKey(test, ann)
        test.clock.advance(30)
        let (id, secret) = (key.accessKeyId.text, key.secretAccessKey.text)
        _ = try await AccessKeyTests.authenticate(test, id, secret)
        _ = try await test.signIn(ann, code: try phone.code())
        let used = test.clock.now
        let second = try await AccessKeyTests.makeKey(test, ann)
        try await test.perform(UpdateAccessKey(userName: ann, accessKeyId: second.accessKeyId, status: .inactive))
        let certificate = try OpenSSLTool.certificate(try OpenSSLTool.privateKey())
        try await test.perform(try SigningCertificateTests.upload(certificate, ann))
        try await test.perform(GenerateCredentialReport())
        let report = try await Self.report(test)
        #expect(report.split(separator: "\n").first.map(String.init) == Self.columns)

        func aws(_ time: UnixTime) -> String { "\(time)".replacing("Z", with: "+00:00") }
        let created = try await test.perform(GetUser(userName: .root)).user.createDate
        let expected: [String: [String]] = [
            "user": ["<root_account>", "ann,a=1", "bob"],
            "arn": [
                "arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:user/a\",b/ann,a=1",
                "arn:aws:iam::123456789012:user/bob",
            ],
            "user_creation_time": [aws(created), aws(start), aws(start)],
            "password_enabled": ["not_supported", "true", "false"],
            "password_last_used": ["no_information", aws(used), "N/A"],
            "password_last_changed": ["not_supported", aws(start), "N/A"],
            "password_next_rotation": ["not_supported", aws(start.adding(seconds: 90 * 86_400)), "N/A"],
            "mfa_active": ["false", "true", "false"],
            "access_key_1_active": ["false", "true", "false"],
            "access_key_1_last_rotated": ["N/A", aws(start), "N/A"],
            "access_key_1_last_used_date": ["N/A", aws(used), "N/A"],
            "access_key_1_last_used_region": ["N/A", "eu-central-1", "N/A"],
            "access_key_1_last_used_service": ["N/A", "iam", "N/A"],
            "access_key_2_active": ["false", "false", "false"],
            "access_key_2_last_rotated": ["N/A", aws(used), "N/A"],
            "access_key_2_last_used_date": ["N/A", "N/A", "N/A"],
            "access_key_2_last_used_region": ["N/A", "N/A", "N/A"],
            "access_key_2_last_used_service": ["N/A", "N/A", "N/A"],
            "cert_1_active": ["false", "true", "false"],
            "cert_1_last_rotated": ["N/A", aws(used), "N/A"],
            "cert_2_active": ["false", "false", "false"],
            "cert_2_last_rotated": ["N/A", "N/A", "N/A"],
        ]
        for name in Self.columns.split(separator: ",").map(String.init) {
            #expect(try Self.column(name, of: report) == expected[name], "\(name)")
        }
    }

    @Test("a report is of one account, is made only for whoever may, and a changed one is found")
    func walls() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let session = try #require(try await test.signIn(ann).session)
        let caller = try await test.authority.caller(ofSession: session.token)
        #expect(try await test.fault(GenerateCredentialReport(), as: caller)?.code == "AccessDenied")
        #expect(try await test.fault(GetCredentialReport())?.code == "ReportNotPresent", "nothing was begun")
        try await test.perform(GenerateCredentialReport())
        let other = try await test.makeOtherAccount()
        #expect(try await test.code(GetCredentialReport(), in: other) == "ReportNotPresent")
        try await test.perform(GenerateCredentialReport(), in: other)
        let content = try #require(try await test.perform(GetCredentialReport(), in: other).content)
        let text = String(decoding: content.bytes, as: UTF8.self)
        #expect(text.contains("999999999999") && !text.contains("ann"))
        try test.tamper(
            "UPDATE credential_reports SET content = (SELECT content FROM credential_reports WHERE account LIKE '1%')"
        )
        #expect(try await test.code(GetCredentialReport(), in: other) == "StoreDamaged")
        #expect(try await test.fault(GetCredentialReport()) == nil)
    }
}
