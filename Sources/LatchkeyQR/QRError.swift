// QRError.swift: why a text did not become a QR code or a picture.

/// Why a text did not become a QR code or a picture.
@nonexhaustive
public enum QRError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There was no text.
    case empty
    /// The text has `bytes` bytes and does not fit the largest code (version 40) at `level`.
    case tooLong(bytes: Int, level: QRCode.Level)
    /// A picture's module was asked to be `scale` pixels wide, outside of ``QRCode/scales``.
    case scale(Int)
    /// A picture cannot be looked at; the text says why and what to do.
    case picture(String)
    /// Memory ran out.
    case memory
    /// The library refused for a reason that should not occur; `code` is its error number.
    case library(code: Int32)

    /// One sentence for a person; never holds any of the text.
    public var description: String {
        switch self {
        case .empty:
            "there is no text to draw as a QR code: give at least one character"
        case .tooLong(let bytes, let level):
            // Beyond ASCII two bytes go to the name of the character set.
            "\(bytes) bytes are too long for a QR code, which holds "
                + "\(bytes > level.capacity ? level.capacity : level.capacity - 2) at most at level \(level): "
                + "shorten the text"
                + (level == .low ? "" : " or use level low")
        case .scale(let scale):
            "a module cannot be \(scale) pixels wide: choose \(QRCode.scales.lowerBound) to \(QRCode.scales.upperBound)"
        case .picture(let reason):
            "the picture cannot be read: \(reason)"
        case .memory:
            "there was not enough memory to draw the QR code: try again"
        case .library(let code):
            "the QR code could not be drawn (error \(code)): report this as a bug"
        }
    }
}
