// Failure.swift: why a command ended without being done, as an exit code and one sentence.
internal import Latchkey
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyOTP
internal import LatchkeyStore

/// How a command ended; the number is the process's exit status.
enum ExitCode: Int32, Sendable, CaseIterable {
    /// What was asked for is done.
    case done = 0
    /// The answer is no: a wrong code, a denied action, something that does not exist.
    case refused = 1
    /// The command line cannot be understood.
    case misused = 2
    /// The store, the master key, the configuration or a file cannot be used.
    case unusable = 3
    /// The server cannot be reached.
    case unreachable = 4

    /// What the number means, for help and the man page.
    var meaning: String {
        switch self {
        case .done: "done"
        case .refused: "refused: a wrong code, a denial, something that is not there"
        case .misused: "the command line is wrong"
        case .unusable: "the store, the key, the configuration or a file cannot be used"
        case .unreachable: "the server cannot be reached"
        }
    }
}

/// Ends a command with an exit code and one sentence on standard error.
///
/// The sentence is lower case without a full stop, says what to do next, puts what the user wrote into backticks,
/// and never holds a secret.
struct Failure: Error, Sendable, Equatable {
    let code: ExitCode
    let sentence: String

    static func refused(_ sentence: String) -> Failure { Failure(code: .refused, sentence: sentence) }
    static func misused(_ sentence: String) -> Failure { Failure(code: .misused, sentence: sentence) }
    static func unusable(_ sentence: String) -> Failure { Failure(code: .unusable, sentence: sentence) }
    static func unreachable(_ sentence: String) -> Failure { Failure(code: .unreachable, sentence: sentence) }
}

extension Failure {
    /// The one place where errors of the rooms below become exit codes.
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let fault as Fault: self.init(fault)
        case let error as OTPError: self = Failure(code: error.isOfTheLine ? .misused : .refused, sentence: "\(error)")
        case let error as TextEncodingError: self = .misused("\(error)")
        case let error as StoreError: self = .unusable("\(error)")
        case let error as HTTPServer.Failure: self = .unusable("\(error)")
        default: self = .refused("\(error)")
        }
    }
}

extension OTPError {
    /// Whether the error is in how something was written, rather than in what it means.
    fileprivate var isOfTheLine: Bool {
        switch self {
        case .emptySecret, .badSecret, .digits, .period, .malformedTime, .malformedSuite, .challenge: true
        default: false
        }
    }
}

/// A signal arrived while the terminal was held; the process ends by that signal once everything is put back.
struct Interrupted: Error, Sendable {
    let signal: Int32
}
