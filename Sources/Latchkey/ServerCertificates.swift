// ServerCertificates.swift: certificates of servers with their private keys, which go in and never come out.
import LatchkeyCrypto
public import LatchkeyOTP
import LatchkeyStore

/// The actions on server certificates.
let serverCertificateActions: [any Action.Type] = [
    UploadServerCertificate.self, GetServerCertificate.self, ListServerCertificates.self, UpdateServerCertificate.self,
    DeleteServerCertificate.self, TagServerCertificate.self, UntagServerCertificate.self,
    ListServerCertificateTags.self,
]

/// What is known of a server certificate besides the certificate itself.
public struct ServerCertificateMetadata: Codable, Sendable, Equatable {
    /// The path.
    public let path: Path
    /// The name.
    public let serverCertificateName: ServerCertificateName
    /// The identifier: `ASCA` and 17 characters.
    public let serverCertificateId: String
    /// The ARN.
    public let arn: ARN
    /// When it was uploaded.
    public let uploadDate: UnixTime
    /// The last second of its validity.
    public let expiration: UnixTime
}

/// A server certificate; the private key is not shown.
public struct ServerCertificate: Codable, Sendable, Equatable {
    /// Name, path and dates.
    public let serverCertificateMetadata: ServerCertificateMetadata
    /// The certificate, as PEM.
    public let certificateBody: CertificateBody
    /// The certificates between it and its root, as PEM.
    public let certificateChain: CertificateChain?
    /// The tags; missing when there are none.
    public let tags: [Tag]?
}

/// Uploads a server certificate with its private key, which is sealed at once and never shown.
///
/// Fails with `MalformedCertificate` for what is no certificate, no chain, no key, expired or weak, with `KeyPairMismatch` if
/// the key is another certificate's, and with `EntityAlreadyExists` if the name, case apart, is taken.
public struct UploadServerCertificate: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The path; `/` unless given.
    public var path: Path?
    /// The name.
    public var serverCertificateName: ServerCertificateName
    /// The certificate, as PEM.
    public var certificateBody: CertificateBody
    /// The private key, as unencrypted PEM.
    public var privateKey: PrivateKeyBody
    /// The certificates between it and its root, each signed by the next, as PEM.
    public var certificateChain: CertificateChain?
    /// Up to 50 tags.
    public var tags: [Tag]?

    /// Makes the action.
    public init(
        path: Path? = nil,
        serverCertificateName: ServerCertificateName,
        certificateBody: CertificateBody,
        privateKey: PrivateKeyBody,
        certificateChain: CertificateChain? = nil,
        tags: [Tag]? = nil
    ) {
        self.path = path
        self.serverCertificateName = serverCertificateName
        self.certificateBody = certificateBody
        self.privateKey = privateKey
        self.certificateChain = certificateChain
        self.tags = tags
    }

    /// The certificate's facts.
    public struct Output: Codable, Sendable {
        /// Name, path and dates.
        public var serverCertificateMetadata: ServerCertificateMetadata
        /// The tags; missing when there are none.
        public var tags: [Tag]?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource {
        .serverCertificate(serverCertificateName, at: path, in: call.account)
    }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let certificate = try certificateBody.certificate(at: call.now)
        guard certificate.securityBits >= Certificate.leastSecurityBits else {
            throw .malformedCertificate("The key of the certificate is weak: take RSA of 2048 bits or more, or P-256.")
        }
        try check(certificate)
        let id = UniqueID.make("ASCA")
        let new = StoredServerCertificate(
            id: id,
            account: call.account,
            name: serverCertificateName,
            path: path ?? .root,
            created: call.now,
            expires: UnixTime(certificate.notAfter),
            body: certificateBody,
            chain: certificateChain,
            sealedKey: try state.seal(
                Secret(utf8: privateKey.text),
                column: StoredServerCertificate.column,
                row: id
            )
        )
        try state.insert(new)
        try state.setTags(tags ?? [], of: id)
        let kept = try state.tags(of: id)
        return Output(serverCertificateMetadata: new.metadata, tags: kept.isEmpty ? nil : kept)
    }

    private func check(_ certificate: Certificate) throws(Fault) {
        let isFor = try parsing("private key") { () throws(CertificateError) in
            try certificate.isFor(privateKeyPEM: privateKey.text)
        }
        guard isFor else { throw .keyPairMismatch("The private key is not the one of the certificate.") }
        guard let certificateChain else { return }
        let chain = try parsing("certificate chain") { () throws(CertificateError) in
            try Certificate.list(pem: certificateChain.text)
        }
        var lower = certificate
        for upper in chain {
            guard lower.isSigned(by: upper) else {
                throw .malformedCertificate(
                    "Unable to validate certificate chain. The chain must start with the certificate of the immediate "
                        + "signer, followed by any intermediaries in order."
                )
            }
            lower = upper
        }
    }

    private func parsing<Parsed>(
        _ part: String,
        _ parse: () throws(CertificateError) -> Parsed
    ) throws(Fault) -> Parsed {
        do throws(CertificateError) {
            return try parse()
        } catch {
            throw .malformedCertificate("Unable to parse \(part): \(error).")
        }
    }
}

