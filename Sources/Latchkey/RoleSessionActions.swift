// RoleSessionActions.swift: the actions on sessions of roles: list them, and end them before their time.
public import LatchkeyOTP
import LatchkeyStore

/// The actions on sessions of roles.
let roleSessionActions: [any Action.Type] = [ListRoleSessions.self, RevokeRoleSessions.self]

/// A session of a role as it is shown.
public struct RoleSessionDetail: Codable, Sendable, Equatable {
    /// The session's ARN.
    public let arn: ARN
    /// The session's name.
    public let roleSessionName: RoleSessionName
    /// The identifier of its access key.
    public let accessKeyId: AccessKeyID
    /// Who took the role.
    public let takenBy: String
    /// Who the session stands for, if that was said.
    public let sourceIdentity: String?
    /// When it began.
    public let began: UnixTime
    /// When it ends.
    public let expires: UnixTime
    /// When a second factor was proved; missing when none was.
    public let mfa: UnixTime?
}

/// Lists the live sessions of a role, oldest first, in pages.
public struct ListRoleSessions: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The role.
    public var roleName: RoleName
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(roleName: RoleName, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.roleName = roleName
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of sessions.
    public struct Output: Codable, Sendable {
        /// The sessions.
        public var sessions: [RoleSessionDetail]
        /// Whether there is another page.
        public var isTruncated: Bool
        /// What to send for it.
        public var marker: Marker?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let role = try state.role(roleName, in: call.account)
        let sessions = try state.roleSessions(of: role, at: call.now)
        let page = try Page(sessions, after: marker, maxItems, state.vault) { $0.position }
        return Output(sessions: page.items, isTruncated: page.isTruncated, marker: page.marker)
    }
}

/// Ends sessions of a role, and all that was lent through them, at once: all, those of one name, or those that are older than a
/// moment.
public struct RevokeRoleSessions: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The role.
    public var roleName: RoleName
    /// Only sessions of this name; of every name unless given.
    public var roleSessionName: RoleSessionName?
    /// Only sessions that began before this moment; all unless given.
    public var olderThan: UnixTime?

    /// Makes the action.
    public init(roleName: RoleName, roleSessionName: RoleSessionName? = nil, olderThan: UnixTime? = nil) {
        self.roleName = roleName
        self.roleSessionName = roleSessionName
        self.olderThan = olderThan
    }

    /// What was ended.
    public struct Output: Codable, Sendable, Equatable {
        /// How many temporary credentials ended.
        public var ended: Int
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let role = try state.role(roleName, in: call.account)
        let ended = try state.endSessions(through: role.id, named: roleSessionName?.text, before: olderThan)
        state.notes.details.append((name: "ended", value: "\(ended)"))
        return Output(ended: ended)
    }
}

extension RoleSessionDetail {
    /// Where it stands in a list: by its beginning.
    fileprivate var position: String {
        let seconds = "\(max(0, began.seconds))"
        return String(repeating: "0", count: max(0, 19 - seconds.utf8.count)) + seconds + " " + accessKeyId.text
    }
}

extension State {
    /// The role's sessions that live, oldest first.
    fileprivate borrowing func roleSessions(
        of role: StoredRole,
        at now: UnixTime
    ) throws(Fault) -> [RoleSessionDetail] {
        let ids: [(String)] = try rows(
            "SELECT id FROM temporary_credentials WHERE owner = $1 AND expires > $2",
            role.id,
            now.seconds
        )
        var sessions: [RoleSessionDetail] = []
        for id in ids {
            guard let credential = try temporaryCredential(AccessKeyID(checked: id)), let text = credential.session
            else {
                continue
            }
            let session = try LentSession(kept: text)
            guard try stands(credential, session) else { continue }
            sessions.append(
                RoleSessionDetail(
                    arn: RoleSession.arn(of: role, session.name),
                    roleSessionName: RoleSessionName(checked: session.name),
                    accessKeyId: credential.id,
                    takenBy: session.maker?.arn ?? "",
                    sourceIdentity: session.sourceIdentity,
                    began: credential.created,
                    expires: credential.expires,
                    mfa: credential.mfa
                )
            )
        }
        return sessions.sorted { $0.position < $1.position }
    }
}
