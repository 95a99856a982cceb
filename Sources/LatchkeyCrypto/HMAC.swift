// HMAC.swift: keyed hashing (RFC 2104) with the key absorbed once.

internal import CLatchkeyOpenSSL

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

    /// The inner state, then the outer, each a context of the algorithm; empty with `provider`.
    private let states: UnsafeMutableRawBufferPointer

    /// The keyed context of the FIPS provider, if one rules.
    private let provider: OpaquePointer?

    /// Absorbs `key`, of any length; one longer than the hash's block is hashed first.
    public init(_ algorithm: HashAlgorithm, key: borrowing Secret) {
        self.init(algorithm, key: key, throughProvider: OpenSSL.isFIPS)
    }

    /// Absorbs `key`, choosing the way; tests hold the two ways against each other.
    init(_ algorithm: HashAlgorithm, key: borrowing Secret, throughProvider: Bool) {
        self.algorithm = algorithm
        guard !throughProvider else {
            provider = key.withBytes { Self.keyedProvider(algorithm, $0) }
            states = UnsafeMutableRawBufferPointer(start: nil, count: 0)
            return
        }
        provider = nil
        let contextLength =
            switch algorithm {
            case .sha1: MemoryLayout<SHA_CTX>.stride
            case .sha256: MemoryLayout<SHA256_CTX>.stride
            case .sha512: MemoryLayout<SHA512_CTX>.stride
            }
        let states = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * contextLength, alignment: 16)
        self.states = states
        key.withBytes { key in
            switch algorithm {
            case .sha1: Self.absorb(key, SHA1Blocks.self, into: states)
            case .sha256: Self.absorb(key, SHA256Blocks.self, into: states)
            case .sha512: Self.absorb(key, SHA512Blocks.self, into: states)
            }
        }
    }

    deinit {
        if let provider { EVP_MAC_CTX_free(provider) }
        wipe(states)
        states.deallocate()
    }

    /// Returns the authentication code of `message`: 20, 32 or 64 bytes.
    public borrowing func code(for message: Span<UInt8>) -> [UInt8] {
        let length = algorithm.digestLength
        return [UInt8](unsafeUninitializedCapacity: length) { code, filled in
            message.withUnsafeBytes { write(code: code, of: $0) }
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
        span.withUnsafeMutableBufferPointer { code in
            if provider != nil {
                withUnsafeBytes(of: counter.bigEndian) { write(code: code, of: $0) }
                return
            }
            guard let base = UnsafeMutableRawPointer(code.baseAddress) else { return }
            switch algorithm {
            case .sha1: Self.compress(counter, SHA1Blocks.self, from: states, into: base)
            case .sha256: Self.compress(counter, SHA256Blocks.self, from: states, into: base)
            case .sha512: Self.compress(counter, SHA512Blocks.self, from: states, into: base)
            }
        }
    }

    private borrowing func write(code: UnsafeMutableBufferPointer<UInt8>, of message: UnsafeRawBufferPointer) {
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
        into states: UnsafeMutableRawBufferPointer
    ) {
        let contexts = states.bindMemory(to: Hash.Context.self)
        contexts.initialize(repeating: Hash.empty)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Hash.blockLength) { block in
            block.initialize(repeating: 0)
            key.withUnsafeBytes { key in
                if key.count > Hash.blockLength {
                    Hash.begin(&contexts[0])
                    Hash.absorb(&contexts[0], key)
                    Hash.finish(&contexts[0], into: block)
                } else {
                    UnsafeMutableRawBufferPointer(block).copyMemory(from: key)
                }
            }
            for index in block.indices { block[index] ^= 0x36 }
            Hash.begin(&contexts[0])
            Hash.absorb(&contexts[0], UnsafeRawBufferPointer(block))
            for index in block.indices { block[index] ^= 0x36 ^ 0x5c }
            Hash.begin(&contexts[1])
            Hash.absorb(&contexts[1], UnsafeRawBufferPointer(block))
            wipe(UnsafeMutableRawBufferPointer(block))
        }
    }

    /// Finishes a message of any length from copies of the two contexts.
    private static func hash<Hash: BlockHash>(
        _ message: UnsafeRawBufferPointer,
        _: Hash.Type,
        from states: UnsafeMutableRawBufferPointer,
        into code: UnsafeMutableBufferPointer<UInt8>
    ) {
        let contexts = states.assumingMemoryBound(to: Hash.Context.self)
        var context = contexts[0]
        if !message.isEmpty { Hash.absorb(&context, message) }
        Hash.finish(&context, into: code)
        context = contexts[1]
        Hash.absorb(&context, UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(code)[..<Hash.digestLength]))
        Hash.finish(&context, into: code)
        withUnsafeMutableBytes(of: &context) { wipe($0) }
    }

    /// Makes the code of eight bytes in two compressions, with the padding of FIPS 180-4 § 5.1 laid by hand.
    ///
    /// A context begins with its chaining value, and `compress` uses nothing else of it. Nothing here is wiped: the
    /// keyed chaining values are overwritten by what is hashed, and what stays tells no more of the key than a code.
    @inline(__always)
    private static func compress<Hash: BlockHash>(
        _ counter: UInt64,
        _: Hash.Type,
        from states: UnsafeMutableRawBufferPointer,
        into code: UnsafeMutableRawPointer
    ) {
        let contextLength = MemoryLayout<Hash.Context>.stride
        let wordLength = MemoryLayout<Hash.Word>.size
        withUnsafeTemporaryAllocation(byteCount: Hash.blockLength + contextLength, alignment: 16) { scratch in
            guard let block = scratch.baseAddress, let keyed = states.baseAddress else { return }
            let chain = block + Hash.blockLength
            let context = chain.assumingMemoryBound(to: Hash.Context.self)

            chain.copyMemory(from: keyed, byteCount: 8 * wordLength)
            fill(block, Hash.self, bits: 8 * (Hash.blockLength + 8)) { lane in
                lane == 0 ? counter : lane == 1 ? 0x80 << 56 : 0
            }
            Hash.compress(context, block.assumingMemoryBound(to: UInt8.self))

            fill(block, Hash.self, bits: 8 * (Hash.blockLength + Hash.digestLength)) { lane in
                digestLane(lane, of: chain, Hash.self)
            }
            chain.copyMemory(from: keyed + contextLength, byteCount: 8 * wordLength)
            Hash.compress(context, block.assumingMemoryBound(to: UInt8.self))

            for offset in stride(from: 0, to: Hash.digestLength, by: wordLength) {
                let word = chain.load(fromByteOffset: offset, as: Hash.Word.self)
                code.storeBytes(of: word.bigEndian, toByteOffset: offset, as: Hash.Word.self)
            }
        }
    }

    /// Writes a last block: its 64-bit big-endian lanes, and in place of the last one the length in bits.
    ///
    /// In stores of 16 bytes, because the compression loads such pieces: one that was written in parts stalls it.
    @inline(__always)
    private static func fill<Hash: BlockHash>(
        _ block: UnsafeMutableRawPointer,
        _: Hash.Type,
        bits: Int,
        _ lane: (Int) -> UInt64
    ) {
        for index in stride(from: 0, to: Hash.blockLength / 8, by: 2) {
            let second = index + 2 == Hash.blockLength / 8 ? UInt64(truncatingIfNeeded: bits) : lane(index + 1)
            let pair = SIMD2(lane(index).bigEndian, second.bigEndian)
            block.storeBytes(of: pair, toByteOffset: 8 * index, as: SIMD2<UInt64>.self)
        }
    }

    /// The digest that a chaining value stands for, its end mark and zeros, as 64-bit lanes.
    @inline(__always)
    private static func digestLane<Hash: BlockHash>(
        _ lane: Int,
        of chain: UnsafeMutableRawPointer,
        _: Hash.Type
    ) -> UInt64 {
        let size = MemoryLayout<Hash.Word>.size
        func word(_ index: Int) -> UInt64 {
            let end = Hash.digestLength / size
            guard index < end else { return index == end ? 0x80 << UInt64(8 * size - 8) : 0 }
            return UInt64(truncatingIfNeeded: chain.load(fromByteOffset: index * size, as: Hash.Word.self))
        }
        return size == 8 ? word(lane) : word(2 * lane) << 32 | word(2 * lane + 1)
    }
}

