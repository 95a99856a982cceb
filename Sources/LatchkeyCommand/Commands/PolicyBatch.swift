// PolicyBatch.swift: `latchkey policy decide --batch`, one decision a line, in order, as fast as they come.
internal import Glibc
internal import LatchkeyPolicy

/// Reads cases, one a line, and answers each with a line of JSON.
///
/// Answers are handed on whenever the input has no further whole line, so that a program on the other side may wait for each.
/// Lines that come together are answered on all processors.
struct PolicyBatch {
    let console: Console
    /// A longer line is answered by an error, and is not kept.
    private static let longestLine = 1 << 20
    /// Fewer lines are not worth a task of their own.
    private static let fewestLines = 32

    /// Answers every line of standard input; a line that is no case is answered by its error and stops nothing.
    func run() throws -> ExitCode {
        var input = ByteInput(0, chunk: 1 << 17)
        var cutter = LineCutter(longest: Self.longestLine)
        var lines: [LineCutter.Line] = []
        while let chunk = try next(&input) {
            cutter.cut(chunk) { lines.append($0) }
            try answer(lines)
            lines.removeAll(keepingCapacity: true)
            console.flush()
            if console.isClosed { return .done }
        }
        cutter.end { lines.append($0) }
        try answer(lines)
        return .done
    }

    private func next(_ input: inout ByteInput) throws -> ArraySlice<UInt8>? {
        do throws(FileError) { return try input.next() } catch {
            throw Failure.unusable("cannot read standard input: \(error.reason)")
        }
    }

    /// Writes the answers to some lines, in their order.
    private func answer(_ lines: [LineCutter.Line]) throws {
        let parts = max(1, min(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), lines.count / Self.fewestLines))
        guard parts > 1 else { return console.write(Self.answers(to: lines[...])) }
        let answers = try blocking {
            await withTaskGroup(of: (Int, [UInt8]).self) { group in
                for part in 0..<parts {
                    let range = lines.count * part / parts..<lines.count * (part + 1) / parts
                    group.addTask { (part, Self.answers(to: lines[range])) }
                }
                return await group.reduce(into: [[UInt8]](repeating: [], count: parts)) { $0[$1.0] = $1.1 }
            }
        }
        for part in answers { console.write(part) }
    }

    private static func answers(to lines: ArraySlice<LineCutter.Line>) -> [UInt8] {
        var answers: [UInt8] = []
        for line in lines {
            switch line {
            case .whole(let bytes): PolicyCase.answer(bytes.span, to: &answers)
            case .tooLong: PolicyCase.refuse("the line is longer than \(longestLine) bytes", to: &answers)
            }
            answers.append(UInt8(ascii: "\n"))
        }
        return answers
    }
}

/// Cuts a stream into lines, whatever pieces it comes in.
struct LineCutter {
    /// A line without its end.
    enum Line: Sendable {
        case whole(ArraySlice<UInt8>)
        /// One that is longer than allowed; it was not kept.
        case tooLong
    }

    private let longest: Int
    private var rest: [UInt8] = []
    private var isTooLong = false

    init(longest: Int) { self.longest = longest }

    /// Calls a body with each line that ends in a piece.
    mutating func cut(_ piece: ArraySlice<UInt8>, _ body: (Line) -> Void) {
        var start = piece.startIndex
        while let end = piece[start...].firstIndex(of: UInt8(ascii: "\n")) {
            if isTooLong || rest.count + (end - start) > longest {
                body(.tooLong)
            } else if rest.isEmpty {
                body(.whole(piece[start..<end]))
            } else {
                rest += piece[start..<end]
                body(.whole(rest[...]))
            }
            rest.removeAll(keepingCapacity: true)
            isTooLong = false
            start = end + 1
        }
        isTooLong = isTooLong || rest.count + (piece.endIndex - start) > longest
        if isTooLong { rest.removeAll() } else { rest += piece[start...] }
    }

    /// Calls a body with what stands behind the last line's end, if anything does.
    mutating func end(_ body: (Line) -> Void) {
        if isTooLong { body(.tooLong) } else if !rest.isEmpty { body(.whole(rest[...])) }
        rest.removeAll()
    }
}
