// CredentialRequest.swift: temporary credentials that a server is asked for, and the forms in which AWS's tools take them.
internal import Glibc
internal import Latchkey
internal import LatchkeyJSON
internal import LatchkeyOTP

extension Option {
    /// The server that lends; the commands need it, but a missing one is said in a sentence of its own.
    static let lender = Option.text("endpoint", "URL", "the server: http://HOST:PORT, https://HOST or unix:PATH")
    /// What the server's certificate is checked against.
    static let lenderCA = Option.file("ca-file", "FILE", "the certificates that the server's is checked against")
    static let profile = Option.text(
        "profile",
        "NAME",
        "signs with this profile of the shared credentials file, whatever the environment says"
    )
    static let roleARN = Option.text("role-arn", "ARN", "the role to take")
    static let roleSessionName = Option.text(
        "role-session-name",
        "NAME",
        "the session's name in the audit trail; if not said the host's name, or the certificate's serial number"
    )
    static let externalID = Option.text("external-id", "TEXT", "what the role's owner told you to say")
    static let duration = Option.integer(
        "duration",
        "SECONDS",
        900...129_600,
        "how long the credentials last; a role's at most as long as the role says, an hour if not said"
    )
    /// What says who is asked for what.
    static let lending: [Option] =
        [
            lender, lenderCA, profile, identityTokenFile, roleARN, roleSessionName, externalID, duration,
        ] + certifying
}

/// Credentials that end.
struct LentCredentials: Sendable {
    let accessKeyID: String
    let secretAccessKey: String
    let sessionToken: String
    let expiration: UnixTime

    init(_ credentials: TemporaryCredentials) {
        accessKeyID = credentials.accessKeyId.text
        secretAccessKey = credentials.secretAccessKey.text
        sessionToken = credentials.sessionToken.text
        expiration = credentials.expiration
    }

    init(accessKeyID: String, secretAccessKey: String, sessionToken: String, expiration: UnixTime) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }

    /// What AWS's tools read from a `credential_process`.
    var processDocument: JSON {
        [
            "Version": 1, "AccessKeyId": .string(accessKeyID), "SecretAccessKey": .string(secretAccessKey),
            "SessionToken": .string(sessionToken), "Expiration": .string(expiration.description),
        ]
    }

    /// The members that the container endpoint and the instance metadata service both answer with.
    var endpointMembers: [(String, JSON)] {
        [
            ("AccessKeyId", .string(accessKeyID)), ("SecretAccessKey", .string(secretAccessKey)),
            ("Token", .string(sessionToken)), ("Expiration", .string(expiration.description)),
        ]
    }
}

/// Which credentials a server is asked for.
struct CredentialRequest: Sendable {
    private enum Wish {
        case session(GetSessionToken)
        case role(AssumeRole)
        /// The same of the role, with the token that is in the file by then.
        case identity(AssumeRole, file: String)
        case certified(AssumeRoleWithCertificate, CertificateFiles)
    }

    private let server: RemoteCall
    private let wish: Wish

    /// Reads the options; a code is asked for or read where a device is named.
    init(_ call: Invocation) throws {
        guard let endpoint = call.text(.lender) else {
            throw Failure.misused("a server is missing; give --endpoint URL")
        }
        server = try RemoteCall(
            endpoint,
            caFile: call.text(.lenderCA),
            call.console.environment,
            profile: call.text(.profile)
        )
        if let files = try CertificateFiles(call) {
            wish = .certified(try Self.certified(call, files), files)
            return
        }
        let identity = try PlatformIdentity(call)
        var members = JSON.Object([])
        if let duration = call.integer(.duration) { members["durationSeconds"] = .number(duration) }
        if let role = call.text(.roleARN) ?? identity?.role {
            members["roleArn"] = .string(role)
            let name = call.text(.roleSessionName) ?? identity?.sessionName ?? Self.hostName
            members["roleSessionName"] = .string(name)
            if let externalID = call.text(.externalID) { members["externalId"] = .string(externalID) }
        } else if let option = [Option.roleSessionName, .externalID].first(where: call.has) {
            throw Failure.misused("`--\(option.name)` is about a role; give --role-arn too")
        }
        if let serial = call.text(.mfaSerial) {
            members["serialNumber"] = .string(serial)
            members["tokenCode"] = .string(try call.deviceCode())
        } else if call.has(.codeStdin) {
            throw Failure.misused("`--code-stdin` is the code of a device; give --mfa-serial too")
        }
        if members["roleArn"] == nil {
            wish = .session(try decode(GetSessionToken.self, .object(members)))
        } else {
            let action = try decode(AssumeRole.self, .object(members))
            wish = identity.map { .identity(action, file: $0.file) } ?? .role(action)
        }
    }

    /// Asks the server; a code that was given is spent by that.
    func perform() async throws -> LentCredentials {
        switch wish {
        case .session(let action): LentCredentials(try await server.answer(to: action).credentials)
        case .role(let action): LentCredentials(try await server.answer(to: action).credentials)
        case .identity(let action, let file):
            LentCredentials(
                try await server.answer(
                    to: AssumeRoleWithWebIdentity(
                        roleArn: action.roleArn,
                        roleSessionName: action.roleSessionName,
                        webIdentityToken: try PlatformIdentity.token(in: file),
                        durationSeconds: action.durationSeconds
                    )
                )
                .credentials
            )
        case .certified(let action, let files):
            LentCredentials(try await server.answer(to: action, by: files).credentials)
        }
    }

    /// The role that is taken, if one is.
    var role: ARN? {
        switch wish {
        case .session: nil
        case .role(let action), .identity(let action, file: _): action.roleArn
        case .certified(let action, _): action.roleArn
        }
    }

    private static func certified(
        _ call: Invocation,
        _ files: CertificateFiles
    ) throws -> AssumeRoleWithCertificate {
        var members: JSON.Object = ["trustAnchorArn": .string(files.trustAnchor)]
        if let role = call.text(.roleARN) { members["roleArn"] = .string(role) }
        if let name = call.text(.roleSessionName) { members["roleSessionName"] = .string(name) }
        if let duration = call.integer(.duration) { members["durationSeconds"] = .number(duration) }
        return try decode(AssumeRoleWithCertificate.self, .object(members))
    }

    /// The host's name, as far as a session may be called so.
    private static var hostName: String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let isKnown = buffer.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { name in
                name.baseAddress.map { gethostname($0, name.count - 1) == 0 } ?? false
            }
        }
        let name = String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
        let kept = String(
            name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }.prefix(64)
        )
        return isKnown && kept.utf8.count >= 2 ? kept : "latchkey"
    }
}
