// CredentialsCommand.swift: `latchkey credentials`, which AWS's tools run as a profile's `credential_process`.
internal import Latchkey
internal import LatchkeyJSON

extension Option {
    /// The caller's device.
    static let mfaSerial = Option.text("mfa-serial", "SERIAL", "proves your device's code too")
    /// The code as the first line of standard input.
    static let codeStdin = Option.flag("code-stdin", "reads the device's code from the first line of standard input")
}

let credentialsCommand = Command(
    path: ["credentials"],
    group: .keeping,
    summary: "prints temporary credentials for AWS's tools",
    options: Option.lending + [.mfaSerial, .codeStdin],
    text: [
        "With --role-arn a role is taken, without it the credentials are your own for a time. What is printed is the JSON that a "
            + "profile's credential_process in the AWS configuration file has to print; the tools run it again when the "
            + "credentials are about to end.",
        "The request is signed with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or the profile AWS_PROFILE of "
            + "the shared credentials file; --profile names the profile whatever the environment says. With "
            + "--web-identity-token-file, or AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME, a platform's "
            + "OIDC token opens the role instead, and no key is needed.",
        Option.certificateText,
    ],
    examples: [
        Command.Example(
            "latchkey credentials --endpoint https://keys.example.com --role-arn arn:aws:iam::123456789012:role/build"
        )
    ],
    exits: ExitCode.keeping + [(.unreachable, ExitCode.unreachable.meaning)],
    run: { call in
        let request = try CredentialRequest(call)
        let credentials = try blocking { try await request.perform() }
        call.console.print(credentials.processDocument)
        return .done
    }
)

extension Invocation {
    /// The code of the device that is named: from standard input, or asked for at a terminal.
    func deviceCode() throws -> String {
        if has(.codeStdin) {
            guard let code = try console.readSecretLine("code").text() else {
                throw Failure.misused("the code on standard input is not UTF-8")
            }
            return code.withoutBlanks
        }
        guard console.isInteractive else {
            throw Failure.misused("a code is missing; give --code-stdin and a line on standard input")
        }
        return try console.ask("code: ").withoutBlanks
    }
}
