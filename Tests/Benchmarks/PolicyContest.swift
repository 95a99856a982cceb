// PolicyContest.swift: decisions of policies beside the limits that they must keep, and beside Cedar's on the same questions.

internal import CLatchkeyAllocations
internal import Glibc
internal import LatchkeyPolicy
internal import LatchkeyTestSupport

/// One kind of work on policies, and the nanoseconds that it may take.
struct PolicyContest {
    let name: String
    let limit: Double
    /// Whether the work may not allocate.
    let isFrugal: Bool
    let work: (Int) -> Void

    /// Measures the work; the least disturbed of turns of some milliseconds each.
    func run() -> PolicyResult {
        var count = 1
        while time(work, count) * Double(count) < 4_000_000 { count *= 2 }
        let times = (0..<31).map { _ in time(work, count) }
        let before = latchkey_allocation_count()
        work(100)
        let allocations = Double(latchkey_allocation_count() - before) / 100
        return PolicyResult(
            name: name,
            nanoseconds: times.min() ?? .infinity,
            limit: limit,
            allocations: allocations,
            isFrugal: isFrugal
        )
    }

    /// The processor's time for one operation.
    private func time(_ work: (Int) -> Void, _ count: Int) -> Double {
        var start = timespec()
        var end = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start)
        work(count)
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end)
        let seconds = Double(end.tv_sec - start.tv_sec)
        return (seconds * 1e9 + Double(end.tv_nsec - start.tv_nsec)) / Double(count)
    }
}

/// What came of it, as a line of the table.
struct PolicyResult: CustomStringConvertible {
    let name: String
    let nanoseconds: Double
    let limit: Double
    let allocations: Double
    let isFrugal: Bool

    var meetsTarget: Bool { nanoseconds <= limit && (!isFrugal || allocations == 0) }

    static let heading = pad("policies, one thread", 40, true) + "      ours  x limit  mallocs"

    var description: String {
        pad(name, 40, true) + pad(shown(nanoseconds), 10) + pad(ratio(limit / nanoseconds), 9)
            + pad("\(Int(allocations))", 9) + (meetsTarget ? "" : "  target missed")
    }
}

/// The policies and questions of the benchmark.
struct PolicyQuestions {
    let statements: Int
    let text: String
    let policies: PolicySet
    let request: AccessRequest

    /// So many statements about as many actions, each with three conditions; the question is about the last.
    init(statements: Int) throws {
        self.statements = statements
        text = Self.text(statements)
        var policies = PolicySet()
        policies.identity = [CompiledPolicy(try PolicyDocument(text, kind: .identity, use: .deciding), name: "bench")]
        self.policies = policies
        request = try Self.request(statements - 1)
    }

    private static func text(_ count: Int) -> String {
        let statements = (0..<count)
            .map { number in
                """
                {"Effect":"Allow","Action":"service\(number % 97):Read\(number)","Resource":"arn:aws:service\(number % 97):\
                eu-west-1:123456789012:thing/\(number)/*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"red"},\
                "IpAddress":{"aws:SourceIp":"192.0.2.0/24"},"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}}
                """
            }
        return "{\"Version\":\"2012-10-17\",\"Statement\":[\(statements.joined(separator: ",\n"))]}"
    }

    static func request(_ number: Int) throws -> AccessRequest {
        var keys = RequestKeys()
        keys.set("aws:CurrentTime", "2026-11-25T20:00:00Z")
        keys.set("aws:EpochTime", "1795636800")
        keys.set("aws:SecureTransport", "true")
        keys.set("aws:SourceIp", "192.0.2.7")
        keys.set("aws:PrincipalArn", "arn:aws:iam::123456789012:user/ann")
        keys.set("aws:PrincipalAccount", "123456789012")
        keys.set("aws:PrincipalType", "User")
        keys.set("aws:userid", "AIDAEXAMPLEEXAMPLEEX")
        keys.set("aws:username", "ann")
        keys.set("aws:PrincipalTag/team", "red")
        keys.set("aws:MultiFactorAuthPresent", "true")
        keys.set("aws:MultiFactorAuthAge", "120")
        return try AccessRequest(
            principal: try RequestPrincipal(arn: "arn:aws:iam::123456789012:user/ann"),
            action: "service\(number % 97):Read\(number)",
            resource: "arn:aws:service\(number % 97):eu-west-1:123456789012:thing/\(number)/part",
            keys: keys
        )
    }

