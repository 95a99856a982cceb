// HMAC.swift: keyed hashing (RFC 2104) with the key absorbed once.

internal import CLatchkeyOpenSSL
internal import Glibc

/// A key ready to authenticate messages (RFC 2104).
///
/// The key is absorbed when the value is made: what is kept are the two hash states that follow it (inner and outer), and
/// a message costs only its own blocks and one more. Those states are as secret as the key and are wiped like it.
///
/// Where a FIPS provider rules the process, every code goes through that provider instead, at its price.
public struct HMAC: ~Copyable, @unchecked Sendable {
    // Unchecked: the states are owned by this value alone, written only in `init` and `deinit`; users copy them first.

    /// The hash inside.
    public let algorithm: HashAlgorithm

    /// The inner state, then the outer, each a context of the algorithm; unused with `provider`.
    private let states: UnsafeMutableRawPointer

    /// The keyed context of the FIPS provider, if one rules.
    private let provider: OpaquePointer?

    private static let statesLength = 2 * MemoryLayout<SHA512_CTX>.size

    /// Absorbs `key`, of any length; one longer than the hash's block is hashed first.
    public init(_ algorithm: HashAlgorithm, key: borrowing Secret) {
        self.init(algorithm, key: key, throughProvider: OpenSSL.isFIPS)
    }

    /// Absorbs `key`, choosing the way; tests hold the two ways against each other.
    init(_ algorithm: HashAlgorithm, key: borrowing Secret, throughProvider: Bool) {
        self.algorithm = algorithm
        states = .allocate(byteCount: Self.statesLength, alignment: 16)
        states.initializeMemory(as: UInt8.self, repeating: 0, count: Self.statesLength)
        guard !throughProvider else {
            provider = key.withBytes { Self.keyedProvider(algorithm, $0) }
            return
        }
        provider = nil
        let states = states
        key.withBytes { key in
            switch algorithm {
            case .sha1: Self.absorb(key, SHA1Blocks.self, into: states)
            case .sha256: Self.absorb(key, SHA256Blocks.self, into: states)
            case .sha512: Self.absorb(key, SHA512Blocks.self, into: states)
            }
        }
    }

    deinit {
        EVP_MAC_CTX_free(provider)
        wipe(UnsafeMutableRawBufferPointer(start: states, count: Self.statesLength))
        states.deallocate()
    }

    /// Returns the authentication code of `message`: 20, 32 or 64 bytes.
    public borrowing func code(for message: Span<UInt8>) -> [UInt8] {
        let length = algorithm.digestLength
        return [UInt8](unsafeUninitializedCapacity: length) { code, filled in
            if let base = code.baseAddress {
                message.withUnsafeBytes { write(code: base, of: $0) }
            }
            filled = length
        }
    }

    /// Returns the authentication code of `message`: 20, 32 or 64 bytes.
    public borrowing func code(for message: [UInt8]) -> [UInt8] {
        code(for: message.span)
    }

    /// Tells whether `code` is the whole authentication code of `message`, in constant time.
    public borrowing func isValid(_ code: [UInt8], for message: [UInt8]) -> Bool {
        constantTimeEqual(code, self.code(for: message))
    }

    /// Writes the authentication code of `counter`, as eight bytes big-endian, into the first 20, 32 or 64 bytes of
    /// `code`, and allocates nothing.
    ///
    /// The path of every one-time code: eight bytes and their padding fit one block, so this is two compressions.
    package borrowing func write(codeOf counter: UInt64, into code: inout InlineArray<64, UInt8>) {
        var span = code.mutableSpan
        span.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            if provider != nil {
                withUnsafeBytes(of: counter.bigEndian) { write(code: base, of: $0) }
                return
            }
            switch algorithm {
            case .sha1: Self.compress(counter, SHA1Blocks.self, from: states, into: base)
            case .sha256: Self.compress(counter, SHA256Blocks.self, from: states, into: base)
            case .sha512: Self.compress(counter, SHA512Blocks.self, from: states, into: base)
            }
        }
    }

    private borrowing func write(code: UnsafeMutablePointer<UInt8>, of message: UnsafeRawBufferPointer) {
        if let provider {
            Self.run(provider, message, into: code, length: algorithm.digestLength)
            return
        }
        switch algorithm {
        case .sha1: Self.hash(message, SHA1Blocks.self, from: states, into: code)
        case .sha256: Self.hash(message, SHA256Blocks.self, from: states, into: code)
        case .sha512: Self.hash(message, SHA512Blocks.self, from: states, into: code)
        }
    }
}

// The way of our own: states copied.
extension HMAC {
    /// Leaves in `states` the two contexts that have absorbed the padded key.
    private static func absorb<Hash: BlockHash>(
        _ key: Span<UInt8>,
        _: Hash.Type,
        into states: UnsafeMutableRawPointer
    ) {
        withUnsafeTemporaryAllocation(byteCount: Hash.blockLength, alignment: 16) { block in
            guard let base = block.baseAddress else { return }
            _ = block.initializeMemory(as: UInt8.self, repeating: 0)
            var context = Hash.empty
            key.withUnsafeBytes { key in
                if key.count > Hash.blockLength {
                    Hash.begin(&context)
                    Hash.absorb(&context, key)
                    Hash.finish(&context, into: base.assumingMemoryBound(to: UInt8.self))
                } else {
                    block.copyMemory(from: key)
                }
            }
            for index in block.indices { block[index] ^= 0x36 }
            Hash.begin(&context)
            Hash.absorb(&context, UnsafeRawBufferPointer(block))
            states.storeBytes(of: context, as: Hash.Context.self)
            for index in block.indices { block[index] ^= 0x36 ^ 0x5c }
            Hash.begin(&context)
            Hash.absorb(&context, UnsafeRawBufferPointer(block))
            states.storeBytes(
                of: context,
                toByteOffset: MemoryLayout<Hash.Context>.stride,
                as: Hash.Context.self
            )
            withUnsafeMutableBytes(of: &context) { wipe($0) }
            wipe(block)
        }
    }

