// PolicyDice.swift: seeded random policies and questions out of so few letters that they meet all the time.
import LatchkeyJSON

/// A generator of random numbers that says the same after the same seed (SplitMix64).
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number below another, the faster way.
    mutating func below(_ bound: Int) -> Int { Int((next() >> 33) % UInt64(bound)) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
    mutating func pick<T>(_ values: [T]) -> T { values[below(values.count)] }
    mutating func some<T>(_ counts: ClosedRange<Int>, _ make: (inout Dice) -> T) -> [T] {
        (0..<counts.lowerBound + below(counts.count)).map { _ in make(&self) }
    }
    mutating func text(_ pieces: [String], _ counts: ClosedRange<Int>) -> String {
        some(counts) { $0.pick(pieces) }.joined()
    }
}

/// The kinds of values that operators compare.
struct Family {
    let operators: [String]
    let keys: [String]
    /// What policies write.
    let written: [String]
    /// What requests have.
    let sent: [String]
}

/// Writes policies and questions.
struct PolicyDice {
    var dice: Dice

    static let accounts = ["111111111111", "222222222222"]

    private static let letters = ["a", "b", "a", "b", "A", "*", "?", "$", "é", ":", "/"]
    private static let variables = [
        "${aws:username}", "${AWS:UserName}", "${aws:PrincipalTag/T}", "${aws:PrincipalTag/t, 'b'}", "${x:s,'a*'}",
        "${x:s}", "${x:many}", "${x:many, 'a'}", "${x:gone, '?'}", "${x:gone}", "${*}", "${?}", "${$}", "${}",
    ]
    private static let texts = [
        "", "a", "b", "A", "ab", "aB", "*", "?", "a*", "$", "é", "a?b", "aab", "${x:s}", "true",
    ]
    static let families = [
        Family(
            operators: [
                "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike",
                "StringNotLike",
            ],
            keys: [
                "aws:username", "aws:PrincipalTag/T", "aws:principaltag/t", "x:s", "x:many", "X:Many", "x:gone", "x:z",
                "X:Z",
            ],
            written: texts + [
                "a${aws:username}", "${x:s}*", "*${aws:PrincipalTag/T}", "a", "b", "*", "a*", "*b", "?", "*a?", "?é*",
                "*?b",
            ],
            sent: texts + ["aé", "éa", "aéb"]
        ),
        Family(
            operators: [
                "NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan",
                "NumericGreaterThanEquals",
            ],
            keys: ["x:n", "x:N", "x:numbers"],
            written: numbers + ["${x:n}"],
            sent: numbers
        ),
        Family(
            operators: [
                "DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan",
                "DateGreaterThanEquals",
            ],
            keys: ["aws:CurrentTime", "x:dates"],
            written: dates,
            sent: dates + ["2026-02-29", "2026-13-01", "2026-01-01T24:00:00Z", "now", "", "2026-01-01 00:00", "-"]
        ),
        Family(
            operators: ["Bool"],
            keys: ["x:b", "x:bools"],
            written: ["true", "false", "TRUE", "False", "1", "", "${x:b}", "${x:s, 'true'}", "t*"],
            sent: ["true", "false", "True", "FALSE", "0", "", "t*"]
        ),
        Family(
            operators: ["BinaryEquals"],
            keys: ["x:y", "x:binaries"],
            written: ["YQ==", "YR==", "YWI=", "YWJj", "QQ==", "!", "", "YWJjYQ==", "${x:y}"],
            sent: ["YQ==", "YR==", "YWI=", "YWJj", "QQ==", "a", "", "YWJjYQ=="]
        ),
        Family(
            operators: ["IpAddress", "NotIpAddress"],
            keys: ["aws:SourceIp", "x:ips"],
            written: [
                "10.0.0.1", "10.0.0.0/8", "10.9.9.9/8", "0.0.0.0/0", "::/0", "::1", "::1/127", "::ffff:10.0.0.1",
                "2001:db8::/32", "2001:DB8:0:0:1::/64", "10.0.0.0/33", "10.0.0", "10.0.0.0/31", "${aws:SourceIp}", "",
                "::ffff:10.0.0.0/104", "11.0.0.0/7", "128.0.0.0/1", "::/129", "10.0.0.1/", "x",
            ],
            sent: [
                "10.0.0.1", "10.0.0.01", "10.1.2.3", "11.0.0.0", "200.0.0.1", "::1", "::", "::ffff:10.0.0.1",
                "::FFFF:a00:1", "2001:db8::1", "2001:db8:0:0:1:2:3:4", "2001:db8::1::", "", "1", "10.0.0.256",
                "fe80::1",
                "10.0.0.0/8", "1:2:3:4:5:6:7:8:9", "64:ff9b::10.0.0.1",
            ]
        ),
        Family(
            operators: ["ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"],
            keys: ["aws:PrincipalArn", "x:arns"],
            written: [
                "arn:aws:iam::1:user/a", "arn:aws:iam::*:user/*", "arn:*:*:*:*:*",
                "arn:aws:iam::1:user/${aws:username}",
                "arn:aws:iam::1:a:b", "arn:aws:iam::?:u*b", "arn:aws:iam::1:*:b", "${aws:PrincipalArn}",
                "arn:aws:iam::${x:s}:user/a", "arn:aws:iam::1*:user/b", "arn:aws:iam:*:user/a",
            ],
            sent: [
                "arn:aws:iam::1:user/a", "arn:aws:iam::1:user/b", "arn:aws:iam::2:user/a", "arn:aws:iam::1:a:b", "*",
                "",
                "arn:aws:iam::1:u:a:b", "arn:aws:iam::a:user/a", "arn:aws:iam::1", "x:aws:iam::1:user/a",
                "arn:aws:iam::1:user/*",
            ]
        ),
        Family(
            operators: ["Null"],
            keys: ["aws:username", "x:s", "x:many", "x:gone", "x:numbers", "x:b"],
            written: ["true", "false", "TRUE", "x", ""],
            sent: ["a"]
        ),
    ]
    private static let numbers = [
        "0", "-0", "1", "10", "10.0", "1e1", "+5", "5", "007", "7", "0.1", "0.10", "-1", "-10", "x", "", " 1", "0x1",
        "1e3",
        "1000", "9007199254740993", "9007199254740992", "1e-1", "100e-1", "18446744073709551616",
        "1.8446744073709551616e19",
        "0.000", "-0.1", "1.5", "-10.5", "1e", "1.2.3", "--1", "5,0", "1E+1", "-", "+", "12e2147",
    ]
    private static let dates = [
        "2026-01-01", "2026", "2026-01", "2026-01-01T00:00Z", "2026-01-01T00:00:00Z", "2025-12-31T23:30:00-00:30",
        "2026-01-01T05:30:00+05:30", "2026-01-01t00:00:00z", "1767225600", "2026-01-01T00:00:00.5Z", "2024-02-29",
        "2026-01-01T00:00:00.50Z", "2026-01-01T00:00:00", "2025-12-31T23:59:59.999Z", "1767225599", "2025-12-31",
        "2026-01-01T23:59+23:59", "1969-12-31", "1970-01-01", "0", "2000-02-29T12:00:00Z",
        "2026-01-01T00:00:00.25+00:00",
    ]

