// AES.swift: the modes of AES that the files of other programs are encrypted with.

internal import CLatchkeyOpenSSL

/// AES as other programs' files need it; what is our own goes into a `SealedBox`.
public enum AES {
    /// The bytes of a GCM tag, which stands behind the ciphertext.
    public static let tagLength = 16

    /// The bytes of a CBC block and of its initialisation vector.
    public static let blockLength = 16

    /// Encrypts with AES-GCM under a nonce of 12 bytes; the tag follows the ciphertext.
    ///
    /// - Throws: `CryptoError.keyLength` for a key that is not 16, 24 or 32 bytes; `CryptoError.outOfRange` for the nonce.
    public static func sealGCM(
        _ plain: borrowing Secret,
        using key: borrowing Secret,
        nonce: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        let engine = try Engine(.gcm, encrypting: true, key: key, vector: nonce)
        var box = [UInt8](repeating: 0, count: plain.count + tagLength)
        let done = plain.withBytes { plain in
            plain.withUnsafeBufferPointer { plain in
                box.withUnsafeMutableBufferPointer { box in
                    guard let base = box.baseAddress, engine.update(plain, into: base) == plain.count else {
                        return false
                    }
                    return engine.finish(into: base + plain.count) == 0 && engine.readTag(into: base + plain.count)
                }
            }
        }
        guard done else { throw .unavailable("AES-GCM") }
        return box
    }

    /// Opens what ``sealGCM(_:using:nonce:)`` made.
    ///
    /// - Throws: `CryptoError.sealBroken` for another key or changed bytes, `CryptoError.malformedBox` if it is too short.
    public static func openGCM(
        _ box: [UInt8],
        using key: borrowing Secret,
        nonce: [UInt8]
    ) throws(CryptoError) -> Secret {
        let engine = try Engine(.gcm, encrypting: false, key: key, vector: nonce)
        guard box.count >= tagLength else { throw .malformedBox }
        let length = box.count - tagLength
        return try Secret(count: length) { (plain: UnsafeMutableBufferPointer<UInt8>) throws(CryptoError) in
            let opened = box.withUnsafeBufferPointer { box in
                guard let base = box.baseAddress else { return false }
                var none: UInt8 = 0
                return withUnsafeMutablePointer(to: &none) { none in
                    let output = plain.baseAddress ?? none
                    return engine.update(UnsafeBufferPointer(rebasing: box[..<length]), into: output) == length
                        && engine.setTag(base + length) && engine.finish(into: none) == 0
                }
            }
            guard opened else { throw .sealBroken }
        }
    }

    /// Encrypts with AES-CBC under a vector of 16 bytes, filled up as PKCS #7 says.
    ///
    /// - Throws: `CryptoError.keyLength`, `CryptoError.outOfRange` for the vector.
    public static func encryptCBC(
        _ plain: borrowing Secret,
        using key: borrowing Secret,
        vector: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        let engine = try Engine(.cbc, encrypting: true, key: key, vector: vector)
        let length = (plain.count / blockLength + 1) * blockLength
        var output = [UInt8](repeating: 0, count: length)
        let done = plain.withBytes { plain in
            plain.withUnsafeBufferPointer { plain in
                output.withUnsafeMutableBufferPointer { output in
                    guard let base = output.baseAddress, let first = engine.update(plain, into: base),
                        let last = engine.finish(into: base + first)
                    else { return false }
                    return first + last == length
                }
            }
        }
        guard done else { throw .unavailable("AES-CBC") }
        return output
    }

    /// Decrypts what ``encryptCBC(_:using:vector:)`` made; nothing in it says whether the key was right.
    ///
    /// Check a MAC first: CBC alone can be changed, and its errors tell an attacker about the text.
    ///
    /// - Throws: `CryptoError.sealBroken` if the filling is not as it should be, `CryptoError.malformedBox` for a length that
    ///   is no number of blocks.
    public static func decryptCBC(
        _ bytes: [UInt8],
        using key: borrowing Secret,
        vector: [UInt8]
    ) throws(CryptoError) -> Secret {
        let engine = try Engine(.cbc, encrypting: false, key: key, vector: vector)
        guard !bytes.isEmpty, bytes.count % blockLength == 0 else { throw .malformedBox }
        return try engine.decrypt(bytes, room: bytes.count + blockLength)
    }

