// Secret.swift: bytes that are wiped when they are no longer held.

internal import CLatchkeyOpenSSL

/// Secret bytes: a key, a seed, a password.
///
/// It cannot be copied by accident, printed, compared with `==`, or encoded; it is read inside a closure and its memory
/// is overwritten when it goes. What the closure copies out is the closure's to wipe.
public struct Secret: ~Copyable, @unchecked Sendable {
    // Unchecked: the pointer is owned by this value alone, written only in `init` and `deinit`, and only read between.
    // Heap memory, because a moved `~Copyable` value leaves its old bytes behind on the stack.
    private let storage: UnsafeMutableBufferPointer<UInt8>

    /// Copies `bytes`; the original is still the caller's to wipe.
    public init(_ bytes: Span<UInt8>) {
        storage = .allocate(capacity: bytes.count)
        bytes.withUnsafeBufferPointer { source in
            _ = storage.initialize(fromContentsOf: source)
        }
    }

    /// Copies `bytes`; the array lives on unwiped.
    public init(_ bytes: [UInt8]) {
        self.init(bytes.span)
    }

    /// Takes over `bytes`: copies them, then overwrites the array with zeros and empties it.
    ///
    /// The array must be held by the caller alone, or the other holders keep the bytes.
    public init(wiping bytes: inout [UInt8]) {
        self.init(bytes.span)
        wipe(&bytes)
    }

    /// Copies the UTF-8 bytes of `text`, which itself cannot be wiped.
    public init(utf8 text: String) {
        self.init(text.utf8.span)
    }

    /// Makes a secret of `count` bytes that `fill` writes; `fill` must write every byte it wants other than zero.
    init<E: Error>(
        count: Int,
        _ fill: (UnsafeMutableBufferPointer<UInt8>) throws(E) -> Void
    ) throws(E) {
        storage = .allocate(capacity: count)
        storage.initialize(repeating: 0)
        // A throw from here on runs `deinit`, which wipes and frees.
        try fill(storage)
    }

    /// Makes a secret of `count` bytes from the system's generator.
    public static func random(count: Int) -> Secret {
        precondition(count >= 0, "a secret cannot have a negative length")
        return Secret(count: count) { SecureRandom.fill(secret: UnsafeMutableRawBufferPointer($0)) }
    }

    deinit {
        wipe(UnsafeMutableRawBufferPointer(storage))
        storage.deallocate()
    }

    /// The number of bytes.
    public var count: Int { storage.count }

    /// Whether there is no byte at all.
    public var isEmpty: Bool { storage.isEmpty }

    /// Lets `body` read the bytes; the span is valid only during the call.
    public borrowing func withBytes<R: ~Copyable, E: Error>(
        _ body: (Span<UInt8>) throws(E) -> R
    ) throws(E) -> R {
        try body(UnsafeBufferPointer(storage).span)
    }

    /// Makes a second secret with the same bytes.
    public borrowing func copy() -> Secret {
        Secret(UnsafeBufferPointer(storage).span)
    }
}

/// Overwrites `bytes` with zeros, in a way the compiler does not remove, and empties the array.
///
/// The array must be held by the caller alone, or the other holders keep the bytes.
public func wipe(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { wipe($0) }
    bytes.removeAll(keepingCapacity: false)
}

/// Overwrites `memory` with zeros, in a way the compiler does not remove.
func wipe(_ memory: UnsafeMutableRawBufferPointer) {
    if let base = memory.baseAddress { OPENSSL_cleanse(base, memory.count) }
}

/// Tells whether `a` and `b` hold the same bytes, in a time that depends on their lengths only.
public func constantTimeEqual(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
    guard a.count == b.count else { return false }
    return a.withUnsafeBytes { left in
        b.withUnsafeBytes { right in
            guard let left = left.baseAddress, let right = right.baseAddress else { return true }
            return CRYPTO_memcmp(left, right, a.count) == 0
        }
    }
}

/// Tells whether `a` and `b` hold the same bytes, in a time that depends on their lengths only.
public func constantTimeEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    constantTimeEqual(a.span, b.span)
}

/// Tells whether `a` and `b` hold the same bytes, in a time that depends on their lengths only.
public func constantTimeEqual(_ a: borrowing Secret, _ b: borrowing Secret) -> Bool {
    a.withBytes { left in b.withBytes { right in constantTimeEqual(left, right) } }
}
