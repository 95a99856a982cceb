// RequestReader.swift: bytes to requests, strictly by RFC 9112: whatever two readers could read in two ways is refused.

/// Reads the requests of one connection from bytes as they come.
///
/// Every decision depends on the bytes up to one place only, so it is the same however the network has cut them. Nothing is
/// decoded and nothing mended. After a refusal there is nothing more to read.
struct RequestReader {
    /// How large a request may be.
    struct Limits: Sendable {
        /// Bytes of the request line.
        var requestLine = 8_192
        /// Bytes of all header and trailer fields, with their line ends.
        var fields = 32_768
        /// The number of header and trailer fields.
        var fieldCount = 100
        /// Bytes of the body.
        var body = 1_048_576
    }

    /// What has been read.
    enum Event {
        /// A whole request, and whether the client wants the connection to end after the answer.
        case request(HTTPRequest, closes: Bool)
        /// A head whose client sends the body once it has been told to.
        case awaitsContinue
        /// Something that is not a request.
        case refused(Refusal)
    }

    /// How far the request at hand has come.
    enum Progress {
        case none, head, body
    }

    private enum State {
        case requestLine
        case fields
        case body(left: Int)
        case chunkSize
        case chunk(left: Int)
        case chunkEnd
        case trailers
        case refused(Refusal)
    }

    private let limits: Limits
    private var bytes: [UInt8] = []
    /// Where the line at hand begins, and how far it has been looked at.
    private var start = 0
    private var scanned = 0
    private var state = State.requestLine
    private var hasSkippedLine = false
    private var head: RequestHead?
    private var framing = RequestHead.Framing()
    private var body: [UInt8] = []
    private var fieldBytes = 0
    private var fieldCount = 0
    private var extensionBytes = 0

    init(limits: Limits = Limits()) { self.limits = limits }

    /// How many bytes are kept for the request at hand and those behind it.
    var heldBytes: Int { bytes.count - start + body.count }

    var progress: Progress {
        switch state {
        case .requestLine: bytes.count == start ? .none : .head
        case .fields: .head
        case .body, .chunkSize, .chunk, .chunkEnd, .trailers: .body
        case .refused: .none
        }
    }

    /// Takes what came next.
    mutating func feed(_ more: some Collection<UInt8>) {
        if case .refused = state { return }
        bytes.append(contentsOf: more)
    }

    /// The next event; nil when more bytes are needed.
    mutating func next() -> Event? {
        do throws(Refusal) {
            while true {
                switch state {
                case .requestLine:
                    guard let line = try takeLine(atMost: limits.requestLine, orElse: .lineTooLong) else {
                        return wait()
                    }
                    // RFC 9112 section 2.2 asks for patience with one empty line in front.
                    if line.isEmpty && !hasSkippedLine {
                        hasSkippedLine = true
                        continue
                    }
                    head = try RequestHead(line: line)
                    state = .fields
                case .fields:
                    guard let line = try takeFieldLine() else { return wait() }
                    guard line.isEmpty else {
                        try head?.add(line: line)
                        continue
                    }
                    if let event = try endHead() { return event }
                case .body(let left):
                    let left = takeBody(left)
                    guard left == 0 else {
                        state = .body(left: left)
                        return wait()
                    }
                    return finish()
                case .chunkSize:
                    let tooLong = Refusal.malformed("a chunk's first line is too long")
                    guard let line = try takeLine(atMost: Self.chunkLine, orElse: tooLong) else { return wait() }
                    state = try chunk(line)
                case .chunk(let left):
                    let left = takeBody(left)
                    guard left == 0 else {
                        state = .chunk(left: left)
                        return wait()
                    }
                    state = .chunkEnd
                case .chunkEnd:
                    let notEnded = Refusal.malformed("a chunk is longer than it says")
                    guard let line = try takeLine(atMost: 0, orElse: notEnded) else { return wait() }
                    guard line.isEmpty else { throw notEnded }
                    state = .chunkSize
                case .trailers:
                    guard let line = try takeFieldLine() else { return wait() }
                    // Read and dropped: nothing that was not signed and sent in front counts.
                    guard line.isEmpty else {
                        _ = try RequestHead.field(of: line)
                        continue
                    }
                    return finish()
                case .refused(let refusal):
                    return .refused(refusal)
                }
            }
        } catch {
            bytes = []
            body = []
            head = nil
            (start, scanned) = (0, 0)
            state = .refused(error)
            return .refused(error)
        }
    }

