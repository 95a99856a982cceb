// QuestionDice.swift: seeded random questions to random policies.

extension PolicyDice {
    /// Keys and values of a question.
    mutating func context() -> [String: JudgeValue] {
        var context: [String: JudgeValue] = [:]
        for (key, isMany, sent) in Self.keys where dice.chance(60) {
            let pool = dice.chance(95) ? sent : dice.pick(Self.families).sent
            context[key] = isMany ? .many(dice.some(0...3) { $0.pick(pool) }) : .single(dice.pick(pool))
        }
        return context
    }

    /// The keys that a question may have, in small letters, whether they have many values, and which.
    private static let keys: [(String, Bool, [String])] = {
        var seen: Set = ["x:gone"]
        return families.flatMap { family in
            family.keys.map { $0.lowercased() }.filter { seen.insert($0).inserted }
                .map { ($0, $0 == "x:many" || $0.hasSuffix("s") && $0 != "x:s", family.sent) }
        }
    }()

    /// A question to policies among which a trust policy may be.
    mutating func question(isTrust: Bool, _ context: [String: JudgeValue]) -> JudgeQuestion {
        let owner = dice.pick([nil, nil, nil, Self.accounts[0], Self.accounts[1]])
        var action = dice.pick(["s3:", "s3:", "s3:", "ec2:", "S3:"]) + dice.text(["g", "e", "t", "T"], 1...4)
        if isTrust { action = dice.pick(["sts:AssumeRole", "sts:AssumeRole", "sts:TagSession"]) }
        let account = dice.pick(["", "", "", Self.accounts[0], Self.accounts[1]])
        let rest = dice.text(["a", "b", "a", "b", "A", "*", "?", "$", "é", ":", "/", "{", "}"], 1...4)
        let service = dice.pick(["sqs", "sqs", "s3"])
        let resource =
            dice.chance(10) && !isTrust ? "*" : "arn:aws:\(service):\(dice.pick(["", "", "r"])):\(account):\(rest)"
        return JudgeQuestion(
            caller: caller(),
            action: action,
            resource: resource,
            resourceAccount: owner,
            context: context
        )
    }

    private mutating func caller() -> JudgeCaller {
        let account = dice.chance(75) ? Self.accounts[0] : Self.accounts[1]
        switch dice.below(16) {
        case 0: return .anonymous
        case 1: return .service(dice.pick(["s.amazonaws.com", "t.amazonaws.com"]))
        case 2: return .federated(dice.pick(["idp.example", "other.example"]))
        case 3: return .account(account)
        case 4...8:
            let name = dice.pick(["ann", "ann", "p/ann", "bob"])
            let id = dice.pick(["AIDAAAAAAAAAAAAAAAAA", "AIDABBBBBBBBBBBBBBBB"])
            return .user(account: account, arn: "arn:aws:iam::\(account):user/\(name)", id: id)
        case 9...12:
            let id = dice.pick(["AROAAAAAAAAAAAAAAAAA", "AROABBBBBBBBBBBBBBBB"])
            return .role(
                account: account,
                name: dice.pick(["R", "R", "Q"]),
                session: dice.pick(["s", "s", "z"]),
                id: id
            )
        default:
            let issuer = "arn:aws:iam::\(account):user/ann"
            return .federatedUser(account: account, arn: "arn:aws:sts::\(account):federated-user/f", issuer: issuer)
        }
    }
}
