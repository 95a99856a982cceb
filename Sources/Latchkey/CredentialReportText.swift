// CredentialReportText.swift: what the credential report says, in AWS's columns and words.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyStore

/// What the report tells of one access key.
struct ReportKey {
    let isActive: Bool
    let created: UnixTime
    let lastUse: (time: UnixTime, service: String, region: String)?
}

extension State {
    private static let columns = [
        "user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed",
        "password_next_rotation", "mfa_active", "access_key_1_active", "access_key_1_last_rotated",
        "access_key_1_last_used_date", "access_key_1_last_used_region", "access_key_1_last_used_service",
        "access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date",
        "access_key_2_last_used_region", "access_key_2_last_used_service", "cert_1_active", "cert_1_last_rotated",
        "cert_2_active", "cert_2_last_rotated",
    ]

    /// The report of an account: a line of column names, root's line, and one for each user by name, case apart.
    borrowing func makeCredentialReport(of account: AccountID) throws(Fault) -> [UInt8] {
        let maxAge = try passwordPolicy(of: account)?.maxPasswordAge
        var lines = [Self.columns.joined(separator: ",")]
        for principal in try principals(of: account) {
            let fields = try reportFields(principal, maxAge: maxAge)
            lines.append(fields.map(\.quotedForCSV).joined(separator: ","))
        }
        return Array(lines.joined(separator: "\n").utf8)
    }

    /// The account's root user and its users, by name without regard to case.
    borrowing func principals(of account: AccountID) throws(Fault) -> [Principal] {
        var all = [try principal(.root, in: account)]
        let names: [(String)] = try rows("SELECT name FROM users WHERE account = $1 ORDER BY folded", account.text)
        for name in names { all.append(try principal(UserName(checked: name), in: account)) }
        return all
    }

    private borrowing func reportFields(_ owner: Principal, maxAge: Int?) throws(Fault) -> [String] {
        let credentials = try credentials(of: owner)
        var fields = [owner.isRoot ? "<root_account>" : owner.name.text, owner.arn.text, owner.created.reported]
        let lastUsed = credentials.password?.lastUsed?.reported ?? "no_information"
        if owner.isRoot {
            fields += ["not_supported", lastUsed, "not_supported", "not_supported"]
        } else if let password = credentials.password {
            let end = maxAge.map { password.changed.adding(seconds: Int64($0) * 86_400).reported }
            fields += ["true", lastUsed, password.changed.reported, end ?? "N/A"]
        } else {
            fields += ["false", "N/A", "N/A", "N/A"]
        }
        fields.append("\(credentials.asksForCode)")
        let keys = try reportKeys(of: owner)
        for index in 0..<2 {
            guard index < keys.count else {
                fields += ["false", "N/A", "N/A", "N/A", "N/A"]
                continue
            }
            let key = keys[index]
            fields += ["\(key.isActive)", key.created.reported]
            fields += [key.lastUse?.time.reported, key.lastUse?.region, key.lastUse?.service].map { $0 ?? "N/A" }
        }
        let certificates = try signingCertificates(of: owner).sorted { $0.created < $1.created }
        for index in 0..<2 {
            guard index < certificates.count else {
                fields += ["false", "N/A"]
                continue
            }
            fields += ["\(certificates[index].isActive)", certificates[index].created.reported]
        }
        return fields
    }

    /// The principal's access keys, oldest first.
    borrowing func reportKeys(of owner: Principal) throws(Fault) -> [ReportKey] {
        try accessKeys(of: owner).sorted { $0.created < $1.created }
            .map { ReportKey(isActive: $0.isActive, created: $0.created, lastUse: $0.lastUse) }
    }
}

extension UnixTime {
    /// The moment as the report writes it, with an offset for the `Z`.
    fileprivate var reported: String { description.hasSuffix("Z") ? description.dropLast() + "+00:00" : description }
}

extension String {
    /// The field in quotes where RFC 4180 section 2 wants them: names may have commas, and paths quotes.
    fileprivate var quotedForCSV: String {
        guard utf8.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") }) else { return self }
        return "\"\(split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\""
    }
}
