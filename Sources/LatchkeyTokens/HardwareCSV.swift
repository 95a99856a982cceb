// HardwareCSV.swift: the lists that come with hardware tokens: Yubico, Feitian, OATH CSV and Microsoft Entra's.
internal import LatchkeyCrypto
internal import LatchkeyOTP

/// The log that Yubico's tools write while they program keys.
enum YubicoTraditional {
    static let format = TokenFormat.yubicoTraditional

    static func fits(_ record: CSVRecord) -> Bool {
        let first = PlainText.small(record[0])
        return first == "logging start"
            || (record.cells.count >= 6
                && ["oath-hotp", "yubico otp", "static password", "challenge-response: hmac-sha1"].contains(first))
    }

    static func read(_ records: [CSVRecord], of file: TokenFile, into result: inout TokenImport) {
        result.note(format)
        for record in records where PlainText.small(record[0]) != "logging start" {
            let serial = record[3].isEmpty ? nil : record[3]
            result.record(format, at: file.place("line \(record.line)"), named: serial) {
                guard PlainText.small(record[0]) == "oath-hotp" else {
                    throw TokenFault("its mode is not OATH-HOTP, and only that makes codes of a counter")
                }
                guard let digits = record[11].isEmpty ? 6 : PlainText.natural(record[11]), digits == 6 || digits == 8
                else {
                    throw TokenFault("column 12, the digits, is not 6 or 8")
                }
                return try Token(
                    issuer: "Yubico",
                    name: serial ?? "line \(record.line)",
                    key: TokenKey(try Hex.decodeSecret(record[5])),
                    kind: .hotp,
                    digits: digits == 8 ? 8 : 6,
                    serial: serial
                )
            }
        }
    }
}

/// Yubico's key file: serial, public id, private id, key, -, date.
enum YubicoCSV {
    static let format = TokenFormat.yubico

    static func fits(_ record: CSVRecord) -> Bool {
        record.cells.count >= 6 && PlainText.natural(record[0]) != nil && isHex(record[3]) && record[3].utf8.count >= 32
            && record[2].utf8.allSatisfy({ $0.isHexDigit })
    }

    static func read(_ records: [CSVRecord], of file: TokenFile, into result: inout TokenImport) {
        result.note(format)
        for record in records where record[0].utf8.first != UInt8(ascii: "#") {
            result.record(format, at: file.place("line \(record.line)"), named: record[0]) {
                guard !record[2].isEmpty else { throw TokenFault("it is a static password, which makes no codes") }
                guard record[2].utf8.allSatisfy({ $0 == UInt8(ascii: "0") }) else {
                    throw TokenFault("it makes Yubico OTPs, which a server of Yubico's checks; only OATH is read")
                }
                return try Token(
                    issuer: "Yubico",
                    name: record[0],
                    key: TokenKey(try Hex.decodeSecret(record[3])),
                    kind: .hotp,
                    serial: record[0]
                )
            }
        }
    }
}

/// Serial number and key, in hexadecimal, with a blank or tab between.
enum FeitianFile {
    static let format = TokenFormat.feitian

    static func fits(_ text: TextFile) -> Bool {
        guard let line = text.written.first(where: { $0.text.utf8.first != UInt8(ascii: "#") }) else { return false }
        let words = line.words
        return words.count == 2 && isHex(words[1]) && words[1].utf8.count >= 32
    }

    static func read(_ text: TextFile, of file: TokenFile, into result: inout TokenImport) {
        result.note(format)
        for line in text.written where line.text.utf8.first != UInt8(ascii: "#") {
            let words = line.words.map(String.init)
            result.record(format, at: file.place("line \(line.number)"), named: words.first) {
                guard words.count == 2 else { throw TokenFault("a line has a serial number and a key") }
                let key = TokenKey(try Hex.decodeSecret(words[1]))
                return try Token(
                    issuer: "Feitian",
                    name: words[0],
                    key: key,
                    algorithm: key.secret.count == 32 ? .sha256 : .sha1,
                    serial: words[0]
                )
            }
        }
    }
}

/// The CSV of privacyIDEA and LinOTP: serial, key, type, digits, counter or step, hash.
enum OATHCSV {
    static let format = TokenFormat.oathCSV
    private static let types = ["hotp", "totp", "ocra"]

