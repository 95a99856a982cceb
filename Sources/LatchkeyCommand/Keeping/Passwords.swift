// Passwords.swift: where a password comes from: standard input or a prompt without echo.
internal import Latchkey
internal import LatchkeyCrypto

extension Option {
    /// The password as the first line of standard input.
    static let passwordStdin = Option.flag("password-stdin", "reads the password from the first line of standard input")
}

extension Invocation {
    /// A password that exists: from standard input or a prompt.
    func password(_ name: String) throws -> SecretText {
        if has(.passwordStdin) { return try secretText(try console.readSecretLine("password")) }
        guard console.isInteractive else {
            throw Failure.misused("a password is missing; give --password-stdin and a line on standard input")
        }
        return try secretText(try console.askSecret("password for \(Shown.text(name)): "))
    }

    /// Sets a new password: from standard input, or asked for twice at a terminal until it meets the rules.
    ///
    /// `set` sets the password; a refusal for its content is shown and the question asked again.
    func newPassword(_ name: String, from option: Option, _ set: (SecretText) throws -> Void) throws {
        if has(option) { return try set(try secretText(try console.readSecretLine("password"))) }
        guard console.isInteractive else {
            throw Failure.misused("a password is missing; give --\(option.name) and a line on standard input")
        }
        while true {
            do {
                let typed = try console.askNewSecret(
                    "new password for \(Shown.text(name)): ",
                    again: "the same again: "
                )
                return try set(try secretText(typed))
            } catch let fault as Fault where fault.code == "PasswordPolicyViolation" {
                console.complain(Failure(fault))
            } catch let failure as Failure where failure.code == .refused {
                console.complain(failure)
            }
        }
    }

    /// A secret as text for an action; a password is text.
    func secretText(_ secret: borrowing Secret) throws(Failure) -> SecretText {
        let text = secret.withBytes { bytes in
            bytes.withUnsafeBufferPointer { String(validating: $0, as: UTF8.self) }
        }
        guard let text else { throw .misused("the password is not UTF-8 text") }
        return SecretText(text)
    }
}
