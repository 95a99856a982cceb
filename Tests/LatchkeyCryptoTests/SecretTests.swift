// SecretTests.swift: that secrets hold what they were given, compare, and leave no copy behind.

import Foundation
import Testing

@testable import LatchkeyCrypto

struct SecretTests {
    @Test("A secret holds the bytes it was given")
    func contents() {
        let secret = Secret([1, 2, 3])
        #expect(secret.count == 3)
        #expect(secret.isEmpty == false)
        #expect(Hex.encode(secret) == "010203")
        #expect(Hex.encode(secret.copy()) == "010203")
        #expect(Hex.encode(Secret(utf8: "aé")) == "61c3a9")
        let empty = Secret([])
        #expect(empty.isEmpty == true)
        #expect(empty.withBytes { $0.count } == 0)
        #expect(empty.copy().isEmpty == true)
    }

    @Test("Taking an array over empties it")
    func taking() {
        var bytes: [UInt8] = [1, 2, 3]
        let secret = Secret(wiping: &bytes)
        #expect(bytes.isEmpty)
        #expect(Hex.encode(secret) == "010203")
    }

    @Test("Errors come out of the closure as they are")
    func errors() {
        let secret = Secret([1])
        #expect(throws: CryptoError.notUTF8) {
            try secret.withBytes { (_: Span<UInt8>) throws(CryptoError) -> Int in throw .notUTF8 }
        }
    }

    @Test("Equality of bytes is equality of every byte and of the length")
    func equality() {
        let bytes = Array(UInt8(0)..<64)
        #expect(constantTimeEqual(bytes, bytes))
        #expect(constantTimeEqual([UInt8](), []))
        #expect(!constantTimeEqual(bytes, []))
        #expect(!constantTimeEqual(bytes, Array(bytes.dropLast())))
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 0x80
            #expect(!constantTimeEqual(bytes, other))
            #expect(constantTimeEqual(Secret(bytes), Secret(other)) == false)
        }
        #expect(constantTimeEqual(Secret(bytes), Secret(bytes)) == true)
    }

    @Test("Random secrets differ, have their length, and use every byte")
    func random() {
        let many = (0..<1000).map { _ in Hex.encode(Secret.random(count: 20)) }
        #expect(Set(many).count == 1000)
        #expect(many.allSatisfy { $0.utf8.count == 40 })
        #expect(Secret.random(count: 0).isEmpty == true)
        #expect(Set(SecureRandom.bytes(count: 10_000)).count == 256)
        #expect(SecureRandom.bytes(count: (1 << 20) + 7).suffix(7) != [0, 0, 0, 0, 0, 0, 0])
    }

    @Test("Numbers are even, and lie below their bound", arguments: [1, 2, 3, 10, 1000, Int.max])
    func uniform(bound: Int) {
        let draws = (0..<3000).map { _ in SecureRandom.uniform(below: bound) }
        #expect(draws.allSatisfy { (0..<bound).contains($0) })
        guard bound <= 10 else { return }
        for value in 0..<bound {
            let count = draws.count { $0 == value }
            // Six standard deviations either way.
            let mean = 3000 / Double(bound)
            #expect(abs(Double(count) - mean) <= 6 * mean.squareRoot() + 1)
        }
    }

}

/// A key that the process's memory holds only where a secret holds it: here it is masked.
private struct Pattern {
    let mask: UInt8 = 0xda
    private let masked: [UInt8]

    /// The half that is searched for, masked: the allocator writes its own words over the head of freed memory.
    var tail: [UInt8] { Array(masked.suffix(16)) }

    init() {
        // ASCII, so that it is a text too; sixteen random letters are not met by chance.
        masked = SecureRandom.bytes(count: 32).map { ($0 & 0x0f | 0x60) ^ 0xda }
    }

    func secret(_ count: Int = 32) -> Secret {
        Secret(count: count) { for index in $0.indices { $0[index] = masked[index % 32] ^ mask } }
    }

    /// The pattern as hexadecimal text, made without the plain bytes.
    func hexadecimal() -> Secret {
        Secret(count: 64) { text in
            for index in text.indices {
                let value = (masked[index / 2] ^ mask) >> (index % 2 == 0 ? 4 : 0) & 0x0f
                text[index] = value < 10 ? 0x30 + value : 0x57 + value
            }
        }
    }

    /// Runs `body` and expects that neither the key nor either pad of HMAC with it can be found afterwards.
    func expectGone(_ what: Comment, _ body: () throws -> Void) throws {
        try body()
        #expect(try Memory.count(tail, masks: [mask, mask ^ 0x36, mask ^ 0x5c]) == 0, what)
    }
}

/// The process's own writable memory, read through the kernel so that freed memory may be looked at.
private enum Memory {
    static func count(_ masked: [UInt8], masks: [UInt8]) throws -> Int {
        let file = open("/proc/self/mem", O_RDONLY)
        try #require(file >= 0)
        defer { close(file) }
        let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
        let size = 1 << 20
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        defer {
            chunk.initializeMemory(as: UInt8.self, repeating: 0)
            chunk.deallocate()
        }
        guard let base = chunk.baseAddress else { return 0 }
        let own = UInt(bitPattern: base)..<UInt(bitPattern: base) + UInt(size)
        var count = 0
        for line in maps.split(separator: "\n") {
            let fields = line.split(separator: " ")
            let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            // Above 1 GiB it is no program's data but the shadow that a sanitizer keeps.
            guard fields[1].hasPrefix("rw"), ends.count == 2, ends[1] - ends[0] <= 1 << 30 else { continue }
            var address = ends[0]
            while address < ends[1] {
                // Neighbouring chunks share all but one byte of the pattern, so that a key across their border is seen.
                let read = pread(file, base, min(size, Int(ends[1] - address)), off_t(address))
                guard read >= masked.count else { break }
                for mask in masks {
                    count += occurrences(in: UnsafeRawBufferPointer(rebasing: chunk[..<read]), masked, mask) {
                        !own.contains(address + UInt($0))
                    }
                }
                guard read == size else { break }
                address += UInt(size - masked.count + 1)
            }
        }
        return count
    }

    private static func occurrences(
        in bytes: UnsafeRawBufferPointer,
        _ masked: [UInt8],
        _ mask: UInt8,
        where isCounted: (Int) -> Bool
    ) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        var count = 0
        var offset = 0
        let first = Int32(masked[0] ^ mask)
        while offset <= bytes.count - masked.count,
            let hit = memchr(base + offset, first, bytes.count - masked.count + 1 - offset)
        {
            let at = UnsafeRawPointer(hit) - base
            if bytes[at + 1] == masked[1] ^ mask, masked.indices.allSatisfy({ bytes[at + $0] == masked[$0] ^ mask }) {
                count += isCounted(at) ? 1 : 0
            }
            offset = at + 1
        }
        return count
    }
}
