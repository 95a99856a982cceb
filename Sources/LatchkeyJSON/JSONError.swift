// JSONError.swift: why a text is not JSON, or why a value is not what a type expects.

/// Says what is wrong with a JSON text or value, and where.
public struct JSONError: Error, Equatable, Sendable {
    /// The line of the text, from 1; 0 if the value's text is not at hand.
    public let line: Int

    /// The column in the line, in Unicode scalars, from 1; 0 if the value's text is not at hand.
    public let column: Int

    /// What is wrong, in lower case, without the place and without any value of the document.
    public let reason: String

    /// The way from the document's root to the value; empty for an error in the text itself.
    let steps: [PathStep]

    /// The way from the document's root to the value that is wrong, as in `devices[2].digits`; empty for the root and for
    /// an error in the text itself.
    public var path: String { PathStep.text(steps) }

    init(line: Int = 0, column: Int = 0, at steps: [PathStep] = [], reason: String) {
        self.line = line
        self.column = column
        self.steps = steps
        self.reason = reason
    }

    /// The same error, with the place of its value in the text that the value was read from.
    func located(in bytes: Span<UInt8>) -> JSONError {
        if line > 0 { return self }
        let place = TextPlace(of: JSONReader.offset(of: steps, in: bytes), in: bytes)
        return JSONError(line: place.line, column: place.column, at: steps, reason: reason)
    }
}

extension JSONError: CustomStringConvertible {
    /// One sentence: place, path, reason.
    public var description: String {
        let place = line > 0 ? "line \(line), column \(column): " : ""
        return place + (steps.isEmpty ? reason : "\(path): \(reason)")
    }
}

/// One step on the way from a document's root to a value inside it.
enum PathStep: Equatable, Sendable {
    case member(String)
    case element(Int)

    init(_ key: any CodingKey) {
        self = key.intValue.map(PathStep.element) ?? .member(key.stringValue)
    }

    static func text(_ steps: [PathStep]) -> String {
        var text = ""
        for step in steps {
            switch step {
            case .element(let index): text += "[\(index)]"
            case .member(let name) where isPlain(name): text += text.isEmpty ? name : ".\(name)"
            // A name from outside could otherwise move a terminal's cursor.
            case .member(let name): text += "[\(JSON.string(name).text)]"
            }
        }
        return text
    }

    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            }
    }
}

/// The line and column of a byte of a text.
struct TextPlace {
    let line: Int
    let column: Int

    init(of offset: Int, in bytes: Span<UInt8>) {
        var line = 1
        var column = 1
        for index in 0..<min(offset, bytes.count) {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        self.line = line
        self.column = column
    }
}
