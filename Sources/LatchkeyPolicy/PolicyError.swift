// PolicyError.swift: why a text is no policy, what is legal in one and dangerous, and where in the text that stands.
internal import LatchkeyJSON

/// A place in a policy's text.
public struct PolicyPlace: Equatable, Sendable {
    /// The line, from 1.
    public let line: Int
    /// The column in the line, in Unicode scalars, from 1.
    public let column: Int
}

/// Says why a text is not a policy of its kind.
public struct PolicyError: Error, Equatable, Sendable {
    /// The error's code on the wire.
    public let code = "MalformedPolicyDocument"
    /// What is wrong, in AWS's words.
    public let message: String
    /// What is wrong more exactly, in ours, where the message does not say it.
    public let detail: String?
    /// Where it is wrong.
    public let place: PolicyPlace

    /// The line, from 1.
    public var line: Int { place.line }
    /// The column in the line, in Unicode scalars, from 1.
    public var column: Int { place.column }

    init(_ fault: PolicyFault, in bytes: Span<UInt8>) {
        message = fault.message
        detail = fault.detail
        var cursor = PlaceCursor()
        place = cursor.place(of: fault.offset, in: bytes)
    }
}

extension PolicyError: CustomStringConvertible {
    /// One sentence: place, message, detail.
    public var description: String {
        "line \(line), column \(column): \(message)" + (detail.map { " (\($0))" } ?? "")
    }
}

/// Something in a policy that is legal and dangerous.
public struct PolicyWarning: Equatable, Sendable {
    /// What kinds of danger are looked for.
    public enum Kind: String, CaseIterable, Sendable {
        /// `ForAllValues` in an Allow is true of a request without the key, and nothing asks whether the key is there.
        case forAllValuesWithoutNull
        /// `Bool` on `aws:MultiFactorAuthPresent` in a Deny: long-term keys do not have the key and are not denied.
        case multiFactorWithoutIfExists
        /// An Allow of all but some actions on everything, services that do not exist yet included.
        case allowNotAction
        /// A key that has many values under an operator without a set prefix, which never matches.
        case setKeyWithoutPrefix
        /// A value that its operator cannot read, which never matches.
        case unreadableValue
        /// `${…}` in a policy without version 2012-10-17, where it is plain text.
        case variableInOldVersion
        /// Everyone may, without any condition.
        case allowEveryone
        /// Whoever has a certificate below any trust anchor may, without any condition.
        case allowEveryCertificate
    }

    /// What kind of danger it is.
    public let kind: Kind
    /// One sentence that says what happens and what to write instead.
    public let message: String
    /// Where it stands.
    public let place: PolicyPlace
}

extension PolicyWarning: CustomStringConvertible {
    /// One sentence with the place.
    public var description: String { "line \(place.line), column \(place.column): \(message)" }
}

/// A policy error before its place is known in lines.
struct PolicyFault: Error {
    let message: String
    let detail: String?
    let offset: Int

    init(_ message: String, detail: String? = nil, at offset: Int) {
        self.message = message
        self.detail = detail
        self.offset = offset
    }

    init(_ fault: SyntaxFault) { self.init(.syntax, detail: fault.reason.rawValue, at: fault.offset) }

    /// A text that is JSON and has not the shape of a policy.
    static func shape(_ detail: String, at offset: Int) -> PolicyFault {
        PolicyFault(.syntax, detail: detail, at: offset)
    }
}

extension String {
    static let syntax = "Syntax errors in policy."
    static let legacy = "The policy failed legacy parsing"
}

/// Turns offsets into lines and columns, in one walk if they are asked for in order.
struct PlaceCursor {
    private var offset = 0
    private var line = 1
    private var column = 1

    mutating func place(of target: Int, in bytes: Span<UInt8>) -> PolicyPlace {
        if target < offset { self = PlaceCursor() }
        let end = min(target, bytes.count)
        while offset < end {
            let byte = bytes[offset]
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
            offset += 1
        }
        return PolicyPlace(line: line, column: column)
    }
}
