// TrustAnchorChanges.swift: what may change of a trust anchor: name, certificate, status, and which certificates it refuses.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyStore

/// The actions that change trust anchors.
let trustAnchorChangeActions: [any Action.Type] = [
    UpdateTrustAnchor.self, ImportRevocationList.self, RevokeCertificate.self, ReinstateCertificate.self,
]

/// Gives a trust anchor another name, certificate or status; what is not given stays.
///
/// Sessions whose certificates do not lead to the new certificate end at once, and all of them when the anchor becomes inactive.
public struct UpdateTrustAnchor: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The anchor.
    public var trustAnchorArn: ARN
    /// The new name.
    public var name: TrustAnchorName?
    /// The new certificate, as PEM.
    public var certificateBody: CertificateBody?
    /// Whether certificates are held against it.
    public var status: AccessKeyStatus?

    /// Makes the action.
    public init(
        trustAnchorArn: ARN,
        name: TrustAnchorName? = nil,
        certificateBody: CertificateBody? = nil,
        status: AccessKeyStatus? = nil
    ) {
        self.trustAnchorArn = trustAnchorArn
        self.name = name
        self.certificateBody = certificateBody
        self.status = status
    }

    /// The anchor as it is now.
    public struct Output: Codable, Sendable {
        /// The anchor.
        public var trustAnchor: TrustAnchor
        /// How many temporary credentials ended.
        public var ended: Int
    }

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .trustAnchor(trustAnchorArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        var anchor = try state.trustAnchor(trustAnchorArn, in: call.account)
        if let certificateBody {
            _ = try certificateBody.anchor(at: call.now)
            anchor.certificate = certificateBody
        }
        if let name { anchor.name = name }
        if let status { anchor.isActive = status == .active }
        try state.update(anchor, at: call.now)
        let ended = try state.endRefusedSessions(of: anchor, at: call.now)
        state.notes.details.append((name: "ended", value: "\(ended)"))
        return Output(trustAnchor: try state.trustAnchor(trustAnchorArn, in: call.account).shown(), ended: ended)
    }
}

/// Takes in a certificate revocation list of the anchor's authority or of one below it, in the place of that issuer's former list.
///
/// What it lists is refused from then on, and its sessions end at once. A list that is due to be followed goes on refusing what it
/// lists until the next one is brought. Fails with `InvalidInput` for a list that is older than the present one, has ended, or
/// is not signed by such an authority.
public struct ImportRevocationList: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The anchor.
    public var trustAnchorArn: ARN
    /// The list, as PEM.
    public var revocationList: RevocationListText
    /// Where the list's issuer is not the anchor itself: its certificate first, then those that lead to the anchor.
    public var certificateChain: CertificateChain?

    /// Makes the action.
    public init(trustAnchorArn: ARN, revocationList: RevocationListText, certificateChain: CertificateChain? = nil) {
        self.trustAnchorArn = trustAnchorArn
        self.revocationList = revocationList
        self.certificateChain = certificateChain
    }

    /// What came in, and what it did.
    public struct Output: Codable, Sendable {
        /// When the list was made, and when there will be another one.
        public var dates: GetTrustAnchor.ListDates
        /// How many temporary credentials ended.
        public var ended: Int
    }

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .trustAnchor(trustAnchorArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        var anchor = try state.trustAnchor(trustAnchorArn, in: call.account)
        let list: RevocationList
        do throws(CertificateError) { list = try RevocationList(pem: revocationList.text) } catch {
            throw .invalidInput("The revocation list cannot be read: \(error).")
        }
        guard list.isSigned(by: try issuer(anchor, at: call.now)) else {
            throw .invalidInput(
                "The revocation list is not signed by the trust anchor, nor by the first certificate of certificateChain."
            )
        }
        guard list.thisUpdate <= call.now.seconds, list.nextUpdate.map({ $0 > call.now.seconds }) ?? true else {
            throw .invalidInput("The revocation list is not of today: bring the present one.")
        }
        let old = try state.revocationLists(of: anchor).first { $0.issuer == list.issuer }
        if let old, old.thisUpdate > list.thisUpdate {
            throw .invalidInput("The revocation list is older than the one that is kept: bring the present one.")
        }
        try state.replace(old, with: list, of: &anchor)
        try state.update(anchor, at: call.now)
        let ended = try state.endRefusedSessions(of: anchor, at: call.now)
        state.notes.details.append((name: "ended", value: "\(ended)"))
        return Output(dates: GetTrustAnchor.ListDates(list), ended: ended)
    }

    /// Whoever must have signed the list: the anchor's authority, or one that signatures lead from to it.
    private func issuer(_ anchor: StoredTrustAnchor, at now: UnixTime) throws(Fault) -> Certificate {
        let authority = try anchor.authority()
        guard let certificateChain else { return authority }
        let chain: [Certificate]
        do throws(CertificateError) { chain = try Certificate.list(pem: certificateChain.text) } catch {
            throw .malformedCertificate("Unable to parse the certificate chain: \(error).")
        }
        // The anchor itself may stand at the end, or be left out.
        let links = chain.filter { $0 != authority } + [authority]
        guard links.count <= CertificatePath.mostBetween + 1, let first = links.first else {
            throw .invalidInput("The certificate chain is too long.")
        }
        for (certificate, above) in zip(links, links.dropFirst()) {
            guard certificate.isSigned(by: above), certificate.faultAsAnchor == nil,
                certificate.notBefore <= now.seconds, certificate.notAfter > now.seconds
            else {
                throw .invalidInput("The certificate chain does not lead from the list's issuer to the trust anchor.")
            }
        }
        return first
    }
}