    // MARK: Lines

    /// The longest first line of a chunk, and the bytes that all chunk extensions of a request may have.
    private static let (chunkLine, chunkExtensions) = (256, 4_096)

    /// The line that begins at `start`, without its end; nil when it has not come whole.
    private mutating func takeLine(atMost limit: Int, orElse tooLong: Refusal) throws(Refusal) -> ArraySlice<UInt8>? {
        while scanned < bytes.count {
            let byte = bytes[scanned]
            let followsReturn = scanned > start && bytes[scanned - 1] == ASCII.carriageReturn
            if byte == ASCII.lineFeed {
                guard followsReturn else { throw .malformed("a line ends without a carriage return") }
                let line = bytes[start..<scanned - 1]
                scanned += 1
                start = scanned
                return line
            }
            if followsReturn { throw .malformed("a carriage return stands within a line") }
            if byte != ASCII.carriageReturn {
                if ASCII.isControl(byte) { throw .malformed("a control character stands within a line") }
                if scanned - start >= limit { throw tooLong }
            }
            scanned += 1
        }
        return nil
    }

    private mutating func takeFieldLine() throws(Refusal) -> ArraySlice<UInt8>? {
        let left = limits.fields - fieldBytes - 2
        guard let line = try takeLine(atMost: left, orElse: .fieldsTooLarge) else { return nil }
        if line.isEmpty { return line }
        fieldBytes += line.count + 2
        fieldCount += 1
        guard fieldCount <= limits.fieldCount else { throw .fieldsTooLarge }
        return line
    }

    // MARK: Bodies

    private mutating func endHead() throws(Refusal) -> Event? {
        guard let head else { return nil }
        framing = try head.framing(bodyLimit: limits.body)
        switch framing.body {
        case .none: return finish()
        case .bytes(let count): state = .body(left: count)
        case .chunked: state = .chunkSize
        }
        return framing.awaitsContinue ? .awaitsContinue : nil
    }

    /// Moves up to `left` bytes into the body; how many are still missing.
    private mutating func takeBody(_ left: Int) -> Int {
        let count = min(left, bytes.count - start)
        body.append(contentsOf: bytes[start..<start + count])
        start += count
        scanned = start
        return left - count
    }

    /// Reads `SIZE` or `SIZE;EXTENSION`, in hexadecimal.
    private mutating func chunk(_ line: ArraySlice<UInt8>) throws(Refusal) -> State {
        let semicolon = line.firstIndex(of: UInt8(ascii: ";")) ?? line.endIndex
        let digits = line[..<semicolon]
        guard (1...16).contains(digits.count) else { throw .malformed("a chunk's size is not a hexadecimal number") }
        var size = 0
        for byte in digits {
            guard let digit = Self.hexadecimalDigit(byte) else {
                throw .malformed("a chunk's size is not a hexadecimal number")
            }
            // Stays within the limit times sixteen.
            if size <= limits.body { size = size << 4 | digit }
        }
        extensionBytes += line.endIndex - semicolon
        guard extensionBytes <= Self.chunkExtensions else { throw .malformed("the chunk extensions are too long") }
        if size == 0 { return .trailers }
        guard size <= limits.body - body.count else { throw .bodyTooLarge }
        return .chunk(left: size)
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    // MARK: Between requests

    private mutating func finish() -> Event? {
        guard let head else { return nil }
        let request = HTTPRequest(method: head.method, target: head.target, fields: head.fields, body: body)
        let closes = framing.closes
        state = .requestLine
        hasSkippedLine = false
        self.head = nil
        framing = RequestHead.Framing()
        body = []
        (fieldBytes, fieldCount, extensionBytes) = (0, 0, 0)
        dropRead()
        return .request(request, closes: closes)
    }

    private mutating func wait() -> Event? {
        dropRead()
        return nil
    }

    /// Forgets what has been read; an idle connection keeps nothing.
    private mutating func dropRead() {
        if start == bytes.count {
            bytes = []
        } else if start >= 16_384 {
            bytes.removeSubrange(..<start)
        } else {
            return
        }
        scanned -= start
        start = 0
    }
}
