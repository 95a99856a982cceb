// TextFile.swift: a text's lines, and the records of CSV, each with its number.

/// A line of a text.
struct TextLine: Sendable {
    let number: Int
    let text: String

    var isBlank: Bool { text.utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 } }

    /// The words between blanks and tabs.
    var words: [Substring] { text.split { $0 == " " || $0 == "\t" } }
}

/// A text file.
struct TextFile: Sendable {
    let text: String
    let lines: [TextLine]

    /// Reads UTF-8, with or without a byte order mark; nil for anything else.
    init?(_ bytes: [UInt8]) {
        let body = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        // A NUL is in no text of tokens, and in most binary files.
        guard !body.contains(0), let text = String(validating: body, as: UTF8.self) else { return nil }
        self.text = text
        var lines: [TextLine] = []
        var number = 1
        for line in body.split(separator: 0x0A, omittingEmptySubsequences: false) {
            let line = line.last == 0x0D ? line.dropLast() : line
            lines.append(TextLine(number: number, text: String(decoding: line, as: UTF8.self)))
            number += 1
        }
        self.lines = lines
    }

    /// The lines that say something.
    var written: [TextLine] { lines.filter { !$0.isBlank } }
}

/// A record of CSV.
struct CSVRecord: Sendable {
    /// The line on which it begins.
    let line: Int
    let cells: [String]

    /// The cell without blanks around it; empty where there is none.
    subscript(_ index: Int) -> String { cells.indices.contains(index) ? PlainText.trimmed(cells[index]) : "" }
}

/// Comma-separated values (RFC 4180), as programs write them.
enum CSV {
    /// A quote that is never closed, and the line on which it opens.
    struct Unclosed: Error { let line: Int }

    /// Reads the records; blank lines are none.
    static func records(_ text: String) throws(Unclosed) -> [CSVRecord] {
        var records: [CSVRecord] = []
        var cells: [String] = []
        var cell: [UInt8] = []
        var line = 1
        var start = 1
        var opened: Int?
        var wasQuoted = false
        // Whether the cell is blanks so far; asked at every quote, so that it may not be looked for each time.
        var isBlank = true
        func end(_ cell: inout [UInt8]) {
            cells.append(String(decoding: cell, as: UTF8.self))
            cell.removeAll(keepingCapacity: true)
            wasQuoted = false
            isBlank = true
        }
        func finish(_ cell: inout [UInt8]) {
            if cell.last == 0x0D { cell.removeLast() }
            let isBlank = cells.isEmpty && !wasQuoted && cell.allSatisfy { $0 == 0x20 || $0 == 0x09 }
            end(&cell)
            if !isBlank { records.append(CSVRecord(line: start, cells: cells)) }
            cells.removeAll(keepingCapacity: true)
        }
        let bytes = Array(text.utf8)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x0A { line += 1 }
            if opened != nil {
                if byte != UInt8(ascii: "\"") {
                    cell.append(byte)
                } else if index + 1 < bytes.count, bytes[index + 1] == byte {
                    cell.append(byte)
                    index += 1
                } else {
                    opened = nil
                }
            } else {
                switch byte {
                case UInt8(ascii: "\"") where isBlank && !wasQuoted:
                    cell.removeAll(keepingCapacity: true)
                    opened = line
                    wasQuoted = true
                case UInt8(ascii: ","): end(&cell)
                case 0x0A:
                    finish(&cell)
                    start = line
                default:
                    if byte != 0x20 { isBlank = false }
                    cell.append(byte)
                }
            }
            index += 1
        }
        if let opened { throw Unclosed(line: opened) }
        if !cell.isEmpty || !cells.isEmpty { finish(&cell) }
        return records
    }
}
