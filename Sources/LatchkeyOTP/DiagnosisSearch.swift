// DiagnosisSearch.swift: tries, the likeliest first, what an app may have made of a key.
internal import LatchkeyCrypto

/// The trials behind a `CodeDiagnosis`.
///
/// Its time tells what was found; so it must, since the answer does.
struct DiagnosisSearch: ~Copyable {
    private typealias Cause = CodeDiagnosis.Cause
    private typealias Parameters = CodeDiagnosis.Parameters

    private static let periods: [Int64] = [30, 60, 15, 90, 20, 45, 120, 10, 180, 300]
    private static let algorithms: [HashAlgorithm] = [.sha1, .sha256, .sha512]
    private static let halfHour: Int64 = 1800
    /// How far a clock is sought step by step, in seconds.
    private static let clockRange: Int64 = 3600
    /// How far a date or time zone is sought, in half hours: a day.
    private static let zoneRange: Int64 = 48
    private static let firstCounters: ClosedRange<UInt64> = 0...20
    private static let farCounters: UInt64 = 100

    private let sha1: HOTP
    private let sha256: HOTP
    private let sha512: HOTP
    private let enrolled: Parameters
    /// What was typed: its number, how long it is, whether it is of Steam Guard.
    private let typed: OneTimeCode
    private let now: UnixTime
    private let window: UInt64
    private let spent: TOTP.Step?

    /// Nil if `text` is no code of any kind, or there is no code at `now`.
    init?(_ text: String, _ key: borrowing KeyURI, _ now: UnixTime, _ window: UInt64, _ spent: TOTP.Step?) {
        let count = text.utf8.count
        guard
            now.seconds >= 0,
            let typed = count == SteamGuard.length
                ? try? OneTimeCode(steam: text) : try? OneTimeCode(text, digits: count)
        else { return nil }
        let digits = typed.alphabet == .steam ? KeyURI.defaultDigits : count
        do {
            let sha1 = try HOTP(secret: key.secret, algorithm: .sha1, digits: digits)
            let sha256 = try HOTP(secret: key.secret, algorithm: .sha256, digits: digits)
            let sha512 = try HOTP(secret: key.secret, algorithm: .sha512, digits: digits)
            self.sha1 = sha1
            self.sha256 = sha256
            self.sha512 = sha512
        } catch {
            return nil
        }
        enrolled = Parameters(
            type: key.type,
            algorithm: key.algorithm,
            digits: key.digits,
            period: key.period,
            counter: key.counter
        )
        self.typed = typed
        self.now = now
        self.window = window
        self.spent = spent
    }

    borrowing func run() -> CodeDiagnosis? {
        switch (enrolled.type, typed.alphabet) {
        case (.steam, .steam): clock(.sha1, 30) ?? zone(.sha1, 30)
        case (_, .steam): present(.sha1, 30) ? diagnosis(.sha1, 30, type: .steam, [.steam]) : nil
        case (.steam, .decimal): present(.sha1, 30) ? diagnosis(.sha1, 30, type: .totp, [.digits(typed.digits)]) : nil
        case (.totp, .decimal): byTime()
        case (.hotp, .decimal): byCounter()
        }
    }

    // MARK: Keys by time

    private borrowing func byTime() -> CodeDiagnosis? {
        let (algorithm, period) = (enrolled.algorithm, enrolled.period)
        if let found = used() ?? otherParameters() ?? clock(algorithm, period) ?? zone(algorithm, period) {
            return found
        }
        // An app that knows nothing but the usual, on a phone whose clock is off.
        if algorithm != .sha1 || period != 30, let found = clock(.sha1, 30) ?? zone(.sha1, 30) { return found }
        for algorithm in candidates() {
            if let counter = Self.firstCounters.first(where: { matches(algorithm, $0) }) {
                return diagnosis(algorithm, period, type: .hotp, [.counter(counter)])
            }
        }
        return nil
    }

    /// A right code that is not good a second time.
    private borrowing func used() -> CodeDiagnosis? {
        guard let spent, typed.digits == enrolled.digits, let step = step(enrolled.period) else { return nil }
        let range = neighbours(of: step, within: window)
        let isUsed = range.contains { $0 <= spent.number && matches(enrolled.algorithm, $0) }
        return isUsed ? diagnosis(enrolled.algorithm, enrolled.period, type: .totp, [.spent]) : nil
    }

    /// Codes of the present under other parameters, those with fewer differences first.
    private borrowing func otherParameters() -> CodeDiagnosis? {
        let periods = [enrolled.period] + Self.periods.filter { $0 != enrolled.period }
        for period in periods {
            for algorithm in candidates() {
                let isAsEnrolled =
                    algorithm == enrolled.algorithm && period == enrolled.period && typed.digits == enrolled.digits
                if !isAsEnrolled, present(algorithm, period) { return diagnosis(algorithm, period, type: .totp, []) }
            }
        }
        return nil
    }

