// CodeBatch.swift: `latchkey code --batch`, one code a line, in order, as fast as they come.
internal import LatchkeyCrypto
internal import LatchkeyJSON
internal import LatchkeyOTP

/// A line of a batch.
private struct CodeRequest: ~Copyable {
    let settings: CodeSettings
    let secret: Secret
}

/// Reads JSON objects, one a line, and answers each with a line of JSON.
///
/// Answers are handed on whenever the input has no further whole line, so that a program on the other side may wait for each.
struct CodeBatch {
    let console: Console
    /// A longer line is answered by an error, and is not kept.
    private static let longestLine = 1 << 16

    /// Answers every line of standard input; a line that is wrong is answered by its error and stops nothing.
    func run() throws -> ExitCode {
        var input = ByteInput(0, chunk: 1 << 17)
        var rest: [UInt8] = []
        var isTooLong = false
        var answers: [UInt8] = []
        // One clock reading for each chunk: lines that ask for "now" are answered while it is now.
        do throws(FileError) {
            while let chunk = try input.next() {
                let now = UnixTime.now
                var start = chunk.startIndex
                while let end = chunk[start...].firstIndex(of: UInt8(ascii: "\n")) {
                    if isTooLong || rest.count + (end - start) > CodeBatch.longestLine {
                        Self.refuse("the line is longer than \(CodeBatch.longestLine) bytes", &answers)
                    } else if rest.isEmpty {
                        Self.answer(
                            chunk.span.extracting(start - chunk.startIndex..<end - chunk.startIndex),
                            now,
                            &answers
                        )
                    } else {
                        rest += chunk[start..<end]
                        Self.answer(rest.span, now, &answers)
                    }
                    rest.removeAll(keepingCapacity: true)
                    isTooLong = false
                    start = end + 1
                }
                if rest.count + (chunk.endIndex - start) > CodeBatch.longestLine {
                    isTooLong = true
                    rest.removeAll()
                } else {
                    rest += chunk[start...]
                }
                console.write(answers)
                console.flush()
                answers.removeAll(keepingCapacity: true)
                if console.isClosed { return .done }
            }
        } catch {
            throw Failure.unusable("cannot read standard input: \(error.reason)")
        }
        if isTooLong {
            Self.refuse("the line is longer than \(CodeBatch.longestLine) bytes", &answers)
        } else if !rest.isEmpty {
            Self.answer(rest.span, .now, &answers)
        }
        console.write(answers)
        return .done
    }

    private static func answer(_ line: Span<UInt8>, _ now: UnixTime, _ answers: inout [UInt8]) {
        do {
            let request = try request(line, now)
            let shown = try request.settings.code(of: request.secret)
            answers += Array("{\"code\":\"".utf8)
            answers += Array(shown.code.text.utf8)
            answers += Array("\"}\n".utf8)
        } catch let failure as Failure {
            refuse(failure.sentence, &answers)
        } catch {
            refuse("\(error)", &answers)
        }
    }

    /// Reads a line's members; null is as good as absent.
    private static func request(_ line: Span<UInt8>, _ now: UnixTime) throws -> CodeRequest {
        guard case .object(let object) = try JSON(parsing: line) else {
            throw Failure.refused("a line holds one JSON object with the member secret")
        }
        var settings = CodeSettings(moment: now)
        var secret: String?
        var hasKind = false
        for (name, value) in object.members {
            switch name {
            case "secret": secret = try text(value, name)
            case "type":
                guard let word = try text(value, name) else { continue }
                guard let kind = KeyURI.Kind(rawValue: word) else { throw wrong(name, "totp, hotp or steam") }
                settings.kind = kind
                hasKind = true
            case "algorithm":
                guard let word = try text(value, name) else { continue }
                guard let algorithm = HashAlgorithm(word: small(word)) else {
                    throw wrong(name, "sha1, sha256 or sha512")
                }
                settings.algorithm = algorithm
            case "digits":
                if let number = try number(value, name), let int = Int(exactly: number) { settings.digits = int }
            case "period": settings.period = try number(value, name) ?? 30
            case "t0": settings.epoch = try number(value, name) ?? 0
            case "at": if let seconds = try number(value, name) { settings.moment = UnixTime(seconds) }
            case "counter":
                if value.isNull { continue }
                guard let counter = value.uint64 else { throw wrong(name, "a whole number, 0 to \(UInt64.max)") }
                settings.counter = counter
            default: throw Failure.refused("`\(name)` is no member of a line; leave it out")
            }
        }
        if !hasKind, settings.counter != nil { settings.kind = .hotp }
        if settings.kind == .hotp, settings.counter == nil {
            throw Failure.refused("a counter-based code needs a counter")
        }
        guard let secret else { throw Failure.refused("the member secret is missing") }
        return CodeRequest(settings: settings, secret: try Base32.decodeSecret(secret))
    }

    private static func text(_ value: JSON, _ name: String) throws(Failure) -> String? {
        if value.isNull { return nil }
        guard let text = value.string else { throw wrong(name, "a string") }
        return text
    }

    private static func number(_ value: JSON, _ name: String) throws(Failure) -> Int64? {
        if value.isNull { return nil }
        guard let number = value.int64 else { throw wrong(name, "a whole number") }
        return number
    }

    private static func wrong(_ name: String, _ form: String) -> Failure { .refused("`\(name)` is \(form)") }

    private static func small(_ word: String) -> String {
        String(decoding: word.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    private static func refuse(_ reason: String, _ answers: inout [UInt8]) {
        JSON.object(["error": .string(reason)]).write(to: &answers)
        answers.append(UInt8(ascii: "\n"))
    }
}
