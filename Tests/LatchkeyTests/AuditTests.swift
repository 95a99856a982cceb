// AuditTests.swift: the audit trail: one entry an attempt, and no way to edit, cut or reorder it unseen.
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("The audit trail", .everyDatabase)
struct AuditTests {
    private func trail() async throws -> TestAuthority {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        _ = try await test.signIn(ann)
        _ = try await test.signInFault(ann, SecretText("not the password at all"))
        _ = try await test.signInFault(try UserName("nobody"), SecretText("not the password at all"))
        return test
    }

    @Test("holds one entry for each attempt and change, in order, and is whole")
    func whole() async throws {
        let test = try await trail()
        let events = try await test.authority.auditEvents()
        #expect(
            events.map(\.event) == ["CreateAccount", "CreateUser", "CreateLoginProfile", "SignIn", "SignIn", "SignIn"]
        )
        #expect(events.map(\.number) == Array(1...6))
        #expect(events.map(\.reason) == [nil, nil, nil, nil, "wrong_password", "unknown_user"])
        #expect(Set(events.map(\.request)).count == 6)
        let verdict = try await test.authority.verifyAudit()
        #expect(verdict.entries == 6)
        #expect(verdict.damage == nil)
    }

    static let columns = [
        "time", "account", "event", "caller", "subject", "peer", "outcome", "reason", "factors", "request", "detail",
    ]

    @Test("shows an edit of any column", arguments: columns)
    func edited(_ column: String) async throws {
        let test = try await trail()
        let value = column == "time" ? "time + 1" : "'x'"
        try test.tamper("UPDATE audit SET \(column) = \(value) WHERE number = 4")
        let verdict = try await test.authority.verifyAudit()
        #expect(verdict.entries == 3)
        #expect(verdict.damage?.contains("entry 4") == true)
        #expect(try await test.authority.check().contains { $0.hasPrefix("the audit trail: entry 4") })
    }

    /// What is done to the trail, how many entries are whole then, and what is said of the next.
    static let cuts: [(sql: String, whole: Int64, damage: String)] = [
        ("DELETE FROM audit WHERE number = 1", 0, "entry 1 is missing"),
        ("DELETE FROM audit WHERE number = 3", 2, "entry 3 is missing"),
        ("DELETE FROM audit WHERE number > 4", 4, "cut off after entry 4"),
        ("DELETE FROM audit", 0, "cut off after entry 0"),
        ("DELETE FROM audit_head", 6, "head was taken away"),
        ("UPDATE audit_head SET link = hex(link)", 6, "head was changed"),
        ("UPDATE audit SET link = hex(link) WHERE number = 4", 0, "what no entry holds"),
        ("DELETE FROM audit; DELETE FROM audit_head", 0, "head was taken away"),
        ("UPDATE audit_head SET number = 5", 6, "head was changed"),
        ("UPDATE audit_head SET link = zeroblob(64)", 6, "head was changed"),
        (
            "DELETE FROM audit WHERE number > 4; "
                + "UPDATE audit_head SET number = 4, link = CAST((SELECT link FROM audit WHERE number = 4) || zeroblob(32) AS BLOB)",
            4, "head was changed"
        ),
        (
            "DELETE FROM audit WHERE number = 3; UPDATE audit SET number = number - 1 WHERE number > 3", 2, "entry 3"
        ),
        (
            "UPDATE audit SET number = 99 WHERE number = 3; UPDATE audit SET number = 3 WHERE number = 4; "
                + "UPDATE audit SET number = 4 WHERE number = 99", 2, "entry 3"
        ),
        (
            "CREATE TEMP TABLE t AS SELECT * FROM audit WHERE number = 4; UPDATE t SET number = 7; "
                + "INSERT INTO audit SELECT * FROM t", 6, "entry 7"
        ),
    ]

    @Test("shows what was cut, planted or put elsewhere", arguments: cuts.indices)
    func cut(_ index: Int) async throws {
        let (sql, whole, damage) = Self.cuts[index]
        let test = try await trail()
        do { try test.tamper(sql) } catch let error as PostgreSQLCluster.Failure {
            // A column takes values of its own type alone there.
            #expect(error.description.contains("is of type bytea but") && sql.contains("SET link = hex(link)"))
            return
        }
        let verdict = try await test.authority.verifyAudit()
        #expect(verdict.entries == whole)
        #expect(verdict.damage?.contains(damage) == true, "\(verdict)")
    }

    @Test("cannot be begun again: without its head nothing is done", arguments: ["audit_head", "audit_head; audit"])
    func begunAgain(_ tables: String) async throws {
        let test = try await trail()
        for table in tables.split(separator: "; ") { try test.tamper("DELETE FROM \(table)") }
        #expect(try await test.fault(CreateUser(userName: try UserName("bob")))?.code == "StoreDamaged")
        #expect(try await test.signInFault(try UserName("ann"))?.code == "StoreDamaged")
        let other = AccountID(checked: "210987654321")
        let caller = Caller.local("tester", account: other)
        let fault = await test.authority.fault(CreateAccount(accountId: other), as: caller, in: other)
        #expect(fault?.code == "StoreDamaged")
        #expect(try await test.authority.verifyAudit().damage != nil)
    }

    @Test("is the condition of every change: what cannot be recorded is not done")
    func refusesWithoutRecord() async throws {
        let test = try await trail()
        switch DatabaseKind.current {
        case .sqlite:
            try test.tamper("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'full'); END")
        case .postgreSQL: try test.tamper("ALTER TABLE audit ADD CONSTRAINT refuse CHECK (number < 0) NOT VALID")
        }
        #expect(try await test.fault(CreateUser(userName: try UserName("bob")))?.isInternal == true)
        #expect(try await test.signInFault(try UserName("ann"))?.isInternal == true)
        switch DatabaseKind.current {
        case .sqlite: try test.tamper("DROP TRIGGER full")
        case .postgreSQL: try test.tamper("ALTER TABLE audit DROP CONSTRAINT refuse")
        }
        #expect(try await test.fault(GetUser(userName: try UserName("bob")))?.code == "NoSuchEntity")
        #expect(try await test.authority.verifyAudit().damage == nil)
    }

    @Test("keeps no name that nobody has: it may be a password")
    func unknownNames() async throws {
        let test = try await trail()
        _ = try await test.signInFault(try UserName("hunter2hunter2"), SecretText("x"))
        let events = try await test.authority.auditEvents()
        #expect(!events.contains { "\($0)".contains("hunter2") })
    }
}
