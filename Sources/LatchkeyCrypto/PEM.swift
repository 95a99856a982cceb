// PEM.swift: keys and certificates as text between BEGIN and END lines (RFC 7468).

/// A text in which every line that is not blank belongs to a block; anything else is not PEM.
enum PEM {
    /// What stands between a BEGIN and its END.
    struct Block {
        let label: String
        /// The Base64 text without line breaks.
        let body: String
    }

    /// The blocks of `text`, in order; `nil` if it is no PEM text, or has none.
    static func blocks(_ text: String) -> [Block]? {
        var blocks: [Block] = []
        var label: String?
        var body = ""
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmed
            if line.isEmpty { continue }
            if let open = label {
                if line == "-----END \(open)-----" {
                    blocks.append(Block(label: open, body: body))
                    label = nil
                } else {
                    // A header such as `Proc-Type: 4,ENCRYPTED` is no Base64, and is refused with the body.
                    body += line
                }
            } else {
                guard line.hasPrefix(begin), line.hasSuffix(dashes), line.utf8.count > begin.utf8.count + 5 else {
                    return nil
                }
                label = String(line.dropFirst(begin.utf8.count).dropLast(5))
                body = ""
            }
        }
        return label == nil && !blocks.isEmpty ? blocks : nil
    }

    /// The one unencrypted private key that `text` must hold, in DER of PKCS #8, PKCS #1 or SEC 1.
    static func privateKey(_ text: String) throws(CertificateError) -> Secret {
        // `openssl ecparam -genkey` puts the curve before the key.
        guard let blocks = blocks(text)?.filter({ $0.label != "EC PARAMETERS" }) else { throw .notPEM }
        guard let block = blocks.first, blocks.count == 1,
            ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"].contains(block.label),
            let secret = try? Base64.decodeSecret(block.body)
        else { throw .malformedKey }
        return secret
    }

    /// The PEM text of `bytes`, in lines of 64 characters.
    static func text(_ label: String, _ bytes: [UInt8]) -> String {
        var lines = ["\(begin)\(label)\(dashes)"]
        var rest = Base64.encode(bytes)[...]
        while !rest.isEmpty {
            lines.append(String(rest.prefix(64)))
            rest = rest.dropFirst(64)
        }
        lines.append("-----END \(label)\(dashes)")
        return lines.joined(separator: "\n") + "\n"
    }

    private static let begin = "-----BEGIN "
    private static let dashes = "-----"
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
