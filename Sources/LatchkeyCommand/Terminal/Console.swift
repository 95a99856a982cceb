// Console.swift: what the command says, on standard output and standard error.
internal import Glibc
internal import LatchkeyJSON
internal import Synchronization

/// Standard output and standard error, and what they lead to.
///
/// Output is kept until `flush()`, a terminal's line or 64 KiB. Writing never throws, so that a closed pipe cannot stop a
/// change half-way: the rest is dropped, and `end()` says afterwards what became of it.
final class Console: Sendable {
    let environment: Environment
    let input: Terminal
    let output: Terminal
    let errors: Terminal
    private let state = Mutex(OutputState())

    init(environment: Environment) {
        self.environment = environment
        input = Terminal(0, environment)
        output = Terminal(1, environment)
        errors = Terminal(2, environment)
    }

    /// Whether a person can be asked: standard input and the place of the questions are terminals.
    var isInteractive: Bool { input.isTerminal && (output.isTerminal || errors.isTerminal) }

    // MARK: Standard output

    /// Prints a line of our own words; stored or typed text in it goes through `Shown.text` first.
    func print(_ line: String = "") {
        var line = line
        line += "\n"
        write(line.utf8)
        if output.isTerminal { flush() }
    }

    /// Prints a line that tells of a step done: with a tick on a terminal, plainly in a pipe.
    func tick(_ line: String) {
        guard output.isTerminal else { return print(line) }
        let mark = output.isUTF8 ? "✓" : "*"
        print("\(paint(mark, .green)) \(line)")
    }

    /// Prints one JSON value: on several lines at a terminal, on one in a pipe.
    func print(_ json: JSON) {
        print(Shown.json(output.isTerminal ? json.prettyText : json.text))
    }

    /// Adds bytes to the output.
    func write(_ bytes: some Sequence<UInt8>) {
        state.withLock { state in
            state.bytes.append(contentsOf: bytes)
            if state.bytes.count >= 1 << 16 { state.flush() }
        }
    }

    /// Hands all bytes to the system.
    func flush() { state.withLock { $0.flush() } }

    /// Whether nobody reads any more; a command that streams stops then.
    var isClosed: Bool { state.withLock { $0.failure != 0 } }

    /// Hands all bytes to the system and says whether they were taken; a reader who left is no error.
    func end() throws(Failure) {
        let number = state.withLock { state in
            state.flush()
            return state.failure
        }
        if number != 0, number != EPIPE {
            throw .unusable("cannot write to standard output: \(FileError.reason(number))")
        }
    }

    // MARK: Standard error

    /// Says a failure's sentence on standard error.
    func complain(_ failure: Failure) { say(failure.sentence) }

    /// Says something that the person should know, on standard error.
    func warn(_ sentence: String) { say("warning: \(sentence)") }

    /// Says what was done, on standard error: for commands that run on and on.
    func note(_ sentence: String) { say(sentence) }

    /// Says something that only a person at a terminal needs, on standard error.
    func hint(_ sentence: String) {
        if errors.isTerminal { say(sentence) }
    }

    private func say(_ sentence: String) {
        flush()
        Console.write(Array("latchkey: \(Shown.text(sentence))\n".utf8), to: 2)
    }

    // MARK: Colours

    /// A colour of the terminal's own palette.
    enum Colour: Int {
        case bold = 1, dim = 2, red = 31, green = 32, yellow = 33
    }

    /// `text` in a colour, if standard output shows colours.
    func paint(_ text: String, _ colour: Colour) -> String {
        output.hasColour ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// Writes everything, or answers the error's number.
    @discardableResult
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var one = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&one, 1, -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }
}

/// Bytes that the system has not seen yet, and what became of the earlier ones.
private struct OutputState {
    var bytes: [UInt8] = []
    /// The first error's number, or 0.
    var failure: Int32 = 0

    mutating func flush() {
        if failure == 0, !bytes.isEmpty { failure = Console.write(bytes, to: 1) }
        bytes.removeAll(keepingCapacity: true)
    }
}
