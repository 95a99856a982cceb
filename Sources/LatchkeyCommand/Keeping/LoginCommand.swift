// LoginCommand.swift: `latchkey login`: the whole login flow, for a person and for a script.
internal import Latchkey
internal import LatchkeyJSON

extension Option {
    fileprivate static let code = Option.code("code", "the device's code; asked for at a terminal if needed")
    fileprivate static let recoveryCode = Option.code("recovery-code", "a recovery code, in the device's stead")
}

let loginCommand = Command(
    path: ["login"],
    group: .daily,
    summary: "signs a user in with password and code",
    arguments: [Argument(name: "USER", help: "the user's name, or root")],
    options: [.passwordStdin, .code, .recoveryCode, .json] + Option.keeping,
    text: [
        "The code is only asked for after a right password. A code works once. With --json the session is printed, its "
            + "token included; where a code is still needed and nobody can be asked, the challenge is."
    ],
    examples: [Command.Example("latchkey login ann", "password for ann:", "code: 482913", "ann is signed in until …")],
    exits: ExitCode.keeping,
    run: { call in
        try call.exclude(.code, .recoveryCode)
        let name = try UserName(call.words[0])
        let password = try call.password(name.text)
        return try call.withStore { store in
            var step = SignIn(userName: name, password: password)
            step.code = call.text(.code).map { SecretText($0) }
            step.recoveryCode = call.text(.recoveryCode).map { SecretText($0) }
            var output = try store.performAtDoor(step)
            if output.session == nil, call.console.isInteractive {
                output = try LoginDialogue(call: call, store: store, name: name).finish(step, output)
            }
            return try report(output, name, call)
        }
    }
)

private func report(_ output: SignInOutput, _ name: UserName, _ call: Invocation) throws -> ExitCode {
    if call.wantsJSON {
        try call.print(output)
        return output.session == nil ? .refused : .done
    }
    guard let session = output.session else {
        if output.passwordChangeRequired ?? false {
            throw Failure.refused("the password must be changed: log in at a terminal to do so")
        }
        throw Failure.refused("a code is needed: give --code, or log in at a terminal")
    }
    call.console.tick("\(name) is signed in until \(session.expires)")
    if let failed = output.failedCodes {
        call.console.warn(
            "\(failed) wrong code\(failed == 1 ? " was" : "s were") offered with the right password since the last time: "
                + "if it was not you, change the password"
        )
    }
    return .done
}

/// What a person is asked after a right password.
private struct LoginDialogue {
    let call: Invocation
    let store: OpenStore
    let name: UserName

    /// Asks for what is missing until there is a session.
    func finish(_ step: SignIn, _ first: SignInOutput) throws -> SignInOutput {
        var output = first
        var newPassword = step.newPassword
        var code: SecretText?
        var recoveryCode: SecretText?
        while output.session == nil {
            let mustChange = output.passwordChangeRequired ?? false
            guard let challenge = output.challenge ?? first.challenge else {
                try changePassword { newPassword in
                    var again = step
                    again.newPassword = newPassword
                    output = try store.performAtDoor(again)
                }
                continue
            }
            if mustChange, newPassword == nil { newPassword = try askNewPassword() }
            if code == nil, recoveryCode == nil { (code, recoveryCode) = try askCode(challenge) }
            do {
                output = try store.performAtDoor(
                    AnswerChallenge(
                        ticket: challenge.ticket,
                        code: code,
                        recoveryCode: recoveryCode,
                        newPassword: newPassword
                    )
                )
            } catch let fault as Fault where fault.code == "InvalidAuthenticationCode" {
                call.console.complain(Failure(fault))
                (code, recoveryCode) = (nil, nil)
            } catch let fault as Fault where fault.code == "PasswordPolicyViolation" {
                call.console.complain(Failure(fault))
                newPassword = nil
            }
        }
        return output
    }

    /// A device's code is digits; anything else is taken for a recovery code.
    ///
    /// Blanks inside are the typist's.
    private func askCode(_ challenge: Challenge) throws -> (SecretText?, SecretText?) {
        let left = challenge.recoveryCodesLeft.map { $0 > 0 ? " (or a recovery code)" : "" } ?? ""
        let typed = try call.console.ask("code\(left): ").withoutBlanks
        let isDigits = typed.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return isDigits && typed.utf8.count <= 10 ? (SecretText(typed), nil) : (nil, SecretText(typed))
    }

    private func askNewPassword() throws -> SecretText {
        call.console.print("The password must be changed.")
        let typed = try call.console.askNewSecret("new password for \(name): ", again: "the same again: ")
        return try call.secretText(typed)
    }

    private func changePassword(_ set: (SecretText) throws -> Void) throws {
        call.console.print("The password must be changed.")
        try call.newPassword(name.text, from: .passwordStdin, set)
    }
}

extension String {
    /// The text without the blanks that a person types inside a code.
    var withoutBlanks: String {
        String(decoding: utf8.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }, as: UTF8.self)
    }
}
