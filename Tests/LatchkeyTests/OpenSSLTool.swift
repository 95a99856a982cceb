// OpenSSLTool.swift: keys and certificates that openssl and ssh-keygen make for the tests.
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

/// The tools that make keys and certificates.
enum OpenSSLTool {
    /// Runs a tool that must succeed and gives what it wrote.
    static func run(_ tool: String, _ arguments: [String], _ stdin: String = "") throws -> String {
        let output = try Subprocess.run(tool, arguments, stdin: Array(stdin.utf8))
        try #require(output.status == 0, "\(tool) \(arguments): \(output.stderr)")
        return output.stdout
    }

    static func openssl(_ arguments: String, _ stdin: String = "") throws -> String {
        try run("openssl", arguments.split(separator: " ").map(String.init), stdin)
    }

    /// A private key as PEM.
    static func privateKey(_ algorithm: String = "EC -pkeyopt ec_paramgen_curve:P-256") throws -> String {
        try openssl("genpkey -algorithm \(algorithm)")
    }

    /// The public key that ssh-keygen made, as its line.
    static func sshLine(_ type: String = "rsa", bits: Int = 2_048) throws -> String {
        let folder = try run("mktemp", ["-d"]).split(separator: "\n").map(String.init)[0]
        defer { _ = try? Subprocess.run("rm", ["-r", folder]) }
        let size = type == "rsa" ? ["-b", "\(bits)"] : []
        _ = try run("ssh-keygen", ["-q", "-t", type, "-N", "", "-f", "\(folder)/key"] + size)
        return try run("cat", ["\(folder)/key.pub"]).split(separator: "\n").map(String.init)[0]
    }

    /// A certificate that the key signed for itself.
    static func certificate(_ key: String, days: Int = 30, name: String = "ann") throws -> String {
        try openssl("req -x509 -key /dev/stdin -subj /CN=\(name) -days \(days)", key)
    }
}

extension TestAuthority {
    /// Sets the clock to the machine's, by which openssl makes certificates.
    func followRealTime(plus seconds: Int64 = 60) {
        clock.advance(World.systemNow().adding(seconds: seconds).seconds(since: clock.now))
    }

    /// A second account in the same store, and a call of it.
    func makeOtherAccount() async throws -> Caller {
        let other = AccountID(checked: "999999999999")
        let make = CreateAccount(accountId: other, alias: try AccountAlias("other"), rootPassword: Self.password)
        let caller = Caller.local("tester", account: other)
        _ = try await authority.perform(make, authority.call(by: caller, for: other, from: "192.0.2.1"))
        return caller
    }

    /// Performs an action as whoever may read the store, in the caller's own account.
    @discardableResult
    func perform<A: Action>(_ action: A, in caller: Caller) async throws -> A.Output {
        let account = try #require(caller.account)
        return try await authority.perform(action, authority.call(by: caller, for: account, from: "192.0.2.1"))
    }

    /// The code of the fault that the action ends in, in the caller's own account.
    func code<A: Action>(_ action: A, in caller: Caller) async throws -> String? {
        do {
            try await perform(action, in: caller)
            return nil
        } catch let fault as Fault {
            return fault.code
        }
    }
}
