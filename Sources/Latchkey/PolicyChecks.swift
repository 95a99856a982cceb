// PolicyChecks.swift: the one place where a policy document is judged before it is kept.
import LatchkeyJSON

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

/// Where a policy document is to stand.
enum PolicyPlace {
    /// A version of a managed policy.
    case managed
    /// An inline policy of a user, group or role.
    case inline
    /// A role's trust policy.
    case trust
    /// A policy for one session.
    case session
}

extension PolicyText {
    /// Fails with `MalformedPolicyDocument` unless the text is a policy, and with `LimitExceeded` if it is too long.
    func check(for place: PolicyPlace) throws(Fault) {
        guard let document = try? JSON(parsing: text), document.object != nil else {
            throw .malformedPolicy("Syntax errors in policy.")
        }
        if place == .managed && countedLength > Quota.managedPolicySize {
            throw .limitExceeded("Cannot exceed quota for PolicySize: \(Quota.managedPolicySize)")
        }
        if place == .trust && countedLength > Quota.trustPolicySize {
            throw .limitExceeded("Cannot exceed quota for ACLSizePerRole: \(Quota.trustPolicySize)")
        }
    }
}

extension Fault {
    /// A policy document that breaks the grammar.
    static func malformedPolicy(_ message: String) -> Fault {
        Fault(code: "MalformedPolicyDocument", status: 400, message: message, reason: "policy")
    }
}
