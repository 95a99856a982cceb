// XMLText.swift: which characters XML 1.0 knows, and how text is written so that a parser gives it back unchanged.

extension Unicode.Scalar {
    /// Whether XML 1.0 allows the character (production 2, `Char`), escaped or not.
    var isLegalInXML: Bool {
        switch value {
        case 0x9, 0xA, 0xD, 0x20...0xD7FF, 0xE000...0xFFFD, 0x1_0000...0x10_FFFF: true
        default: false
        }
    }
}

extension String {
    /// The first character that XML 1.0 does not allow.
    var firstIllegalInXML: Unicode.Scalar? {
        if utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return nil }
        return unicodeScalars.first { !$0.isLegalInXML }
    }
}

extension [UInt8] {
    /// Appends text of an element or of an attribute in double quotes.
    ///
    /// Line ends and tabs are written as references, which no parser normalises. What XML cannot say becomes U+FFFD, so
    /// that an answer can always be parsed; requests with such characters are refused.
    mutating func append(xmlText text: String) {
        // Nearly all text is printable ASCII without any of the four signs.
        if text.utf8.allSatisfy(Self.isPlainInXML) { return append(contentsOf: text.utf8) }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": append(contentsOf: "&amp;".utf8)
            case "<": append(contentsOf: "&lt;".utf8)
            case ">": append(contentsOf: "&gt;".utf8)
            case "\"": append(contentsOf: "&quot;".utf8)
            case "\t", "\n", "\r": append(contentsOf: "&#\(scalar.value);".utf8)
            case _ where scalar.isLegalInXML:
                append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            default: append(contentsOf: UTF8.encodedReplacementCharacter)
            }
        }
    }

    private static func isPlainInXML(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""): false
        case 0x20...0x7E: true
        default: false
        }
    }

    /// Appends an element with a text in it.
    mutating func append(xmlElement name: String, _ text: String) {
        append(contentsOf: "<\(name)>".utf8)
        append(xmlText: text)
        append(contentsOf: "</\(name)>".utf8)
    }
}
