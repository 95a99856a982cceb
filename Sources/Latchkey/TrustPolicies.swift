// TrustPolicies.swift: whom a role trusts: ARNs as they are written and shown, unique identifiers as they are kept.
import LatchkeyJSON
import LatchkeyStore

extension State {
    /// The trust policy as it is kept: with the unique identifier of each user and role that it names.
    ///
    /// So a user or role that is deleted and made anew under the same name is somebody else. Fails with `MalformedPolicyDocument`
    /// if there is no such principal.
    borrowing func resolvingPrincipals(of text: PolicyText) throws(Fault) -> PolicyText {
        let principals = TrustedPrincipals(in: text)
        var kept: [String: String] = [:]
        for name in principals.names {
            guard let resolved = try resolved(name) else {
                throw .malformedPolicy("Invalid principal in policy: \"AWS\":\"\(name.escapedForDisplay)\"")
            }
            kept[name] = resolved
        }
        return principals.replacing(kept)
    }

    /// The role's trust policy as it is shown: with ARNs; who is gone stays an identifier.
    borrowing func shownTrust(of role: StoredRole) throws(Fault) -> PolicyText {
        let principals = TrustedPrincipals(in: role.trust)
        var shown: [String: String] = [:]
        for name in principals.names { shown[name] = try arn(ofKept: name) }
        return principals.replacing(shown)
    }

    /// The role's trust policy as it decides: sessions of roles that live by their ARN, everyone else by identifier.
    borrowing func decidingTrust(of role: StoredRole) throws(Fault) -> PolicyText {
        let principals = TrustedPrincipals(in: role.trust)
        var deciding: [String: String] = [:]
        for name in principals.names {
            guard case let parts = name.split(separator: ":", maxSplits: 1), parts.count == 2, parts[0].isUniqueID
            else {
                continue
            }
            // A session of a role that is gone is nobody's; its bare identifier matches nobody either.
            deciding[name] = try arn(ofKept: name) ?? String(parts[0])
        }
        return principals.replacing(deciding)
    }

    /// What is kept for a principal as it is written; `nil` if there is no such one.
    private borrowing func resolved(_ name: String) throws(Fault) -> String? {
        if name == "*" { return name }
        if let account = try? AccountID(name) { return try exists(account) ? "arn:aws:iam::\(account):root" : nil }
        guard let principal = PrincipalName(name), try exists(principal.account) else { return nil }
        switch principal.kind {
        case .account, .federatedUser: return name
        case .user(let user):
            guard let found = try findPrincipal(user, in: principal.account), found.arn.text == name else { return nil }
            return found.id
        case .role(let role):
            guard let found = try findRole(role, in: principal.account), found.arn.text == name else { return nil }
            return found.id
        case .session(let role, let session):
            guard let found = try findRole(role, in: principal.account), found.name == role else { return nil }
            return "\(found.id):\(session)"
        }
    }

    /// The present ARN of a principal as it is kept; `nil` for one that is gone, or is kept as it was written.
    private borrowing func arn(ofKept name: String) throws(Fault) -> String? {
        let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
        guard let id = parts.first, id[...].isUniqueID else { return nil }
        if id.hasPrefix("AIDA") {
            let account: (String)? = try row("SELECT account FROM users WHERE id = $1", id)
            guard let account else { return nil }
            return try findPrincipal(id: id, in: AccountID(checked: account))?.arn.text
        }
        guard let role = try findRole(id: id) else { return nil }
        return parts.count == 1 ? role.arn.text : RoleSession.arn(of: role, parts[1]).text
    }

    /// Whether there is such an account.
    borrowing func exists(_ account: AccountID) throws(Fault) -> Bool {
        let found: (Int)? = try row("SELECT 1 FROM accounts WHERE id = $1", account.text)
        return found != nil
    }
}

/// A principal's ARN, in parts.
struct PrincipalName {
    enum Kind {
        case account
        case user(UserName)
        case role(RoleName)
        case session(RoleName, String)
        case federatedUser
    }

    let account: AccountID
    let kind: Kind

    init?(_ arn: String) {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[1] == "aws", parts[3].isEmpty,
            let account = try? AccountID(String(parts[4]))
        else { return nil }
        self.account = account
        let path = parts[5].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let kind = path.first, let last = path.last else { return nil }
        switch (parts[2], kind, path.count) {
        case ("iam", "root", 1): self.kind = .account
        case ("iam", "user", 2...):
            guard let name = try? UserName(last) else { return nil }
            self.kind = .user(name)
        case ("iam", "role", 2...):
            guard let name = try? RoleName(last) else { return nil }
            self.kind = .role(name)
        case ("sts", "assumed-role", 3):
            guard let name = try? RoleName(path[1]), (try? RoleSessionName(last)) != nil else { return nil }
            self.kind = .session(name, last)
        case ("sts", "federated-user", 2):
            guard (try? FederatedUserName(last)) != nil else { return nil }
            self.kind = .federatedUser
        default: return nil
        }
    }
}

extension Substring {
    /// Whether this is the identifier of a user or role.
    fileprivate var isUniqueID: Bool {
        (hasPrefix("AIDA") || hasPrefix("AROA")) && utf8.count == 21
            && utf8.allSatisfy { $0.isASCIIDigit || ($0.isASCIILetter && $0 & 0x20 == 0) }
    }
}
