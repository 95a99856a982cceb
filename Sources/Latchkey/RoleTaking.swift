// RoleTaking.swift: what every way to take a role does alike: names it, bounds the session's length, tells both accounts.
import LatchkeyOTP
import LatchkeyPolicy

extension ARN {
    /// The role that the ARN names, and its account; fails with `ValidationError` where it names none.
    func role() throws(Fault) -> (account: AccountID, name: RoleName) {
        guard let name = PrincipalName(text), case .role(let role) = name.kind else {
            throw .validation("\(text.prefix(80).escapedForDisplay) is invalid")
        }
        return (name.account, role)
    }
}

extension StoredRole {
    /// How long a session lasts, in seconds: an hour unless wanted otherwise; fails with `ValidationError` beyond the maximum.
    func duration(_ wanted: RoleDuration?) throws(Fault) -> Int {
        guard let wanted = wanted?.count else { return 3_600 }
        guard wanted <= longest else {
            throw .validation("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
        }
        return wanted
    }
}

extension State {
    /// What a trust policy may ask about the session that is wanted, whoever wants it.
    borrowing func keys(
        _ action: some Action,
        taking role: StoredRole,
        in session: LentSession,
        for duration: RoleDuration?,
        _ call: Call
    ) throws(Fault) -> RequestKeys {
        let target = Target(arn: role.arn.text, tagged: role.id, holder: PolicyHolder(role))
        var keys = try requestKeys(action, on: target, call)
        keys.add("aws:ResourceAccount", role.account.text)
        keys.add("sts:RoleSessionName", session.name)
        keys.add("sts:SourceIdentity", session.sourceIdentity)
        keys.add("sts:DurationSeconds", duration.map { "\($0.count)" })
        keys.addRequested(session.tags.isEmpty ? nil : session.tags)
        return keys
    }

    /// Tells the audit trail of the role's account too, where the call is about another account.
    borrowing func record(_ action: String, alsoFor role: StoredRole, _ call: Call) throws(Fault) {
        guard role.account != call.account else { return }
        let there = Call(
            caller: call.caller,
            account: role.account,
            id: call.id,
            now: call.now,
            peer: call.peer,
            carriage: call.carriage
        )
        try record(action, there, nil)
    }
}

extension Fault {
    /// What whoever has no key of the authority's is told: nothing about the role, not even whether it is there.
    static func notAuthorized(toPerform action: String, reason: String) -> Fault {
        accessDenied("Not authorized to perform \(action)", reason: reason)
    }
}
