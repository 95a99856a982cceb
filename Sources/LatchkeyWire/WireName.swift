// WireName.swift: the one rule that leads from a Swift member's name to AWS's.

/// The names of members on the wire.
///
/// They are Swift's with a capital first letter, or with a capital acronym where AWS's begin with one.
enum WireName {
    /// The acronyms that AWS's names begin with.
    private static let acronyms = ["aws", "mfa", "qr", "saml", "ssh"]

    /// Members that AWS writes with a small letter, by the member or the action that they are in.
    private static let small = ["PolicyArns": "arn", "TaskPolicyArn": "arn", "ListDelegationRequests": "isTruncated"]

    /// The name of a member; `enclosing` is the member, or at the root the action, that it is in.
    static func of(_ key: String, in enclosing: String?) -> String {
        if let enclosing, small[enclosing] == key { return key }
        for acronym in acronyms where key.utf8.starts(with: acronym.utf8) {
            let rest = key.utf8.dropFirst(acronym.utf8.count)
            // `qr` in `qrCodePNG`, and not in a word that happens to begin like it.
            guard rest.first.map({ $0 < UInt8(ascii: "a") || $0 > UInt8(ascii: "z") }) ?? true else { continue }
            return acronym.uppercased() + String(Substring(rest))
        }
        guard let first = key.utf8.first else { return key }
        if first < UInt8(ascii: "a") || first > UInt8(ascii: "z") {
            return key.prefix(1).uppercased() + key.dropFirst()
        }
        var name = key
        return name.withUTF8 { text in
            String(unsafeUninitializedCapacity: text.count) { capital in
                _ = capital.initialize(from: text)
                capital[0] = first - 0x20
                return text.count
            }
        }
    }
}
