// TrustAnchors.swift: authorities whose certificates let machines take roles: made known, shown, listed and deleted.
import LatchkeyCrypto
public import LatchkeyOTP
import LatchkeyStore

/// The actions on trust anchors.
let trustAnchorActions: [any Action.Type] = [
    CreateTrustAnchor.self, GetTrustAnchor.self, ListTrustAnchors.self, DeleteTrustAnchor.self, TagTrustAnchor.self,
    UntagTrustAnchor.self, ListTrustAnchorTags.self,
]

/// A trust anchor: an authority, by its certificate, that an account trusts to say who its machines are.
public struct TrustAnchor: Codable, Sendable, Equatable {
    /// The ARN, which trust policies ask about as `aws:SourceArn`.
    public let trustAnchorArn: ARN
    /// The name.
    public let name: TrustAnchorName
    /// Whether certificates are held against it.
    public let status: AccessKeyStatus
    /// The authority's certificate.
    public let certificateBody: CertificateBody
    /// When that certificate ends.
    public let expiration: UnixTime
    /// When the anchor was made.
    public let createDate: UnixTime
    /// When it was last changed.
    public let updateDate: UnixTime
}

/// Makes an authority known whose certificates let machines take those roles that trust it.
///
/// The certificate must be an authority's of version 3 for the signing of certificates, valid, and strong; it need not be a root.
/// Fails with `EntityAlreadyExists` if the name, case apart, is taken, and with `MalformedCertificate` or `InvalidCertificate`.
public struct CreateTrustAnchor: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The name.
    public var name: TrustAnchorName
    /// The authority's certificate, as PEM.
    public var certificateBody: CertificateBody
    /// Up to 50 tags.
    public var tags: [Tag]?

    /// Makes the action.
    public init(name: TrustAnchorName, certificateBody: CertificateBody, tags: [Tag]? = nil) {
        self.name = name
        self.certificateBody = certificateBody
        self.tags = tags
    }

    /// The new anchor.
    public struct Output: Codable, Sendable {
        /// The anchor.
        public var trustAnchor: TrustAnchor
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource {
        Resource(description: StoredTrustAnchor.arnText("*", in: call.account))
    }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        _ = try certificateBody.anchor(at: call.now)
        let anchor = StoredTrustAnchor(
            id: UniqueID.make(StoredTrustAnchor.idPrefix),
            account: call.account,
            name: name,
            created: call.now,
            updated: call.now,
            isActive: true,
            certificate: certificateBody,
            revoked: [],
            lists: []
        )
        try state.insert(anchor)
        try state.setTags(tags ?? [], of: anchor.id)
        state.notes.details.append((name: "trust_anchor", value: anchor.arn.text))
        return Output(trustAnchor: try anchor.shown())
    }
}

/// Shows a trust anchor.
public struct GetTrustAnchor: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The anchor.
    public var trustAnchorArn: ARN

    /// Makes the action.
    public init(trustAnchorArn: ARN) { self.trustAnchorArn = trustAnchorArn }

    /// The anchor, and what it refuses.
    public struct Output: Codable, Sendable {
        /// The anchor.
        public var trustAnchor: TrustAnchor
        /// The serial numbers of the certificates that are refused by themselves.
        public var revokedSerialNumbers: [CertificateSerialNumber]
        /// The revocation lists that certificates are looked up in.
        public var revocationLists: [ListDates]
        /// The tags.
        public var tags: [Tag]
    }

    /// When a revocation list was made, and when there will be another one.
    public struct ListDates: Codable, Sendable, Equatable {
        /// When it was made.
        public var thisUpdate: UnixTime
        /// When the next one is due, if it says so.
        public var nextUpdate: UnixTime?

        init(_ list: RevocationList) {
            thisUpdate = UnixTime(list.thisUpdate)
            nextUpdate = list.nextUpdate.map { UnixTime($0) }
        }
    }

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .trustAnchor(trustAnchorArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let anchor = try state.trustAnchor(trustAnchorArn, in: call.account)
        return Output(
            trustAnchor: try anchor.shown(),
            revokedSerialNumbers: anchor.revoked.map { CertificateSerialNumber(checked: $0) },
            revocationLists: try state.revocationLists(of: anchor).map(ListDates.init),
            tags: try state.tags(of: anchor.id)
        )
    }
}

