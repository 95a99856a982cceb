// Network.swift: IP addresses and the blocks of them that policies name (RFC 4632, RFC 4291).

/// An address of version 4 or 6; a version 4 address in version 6's clothes (`::ffff:a.b.c.d`) is one of version 4.
struct NetworkAddress: Equatable, Sendable {
    let isVersion4: Bool
    let bits: UInt128

    /// Reads an address; nil for anything else.
    init?(_ text: Span<UInt8>) {
        var hasColon = false
        for index in text.indices where text[index] == UInt8(ascii: ":") { hasColon = true }
        if !hasColon {
            guard let bits = Self.version4(text, from: 0) else { return nil }
            self.init(isVersion4: true, bits: UInt128(bits))
        } else {
            guard let bits = Self.version6(text) else { return nil }
            let isMapped = bits >> 32 == 0xFFFF
            self.init(isVersion4: isMapped, bits: isMapped ? bits & 0xFFFF_FFFF : bits)
        }
    }

    private init(isVersion4: Bool, bits: UInt128) {
        self.isVersion4 = isVersion4
        self.bits = bits
    }

    /// Reads four decimal numbers to the end of the text, none with a zero in front: some take that for octal.
    private static func version4(_ text: Span<UInt8>, from start: Int) -> UInt32? {
        var at = start
        var bits: UInt32 = 0
        for part in 0..<4 {
            if part > 0 {
                guard at < text.count, text[at] == UInt8(ascii: ".") else { return nil }
                at += 1
            }
            let first = at
            var number: UInt32 = 0
            while at < text.count, at - first < 3, text[at] &- UInt8(ascii: "0") < 10 {
                number = number * 10 + UInt32(text[at] & 0x0F)
                at += 1
            }
            let hasZeroInFront = at - first > 1 && text[first] == UInt8(ascii: "0")
            guard at > first, number < 256, !hasZeroInFront else { return nil }
            bits = bits << 8 | number
        }
        return at == text.count ? bits : nil
    }

    private static func version6(_ text: Span<UInt8>) -> UInt128? {
        var head: UInt128 = 0
        var tail: UInt128 = 0
        var groups = 0
        var tailGroups = 0
        var gap = false
        var at = 0
        if text.count >= 2, text[0] == UInt8(ascii: ":") {
            guard text[1] == UInt8(ascii: ":") else { return nil }
            gap = true
            at = 2
        }
        while at < text.count {
            var bits: UInt128 = 0
            var width = 1
            if let end = group(text, at, &bits) {
                at = end
            } else if let last = version4(text, from: at) {
                bits = UInt128(last)
                width = 2
                at = text.count
            } else {
                return nil
            }
            groups += width
            guard groups <= 8 else { return nil }
            if gap {
                tail = tail << UInt128(16 * width) | bits
                tailGroups += width
            } else {
                head = head << UInt128(16 * width) | bits
            }
            if at == text.count { break }
            // A group has ended at a colon: another follows, or the gap.
            at += 1
            if at < text.count, text[at] == UInt8(ascii: ":") {
                guard !gap else { return nil }
                gap = true
                at += 1
            } else if at == text.count {
                return nil
            }
        }
        guard gap ? groups < 8 : groups == 8 else { return nil }
        let shift = 16 * (8 - (groups - tailGroups))
        return (shift < 128 ? head << UInt128(shift) : 0) | tail
    }

    /// Reads one to four hexadecimal digits that end at a colon or with the text.
    private static func group(_ text: Span<UInt8>, _ start: Int, _ bits: inout UInt128) -> Int? {
        var at = start
        var value: UInt128 = 0
        while at < text.count, at - start < 4 {
            let byte = text[at]
            let letter = (byte | 0x20) &- UInt8(ascii: "a")
            if byte &- UInt8(ascii: "0") < 10 {
                value = value << 4 | UInt128(byte & 0x0F)
            } else if letter < 6 {
                value = value << 4 | UInt128(letter + 10)
            } else {
                break
            }
            at += 1
        }
        guard at > start, at == text.count || text[at] == UInt8(ascii: ":") else { return nil }
        bits = value
        return at
    }
}

/// A block of addresses.
struct Network: Sendable {
    private let first: NetworkAddress
    private let mask: UInt128

    /// Reads an address with or without a prefix's length; bits behind the prefix are ignored.
    init?(_ text: Span<UInt8>) {
        var slash = text.count
        for index in text.indices where text[index] == UInt8(ascii: "/") {
            slash = index
            break
        }
        guard let address = NetworkAddress(text.extracting(0..<slash)) else { return nil }
        var isWritten6 = false
        for index in 0..<slash where text[index] == UInt8(ascii: ":") { isWritten6 = true }
        var length = isWritten6 ? 128 : 32
        if slash < text.count {
            guard let read = Self.length(text, from: slash + 1), read <= length else { return nil }
            length = read
        }
        // `::ffff:10.0.0.0/104` is 10.0.0.0/8; a shorter prefix reaches beyond version 4's corner and is not readable.
        if isWritten6 && address.isVersion4 {
            guard length >= 96 else { return nil }
            length -= 96
        }
        let width = address.isVersion4 ? 32 : 128
        let all = address.isVersion4 ? UInt128(UInt32.max) : UInt128.max
        // A shift by the whole width gives zero, as the empty prefix wants it.
        mask = all << UInt128(width - length) & all
        first = address
    }

    private static func length(_ text: Span<UInt8>, from start: Int) -> Int? {
        let count = text.count - start
        guard (1...3).contains(count), count == 1 || text[start] != UInt8(ascii: "0") else { return nil }
        var value = 0
        for index in start..<text.count {
            guard text[index] &- UInt8(ascii: "0") < 10 else { return nil }
            value = value * 10 + Int(text[index] & 0x0F)
        }
        return value
    }

    func contains(_ address: NetworkAddress) -> Bool {
        address.isVersion4 == first.isVersion4 && (address.bits ^ first.bits) & mask == 0
    }
}
