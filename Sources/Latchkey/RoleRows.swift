// RoleRows.swift: how roles are kept: each row under a seal, so that one that was written from outside lends nothing.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyStore

/// A role as it is kept.
struct StoredRole: Equatable, Sendable {
    let id: String
    let account: AccountID
    let name: RoleName
    let path: Path
    let created: UnixTime
    var description: String?
    /// The most seconds that a session may last.
    var longest: Int
    /// Who may take it, with unique identifiers where the text named users and roles.
    var trust: PolicyText
    /// The service whose role it is; only the service's own needs change it.
    let service: String?
    var lastUse: (time: UnixTime, region: String)?

    var arn: ARN { ARN(checked: Resource.role(name, at: path, in: account).description) }

    /// What the row's seal lies over; when the role was last used is a convenience and stays outside.
    fileprivate var message: Message {
        Message().adding("role").adding(id).adding(account.text).adding(name.text).adding(path.text)
            .adding(created.seconds).adding(description).adding(Int64(longest)).adding(trust.text).adding(service)
    }

    static func == (left: StoredRole, right: StoredRole) -> Bool {
        left.message.bytes == right.message.bytes
    }
}

extension PolicyHolder {
    init(_ role: StoredRole) {
        self.init(kind: .role, id: role.id, account: role.account, name: role.name.text, path: role.path)
    }
}

extension State {
    private typealias Row = (
        String, String, String, String, Int64, String?, Int, String, String?, Int64?, String?, [UInt8]
    )

    // MARK: Finding

    /// The role of that name, if there is one; fails with `StoreDamaged` when its row does not fit its seal.
    borrowing func findRole(_ name: RoleName, in account: AccountID) throws(Fault) -> StoredRole? {
        let found: Row? = try row(
            """
            SELECT id, account, name, path, created, description, longest, trust, service, last_used, last_region, seal
            FROM roles WHERE account = $1 AND folded = $2
            """,
            account.text,
            name.folded
        )
        guard let found else { return nil }
        return try role(found)
    }

    /// The role with that identifier, of whichever account, if there still is one.
    borrowing func findRole(id: String) throws(Fault) -> StoredRole? {
        let found: Row? = try row(
            """
            SELECT id, account, name, path, created, description, longest, trust, service, last_used, last_region, seal
            FROM roles WHERE id = $1
            """,
            id
        )
        guard let found else { return nil }
        return try role(found)
    }

    /// The role of that name; fails with `NoSuchEntity`.
    borrowing func role(_ name: RoleName, in account: AccountID) throws(Fault) -> StoredRole {
        guard let role = try findRole(name, in: account) else {
            throw .noSuchEntity("The role with name \(name) cannot be found.")
        }
        return role
    }

    /// The role of that name, to be changed; fails with `UnmodifiableEntity` for a service's own.
    borrowing func changeableRole(_ name: RoleName, in account: AccountID) throws(Fault) -> StoredRole {
        let role = try role(name, in: account)
        guard role.service == nil else { throw .protectedRole(role.name) }
        return role
    }

    /// The role of that name, as one whom policies hang on.
    borrowing func holder(_ name: RoleName, in account: AccountID) throws(Fault) -> PolicyHolder {
        PolicyHolder(try role(name, in: account))
    }

    /// The role of that name, as one on whom other policies are to hang; fails with `UnmodifiableEntity`.
    borrowing func changeableHolder(_ name: RoleName, in account: AccountID) throws(Fault) -> PolicyHolder {
        PolicyHolder(try changeableRole(name, in: account))
    }

    /// The account's roles, by name without regard to case.
    borrowing func roles(of account: AccountID) throws(Fault) -> [StoredRole] {
        let found: [Row] = try rows(
            """
            SELECT id, account, name, path, created, description, longest, trust, service, last_used, last_region, seal
            FROM roles WHERE account = $1
            """,
            account.text
        )
        var roles: [StoredRole] = []
        for row in found { roles.append(try role(row)) }
        return roles.sorted { $0.name.folded < $1.name.folded }
    }

    private borrowing func role(_ row: Row) throws(Fault) -> StoredRole {
        let role = StoredRole(
            id: row.0,
            account: AccountID(checked: row.1),
            name: RoleName(checked: row.2),
            path: Path(checked: row.3),
            created: UnixTime(row.4),
            description: row.5,
            longest: row.6,
            trust: PolicyText(checked: row.7),
            service: row.8,
            lastUse: row.9.map { (time: UnixTime($0), region: row.10 ?? "") }
        )
        guard constantTimeEqual(row.11, try vault.rowSeal(role.message)) else {
            throw .damaged("the role \(role.name)")
        }
        return role
    }

    /// Notes a use of the role.
    borrowing func noteUse(ofRole id: String, region: String, at now: UnixTime) throws(Fault) {
        try run("UPDATE roles SET last_used = $1, last_region = $2 WHERE id = $3", now.seconds, region, id)
    }

    // MARK: Writing

    /// Keeps a new role; fails with `EntityAlreadyExists` and `LimitExceeded`.
    borrowing func insert(_ role: StoredRole) throws(Fault) {
        guard try findRole(role.name, in: role.account) == nil else {
            throw .entityAlreadyExists("Role with name \(role.name) already exists.")
        }
        let count: (Int)? = try row("SELECT COUNT(*) FROM roles WHERE account = $1", role.account.text)
        guard count ?? 0 < Quota.roles else {
            throw .limitExceeded("Cannot exceed quota for RolesPerAccount: \(Quota.roles)")
        }
        try run(
            """
            INSERT INTO roles (id, account, name, folded, path, created, description, longest, trust, service, seal)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            """,
            role.id,
            role.account.text,
            role.name.text,
            role.name.folded,
            role.path.text,
            role.created.seconds,
            role.description,
            role.longest,
            role.trust.text,
            role.service,
            try vault.rowSeal(role.message)
        )
        try sealPermissions(of: PolicyHolder(role))
    }

    /// Keeps what changed about a role.
    borrowing func update(_ role: StoredRole) throws(Fault) {
        try run(
            "UPDATE roles SET description = $1, longest = $2, trust = $3, seal = $4 WHERE id = $5",
            role.description,
            role.longest,
            role.trust.text,
            try vault.rowSeal(role.message),
            role.id
        )
    }

    /// Deletes a role that nothing hangs on any more, and with it all that was lent through it.
    ///
    /// Fails with `DeleteConflict` while there is a policy or an instance profile.
    borrowing func delete(_ role: StoredRole) throws(Fault) {
        let holder = PolicyHolder(role)
        let permissions = try permissions(of: holder)
        try permissions.requireNoPolicies()
        let profiles: (Int)? = try row("SELECT COUNT(*) FROM instance_profiles WHERE role = $1", role.id)
        guard profiles == 0 else {
            throw .deleteConflict("Cannot delete entity, must remove roles from instance profile first.")
        }
        // A boundary grants nothing, and goes with its role.
        if permissions.boundary != nil { try setBoundary(nil, of: holder) }
        try forgetPermissions(of: holder)
        try setTags([], of: role.id)
        try endSessions(through: role.id)
        try run("DELETE FROM roles WHERE id = $1", role.id)
    }
}

extension Fault {
    /// The role is a service's: nobody else changes it.
    static func protectedRole(_ name: RoleName) -> Fault {
        Fault(
            code: "UnmodifiableEntity",
            status: 400,
            message:
                "Cannot perform the operation on the protected role '\(name)' - this role is only modifiable by AWS",
            reason: "protected"
        )
    }
}