/// Refuses the certificate of a serial number from now on, whoever below the anchor issued it, and ends its sessions at once.
///
/// For when the authority's own list is not at hand; a certificate that is refused already is no fault.
public struct RevokeCertificate: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The anchor.
    public var trustAnchorArn: ARN
    /// The serial number, in hexadecimal digits.
    public var serialNumber: CertificateSerialNumber

    /// Makes the action.
    public init(trustAnchorArn: ARN, serialNumber: CertificateSerialNumber) {
        self.trustAnchorArn = trustAnchorArn
        self.serialNumber = serialNumber
    }

    /// What was ended.
    public struct Output: Codable, Sendable, Equatable {
        /// How many temporary credentials ended.
        public var ended: Int
    }

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .trustAnchor(trustAnchorArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        var anchor = try state.trustAnchor(trustAnchorArn, in: call.account)
        let digits = serialNumber.digits
        guard !digits.isEmpty else { throw .invalidInput("A serial number is greater than 0.") }
        if !anchor.revoked.contains(digits) {
            guard anchor.revoked.count < StoredTrustAnchor.mostRevoked else {
                throw .limitExceeded(
                    "Cannot exceed quota for RevokedCertificatesPerTrustAnchor: \(StoredTrustAnchor.mostRevoked). "
                        + "Import the authority's revocation list."
                )
            }
            anchor.revoked = (anchor.revoked + [digits]).sorted()
            try state.update(anchor, at: call.now)
        }
        let ended = try state.endRefusedSessions(of: anchor, at: call.now)
        state.notes.details.append((name: "certificate_serial", value: digits))
        state.notes.details.append((name: "ended", value: "\(ended)"))
        return Output(ended: ended)
    }
}

/// Takes a serial number off those that are refused by themselves; what a revocation list says stays.
public struct ReinstateCertificate: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The anchor.
    public var trustAnchorArn: ARN
    /// The serial number, in hexadecimal digits.
    public var serialNumber: CertificateSerialNumber

    /// Makes the action.
    public init(trustAnchorArn: ARN, serialNumber: CertificateSerialNumber) {
        self.trustAnchorArn = trustAnchorArn
        self.serialNumber = serialNumber
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .trustAnchor(trustAnchorArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        var anchor = try state.trustAnchor(trustAnchorArn, in: call.account)
        let digits = serialNumber.digits
        guard anchor.revoked.contains(digits) else {
            throw .noSuchEntity("The serial number is not one of those that are refused by themselves.")
        }
        anchor.revoked.removeAll { $0 == digits }
        try state.update(anchor, at: call.now)
        state.notes.details.append((name: "certificate_serial", value: digits))
        return Nothing()
    }
}

extension State {
    /// Ends the sessions whose certificates the anchor no longer takes, with all that came through them; says how many ended.
    fileprivate borrowing func endRefusedSessions(
        of anchor: StoredTrustAnchor,
        at now: UnixTime
    ) throws(Fault) -> Int {
        guard anchor.isActive else { return try endSessions(through: anchor.id) }
        let ids: [(String)] = try rows(
            "SELECT DISTINCT credential FROM credential_origins WHERE principal = $1 ORDER BY credential",
            anchor.id
        )
        let authority = try anchor.authority()
        let lists = try revocationLists(of: anchor)
        var ended = 0
        for id in ids {
            guard let credential = try temporaryCredential(AccessKeyID(checked: id)), let text = credential.session
            else { continue }
            // Each knows the certificate that everything began with, however long its chain is.
            let proved = try LentSession(kept: text).certificate?.certificates() ?? []
            if let first = proved.first,
                let path = try? CertificatePath(
                    from: first,
                    through: Array(proved.dropFirst()),
                    to: authority,
                    at: now.seconds
                ),
                anchor.revoked(path, lists) == nil
            {
                continue
            }
            ended += try run("DELETE FROM temporary_credentials WHERE id = $1", id)
        }
        return ended
    }
}

extension StoredTrustAnchor {
    /// The first certificate of the path that was taken back, the anchor's own apart; nil when none was.
    func revoked(_ path: CertificatePath, _ lists: [RevocationList]) -> Certificate? {
        path.certificates.dropLast()
            .first { certificate in
                guard let names = CertificateNames(certificate) else { return true }
                return revoked.contains(names.serialDigits) || lists.contains { $0.lists(certificate) }
            }
    }
}