    // MARK: - Policies

    /// A policy of a kind, each statement on a line of its own, named s0, s1 and so on.
    mutating func policy(_ kind: String, generous: Int) -> String {
        var statements: [String] = []
        for number in 0..<1 + dice.below(3) {
            statements.append(statement(kind, number, generous: generous).text)
        }
        let version = dice.pick([
            #""Version":"2012-10-17","#, #""Version":"2012-10-17","#, #""Version":"2008-10-17","#, "",
        ])
        return "{\(version)\"Statement\":[\n\(statements.joined(separator: ",\n"))\n]}"
    }

    private mutating func statement(_ kind: String, _ number: Int, generous: Int) -> JSON {
        var members: [(String, JSON)] = [("Sid", .string("s\(number)"))]
        let isAllow = kind != "resourceControl" && dice.chance(80)
        members.append(("Effect", .string(isAllow ? "Allow" : "Deny")))
        let isGenerous = isAllow && dice.chance(generous)
        switch kind {
        case "resource":
            let isNot = !isAllow && dice.chance(40)
            if dice.chance(97) { members.append((isNot ? "NotPrincipal" : "Principal", principals(isNot))) }
        case "trust": members.append(("Principal", principals(false)))
        case "resourceControl": members.append(("Principal", "*"))
        default: break
        }
        let isNotAction = kind != "resourceControl" && kind != "trust" && !isGenerous && dice.chance(20)
        let actions = isGenerous ? [kind == "trust" ? "sts:*" : "*"] : dice.some(1...3) { Self.action(kind, &$0) }
        members.append((isNotAction ? "NotAction" : "Action", list(actions)))
        if kind != "trust", kind != "resource" || dice.chance(90) {
            let resources = isGenerous ? ["*"] : dice.some(1...3) { Self.resource(&$0) }
            members.append((!isGenerous && dice.chance(20) ? "NotResource" : "Resource", list(resources)))
        }
        if !isGenerous || dice.chance(30), dice.chance(70) {
            var blocks: [(String, JSON)] = []
            for _ in 0..<1 + dice.below(2) {
                let block = condition()
                if !blocks.contains(where: { $0.0 == block.0 }) { blocks.append(block) }
            }
            members.append(("Condition", .object(JSON.Object(blocks))))
        }
        return .object(JSON.Object(members))
    }

