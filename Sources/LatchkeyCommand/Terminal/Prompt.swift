// Prompt.swift: questions to a person at a terminal, with and without showing the answer.
internal import CLatchkeySystem
internal import Glibc
internal import LatchkeyCrypto

extension Console {
    /// The longest line that is read as one answer, in bytes.
    static let longestLine = 4096

    /// Asks a question and returns the line that is typed, as it is.
    func ask(_ question: String) throws -> String {
        guard let text = try askLine(question, .lines).text() else {
            throw Failure.misused("what was typed is not UTF-8; set the terminal to UTF-8")
        }
        return text
    }

    /// Asks a question and returns what is typed without showing it.
    func askSecret(_ question: String) throws -> Secret { try askLine(question, .hidden).secret() }

    /// Asks for a new secret twice and returns it once both are the same.
    func askNewSecret(_ question: String, again: String) throws -> Secret {
        let first = try askSecret(question)
        let second = try askSecret(again)
        let isSame = first.withBytes { a in second.withBytes { b in constantTimeEqual(a, b) } }
        guard isSame else { throw Failure.refused("the two are not the same; try again") }
        return first
    }

    /// Asks a question that is answered by y or n; Enter alone means `usually`.
    func confirm(_ question: String, usually: Bool) throws -> Bool {
        while true {
            let answer = try ask("\(question) \(usually ? "[Y/n]" : "[y/N]") ").lowercased()
            switch answer {
            case "": return usually
            case "y", "yes": return true
            case "n", "no": return false
            default: continue
            }
        }
    }

    private func askLine(_ question: String, _ mode: HeldTerminal.Mode) throws -> LineBuffer {
        guard isInteractive else {
            throw Failure.misused("there is no terminal to ask at; give the value as an option")
        }
        flush()
        let place: Int32 = output.isTerminal ? 1 : 2
        let held = try HeldTerminal(0, mode)
        Console.write(Array(question.utf8), to: place)
        let line = LineBuffer()
        while true {
            let byte: UInt8?
            do {
                byte = try held.byte()
            } catch {
                Console.write([UInt8(ascii: "\n")], to: place)
                throw error
            }
            guard let byte else { continue }
            if byte == UInt8(ascii: "\n") { break }
            guard line.append(byte) else {
                throw Failure.misused("the line is longer than \(Console.longestLine) bytes; give a shorter one")
            }
        }
        if mode == .hidden { Console.write([UInt8(ascii: "\n")], to: place) }
        return line
    }

    /// Reads one line of standard input, byte by byte so that what follows stays for the next reader.
    func readSecretLine(_ what: String) throws -> Secret {
        if input.isTerminal, isInteractive { return try askSecret("\(what): ") }
        let line = LineBuffer()
        while true {
            var byte: UInt8 = 0
            let count = Glibc.read(0, &byte, 1)
            if count == 1 {
                if byte == UInt8(ascii: "\n") { break }
                guard line.append(byte) else {
                    throw Failure.misused("the \(what) on standard input is longer than \(Console.longestLine) bytes")
                }
            } else if count == 0 {
                break
            } else if errno != EINTR {
                throw Failure.unusable("cannot read the \(what) from standard input: \(FileError.reason(errno))")
            }
        }
        return line.secret()
    }
}

/// A line as it is typed; wiped when it is let go.
private final class LineBuffer {
    private let storage = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: Console.longestLine)
    private var count = 0

    init() { storage.initialize(repeating: 0) }

    deinit {
        latchkey_wipe(storage.baseAddress, storage.count)
        storage.deallocate()
    }

    /// Adds a byte; false when there is no room.
    func append(_ byte: UInt8) -> Bool {
        guard count < storage.count else { return false }
        storage[count] = byte
        count += 1
        return true
    }

    /// The line as text; nil when it is not UTF-8.
    func text() -> String? { String(validating: storage[..<count], as: UTF8.self) }

    /// The line as a secret.
    func secret() -> Secret { Secret(Span(_unsafeElements: UnsafeBufferPointer(rebasing: storage[..<count]))) }
}
