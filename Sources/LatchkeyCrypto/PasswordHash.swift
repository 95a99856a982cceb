// PasswordHash.swift: a password kept so that it can be checked and not read: Argon2id (RFC 9106) PHC strings.

internal import CLatchkeySodium

/// The Argon2id hash of a password, as the text that is stored: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
public struct PasswordHash: Sendable, Equatable {
    /// What a guess shall cost.
    public struct Cost: Sendable, Equatable {
        /// The memory in KiB, 8 to 4,194,304.
        public var memory: Int

        /// The passes over that memory, 1 to 1,000.
        public var passes: Int

        /// 19 MiB and two passes, on one lane (OWASP's password storage cheat sheet).
        public static let standard = Cost()

        /// A cost; without arguments the standard one.
        public init(memory: Int = 19_456, passes: Int = 2) {
            self.memory = memory
            self.passes = passes
        }

        /// What is accepted, in a stored hash as in a wish: beyond it a check would be a denial of service.
        static let memories = 8...4_194_304
        static let passCounts = 1...1_000

        /// The memory in bytes, once memory and passes are seen to be in range.
        func checkedBytes() throws(CryptoError) -> Int {
            guard Self.memories.contains(memory) else {
                throw .outOfRange("Argon2 memory must be 8 to 4194304 KiB")
            }
            guard Self.passCounts.contains(passes) else { throw .outOfRange("Argon2 passes must be 1 to 1000") }
            return memory * 1024
        }
    }

    /// The PHC string; ASCII, safe to store.
    public let text: String

    /// The cost that the string names.
    public let cost: Cost

    /// Reads a stored hash.
    ///
    /// - Throws: `CryptoError.malformedPasswordHash` unless it is an Argon2id string of version 19 with sane
    ///   parameters, a salt of 8 to 48 and a hash of 16 to 64 bytes.
    public init(_ text: String) throws(CryptoError) {
        guard let cost = PHCString(text)?.cost else { throw .malformedPasswordHash }
        self.text = text
        self.cost = cost
    }

    /// Hashes `password` with a fresh salt of 16 bytes; takes 10 ms and more, and `cost.memory` of memory.
    ///
    /// - Throws: `CryptoError.outOfRange` for an absurd cost, `CryptoError.outOfMemory`.
    public static func hash(_ password: borrowing Secret, cost: Cost) throws(CryptoError) -> PasswordHash {
        let memory = try cost.checkedBytes()
        Sodium.start()
        var text = [CChar](repeating: 0, count: Int(crypto_pwhash_argon2id_STRBYTES))
        let done = password.withBytes { password in
            password.withUnsafeChars { characters in
                crypto_pwhash_argon2id_str(
                    &text,
                    characters,
                    UInt64(password.count),
                    UInt64(cost.passes),
                    memory
                )
            }
        }
        guard done == 0 else { throw .outOfMemory }
        return try PasswordHash(String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
    }

    /// Tells whether `password` is the one; takes as long as hashing did.
    ///
    /// Without the memory for it the answer is no.
    public func matches(_ password: borrowing Secret) -> Bool {
        Sodium.start()
        return password.withBytes { password in
            password.withUnsafeChars { characters in
                crypto_pwhash_argon2id_str_verify(text, characters, UInt64(password.count)) == 0
            }
        }
    }

    /// Tells whether the hash is cheaper to guess than `cost` asks, in memory or in passes.
    public func needsRehash(_ cost: Cost) -> Bool {
        self.cost.memory < cost.memory || self.cost.passes < cost.passes
    }
}

extension Span<UInt8> {
    /// Lends the bytes as C characters; an empty span lends an address all the same.
    func withUnsafeChars<R>(_ body: (UnsafePointer<CChar>) -> R) -> R {
        withUnsafeBytes { bytes in
            var nothing: CChar = 0
            guard let base = bytes.assumingMemoryBound(to: CChar.self).baseAddress else { return body(&nothing) }
            return body(base)
        }
    }
}

enum Sodium {
    private static let started: Void = {
        if sodium_init() < 0 { stop("libsodium does not start") }
    }()

    /// Starts libsodium, once in the life of the process: it chooses the code for this processor.
    static func start() { started }
}

/// The parts of `$argon2id$v=19$m=…,t=…,p=…$salt$hash` that decide whether the string may be used.
private struct PHCString {
    let cost: PasswordHash.Cost

    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
        guard
            text.utf8.count <= 256, parts.count == 6, parts[0].isEmpty,
            parts[1].elementsEqual("argon2id".utf8), parts[2].elementsEqual("v=19".utf8)
        else { return nil }
        let settings = parts[3].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard
            settings.count == 3,
            let memory = Self.number(settings[0], after: "m"), let passes = Self.number(settings[1], after: "t"),
            let lanes = Self.number(settings[2], after: "p"),
            PasswordHash.Cost.memories.contains(memory), PasswordHash.Cost.passCounts.contains(passes),
            (1...255).contains(lanes), memory >= 8 * lanes,
            let salt = Self.length(parts[4]), (8...48).contains(salt),
            let hash = Self.length(parts[5]), (16...64).contains(hash)
        else { return nil }
        cost = PasswordHash.Cost(memory: memory, passes: passes)
    }

    /// Reads `m=19456`: one to seven digits, none of them a needless leading zero.
    private static func number(_ text: Substring.UTF8View, after name: StaticString) -> Int? {
        let digits = text.dropFirst(2)
        guard
            text.count > 2, text.first == name.utf8Start.pointee, text.dropFirst().first == UInt8(ascii: "="),
            digits.count <= 7, digits.first != UInt8(ascii: "0")
        else { return nil }
        var value = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return value
    }

    /// The bytes that an unpadded Base64 text stands for, if it is one.
    private static func length(_ text: Substring.UTF8View) -> Int? {
        guard text.last != UInt8(ascii: "="), let text = String(text) else { return nil }
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return (try? Base64.decode(text + padding, .strict))?.count
    }
}