    private mutating func list(_ texts: [String]) -> JSON {
        texts.count == 1 && dice.chance(50) ? .string(texts[0]) : .array(texts.map(JSON.string))
    }

    private static func action(_ kind: String, _ dice: inout Dice) -> String {
        if kind == "trust" {
            return dice.pick(["sts:AssumeRole", "sts:*", "sts:Assume*", "STS:a*E", "sts:TagSession"])
        }
        if dice.chance(15), kind != "resourceControl" { return "*" }
        return dice.pick(["s3:", "s3:", "S3:", "ec2:", "sts:"])
            + dice.text(["g", "G", "e", "T", "t", "*", "*", "?"], 1...4)
    }

    private static func resource(_ dice: inout Dice) -> String {
        if dice.chance(20) { return "*" }
        if dice.chance(10) { return dice.pick(["arn:aws:s3:::*", "arn:aws:s3:*", "arn:*:s3:*", "arn:aws:s3:::a*"]) }
        let account = dice.pick(["", "", "*", "111111111111", "2*", "?"])
        let region = dice.pick(["", "", "*", "r", "?"])
        var rest = ""
        for _ in 0..<1 + dice.below(4) { rest += dice.pick(dice.chance(20) ? variables : letters) }
        return
            "arn:\(dice.pick(["aws", "aws", "aws", "*"])):\(dice.pick(["sqs", "sqs", "*"])):\(region):\(account):\(rest)"
    }

    private mutating func condition() -> (String, JSON) {
        let family = dice.pick(Self.families)
        var name = dice.pick(family.operators)
        let isNull = name == "Null"
        if !isNull, dice.chance(30) { name += "IfExists" }
        if !isNull, dice.chance(40) { name = dice.pick(["ForAllValues:", "ForAnyValue:"]) + name }
        if dice.chance(10) { name = name.lowercased() }
        var keys: [(String, JSON)] = []
        for _ in 0..<(dice.chance(20) ? 2 : 1) {
            let key = dice.pick(dice.chance(90) ? family.keys : dice.pick(Self.families).keys)
            guard !keys.contains(where: { $0.0 == key }) else { continue }
            var values = dice.some(dice.chance(3) ? 0...0 : 1...3) { (dice: inout Dice) -> JSON in
                let text = dice.pick(family.written)
                if dice.chance(30), text == "true" || text == "false" { return .bool(text == "true") }
                let isNumber = ["0", "-0", "1", "10", "10.0", "1e1", "0.10", "1e-1", "1E+1", "1767225600"]
                    .contains(text)
                return isNumber && dice.chance(50) ? .number(text) : .string(text)
            }
            if values.count == 1, dice.chance(50) {
                keys.append((key, values.removeLast()))
            } else {
                keys.append((key, .array(values)))
            }
        }
        return (name, .object(JSON.Object(keys)))
    }

    private mutating func principals(_ isNot: Bool) -> JSON {
        if dice.chance(isNot ? 3 : 15) { return dice.chance(50) ? "*" : ["AWS": "*"] }
        var byKind: [(String, JSON)] = []
        let aws = dice.some(isNot ? 1...6 : 1...2) { (dice: inout Dice) -> String in
            let account = dice.chance(75) ? Self.accounts[0] : Self.accounts[1]
            return dice.pick([
                account, "arn:aws:iam::\(account):root", "arn:aws:iam::\(account):user/ann",
                "arn:aws:iam::\(account):user/p/ann", "arn:aws:iam::\(account):role/R",
                "arn:aws:iam::\(account):role/p/R",
                "arn:aws:sts::\(account):assumed-role/R/s", "arn:aws:sts::\(account):federated-user/f",
                "AIDAAAAAAAAAAAAAAAAA", "AROAAAAAAAAAAAAAAAAA",
            ])
        }
        if dice.chance(90) { byKind.append(("AWS", list(aws))) }
        if dice.chance(25) {
            byKind.append(("Service", list(dice.some(1...2) { $0.pick(["s.amazonaws.com", "t.amazonaws.com"]) })))
        }
        if dice.chance(25) || byKind.isEmpty { byKind.append(("Federated", list(["idp.example"]))) }
        return .object(JSON.Object(byKind))
    }
}