// The way of a FIPS provider: EVP_MAC.
extension HMAC {
    private static func keyedProvider(_ algorithm: HashAlgorithm, _ key: Span<UInt8>) -> OpaquePointer {
        OpenSSL.start()
        let mac = EVP_MAC_fetch(nil, "HMAC", nil)
        defer { EVP_MAC_free(mac) }
        guard let context = EVP_MAC_CTX_new(mac) else { stop("libcrypto has no HMAC; check OPENSSL_CONF") }
        let done = key.withUnsafeBufferPointer { key in
            latchkey_hmac_init(context, algorithm.rawValue, key.baseAddress, key.count)
        }
        guard done == 1 else { stop("libcrypto refuses an HMAC key; check OPENSSL_CONF") }
        return context
    }

    private static func run(
        _ keyed: OpaquePointer,
        _ message: UnsafeRawBufferPointer,
        into code: UnsafeMutableBufferPointer<UInt8>,
        length: Int
    ) {
        let context = EVP_MAC_CTX_dup(keyed)
        defer { EVP_MAC_CTX_free(context) }
        var written = 0
        guard
            context != nil,
            EVP_MAC_update(context, message.assumingMemoryBound(to: UInt8.self).baseAddress, message.count) == 1,
            EVP_MAC_final(context, code.baseAddress, &written, length) == 1, written == length
        else { stop("libcrypto cannot compute an HMAC; check OPENSSL_CONF") }
    }
}
