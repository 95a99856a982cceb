// SessionPolicies.swift: policies and tags that are passed for one session: how much may be passed, and what then decides.
import LatchkeyPolicy
import LatchkeyStore

/// A policy for one session, of any length that fits.
public struct SessionPolicyText: ConstrainedText {
    /// The member's name in messages.
    public static let member = "policy"
    /// The allowed lengths: AWS's model bounds only the packed size.
    public static let lengths = 1...131_072
    /// The constraint's pattern, as AWS words it.
    public static let pattern = PolicyText.pattern
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { PolicyText.admits(text) }
}

/// A policy for one session of a federated user: 1 to 2,048 characters.
public struct FederationPolicyText: ConstrainedText {
    /// The member's name in messages.
    public static let member = "policy"
    /// The allowed lengths.
    public static let lengths = 1...2_048
    /// The constraint's pattern, as AWS words it.
    public static let pattern = PolicyText.pattern
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { PolicyText.admits(text) }
}

/// A managed policy that is passed for a session.
public struct PolicyDescriptor: Codable, Sendable, Equatable {
    /// The policy.
    public var arn: ARN?

    /// Names a policy.
    public init(arn: ARN?) { self.arn = arn }
}

/// All that is passed for a session.
struct SessionPassing {
    var policy: String?
    var policyArns: [PolicyDescriptor] = []
    var tags: [Tag] = []

    private static let mostPolicies = 10
    private static let mostTags = 50
    /// How many characters fit: AWS packs them in a way that it does not tell, and says so in percent.
    private static let room = 4_096

    private var size: Int {
        (policy.map { PolicyText(checked: $0).countedLength } ?? 0)
            + policyArns.reduce(0) { $0 + ($1.arn?.text.utf8.count ?? 0) }
            + tags.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    }

    /// How full the session's room is, in percent; `nil` if nothing was passed.
    var packedSize: Int? {
        policy == nil && policyArns.isEmpty && tags.isEmpty ? nil : (size * 100 + Self.room - 1) / Self.room
    }

    /// Fails with `PackedPolicyTooLarge`, or with what is wrong with one of the parts.
    func check() throws(Fault) {
        guard policyArns.count <= Self.mostPolicies else {
            throw .validation(
                "The number of session policies exceeds the limit: pass at most \(Self.mostPolicies) managed policies."
            )
        }
        guard tags.count <= Self.mostTags else { throw .tooLong("tags", most: Self.mostTags) }
        var seen: Set<String> = []
        for tag in tags {
            guard !tag.key.lowercased().hasPrefix("aws:") else {
                throw .invalidParameter("Tag keys that begin with aws: are reserved. Choose another key.")
            }
            try tag.check()
            guard seen.insert(tag.key.lowercased()).inserted else {
                throw .invalidParameter("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
            }
        }
        guard PolicyText(checked: policy ?? "").countedLength <= Quota.sessionPolicySize else {
            throw .packedPolicyTooLarge("The session policy is longer than \(Quota.sessionPolicySize) characters.")
        }
        if let packedSize, packedSize > 100 {
            throw .packedPolicyTooLarge(
                "Packed size of session policies and tags consumes \(packedSize)% of allotted space."
            )
        }
        if let policy { try PolicyText(checked: policy).check(as: .session) }
    }
}

extension State {
    /// The managed policies that were named, of the account or predefined; fails with `MalformedPolicyDocument`.
    borrowing func sessionPolicies(
        _ descriptors: [PolicyDescriptor],
        in account: AccountID
    ) throws(Fault) -> [ManagedSessionPolicy] {
        var policies: [ManagedSessionPolicy] = []
        for descriptor in descriptors {
            guard let arn = descriptor.arn, arn.isOfPolicy, let policy = try findPolicy(arn, in: account) else {
                let name = descriptor.arn?.text ?? ""
                throw .malformedPolicy("The policy \(name.escapedForDisplay) does not exist or is not attachable.")
            }
            policies.append(ManagedSessionPolicy(id: policy.id, arn: policy.arn.text))
        }
        return policies
    }

    /// The policies that narrow the session; none when none were passed.
    ///
    /// Managed ones count as they are now. In the place of one that is gone, or was made anew, stands one that allows nothing: a
    /// session that was narrowed stays so.
    borrowing func sessionPolicies(of lent: LentSession, _ holder: PolicyHolder) throws(Fault) -> [HeldPolicy] {
        var documents: [HeldPolicy] = []
        if let policy = lent.policy { documents.append(HeldPolicy(passed: PolicyText(checked: policy), holder)) }
        for policy in lent.managedPolicies {
            let found = try findPolicy(ARN(checked: policy.arn), in: holder.account)
            if let found, found.id == policy.id {
                documents.append(HeldPolicy(found.attached, of: holder))
            } else {
                documents.append(HeldPolicy(passed: .nothing, holder))
            }
        }
        return documents
    }
}

extension PolicyText {
    /// A policy that allows nothing that could be forbidden.
    fileprivate static let nothing = PolicyText(
        checked: """
            {"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:GetCallerIdentity","Resource":"*"}}
            """
    )
}

extension Fault {
    /// A parameter of STS whose value makes no sense.
    static func invalidParameter(_ message: String) -> Fault {
        Fault(code: "InvalidParameterValue", status: 400, message: message, reason: "invalid")
    }

    /// More policies and tags than a session has room for.
    static func packedPolicyTooLarge(_ message: String) -> Fault {
        Fault(code: "PackedPolicyTooLarge", status: 400, message: message, reason: "limit")
    }
}