    func decide(_ count: Int) {
        var allowed = 0
        for _ in 0..<count where policies.decide(request).isAllowed { allowed += 1 }
        precondition(allowed == count, "the question is answered wrongly")
    }

    func compile(_ count: Int) {
        for _ in 0..<count {
            let document = try? PolicyDocument(text, kind: .identity, use: .deciding)
            precondition(document.map { CompiledPolicy($0, name: "bench") } != nil, "the policy is refused")
        }
    }

    func prepare(_ count: Int) {
        for _ in 0..<count { precondition((try? Self.request(statements - 1)) != nil, "the question is refused") }
    }
}

/// A small case as `latchkey policy decide --batch` takes it: 100,000 of these a second.
struct SmallCase {
    private let line = """
        {"identityPolicies":[{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*",\
        "Resource":"arn:aws:s3:::b/${aws:username}/*"}}],"principal":"arn:aws:iam::123456789012:user/ann",\
        "action":"s3:GetObject","resource":"arn:aws:s3:::b/ann/k","context":{"aws:username":"ann"}}
        """

    func answer(_ count: Int) {
        var answers: [UInt8] = []
        for _ in 0..<count {
            answers.removeAll(keepingCapacity: true)
            PolicyCase.answer(line.utf8.span, to: &answers)
        }
        precondition(answers.starts(with: "{\"decision\":\"Allow\"".utf8), "the case is answered wrongly")
    }
}

/// Patterns that a hostile user may write, on a value of 2 KB.
struct HostilePattern {
    private let policies: PolicySet
    private let request: AccessRequest

    init(_ pattern: String, value: String) throws {
        let text = """
            {"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*",\
            "Condition":{"StringLike":{"x:y":"\(pattern)"}}}}
            """
        var policies = PolicySet()
        policies.identity = [CompiledPolicy(try PolicyDocument(text, kind: .identity), name: "hostile")]
        self.policies = policies
        var keys = RequestKeys()
        keys.set("x:y", value)
        request = try AccessRequest(
            principal: try RequestPrincipal(arn: "arn:aws:iam::123456789012:user/ann"),
            action: "s3:GetObject",
            keys: keys
        )
    }

    func decide(_ count: Int) {
        for _ in 0..<count { precondition(!policies.decide(request).isAllowed, "the pattern matches") }
    }

    /// What makes naive matchers slow, each in its way.
    static func all() throws -> [(name: String, pattern: HostilePattern)] {
        let value = String(repeating: "a", count: 2048)
        let half = String(repeating: "a", count: 1023)
        return [
            ("stars", try HostilePattern(String(repeating: "a*", count: 3000) + "b", value: value)),
            ("long pieces", try HostilePattern("*" + String(repeating: "\(half)b*", count: 5), value: value)),
            (
                "question marks",
                try HostilePattern(
                    "*" + String(repeating: String(repeating: "a?", count: 511) + "b*", count: 5),
                    value: value
                )
            ),
        ]
    }
}

