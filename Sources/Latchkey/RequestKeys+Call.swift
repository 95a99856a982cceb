// RequestKeys+Call.swift: what policies may ask about a call: condition keys, from proof and carriage, never from the request.
import LatchkeyOTP
import LatchkeyPolicy
import LatchkeyStore

extension RequestKeys {
    /// Gives a key its value, if there is one: an absent key is not an empty one.
    mutating func add(_ name: String, _ value: String?) {
        if let value { set(name, value) }
    }
}

extension State {
    /// The keys of the call, of the caller and of what the action is about.
    borrowing func requestKeys(
        _ action: some Action,
        on target: Target,
        _ call: Call
    ) throws(Fault) -> RequestKeys {
        var keys = RequestKeys()
        keys.addCall(call)
        try addCaller(call.caller, at: call.now, to: &keys)
        if let row = target.tagged {
            for tag in try tags(of: row) {
                keys.add("aws:ResourceTag/\(tag.key)", tag.value)
                keys.add("iam:ResourceTag/\(tag.key)", tag.value)
            }
        }
        if let action = action as? any KeyedAction { try action.addKeys(to: &keys, target, self) }
        return keys
    }

    /// The keys of who calls and what they proved.
    borrowing func addCaller(_ caller: Caller, at now: UnixTime, to keys: inout RequestKeys) throws(Fault) {
        keys.add("aws:PrincipalAccount", caller.account?.text)
        switch caller.identity {
        case .anonymous:
            keys.add("aws:PrincipalType", "Anonymous")
            keys.add("aws:userid", "anonymous")
        case .root, .local:
            keys.add("aws:PrincipalType", "Account")
            keys.add("aws:userid", caller.account?.text)
            keys.add("aws:PrincipalArn", caller.account.map { "arn:aws:iam::\($0):root" })
        case .user(let user):
            keys.add("aws:PrincipalType", "User")
            keys.add("aws:userid", user.id)
            keys.add("aws:username", user.name.text)
            keys.add("aws:PrincipalArn", user.arn.text)
            for tag in try tags(of: user.id) { keys.add("aws:PrincipalTag/\(tag.key)", tag.value) }
        case .assumedRole(let session):
            keys.add("aws:PrincipalType", "AssumedRole")
            keys.add("aws:userid", session.userID)
            keys.add("aws:PrincipalArn", session.roleARN.text)
            keys.addPrincipalTags(try tags(of: session.roleID), session.lent)
            keys.add("aws:FederatedProvider", session.lent.provider)
        case .federated(let session):
            keys.add("aws:PrincipalType", "FederatedUser")
            keys.add("aws:userid", session.userID)
            keys.add("aws:PrincipalArn", session.arn.text)
            keys.addPrincipalTags(try tags(of: session.issuer.id), session.lent)
        }
        keys.addCredential(caller, at: now)
    }
}

extension RequestKeys {
    /// What time it is.
    mutating func addTime(_ now: UnixTime) {
        add("aws:CurrentTime", now.description)
        add("aws:EpochTime", "\(now.seconds)")
    }

    fileprivate mutating func addCall(_ call: Call) {
        addTime(call.now)
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
        for tag in own + session.tags { add("aws:PrincipalTag/\(tag.key)", tag.value) }
        add("aws:SourceIdentity", session.sourceIdentity)
    }

    /// Whether a second factor was proved is known of temporary credentials and sessions only, as in AWS.
    fileprivate mutating func addCredential(_ caller: Caller, at now: UnixTime) {
        switch caller.credential {
        case .none, .accessKey, .certificate: return
        case .temporary(_, let issued): add("aws:TokenIssueTime", issued.description)
        case .session(let session): add("aws:TokenIssueTime", session.began.description)
        }
        add("aws:MultiFactorAuthPresent", caller.mfa == nil ? "false" : "true")
        if let mfa = caller.mfa { add("aws:MultiFactorAuthAge", "\(max(0, now.seconds(since: mfa)))") }
    }
}
