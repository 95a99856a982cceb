// RequestContext.swift: what policies may ask about a call: the condition keys, from proof and carriage, never from the request.
import LatchkeyOTP
import LatchkeyStore

/// The condition keys of one call, by name.
///
/// Names are compared without regard to case where they are used. A key that is absent is not there: that is not the same as
/// an empty value.
struct RequestContext {
    /// The values of a key.
    enum Values: Equatable {
        case one(String)
        case many([String])
    }

    private(set) var keys: [(name: String, values: Values)] = []

    mutating func add(_ name: String, _ value: String?) {
        if let value { keys.append((name, .one(value))) }
    }

    mutating func add(_ name: String, many values: [String]) { keys.append((name, .many(values))) }
}

extension State {
    /// The keys of the call, of the caller and of what the action is about.
    borrowing func requestContext(
        _ action: some Action,
        on target: Target,
        _ call: Call
    ) throws(Fault) -> RequestContext {
        var context = RequestContext()
        context.addCall(call)
        try addCaller(call, to: &context)
        if let row = target.tagged {
            for tag in try tags(of: row) {
                context.add("aws:ResourceTag/\(tag.key)", tag.value)
                context.add("iam:ResourceTag/\(tag.key)", tag.value)
            }
        }
        if let action = action as? any KeyedAction { try action.addKeys(to: &context, target, self) }
        return context
    }

    private borrowing func addCaller(_ call: Call, to context: inout RequestContext) throws(Fault) {
        let caller = call.caller
        context.add("aws:PrincipalAccount", caller.account?.text)
        switch caller.identity {
        case .anonymous:
            context.add("aws:PrincipalType", "Anonymous")
            context.add("aws:userid", "anonymous")
        case .root, .local:
            context.add("aws:PrincipalType", "Account")
            context.add("aws:userid", caller.account?.text)
            context.add("aws:PrincipalArn", caller.account.map { "arn:aws:iam::\($0):root" })
        case .user(let user):
            context.add("aws:PrincipalType", "User")
            context.add("aws:userid", user.id)
            context.add("aws:username", user.name.text)
            context.add("aws:PrincipalArn", user.arn.text)
            for tag in try tags(of: user.id) { context.add("aws:PrincipalTag/\(tag.key)", tag.value) }
        case .assumedRole(let session):
            context.add("aws:PrincipalType", "AssumedRole")
            context.add("aws:userid", session.userID)
            context.add("aws:PrincipalArn", session.roleARN.text)
            context.addPrincipalTags(try tags(of: session.roleID), session.lent)
        case .federated(let session):
            context.add("aws:PrincipalType", "FederatedUser")
            context.add("aws:userid", session.userID)
            context.add("aws:PrincipalArn", session.arn.text)
            context.addPrincipalTags(try tags(of: session.issuer.id), session.lent)
        }
        context.addCredential(caller, at: call.now)
    }
}

extension RequestContext {
    fileprivate mutating func addCall(_ call: Call) {
        add("aws:CurrentTime", call.now.description)
        add("aws:EpochTime", "\(call.now.seconds)")
        add("aws:SecureTransport", call.carriage.isSecure ? "true" : "false")
        // A call on the machine itself comes from no address.
        if call.peer != "local" && call.peer != "unix" { add("aws:SourceIp", call.peer) }
        add("aws:UserAgent", call.carriage.userAgent)
        add("aws:referer", call.carriage.referer)
        add("aws:RequestedRegion", call.carriage.region)
        add("aws:ResourceAccount", call.account.text)
        add("aws:ViaAWSService", "false")
    }

    /// The role's or user's tags, and over them the session's.
    fileprivate mutating func addPrincipalTags(_ own: [Tag], _ session: LentSession) {
        let passed = Set(session.tags.map { $0.key.lowercased() })
        for tag in own.filter({ !passed.contains($0.key.lowercased()) }) + session.tags {
            add("aws:PrincipalTag/\(tag.key)", tag.value)
        }
        add("aws:SourceIdentity", session.sourceIdentity)
    }

    /// Whether a second factor was proved is known of temporary credentials and sessions only, as in AWS.
    fileprivate mutating func addCredential(_ caller: Caller, at now: UnixTime) {
        switch caller.credential {
        case .none, .accessKey: return
        case .temporary(_, let issued): add("aws:TokenIssueTime", issued.description)
        case .session(let session): add("aws:TokenIssueTime", session.began.description)
        }
        add("aws:MultiFactorAuthPresent", caller.mfa == nil ? "false" : "true")
        if let mfa = caller.mfa { add("aws:MultiFactorAuthAge", "\(max(0, now.seconds(since: mfa)))") }
    }
}
