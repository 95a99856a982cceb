// ServerCertificateRows.swift: how server certificates are kept: the private key sealed, the rest of the row under a seal.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyStore

/// A server certificate as it is kept.
///
/// The private key stays sealed; nothing here opens it but a check of the store and a change of keys.
struct StoredServerCertificate {
    let id: String
    let account: AccountID
    var name: ServerCertificateName
    var path: Path
    let created: UnixTime
    let expires: UnixTime
    let body: CertificateBody
    let chain: CertificateChain?
    let sealedKey: [UInt8]

    static let most = 20
    static let column = "server_certificates.private_key"

    static func arn(_ name: ServerCertificateName, at path: Path, in account: AccountID) -> ARN {
        ARN(checked: "arn:aws:iam::\(account):server-certificate\(path)\(name)")
    }

    var metadata: ServerCertificateMetadata {
        ServerCertificateMetadata(
            path: path,
            serverCertificateName: name,
            serverCertificateId: id,
            arn: Self.arn(name, at: path, in: account),
            uploadDate: created,
            expiration: expires
        )
    }

    /// What the row's seal lies over; the private key has a seal of its own, bound to this row.
    fileprivate var message: Message {
        Message().adding("server_certificate").adding(id).adding(account.text).adding(name.text).adding(path.text)
            .adding(created.seconds).adding(expires.seconds).adding(body.text).adding(chain?.text)
    }
}

extension State {
    private typealias Row = (
        String, String, String, String, Int64, Int64, String, String?, [UInt8], [UInt8]
    )

    /// The certificate of that name; fails with `NoSuchEntity`, or `StoreDamaged` when the row does not fit its seal.
    borrowing func serverCertificate(
        _ name: ServerCertificateName,
        in account: AccountID
    ) throws(Fault) -> StoredServerCertificate {
        guard let found = try findServerCertificate(name, in: account) else {
            throw .noSuchEntity("The Server Certificate with name \(name) cannot be found.")
        }
        return found
    }

    /// The certificate of that name, if there is one; fails with `StoreDamaged` when the row does not fit its seal.
    borrowing func findServerCertificate(
        _ name: ServerCertificateName,
        in account: AccountID
    ) throws(Fault) -> StoredServerCertificate? {
        let found: Row? = try row(
            """
            SELECT id, account, name, path, created, expires, body, chain, private_key, seal FROM server_certificates
            WHERE account = $1 AND folded = $2
            """,
            account.text,
            name.folded
        )
        guard let found else { return nil }
        return try certificate(found)
    }

    /// The account's certificates, by name without regard to case.
    borrowing func serverCertificates(in account: AccountID) throws(Fault) -> [StoredServerCertificate] {
        let found: [Row] = try rows(
            """
            SELECT id, account, name, path, created, expires, body, chain, private_key, seal FROM server_certificates
            WHERE account = $1 ORDER BY folded
            """,
            account.text
        )
        return try found.map { row throws(Fault) in try certificate(row) }
    }

    private borrowing func certificate(_ row: Row) throws(Fault) -> StoredServerCertificate {
        let certificate = StoredServerCertificate(
            id: row.0,
            account: AccountID(checked: row.1),
            name: ServerCertificateName(checked: row.2),
            path: Path(checked: row.3),
            created: UnixTime(row.4),
            expires: UnixTime(row.5),
            body: CertificateBody(checked: row.6),
            chain: row.7.map { CertificateChain(checked: $0) },
            sealedKey: row.8
        )
        guard constantTimeEqual(row.9, try vault.rowSeal(certificate.message)) else {
            throw .damaged("a server certificate")
        }
        return certificate
    }

    /// Keeps a new certificate; fails when the name, case apart, is taken, or there are twenty.
    borrowing func insert(_ new: StoredServerCertificate) throws(Fault) {
        try refuseTaken(new.name, except: new.id, in: new.account)
        let count: (Int64)? = try row(
            "SELECT count(*) FROM server_certificates WHERE account = $1",
            new.account.text
        )
        guard let count, count < Int64(StoredServerCertificate.most) else {
            throw .limitExceeded(
                "Cannot exceed quota for ServerCertificatesPerAccount: \(StoredServerCertificate.most)"
            )
        }
        try run(
            """
            INSERT INTO server_certificates (
                id, account, name, folded, path, created, expires, body, chain, private_key, seal
            ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            """,
            new.id,
            new.account.text,
            new.name.text,
            new.name.folded,
            new.path.text,
            new.created.seconds,
            new.expires.seconds,
            new.body.text,
            new.chain?.text,
            new.sealedKey,
            try vault.rowSeal(new.message)
        )
    }

    /// Gives the certificate that path and name; fails when the name, case apart, is another's.
    borrowing func move(
        _ certificate: StoredServerCertificate,
        to path: Path,
        as name: ServerCertificateName
    ) throws(Fault) {
        try refuseTaken(name, except: certificate.id, in: certificate.account)
        var changed = certificate
        changed.path = path
        changed.name = name
        try run(
            "UPDATE server_certificates SET name = $1, folded = $2, path = $3, seal = $4 WHERE id = $5",
            name.text,
            name.folded,
            path.text,
            try vault.rowSeal(changed.message),
            certificate.id
        )
    }

    private borrowing func refuseTaken(
        _ name: ServerCertificateName,
        except id: String,
        in account: AccountID
    ) throws(Fault) {
        let taken: (String)? = try row(
            "SELECT id FROM server_certificates WHERE account = $1 AND folded = $2",
            account.text,
            name.folded
        )
        guard taken == nil || taken == id else {
            throw .entityAlreadyExists("The Server Certificate with name \(name) already exists.")
        }
    }
}
