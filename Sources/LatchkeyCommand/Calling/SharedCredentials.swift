// SharedCredentials.swift: which key a call to a server is signed with: AWS's variables, or a profile of AWS's own file.

/// A key as AWS's tools find it.
struct SharedCredentials: Sendable {
    let accessKeyID: String
    let secretAccessKey: String
    let sessionToken: String?

    /// The key of the named profile; else of the environment, `AWS_ACCESS_KEY_ID` and its kin or `AWS_PROFILE`.
    init(_ environment: Environment, profile named: String? = nil) throws(Failure) {
        if named == nil, let id = environment.text("AWS_ACCESS_KEY_ID"),
            let secret = environment.text("AWS_SECRET_ACCESS_KEY")
        {
            accessKeyID = id
            secretAccessKey = secret
            sessionToken = environment.text("AWS_SESSION_TOKEN")
            return
        }
        let profile = named ?? environment.text("AWS_PROFILE") ?? "default"
        let path = environment.text("AWS_SHARED_CREDENTIALS_FILE") ?? environment.home + "/.aws/credentials"
        let members = try Self.members(of: profile, in: path)
        guard let id = members["aws_access_key_id"], let secret = members["aws_secret_access_key"] else {
            throw .misused(
                "no key to sign with; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write the profile `\(profile)` into "
                    + "`\(path)`"
            )
        }
        accessKeyID = id
        secretAccessKey = secret
        sessionToken = members["aws_session_token"]
    }

    /// The lines of a section; none when there is no such file or section.
    private static func members(of profile: String, in path: String) throws(Failure) -> [String: String] {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try PlainFile.read(path, atMost: 1 << 20).bytes
        } catch {
            if error.isMissing { return [:] }
            throw .unusable("cannot read `\(path)`: \(error.reason)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .unusable("`\(path)` is not UTF-8")
        }
        var members: [String: String] = [:]
        var isWanted = false
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmed
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                isWanted = line.dropFirst().dropLast().trimmed == profile
            } else if isWanted, let equals = line.firstIndex(of: "=") {
                members[line[..<equals].trimmed.lowercased()] = line[line.index(after: equals)...].trimmed
            }
        }
        return members
    }
}

extension StringProtocol {
    /// Without blanks at either end.
    fileprivate var trimmed: String {
        let kept = drop { $0 == " " || $0 == "\t" }
        let blanks = kept.reversed().prefix { $0 == " " || $0 == "\t" }.count
        return String(kept.dropLast(blanks))
    }
}
