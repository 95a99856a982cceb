// ContextKeyActions.swift: which condition keys policies refer to, so that a simulation can be given them.
import LatchkeyPolicy

/// The condition keys.
public struct ContextKeyNames: Codable, Sendable, Equatable {
    /// Each once, as it is first written.
    public var contextKeyNames: [String]
}

/// Lists the condition keys that policies which are given refer to.
///
/// Fails with `InvalidInput` for a text that is no policy.
public struct GetContextKeysForCustomPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The policies.
    public var policyInputList: [PolicyText]

    /// The answer.
    public typealias Output = ContextKeyNames

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> ContextKeyNames {
        ContextKeyNames(contextKeyNames: try policyInputList.contextKeys())
    }
}

/// Lists the condition keys that the policies of a user, group or role refer to.
///
/// Fails with `NoSuchEntity`, or with `InvalidInput` for a text that is no policy.
public struct GetContextKeysForPrincipalPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The user, group or role.
    public var policySourceArn: ARN
    /// Further policies.
    public var policyInputList: [PolicyText]?

    /// The answer.
    public typealias Output = ContextKeyNames

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { Resource(description: policySourceArn.text) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> ContextKeyNames {
        let held: HeldPolicies
        switch try state.policySource(policySourceArn, in: call.account) {
        case .user(let user): held = try state.heldPolicies(of: user)
        case .group(let group): held = try state.heldPolicies(of: group)
        case .role(let role): held = try state.heldPolicies(of: PolicyHolder(role))
        }
        var texts: [PolicyText] = []
        for policy in held.identity + held.groups { texts.append(try state.text(of: policy)) }
        if let boundary = held.boundary { texts.append(try state.text(of: boundary)) }
        return ContextKeyNames(contextKeyNames: try (texts + (policyInputList ?? [])).contextKeys())
    }
}

extension [PolicyText] {
    /// The keys of all, each once without regard to case, as first written.
    fileprivate func contextKeys() throws(Fault) -> [String] {
        var seen: Set<String> = []
        var names: [String] = []
        for text in self {
            let document = try text.anyDocument()
            for key in document.contextKeys where seen.insert(key.asciiLowercased).inserted { names.append(key) }
        }
        return names
    }
}

extension PolicyText {
    /// The document, be it a caller's policy or a resource's; fails with `InvalidInput`.
    fileprivate func anyDocument() throws(Fault) -> PolicyDocument {
        if let document = try? PolicyDocument(text, kind: .resource, use: .deciding) { return document }
        do throws(PolicyError) {
            return try PolicyDocument(text, kind: .identity, use: .deciding)
        } catch {
            throw .invalidInput("A policy cannot be read: \(error.description)")
        }
    }
}
