// AssumeRoleWithCertificate.swift: taking a role with nothing but a certificate of an authority that the account trusts.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyPolicy
import LatchkeyStore

/// The actions of those who hold certificates.
let certificateActions: [any Action.Type] = [AssumeRoleWithCertificate.self]

/// Lends a role's rights for a time to whoever holds the key of a certificate that leads to a trust anchor of the role's account.
///
/// The call is signed by the certificate's key, as AWS's IAM Roles Anywhere has it, and not with an access key. The role's trust
/// policy must let the service `rolesanywhere.amazonaws.com` in, and can ask about the anchor (`aws:SourceArn`) and the names in the
/// certificate (`aws:PrincipalTag/x509Subject/CN` and so on). The session lasts no longer than any certificate of the chain. Fails
/// with `AccessDenied`: about the certificate in words that say what is wrong with it, about the role without saying whether it is
/// there.
public struct AssumeRoleWithCertificate: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.open
    /// The role.
    public var roleArn: ARN
    /// The trust anchor that the certificate is held against.
    public var trustAnchorArn: ARN
    /// The session's name; the certificate's serial number, in hexadecimal digits, unless given.
    public var roleSessionName: RoleSessionName?
    /// How long the session lasts: up to the role's own maximum; an hour unless given.
    public var durationSeconds: RoleDuration?

    /// Makes the action.
    public init(
        roleArn: ARN,
        trustAnchorArn: ARN,
        roleSessionName: RoleSessionName? = nil,
        durationSeconds: RoleDuration? = nil
    ) {
        self.roleArn = roleArn
        self.trustAnchorArn = trustAnchorArn
        self.roleSessionName = roleSessionName
        self.durationSeconds = durationSeconds
    }

    /// The credentials, and who they make of the caller.
    public struct Output: Codable, Sendable {
        /// The credentials.
        public var credentials: TemporaryCredentials
        /// Who the caller is with the credentials.
        public var assumedRoleUser: AssumeRole.AssumedRoleUser
        /// How full the room for tags is, in percent; missing when the certificate has no names.
        public var packedPolicySize: Int?
        /// `CN=` and the common name in the certificate's subject; missing when it has none.
        public var sourceIdentity: String?
        /// The certificate's subject, in one line.
        public var subject: String
    }

    /// What the certificate has proved, and the anchor that it was held against.
    public struct Evidence: Sendable {
        let serial: String?
        let proved: Result<Proved, Fault>

        struct Proved: Sendable {
            let anchor: StoredTrustAnchor
            let path: CertificatePath
            let claims: CertificateClaims
        }
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { Resource(description: roleArn.text) }

    /// Does the slow part: follows the signatures from the certificate to the anchor's.
    public func gather(_ call: Call, _ authority: Authority) async throws(Fault) -> Evidence {
        guard case .certificate(let held) = call.caller.credential else {
            throw .accessDenied(
                "Sign this call with a certificate's key (AWS4-X509-RSA-SHA256 or AWS4-X509-ECDSA-SHA256).",
                reason: "no_certificate"
            )
        }
        let names = CertificateNames(held.certificate)
        do throws(Fault) {
            return Evidence(
                serial: names?.serialDigits,
                proved: .success(try await prove(held, names, call, authority))
            )
        } catch {
            if error.isInternal { throw error }
            return Evidence(serial: names?.serialDigits, proved: .failure(error))
        }
    }

    private func prove(
        _ held: HeldCertificate,
        _ names: CertificateNames?,
        _ call: Call,
        _ authority: Authority
    ) async throws(Fault) -> Evidence.Proved {
        let (account, _) = try roleArn.role()
        let arn = trustAnchorArn
        let anchor = try await authority.read { state throws(Fault) in try state.findTrustAnchor(arn, in: account) }
        guard let anchor, anchor.isActive else { throw .noTrustAnchor }
        let trusted = try anchor.authority()
        let path: CertificatePath
        do throws(CertificateRefusal) {
            path = try CertificatePath(from: held.certificate, through: held.chain, to: trusted, at: call.now.seconds)
        } catch {
            throw Fault(error)
        }
        guard let names else { throw .certificateRefused("its names or its serial number cannot be read", "names") }
        return Evidence.Proved(anchor: anchor, path: path, claims: try CertificateClaims(names))
    }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _ evidence: Evidence) throws(Fault) -> Output {
        if let serial = evidence.serial { state.notes.details.append((name: "certificate_serial", value: serial)) }
        let proved = try evidence.proved.get()
        let claims = proved.claims
        state.notes.details.append((name: "certificate_subject", value: claims.subject))
        state.notes.details.append((name: "trust_anchor", value: proved.anchor.arn.text))
        let (account, roleName) = try roleArn.role()
        // The anchor may have been changed while the certificate was looked at.
        guard let anchor = try state.findTrustAnchor(id: proved.anchor.id, in: account), anchor.isActive,
            anchor.certificate == proved.anchor.certificate
        else { throw .noTrustAnchor }
        if anchor.revoked(proved.path, try state.revocationLists(of: anchor)) != nil {
            throw .certificateRefused("it was revoked", "revoked")
        }
        guard let role = try state.findRole(roleName, in: account), role.arn == roleArn else {
            throw .notAuthorized(toPerform: "sts:AssumeRole", reason: "not_found")
        }
        var session = LentSession(
            .role,
            name: roleSessionName?.text ?? evidence.serial ?? "certificate",
            source: anchor.id,
            sourceAccount: account.text
        )
        session.isByCertificate = true
        session.certificate = ProvedCertificate(proved.path)
        session.sourceIdentity = claims.sourceIdentity
        session.tags = claims.tags
        let packed = SessionPassing(tags: claims.tags).packedSize
        if let packed, packed > 100 {
            throw .packedPolicyTooLarge("The names in the certificate consume \(packed)% of the room for session tags.")
        }
        let keys = try keys(role, session, anchor, call, state)
        if let action = try state.denied(session.actions, on: role, toHolderBy: keys) {
            throw .notAuthorized(toPerform: action, reason: "trust")
        }
        session.maker = LentSession.Maker(arn: anchor.arn.text, id: anchor.id, keys)
        let credentials = try state.lend(
            of: role.id,
            in: account,
            for: Int64(try role.duration(durationSeconds)),
            mfa: nil,
            session: session,
            call
        )
        state.notes.details.append((name: "session", value: session.name))
        try state.record(Self.name, alsoFor: role, call)
        let lent = RoleSession(role: role, lent: session)
        return Output(
            credentials: credentials,
            assumedRoleUser: AssumeRole.AssumedRoleUser(assumedRoleId: lent.userID, arn: lent.arn),
            packedPolicySize: packed,
            sourceIdentity: session.sourceIdentity,
            subject: claims.subject
        )
    }

    /// What the trust policy may ask about the call; it is the service that calls, in the holder's name.
    private func keys(
        _ role: StoredRole,
        _ session: LentSession,
        _ anchor: StoredTrustAnchor,
        _ call: Call,
        _ state: borrowing State
    ) throws(Fault) -> RequestKeys {
        var keys = try state.keys(self, taking: role, in: session, for: durationSeconds, call)
        keys.add("aws:SourceArn", anchor.arn.text)
        keys.add("aws:SourceAccount", anchor.account.text)
        keys.add("aws:PrincipalIsAWSService", "true")
        keys.add("aws:PrincipalServiceName", TrustedCertificates.service)
        for tag in session.tags { keys.add("aws:PrincipalTag/\(tag.key)", tag.value) }
        return keys
    }
}

extension Fault {
    /// No anchor, one of another account, or one that is inactive: which it is, is not told.
    fileprivate static let noTrustAnchor = accessDenied(
        "The certificate is not trusted: the trust anchor is not an active one of the role's account.",
        reason: "trust_anchor"
    )
}
