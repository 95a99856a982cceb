// SigningCertificates.swift: X.509 certificates that users sign requests with, two at most, each in one place of an account.
import LatchkeyCrypto
public import LatchkeyOTP
import LatchkeyStore

/// The actions on signing certificates.
let signingCertificateActions: [any Action.Type] = [
    UploadSigningCertificate.self, ListSigningCertificates.self, UpdateSigningCertificate.self,
    DeleteSigningCertificate.self,
]

/// A signing certificate.
public struct SigningCertificate: Codable, Sendable, Equatable {
    /// Whose certificate it is; root's is `root`.
    public let userName: UserName
    /// The identifier.
    public let certificateId: CertificateID
    /// The certificate itself.
    public let certificateBody: CertificateBody
    /// Whether it may be used.
    public let status: AccessKeyStatus
    /// When it was uploaded.
    public let uploadDate: UnixTime
}

/// Uploads a certificate for a user: the one that is named, or the caller.
///
/// Fails with `MalformedCertificate` for what is none or has expired, with `InvalidCertificate` for a weak key, with
/// `DuplicateCertificate` if anyone of the account has it, and with `LimitExceeded` when there are two.
public struct UploadSigningCertificate: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user; the caller unless given.
    public var userName: UserName?
    /// The certificate, as PEM.
    public var certificateBody: CertificateBody

    /// Makes the action.
    public init(userName: UserName? = nil, certificateBody: CertificateBody) {
        self.userName = userName
        self.certificateBody = certificateBody
    }

    /// The certificate.
    public struct Output: Codable, Sendable {
        /// The certificate.
        public var certificate: SigningCertificate
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName ?? call.callerName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let user = try state.subject(userName, call)
        let certificate = try certificateBody.certificate(at: call.now)
        guard certificate.securityBits >= Certificate.leastSecurityBits else {
            throw .invalidCertificate("The key of the certificate is weak: take RSA of 2048 bits or more, or P-256.")
        }
        let stored = StoredSigningCertificate(
            id: CertificateID(checked: UniqueID.make("", count: 32)),
            account: user.account,
            owner: user.id,
            created: call.now,
            isActive: true,
            body: certificateBody,
            digest: Digest.hash(certificate.der, with: .sha256)
        )
        try state.insert(stored, of: user)
        return Output(certificate: stored.shown(of: user))
    }
}

/// Lists the signing certificates of a user: the one that is named, or the caller.
public struct ListSigningCertificates: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The user; the caller unless given.
    public var userName: UserName?
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(userName: UserName? = nil, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.userName = userName
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of certificates.
    public struct Output: Codable, Sendable {
        /// The certificates, by identifier.
        public var certificates: [SigningCertificate]
        /// Whether there is another page.
        public var isTruncated: Bool
        /// What to send for it.
        public var marker: Marker?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName ?? call.callerName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let user = try state.subject(userName, call)
        let all = try state.signingCertificates(of: user)
        let page = try Page(all, after: marker, maxItems, state.vault, position: \.id.text)
        return Output(
            certificates: page.items.map { $0.shown(of: user) },
            isTruncated: page.isTruncated,
            marker: page.marker
        )
    }
}

/// Makes a signing certificate active or inactive.
public struct UpdateSigningCertificate: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user; the caller unless given.
    public var userName: UserName?
    /// The certificate.
    public var certificateId: CertificateID
    /// Whether it may be used.
    public var status: AccessKeyStatus

    /// Makes the action.
    public init(userName: UserName? = nil, certificateId: CertificateID, status: AccessKeyStatus) {
        self.userName = userName
        self.certificateId = certificateId
        self.status = status
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName ?? call.callerName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let user = try state.subject(userName, call)
        try state.setActive(status == .active, try state.signingCertificate(certificateId, of: user))
        return Nothing()
    }
}

/// Deletes a signing certificate.
public struct DeleteSigningCertificate: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user; the caller unless given.
    public var userName: UserName?
    /// The certificate.
    public var certificateId: CertificateID

    /// Makes the action.
    public init(userName: UserName? = nil, certificateId: CertificateID) {
        self.userName = userName
        self.certificateId = certificateId
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName ?? call.callerName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let user = try state.subject(userName, call)
        let certificate = try state.signingCertificate(certificateId, of: user)
        try state.run("DELETE FROM signing_certificates WHERE id = $1", certificate.id.text)
        return Nothing()
    }
}
