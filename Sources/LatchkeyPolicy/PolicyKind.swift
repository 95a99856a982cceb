// PolicyKind.swift: where a policy stands, what it is read for, and how large it may be.

/// Where a policy stands, which decides what may be written in it.
public enum PolicyKind: String, CaseIterable, Sendable {
    /// Inline or managed, of a user, group or role.
    case identity
    /// The managed policy that bounds a user or role.
    case boundary
    /// Passed when a session is made.
    case session
    /// Attached to a resource.
    case resource
    /// A role's trust policy: who may assume it.
    case trust
    /// Of an organisation, over the principals of its accounts.
    case serviceControl
    /// Of an organisation, over the resources of its accounts.
    case resourceControl
}

/// What a document is read for.
public enum PolicyUse: Sendable {
    /// It is about to be kept: every rule holds, and warnings are looked for.
    case storing
    /// It is only asked what it decides: neither its size nor an old version counts against it.
    case deciding
}

/// Whether a statement allows or denies.
public enum PolicyEffect: String, Sendable {
    /// The statement grants.
    case allow = "Allow"
    /// The statement forbids, whatever others grant.
    case deny = "Deny"
}

/// How long policies may be.
public enum PolicySize {
    /// The most characters of any policy text, white space included.
    public static let text = 131_072
    /// The most counted characters of a version of a managed policy.
    public static let managed = 6_144
    /// The most counted characters of all inline policies of a user together.
    public static let userInline = 2_048
    /// The most counted characters of all inline policies of a group together.
    public static let groupInline = 5_120
    /// The most counted characters of all inline policies of a role together.
    public static let roleInline = 10_240
    /// The most counted characters of a role's trust policy.
    public static let trust = 2_048
    /// The most characters of the policy text that is passed for a session.
    public static let session = 2_048
    /// The most counted characters of a service control policy.
    public static let serviceControl = 5_120

    /// Returns how many characters of a policy's text count: all but white space.
    public static func counted(_ text: String) -> Int {
        text.unicodeScalars.count { $0 != " " && $0 != "\n" && $0 != "\r" && $0 != "\t" }
    }
}
