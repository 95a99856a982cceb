// PasswordManagers.swift: one-time passwords out of the exports of password managers: Bitwarden and 1Password.
internal import LatchkeyJSON

/// Bitwarden's export in JSON.
enum BitwardenFile {
    static let format = TokenFormat.bitwardenJSON

    static func fits(_ object: JSON.Object) -> Bool { object["encrypted"] != nil || object["items"] != nil }

    static func read(_ object: JSON.Object, of file: TokenFile, into result: inout TokenImport) throws(TokenFileError) {
        result.note(format)
        if object["encrypted"]?.bool == true {
            throw .unsupported(
                "this export of Bitwarden is encrypted: export it as plain `.json`, and delete that file afterwards"
            )
        }
        guard let items = object["items"]?.array else { throw .malformed(format, at: nil, "`items` is not an array") }
        var folders: [String: String] = [:]
        for folder in object["folders"]?.array ?? [] {
            if let id = folder["id"]?.string, let name = folder["name"]?.string { folders[id] = name }
        }
        for (number, item) in items.enumerated() {
            // Notes, cards and logins without a second factor are no tokens.
            guard let field = item["login"]?["totp"]?.string, !field.isEmpty else { continue }
            let name = item["name"]?.string
            result.record(format, at: file.place("entry \(number + 1)"), named: name) {
                try Token(
                    field: field,
                    issuer: name,
                    name: item["login"]?["username"]?.string ?? "",
                    tags: item["folderId"]?.string.flatMap { folders[$0] }.map { [$0] } ?? []
                )
            }
        }
    }
}

/// `export.data` out of a `.1pux`.
enum OnePasswordFile {
    static let format = TokenFormat.onePassword

    static func fits(_ object: JSON.Object) -> Bool { object["accounts"]?[0]?["vaults"] != nil }

    static func read(_ object: JSON.Object, of file: TokenFile, into result: inout TokenImport) {
        result.note(format)
        var number = 0
        for account in object["accounts"]?.array ?? [] {
            for vault in account["vaults"]?.array ?? [] {
                let title = vault["attrs"]?["name"]?.string
                for item in vault["items"]?.array ?? [] {
                    number += 1
                    read(item["item"] ?? item, title, file.place("entry \(number)"), &result)
                }
            }
        }
    }

    private static func read(_ item: JSON, _ vault: String?, _ place: String, _ result: inout TokenImport) {
        let title = item["overview"]?["title"]?.string
        let login = item["details"]?["loginFields"]?.array ?? []
        let user = login.first { $0["designation"]?.string == "username" }?["value"]?.string
        let tags = (item["overview"]?["tags"]?.array ?? []).compactMap(\.string)
        for section in item["details"]?["sections"]?.array ?? [] {
            for field in section["fields"]?.array ?? [] {
                guard let secret = field["value"]?["totp"]?.string, !secret.isEmpty else { continue }
                result.record(format, at: place, named: title) {
                    try Token(field: secret, issuer: title, name: user ?? "", tags: tags)
                }
            }
        }
    }
}

/// A CSV with a head line that names the columns.
enum ManagerCSV {
    static let format = TokenFormat.managerCSV

    private static let secretColumns = [
        "login_totp", "otpauth", "totp", "otp", "one-time password", "otp_secret", "otp secret", "2fa", "totpauth",
    ]
    private static let titleColumns = ["name", "title", "account", "issuer"]
    private static let userColumns = ["login_username", "username", "user", "login", "email"]
    private static let tagColumns = ["folder", "tags", "group", "vault"]

    /// Whether the first record names a column of secrets.
    static func fits(_ head: CSVRecord) -> Bool {
        head.cells.count >= 2 && column(secretColumns, head) != nil
    }

    static func read(_ records: [CSVRecord], of file: TokenFile, into result: inout TokenImport) {
        result.note(format)
        guard let head = records.first, let secrets = column(secretColumns, head) else { return }
        let titles = column(titleColumns, head)
        let users = column(userColumns, head)
        let tags = column(tagColumns, head)
        for record in records.dropFirst() where !record[secrets].isEmpty {
            let title = titles.map { record[$0] }.flatMap { $0.isEmpty ? nil : $0 }
            result.record(format, at: file.place("line \(record.line)"), named: title) {
                let words = tags.map { record[$0] } ?? ""
                return try Token(
                    field: record[secrets],
                    issuer: title,
                    name: users.map { record[$0] } ?? "",
                    tags: words.split(whereSeparator: { $0 == ";" || $0 == "," }).map(String.init)
                )
            }
        }
    }

    private static func column(_ names: [String], _ head: CSVRecord) -> Int? {
        let cells = head.cells.indices.map { PlainText.small(head[$0]) }
        for name in names {
            if let index = cells.firstIndex(of: name) { return index }
        }
        return nil
    }
}