    /// Takes a key out of its wrapping (RFC 3394).
    ///
    /// - Throws: `CryptoError.sealBroken` for another key, `CryptoError.malformedBox` for an impossible length.
    public static func unwrap(_ wrapped: [UInt8], using key: borrowing Secret) throws(CryptoError) -> Secret {
        let engine = try Engine(.wrap, encrypting: false, key: key, vector: nil)
        guard wrapped.count >= 24, wrapped.count % 8 == 0 else { throw .malformedBox }
        return try engine.decrypt(wrapped, room: wrapped.count + blockLength)
    }
}

/// One encryption or decryption under way; freed, and so wiped by OpenSSL, with the value.
private struct Engine: ~Copyable {
    enum Mode {
        case gcm, cbc, wrap
    }

    private let context: OpaquePointer
    private let mode: Mode

    init(_ mode: Mode, encrypting: Bool, key: borrowing Secret, vector: [UInt8]?) throws(CryptoError) {
        OpenSSL.start()
        let length: Int? =
            switch mode {
            case .gcm: 12
            case .cbc: AES.blockLength
            case .wrap: nil
            }
        guard vector?.count == length else {
            throw .outOfRange("the nonce has \(length ?? 0) bytes, not \(vector?.count ?? 0)")
        }
        guard [16, 24, 32].contains(key.count) else { throw .keyLength(expected: 32, found: key.count) }
        let name =
            switch mode {
            case .gcm: "AES-\(key.count * 8)-GCM"
            case .cbc: "AES-\(key.count * 8)-CBC"
            case .wrap: "AES-\(key.count * 8)-WRAP"
            }
        guard let method = EVP_CIPHER_fetch(nil, name, nil) else { throw .unavailable(name) }
        defer { EVP_CIPHER_free(method) }
        guard let context = EVP_CIPHER_CTX_new() else { throw .unavailable(name) }
        if mode == .wrap { EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW) }
        let done = key.withBytes { key in
            key.withUnsafeBufferPointer { key in
                EVP_CipherInit_ex2(context, method, key.baseAddress, vector, encrypting ? 1 : 0, nil) == 1
            }
        }
        guard done else {
            EVP_CIPHER_CTX_free(context)
            throw .unavailable(name)
        }
        self.context = context
        self.mode = mode
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    /// Transforms `input` and counts the bytes written; nil if OpenSSL refuses.
    borrowing func update(_ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutablePointer<UInt8>) -> Int? {
        guard let base = input.baseAddress, !input.isEmpty else { return 0 }
        var written: Int32 = 0
        guard let length = Int32(exactly: input.count) else { return nil }
        return EVP_CipherUpdate(context, output, &written, base, length) == 1 ? Int(written) : nil
    }

    borrowing func finish(into output: UnsafeMutablePointer<UInt8>) -> Int? {
        var written: Int32 = 0
        return EVP_CipherFinal_ex(context, output, &written) == 1 ? Int(written) : nil
    }

    borrowing func readTag(into tag: UnsafeMutablePointer<UInt8>) -> Bool {
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(AES.tagLength), tag) == 1
    }

    borrowing func setTag(_ tag: UnsafePointer<UInt8>) -> Bool {
        EVP_CIPHER_CTX_ctrl(
            context,
            EVP_CTRL_AEAD_SET_TAG,
            Int32(AES.tagLength),
            UnsafeMutableRawPointer(mutating: tag)
        ) == 1
    }

    /// Decrypts all of `bytes`; how long the text is shows at the end only.
    borrowing func decrypt(_ bytes: [UInt8], room: Int) throws(CryptoError) -> Secret {
        var length: Int?
        let whole = Secret(count: room) { plain in
            guard let base = plain.baseAddress else { return }
            length = bytes.withUnsafeBufferPointer { bytes in
                guard let first = update(bytes, into: base) else { return nil }
                // RFC 3394 is done in one step.
                if mode == .wrap { return first }
                return finish(into: base + first).map { first + $0 }
            }
        }
        guard let length, length <= room else { throw .sealBroken }
        return whole.withBytes { Secret($0.extracting(first: length)) }
    }
}