enum PolicyBenchmark {
    /// Runs all contests; false if a target is missed.
    static func run() throws -> Bool {
        let few = try PolicyQuestions(statements: 10)
        let many = try PolicyQuestions(statements: 10_000)
        var contests = [
            PolicyContest(name: "decide, 10 statements", limit: 500, isFrugal: true, work: few.decide),
            PolicyContest(name: "decide, 10,000 statements", limit: 667, isFrugal: true, work: many.decide),
            PolicyContest(name: "prepare a question of 12 keys", limit: .infinity, isFrugal: false, work: few.prepare),
            PolicyContest(
                name: "answer a small case in JSON",
                limit: 10_000,
                isFrugal: false,
                work: SmallCase().answer
            ),
            PolicyContest(name: "read and compile 10,000", limit: 100e6, isFrugal: false, work: many.compile),
        ]
        for (name, pattern) in try HostilePattern.all() {
            contests.append(
                PolicyContest(name: "hostile \(name), 6 KB on 2 KB", limit: 1e6, isFrugal: true, work: pattern.decide)
            )
        }
        print(PolicyResult.heading)
        var isMet = true
        var decisions: [Double] = []
        for contest in contests {
            let result = contest.run()
            print(result)
            isMet = isMet && result.meetsTarget
            decisions.append(result.nanoseconds)
        }
        try Cedar.compare(ours: [(few.statements, decisions[0]), (many.statements, decisions[1])])
        return isMet
    }
}

/// Cedar, through its Python binding, on the same questions.
private enum Cedar {
    static func compare(ours: [(statements: Int, nanoseconds: Double)]) throws {
        let output = try PythonEnvironment.run(script, ours.map { "\($0.statements)" }, with: ["cedarpy==4.12.2"])
        print(pad("beside Cedar (cedarpy, batches)", 40, true) + "      ours     cedar   x cedar")
        for (line, own) in zip(output.lines, ours) {
            guard let cedar = Double(line) else { continue }
            print(
                pad("decide, \(own.statements) statements", 40, true) + pad(shown(own.nanoseconds), 10)
                    + pad(shown(cedar), 10) + pad(ratio(cedar / own.nanoseconds), 10)
            )
        }
    }

    /// Prints the nanoseconds of one decision for each number of policies: of a long batch less those of a short one, so
    /// that reading the policies does not count.
    private static let script = """
        import sys, time, cedarpy
        def policies(count):
            return "\\n".join(
                'permit(principal, action == Action::"service%d:Read%d", resource in Thing::"%d") when '
                '{ principal.team == "red" && context.ip.isInRange(ip("192.0.2.0/24")) && context.age < 3600 };'
                % (n % 97, n, n) for n in range(count))
        for count in map(int, sys.argv[1:]):
            text, last = policies(count), count - 1
            entities = [
                {"uid": {"type": "User", "id": "ann"}, "attrs": {"team": "red"}, "parents": []},
                {"uid": {"type": "Thing", "id": "part"}, "attrs": {}, "parents": [{"type": "Thing", "id": str(last)}]},
            ]
            question = {
                "principal": 'User::"ann"', "action": 'Action::"service%d:Read%d"' % (last % 97, last),
                "resource": 'Thing::"part"',
                "context": {"ip": {"__extn": {"fn": "ip", "arg": "192.0.2.7"}}, "age": 120},
            }
            def batch(size):
                start = time.process_time()
                answers = cedarpy.is_authorized_batch([question] * size, text, entities)
                assert all(answer.allowed for answer in answers), answers[0]
                return time.process_time() - start
            short, long = (20, 2020) if count < 100 else (2, 22)
            times = sorted(batch(long) - batch(short) for _ in range(3))
            print(times[1] / (long - short) * 1e9)
        """
}

private func shown(_ nanoseconds: Double) -> String {
    switch nanoseconds {
    case ..<10_000: "\(Int(nanoseconds.rounded())) ns"
    case ..<10_000_000: "\(Int((nanoseconds / 1e3).rounded())) us"
    default: "\(Int((nanoseconds / 1e6).rounded())) ms"
    }
}

/// A ratio with two decimals; nothing where there is no limit.
private func ratio(_ value: Double) -> String {
    guard value.isFinite else { return "-" }
    let hundredths = Int((value * 100).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
}
