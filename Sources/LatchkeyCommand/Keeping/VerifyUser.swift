// VerifyUser.swift: `latchkey verify USER CODE`: a code checked and spent for a service that asks for the password itself.
internal import Latchkey

extension Invocation {
    /// Checks the code of the user that the first word names, and spends it.
    ///
    /// `typed` finds the code where it is not the second word.
    func verifyUser(_ typed: (Invocation) throws -> String) throws -> ExitCode {
        if hasSecret { throw Failure.misused("a user's device has its own secret: leave out `--secret`, or the user") }
        let name = try UserName(words[0])
        let code = words.count > 1 ? words[1] : try typed(self)
        return try withStore { store in
            let output = try store.perform(VerifyOneTimeCode(userName: name, code: SecretText(code)))
            if wantsJSON {
                try print(output)
            } else {
                console.tick("right: \(name), device \(output.serialNumber)")
            }
            return .done
        }
    }
}
