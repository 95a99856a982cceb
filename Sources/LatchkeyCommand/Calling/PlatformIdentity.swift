// PlatformIdentity.swift: the identity token that a platform leaves in a file for its programs, and the role that it opens.
internal import Latchkey

extension Option {
    /// The token's file.
    static let identityTokenFile = Option.file(
        "web-identity-token-file",
        "FILE",
        "takes the role with the platform's OIDC token in this file, which is read anew each time, and without a key"
    )
}

/// Who a platform says that this program is, as AWS's tools are told.
struct PlatformIdentity: Sendable {
    /// Where the token is.
    let file: String
    /// What `AWS_ROLE_ARN` says.
    let role: String?
    /// What `AWS_ROLE_SESSION_NAME` says.
    let sessionName: String?

    /// The identity that the options or AWS's variables name; nil if a key is to be used.
    ///
    /// As in AWS's tools a key in the environment, and a profile that is named, go before the variables.
    init?(_ call: Invocation) throws(Failure) {
        let environment = call.console.environment
        let given = call.text(.identityTokenFile)
        let hasKey =
            environment.text("AWS_ACCESS_KEY_ID") != nil && environment.text("AWS_SECRET_ACCESS_KEY") != nil
        let variable = hasKey || call.has(.profile) ? nil : environment.text("AWS_WEB_IDENTITY_TOKEN_FILE")
        guard let file = given ?? variable else { return nil }
        let name = given == nil ? "AWS_WEB_IDENTITY_TOKEN_FILE" : "`--web-identity-token-file`"
        for option in [Option.profile, .externalID, .mfaSerial, .codeStdin] where call.has(option) {
            throw .misused("\(name) is all that is shown: leave out `--\(option.name)`, or the token")
        }
        self.file = file
        role = environment.text("AWS_ROLE_ARN")
        sessionName = environment.text("AWS_ROLE_SESSION_NAME")
        guard call.has(.roleARN) || role != nil else {
            throw .misused("\(name) opens a role; give --role-arn ARN, or AWS_ROLE_ARN")
        }
    }

    /// The token in the file; it is in no sentence of a failure.
    static func token(in file: String) throws(Failure) -> WebIdentityToken {
        let lengths = WebIdentityToken.lengths
        var bytes: [UInt8]
        do throws(FileError) {
            bytes = try PlainFile.read(file, atMost: lengths.upperBound + 2).bytes
        } catch {
            throw .unusable("cannot read the identity token in `\(file)`: \(error.reason)")
        }
        // A line's end is no part of a token, and whoever wrote the file by hand has left one.
        while bytes.last == UInt8(ascii: "\n") || bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard lengths.contains(bytes.count), bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .unusable(
                "`\(file)` holds no identity token: that is one line of at most \(lengths.upperBound) characters without blanks"
            )
        }
        return WebIdentityToken(checked: String(decoding: bytes, as: UTF8.self))
    }
}
