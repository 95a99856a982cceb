// SigningCertificateRows.swift: how signing certificates are kept, and what is asked of every certificate that comes in.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyStore

/// A signing certificate as it is kept.
struct StoredSigningCertificate {
    let id: CertificateID
    let account: AccountID
    let owner: String
    let created: UnixTime
    var isActive: Bool
    let body: CertificateBody
    /// SHA-256 of the certificate in DER: the same certificate in another text is the same.
    let digest: [UInt8]

    static let most = 2

    fileprivate var message: Message {
        Message().adding("signing_certificate").adding(id.text).adding(account.text).adding(owner)
            .adding(created.seconds).adding(isActive ? 1 : 0).adding(body.text).adding(digest)
    }

    func shown(of user: Principal) -> SigningCertificate {
        SigningCertificate(
            userName: user.name,
            certificateId: id,
            certificateBody: body,
            status: isActive ? .active : .inactive,
            uploadDate: created
        )
    }
}

extension CertificateBody {
    /// The one certificate in the text, which must be valid now; fails with `MalformedCertificate`.
    func certificate(at now: UnixTime) throws(Fault) -> Certificate {
        let certificate: Certificate
        do throws(CertificateError) {
            certificate = try Certificate(pem: text)
        } catch {
            throw .malformedCertificate("Unable to parse certificate: \(error).")
        }
        guard certificate.notBefore <= now.seconds else {
            throw .malformedCertificate("The certificate is not valid before \(UnixTime(certificate.notBefore)).")
        }
        guard certificate.notAfter >= now.seconds else {
            throw .malformedCertificate("The certificate expired at \(UnixTime(certificate.notAfter)).")
        }
        return certificate
    }
}

extension State {
    private typealias Row = (String, String, String, Int64, Bool, String, [UInt8], [UInt8])

    /// The principal's certificates, by identifier; fails with `StoreDamaged` when a row does not fit its seal.
    borrowing func signingCertificates(of owner: Principal) throws(Fault) -> [StoredSigningCertificate] {
        let found: [Row] = try rows(
            """
            SELECT id, account, owner, created, active, body, digest, seal FROM signing_certificates
            WHERE owner = $1 ORDER BY id
            """,
            owner.id
        )
        return try found.map { row throws(Fault) in
            let certificate = StoredSigningCertificate(
                id: CertificateID(checked: row.0),
                account: AccountID(checked: row.1),
                owner: row.2,
                created: UnixTime(row.3),
                isActive: row.4,
                body: CertificateBody(checked: row.5),
                digest: row.6
            )
            guard constantTimeEqual(row.7, try vault.rowSeal(certificate.message)) else {
                throw .damaged("a signing certificate")
            }
            return certificate
        }
    }

    /// The principal's certificate of that identifier; fails with `NoSuchEntity`.
    borrowing func signingCertificate(
        _ id: CertificateID,
        of owner: Principal
    ) throws(Fault) -> StoredSigningCertificate {
        guard let certificate = try signingCertificates(of: owner).first(where: { $0.id == id }) else {
            throw .noSuchEntity("The Certificate with id \(id) cannot be found.")
        }
        return certificate
    }

    /// Keeps a new certificate; fails when anyone of the account has it already, or the principal has two others.
    borrowing func insert(_ new: StoredSigningCertificate, of owner: Principal) throws(Fault) {
        let taken: (String)? = try row(
            "SELECT id FROM signing_certificates WHERE account = $1 AND digest = $2",
            new.account.text,
            new.digest
        )
        guard taken == nil else {
            throw .duplicateCertificate("The certificate is already associated with a user of this account.")
        }
        guard try signingCertificates(of: owner).count < StoredSigningCertificate.most else {
            throw .limitExceeded("Cannot exceed quota for CertificatesPerUser: \(StoredSigningCertificate.most)")
        }
        try run(
            """
            INSERT INTO signing_certificates (id, account, owner, created, active, body, digest, seal)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            new.id.text,
            new.account.text,
            new.owner,
            new.created.seconds,
            new.isActive,
            new.body.text,
            new.digest,
            try vault.rowSeal(new.message)
        )
    }

    /// Makes the certificate active or inactive.
    borrowing func setActive(_ isActive: Bool, _ certificate: StoredSigningCertificate) throws(Fault) {
        var changed = certificate
        changed.isActive = isActive
        try run(
            "UPDATE signing_certificates SET active = $1, seal = $2 WHERE id = $3",
            isActive,
            try vault.rowSeal(changed.message),
            certificate.id.text
        )
    }

    /// Fails with `DeleteConflict` while the user has a signing certificate.
    borrowing func refuseDeletionWithSigningCertificates(of user: Principal) throws(Fault) {
        guard try signingCertificates(of: user).isEmpty else {
            throw .deleteConflict("Cannot delete entity, must delete signing certificates first.")
        }
    }
}

extension Fault {
    /// The text is no certificate, or one that is not valid now.
    static func malformedCertificate(_ message: String) -> Fault {
        Fault(code: "MalformedCertificate", status: 400, message: message, reason: "certificate")
    }

    /// The certificate is one that nobody should use.
    static func invalidCertificate(_ message: String) -> Fault {
        Fault(code: "InvalidCertificate", status: 400, message: message, reason: "certificate")
    }

    /// The certificate is there already.
    static func duplicateCertificate(_ message: String) -> Fault {
        Fault(code: "DuplicateCertificate", status: 409, message: message, reason: "exists")
    }

    /// The private key is another certificate's.
    static func keyPairMismatch(_ message: String) -> Fault {
        Fault(code: "KeyPairMismatch", status: 400, message: message, reason: "certificate")
    }
}
