// QRPicture.swift: the texts of the QR codes in a picture: PNG and JPEG, photographs and screenshots.
internal import CLatchkeyPNG
internal import CLatchkeyTurboJPEG
internal import CLatchkeyZBar
internal import Glibc

/// A picture file that may show QR codes.
public enum QRPicture {
    /// The most pixels that are looked at; a larger picture is refused before memory is taken for it.
    public static let mostPixels = 64_000_000

    /// Whether the bytes begin as PNG or JPEG do.
    public static func isPicture(_ bytes: [UInt8]) -> Bool { isPNG(bytes) || isJPEG(bytes) }

    /// Returns the texts of the QR codes in a PNG or JPEG file; none if it shows none.
    ///
    /// - Throws: `QRError` for what is not such a picture, or where zbar or libjpeg-turbo is not installed.
    public static func texts(in file: [UInt8]) throws(QRError) -> [String] {
        let picture = isPNG(file) ? try png(file) : try jpeg(file)
        defer {
            if let base = picture.pixels.baseAddress { explicit_bzero(base, picture.pixels.count) }
            picture.pixels.deallocate()
        }
        return try scan(picture)
    }

    private static func isPNG(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) }
    private static func isJPEG(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0xFF, 0xD8, 0xFF]) }

    /// Pixels of one grey byte each.
    private struct Grey {
        let width: Int
        let height: Int
        let pixels: UnsafeMutableBufferPointer<UInt8>
    }

    private static func room(_ width: Int, _ height: Int) throws(QRError) -> UnsafeMutableBufferPointer<UInt8> {
        guard width > 0, height > 0 else { throw .picture("it is broken; save it again") }
        guard width <= 65_535, height <= 65_535, width * height <= mostPixels else {
            throw .picture("it is larger than \(mostPixels) pixels; cut out the code")
        }
        let pixels = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: width * height)
        pixels.initialize(repeating: 0)
        return pixels
    }

    private static func png(_ file: [UInt8]) throws(QRError) -> Grey {
        var image = png_image()
        image.version = UInt32(PNG_IMAGE_VERSION)
        defer { png_image_free(&image) }
        return try file.withUnsafeBufferPointer { (bytes: UnsafeBufferPointer<UInt8>) throws(QRError) -> Grey in
            guard png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0 else {
                throw .picture("its PNG is broken; save it again")
            }
            // Grey without transparency: what is transparent is laid over white.
            image.format = 0
            let width = Int(image.width)
            let height = Int(image.height)
            let pixels = try room(width, height)
            var white = png_color(red: 255, green: 255, blue: 255)
            guard png_image_finish_read(&image, &white, pixels.baseAddress, Int32(clamping: width), nil) != 0 else {
                pixels.deallocate()
                throw .picture("its PNG is broken; save it again")
            }
            return Grey(width: width, height: height, pixels: pixels)
        }
    }

    private static func jpeg(_ file: [UInt8]) throws(QRError) -> Grey {
        var calls = latchkey_jpeg()
        guard latchkey_jpeg_load(&calls) == 0, let handle = calls.begin() else {
            throw .picture("JPEG needs the package libturbojpeg0; install it, or save the picture as PNG")
        }
        defer { _ = calls.end(handle) }
        var width: Int32 = 0
        var height: Int32 = 0
        var sampling: Int32 = 0
        var colours: Int32 = 0
        return try file.withUnsafeBufferPointer { (bytes: UnsafeBufferPointer<UInt8>) throws(QRError) -> Grey in
            let length = UInt(bytes.count)
            guard calls.header(handle, bytes.baseAddress, length, &width, &height, &sampling, &colours) == 0 else {
                throw .picture("its JPEG is broken; save it again")
            }
            let pixels = try room(Int(width), Int(height))
            let grey = Int32(TJPF_GRAY.rawValue)
            guard
                calls.decompress(handle, bytes.baseAddress, length, pixels.baseAddress, width, 0, height, grey, 0) == 0
            else {
                pixels.deallocate()
                throw .picture("its JPEG is broken; save it again")
            }
            return Grey(width: Int(width), height: Int(height), pixels: pixels)
        }
    }

    private static func scan(_ picture: Grey) throws(QRError) -> [String] {
        var calls = latchkey_zbar()
        guard latchkey_zbar_load(&calls) == 0, let scanner = calls.scanner_create(), let image = calls.image_create()
        else {
            throw .picture("reading QR codes needs the package libzbar0; install it")
        }
        defer {
            calls.image_destroy(image)
            calls.scanner_destroy(scanner)
        }
        _ = calls.scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0)
        _ = calls.scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1)
        // "Y800": one grey byte a pixel.
        calls.image_set_format(image, 0x3030_3859)
        calls.image_set_size(image, UInt32(picture.width), UInt32(picture.height))
        calls.image_set_data(image, picture.pixels.baseAddress, UInt(picture.pixels.count), nil)
        _ = calls.scan_image(scanner, image)
        var texts: [String] = []
        var symbol = calls.first_symbol(image)
        while let found = symbol {
            if calls.symbol_type(found) == ZBAR_QRCODE, let data = calls.symbol_data(found) {
                let bytes = UnsafeRawBufferPointer(start: data, count: Int(calls.symbol_length(found)))
                texts.append(String(decoding: bytes, as: UTF8.self))
            }
            symbol = calls.symbol_next(found)
        }
        // zbar goes from the bottom upwards; people read downwards.
        return texts.reversed()
    }
}
