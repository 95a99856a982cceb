// SSHPublicKeyRows.swift: how SSH public keys are kept: as they were uploaded, each row under a seal.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyStore

/// An SSH public key as it is kept.
struct StoredSSHPublicKey {
    let id: SSHPublicKeyID
    let account: AccountID
    let owner: String
    let created: UnixTime
    var isActive: Bool
    let body: SSHPublicKeyBody

    static let most = 5

    fileprivate var message: Message {
        Message().adding("ssh_public_key").adding(id.text).adding(account.text).adding(owner).adding(created.seconds)
            .adding(isActive ? 1 : 0).adding(body.text)
    }

    func shown(of user: Principal, _ body: SSHPublicKeyBody, _ key: PublicKeyText) throws(Fault) -> SSHPublicKey {
        SSHPublicKey(
            userName: user.name,
            sshPublicKeyId: id,
            fingerprint: try key.faultyFingerprint(),
            sshPublicKeyBody: body,
            status: isActive ? .active : .inactive,
            uploadDate: created
        )
    }
}

extension PublicKeyText {
    fileprivate func faultyFingerprint() throws(Fault) -> String {
        do throws(CryptoError) { return try fingerprint() } catch { throw Fault(error) }
    }
}

extension SSHPublicKeyBody {
    /// The key in the text; fails with AWS's codes.
    func key() throws(Fault) -> PublicKeyText {
        do throws(PublicKeyError) {
            return try PublicKeyText(text)
        } catch {
            throw error == .unknownEncoding
                ? .unrecognizedPublicKeyEncoding(error.description) : .invalidPublicKey(error.description)
        }
    }
}

extension State {
    private typealias Row = (String, String, String, Int64, Bool, String, [UInt8])

    /// The user's keys, by identifier; fails with `StoreDamaged` when a row does not fit its seal.
    borrowing func sshPublicKeys(of owner: Principal) throws(Fault) -> [StoredSSHPublicKey] {
        let found: [Row] = try rows(
            "SELECT id, account, owner, created, active, body, seal FROM ssh_public_keys WHERE owner = $1 ORDER BY id",
            owner.id
        )
        return try found.map { row throws(Fault) in
            let key = StoredSSHPublicKey(
                id: SSHPublicKeyID(checked: row.0),
                account: AccountID(checked: row.1),
                owner: row.2,
                created: UnixTime(row.3),
                isActive: row.4,
                body: SSHPublicKeyBody(checked: row.5)
            )
            guard constantTimeEqual(row.6, try vault.rowSeal(key.message)) else { throw .damaged("an SSH public key") }
            return key
        }
    }

    /// The user's key of that identifier; fails with `NoSuchEntity`.
    borrowing func sshPublicKey(_ id: SSHPublicKeyID, of owner: Principal) throws(Fault) -> StoredSSHPublicKey {
        guard let key = try sshPublicKeys(of: owner).first(where: { $0.id == id }) else {
            throw .noSuchEntity("The Public Key with id \(id) cannot be found.")
        }
        return key
    }

    /// Keeps a new key; fails when the user has it already, or five others.
    borrowing func insert(_ new: StoredSSHPublicKey, _ key: PublicKeyText, of owner: Principal) throws(Fault) {
        let present = try sshPublicKeys(of: owner)
        for old in present {
            guard try old.body.key() != key else {
                throw .duplicateSSHPublicKey("The public key is already associated with user \(owner.name).")
            }
        }
        guard present.count < StoredSSHPublicKey.most else {
            throw .limitExceeded("Cannot exceed quota for SSHPublicKeysPerUser: \(StoredSSHPublicKey.most)")
        }
        try run(
            """
            INSERT INTO ssh_public_keys (id, account, owner, created, active, body, seal)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            new.id.text,
            new.account.text,
            new.owner,
            new.created.seconds,
            new.isActive,
            new.body.text,
            try vault.rowSeal(new.message)
        )
    }

    /// Makes the key active or inactive.
    borrowing func setActive(_ isActive: Bool, _ key: StoredSSHPublicKey) throws(Fault) {
        var changed = key
        changed.isActive = isActive
        try run(
            "UPDATE ssh_public_keys SET active = $1, seal = $2 WHERE id = $3",
            isActive,
            try vault.rowSeal(changed.message),
            key.id.text
        )
    }

    /// Fails with `DeleteConflict` while the user has an SSH public key.
    borrowing func refuseDeletionWithSSHPublicKeys(of user: Principal) throws(Fault) {
        guard try sshPublicKeys(of: user).isEmpty else {
            throw .deleteConflict("Cannot delete entity, must delete SSH public keys first.")
        }
    }
}

extension Fault {
    /// The key is of no text that is known.
    static func unrecognizedPublicKeyEncoding(_ why: String) -> Fault {
        Fault(code: "UnrecognizedPublicKeyEncoding", status: 400, message: why, reason: "key_encoding")
    }

    /// The key is broken, weak, or of an algorithm that is not taken.
    static func invalidPublicKey(_ why: String) -> Fault {
        Fault(code: "InvalidPublicKey", status: 400, message: why, reason: "key")
    }

    /// The user has that key already.
    static func duplicateSSHPublicKey(_ message: String) -> Fault {
        Fault(code: "DuplicateSSHPublicKey", status: 400, message: message, reason: "exists")
    }
}
