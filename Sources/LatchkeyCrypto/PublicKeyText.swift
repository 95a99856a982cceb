// PublicKeyText.swift: public keys as people copy them: a line of OpenSSH (RFC 4253, RFC 8709) or PEM (RFC 7468).

internal import CLatchkeyOpenSSL

/// Why a text is not a public key.
@nonexhaustive
public enum PublicKeyError: Error, Equatable {
    /// It is neither a line of OpenSSH nor PEM.
    case unknownEncoding
    /// It is cut short, or has parts that belong to no key.
    case malformed
    /// It is a key of another algorithm than RSA and Ed25519.
    case unsupportedAlgorithm
    /// It is an RSA key of fewer than 2,048 bits, or of more than 16,384.
    case wrongSize(bits: Int)
}

extension PublicKeyError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .unknownEncoding: "the key is neither a line that begins with its algorithm, as OpenSSH has it, nor PEM"
        case .malformed: "the key is not whole; copy it anew"
        case .unsupportedAlgorithm: "only RSA and Ed25519 keys are taken; make one with `ssh-keygen -t ed25519`"
        case .wrongSize(let bits): "an RSA key has 2,048 to 16,384 bits, not \(bits); make one with `ssh-keygen -t rsa`"
        }
    }
}

/// A public key of RSA or Ed25519, in whichever text it came.
public struct PublicKeyText: Sendable, Equatable {
    /// The numbers of the key.
    private enum Numbers: Equatable {
        /// Big-endian, without leading zeros.
        case rsa(exponent: [UInt8], modulus: [UInt8])
        case ed25519([UInt8])
    }

    private let numbers: Numbers

    /// Parses a line of OpenSSH, with or without a comment, or PEM of the key's own form or of PKCS #1.
    public init(_ text: String) throws(PublicKeyError) {
        OpenSSL.start()
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
        guard let first = lines.first else { throw .unknownEncoding }
        let fields = first.split(whereSeparator: { $0 == " " || $0 == "\t" })
        if let name = fields.first, name.hasPrefix("ssh-") || name.hasPrefix("ecdsa-") || name.hasPrefix("sk-") {
            guard lines.count == 1, fields.count > 1, let blob = try? Base64.decode(String(fields[1]), .strict) else {
                throw .malformed
            }
            numbers = try Self.numbers(ofBlob: blob, name: String(name))
        } else {
            guard first.hasPrefix("-----BEGIN ") else { throw .unknownEncoding }
            guard let blocks = PEM.blocks(text), blocks.count == 1,
                let der = try? Base64.decode(blocks[0].body, .strict)
            else { throw .malformed }
            switch blocks[0].label {
            case "PUBLIC KEY": numbers = try Self.numbers(ofInfo: der)
            case "RSA PUBLIC KEY": numbers = try Self.numbers(ofInfo: Self.rsaInfo(der))
            default: throw .unknownEncoding
            }
        }
        try check()
    }

    private func check() throws(PublicKeyError) {
        guard case .rsa(_, let modulus) = numbers else { return }
        let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
        guard (2_048...16_384).contains(bits) else { throw .wrongSize(bits: bits) }
        // OpenSSL reads what we wrote, or the numbers are no key.
        _ = try Self.numbers(ofInfo: info)
    }

    /// The key as one line of OpenSSH, without a comment.
    public var openSSH: String { "\(name) \(Base64.encode(blob))" }

    /// The key as PEM.
    public var pem: String { PEM.text("PUBLIC KEY", info) }

    /// The MD5 of the key's blob in pairs of digits with colons between, as `ssh-keygen -E md5 -l` shows it.
    ///
    /// MD5 is broken and proves nothing: it is a name that AWS gives the key.
    public func fingerprint() throws(CryptoError) -> String {
        let blob = blob
        var digest = [UInt8](repeating: 0, count: 16)
        guard EVP_Digest(blob, blob.count, &digest, nil, EVP_md5(), nil) == 1 else {
            ERR_clear_error()
            throw .unavailable("MD5")
        }
        return digest.map { Hex.encode([$0]) }.joined(separator: ":")
    }

    // MARK: OpenSSH's form

    private var name: String {
        switch numbers {
        case .rsa: "ssh-rsa"
        case .ed25519: "ssh-ed25519"
        }
    }

