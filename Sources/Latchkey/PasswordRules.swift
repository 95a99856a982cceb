// PasswordRules.swift: what a new password must be: long enough, not guessable at once, and what the account's policy adds.
internal import CLatchkeyZxcvbn
import LatchkeyCrypto

/// The rules that one new password must meet.
struct PasswordRules {
    /// In code points, after normalisation.
    let minimumLength: Int
    let policy: PasswordPolicy?
    /// Words that a guesser would try first for this user: the name, the product, the account.
    let words: [String]

    /// Below this many bits a guesser with a list of common passwords is through in seconds: 2^25 guesses.
    private static let leastBits = 25.0

    /// Checks the password; fails with `PasswordPolicyViolation`, saying what to change.
    func check(_ password: SecretText) throws(Fault) {
        guard !password.isTooLong else {
            throw .passwordPolicyViolation("Password should have at most \(SecretText.longestPassword) characters")
        }
        let text = UnicodeText.nfc(password.text)
        guard text.unicodeScalars.count >= minimumLength else {
            throw .passwordPolicyViolation("Password should have a minimum length of \(minimumLength)")
        }
        guard !text.utf8.contains(0) else {
            throw .passwordPolicyViolation("Password should not contain the character U+0000")
        }
        try checkComposition(text)
        guard guessBits(text) >= Self.leastBits else {
            throw .passwordPolicyViolation(
                "Password is too easy to guess: it is a common one, a pattern, or made of the user's name; choose another"
            )
        }
    }

    private func checkComposition(_ text: String) throws(Fault) {
        guard let policy else { return }
        let bytes = text.utf8
        let symbols = Array("!@#$%^&*()_+-=[]{}|'".utf8)
        if policy.requireUppercaseCharacters && !bytes.contains(where: { $0 >= 0x41 && $0 <= 0x5A }) {
            throw .passwordPolicyViolation("Password should have at least one uppercase letter")
        }
        if policy.requireLowercaseCharacters && !bytes.contains(where: { $0 >= 0x61 && $0 <= 0x7A }) {
            throw .passwordPolicyViolation("Password should have at least one lowercase letter")
        }
        if policy.requireNumbers && !bytes.contains(where: \.isASCIIDigit) {
            throw .passwordPolicyViolation("Password should have at least one number")
        }
        if policy.requireSymbols && !bytes.contains(where: { symbols.contains($0) }) {
            throw .passwordPolicyViolation("Password should have at least one symbol, one of !@#$%^&*()_+-=[]{}|'")
        }
    }

    /// How many bits of guessing the password stands, by zxcvbn's lists and patterns.
    ///
    /// Only its beginning is weighed: the work grows with the square of the length, and 64 bytes that are not guessable make
    /// the whole so.
    private func guessBits(_ text: String) -> Double {
        var parts = Array(text.utf8.prefix(64)) + [0]
        defer { wipe(&parts) }
        let folded = words.map { Array($0.asciiLowercased.utf8).map { CChar(bitPattern: $0) } + [0] }
        return withPointers(to: folded) { dictionary in
            var list = dictionary
            return parts.withUnsafeBytes {
                ZxcvbnMatch($0.baseAddress?.assumingMemoryBound(to: CChar.self), &list, nil)
            }
        }
    }

    /// Calls `body` with a null-terminated list of C strings.
    private func withPointers(
        to strings: [[CChar]],
        _ body: ([UnsafePointer<CChar>?]) -> Double
    ) -> Double {
        let flat = strings.flatMap { $0 }
        return flat.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return body([nil]) }
            var offset = 0
            var pointers: [UnsafePointer<CChar>?] = []
            for string in strings {
                pointers.append(base + offset)
                offset += string.count
            }
            return body(pointers + [nil])
        }
    }
}
