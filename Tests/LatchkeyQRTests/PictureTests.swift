// PictureTests.swift: PNG and SVG files can be scanned and hold nothing but the code.
import LatchkeyQR
import LatchkeyTestSupport
import Testing

@Suite("Pictures")
struct PictureTests {
    @Test("a PNG scans at every scale", arguments: enrolments, [2, 3, 4, 8, 16, 32])
    func png(text: String, scale: Int) throws {
        let picture = try QRCode(text).png(scale: scale)
        #expect(try Scanner.read(picture) == Array(text.utf8))
    }

    @Test("a second reader reads the same", arguments: enrolments)
    func zxing(text: String) throws {
        let answer = try Scanner.readWithZXing(QRCode(text).png())
        #expect(answer.contains("\"\(text)\""))
    }

    @Test("a PNG has one bit a pixel, the size that was asked for, and no chunk that tells more")
    func content() throws {
        let code = try QRCode(enrolments[2])
        let picture = try code.png(scale: 8)
        let chunks = try Chunk.all(of: picture)
        #expect(
            chunks.map(\.name).filter { !["gAMA", "sRGB", "cHRM"].contains($0) } == ["IHDR", "PLTE", "IDAT", "IEND"]
        )
        let side = (code.size + 8) * 8
        let bytes = [0, 0, UInt8(side / 256), UInt8(side % 256)]
        // Width, height, one bit, a palette, and no interlacing.
        #expect(chunks.first?.content == bytes + bytes + [1, 3, 0, 0, 0])
        #expect(chunks.first { $0.name == "PLTE" }?.content == [255, 255, 255, 0, 0, 0])
        #expect(picture.count < 2000)
    }

    @Test("the same code makes the same files")
    func stable() throws {
        #expect(try QRCode(enrolments[0]).png() == QRCode(enrolments[0]).png())
        #expect(try QRCode(enrolments[0]).svg() == QRCode(enrolments[0]).svg())
    }

    @Test("a scale out of range is refused", arguments: [Int.min, -1, 0, 33, 1000, Int.max])
    func scale(scale: Int) throws {
        let code = try QRCode("x")
        #expect(throws: QRError.scale(scale)) { try code.png(scale: scale) }
        #expect(QRError.scale(scale).description == "a module cannot be \(scale) pixels wide: choose 1 to 32")
    }

    @Test("the largest code scans from a PNG")
    func largest() throws {
        let text = String(repeating: "Ab1-", count: 738)
        #expect(try Scanner.read(QRCode(text).png(scale: 4)) == Array(text.utf8))
    }

    @Test("an SVG scans when a browser's library has drawn it", arguments: enrolments, [1, 2, 8])
    func svg(text: String, zoom: Int) throws {
        let folder = try Folder()
        let file = try folder.write(Array(QRCode(text).svg().utf8), to: "code.svg")
        let drawn = folder.path("code.png")
        #expect(try Tool.rsvgConvert.run(["--zoom", "\(zoom)", "-o", drawn, file]).status == 0)
        #expect(try Scanner.read(folder.read("code.png")) == Array(text.utf8))
    }

    @Test("an SVG is one path on a white ground and says nothing of the text")
    func svgContent() throws {
        let document = try QRCode(enrolments[1]).svg()
        #expect(document.split(separator: "<path").count == 2)
        #expect(document.contains(##"<rect width="41" height="41" fill="#fff"/>"##))
        #expect(document.contains(#"shape-rendering="crispEdges""#))
        for word in ["otpauth", "acme", "GEZDGNBV", "title", "desc", "script"] {
            #expect(!document.contains(word))
        }
    }
}

/// A part of a PNG file.
private struct Chunk {
    let name: String
    let content: [UInt8]

    static func all(of file: [UInt8]) throws -> [Chunk] {
        var rest = file.dropFirst(8)
        var chunks: [Chunk] = []
        while rest.count >= 12 {
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            let name = String(decoding: rest.dropFirst(4).prefix(4), as: UTF8.self)
            chunks.append(Chunk(name: name, content: Array(rest.dropFirst(8).prefix(length))))
            rest = rest.dropFirst(12 + length)
        }
        return chunks
    }
}
