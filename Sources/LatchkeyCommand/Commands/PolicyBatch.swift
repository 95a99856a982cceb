// PolicyBatch.swift: `latchkey policy decide --batch`, one decision a line, in order, as fast as they come.
internal import LatchkeyPolicy

/// Reads cases, one a line, and answers each with a line of JSON.
///
/// Answers are handed on whenever the input has no further whole line, so that a program on the other side may wait for each.
struct PolicyBatch {
    let console: Console
    /// A longer line is answered by an error, and is not kept.
    private static let longestLine = 1 << 20

    /// Answers every line of standard input; a line that is no case is answered by its error and stops nothing.
    func run() throws -> ExitCode {
        var input = ByteInput(0, chunk: 1 << 17)
        var lines = LineCutter(longest: Self.longestLine)
        var answers: [UInt8] = []
        do throws(FileError) {
            while let chunk = try input.next() {
                lines.cut(chunk) { line in Self.answer(line, &answers) }
                console.write(answers)
                console.flush()
                answers.removeAll(keepingCapacity: true)
                if console.isClosed { return .done }
            }
        } catch {
            throw Failure.unusable("cannot read standard input: \(error.reason)")
        }
        lines.end { line in Self.answer(line, &answers) }
        console.write(answers)
        return .done
    }

    private static func answer(_ line: LineCutter.Line, _ answers: inout [UInt8]) {
        switch line {
        case .whole(let bytes): PolicyCase.answer(bytes.span, to: &answers)
        case .tooLong: PolicyCase.refuse("the line is longer than \(longestLine) bytes", to: &answers)
        }
        answers.append(UInt8(ascii: "\n"))
    }
}

/// Cuts a stream into lines, whatever pieces it comes in.
struct LineCutter {
    /// A line without its end.
    enum Line {
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
