// Action.swift: what an action is: one struct that is the library call, the wire form, the permission and the handler.

/// What an action does to the account, in AWS's levels; authorisation and the choice of a transaction go by it.
public enum Access: String, Sendable {
    /// Anyone may call it: the login flow itself.
    case open = "Open"
    /// Anyone who proved who they are may call it; no policy forbids it.
    case authenticated = "Authenticated"
    /// Lists what is there.
    case list = "List"
    /// Reads one thing.
    case read = "Read"
    /// Changes something.
    case write = "Write"
    /// Changes tags and nothing else.
    case tagging = "Tagging"
    /// Changes who may do what.
    case permissions = "Permissions management"

    /// Whether policies decide about it.
    var isGuarded: Bool { self != .open && self != .authenticated }
}

/// A service: the name before the colon of a permission, and the version that its requests carry.
public enum Service: String, Sendable {
    /// AWS Identity and Access Management, version 2010-05-08.
    case iam
    /// AWS Security Token Service, version 2011-06-15.
    case sts
    /// Latchkey's own actions.
    case latchkey

    /// The `Version` of the service's requests.
    public var version: String {
        switch self {
        case .iam: "2010-05-08"
        case .sts: "2011-06-15"
        case .latchkey: "2026-11-01"
        }
    }
}

/// One operation of the API: its members, its permission, its work and its answer.
///
/// Codable members are the wire form. `gather` does slow or outside work with no transaction open; `perform` runs in one
/// transaction, after the caller was authorised in that same transaction.
public protocol Action: Codable, Sendable {
    /// The answer.
    associatedtype Output: Codable & Sendable
    /// What `gather` found out.
    associatedtype Evidence: Sendable = Void

    /// The service that the action belongs to.
    static var service: Service { get }
    /// What the action does to the account.
    static var access: Access { get }
    /// Whether it changes nothing when it succeeds, and so waits for no disk and leaves no entry in the audit trail.
    static var isReadOnly: Bool { get }
    /// Whether what `perform` wrote before it refused stays written: failures that were counted.
    static var keepsRefusal: Bool { get }

    /// What the permission is about.
    func resource(_ call: Call) throws(Fault) -> Resource
    /// Whether the action is the caller's without any policy.
    func isGranted(_ call: Call, _ state: borrowing State) throws(Fault) -> Bool
    /// Does the slow part.
    func gather(_ call: Call, _ authority: Authority) async throws(Fault) -> Evidence
    /// Does the work, inside a transaction.
    func perform(_ call: Call, _ state: borrowing State, _ evidence: Evidence) throws(Fault) -> Output
}

extension Action {
    /// The action's name, which is its type's.
    public static var name: String { String(describing: Self.self) }

    /// The permission that the action needs, such as `iam:CreateUser`.
    public static var permission: String { "\(service.rawValue):\(name)" }

    /// What only lists or reads changes nothing.
    public static var isReadOnly: Bool { access == .list || access == .read }

    /// A refusal rolls everything back, unless the action says otherwise.
    public static var keepsRefusal: Bool { false }

    /// Nothing is granted without a policy, unless the action says otherwise.
    public func isGranted(_ call: Call, _ state: borrowing State) throws(Fault) -> Bool { false }
}

extension Action where Evidence == Void {
    /// Nothing to gather.
    public func gather(_ call: Call, _ authority: Authority) async throws(Fault) {}
}

/// An action of AWS IAM.
public protocol IAMAction: Action {}

extension IAMAction {
    /// AWS IAM.
    public static var service: Service { .iam }
}

/// An action of AWS STS.
public protocol STSAction: Action {}

extension STSAction {
    /// AWS STS.
    public static var service: Service { .sts }
}

/// An action of our own.
public protocol LatchkeyAction: Action {}

extension LatchkeyAction {
    /// Latchkey's own service.
    public static var service: Service { .latchkey }
}

/// The answer of an action that has none.
public struct Nothing: Codable, Sendable, Equatable {
    /// Makes nothing.
    public init() {}
}
