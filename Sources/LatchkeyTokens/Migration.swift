// Migration.swift: Google Authenticator's export: a protobuf message in an `otpauth-migration:` URI, read.
internal import LatchkeyCrypto
internal import LatchkeyOTP

/// What one QR code of an export holds.
struct MigrationPayload {
    /// One account of the message.
    struct Account {
        /// Where in the message its record begins.
        let offset: Int
        var secret: TokenKey?
        var name = ""
        var issuer = ""
        var algorithm: UInt64 = 0
        var digits: UInt64 = 0
        var type: UInt64 = 0
        var counter: UInt64 = 0
    }

    var accounts: [Account] = []
    var size: Int64 = 1
    var index: Int64 = 0
    var id: Int64 = 0

    /// Reads the URI.
    init(parsing uri: String) throws(TokenFault) {
        guard let mark = uri.utf8.firstIndex(of: UInt8(ascii: "?")) else {
            throw TokenFault("it has no `data`; copy the whole URI")
        }
        var data: String?
        for piece in uri.utf8[uri.utf8.index(after: mark)...].split(separator: UInt8(ascii: "&")) {
            let piece = String(decoding: piece, as: UTF8.self)
            if piece.utf8.starts(with: "data=".utf8) { data = String(piece.dropFirst(5)) }
        }
        guard let data, !data.isEmpty else { throw TokenFault("it has no `data`; copy the whole URI") }
        var bytes: [UInt8]
        do {
            bytes = try Base64.decode(try Self.unescaped(data), .forgiving)
        } catch let error as TextEncodingError {
            throw TokenFault("its data is not Base64: \(error)")
        } catch {
            throw TokenFault("\(error)")
        }
        defer { wipe(&bytes) }
        try read(bytes)
    }

    /// Percent forms taken back; a chat program's blank is the plus sign it was made of.
    private static func unescaped(_ text: String) throws(TokenFault) -> String {
        var result: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard rest.count >= 2,
                    let value = try? Hex.decode(String(decoding: rest.prefix(2), as: UTF8.self), .forgiving),
                    value.count == 1
                else { throw TokenFault("its data has a broken percent form; copy the URI again") }
                result.append(value[0])
                rest = rest.dropFirst(2)
            case 0x20: result.append(UInt8(ascii: "+"))
            default: result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private mutating func read(_ bytes: [UInt8]) throws(TokenFault) {
        var reader = ProtobufReader(bytes, 0..<bytes.count)
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let range)): accounts.append(try Self.account(bytes, range))
            case (3, .number(let value)): size = Int64(bitPattern: value)
            case (4, .number(let value)): index = Int64(bitPattern: value)
            case (5, .number(let value)): id = Int64(bitPattern: value)
            case (1, _), (3...5, _):
                throw TokenFault("byte \(field.offset): field \(field.number) is not of the kind it should be")
            default: break
            }
        }
        guard (1...1000).contains(size), (0..<size).contains(index) else {
            throw TokenFault("it says that it is part \(index) of \(size), which cannot be")
        }
    }

    private static func account(_ bytes: [UInt8], _ range: Range<Int>) throws(TokenFault) -> Account {
        var account = Account(offset: range.lowerBound)
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let range)): account.secret = TokenKey(Secret(bytes.span.extracting(range)))
            case (2, .bytes(let range)): account.name = try text(bytes, range)
            case (3, .bytes(let range)): account.issuer = try text(bytes, range)
            case (4, .number(let value)): account.algorithm = value
            case (5, .number(let value)): account.digits = value
            case (6, .number(let value)): account.type = value
            case (7, .number(let value)): account.counter = value
            case (1...7, _):
                throw TokenFault("byte \(field.offset): field \(field.number) is not of the kind it should be")
            default: break
            }
        }
        return account
    }

    private static func text(_ bytes: [UInt8], _ range: Range<Int>) throws(TokenFault) -> String {
        guard let text = String(validating: bytes[range], as: UTF8.self) else {
            throw TokenFault("byte \(range.lowerBound): the text is not UTF-8")
        }
        return text
    }
}

