// TrustedPrincipals.swift: where a policy's text names principals of the authority's own, so that the rest stays as it is.
import LatchkeyJSON

/// The principals under `AWS` that a policy's text names, each with its place.
///
/// The text is JSON that was read strictly before; where it is not, nothing more is found.
struct TrustedPrincipals {
    private let bytes: [UInt8]
    private var places: [(range: Range<Int>, name: String)] = []
    private var at = 0

    init(in text: PolicyText) {
        bytes = Array(text.text.utf8)
        members { scanner, name in
            guard name == "Statement" else { return scanner.skipValue() }
            scanner.items { scanner in
                scanner.members { scanner, name in
                    guard name == "Principal" || name == "NotPrincipal", scanner.next == UInt8(ascii: "{") else {
                        return scanner.skipValue()
                    }
                    scanner.members { scanner, name in
                        guard name == "AWS" else { return scanner.skipValue() }
                        scanner.items { $0.principal() }
                    }
                }
            }
        }
    }

    /// The principals as they stand, in order.
    var names: [String] { places.map(\.name) }

    /// The text with other principals in the place of those that `names` has.
    func replacing(_ names: [String: String]) -> PolicyText {
        var changed: [UInt8] = []
        var end = 0
        for (range, name) in places {
            guard let replacement = names[name], replacement != name else { continue }
            changed += bytes[end..<range.lowerBound]
            changed += JSON.string(replacement).bytes()
            end = range.upperBound
        }
        return PolicyText(checked: String(decoding: changed + bytes[end...], as: UTF8.self))
    }

    // MARK: Walking

    /// The byte after blanks, if there is one.
    private var next: UInt8? {
        mutating get {
            while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 || bytes[at] == 0x0A || bytes[at] == 0x0D {
                at += 1
            }
            return at < bytes.count ? bytes[at] : nil
        }
    }

    private mutating func takes(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        at += 1
        return true
    }

    /// Walks the members of an object; `body` takes each value.
    private mutating func members(_ body: (inout TrustedPrincipals, String) -> Void) {
        guard takes(UInt8(ascii: "{")) else { return skipValue() }
        while let (_, name) = string(), takes(UInt8(ascii: ":")) {
            body(&self, name)
            if !takes(UInt8(ascii: ",")) { break }
        }
        _ = takes(UInt8(ascii: "}"))
    }

    /// Walks the items of an array, or the one value that stands for an array of one.
    private mutating func items(_ body: (inout TrustedPrincipals) -> Void) {
        guard takes(UInt8(ascii: "[")) else { return body(&self) }
        while let next, next != UInt8(ascii: "]") {
            body(&self)
            if !takes(UInt8(ascii: ",")) { break }
        }
        _ = takes(UInt8(ascii: "]"))
    }

    private mutating func principal() {
        guard next == UInt8(ascii: "\"") else { return skipValue() }
        if let place = string() { places.append(place) }
    }

    /// Takes a string; escapes are read, for `\u0041WS` is `AWS` too.
    private mutating func string() -> (range: Range<Int>, name: String)? {
        guard next == UInt8(ascii: "\"") else { return nil }
        let start = at
        at += 1
        while at < bytes.count, bytes[at] != UInt8(ascii: "\"") { at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1 }
        guard at < bytes.count else { return nil }
        at += 1
        guard let text = (try? JSON(parsing: Array(bytes[start..<at])))?.string else { return nil }
        return (start..<at, text)
    }

    /// Steps over a value of any depth without recursion.
    private mutating func skipValue() {
        var depth = 0
        repeat {
            guard let byte = next else { return }
            switch byte {
            case UInt8(ascii: "\""): _ = string()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                at += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth >= 0 { at += 1 }
            default: at += 1
            }
        } while depth > 0 || (depth == 0 && isInsideScalar)
    }

    /// Whether a number or literal goes on here.
    private var isInsideScalar: Bool {
        guard at < bytes.count, at > 0 else { return false }
        let byte = bytes[at]
        return bytes[at - 1].isScalarByte && byte.isScalarByte
    }
}

extension UInt8 {
    /// A byte of a JSON number or literal.
    fileprivate var isScalarByte: Bool {
        isASCIIDigit || isASCIILetter || self == UInt8(ascii: "-") || self == UInt8(ascii: "+")
            || self == UInt8(ascii: ".")
    }
}
