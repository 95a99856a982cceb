// Screen.swift: a terminal's screen as pixels, from its characters and colour sequences.

/// The cells of a terminal's screen.
package struct Screen {
    /// The terminal's own colours, as greys.
    package struct Theme {
        package let name: String
        let ink: UInt8
        let paper: UInt8

        package static let dark = Theme(name: "dark", ink: 0xE5, paper: 0x1E)
        package static let light = Theme(name: "light", ink: 0x20, paper: 0xFD)
    }

    /// How a font fills its cells.
    package struct Font {
        let width: Int
        let height: Int
        /// Pixels at a cell's right and lower edge that block characters leave open, as many fonts do.
        let seam: Int

        package static let exact = Font(width: 4, height: 8, seam: 0)
        package static let seamed = Font(width: 9, height: 17, seam: 1)
    }

    private struct Cell {
        var glyph: Unicode.Scalar
        var ink: UInt8
        var paper: UInt8
    }

    private var cells: [[Cell]]

    /// Reads text with SGR sequences, as a program prints it or as `tmux capture-pane -e` gives it.
    package init(_ text: String, theme: Theme, columns: Int, rows: Int) throws {
        let blank = Cell(glyph: " ", ink: theme.ink, paper: theme.paper)
        cells = Array(repeating: Array(repeating: blank, count: columns), count: rows)
        var pen = Pen(theme: theme)
        var scalars = Array(text.unicodeScalars)[...]
        var row = 0
        var column = 0
        while let scalar = scalars.popFirst() {
            switch scalar {
            case "\n":
                row += 1
                column = 0
            case "\u{1B}":
                try pen.obey(&scalars)
            default:
                guard row < rows, column < columns else { throw Tool.Failure(description: "the screen overflows") }
                let (ink, paper) = pen.colours
                cells[row][column] = Cell(glyph: scalar, ink: ink, paper: paper)
                column += 1
            }
        }
    }

    /// The screen as a picture (portable grey map), with a margin of the terminal's own colour around it.
    package func picture(_ font: Font = .exact) -> [UInt8] {
        let width = (cells.first?.count ?? 0) * font.width
        let height = cells.count * font.height
        var pixels = [UInt8](repeating: 0, count: width * height)
        for (row, line) in cells.enumerated() {
            for (column, cell) in line.enumerated() {
                for y in 0..<font.height {
                    for x in 0..<font.width {
                        let open = x >= font.width - font.seam || y >= font.height - font.seam
                        let inked = !open && Self.covers(cell.glyph, x, y, font)
                        let at = (row * font.height + y) * width + column * font.width + x
                        pixels[at] = inked ? cell.ink : cell.paper
                    }
                }
            }
        }
        return Array("P5 \(width) \(height) 255\n".utf8) + pixels
    }

    private static func covers(_ glyph: Unicode.Scalar, _ x: Int, _ y: Int, _ font: Font) -> Bool {
        switch glyph {
        case " ": false
        case "\u{2588}": true
        case "\u{2580}": y < font.height / 2
        case "\u{2584}": y >= font.height / 2
        // Any letter: something of its size that is neither empty nor full.
        default: y > 1 && y < font.height - 1 && (x * 7 + y * 3 + Int(glyph.value)) % 5 < 2
        }
    }
}

/// The attributes with which a terminal writes.
private struct Pen {
    let theme: Screen.Theme
    private var ink: UInt8?
    private var paper: UInt8?
    private var reversed = false

    init(theme: Screen.Theme) { self.theme = theme }

    var colours: (ink: UInt8, paper: UInt8) {
        let both = (ink: ink ?? theme.ink, paper: paper ?? theme.paper)
        return reversed ? (both.paper, both.ink) : both
    }

    /// Obeys the sequence whose escape was just read; only colours and attributes (SGR) are known.
    mutating func obey(_ scalars: inout ArraySlice<Unicode.Scalar>) throws {
        guard scalars.popFirst() == "[" else { throw Tool.Failure(description: "a sequence that is not CSI") }
        var text = ""
        while let scalar = scalars.popFirst() {
            if scalar == "m" { return try set(text.split(separator: ";").map { Int($0) ?? 0 }) }
            text.unicodeScalars.append(scalar)
        }
        throw Tool.Failure(description: "a sequence that does not end in m")
    }

    private mutating func set(_ numbers: [Int]) throws {
        var rest = (numbers.isEmpty ? [0] : numbers)[...]
        while let number = rest.popFirst() {
            switch number {
            case 0: self = Pen(theme: theme)
            case 1...6, 22...25: break  // Weight and the like: no colours.
            case 7: reversed = true
            case 27: reversed = false
            case 30...37: ink = Self.grey(number - 30)
            case 90...97: ink = Self.grey(number - 90 + 8)
            case 40...47: paper = Self.grey(number - 40)
            case 100...107: paper = Self.grey(number - 100 + 8)
            case 39: ink = nil
            case 49: paper = nil
            case 38: ink = try Self.extended(&rest)
            case 48: paper = try Self.extended(&rest)
            default: throw Tool.Failure(description: "unknown attribute \(number)")
            }
        }
    }

    private static func extended(_ rest: inout ArraySlice<Int>) throws -> UInt8 {
        switch rest.popFirst() {
        case 5:
            return grey(rest.popFirst() ?? 0)
        case 2:
            let parts = [rest.popFirst() ?? 0, rest.popFirst() ?? 0, rest.popFirst() ?? 0]
            return UInt8(parts.reduce(0, +) / 3)
        default:
            throw Tool.Failure(description: "an unknown form of colour")
        }
    }

    /// The greys of the palette; any other colour is a middle grey, which would spoil a code.
    private static func grey(_ index: Int) -> UInt8 {
        switch index {
        case 0, 16: 0
        case 7: 0xC0
        case 8: 0x60
        case 15, 231: 255
        case 232...255: UInt8(8 + (index - 232) * 10)
        default: 128
        }
    }
}