extension Token {
    init(_ account: MigrationPayload.Account) throws(TokenFault) {
        guard let key = account.secret else { throw TokenFault("it has no secret") }
        let kind: KeyURI.Kind
        switch account.type {
        case 0, 2: kind = .totp
        case 1: kind = .hotp
        default: throw TokenFault("its type \(account.type) is not known")
        }
        let algorithm: HashAlgorithm
        switch account.algorithm {
        case 0, 1: algorithm = .sha1
        case 2: algorithm = .sha256
        case 3: algorithm = .sha512
        case 4: throw TokenFault("it uses MD5, which no standard of one-time codes knows")
        default: throw TokenFault("its algorithm \(account.algorithm) is not known")
        }
        let digits: Int
        switch account.digits {
        case 0, 1: digits = 6
        case 2: digits = 8
        default: throw TokenFault("its number of digits, \(account.digits), is not known")
        }
        var name = account.name
        var issuer: String? = account.issuer.isEmpty ? nil : account.issuer
        // The name often repeats the issuer in front.
        if let colon = name.utf8.firstIndex(of: UInt8(ascii: ":")) {
            let prefix = PlainText.trimmed(String(decoding: name.utf8[..<colon], as: UTF8.self))
            if issuer.map({ Token.same($0, prefix) }) ?? !prefix.isEmpty {
                issuer = prefix
                name = String(decoding: name.utf8[name.utf8.index(after: colon)...], as: UTF8.self)
            }
        }
        try self.init(
            issuer: issuer,
            name: name,
            key: key,
            kind: kind,
            algorithm: algorithm,
            digits: digits,
            counter: account.counter
        )
    }
}

/// The parts of exports as they come in.
struct MigrationBatches {
    private struct Batch {
        var size: Int64
        var seen: Set<Int64> = []
        var place: String
    }

    private var batches: [Int64: Batch] = [:]

    mutating func take(_ payload: MigrationPayload, at place: String, into result: inout TokenImport) {
        var batch = batches[payload.id] ?? Batch(size: payload.size, place: place)
        let isNew = batch.seen.insert(payload.index).inserted
        batches[payload.id] = batch
        guard isNew else {
            let reason = "is part \(payload.index + 1) of \(payload.size) once more"
            result.duplicates.append(RefusedRecord(place: place, name: nil, reason: reason))
            return
        }
        for (number, account) in payload.accounts.enumerated() {
            let name = account.issuer.isEmpty ? account.name : "\(account.issuer):\(account.name)"
            let place = "\(place), entry \(number + 1)"
            result.record(.googleMigration, at: place, named: PlainText.isPlain(name) ? name : nil) {
                try Token(account)
            }
        }
    }

    func finish(into result: inout TokenImport) {
        let incomplete = batches.values.filter { Int64($0.seen.count) < $0.size }
        for batch in incomplete.sorted(by: { $0.place < $1.place }) {
            let missing = (0..<batch.size).filter { !batch.seen.contains($0) }.map { "\($0 + 1)" }
            let parts = missing.count == 1 ? "part \(missing[0])" : "parts \(missing.joined(separator: ", "))"
            result.refuse(
                nil,
                .googleMigration,
                at: batch.place,
                "\(parts) of \(batch.size) of this export \(missing.count == 1 ? "is" : "are") missing; import all its codes at once"
            )
        }
    }
}

/// The fields of a protobuf message, one after the other.
private struct ProtobufReader {
    enum Value {
        case number(UInt64)
        case bytes(Range<Int>)
        /// Four or eight bytes, which no field here has.
        case fixed
    }

    private let bytes: [UInt8]
    private let end: Int
    private var at: Int

    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        at = range.lowerBound
        end = range.upperBound
    }

    mutating func next() throws(TokenFault) -> (number: UInt64, offset: Int, value: Value)? {
        guard at < end else { return nil }
        let offset = at
        let key = try varint()
        switch key & 7 {
        case 0: return (key >> 3, offset, .number(try varint()))
        case 1:
            try skip(8)
            return (key >> 3, offset, .fixed)
        case 2:
            let length = try varint()
            guard let count = Int(exactly: length), count <= end - at else {
                throw TokenFault("byte \(offset): a field reaches beyond the end of the data; copy the URI whole")
            }
            let start = at
            at += count
            return (key >> 3, offset, .bytes(start..<at))
        case 5:
            try skip(4)
            return (key >> 3, offset, .fixed)
        default: throw TokenFault("byte \(offset): this is no field of a protobuf message")
        }
    }

    private mutating func skip(_ count: Int) throws(TokenFault) {
        guard end - at >= count else {
            throw TokenFault("byte \(at): the data ends within a field; copy the URI whole")
        }
        at += count
    }

    private mutating func varint() throws(TokenFault) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        let start = at
        while at < end {
            let byte = bytes[at]
            at += 1
            guard shift < 63 || byte <= 1 else { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
            guard shift <= 63 else { break }
        }
        throw TokenFault("byte \(start): a number is not whole; copy the URI whole")
    }
}
