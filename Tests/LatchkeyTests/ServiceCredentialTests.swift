// ServiceCredentialTests.swift: user names and passwords for one service, from their making to their end.
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Service-specific credentials", .everyDatabase)
struct ServiceCredentialTests {
    static let git = "codecommit.amazonaws.com"

    static func create(_ user: UserName, _ service: String = git) -> CreateServiceSpecificCredential {
        CreateServiceSpecificCredential(userName: user, serviceName: service)
    }

    /// Whether the password is the one that is kept.
    static func fits(_ password: SecretText, _ user: UserName, _ test: TestAuthority) async throws -> Bool {
        try await test.authority.read { state throws(Fault) in
            let owner = try state.principal(user, in: TestAuthority.accountID)
            let digest = try state.servicePasswordDigest(password.text)
            return try state.serviceCredentials(of: owner).contains { $0.digest == digest }
        }
    }

    @Test("two credentials a service, each with a user name of its own, listed without their passwords")
    func quota() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let first = try await test.perform(Self.create(ann)).serviceSpecificCredential
        let second = try await test.perform(Self.create(ann)).serviceSpecificCredential
        #expect(first.serviceUserName == "ann-at-123456789012" && second.serviceUserName == "ann+1-at-123456789012")
        #expect(first.servicePassword.text.utf8.count == 44)
        #expect(first.servicePassword.text != second.servicePassword.text)
        #expect(first.status == .active && first.createDate == test.clock.now && first.serviceName == Self.git)
        #expect(try await test.fault(Self.create(ann))?.code == "LimitExceeded")
        let other = try await test.perform(Self.create(ann, "cassandra.amazonaws.com")).serviceSpecificCredential
        #expect(other.serviceUserName == "ann-at-123456789012")
        let all = try await test.perform(ListServiceSpecificCredentials(userName: ann)).serviceSpecificCredentials
        let ids = [first, second, other].map(\.serviceSpecificCredentialId)
        #expect(all.map(\.serviceSpecificCredentialId) == ids.sorted { $0.text < $1.text })
        let some = try await test.perform(ListServiceSpecificCredentials(userName: ann, serviceName: Self.git))
        #expect(some.serviceSpecificCredentials.count == 2)
        let dump = try test.dump()
        #expect(dump.contains("ann+1-at-123456789012") && !dump.contains(first.servicePassword.text))
    }

    @Test("a reset makes a new password, and the old one fits nothing")
    func reset() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let old = try await test.perform(Self.create(ann)).serviceSpecificCredential
        #expect(try await Self.fits(old.servicePassword, ann, test))
        test.clock.advance(60)
        let id = old.serviceSpecificCredentialId
        let new =
            try await test.perform(
                ResetServiceSpecificCredential(userName: ann, serviceSpecificCredentialId: id)
            )
            .serviceSpecificCredential
        #expect(new.serviceUserName == old.serviceUserName && new.createDate == old.createDate)
        #expect(try await Self.fits(new.servicePassword, ann, test))
        #expect(try await !Self.fits(old.servicePassword, ann, test))
    }

    @Test("a credential is made inactive, keeps its user from being deleted, and is gone when deleted")
    func life() async throws {
        let test = try await TestAuthority()
        let ann = try UserName("ann")
        try await test.perform(CreateUser(userName: ann))
        let id = try await test.perform(Self.create(ann)).serviceSpecificCredential.serviceSpecificCredentialId
        let update = UpdateServiceSpecificCredential(userName: ann, serviceSpecificCredentialId: id, status: .inactive)
        try await test.perform(update)
        let listed = try await test.perform(ListServiceSpecificCredentials(userName: ann)).serviceSpecificCredentials
        #expect(listed.map(\.status) == [.inactive])
        #expect(try await test.fault(DeleteUser(userName: ann))?.code == "DeleteConflict")
        let delete = DeleteServiceSpecificCredential(userName: ann, serviceSpecificCredentialId: id)
        try await test.perform(delete)
        let reset = ResetServiceSpecificCredential(userName: ann, serviceSpecificCredentialId: id)
        #expect(try await test.fault(delete)?.code == "NoSuchEntity")
        #expect(try await test.fault(update)?.code == "NoSuchEntity")
        #expect(try await test.fault(reset)?.code == "NoSuchEntity")
        try await test.perform(DeleteUser(userName: ann))
    }

    @Test("a service that takes none, root, and whoever is not there are refused")
    func refusals() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        #expect(try await test.fault(Self.create(ann, "s3.amazonaws.com"))?.code == "NotSupportedService")
        let list = ListServiceSpecificCredentials(userName: ann, serviceName: "s3")
        #expect(try await test.fault(list)?.code == "NotSupportedService")
        #expect(try await test.fault(Self.create(.root))?.code == "NoSuchEntity")
        #expect(try await test.fault(Self.create(try UserName("nobody")))?.code == "NoSuchEntity")
        let both = ListServiceSpecificCredentials(userName: ann, allUsers: true)
        #expect(try await test.fault(both)?.code == "InvalidInput")
    }

    @Test("those of every user come in pages, of this account alone; a planted password is found")
    func walls() async throws {
        let test = try await TestAuthority()
        for name in ["ann", "bob", "eve"] { try await test.perform(Self.create(try await test.makeUser(name))) }
        let ann = try UserName("ann")
        let other = try await test.makeOtherAccount()
        try await test.perform(CreateUser(userName: ann), in: other)
        let foreign = try await test.perform(Self.create(ann), in: other).serviceSpecificCredential
        #expect(foreign.serviceUserName == "ann-at-999999999999")
        let first = try await test.perform(ListServiceSpecificCredentials(allUsers: true, maxItems: try MaxItems(2)))
        let rest = try await test.perform(ListServiceSpecificCredentials(allUsers: true, marker: first.marker))
        #expect(first.isTruncated && !rest.isTruncated)
        let users = (first.serviceSpecificCredentials + rest.serviceSpecificCredentials).map(\.userName.text)
        #expect(users.sorted() == ["ann", "bob", "eve"])
        let delete = DeleteServiceSpecificCredential(
            userName: ann,
            serviceSpecificCredentialId: foreign.serviceSpecificCredentialId
        )
        #expect(try await test.fault(delete)?.code == "NoSuchEntity")
        try test.tamper(
            "UPDATE service_credentials SET digest = (SELECT digest FROM service_credentials WHERE account LIKE '9%')"
        )
        let list = ListServiceSpecificCredentials(userName: ann)
        #expect(try await test.fault(list)?.code == "StoreDamaged")
        #expect(try await test.code(list, in: other) == nil)
    }
}
