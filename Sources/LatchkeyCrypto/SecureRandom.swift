// SecureRandom.swift: bytes and numbers that nobody can foretell.

internal import CLatchkeyOpenSSL

/// The process's cryptographic generator: OpenSSL's, seeded by the kernel.
///
/// A generator that fails ends the process: there is nothing right to answer without one.
public enum SecureRandom {
    /// Returns `count` random bytes that may be shown, such as a nonce or a salt; for keys use `Secret.random`.
    public static func bytes(count: Int) -> [UInt8] {
        precondition(count >= 0, "cannot make a negative number of bytes")
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            fill(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]), RAND_bytes)
            filled = count
        }
    }

    /// Returns a number from 0 up to but not including `bound`, each equally likely.
    public static func uniform(below bound: Int) -> Int {
        precondition(bound > 0, "there is no number below \(bound)")
        let bound = UInt64(bound)
        // Draws from the uneven remainder of 2^64 are thrown away, so that no number is favoured.
        let uneven = (0 &- bound) % bound
        while true {
            var draw: UInt64 = 0
            withUnsafeMutableBytes(of: &draw) { fill($0, RAND_bytes) }
            if draw >= uneven { return Int(draw % bound) }
        }
    }

    /// Fills `buffer` with bytes for a key, from a generator of their own: what is shown of the other tells nothing of it.
    static func fill(secret buffer: UnsafeMutableRawBufferPointer) {
        fill(buffer, RAND_priv_bytes)
    }

    private static func fill(
        _ buffer: UnsafeMutableRawBufferPointer,
        _ generator: (UnsafeMutablePointer<UInt8>?, Int32) -> Int32
    ) {
        OpenSSL.start()
        guard let base = buffer.assumingMemoryBound(to: UInt8.self).baseAddress else { return }
        var offset = 0
        while offset < buffer.count {
            let part = min(buffer.count - offset, 1 << 20)
            guard generator(base + offset, Int32(part)) == 1 else {
                stop("the random generator failed; check that getrandom(2) works")
            }
            offset += part
        }
    }
}