    /// Codes of a clock that is up to an hour off, the nearest first.
    private borrowing func clock(_ algorithm: HashAlgorithm, _ period: Int64) -> CodeDiagnosis? {
        guard let present = step(period) else { return nil }
        let furthest = UInt64(max(1, Self.clockRange / period))
        guard window < furthest else { return nil }
        for distance in (window + 1)...furthest {
            for isAhead in [false, true] {
                guard let step = Self.shifted(present, distance, isAhead), matches(algorithm, step) else { continue }
                let (seconds, overflow) = Int64(distance).multipliedReportingOverflow(by: period)
                guard !overflow else { continue }
                return diagnosis(algorithm, period, type: timeType, [.clock(seconds: isAhead ? seconds : -seconds)])
            }
        }
        return nil
    }

    /// Codes of a clock that is off by half hours, up to a day, the nearest first.
    private borrowing func zone(_ algorithm: HashAlgorithm, _ period: Int64) -> CodeDiagnosis? {
        for halves in 2...Self.zoneRange {
            for seconds in [-halves * Self.halfHour, halves * Self.halfHour] {
                let moment = now.adding(seconds: seconds)
                guard moment.seconds >= 0 else { continue }
                let step = UInt64(moment.seconds / period)
                if neighbours(of: step, within: window).contains(where: { matches(algorithm, $0) }) {
                    return diagnosis(algorithm, period, type: timeType, [.timeZone(seconds: seconds)])
                }
            }
        }
        return nil
    }

    // MARK: Keys by counter

    private borrowing func byCounter() -> CodeDiagnosis? {
        let counter = enrolled.counter
        let ahead = neighbours(of: counter, within: Self.farCounters)
        for algorithm in candidates() {
            let isAsEnrolled = algorithm == enrolled.algorithm && typed.digits == enrolled.digits
            let range = isAsEnrolled ? ahead : neighbours(of: counter, within: 10)
            let found =
                range.first { $0 >= counter && matches(algorithm, $0) }
                ?? range.first { $0 < counter && matches(algorithm, $0) }
                ?? Self.firstCounters.first { matches(algorithm, $0) }
            if let found { return diagnosis(algorithm, enrolled.period, type: .hotp, [.counter(found)]) }
        }
        for algorithm in candidates() {
            for period in Self.periods.prefix(2) where present(algorithm, period) {
                return diagnosis(algorithm, period, type: .totp, [.time])
            }
        }
        return nil
    }

    // MARK: Trials

    /// The enrolled algorithm, then the others, the usual one first.
    private borrowing func candidates() -> [HashAlgorithm] {
        let enrolled = enrolled.algorithm
        return [enrolled] + Self.algorithms.filter { $0 != enrolled }
    }

    /// Whether the code is one of the present window.
    private borrowing func present(_ algorithm: HashAlgorithm, _ period: Int64) -> Bool {
        guard let step = step(period) else { return false }
        return neighbours(of: step, within: window).contains { matches(algorithm, $0) }
    }

    private borrowing func matches(_ algorithm: HashAlgorithm, _ counter: UInt64) -> Bool {
        guard typed.alphabet == .decimal else {
            return UInt64(sha1.truncated(at: counter) % SteamGuard.modulus) == typed.value
        }
        let value =
            switch algorithm {
            case .sha1: sha1.value(at: counter)
            case .sha256: sha256.value(at: counter)
            case .sha512: sha512.value(at: counter)
            }
        return UInt64(value) == typed.value
    }

    private borrowing func step(_ period: Int64) -> UInt64? {
        UInt64(exactly: now.seconds).map { $0 / UInt64(period) }
    }

    private var timeType: KeyURI.Kind { typed.alphabet == .steam ? .steam : .totp }

    private static func shifted(_ step: UInt64, _ distance: UInt64, _ isAhead: Bool) -> UInt64? {
        let (shifted, overflow) =
            isAhead ? step.addingReportingOverflow(distance) : step.subtractingReportingOverflow(distance)
        return overflow ? nil : shifted
    }

    /// Names what differs besides `causes`.
    private borrowing func diagnosis(
        _ algorithm: HashAlgorithm,
        _ period: Int64,
        type: KeyURI.Kind,
        _ causes: [Cause]
    ) -> CodeDiagnosis {
        var causes = causes
        if type != .steam, enrolled.type != .steam {
            if algorithm != enrolled.algorithm { causes.append(.algorithm(algorithm)) }
            if typed.digits != enrolled.digits { causes.append(.digits(typed.digits)) }
            if type == .totp, enrolled.type == .totp, period != enrolled.period { causes.append(.period(period)) }
        }
        return CodeDiagnosis(
            causes,
            enrolled: enrolled,
            used: Parameters(
                type: type,
                algorithm: algorithm,
                digits: typed.digits,
                period: period,
                counter: enrolled.counter
            )
        )
    }
}