    private var blob: [UInt8] {
        switch numbers {
        case .rsa(let exponent, let modulus):
            Self.field(Array(name.utf8)) + Self.field(Self.signed(exponent)) + Self.field(Self.signed(modulus))
        case .ed25519(let point): Self.field(Array(name.utf8)) + Self.field(point)
        }
    }

    private static func field(_ bytes: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: bytes.count).bigEndian) { Array($0) } + bytes
    }

    /// A number with a zero before it where its first bit would make it negative.
    private static func signed(_ number: [UInt8]) -> [UInt8] { (number.first ?? 0) >= 0x80 ? [0] + number : number }

    /// The number of a field; `nil` for zero, a negative one, or one with needless zeros (RFC 4251 section 5).
    private static func number(_ field: [UInt8]) -> [UInt8]? {
        guard let first = field.first, first < 0x80 else { return nil }
        if first > 0 { return field }
        guard field.count > 1, field[1] >= 0x80 else { return nil }
        return Array(field.dropFirst())
    }

    private static func numbers(ofBlob blob: [UInt8], name: String) throws(PublicKeyError) -> Numbers {
        var fields: [[UInt8]] = []
        var rest = blob[...]
        while !rest.isEmpty {
            guard rest.count >= 4 else { throw .malformed }
            let length = Int(rest.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
            guard rest.count - 4 >= length else { throw .malformed }
            fields.append(Array(rest.dropFirst(4).prefix(length)))
            rest = rest.dropFirst(4 + length)
        }
        guard fields.first == Array(name.utf8) else { throw .malformed }
        switch name {
        case "ssh-rsa":
            guard fields.count == 3, let exponent = number(fields[1]), let modulus = number(fields[2]) else {
                throw .malformed
            }
            return .rsa(exponent: exponent, modulus: modulus)
        case "ssh-ed25519":
            guard fields.count == 2, fields[1].count == 32 else { throw .malformed }
            return .ed25519(fields[1])
        default: throw .unsupportedAlgorithm
        }
    }

    // MARK: X.509's form

    /// The key as a `SubjectPublicKeyInfo` in DER (RFC 5280 section 4.1, RFC 3279, RFC 8410).
    private var info: [UInt8] {
        switch numbers {
        case .rsa(let exponent, let modulus):
            Self.rsaInfo(DER.sequence(DER.integer(modulus) + DER.integer(exponent)))
        case .ed25519(let point): DER.keyInfo(DER.ed25519, point)
        }
    }

    private static func rsaInfo(_ key: [UInt8]) -> [UInt8] { DER.keyInfo(DER.rsa, key) }

    private static func numbers(ofInfo der: [UInt8]) throws(PublicKeyError) -> Numbers {
        let numbers: Result<Numbers, PublicKeyError> = der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            guard let key = d2i_PUBKEY(nil, &start, bytes.count) else { return .failure(.malformed) }
            defer { EVP_PKEY_free(key) }
            guard start == bytes.baseAddress.map({ $0 + bytes.count }) else { return .failure(.malformed) }
            if EVP_PKEY_is_a(key, "RSA") == 1 {
                guard let exponent = number(key, OSSL_PKEY_PARAM_RSA_E),
                    let modulus = number(key, OSSL_PKEY_PARAM_RSA_N)
                else { return .failure(.malformed) }
                return .success(.rsa(exponent: exponent, modulus: modulus))
            }
            guard EVP_PKEY_is_a(key, "ED25519") == 1 else { return .failure(.unsupportedAlgorithm) }
            var point = [UInt8](repeating: 0, count: 32)
            var length = point.count
            guard EVP_PKEY_get_raw_public_key(key, &point, &length) == 1, length == 32 else {
                return .failure(.malformed)
            }
            return .success(.ed25519(point))
        }
        ERR_clear_error()
        return try numbers.get()
    }

    private static func number(_ key: OpaquePointer, _ name: String) -> [UInt8]? {
        var number: OpaquePointer?
        guard EVP_PKEY_get_bn_param(key, name, &number) == 1, let number else { return nil }
        defer { BN_free(number) }
        let bits = BN_num_bits(number)
        guard bits > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int((bits + 7) / 8))
        guard BN_bn2bin(number, &bytes) == Int32(bytes.count) else { return nil }
        return bytes
    }
}
