// Call.swift: one call of one action: who calls, for which account, from where, and when.
public import LatchkeyOTP

/// Who calls, as far as it has been proved.
public struct Caller: Sendable, Equatable {
    /// What was proved.
    public enum Identity: Sendable, Equatable {
        /// Nobody: only actions at the door are open.
        case anonymous
        /// Whoever may read the store and its master key, named by the operating system's user name.
        case local(String)
        /// The account's root user.
        case root
        /// An IAM user.
        case user(Principal)
    }

    /// What was proved.
    public let identity: Identity
    /// The account that the caller belongs to; `nil` for nobody.
    public let account: AccountID?
    /// When the caller last proved a second factor, if at all.
    public let mfa: UnixTime?

    /// Nobody.
    public static let anonymous = Caller(identity: .anonymous, account: nil, mfa: nil)

    /// Whoever may read the store, acting as root of `account`.
    public static func local(_ name: String, account: AccountID) -> Caller {
        Caller(identity: .local(name), account: account, mfa: nil)
    }

    init(identity: Identity, account: AccountID?, mfa: UnixTime?) {
        self.identity = identity
        self.account = account
        self.mfa = mfa
    }

    /// A root user or user who proved who they are.
    init(_ principal: Principal, mfa: UnixTime?) {
        self.init(identity: principal.isRoot ? .root : .user(principal), account: principal.account, mfa: mfa)
    }

    /// Whether policies cannot limit the caller.
    var isRoot: Bool {
        switch identity {
        case .root, .local: true
        case .anonymous, .user: false
        }
    }

    /// How the audit trail names the caller.
    var auditName: String {
        switch identity {
        case .anonymous: "anonymous"
        case .local(let name): "local:\(name)"
        case .root: "arn:aws:iam::\(account?.text ?? ""):root"
        case .user(let principal): principal.arn.text
        }
    }
}

/// One call: everything that an action may know of its surroundings.
public struct Call: Sendable {
    /// Who calls.
    public let caller: Caller
    /// The account that the call is about.
    public let account: AccountID
    /// The request's identifier, for the answer and the audit trail.
    public let id: String
    /// The one present second of this call.
    public let now: UnixTime
    /// Where the call came from: an address, or `local`.
    public let peer: String

    /// Makes a call.
    public init(caller: Caller, account: AccountID, id: String, now: UnixTime, peer: String) {
        self.caller = caller
        self.account = account
        self.id = id
        self.now = now
        self.peer = peer
    }
}
