// OCRACommand.swift: `latchkey ocra`, which answers a challenge.
internal import LatchkeyCrypto
internal import LatchkeyJSON
internal import LatchkeyOTP

extension Option {
    fileprivate static let suite = Option.text(
        "suite",
        "SUITE",
        "what goes into the response, as in RFC 6287 section 6"
    )
    fileprivate static let hexSecret = Option.secret(
        "secret",
        "HEX",
        "the shared secret; `-` reads a line of standard input"
    )
    fileprivate static let hexEncoding = Option.choice(
        "encoding",
        ["hex", "base32", "base64"],
        "how the secret is written; hex if not said"
    )
    fileprivate static let question = Option.text("question", "TEXT", "the challenge, in the suite's format")
    fileprivate static let ocraCounter = Option.counter("counter", "C", "the counter, for suites with C")
    fileprivate static let pin = Option.secret("pin", "PIN", "the PIN as it is typed, for suites with P")
    fileprivate static let session = Option.text("session", "HEX", "the session's data, for suites with S")
    fileprivate static let time = Option.moment("time", "the moment, for suites with T; now if not said")
}

let ocraCommand = Command(
    path: ["ocra"],
    group: .stateless,
    summary: "answers a challenge as RFC 6287 says",
    usage: ["--suite SUITE --secret HEX --question TEXT [OPTIONS]"],
    options: [.suite, .hexSecret, .secretStdin, .hexEncoding, .question, .ocraCounter, .pin, .session, .time, .json],
    examples: [
        Command.Example(
            "latchkey ocra --suite OCRA-1:HOTP-SHA1-6:QN08 --question 00000000 "
                + "--secret 3132333435363738393031323334353637383930",
            "237653",
            proved: true
        )
    ],
    exits: [.done, .misused].map { ($0, $0.meaning) },
    run: { call in
        guard let text = call.text(.suite) else { throw Failure.misused("a suite is missing; give --suite") }
        guard let question = call.text(.question) else {
            throw Failure.misused("a question is missing; give --question")
        }
        let suite = try OCRA.Suite(text)
        var session: [UInt8]?
        if let hex = call.text(.session) {
            do throws(TextEncodingError) { session = try Hex.decode(hex, .forgiving) } catch {
                throw Failure.misused("the session's data cannot be read: \(error)")
            }
        }
        let moment = call.moment(.time) ?? (suite.timeStep == nil ? nil : .now)
        let ocra = try OCRA(suite: suite, secret: try call.secret(.hex))
        let pin = call.text(.pin).map { Secret(utf8: $0) }
        let response = try ocra.response(
            to: question,
            counter: call.counter(.ocraCounter),
            pin: pin,
            session: session,
            time: moment
        )
        if call.wantsJSON {
            call.console.print(["response": .string(response)])
        } else {
            call.console.print(response)
        }
        return .done
    }
)
