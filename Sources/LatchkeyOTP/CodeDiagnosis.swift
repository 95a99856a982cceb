// CodeDiagnosis.swift: what an app did to show a wrong code, told to the person who is enrolling it.
public import LatchkeyCrypto

/// What is most likely behind a wrong code.
///
/// For enrolment only, where the person holds the secret anyway: at a login it would tell an attacker which guesses are near.
/// A random wrong code of six digits finds an explanation about once in a thousand times.
public struct CodeDiagnosis: Hashable, Sendable {
    /// One thing that differs from how the key was enrolled.
    public enum Cause: Hashable, Sendable {
        /// The code was right, and has been used.
        case spent
        /// The app's clock is this many seconds ahead of ours, or behind if negative.
        case clock(seconds: Int64)
        /// The same, by whole half hours: date or time zone are set wrong.
        case timeZone(seconds: Int64)
        /// The app computes with this hash.
        case algorithm(HashAlgorithm)
        /// The app shows this many digits.
        case digits(Int)
        /// The app shows a code for this many seconds.
        case period(Int64)
        /// The app goes by this counter: not the expected one, or not by time at all.
        case counter(UInt64)
        /// The app goes by time, not by a counter.
        case time
        /// The app shows codes of Steam Guard.
        case steam

        /// A word for programs.
        public var name: String {
            switch self {
            case .spent: "spent"
            case .clock: "clock"
            case .timeZone: "time-zone"
            case .algorithm: "algorithm"
            case .digits: "digits"
            case .period: "period"
            case .counter: "counter"
            case .time: "time"
            case .steam: "steam"
            }
        }
    }

    /// What differs, the weightiest first; never empty.
    public let causes: [Cause]
    /// How the key was enrolled.
    let enrolled: Parameters
    /// How the app takes it.
    let used: Parameters

    struct Parameters: Hashable, Sendable {
        var type: KeyURI.Kind
        var algorithm: HashAlgorithm
        var digits: Int
        var period: Int64
        var counter: UInt64
    }

    /// How the app numbers and writes its codes.
    public var type: KeyURI.Kind { used.type }
    /// The hash that the app computes with.
    public var algorithm: HashAlgorithm { used.algorithm }
    /// How many digits the app shows.
    public var digits: Int { used.digits }
    /// For how many seconds the app shows a code.
    public var period: Int64 { used.period }

    /// Looks for what makes `typed`, which was not accepted, a code of `key` after all; nil if nothing does.
    ///
    /// - Parameters:
    ///   - typed: What the person typed, blanks taken out.
    ///   - key: The key as it was enrolled.
    ///   - now: The server's time.
    ///   - window: The steps around `now` that would have been accepted.
    ///   - spent: The last step that was accepted.
    public init?(
        of typed: String,
        for key: borrowing KeyURI,
        at now: UnixTime,
        window: Int = 1,
        after spent: TOTP.Step? = nil
    ) {
        guard let search = DiagnosisSearch(typed, key, now, UInt64(max(0, min(window, 100))), spent) else { return nil }
        guard let found = search.run() else { return nil }
        self = found
    }

    init(_ causes: [Cause], enrolled: Parameters, used: Parameters) {
        self.causes = causes
        self.enrolled = enrolled
        self.used = used
    }

    /// The options of `latchkey enroll` under which the app's codes will be right; nil if options do not help.
    public var suggestion: String? {
        var options: [String] = []
        for cause in causes {
            switch cause {
            case .algorithm(let algorithm): options.append("--algorithm \(algorithm.rawValue.lowercased())")
            case .digits(let digits): options.append("--digits \(digits)")
            case .period(let seconds): options.append("--period \(seconds)")
            case .counter where enrolled.type == .totp: options.append("--hotp")
            case .spent, .clock, .timeZone, .counter, .time, .steam: break
            }
        }
        return options.isEmpty ? nil : options.joined(separator: " ")
    }
}

extension CodeDiagnosis: CustomStringConvertible {
    /// One sentence for the person, with what to do.
    public var description: String {
        for cause in causes {
            switch cause {
            case .spent: return "that code was used already: wait for the next one"
            case .steam: return "that is a Steam Guard code: add the key to another app, which shows digits"
            case .time:
                return
                    "that is a code by time\(details): the app took the key for a time-based one; add it as counter-based"
            case .counter(let counter): return sentence(counter)
            case .clock, .timeZone, .algorithm, .digits, .period: continue
            }
        }
        let when = timing.map { ($0.isOld ? "\($0.text) old" : "good only in \($0.text)", $0.advice) }
        guard !differences.isEmpty else {
            guard let when else { return "that is not a code of this key" }
            return "that code is \(when.0): \(when.1)"
        }
        let parameters = Self.list(differences.map(\.used))
        let ignored = Self.list(differences.map(\.enrolled))
        let what = "that is the \(parameters) code; your app ignores \(ignored)"
        guard let when else { return what }
        return "\(what), and the code is \(when.0): \(when.1)"
    }

    private func sentence(_ counter: UInt64) -> String {
        guard enrolled.type == .hotp else {
            return "that is a code by counter (\(counter))\(details): the app took the key for a counter-based one; "
                + "add it as time-based"
        }
        if !details.isEmpty { return "that is the code of counter \(counter)\(details): your app ignores the rest" }
        return counter < enrolled.counter
            ? "that code belongs to counter \(counter), which has passed: press for a new one"
            : "that code belongs to counter \(counter), and \(enrolled.counter) was expected: the device is too far ahead"
    }

    /// What else differs, for the middle of a sentence.
    private var details: String {
        differences.isEmpty ? "" : " with \(Self.list(differences.map(\.used)))"
    }

    /// Parameters of the app, and those of the key in their place.
    private var differences: [(used: String, enrolled: String)] {
        causes.compactMap { cause in
            switch cause {
            case .algorithm(let algorithm): (algorithm.rawValue, enrolled.algorithm.rawValue)
            case .digits(let digits): ("\(digits)-digit", "\(enrolled.digits) digits")
            case .period(let seconds): ("\(seconds)-second", "\(enrolled.period) seconds")
            case .spent, .clock, .timeZone, .counter, .time, .steam: nil
            }
        }
    }

    private var timing: (isOld: Bool, text: String, advice: String)? {
        for cause in causes {
            switch cause {
            case .clock(let seconds):
                return (seconds < 0, Self.duration(seconds.magnitude), "set the phone's clock to automatic")
            case .timeZone(let seconds):
                return (
                    seconds < 0, Self.duration(seconds.magnitude),
                    "set the phone's date, time and time zone to automatic"
                )
            case .spent, .algorithm, .digits, .period, .counter, .time, .steam: continue
            }
        }
        return nil
    }

    private static func duration(_ seconds: UInt64) -> String {
        switch seconds {
        case ..<120: return seconds == 1 ? "1 second" : "\(seconds) seconds"
        case ..<5400: return "\((seconds + 30) / 60) minutes"
        default:
            let halves = (seconds + 900) / 1800
            return halves == 2 ? "1 hour" : halves % 2 == 0 ? "\(halves / 2) hours" : "\(halves / 2).5 hours"
        }
    }

    private static func list(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " and " + last
    }
}
