// UnicodeText.swift: one spelling for every text that looks the same.

internal import CLatchkeyUTF8Proc

/// Unicode normalisation, for passwords and names that are typed on different keyboards.
public enum UnicodeText {
    /// Returns `text` in Normalization Form C (UAX #15): "e" and a combining accent become "é".
    public static func nfc(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        var text = text
        let composed: String? = text.withUTF8 { bytes in
            compose(bytes) { String(decoding: $0, as: UTF8.self) }
        }
        // A Swift string is always UTF-8, so only memory can be the reason.
        guard let composed else { stop("no memory to normalise a text") }
        return composed
    }

    /// Returns the secret text in Normalization Form C, leaving no copy behind.
    ///
    /// - Throws: `CryptoError.notUTF8` if the bytes are not UTF-8.
    public static func nfc(_ text: borrowing Secret) throws(CryptoError) -> Secret {
        let composed: Secret? = text.withBytes { bytes in
            bytes.withUnsafeBufferPointer { bytes in
                compose(bytes) { Secret($0.span) }
            }
        }
        guard let composed else { throw .notUTF8 }
        return composed
    }

    /// Lends the composed form of `bytes` to `body` and wipes it; nil if they are not UTF-8.
    ///
    /// Not `utf8proc_map`, whose own buffer goes back to the heap with the text still in it.
    private static func compose<R: ~Copyable>(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ body: (UnsafeBufferPointer<UInt8>) -> R
    ) -> R? {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return body(bytes) }
        let options = utf8proc_option_t(rawValue: UTF8PROC_STABLE.rawValue | UTF8PROC_COMPOSE.rawValue)
        let scalars = utf8proc_decompose(base, bytes.count, nil, 0, options)
        guard scalars >= 0 else { return nil }
        // One scalar more: the re-encoding ends its bytes with a NUL.
        let buffer = UnsafeMutableBufferPointer<Int32>.allocate(capacity: scalars + 1)
        buffer.initialize(repeating: 0)
        defer {
            wipe(UnsafeMutableRawBufferPointer(buffer))
            buffer.deallocate()
        }
        guard utf8proc_decompose(base, bytes.count, buffer.baseAddress, scalars, options) == scalars else { return nil }
        let composed = composeScalars(UnsafeMutableBufferPointer(rebasing: buffer[..<scalars]), options)
        let length = utf8proc_reencode(buffer.baseAddress, composed, UTF8PROC_STABLE)
        guard length >= 0 else { return nil }
        return buffer.withMemoryRebound(to: UInt8.self) { body(UnsafeBufferPointer(rebasing: $0[..<length])) }
    }

    /// Composes decomposed scalars in place and counts what is left of them.
    ///
    /// In pieces between U+11A7, which composes with nothing: utf8proc 2.8 takes it for a final jamo and drops it.
    private static func composeScalars(
        _ scalars: UnsafeMutableBufferPointer<Int32>,
        _ options: utf8proc_option_t
    ) -> Int {
        let barrier: Int32 = 0x11a7
        var written = 0
        var start = 0
        while start < scalars.count {
            let end = scalars[start...].firstIndex(of: barrier) ?? scalars.count
            let piece = UnsafeMutableBufferPointer(rebasing: scalars[start..<end])
            let length = piece.isEmpty ? 0 : utf8proc_normalize_utf32(piece.baseAddress, piece.count, options)
            for index in 0..<max(0, length) { scalars[written + index] = piece[index] }
            written += max(0, length)
            if end < scalars.count {
                scalars[written] = barrier
                written += 1
            }
            start = end + 1
        }
        return written
    }
}
