// KeyVectors.swift: vectors of digests, MACs and keys that are derived.

internal import LatchkeyCrypto

/// The digest of a message.
struct DigestVector: VectorKind {
    static let name = "digest"

    let algorithm: HashAlgorithm
    let message: HexBytes

    struct Answer: Codable {
        let digest: HexBytes
    }

    func answer() throws -> Answer { Answer(digest: HexBytes(Digest.hash(message.bytes, with: algorithm))) }
}

/// The MAC of a message (RFC 2104), cut to `length` bytes where that is given.
struct HMACVector: VectorKind {
    static let name = "hmac"

    let algorithm: HashAlgorithm
    let key: HexBytes
    let message: HexBytes
    let length: UInt?

    struct Answer: Codable {
        let code: HexBytes
    }

    func answer() throws -> Answer {
        let code = HMAC(algorithm, key: key.secret).code(for: message.bytes)
        return Answer(code: HexBytes(Array(code.prefix(length.map { Int(clamping: $0) } ?? code.count))))
    }
}

/// A key from a key (RFC 5869).
struct HKDFVector: VectorKind {
    static let name = "hkdf"

    let algorithm: HashAlgorithm
    let key: HexBytes
    let salt: HexBytes
    let info: HexBytes
    let count: Int

    struct Answer: Codable {
        let derived: HexBytes
    }

    func answer() throws -> Answer {
        let derived = try KeyDerivation.hkdf(
            algorithm,
            key: key.secret,
            salt: salt.bytes,
            info: info.bytes,
            count: count
        )
        return Answer(derived: HexBytes(derived))
    }
}

/// A key from a password (RFC 8018 section 5.2).
struct PBKDF2Vector: VectorKind {
    static let name = "pbkdf2"

    let algorithm: HashAlgorithm
    let password: HexBytes
    let salt: HexBytes
    let rounds: Int
    let count: Int

    struct Answer: Codable {
        let derived: HexBytes
    }

    func answer() throws -> Answer {
        let derived = try KeyDerivation.pbkdf2(
            algorithm,
            password: password.secret,
            salt: salt.bytes,
            rounds: rounds,
            count: count
        )
        return Answer(derived: HexBytes(derived))
    }
}

/// A key from a password (RFC 7914).
struct ScryptVector: VectorKind {
    static let name = "scrypt"

    let password: HexBytes
    let salt: HexBytes
    let n: Int
    let r: Int
    let p: Int
    let count: Int

    struct Answer: Codable {
        let derived: HexBytes
    }

    func answer() throws -> Answer {
        let derived = try KeyDerivation.scrypt(
            password: password.secret,
            salt: salt.bytes,
            n: n,
            r: r,
            p: p,
            count: count
        )
        return Answer(derived: HexBytes(derived))
    }
}

/// A key from a password, by Argon2id on one lane (RFC 9106).
struct Argon2Vector: VectorKind {
    static let name = "argon2id"

    let password: HexBytes
    let salt: HexBytes
    let memory: Int
    let passes: Int
    let count: Int

    struct Answer: Codable {
        let derived: HexBytes
    }

    func answer() throws -> Answer {
        let derived = try KeyDerivation.argon2id(
            password: password.secret,
            salt: salt.bytes,
            cost: PasswordHash.Cost(memory: memory, passes: passes),
            count: count
        )
        return Answer(derived: HexBytes(derived))
    }
}

/// Whether a password is the one of a stored hash.
struct PasswordHashVector: VectorKind {
    static let name = "password-hash"

    let hash: String
    let password: String

    struct Answer: Codable {
        let matches: Bool
        let memory: Int
        let passes: Int
        let needsRehash: Bool
    }

    func answer() throws -> Answer {
        let hash = try PasswordHash(hash)
        return Answer(
            matches: hash.matches(Secret(utf8: password)),
            memory: hash.cost.memory,
            passes: hash.cost.passes,
            needsRehash: hash.needsRehash(.standard)
        )
    }
}

/// What a sealed value opens to.
struct SealedBoxVector: VectorKind {
    static let name = "sealed-box"

    let box: HexBytes
    let key: HexBytes
    let context: String

    struct Answer: Codable {
        let opened: HexBytes
    }

    func answer() throws -> Answer {
        let opened = try SealedBox(bytes: box.bytes).open(using: key.secret, context: Array(context.utf8))
        return Answer(opened: HexBytes(opened))
    }
}
