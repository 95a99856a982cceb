// TestAuthority.swift: an authority in a folder of its own, with a clock that the test turns and a phone that shows codes.
import Foundation
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyTestSupport
import Synchronization

@testable import Latchkey

/// A clock that stands still until it is turned.
final class TestClock: Sendable {
    private let time = Mutex(UnixTime(1_800_000_000))

    var now: UnixTime { time.withLock { $0 } }

    func advance(_ seconds: Int64) { time.withLock { $0 = $0.adding(seconds: seconds) } }
}

/// An authority over a fresh store of the present kind, with one account.
final class TestAuthority: Sendable {
    static let accountID = AccountID(checked: "123456789012")
    static let password = SecretText("wandering otters hum at dusk")
    /// The cheapest cost that libsodium takes: the flow is tested here, not the hash.
    static let cheap = PasswordHash.Cost(memory: 8, passes: 1)

    let authority: Authority
    let clock = TestClock()
    let folder: String

    /// Where the store is.
    let location: String
    /// The server of a store that is not a file.
    private let cluster: PostgreSQLCluster?
    var keyFile: String { "\(folder)/master.key" }
    var databaseFile: String { "\(folder)/store/latchkey.db" }

    init(_ configure: (inout Settings) -> Void = { _ in }) async throws {
        folder = NSTemporaryDirectory() + "latchkey-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try MasterKey.create(at: "\(folder)/master.key")
        switch DatabaseKind.current {
        case .sqlite: (cluster, location) = (nil, "sqlite:\(folder)/store/latchkey.db")
        case .postgreSQL:
            let cluster = try PostgreSQLCluster.shared()
            self.cluster = cluster
            location = try cluster.makeDatabase()
        }
        var settings = Settings()
        settings.passwordCost = Self.cheap
        configure(&settings)
        let clock = clock
        let world = World(
            now: { clock.now },
            requestID: { World.randomRequestID() },
            hashing: HashingThreads(threads: 2, waiting: 1_000)
        )
        authority = try await Authority.create(
            location,
            masterKey: .file("\(folder)/master.key"),
            world: world,
            settings: settings
        )
        _ = try await perform(
            CreateAccount(accountId: Self.accountID, alias: try AccountAlias("acme"), rootPassword: Self.password)
        )
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
        cluster?.drop(location)
    }

    /// Another authority over the same store, as a second process would open it.
    func reopen(_ configure: (inout Settings) -> Void = { _ in }) async throws -> Authority {
        var settings = authority.settings
        configure(&settings)
        return try await Authority.open(
            location,
            masterKey: .file(keyFile),
            world: authority.world,
            settings: settings
        )
    }

    var local: Caller { .local("tester", account: Self.accountID) }

    /// Performs an action as whoever may read the store.
    @discardableResult
    func perform<A: Action>(_ action: A) async throws -> A.Output { try await perform(action, as: local) }

    @discardableResult
    func perform<A: Action>(_ action: A, as caller: Caller) async throws -> A.Output {
        try await authority.perform(action, authority.call(by: caller, for: Self.accountID, from: "192.0.2.1"))
    }

    /// The code of the fault that the action ends in, or `nil`.
    func fault<A: Action>(_ action: A, as caller: Caller? = nil) async throws -> Fault? {
        do {
            try await perform(action, as: caller ?? local)
            return nil
        } catch let fault as Fault {
            return fault
        }
    }

    /// Makes a user with the usual password.
    func makeUser(_ name: String) async throws -> UserName {
        let user = try UserName(name)
        try await perform(CreateUser(userName: user))
        try await perform(CreateLoginProfile(userName: user, password: Self.password))
        return user
    }

    /// Enrols a phone for the user; the present code is spent thereby.
    func enroll(_ user: UserName, _ parameters: DeviceParameters = DeviceParameters()) async throws -> Phone {
        let enrollment = try await perform(BeginEnrollment(userName: user, parameters: parameters)).enrollment
        let phone = try Phone(enrollment, clock)
        try await perform(ConfirmEnrollment(serialNumber: enrollment.serialNumber, code: phone.code()))
        return phone
    }

    func signIn(
        _ user: UserName,
        _ password: SecretText? = nil,
        code: SecretText? = nil,
        recovery: SecretText? = nil
    )
        async throws -> SignInOutput
    {
        try await perform(
            SignIn(userName: user, password: password ?? Self.password, code: code, recoveryCode: recovery),
            as: .anonymous
        )
    }

    /// The fault that a sign-in ends in, or `nil`.
    func signInFault(_ user: UserName, _ password: SecretText? = nil, code: SecretText? = nil) async throws -> Fault? {
        try await fault(SignIn(userName: user, password: password ?? Self.password, code: code), as: .anonymous)
    }

    /// The last entry of the audit trail.
    func lastEvent() async throws -> AuditEvent? { try await authority.auditEvents(limit: 100_000).last }

    /// Everything that the store holds, as its database writes it out.
    func dump() throws -> String {
        if let cluster { return try cluster.dump(location) }
        return try Subprocess.run("sqlite3", [databaseFile, ".dump"]).stdout
    }

    /// Changes the database behind the authority's back.
    func tamper(_ sql: String) throws {
        if let cluster {
            // Bytes are written `x'00'` in SQLite's SQL, and its tool does not look at references.
            let sql = sql.replacing(/([ (,])x'([0-9A-Fa-f]*)'/) { "\($0.1)'\\x\($0.2)'::bytea" }
            try cluster.sql(
                "SET session_replication_role = replica; SET search_path = latchkey, sqlite; \(sql)",
                at: location
            )
            return
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["sqlite3", databaseFile, ".timeout 5000", sql]
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw CocoaError(.executableLoad) }
    }
}

/// A phone: it knows the seed and the time, and shows codes.
final class Phone: Sendable {
    let serial: SerialNumber
    let seed: [UInt8]
    let parameters: DeviceParameters
    let clock: TestClock

    init(_ enrollment: Enrollment, _ clock: TestClock) throws {
        serial = enrollment.serialNumber
        seed = try Base32.decode(enrollment.secret.text, .strict)
        parameters = enrollment.parameters
        self.clock = clock
    }

    /// The code of now, or of `steps` later.
    func code(_ steps: Int64 = 0) throws -> SecretText {
        let totp = try TOTP(
            secret: Secret(seed),
            algorithm: parameters.algorithm,
            digits: parameters.digits,
            period: parameters.period
        )
        return SecretText(try totp.code(at: clock.now.adding(seconds: steps * parameters.period)).text)
    }

    /// The code of a counter.
    func code(counter: UInt64) throws -> SecretText {
        SecretText(
            try HOTP(secret: Secret(seed), algorithm: parameters.algorithm, digits: parameters.digits).code(at: counter)
                .text
        )
    }

    func authenticationCode(_ steps: Int64 = 0) throws -> AuthenticationCode {
        try AuthenticationCode(try code(steps).text)
    }
}
