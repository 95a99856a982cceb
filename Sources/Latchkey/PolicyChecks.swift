// PolicyChecks.swift: the one place where a policy document is judged before it is kept.
import LatchkeyPolicy

/// How much may be kept: AWS's default quotas.
enum Quota {
    static let users = 5_000
    static let groups = 300
    static let groupsPerUser = 10
    static let policies = 1_500
    static let roles = 1_000
    static let instanceProfiles = 1_000
    static let versionsPerPolicy = 5
    static let versionsInUse = 10_000
    static let attachedPolicies = 10
    /// Characters without white space.
    static let managedPolicySize = 6_144
    /// Characters without white space, of all inline policies of one holder.
    static let userPolicySize = 2_048
    static let groupPolicySize = 5_120
    static let rolePolicySize = 10_240
    static let trustPolicySize = 2_048
    static let sessionPolicySize = 2_048
}

extension PolicyText {
    /// Fails with `MalformedPolicyDocument` unless the text is a policy of that kind.
    func check(as kind: PolicyKind) throws(Fault) {
        do throws(PolicyError) { _ = try PolicyDocument(text, kind: kind) } catch { throw .malformedPolicy(error) }
    }

    /// Fails with `MalformedPolicyDocument` unless the text may be an inline policy; all of a holder's are measured together.
    func checkInline() throws(Fault) { try check(as: .identity) }

    /// Fails with `MalformedPolicyDocument` unless the text may be a managed policy, and with `LimitExceeded` if it is too long.
    func checkManaged() throws(Fault) {
        try check(as: .identity)
        guard countedLength <= Quota.managedPolicySize else {
            throw .limitExceeded("Cannot exceed quota for PolicySize: \(Quota.managedPolicySize)")
        }
    }

    /// Fails with `MalformedPolicyDocument` unless the text may be a role's trust policy, and with `LimitExceeded` if it is too long.
    func checkTrust() throws(Fault) {
        try check(as: .trust)
        guard countedLength <= Quota.trustPolicySize else {
            throw .limitExceeded("Cannot exceed quota for ACLSizePerRole: \(Quota.trustPolicySize)")
        }
    }
}

extension Fault {
    /// A policy document that names what is not there.
    static func malformedPolicy(_ message: String) -> Fault {
        Fault(code: "MalformedPolicyDocument", status: 400, message: message, reason: "policy")
    }

    /// A policy document that breaks the grammar.
    static func malformedPolicy(_ error: PolicyError) -> Fault {
        // AWS's own words alone where they say enough; what is ours tells where in the text to look.
        Fault(
            code: error.code,
            status: 400,
            message:
                "\(error.message) (line \(error.line), column \(error.column)\(error.detail.map { ": \($0)" } ?? ""))",
            reason: "policy"
        )
    }
}
