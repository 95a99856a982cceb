// ServiceCredentialRows.swift: how service-specific credentials are kept: the password as a keyed digest, the row sealed.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyStore

/// The services that take a user name and password made here.
enum CredentialService: String {
    /// Git over HTTPS.
    case codecommit = "codecommit.amazonaws.com"
    /// Cassandra's own protocol.
    case cassandra = "cassandra.amazonaws.com"

    /// The service of that name; fails with `NotSupportedService`.
    static func named(_ name: String) throws(Fault) -> CredentialService {
        guard let service = CredentialService(rawValue: name) else {
            throw Fault(
                code: "NotSupportedService",
                status: 404,
                message: "No such service \(name.prefix(80).escapedForDisplay) is supported for this operation.",
                reason: "service"
            )
        }
        return service
    }
}

/// A service-specific credential as it is kept.
struct StoredServiceCredential {
    let id: ServiceSpecificCredentialID
    let account: AccountID
    let owner: String
    let service: CredentialService
    let name: String
    let created: UnixTime
    var isActive: Bool
    /// A keyed digest: the password has 256 random bits, so no slow hash is needed.
    var digest: [UInt8]

    /// How many a user may have of one service.
    static let most = 2

    fileprivate var message: Message {
        Message().adding("service_credential").adding(id.text).adding(account.text).adding(owner)
            .adding(service.rawValue).adding(name).adding(created.seconds).adding(isActive ? 1 : 0).adding(digest)
    }

    func shown(of user: Principal, _ password: SecretText) -> ServiceSpecificCredential {
        ServiceSpecificCredential(
            createDate: created,
            serviceName: service.rawValue,
            serviceUserName: name,
            servicePassword: password,
            serviceSpecificCredentialId: id,
            userName: user.name,
            status: isActive ? .active : .inactive
        )
    }

    func listed(of user: Principal) -> ServiceSpecificCredentialMetadata {
        ServiceSpecificCredentialMetadata(
            userName: user.name,
            status: isActive ? .active : .inactive,
            serviceUserName: name,
            createDate: created,
            serviceSpecificCredentialId: id,
            serviceName: service.rawValue
        )
    }
}

extension State {
    private typealias Row = (String, String, String, String, String, Int64, Bool, [UInt8], [UInt8])

    /// The user's credentials, by identifier; fails with `StoreDamaged` when a row does not fit its seal.
    borrowing func serviceCredentials(of owner: Principal) throws(Fault) -> [StoredServiceCredential] {
        let found: [Row] = try rows(
            """
            SELECT id, account, owner, service, name, created, active, digest, seal FROM service_credentials
            WHERE owner = $1 ORDER BY id
            """,
            owner.id
        )
        return try found.map { row throws(Fault) in
            guard let service = CredentialService(rawValue: row.3) else { throw .damaged("a service credential") }
            let credential = StoredServiceCredential(
                id: ServiceSpecificCredentialID(checked: row.0),
                account: AccountID(checked: row.1),
                owner: row.2,
                service: service,
                name: row.4,
                created: UnixTime(row.5),
                isActive: row.6,
                digest: row.7
            )
            guard constantTimeEqual(row.8, try vault.rowSeal(credential.message)) else {
                throw .damaged("a service credential")
            }
            return credential
        }
    }

    /// The user's credential of that identifier; fails with `NoSuchEntity`.
    borrowing func serviceCredential(
        _ id: ServiceSpecificCredentialID,
        of owner: Principal
    ) throws(Fault) -> StoredServiceCredential {
        guard let credential = try serviceCredentials(of: owner).first(where: { $0.id == id }) else {
            throw .noSuchEntity("Service Specific Credential \(id) was not found for the user.")
        }
        return credential
    }

    /// A fresh password and what is kept in its stead.
    borrowing func newServicePassword() throws(Fault) -> (SecretText, [UInt8]) {
        let password = Base64.encode(SecureRandom.bytes(count: 32))
        return (SecretText(password), try servicePasswordDigest(password))
    }

    /// What is kept in a service password's stead.
    borrowing func servicePasswordDigest(_ password: String) throws(Fault) -> [UInt8] {
        try vault.tokenDigest(Array(password.utf8), purpose: "service password")
    }

    /// The first of `ann-at-123456789012`, `ann+1-at-…` and so on that nobody has at the service.
    borrowing func freeServiceUserName(_ user: Principal, _ service: CredentialService) throws(Fault) -> String {
        for number in 0..<1_000 {
            let name = "\(user.name)\(number == 0 ? "" : "+\(number)")-at-\(user.account)"
            let taken: (String)? = try row(
                "SELECT id FROM service_credentials WHERE account = $1 AND service = $2 AND name = $3",
                user.account.text,
                service.rawValue,
                name
            )
            if taken == nil { return name }
        }
        throw .limitExceeded("Every service user name of \(user.name) is taken: delete credentials of renamed users.")
    }

    /// Keeps a new credential.
    borrowing func insert(_ new: StoredServiceCredential) throws(Fault) {
        try run(
            """
            INSERT INTO service_credentials (id, account, owner, service, name, created, active, digest, seal)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            """,
            new.id.text,
            new.account.text,
            new.owner,
            new.service.rawValue,
            new.name,
            new.created.seconds,
            new.isActive,
            new.digest,
            try vault.rowSeal(new.message)
        )
    }

    /// Writes what may change: whether it may be used, and the password's digest.
    borrowing func update(_ changed: StoredServiceCredential) throws(Fault) {
        try run(
            "UPDATE service_credentials SET active = $1, digest = $2, seal = $3 WHERE id = $4",
            changed.isActive,
            changed.digest,
            try vault.rowSeal(changed.message),
            changed.id.text
        )
    }

    /// Fails with `DeleteConflict` while the user has a service-specific credential.
    borrowing func refuseDeletionWithServiceCredentials(of user: Principal) throws(Fault) {
        guard try serviceCredentials(of: user).isEmpty else {
            throw .deleteConflict("Cannot delete entity, must delete service specific credentials first.")
        }
    }
}
