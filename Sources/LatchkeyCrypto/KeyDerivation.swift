// KeyDerivation.swift: keys from keys (HKDF) and keys from passwords (PBKDF2, scrypt, Argon2id).

internal import CLatchkeyOpenSSL
internal import CLatchkeySodium

/// The ways to make one secret of another.
public enum KeyDerivation {
    /// Derives `count` bytes from a strong key (RFC 5869); for passwords use the slow ways.
    ///
    /// `info` says what the derived key is for: different purposes give independent keys.
    ///
    /// - Throws: `CryptoError.outOfRange` unless `count` is 1 to 255 digests.
    public static func hkdf(
        _ algorithm: HashAlgorithm = .sha256,
        key: borrowing Secret,
        salt: [UInt8] = [],
        info: [UInt8],
        count: Int
    ) throws(CryptoError) -> Secret {
        guard (1...255 * algorithm.digestLength).contains(count) else {
            throw .outOfRange("HKDF gives 1 to \(255 * algorithm.digestLength) bytes")
        }
        // An empty salt means zeros, which is also what HMAC makes of an empty key (RFC 5869 § 2.2).
        let extract = HMAC(algorithm, key: Secret(salt))
        var pseudorandom = key.withBytes { extract.code(for: $0) }
        let expand = HMAC(algorithm, key: Secret(wiping: &pseudorandom))
        return Secret(count: count) { output in
            var message: [UInt8] = []
            message.reserveCapacity(algorithm.digestLength + info.count + 1)
            var offset = 0
            var round: UInt8 = 1
            while offset < count {
                message.append(contentsOf: info)
                message.append(round)
                var block = expand.code(for: message)
                let part = min(block.count, count - offset)
                for index in 0..<part { output[offset + index] = block[index] }
                offset += part
                round &+= 1
                message.resetBytes()
                message.append(contentsOf: block)
                wipe(&block)
            }
            wipe(&message)
        }
    }

    /// Derives `count` bytes from a password (RFC 8018 § 5.2).
    ///
    /// - Throws: `CryptoError.outOfRange` unless `rounds` is 1 to 2^31 − 1 and `count` is 1 to 2^20.
    public static func pbkdf2(
        _ algorithm: HashAlgorithm,
        password: borrowing Secret,
        salt: [UInt8],
        rounds: Int,
        count: Int
    ) throws(CryptoError) -> Secret {
        guard rounds >= 1, let iterations = Int32(exactly: rounds) else {
            throw .outOfRange("PBKDF2 rounds must be 1 to 2147483647")
        }
        try check(password: password, salt: salt, count: count)
        OpenSSL.start()
        return try password.derive(count, "PBKDF2") { characters, length, output in
            PKCS5_PBKDF2_HMAC(
                characters,
                Int32(length),
                salt,
                Int32(salt.count),
                iterations,
                algorithm.method,
                Int32(count),
                output
            )
        }
    }

    /// Derives `count` bytes from a password (RFC 7914); needs about 128 × `n` × `r` bytes of memory.
    ///
    /// - Throws: `CryptoError.outOfRange` unless `n` is a power of two above 1, `r` and `p` are at least 1, the memory
    ///   is at most 2 GiB and `count` is 1 to 2^20; `CryptoError.outOfMemory`.
    public static func scrypt(
        password: borrowing Secret,
        salt: [UInt8],
        n: Int,
        r: Int,
        p: Int,
        count: Int
    ) throws(CryptoError) -> Secret {
        let limit = 1 << 31
        guard
            n > 1, n & (n - 1) == 0, r >= 1, p >= 1, n <= limit / 128, r <= limit / 128 / n,
            p <= ((1 << 30) - 1) / r
        else { throw .outOfRange("scrypt needs n a power of two, r and p from 1, and at most 2 GiB") }
        try check(password: password, salt: salt, count: count)
        OpenSSL.start()
        return try password.derive(count, nil) { characters, length, output in
            EVP_PBE_scrypt(
                characters,
                length,
                salt,
                salt.count,
                UInt64(n),
                UInt64(r),
                UInt64(p),
                UInt64(2 * limit),
                output,
                count
            )
        }
    }

    /// Derives `count` bytes from a password with Argon2id on one lane (RFC 9106).
    ///
    /// - Throws: `CryptoError.outOfRange` unless `salt` has 16 bytes, `count` is 16 to 2^20 and the cost is sane;
    ///   `CryptoError.outOfMemory`.
    public static func argon2id(
        password: borrowing Secret,
        salt: [UInt8],
        cost: PasswordHash.Cost,
        count: Int
    ) throws(CryptoError) -> Secret {
        let memory = try cost.checkedBytes()
        guard salt.count == Int(crypto_pwhash_argon2id_SALTBYTES) else {
            throw .outOfRange("an Argon2id salt must have 16 bytes")
        }
        guard count >= 16 else { throw .outOfRange("Argon2id gives at least 16 bytes") }
        try check(password: password, salt: salt, count: count)
        Sodium.start()
        return try password.derive(count, nil) { characters, length, output in
            crypto_pwhash_argon2id(
                output,
                UInt64(count),
                characters,
                UInt64(length),
                salt,
                UInt64(cost.passes),
                memory,
                crypto_pwhash_argon2id_ALG_ARGON2ID13
            ) == 0 ? 1 : 0
        }
    }

    private static func check(password: borrowing Secret, salt: [UInt8], count: Int) throws(CryptoError) {
        guard (1...1 << 20).contains(count) else { throw .outOfRange("a derived key has 1 to 1048576 bytes") }
        guard password.count <= 1 << 30, salt.count <= 1 << 30 else {
            throw .outOfRange("password and salt have at most 1073741824 bytes")
        }
    }
}

extension Secret {
    /// Runs a C derivation from this password; a failure is `unavailable(name)`, or of memory where there is no name.
    fileprivate borrowing func derive(
        _ count: Int,
        _ name: String?,
        _ body: (UnsafePointer<CChar>, Int, UnsafeMutablePointer<UInt8>) -> Int32
    ) throws(CryptoError) -> Secret {
        try withBytes { (password: Span<UInt8>) throws(CryptoError) -> Secret in
            try Secret(count: count) { (output: UnsafeMutableBufferPointer<UInt8>) throws(CryptoError) in
                let done = password.withUnsafeChars { characters in
                    output.baseAddress.map { body(characters, password.count, $0) } ?? 0
                }
                guard done == 1 else {
                    guard let name else { throw .outOfMemory }
                    throw .unavailable(name)
                }
            }
        }
    }
}

extension [UInt8] {
    /// Overwrites the bytes with zeros and empties the array, keeping its memory for what follows.
    fileprivate mutating func resetBytes() {
        withUnsafeMutableBytes { wipe($0) }
        removeAll(keepingCapacity: true)
    }
}
