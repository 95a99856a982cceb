// Authorize.swift: decisions for services that delegate theirs: may this caller do that to this thing of the service's own?
import LatchkeyCrypto
import LatchkeyJSON
import LatchkeyPolicy

/// The actions that decide for other services.
let authorizationActions: [any Action.Type] = [Authorize.self]

/// One question: an action of any service on any resource.
public struct AuthorizationQuestion: Codable, Sendable, Equatable {
    /// The action, such as `wiki:EditPage`.
    public var actionName: AskedAction
    /// The resource; `*` unless given.
    public var resourceArn: AskedResource?
    /// The policy of the resource, if the service keeps one.
    public var resourcePolicy: PolicyText?
    /// The circumstances that the service knows, such as `aws:SourceIp` of its own client.
    public var contextEntries: [ContextEntry]?

    /// Asks whether an action may be done to a resource.
    public init(
        actionName: AskedAction,
        resourceArn: AskedResource? = nil,
        resourcePolicy: PolicyText? = nil,
        contextEntries: [ContextEntry]? = nil
    ) {
        self.actionName = actionName
        self.resourceArn = resourceArn
        self.resourcePolicy = resourcePolicy
        self.contextEntries = contextEntries
    }
}

/// One answer.
public struct AuthorizationAnswer: Codable, Sendable, Equatable {
    /// The action.
    public var actionName: AskedAction
    /// The resource.
    public var resourceArn: AskedResource
    /// Whether it may be done.
    public var isAllowed: Bool
    /// What was decided.
    public var decision: EvaluationDecision
    /// The layer that decided: `identity`, `boundary`, `session`, `resource` or `root`.
    public var layer: String
    /// Why it was denied, sealed for `DecodeAuthorizationMessage`: statements, layer and missing keys.
    public var encodedMessage: EncodedMessage?
}

/// Decides for a service what a caller may do there.
///
/// The caller is whoever holds the session's token, or the user of that name, or else whoever calls. Everyone may ask about
/// themselves, and whoever holds a token about its session; to ask about a user takes the permission `latchkey:Authorize`. Fails with `InvalidInput` for a question that
/// cannot be asked, and with `SessionEnded` for a token that is none.
public struct Authorize: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// How many questions one call may ask.
    public static let most = 1_000
    /// The questions.
    public var questions: [AuthorizationQuestion]
    /// The token of the caller's session with the service, as `SignIn` gave it out.
    public var token: SecretText?
    /// The user, for a service that knows its callers by other means.
    public var userName: UserName?

    /// Makes the action.
    public init(questions: [AuthorizationQuestion], token: SecretText? = nil, userName: UserName? = nil) {
        self.questions = questions
        self.token = token
        self.userName = userName
    }

    /// The answers.
    public struct Output: Codable, Sendable, Equatable {
        /// Who was asked about.
        public var principalArn: ARN
        /// One answer to each question, in order.
        public var answers: [AuthorizationAnswer]
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource {
        userName.map { .user($0, in: call.account) } ?? .all
    }

    /// Whether the question is about the caller, or about whoever lent the caller a token.
    public func isGranted(_ call: Call, _ state: borrowing State) -> Bool {
        userName == nil || call.isAbout(userName)
    }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        guard !questions.isEmpty, questions.count <= Self.most else {
            throw .invalidInput("One call asks 1 to \(Self.most) questions.")
        }
        let caller = try subject(call, state)
        guard caller.account == call.account else { throw .accessDenied("the session is of another account") }
        guard let arn = caller.arn else { throw .accessDenied("nobody proved who they are") }
        state.notes.subject = arn.text
        var answers: [AuthorizationAnswer] = []
        for question in questions { answers.append(try answer(question, caller, arn, call, state)) }
        return Output(principalArn: arn, answers: answers)
    }

    /// Whom the questions are about.
    private func subject(_ call: Call, _ state: borrowing State) throws(Fault) -> Caller {
        guard token == nil || userName == nil else { throw .invalidInput("Give a token or a user's name, not both.") }
        if let token { return try state.liveSession(token, call) }
        if let userName, !call.isAbout(userName) {
            return Caller(try state.principal(userName, in: call.account), mfa: nil, by: .none)
        }
        return call.caller
    }

    private func answer(
        _ question: AuthorizationQuestion,
        _ caller: Caller,
        _ arn: ARN,
        _ call: Call,
        _ state: borrowing State
    ) throws(Fault) -> AuthorizationAnswer {
        var keys = RequestKeys()
        keys.addTime(call.now)
        try keys.add(question.contextEntries)
        // Last, so that no service can say who its caller is or what the caller proved.
        try state.addCaller(caller, at: call.now, to: &keys)
        for entry in question.contextEntries ?? [] {
            guard let name = entry.contextKeyName?.text.asciiLowercased else { continue }
            guard !Self.isOurs(name) else {
                throw .invalidInput("The context key \(name.escapedForDisplay) is the authority's to give.")
            }
        }
        let resource = question.resourceArn ?? AskedResource(checked: "*")
        var simulation = Simulation(
            principal: try RequestPrincipal(simulated: arn.text, id: caller.principalID),
            policies: try state.policySet(of: caller) ?? PolicySet(),
            keys: keys
        )
        if let policy = question.resourcePolicy {
            try simulation.add([], boundaries: nil, resource: policy, owner: nil)
        }
        let explanation = try simulation.explain(question.actionName.text, on: resource.text)
        let decision = explanation.decision
        var message: EncodedMessage?
        if !decision.isAllowed {
            let text = try state.encodeAuthorizationMessage(
                explanation.message(question.actionName.text, resource.text, arn.text),
                for: call.account
            )
            // A message that is too long to be handed back is of no use.
            if EncodedMessage.lengths.contains(text.utf8.count) { message = EncodedMessage(checked: text) }
        }
        return AuthorizationAnswer(
            actionName: question.actionName,
            resourceArn: resource,
            isAllowed: decision.isAllowed,
            decision: EvaluationDecision(decision.outcome),
            layer: decision.layer.rawValue,
            encodedMessage: message
        )
    }

    /// Whether a key tells who calls and what was proved: such a key never comes from a service.
    private static func isOurs(_ name: String) -> Bool {
        [
            "aws:principal", "aws:userid", "aws:username", "aws:multifactorauth", "aws:tokenissuetime",
            "aws:sourceidentity", "aws:federatedprovider", "aws:currenttime", "aws:epochtime",
        ]
        .contains { name.hasPrefix($0) }
    }
}

extension Explanation {
    /// The explanation as `DecodeAuthorizationMessage` shows it.
    fileprivate func message(_ action: String, _ resource: String, _ principal: String) -> String {
        let decoded: JSON = [
            "allowed": .bool(decision.isAllowed), "explicitDeny": .bool(decision.outcome == .explicitDeny),
            "layer": .string(decision.layer.rawValue), "principal": .string(principal), "action": .string(action),
            "resource": .string(resource),
            "matchedStatements": .array(
                deciding.map { statement in
                    [
                        "policy": .string(statement.policy), "line": .number(statement.start.line),
                        "column": .number(statement.start.column),
                    ]
                }
            ),
            "missingContext": .array(missingContextKeys.map(JSON.string)),
        ]
        return decoded.text
    }
}
