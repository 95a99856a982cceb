// SessionActions.swift: the actions on sessions: look at one, end it, list a user's, end them all.
public import LatchkeyOTP
import LatchkeyStore

/// The actions on sessions.
let sessionActions: [any Action.Type] = [GetSession.self, SignOut.self, ListSessions.self, EndSessions.self]

/// A session as it is shown: everything but the token.
public struct SessionDetail: Codable, Sendable, Equatable {
    /// Whose session it is.
    public let arn: ARN
    /// The account.
    public let account: AccountID
    /// The user's name, or `root`.
    public let userName: UserName
    /// When it began.
    public let began: UnixTime
    /// When it ends.
    public let expires: UnixTime
    /// When a second factor was proved; missing when none was asked for.
    public let mfa: UnixTime?
    /// Where the login came from; missing where only the token's holder asks.
    public let address: String?
}

/// Tells whose session a token is of: for services that were handed the token.
///
/// Fails with `SessionEnded` when it is unknown, ended or too old.
public struct GetSession: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.open
    /// It only tells.
    public static let isReadOnly = true
    /// The session's token.
    public var token: SecretText

    /// Makes the action.
    public init(token: SecretText) { self.token = token }

    /// The session.
    public struct Output: Codable, Sendable, Equatable {
        /// The session.
        public var session: SessionDetail
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let caller = try state.liveSession(token, call)
        guard case .session(let session) = caller.credential, let owner = try state.owner(of: caller) else {
            throw .sessionEnded
        }
        state.notes.subject = owner.arn.text
        return Output(
            session: SessionDetail(
                arn: owner.arn,
                account: owner.account,
                userName: owner.name,
                began: session.began,
                expires: session.expires,
                mfa: caller.mfa,
                address: nil
            )
        )
    }
}

/// Ends a session, and the temporary credentials that were lent by it.
public struct SignOut: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.open
    /// The session's token.
    public var token: SecretText

    /// Makes the action.
    public init(token: SecretText) { self.token = token }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let caller = try state.liveSession(token, call)
        guard case .session(let session) = caller.credential else { throw .sessionEnded }
        let owner = try state.owner(of: caller)
        state.notes.subject = owner?.arn.text
        try state.end(session)
        return Nothing()
    }
}

/// Lists the live sessions of a user: the one that is named, or the caller.
public struct ListSessions: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The user; the caller unless given.
    public var userName: UserName?

    /// Makes the action.
    public init(userName: UserName? = nil) { self.userName = userName }

    /// The sessions.
    public struct Output: Codable, Sendable, Equatable {
        /// The sessions, oldest first.
        public var sessions: [SessionDetail]
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName ?? call.callerName, in: call.account) }

    /// Everyone may look at their own.
    public func isGranted(_ call: Call, _ state: borrowing State) -> Bool { call.isAbout(userName) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let user = try state.subject(userName, call)
        let rows: [(Int64, Int64, Int64?, String)] = try state.rows(
            "SELECT created, expires, mfa, address FROM sessions WHERE owner = $1 AND expires > $2 ORDER BY created, id",
            user.id,
            call.now.seconds
        )
        return Output(
            sessions: rows.map { created, expires, mfa, address in
                SessionDetail(
                    arn: user.arn,
                    account: user.account,
                    userName: user.name,
                    began: UnixTime(created),
                    expires: UnixTime(expires),
                    mfa: mfa.map { UnixTime($0) },
                    address: address
                )
            }
        )
    }
}

/// Ends every session of a user, and every temporary credential: the user that is named, or the caller.
///
/// Sessions of roles that the user took end with them.
public struct EndSessions: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user; the caller unless given.
    public var userName: UserName?
    /// Only what began before this moment; everything unless given.
    public var olderThan: UnixTime?

    /// Makes the action.
    public init(userName: UserName? = nil, olderThan: UnixTime? = nil) {
        self.userName = userName
        self.olderThan = olderThan
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName ?? call.callerName, in: call.account) }

    /// Everyone may end their own.
    public func isGranted(_ call: Call, _ state: borrowing State) -> Bool { call.isAbout(userName) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let user = try state.subject(userName, call)
        if let olderThan {
            try state.endSessions(of: user, before: olderThan)
        } else {
            try state.endSessions(of: user)
            try state.endTemporaryCredentials(of: user)
        }
        return Nothing()
    }
}

extension Call {
    /// Whether an action about that user is about the caller.
    func isAbout(_ name: UserName?) -> Bool {
        callerName != .nobody && (name.map { $0.folded == callerName.folded } ?? true)
    }
}

extension State {
    /// Who holds the token, in the call's account; fails with `SessionEnded`.
    borrowing func liveSession(_ token: SecretText, _ call: Call) throws(Fault) -> Caller {
        guard let caller = try sessionCaller(token.text, at: call.now), caller.account == call.account else {
            throw .sessionEnded
        }
        return caller
    }

    fileprivate borrowing func owner(of caller: Caller) throws(Fault) -> Principal? {
        switch caller.identity {
        case .user(let principal): principal
        case .root: try caller.account.flatMap { account throws(Fault) in try findPrincipal(.root, in: account) }
        case .anonymous, .local, .assumedRole, .federated: nil
        }
    }
}

extension Fault {
    /// A session's token that is unknown, ended or too old.
    static let sessionEnded = Fault(
        code: "SessionEnded",
        status: 403,
        message: "the session has ended: sign in again",
        reason: "session"
    )
}
