// SealedBox.swift: a secret at rest, readable only with its key and in its place.

internal import CLatchkeyOpenSSL

/// A secret sealed with AES-256-GCM (NIST SP 800-38D).
///
/// The context is authenticated but not stored: give the owner and the column, and a box copied to another row does not
/// open. Its bytes are a version (1), a random nonce of 12 bytes, the ciphertext, and a tag of 16 bytes.
/// With random nonces one key may seal 2^32 boxes (SP 800-38D § 8.3).
public struct SealedBox: Sendable, Equatable {
    /// The whole box, as it is stored.
    public let bytes: [UInt8]

    /// The bytes that a box is longer than the secret inside.
    public static let overhead = 1 + nonceLength + tagLength

    /// The length of a sealing key in bytes.
    public static let keyLength = 32

    private static let version: UInt8 = 1
    private static let nonceLength = 12
    private static let tagLength = 16

    /// Takes stored bytes for a box; whether they are one shows when it is opened.
    public init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Seals `secret` with `key` (32 bytes) for the place that `context` names.
    ///
    /// - Throws: `CryptoError.keyLength` for a key of another length.
    public static func seal(
        _ secret: borrowing Secret,
        using key: borrowing Secret,
        context: [UInt8]
    ) throws(CryptoError) -> SealedBox {
        let cipher = try Cipher(key: key)
        let start = 1 + nonceLength
        var box =
            [version] + SecureRandom.bytes(count: nonceLength) + [UInt8](repeating: 0, count: secret.count + tagLength)
        let done = secret.withBytes { plain in
            box.withUnsafeMutableBufferPointer { box in
                plain.withUnsafeBufferPointer { plain in
                    guard
                        let base = box.baseAddress,
                        cipher.begin(encrypting: true, nonce: base + 1, version: version, context: context),
                        cipher.transform(plain, into: base + start)
                    else { return false }
                    return cipher.finishEncrypting(tag: base + start + plain.count, tagLength: tagLength)
                }
            }
        }
        guard done else { throw .unavailable("AES-256-GCM") }
        return SealedBox(bytes: box)
    }

    /// Opens the box with `key` and the context it was sealed for.
    ///
    /// - Throws: `CryptoError.sealBroken` if key or context is another or any byte has changed,
    ///   `CryptoError.malformedBox` if it cannot be a box, `CryptoError.keyLength` for a key that is not 32 bytes.
    public func open(using key: borrowing Secret, context: [UInt8]) throws(CryptoError) -> Secret {
        let cipher = try Cipher(key: key)
        guard bytes.count >= Self.overhead, bytes.first == Self.version else { throw .malformedBox }
        let length = bytes.count - Self.overhead
        let start = 1 + Self.nonceLength
        // A wrong tag throws out of the closure, and what was decrypted so far is wiped with the secret under way.
        return try Secret(count: length) { (plain: UnsafeMutableBufferPointer<UInt8>) throws(CryptoError) in
            let opened = bytes.withUnsafeBufferPointer { box in
                guard
                    let base = box.baseAddress,
                    cipher.begin(encrypting: false, nonce: base + 1, version: Self.version, context: context)
                else { return false }
                var none: UInt8 = 0
                let ciphertext = UnsafeBufferPointer(start: base + start, count: length)
                let transformed =
                    plain.baseAddress.map { cipher.transform(ciphertext, into: $0) }
                    ?? cipher.transform(ciphertext, into: &none)
                return transformed
                    && cipher.finishDecrypting(tag: base + start + length, tagLength: Self.tagLength)
            }
            guard opened else { throw .sealBroken }
        }
    }
}

/// AES-256-GCM under way; freed, and so wiped by OpenSSL, with the value.
private struct Cipher: ~Copyable {
    private let context: OpaquePointer
    private let key: Secret

    /// The algorithm, looked up once.
    private static let method = Method()

    private struct Method: @unchecked Sendable {
        // Unchecked: a fetched algorithm is constant and made to be shared.
        let pointer: OpaquePointer?

        init() {
            OpenSSL.start()
            pointer = EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)
        }
    }

    init(key: borrowing Secret) throws(CryptoError) {
        guard key.count == SealedBox.keyLength else {
            throw .keyLength(expected: SealedBox.keyLength, found: key.count)
        }
        guard Self.method.pointer != nil, let context = EVP_CIPHER_CTX_new() else {
            throw .unavailable("AES-256-GCM")
        }
        self.context = context
        self.key = key.copy()
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    borrowing func begin(
        encrypting: Bool,
        nonce: UnsafePointer<UInt8>,
        version: UInt8,
        context additional: [UInt8]
    ) -> Bool {
        key.withBytes { key in
            key.withUnsafeBufferPointer { key in
                let method = Self.method.pointer
                var written: Int32 = 0
                var version = version
                guard
                    let length = Int32(exactly: additional.count),
                    EVP_CipherInit_ex2(context, method, key.baseAddress, nonce, encrypting ? 1 : 0, nil) == 1,
                    EVP_CipherUpdate(context, nil, &written, &version, 1) == 1
                else { return false }
                return additional.isEmpty || EVP_CipherUpdate(context, nil, &written, additional, length) == 1
            }
        }
    }

    borrowing func transform(_ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutablePointer<UInt8>) -> Bool {
        guard let base = input.baseAddress, !input.isEmpty else { return true }
        var written: Int32 = 0
        guard let length = Int32(exactly: input.count) else { return false }
        return EVP_CipherUpdate(context, output, &written, base, length) == 1 && written == length
    }

    borrowing func finishEncrypting(tag: UnsafeMutablePointer<UInt8>, tagLength: Int) -> Bool {
        var written: Int32 = 0
        var nothing: UInt8 = 0
        return EVP_CipherFinal_ex(context, &nothing, &written) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagLength), tag) == 1
    }

    borrowing func finishDecrypting(tag: UnsafePointer<UInt8>, tagLength: Int) -> Bool {
        var written: Int32 = 0
        var nothing: UInt8 = 0
        let expected = UnsafeMutableRawPointer(mutating: tag)
        return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagLength), expected) == 1
            && EVP_CipherFinal_ex(context, &nothing, &written) == 1
    }
}
