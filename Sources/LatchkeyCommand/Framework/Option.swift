// Option.swift: what may follow a command's name, as values that the parser, help, completions and man page share.
internal import LatchkeyStore

/// A `--name` that a command takes.
struct Option: Sendable {
    /// What stands behind the name.
    enum Kind: Sendable, Equatable {
        /// Nothing.
        case flag
        /// Any text.
        case text
        /// A whole number within the range.
        case integer(ClosedRange<Int64>)
        /// A whole number from 0 to 2^64 - 1.
        case counter
        /// A moment: seconds since 1970, or ISO 8601.
        case moment
        /// One of these words.
        case choice([String])
        /// A file's path.
        case file
    }

    let name: String
    /// How help calls the value, `BASE32` for example; empty for a flag.
    let value: String
    let kind: Kind
    let help: String
    /// Whether the value is a secret: it is wiped from the process list once read, and never repeated in messages.
    var isSecret = false
    /// Whether the secret is a one-time code, which is worth nothing in the shell's history.
    var isBrief = false
    /// Whether the option may be given more than once.
    var repeats = false
    /// Whether help, completions and the man page leave it out.
    var isHidden = false

    static func flag(_ name: String, _ help: String) -> Option {
        Option(name: name, value: "", kind: .flag, help: help)
    }

    static func text(_ name: String, _ value: String, _ help: String) -> Option {
        Option(name: name, value: value, kind: .text, help: help)
    }

    static func secret(_ name: String, _ value: String, _ help: String) -> Option {
        Option(name: name, value: value, kind: .text, help: help, isSecret: true)
    }

    static func code(_ name: String, _ help: String) -> Option {
        Option(name: name, value: "CODE", kind: .text, help: help, isSecret: true, isBrief: true)
    }

    static func integer(_ name: String, _ value: String, _ range: ClosedRange<Int64>, _ help: String) -> Option {
        Option(name: name, value: value, kind: .integer(range), help: help)
    }

    static func counter(_ name: String, _ value: String, _ help: String) -> Option {
        Option(name: name, value: value, kind: .counter, help: help)
    }

    static func moment(_ name: String, _ help: String) -> Option {
        Option(name: name, value: "TIME", kind: .moment, help: help)
    }

    static func choice(_ name: String, _ words: [String], _ help: String) -> Option {
        Option(name: name, value: words.joined(separator: "|"), kind: .choice(words), help: help)
    }

    static func file(_ name: String, _ value: String, _ help: String) -> Option {
        Option(name: name, value: value, kind: .file, help: help)
    }

    /// The same option, allowed more than once.
    var repeating: Option {
        var copy = self
        copy.repeats = true
        return copy
    }

    /// The same option, left out of help and completions.
    var hidden: Option {
        var copy = self
        copy.isHidden = true
        return copy
    }

    /// Whether `value` is a secret or holds one, as a store's address may.
    func hides(_ value: String) -> Bool {
        if name == Setting.store.name { return Argument.Secrecy.holdsPassword(value) }
        return isSecret && value != "-"
    }

    /// A value as the table spells it: a choice may be typed in capitals.
    func canonical(_ value: String) -> String {
        guard case .choice(let words) = kind, !words.contains(value) else { return value }
        let small = String(decoding: value.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
        return words.contains(small) ? small : value
    }

    /// `--name`, with the value's name where there is one.
    var spelling: String { kind == .flag ? "--\(name)" : "--\(name) \(value)" }
}

extension Option {
    /// Every command knows it.
    static let help = Option.flag("help", "shows this help")
    /// Every command that has something to say to a program knows it.
    static let json = Option.flag("json", "prints one JSON value on standard output and nothing else")
}

/// A word that a command takes by its place.
struct Argument: Sendable {
    /// How many words may stand there.
    enum Count: Sendable {
        case one, optional, any
    }

    let name: String
    let help: String
    var count = Count.one
    var kind = Option.Kind.text
    var secrecy = Secrecy.never

    /// When the word is a secret or holds one.
    enum Secrecy: Sendable, Equatable {
        case never, always
        /// When it is a one-time code: hidden from the process list, but not worth a warning about the shell's history.
        case brief
        /// When it is an `otpauth:` URI.
        case uri
        /// When it is the address of a store with a password in it.
        case address

        static func holdsPassword(_ address: String) -> Bool {
            do throws(StoreError) { return try StoreLocation(address).holdsPassword } catch {
                // What cannot be read may hold one.
                return address.utf8.starts(with: "postgres".utf8) && address.utf8.contains(UInt8(ascii: "@"))
            }
        }
    }

    /// Whether `word` in this place is a secret.
    func hides(_ word: String) -> Bool {
        switch secrecy {
        case .never: false
        case .always, .brief: word != "-"
        case .address: Self.Secrecy.holdsPassword(word)
        case .uri: word.lowercased().utf8.starts(with: "otpauth".utf8)
        }
    }

    /// `NAME`, `[NAME]` or `[NAME…]`.
    var spelling: String {
        switch count {
        case .one: name
        case .optional: "[\(name)]"
        case .any: "[\(name)…]"
        }
    }
}