    /// Finishes a message of any length from copies of the two contexts.
    private static func hash<Hash: BlockHash>(
        _ message: UnsafeRawBufferPointer,
        _: Hash.Type,
        from states: UnsafeMutableRawPointer,
        into code: UnsafeMutablePointer<UInt8>
    ) {
        var context = states.load(as: Hash.Context.self)
        if !message.isEmpty { Hash.absorb(&context, message) }
        Hash.finish(&context, into: code)
        context = states.load(fromByteOffset: MemoryLayout<Hash.Context>.stride, as: Hash.Context.self)
        Hash.absorb(&context, UnsafeRawBufferPointer(start: code, count: Hash.digestLength))
        Hash.finish(&context, into: code)
        withUnsafeMutableBytes(of: &context) { wipe($0) }
    }

    /// Makes the code of eight bytes in two compressions, with the padding of FIPS 180-4 § 5.1 laid by hand.
    ///
    /// A context begins with its chaining value, and `compress` uses nothing else of it.
    @inline(__always)
    private static func compress<Hash: BlockHash>(
        _ counter: UInt64,
        _: Hash.Type,
        from states: UnsafeMutableRawPointer,
        into code: UnsafeMutablePointer<UInt8>
    ) {
        let wordLength = MemoryLayout<Hash.Word>.size
        withUnsafeTemporaryAllocation(
            byteCount: MemoryLayout<Hash.Context>.stride + Hash.blockLength,
            alignment: 16
        ) { scratch in
            guard let base = scratch.baseAddress else { return }
            let context = base.assumingMemoryBound(to: Hash.Context.self)
            let block = base + MemoryLayout<Hash.Context>.stride
            let bytes = block.assumingMemoryBound(to: UInt8.self)
            let chainLength = 8 * wordLength

            base.copyMemory(from: states, byteCount: chainLength)
            memset(block, 0, Hash.blockLength)
            block.storeBytes(of: counter.bigEndian, as: UInt64.self)
            bytes[8] = 0x80
            let innerBits = UInt64(8 * (Hash.blockLength + 8))
            block.storeBytes(of: innerBits.bigEndian, toByteOffset: Hash.blockLength - 8, as: UInt64.self)
            Hash.compress(context, bytes)

            for offset in stride(from: 0, to: Hash.digestLength, by: wordLength) {
                let word = base.load(fromByteOffset: offset, as: Hash.Word.self)
                block.storeBytes(of: word.bigEndian, toByteOffset: offset, as: Hash.Word.self)
            }
            bytes[Hash.digestLength] = 0x80
            let outerBits = UInt64(8 * (Hash.blockLength + Hash.digestLength))
            block.storeBytes(of: outerBits.bigEndian, toByteOffset: Hash.blockLength - 8, as: UInt64.self)
            base.copyMemory(from: states + MemoryLayout<Hash.Context>.stride, byteCount: chainLength)
            Hash.compress(context, bytes)

            for offset in stride(from: 0, to: Hash.digestLength, by: wordLength) {
                let word = base.load(fromByteOffset: offset, as: Hash.Word.self)
                UnsafeMutableRawPointer(code)
                    .storeBytes(
                        of: word.bigEndian,
                        toByteOffset: offset,
                        as: Hash.Word.self
                    )
            }
            wipe(scratch)
        }
    }
}

// The way of a FIPS provider: EVP_MAC.
extension HMAC {
    private static func keyedProvider(_ algorithm: HashAlgorithm, _ key: Span<UInt8>) -> OpaquePointer {
        OpenSSL.start()
        let mac = EVP_MAC_fetch(nil, "HMAC", nil)
        defer { EVP_MAC_free(mac) }
        guard let context = EVP_MAC_CTX_new(mac) else { stop("libcrypto has no HMAC; check OPENSSL_CONF") }
        var name = Array(algorithm.rawValue.utf8CString)
        let done = name.withUnsafeMutableBufferPointer { name in
            key.withUnsafeBufferPointer { key in
                var parameters = [
                    OSSL_PARAM_construct_utf8_string("digest", name.baseAddress, 0), OSSL_PARAM_construct_end(),
                ]
                // A null key would mean "keep the former key": an empty key still needs an address.
                var nothing: UInt8 = 0
                return key.isEmpty
                    ? EVP_MAC_init(context, &nothing, 0, &parameters)
                    : EVP_MAC_init(context, key.baseAddress, key.count, &parameters)
            }
        }
        guard done == 1 else { stop("libcrypto refuses an HMAC key; check OPENSSL_CONF") }
        return context
    }

    private static func run(
        _ keyed: OpaquePointer,
        _ message: UnsafeRawBufferPointer,
        into code: UnsafeMutablePointer<UInt8>,
        length: Int
    ) {
        let context = EVP_MAC_CTX_dup(keyed)
        defer { EVP_MAC_CTX_free(context) }
        var written = 0
        guard
            context != nil,
            EVP_MAC_update(context, message.assumingMemoryBound(to: UInt8.self).baseAddress, message.count) == 1,
            EVP_MAC_final(context, code, &written, length) == 1, written == length
        else { stop("libcrypto cannot compute an HMAC; check OPENSSL_CONF") }
    }
}
