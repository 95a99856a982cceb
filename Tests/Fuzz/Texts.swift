// Texts.swift: what people and programs type: `Fuzz texts`; the first byte says which reader gets the rest.
import LatchkeyCrypto
import LatchkeyJSON
import LatchkeyOTP

/// Gives a text to a reader; what comes out must go in again.
func readText(_ bytes: [UInt8]) {
    guard let kind = bytes.first else { return }
    let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
    switch kind {
    case UInt8(ascii: "2"):
        guard let read = try? Base32.decode(text, .forgiving) else { return }
        precondition((try? Base32.decode(Base32.encode(read), .strict)) == read)
    case UInt8(ascii: "6"):
        guard let read = try? Base64.decode(text, .strict) else { return }
        precondition(Base64.encode(read) == text)
    case UInt8(ascii: "u"):
        guard let uri = try? KeyURI(parsing: text) else { return }
        precondition((try? KeyURI(parsing: uri.text())) != nil)
    case UInt8(ascii: "o"): _ = try? OCRA.Suite(text)
    case UInt8(ascii: "r"): _ = try? RecoveryCode(typed: text)
    case UInt8(ascii: "t"): _ = try? UnixTime(iso8601: text)
    case UInt8(ascii: "j"):
        guard let value = try? JSON(parsing: text) else { return }
        precondition((try? JSON(parsing: value.text)) == value)
    case UInt8(ascii: "c"):
        let certificates = (try? Certificate.list(pem: text)) ?? []
        for certificate in certificates {
            _ = "\(certificate)"
            _ = CertificateNames(certificate)
            _ = (certificate.keyKind, certificate.faultAsAnchor, certificate.isSignature([0], of: bytes))
        }
        guard let first = certificates.first, let last = certificates.last else { return }
        _ = try? CertificatePath(
            from: first,
            through: Array(certificates.dropFirst().dropLast()),
            to: last,
            at: first.notBefore
        )
    case UInt8(ascii: "l"):
        guard let list = try? RevocationList(pem: text) else { return }
        precondition((try? RevocationList(der: list.der)) == list)
    default: _ = try? OneTimeCode(text, digits: Int(kind & 15))
    }
}
