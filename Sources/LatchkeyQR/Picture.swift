// Picture.swift: a code as a picture file's content: PNG and SVG.
internal import CLatchkeyPNG
import Glibc

extension QRCode {
    /// How many pixels wide a module of a picture may be.
    public static let scales = 1...32

    /// How many light modules surround the code in a picture (ISO/IEC 18004, 6.3.8).
    private static let quietZone = 4

    /// The code as a PNG file of one bit a pixel, black on white, with its quiet zone.
    ///
    /// The bytes hold the code's secret and nothing else: no text, no time.
    ///
    /// - Parameter scale: How many pixels wide a module is, within ``scales``.
    /// - Returns: The content of the file.
    /// - Throws: `QRError.scale` if `scale` is outside of its range.
    public func png(scale: Int = 8) throws(QRError) -> [UInt8] {
        guard Self.scales.contains(scale) else { throw .scale(scale) }
        let side = (size + 2 * Self.quietZone) * scale
        let pixels = UnsafeMutablePointer<UInt8>.allocate(capacity: side * side)
        defer {
            explicit_bzero(pixels, side * side)
            pixels.deallocate()
        }
        pixels.initialize(repeating: Palette.white, count: side * side)
        for y in 0..<size {
            let top = (y + Self.quietZone) * scale
            for x in 0..<size where self[x, y] {
                let left = (x + Self.quietZone) * scale
                for row in top..<top + scale {
                    (pixels + row * side + left).update(repeating: Palette.black, count: scale)
                }
            }
        }
        return try Self.png(of: pixels, side: side)
    }

    /// The code as an SVG document: one path on a white ground, with its quiet zone.
    ///
    /// The document holds the code's secret in its shapes only: no text, no title.
    public func svg() -> String {
        let side = size + 2 * Self.quietZone
        var path = ""
        for y in 0..<size {
            var x = 0
            while x < size {
                let start = x
                while self[x, y] { x += 1 }
                let run = x - start
                if run > 0 { path += "M\(start + Self.quietZone) \(y + Self.quietZone)h\(run)v1h-\(run)z" }
                x += 1
            }
        }
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" width="\(side * 8)" height="\(side * 8)" \
            viewBox="0 0 \(side) \(side)" shape-rendering="crispEdges" role="img" aria-label="QR code">
            <rect width="\(side)" height="\(side)" fill="#fff"/>
            <path d="\(path)" fill="#000"/>
            </svg>

            """
    }

    /// Indexes into the picture's two colours.
    private enum Palette {
        static let white: UInt8 = 0
        static let black: UInt8 = 1
    }

    /// Packs `pixels`, indexes into the palette, into a PNG file.
    private static func png(of pixels: UnsafeMutablePointer<UInt8>, side: Int) throws(QRError) -> [UInt8] {
        // libpng writes a palette of two colours with one bit a pixel. Its simplified interface reports errors as a
        // value; the classic one would jump out of C through Swift's frames.
        var image = png_image()
        image.version = UInt32(PNG_IMAGE_VERSION)
        image.width = UInt32(truncatingIfNeeded: side)
        image.height = UInt32(truncatingIfNeeded: side)
        image.format = UInt32(PNG_FORMAT_FLAG_COLORMAP)
        image.colormap_entries = 2
        defer { png_image_free(&image) }
        let colours: [UInt8] = [255, 0]
        // The first call only counts the bytes.
        var count: png_alloc_size_t = 0
        guard png_image_write_to_memory(&image, nil, &count, 0, pixels, 0, colours) != 0 else {
            throw .memory
        }
        var written = false
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, filled in
            var size = count
            written =
                png_image_write_to_memory(&image, buffer.baseAddress, &size, 0, pixels, 0, colours) != 0
            filled = written ? Int(size) : 0
        }
        guard written else { throw .memory }
        return bytes
    }
}
