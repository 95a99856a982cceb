// InstanceProfileRows.swift: how instance profiles are kept: each row under a seal, the role by its identifier.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyStore

/// An instance profile as it is kept.
struct StoredInstanceProfile {
    let id: String
    let account: AccountID
    let name: InstanceProfileName
    let path: Path
    let created: UnixTime
    /// The identifier of the one role that it holds, if any.
    var role: String?

    var arn: ARN { ARN(checked: Resource.instanceProfile(name, at: path, in: account).description) }

    /// What the row's seal lies over.
    fileprivate var message: Message {
        Message().adding("instance_profile").adding(id).adding(account.text).adding(name.text).adding(path.text)
            .adding(created.seconds).adding(role)
    }
}

extension State {
    private typealias Row = (String, String, String, String, Int64, String?, [UInt8])

    /// The instance profile of that name; fails with `NoSuchEntity`.
    borrowing func instanceProfile(
        _ name: InstanceProfileName,
        in account: AccountID
    ) throws(Fault) -> StoredInstanceProfile {
        guard let profile = try findInstanceProfile(name, in: account) else {
            throw .noSuchEntity("Instance Profile \(name) cannot be found.")
        }
        return profile
    }

    /// The instance profile of that name, if there is one; fails with `StoreDamaged` when its row does not fit its seal.
    borrowing func findInstanceProfile(
        _ name: InstanceProfileName,
        in account: AccountID
    ) throws(Fault) -> StoredInstanceProfile? {
        let found: Row? = try row(
            """
            SELECT id, account, name, path, created, role, seal
            FROM instance_profiles WHERE account = $1 AND folded = $2
            """,
            account.text,
            name.folded
        )
        guard let found else { return nil }
        return try profile(found)
    }

    /// The account's instance profiles by name without regard to case: all, or those that hold the role.
    borrowing func instanceProfiles(
        of account: AccountID,
        holding role: StoredRole? = nil
    ) throws(Fault) -> [StoredInstanceProfile] {
        let found: [Row] = try rows(
            "SELECT id, account, name, path, created, role, seal FROM instance_profiles WHERE account = $1",
            account.text
        )
        var profiles: [StoredInstanceProfile] = []
        for row in found {
            let profile = try profile(row)
            if role == nil || profile.role == role?.id { profiles.append(profile) }
        }
        return profiles.sorted { $0.name.folded < $1.name.folded }
    }

    private borrowing func profile(_ row: Row) throws(Fault) -> StoredInstanceProfile {
        let profile = StoredInstanceProfile(
            id: row.0,
            account: AccountID(checked: row.1),
            name: InstanceProfileName(checked: row.2),
            path: Path(checked: row.3),
            created: UnixTime(row.4),
            role: row.5
        )
        guard constantTimeEqual(row.6, try vault.rowSeal(profile.message)) else {
            throw .damaged("the instance profile \(profile.name)")
        }
        return profile
    }

    /// Keeps a new instance profile; fails with `EntityAlreadyExists` and `LimitExceeded`.
    borrowing func insert(_ profile: StoredInstanceProfile) throws(Fault) {
        guard try findInstanceProfile(profile.name, in: profile.account) == nil else {
            throw .entityAlreadyExists("Instance Profile \(profile.name) already exists.")
        }
        let count: (Int)? = try row(
            "SELECT COUNT(*) FROM instance_profiles WHERE account = $1",
            profile.account.text
        )
        guard count ?? 0 < Quota.instanceProfiles else {
            throw .limitExceeded("Cannot exceed quota for InstanceProfilesPerAccount: \(Quota.instanceProfiles)")
        }
        try run(
            """
            INSERT INTO instance_profiles (id, account, name, folded, path, created, role, seal)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            profile.id,
            profile.account.text,
            profile.name.text,
            profile.name.folded,
            profile.path.text,
            profile.created.seconds,
            profile.role,
            try vault.rowSeal(profile.message)
        )
    }

    /// Keeps which role the instance profile holds.
    borrowing func update(_ profile: StoredInstanceProfile) throws(Fault) {
        try run(
            "UPDATE instance_profiles SET role = $1, seal = $2 WHERE id = $3",
            profile.role,
            try vault.rowSeal(profile.message),
            profile.id
        )
    }

    /// Deletes an instance profile; fails with `DeleteConflict` while it holds a role.
    borrowing func delete(_ profile: StoredInstanceProfile) throws(Fault) {
        guard profile.role == nil else {
            throw .deleteConflict("Cannot delete entity, must remove roles from instance profile first.")
        }
        try setTags([], of: profile.id)
        try run("DELETE FROM instance_profiles WHERE id = $1", profile.id)
    }

    /// The instance profile as it is shown.
    borrowing func shown(
        _ profile: StoredInstanceProfile,
        withTags: Bool = false
    ) throws(Fault) -> InstanceProfile {
        var roles: [Role] = []
        if let id = profile.role {
            guard let role = try findRole(id: id) else {
                throw .damaged("the instance profile \(profile.name)")
            }
            roles.append(Role(role, trust: try shownTrust(of: role)))
        }
        return InstanceProfile(profile, roles: roles, tags: withTags ? try tags(of: profile.id) : nil)
    }
}
