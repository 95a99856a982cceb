// SecretSearch.swift: looks for secrets among bytes, in each form in which one could have been written down.
import Foundation

/// Secrets that must not be found.
package struct SecretSearch {
    private var needles: [(name: String, bytes: [UInt8])] = []

    package init() {}

    /// Looks for the bytes as they are, in hexadecimal, Base32 and Base64, wherever in a longer text they may begin.
    package mutating func add(_ name: String, _ secret: [UInt8]) {
        needles.append((name, secret))
        let hex = secret.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        needles.append(("\(name) in hex", Array(hex.utf8)))
        needles.append(("\(name) in hex", Array(hex.uppercased().utf8)))
        for shift in 0..<5 {
            // The characters that hold bits of the neighbours are left out.
            let text = Self.base32([UInt8](repeating: 0, count: shift) + secret)
            let inner = Array(text.dropFirst((shift * 8 + 4) / 5).dropLast())
            needles.append(("\(name) in Base32", inner))
            needles.append(("\(name) in Base32", inner.map { $0 >= 0x41 ? $0 | 0x20 : $0 }))
        }
        for shift in 0..<3 {
            let text = Data([UInt8](repeating: 0, count: shift) + secret).base64EncodedString()
            let letters = Array(text.utf8.filter { $0 != 0x3D })
            let inner = Array(letters.dropFirst((shift * 8 + 5) / 6).dropLast())
            needles.append(("\(name) in Base64", inner))
            let other: [UInt8: UInt8] = [UInt8(ascii: "+"): UInt8(ascii: "-"), UInt8(ascii: "/"): UInt8(ascii: "_")]
            needles.append(("\(name) in Base64", inner.map { other[$0] ?? $0 }))
        }
    }

    package mutating func add(_ name: String, _ secret: String) { add(name, Array(secret.utf8)) }

    /// The names of what is found in the bytes.
    package func finds(in bytes: [UInt8]) -> [String] {
        bytes.withUnsafeBytes { haystack in
            needles.filter { needle in
                needle.bytes.withUnsafeBytes { Self.contains(haystack, $0) }
            }
            .map(\.name)
        }
    }

    /// The names of what is found in any file of a folder, but for the files named.
    package func finds(inFolder folder: String, except names: Set<String> = []) throws -> [String] {
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder)
        return files.filter { !names.contains($0) }
            .flatMap { file -> [String] in
                guard let data = FileManager.default.contents(atPath: folder + "/" + file) else { return [] }
                return finds(in: Array(data)).map { "\(file): \($0)" }
            }
    }

    private static func base32(_ bytes: [UInt8]) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
        let bits = bytes.flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
        return stride(from: 0, to: bits.count, by: 5)
            .map { start in
                let group = (start..<start + 5).map { $0 < bits.count ? bits[$0] : 0 }
                return alphabet[Int(group.reduce(0) { $0 << 1 | $1 })]
            }
    }

    private static func contains(_ haystack: UnsafeRawBufferPointer, _ needle: UnsafeRawBufferPointer) -> Bool {
        guard let wanted = needle.baseAddress, let start = haystack.baseAddress else { return false }
        var offset = 0
        while haystack.count - offset >= needle.count,
            let found = memchr(start + offset, Int32(needle[0]), haystack.count - offset - needle.count + 1)
        {
            if memcmp(found, wanted, needle.count) == 0 { return true }
            offset = UnsafeRawPointer(found) - start + 1
        }
        return false
    }
}