/// Shows a server certificate without its private key.
public struct GetServerCertificate: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The name.
    public var serverCertificateName: ServerCertificateName

    /// Makes the action.
    public init(serverCertificateName: ServerCertificateName) { self.serverCertificateName = serverCertificateName }

    /// The certificate.
    public struct Output: Codable, Sendable {
        /// The certificate.
        public var serverCertificate: ServerCertificate
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .serverCertificate(serverCertificateName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let stored = try state.serverCertificate(serverCertificateName, in: call.account)
        let tags = try state.tags(of: stored.id)
        return Output(
            serverCertificate: ServerCertificate(
                serverCertificateMetadata: stored.metadata,
                certificateBody: stored.body,
                certificateChain: stored.chain,
                tags: tags.isEmpty ? nil : tags
            )
        )
    }
}

/// Lists the account's server certificates by name, case apart.
public struct ListServerCertificates: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// Only certificates whose path begins so.
    public var pathPrefix: PathPrefix?
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(pathPrefix: PathPrefix? = nil, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.pathPrefix = pathPrefix
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of certificates.
    public struct Output: Codable, Sendable {
        /// The certificates, by name.
        public var serverCertificateMetadataList: [ServerCertificateMetadata]
        /// Whether there is another page.
        public var isTruncated: Bool
        /// What to send for it.
        public var marker: Marker?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let prefix = Array((pathPrefix?.text ?? "/").utf8)
        let wanted = try state.serverCertificates(in: call.account).filter { $0.path.text.utf8.starts(with: prefix) }
        let page = try Page(wanted, after: marker, maxItems, state.vault, position: \.name.folded)
        return Output(
            serverCertificateMetadataList: page.items.map(\.metadata),
            isTruncated: page.isTruncated,
            marker: page.marker
        )
    }
}

/// Gives a server certificate another name, another path, or both.
public struct UpdateServerCertificate: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The name.
    public var serverCertificateName: ServerCertificateName
    /// The new path.
    public var newPath: Path?
    /// The new name.
    public var newServerCertificateName: ServerCertificateName?

    /// Makes the action.
    public init(
        serverCertificateName: ServerCertificateName,
        newPath: Path? = nil,
        newServerCertificateName: ServerCertificateName? = nil
    ) {
        self.serverCertificateName = serverCertificateName
        self.newPath = newPath
        self.newServerCertificateName = newServerCertificateName
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .serverCertificate(serverCertificateName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let stored = try state.serverCertificate(serverCertificateName, in: call.account)
        try state.move(stored, to: newPath ?? stored.path, as: newServerCertificateName ?? stored.name)
        return Nothing()
    }
}

/// Deletes a server certificate and its private key.
public struct DeleteServerCertificate: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The name.
    public var serverCertificateName: ServerCertificateName

    /// Makes the action.
    public init(serverCertificateName: ServerCertificateName) { self.serverCertificateName = serverCertificateName }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .serverCertificate(serverCertificateName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let stored = try state.serverCertificate(serverCertificateName, in: call.account)
        try state.setTags([], of: stored.id)
        try state.run("DELETE FROM server_certificates WHERE id = $1", stored.id)
        return Nothing()
    }
}
