// Compressions.swift: the least that an HMAC can cost, for the benchmark to measure ours against.

/// Bare compressions of OpenSSL's hashes.
package enum Compressions {
    /// Runs the two compressions that any HMAC of a short message needs, and nothing else, `count` times.
    ///
    /// - Returns: A byte of the last chaining value, so that the work has a use.
    package static func runPairs(_ algorithm: HashAlgorithm, count: Int) -> UInt8 {
        switch algorithm {
        case .sha1: run(SHA1Blocks.self, 2 * count)
        case .sha256: run(SHA256Blocks.self, 2 * count)
        case .sha512: run(SHA512Blocks.self, 2 * count)
        }
    }

    private static func run<Hash: BlockHash>(_: Hash.Type, _ count: Int) -> UInt8 {
        var context = Hash.empty
        Hash.begin(&context)
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Hash.blockLength) { block in
            block.initialize(repeating: 0x5a)
            guard let base = block.baseAddress else { return 0 }
            for _ in 0..<count { Hash.compress(&context, base) }
            return withUnsafeBytes(of: &context) { $0[0] }
        }
    }
}
