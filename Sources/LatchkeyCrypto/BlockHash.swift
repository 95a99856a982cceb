// BlockHash.swift: SHA-1, SHA-256 and SHA-512 as chains of blocks, which is what makes HMAC cheap.

internal import CLatchkeyOpenSSL

/// A hash whose running state can be copied, so that a key is absorbed once and not once a message.
///
/// These are OpenSSL's low-level functions. They allocate nothing, and they bypass its providers: see `HMAC`.
protocol BlockHash {
    /// OpenSSL's running state: chaining value, length, unfinished block.
    associatedtype Context

    /// A word of the chaining value.
    associatedtype Word: FixedWidthInteger & BitwiseCopyable

    static var blockLength: Int { get }
    static var digestLength: Int { get }

    static func begin(_ context: inout Context)
    static func absorb(_ context: inout Context, _ bytes: UnsafeRawBufferPointer)

    /// Writes the digest to the front of `digest`, and wipes the unfinished block.
    static func finish(_ context: inout Context, into digest: UnsafeMutableBufferPointer<UInt8>)

    /// Mixes one whole block into the chaining value, and touches nothing else of the context.
    static func compress(_ context: UnsafeMutablePointer<Context>, _ block: UnsafePointer<UInt8>)

    static var empty: Context { get }
}

enum SHA1Blocks: BlockHash {
    typealias Word = UInt32
    static var blockLength: Int { 64 }
    static var digestLength: Int { 20 }
    static var empty: SHA_CTX { SHA_CTX() }

    static func begin(_ context: inout SHA_CTX) { SHA1_Init(&context) }

    static func absorb(_ context: inout SHA_CTX, _ bytes: UnsafeRawBufferPointer) {
        SHA1_Update(&context, bytes.baseAddress, bytes.count)
    }

    static func finish(_ context: inout SHA_CTX, into digest: UnsafeMutableBufferPointer<UInt8>) {
        SHA1_Final(digest.baseAddress, &context)
    }

    static func compress(_ context: UnsafeMutablePointer<SHA_CTX>, _ block: UnsafePointer<UInt8>) {
        SHA1_Transform(context, block)
    }
}

enum SHA256Blocks: BlockHash {
    typealias Word = UInt32
    static var blockLength: Int { 64 }
    static var digestLength: Int { 32 }
    static var empty: SHA256_CTX { SHA256_CTX() }

    static func begin(_ context: inout SHA256_CTX) { SHA256_Init(&context) }

    static func absorb(_ context: inout SHA256_CTX, _ bytes: UnsafeRawBufferPointer) {
        SHA256_Update(&context, bytes.baseAddress, bytes.count)
    }

    static func finish(_ context: inout SHA256_CTX, into digest: UnsafeMutableBufferPointer<UInt8>) {
        SHA256_Final(digest.baseAddress, &context)
    }

    static func compress(_ context: UnsafeMutablePointer<SHA256_CTX>, _ block: UnsafePointer<UInt8>) {
        SHA256_Transform(context, block)
    }
}

enum SHA512Blocks: BlockHash {
    typealias Word = UInt64
    static var blockLength: Int { 128 }
    static var digestLength: Int { 64 }
    static var empty: SHA512_CTX { SHA512_CTX() }

    static func begin(_ context: inout SHA512_CTX) { SHA512_Init(&context) }

    static func absorb(_ context: inout SHA512_CTX, _ bytes: UnsafeRawBufferPointer) {
        SHA512_Update(&context, bytes.baseAddress, bytes.count)
    }

    static func finish(_ context: inout SHA512_CTX, into digest: UnsafeMutableBufferPointer<UInt8>) {
        SHA512_Final(digest.baseAddress, &context)
    }

    static func compress(_ context: UnsafeMutablePointer<SHA512_CTX>, _ block: UnsafePointer<UInt8>) {
        SHA512_Transform(context, block)
    }
}
