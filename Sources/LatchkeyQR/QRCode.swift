// QRCode.swift: a text as a QR code: which modules are dark.
internal import CLatchkeyQREncode
import Glibc

/// A text as a square of dark and light modules (ISO/IEC 18004, model 2).
///
/// The text may be a secret. The modules are as good as the text, so they are kept in storage that is wiped when the
/// last copy of the value goes. What is made of them (lines, pictures) is the caller's to guard, as is `text`; the
/// scratch that libqrencode frees by itself while it works cannot be reached.
public struct QRCode: Sendable {
    /// How much of a damaged code may be restored.
    public enum Level: String, Hashable, Comparable, Sendable, CaseIterable, CustomStringConvertible {
        /// About 7 % of the code.
        case low
        /// About 15 %.
        case medium
        /// About 25 %.
        case quartile
        /// About 30 %.
        case high
    }

    /// The width and height in modules, without any quiet zone: 17 + 4 × version.
    public let size: Int
    /// The size class of the code, 1 to 40.
    public let version: Int
    /// The level of the code: what was asked for, or a higher one that the same version had room for.
    public let level: Level
    private let modules: Modules

    /// Makes the smallest code that holds `text`.
    ///
    /// The text is kept as its UTF-8 bytes, whatever they are; a NUL does not end it. Text of ASCII alone (every
    /// `otpauth:` URI is) is cut into runs of the code's denser alphabets where that saves room, which makes the usual
    /// URI one version smaller; other text is marked as UTF-8. A higher level than asked for is taken when the version
    /// stays the same: that costs no room and scans better.
    ///
    /// - Parameters:
    ///   - text: What a reader of the code will get.
    ///   - level: The least restoring power; `low` gives the smallest code, which is what a terminal needs.
    /// - Throws: `QRError.empty` if there is no text, `QRError.tooLong` if it does not fit version 40.
    public init(_ text: String, level: Level = .low) throws(QRError) {
        try self.init(utf8: text.utf8.span, level: level)
    }

    /// Makes the smallest code that holds `bytes`, for text that should not pass through a `String`.
    ///
    /// Nothing of `bytes` is kept but the modules.
    ///
    /// - Throws: As ``init(_:level:)`` does.
    public init(utf8 bytes: Span<UInt8>, level: Level = .low) throws(QRError) {
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.count <= Segment.mostBytes else { throw .tooLong(bytes: bytes.count, level: level) }
        var best = try Modules.encoding(bytes, at: level)
        var reached = level
        for higher in Level.allCases where higher > level {
            guard let candidate = try? Modules.encoding(bytes, at: higher), candidate.size == best.size else { break }
            best = candidate
            reached = higher
        }
        self.modules = best
        self.size = best.size
        self.version = (best.size - 17) / 4
        self.level = reached
    }

    /// Whether the module in column `x` and row `y` is dark; everything outside of the code is light.
    public subscript(x: Int, y: Int) -> Bool {
        guard x >= 0, y >= 0, x < size, y < size else { return false }
        return modules.isDark(y * size + x)
    }
}

extension QRCode.Level {
    /// The level's name, as it is spelt on a command line.
    public var description: String { rawValue }

    /// Orders levels by their restoring power.
    public static func < (one: Self, other: Self) -> Bool { one.rank < other.rank }

    /// The most bytes that a code of this level holds, when they are not all of a denser alphabet.
    public var capacity: Int {
        switch self {
        case .low: 2953
        case .medium: 2331
        case .quartile: 1663
        case .high: 1273
        }
    }

    private var rank: Int {
        switch self {
        case .low: 0
        case .medium: 1
        case .quartile: 2
        case .high: 3
        }
    }

    fileprivate var native: QRecLevel {
        switch self {
        case .low: QR_ECLEVEL_L
        case .medium: QR_ECLEVEL_M
        case .quartile: QR_ECLEVEL_Q
        case .high: QR_ECLEVEL_H
        }
    }
}

/// The modules of one code, a byte each, wiped when nobody holds them any more.
private final class Modules: Sendable {
    let size: Int
    /// Lies beyond any array, so that no copy of it is ever made; nobody writes to it after `init`.
    private nonisolated(unsafe) let dark: UnsafePointer<UInt8>

    private init(size: Int, dark: UnsafePointer<UInt8>) {
        self.size = size
        self.dark = dark
    }

    deinit {
        let bytes = UnsafeMutablePointer(mutating: dark)
        explicit_bzero(bytes, size * size)
        bytes.deallocate()
    }

    func isDark(_ index: Int) -> Bool { dark[index] & 1 == 1 }

    /// Encodes `bytes` into the smallest version.
    static func encoding(_ bytes: Span<UInt8>, at level: QRCode.Level) throws(QRError) -> Modules {
        // How many bits a segment costs depends on the version's class, so a cut is right only for its own class.
        for versions in Segment.VersionClass.allCases {
            let segments = Segment.cut(bytes, for: versions)
            guard let modules = try encoding(bytes, as: segments, at: level) else { continue }
            if (modules.size - 17) / 4 <= versions.last { return modules }
        }
        throw .tooLong(bytes: bytes.count, level: level)
    }

    /// The number of UTF-8 among the character sets (Extended Channel Interpretations).
    private static let utf8: UInt32 = 26

    /// Encodes `segments` of `bytes`, or answers nil if no version holds them.
    private static func encoding(
        _ bytes: Span<UInt8>,
        as segments: [Segment],
        at level: QRCode.Level
    ) throws(QRError) -> Modules? {
        guard let input = QRinput_new2(0, level.native) else { throw .memory }
        defer { QRinput_free(input) }
        // Without its name zbar, for one, takes "é" for Chinese (Big5). ASCII needs none, and some readers know none.
        if !Segment.isASCII(bytes), (try? UTF8Span(validating: bytes)) != nil {
            guard QRinput_appendECIheader(input, utf8) == 0 else { throw QRError(errno) }
        }
        for segment in segments {
            let done = bytes.extracting(segment.range)
                .withUnsafeBufferPointer { part in
                    QRinput_append(
                        input,
                        segment.alphabet.native,
                        Int32(truncatingIfNeeded: part.count),
                        part.baseAddress
                    )
                }
            guard done == 0 else { throw QRError(errno) }
        }
        guard let code = QRcode_encodeInput(input) else {
            if errno == ERANGE { return nil }
            throw QRError(errno)
        }
        let size = Int(code.pointee.width)
        guard size >= 21, size <= 177, let data = code.pointee.data else {
            QRcode_free(code)
            throw .library(code: 0)
        }
        let dark = UnsafeMutablePointer<UInt8>.allocate(capacity: size * size)
        dark.initialize(from: data, count: size * size)
        explicit_bzero(data, size * size)
        QRcode_free(code)
        return Modules(size: size, dark: dark)
    }
}

extension Segment.Alphabet {
    fileprivate var native: QRencodeMode {
        switch self {
        case .digits: QR_MODE_NUM
        case .capitals: QR_MODE_AN
        case .bytes: QR_MODE_8
        }
    }
}

extension QRError {
    fileprivate init(_ number: Int32) {
        self = number == ENOMEM ? .memory : .library(code: number)
    }
}
