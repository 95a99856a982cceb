// AccountSummary.swift: how much an account holds, and how much it may hold.
import LatchkeyStore

/// The actions on the account as a whole.
let accountSummaryActions: [any Action.Type] = [GetAccountSummary.self, GetAccountAuthorizationDetails.self]

/// Counts what the account holds, beside the quotas.
public struct GetAccountSummary: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list

    /// Makes the action.
    public init() {}

    /// The numbers.
    public struct Output: Codable, Sendable {
        /// The numbers, under AWS's names.
        public var summaryMap: [String: Int]
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        var summary = Self.quotas
        summary.merge(try state.countEntities(in: call.account)) { $1 }
        let root = try state.principal(.root, in: call.account)
        let credentials = try state.credentials(of: root)
        summary["AccountMFAEnabled"] = credentials.devices.isEmpty ? 0 : 1
        summary["AccountPasswordPresent"] = credentials.password == nil ? 0 : 1
        summary["AccountAccessKeysPresent"] = try state.accessKeys(of: root).isEmpty ? 0 : 1
        return Output(summaryMap: summary)
    }

    /// What is the same for every account; of what the authority does not keep there is none.
    private static let quotas = [
        "UsersQuota": Quota.users,
        "GroupsQuota": Quota.groups,
        "GroupsPerUserQuota": Quota.groupsPerUser,
        "PoliciesQuota": Quota.policies,
        "PolicySizeQuota": Quota.managedPolicySize,
        "PolicyVersionsInUseQuota": Quota.versionsInUse,
        "VersionsPerPolicyQuota": Quota.versionsPerPolicy,
        "UserPolicySizeQuota": Quota.userPolicySize,
        "GroupPolicySizeQuota": Quota.groupPolicySize,
        "RolePolicySizeQuota": Quota.rolePolicySize,
        "AssumeRolePolicySizeQuota": Quota.trustPolicySize,
        "AttachedPoliciesPerUserQuota": Quota.attachedPolicies,
        "AttachedPoliciesPerGroupQuota": Quota.attachedPolicies,
        "AttachedPoliciesPerRoleQuota": Quota.attachedPolicies,
        "AccessKeysPerUserQuota": StoredAccessKey.most,
        "SigningCertificatesPerUserQuota": 2,
        "ServerCertificatesQuota": 20,
        "RolesQuota": Quota.roles,
        "InstanceProfilesQuota": Quota.instanceProfiles,
        // Session tokens are valid in every region.
        "GlobalEndpointTokenVersion": 2,
        "ServerCertificates": 0,
        "AccountSigningCertificatesPresent": 0,
    ]
}

extension State {
    /// How many entities of each kind the account holds, under AWS's names.
    fileprivate borrowing func countEntities(in account: AccountID) throws(Fault) -> [String: Int] {
        let counts: (Int, Int, Int, Int, Int, Int, Int)? = try row(
            """
            SELECT
                (SELECT COUNT(*) FROM users WHERE account = $1),
                (SELECT COUNT(*) FROM groups WHERE account = $1),
                (SELECT COUNT(*) FROM policies WHERE account = $1),
                (SELECT COUNT(*) FROM mfa_devices WHERE account = $1 AND pending_for IS NULL),
                (SELECT COUNT(*) FROM mfa_devices WHERE account = $1 AND owner IS NOT NULL),
                (SELECT COUNT(*) FROM roles WHERE account = $1),
                (SELECT COUNT(*) FROM instance_profiles WHERE account = $1)
            """,
            account.text
        )
        guard let (users, groups, policies, devices, devicesInUse, roles, profiles) = counts else { return [:] }
        return [
            "Users": users,
            "Groups": groups,
            "Policies": policies,
            "PolicyVersionsInUse": try versionsInUse(in: account),
            "MFADevices": devices,
            "MFADevicesInUse": devicesInUse,
            "Roles": roles,
            "InstanceProfiles": profiles,
            "Providers": try oidcProviderCount(in: account),
        ]
    }
}
