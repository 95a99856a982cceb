// SafeNetFile.swift: SafeNet's and Aladdin's XML, whose tokens are moved by a button.
internal import LatchkeyCrypto
internal import LatchkeyOTP

/// SafeNet's and Aladdin's XML: serial number, key in hexadecimal and counter.
enum SafeNetFile {
    static let format = TokenFormat.safeNet

    static func read(_ root: XMLNode, of file: TokenFile, into result: inout TokenImport) {
        result.note(format)
        for (number, node) in root.children("Token").enumerated() {
            let serial = node.attributes["serial"]
            let place = file.place("token \(number + 1) (line \(node.line))")
            result.record(format, at: place, named: serial) {
                guard let serial, !serial.isEmpty else { throw TokenFault("it has no serial number") }
                guard let application = node.at("Applications", "Application"),
                    let seed = application.child("Seed")?.content
                else { throw TokenFault("it has no Application with a Seed") }
                let key = TokenKey(try Hex.decodeSecret(seed))
                let text = application.child("MovingFactor")?.content ?? "0"
                guard let counter = PlainText.natural(text) else {
                    throw TokenFault("its MovingFactor is not a number")
                }
                return try Token(
                    issuer: "SafeNet",
                    name: serial,
                    key: key,
                    kind: .hotp,
                    algorithm: key.secret.count == 32 ? .sha256 : .sha1,
                    counter: counter,
                    serial: serial
                )
            }
        }
    }
}