/// Lists the account's trust anchors, by name, in pages.
public struct ListTrustAnchors: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of anchors.
    public struct Output: Codable, Sendable {
        /// The anchors.
        public var trustAnchors: [TrustAnchor]
        /// Whether there is another page.
        public var isTruncated: Bool
        /// What to send for it.
        public var marker: Marker?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let page = try Page(
            try state.trustAnchors(in: call.account),
            after: marker,
            maxItems,
            state.vault,
            position: \.name.folded
        )
        return Output(
            trustAnchors: try page.items.map { anchor throws(Fault) in try anchor.shown() },
            isTruncated: page.isTruncated,
            marker: page.marker
        )
    }
}

/// Deletes a trust anchor, and ends at once every session that a certificate of its authority's opened.
public struct DeleteTrustAnchor: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The anchor.
    public var trustAnchorArn: ARN

    /// Makes the action.
    public init(trustAnchorArn: ARN) { self.trustAnchorArn = trustAnchorArn }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .trustAnchor(trustAnchorArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let anchor = try state.trustAnchor(trustAnchorArn, in: call.account)
        try state.endSessions(through: anchor.id)
        try state.setTags([], of: anchor.id)
        try state.run("DELETE FROM revocation_lists WHERE anchor = $1", anchor.id)
        try state.run("DELETE FROM trust_anchors WHERE id = $1", anchor.id)
        return Nothing()
    }
}

extension StoredTrustAnchor {
    /// The authority's certificate; fails with `StoreDamaged`, for it was checked when it came.
    func authority() throws(Fault) -> Certificate {
        guard let certificate = try? Certificate(pem: certificate.text) else { throw .damaged("a trust anchor") }
        return certificate
    }

    func shown() throws(Fault) -> TrustAnchor {
        TrustAnchor(
            trustAnchorArn: arn,
            name: name,
            status: isActive ? .active : .inactive,
            certificateBody: certificate,
            expiration: UnixTime(try authority().notAfter),
            createDate: created,
            updateDate: updated
        )
    }
}

extension CertificateBody {
    /// The one certificate in the text, which must be valid now and an authority's.
    func anchor(at now: UnixTime) throws(Fault) -> Certificate {
        let certificate = try certificate(at: now)
        if let fault = certificate.faultAsAnchor {
            throw .invalidCertificate("The certificate cannot be a trust anchor: \(fault.asAnchor).")
        }
        return certificate
    }
}

extension CertificateRefusal {
    /// The refusal in words about an authority's own certificate.
    fileprivate var asAnchor: String {
        switch self {
        case .notAuthority: "it is not an authority's (basic constraints CA:TRUE)"
        case .keyUsage: "its key usage is missing or does not allow it to sign certificates (keyCertSign)"
        case .weakKey: "its key is weak; take RSA of 2,048 bits or more, or P-256"
        case .weakSignature: "its signature is weak; sign with SHA-256 or better"
        case .untrusted: "its signature by itself is wrong"
        default: "it is not of version 3"
        }
    }
}

extension Resource {
    /// An anchor, which need not exist; fails with `InvalidInput` if the ARN is not one of a trust anchor.
    static func trustAnchor(_ arn: ARN) throws(Fault) -> Resource {
        let parts = arn.text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[1] == "aws", parts[2] == "rolesanywhere",
            parts[5].utf8.starts(with: "trust-anchor/".utf8)
        else {
            throw .invalidInput("Invalid ARN: \(arn)")
        }
        return Resource(description: arn.text, kept: .trustAnchor(arn))
    }
}