    static func fits(_ records: [CSVRecord]) -> Bool {
        records.first { !isComment($0) }
            .map { row in
                isHex(row[1]) && (row.cells.count == 2 || types.contains(PlainText.small(row[2])))
                    || row.cells.count >= 6 && isHex(row[4]) && types.contains(PlainText.small(row[5]))
            } ?? false
    }

    static func read(_ records: [CSVRecord], of file: TokenFile, into result: inout TokenImport) {
        result.note(format)
        // Version 2 puts user, resolver and realm in front.
        let isSecond = records.contains { row in
            isComment(row) && PlainText.small(row[0]).filter { $0 != " " } == "#version:2"
        }
        for record in records where !isComment(record) {
            let cells = isSecond ? Array(record.cells.dropFirst(3)) : record.cells
            let row = CSVRecord(line: record.line, cells: cells)
            let owner = isSecond && !record[0].isEmpty ? record[0] : nil
            result.record(format, at: file.place("line \(record.line)"), named: row[0].isEmpty ? nil : row[0]) {
                try token(row, owner)
            }
        }
    }

    private static func isComment(_ record: CSVRecord) -> Bool { record[0].utf8.first == UInt8(ascii: "#") }

    private static func token(_ row: CSVRecord, _ owner: String?) throws -> Token {
        guard row.cells.count >= 2 else { throw TokenFault("a line has a serial number and a key at least") }
        guard !row[0].isEmpty else { throw TokenFault("the serial number is empty") }
        let kind: KeyURI.Kind
        switch PlainText.small(row[2]) {
        case "", "hotp": kind = .hotp
        case "totp": kind = .totp
        case "ocra": throw TokenFault("it is an OCRA token, which answers challenges and shows no codes")
        default: throw TokenFault("column 3, the type, is not hotp or totp")
        }
        let key = TokenKey(try Hex.decodeSecret(row[1]))
        let digits = row[3].isEmpty ? 6 : PlainText.natural(row[3])
        guard let digits, let count = Int(exactly: digits) else {
            throw TokenFault("column 4, the digits, is not a number")
        }
        let number = row[4].isEmpty ? nil : PlainText.natural(row[4])
        if !row[4].isEmpty, number == nil { throw TokenFault("column 5, the counter or step, is not a number") }
        let algorithm: HashAlgorithm =
            if row[5].isEmpty {
                switch key.secret.count {
                case 32: .sha256
                case 64: .sha512
                default: .sha1
                }
            } else {
                try HashAlgorithm(loose: row[5])
            }
        var period: Int64 = 30
        if kind == .totp, let number {
            guard let seconds = Int64(exactly: number) else { throw TokenFault("column 5, the step, is too large") }
            period = seconds
        }
        return try Token(
            name: row[0],
            key: key,
            kind: kind,
            algorithm: algorithm,
            digits: count,
            period: period,
            counter: kind == .hotp ? number ?? 0 : 0,
            serial: row[0],
            owner: owner
        )
    }
}

/// The CSV that Microsoft Entra takes: user, serial number, Base32 key, period, maker, model.
enum EntraCSV {
    static let format = TokenFormat.entraCSV

    static func fits(_ head: CSVRecord) -> Bool {
        PlainText.small(head[0]) == "upn" && PlainText.small(head[1]) == "serial number" && head.cells.count >= 4
    }

    static func read(_ records: [CSVRecord], of file: TokenFile, into result: inout TokenImport) {
        result.note(format)
        for record in records.dropFirst() {
            result.record(format, at: file.place("line \(record.line)"), named: record[1].isEmpty ? nil : record[1]) {
                guard !record[1].isEmpty else { throw TokenFault("the serial number is empty") }
                guard let seconds = record[3].isEmpty ? 30 : PlainText.natural(record[3]),
                    let period = Int64(exactly: seconds)
                else { throw TokenFault("column 4, the time interval, is not a number") }
                return try Token(
                    issuer: record[4].isEmpty ? nil : record[4],
                    name: record[1],
                    key: TokenKey(try Base32.decodeSecret(record[2])),
                    period: period,
                    serial: record[1],
                    owner: record[0].isEmpty ? nil : record[0]
                )
            }
        }
    }
}

/// Whether a text is hexadecimal digits, two a byte.
func isHex(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.count % 2 == 0 && text.utf8.allSatisfy(\.isHexDigit)
}

extension UInt8 {
    fileprivate var isHexDigit: Bool { (0x30...0x39).contains(self) || (0x61...0x66).contains(self | 0x20) }
}
