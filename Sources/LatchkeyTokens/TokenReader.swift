// TokenReader.swift: tells a file's kind by its content, and has it read.
internal import LatchkeyJSON
internal import LatchkeyQR

extension TokenImport {
    /// The largest file that is no picture: what it becomes in memory is many times as large.
    private static let largestText = 16 << 20

    /// Reads files of tokens, each of whatever kind it is.
    ///
    /// A record that cannot come in is written down and stops nothing. The parts of one Google migration may lie in different
    /// files.
    ///
    /// - Parameters:
    ///   - files: The files' content.
    ///   - passphrase: What opens those that are encrypted; a PSKC container's may be its pre-shared key in hexadecimal.
    /// - Throws: `TokenFileError` for a file that cannot be read as a whole.
    public init(reading files: [TokenFile], passphrase: TokenKey? = nil) throws(TokenFileError) {
        self.init()
        var uris = URIListReader()
        for file in files { try Self.read(file, passphrase, &uris, &self) }
        uris.finish(into: &self)
    }

    private static func read(
        _ file: TokenFile,
        _ passphrase: TokenKey?,
        _ uris: inout URIListReader,
        _ result: inout TokenImport
    ) throws(TokenFileError) {
        let bytes = file.bytes
        if bytes.isEmpty { throw .unknown("it is empty") }
        if QRPicture.isPicture(bytes) { return try readPicture(file, &uris, &result) }
        guard bytes.count <= largestText else {
            throw .unknown("it is larger than \(largestText >> 20) MiB, and no picture")
        }
        if let reason = Self.foreign(bytes) { throw .unsupported(reason) }
        guard let text = TextFile(bytes) else {
            guard AndOTPFile.fits(encrypted: bytes) else { throw .unknown("it is neither text nor a picture") }
            return AndOTPFile.read(try AndOTPFile.decrypt(bytes, passphrase), of: file, into: &result)
        }
        guard let first = text.written.first else { throw .unknown("it holds nothing but blanks") }
        switch PlainText.trimmed(first.text).utf8.first {
        case UInt8(ascii: "{"), UInt8(ascii: "["): try readJSON(text, file, passphrase, &result)
        case UInt8(ascii: "<"): try readXML(bytes, file, passphrase, &result)
        default: try readText(text, file, &uris, &result)
        }
    }

    /// What to do with kinds that are known, and not read.
    private static func foreign(_ bytes: [UInt8]) -> String? {
        if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
            return "this is a ZIP archive, as 1Password's .1pux is: unpack it and import the `export.data` inside"
        }
        if bytes.starts(with: [0xAC, 0xED]) {
            return
                "this is a backup of FreeOTP 2, which is Java's own form: export from FreeOTP+, or scan the codes anew"
        }
        if bytes.starts(with: "AUTHENTICATORPRO".utf8) || bytes.starts(with: "AuthenticatorPro".utf8) {
            return "this is an encrypted backup of Stratum: export it as a list of otpauth: URIs"
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            return "this text is UTF-16: save it as UTF-8"
        }
        return nil
    }

    private static func readPicture(
        _ file: TokenFile,
        _ uris: inout URIListReader,
        _ result: inout TokenImport
    ) throws(TokenFileError) {
        let texts: [String]
        do throws(QRError) { texts = try QRPicture.texts(in: file.bytes) } catch { throw .unsupported("\(error)") }
        guard !texts.isEmpty else { throw .unknown("the picture shows no QR code; take it larger or sharper") }
        for (number, text) in texts.enumerated() {
            uris.read(text, at: file.place("code \(number + 1)"), into: &result)
        }
    }

    private static func readJSON(
        _ text: TextFile,
        _ file: TokenFile,
        _ passphrase: TokenKey?,
        _ result: inout TokenImport
    ) throws(TokenFileError) {
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: text.text) } catch {
            throw .unknown("it begins as JSON, but is not: \(error)")
        }
        switch json {
        case .array(let entries) where AndOTPFile.fits(entries): AndOTPFile.read(entries, of: file, into: &result)
        case .object(let object):
            if AegisFile.fits(object) {
                try AegisFile.read(object, of: file, passphrase: passphrase, into: &result)
            } else if TwoFASFile.fits(object) {
                try TwoFASFile.read(object, of: file, passphrase: passphrase, into: &result)
            } else if FreeOTPFile.fits(object) {
                try FreeOTPFile.read(object, of: file, into: &result)
            } else if OnePasswordFile.fits(object) {
                OnePasswordFile.read(object, of: file, into: &result)
            } else if object["kdfParams"] != nil, object["encryptedData"] != nil {
                throw .unsupported(
                    "this export of Ente is encrypted: export it as plain text, and delete that file afterwards"
                )
            } else if BitwardenFile.fits(object) {
                try BitwardenFile.read(object, of: file, into: &result)
            } else {
                throw .unknown("its JSON has the members of no export that is known")
            }
        default: throw .unknown("its JSON is that of no export that is known")
        }
    }

    private static func readXML(
        _ bytes: [UInt8],
        _ file: TokenFile,
        _ passphrase: TokenKey?,
        _ result: inout TokenImport
    ) throws(TokenFileError) {
        let root: XMLNode
        do throws(XMLFault) { root = try XMLNode.parse(bytes) } catch {
            throw .unknown("it begins as XML, but is not: line \(error.line): \(error.reason)")
        }
        switch root.name {
        case "KeyContainer":
            try PSKCFile(root, passphrase).read(of: file, into: &result)
        case "Tokens": SafeNetFile.read(root, of: file, into: &result)
        default: throw .unknown("its XML is neither PSKC nor SafeNet's")
        }
    }

    private static func readText(
        _ text: TextFile,
        _ file: TokenFile,
        _ uris: inout URIListReader,
        _ result: inout TokenImport
    ) throws(TokenFileError) {
        let content = text.written.filter { $0.text.utf8.first != UInt8(ascii: "#") }
        if content.contains(where: { URIListReader.isURI($0.text) }),
            !content[0].text.contains(",")
                || URIListReader.isURI(content[0].text)
        {
            return uris.read(text, of: file, into: &result)
        }
        if GoogleAuthenticatorFile.fits(text) { return try GoogleAuthenticatorFile.read(text, of: file, into: &result) }
        if UsersOATHFile.fits(text) { return UsersOATHFile.read(text, of: file, into: &result) }
        if FeitianFile.fits(text) { return FeitianFile.read(text, of: file, into: &result) }
        let records: [CSVRecord]
        do throws(CSV.Unclosed) { records = try CSV.records(text.text) } catch {
            throw .unknown("line \(error.line): a quote is never closed")
        }
        guard let head = records.first else { throw .unknown("it holds nothing") }
        if YubicoTraditional.fits(head) { return YubicoTraditional.read(records, of: file, into: &result) }
        if EntraCSV.fits(head) { return EntraCSV.read(records, of: file, into: &result) }
        // Before the password managers' CSV: a first row of this one has a cell `totp`, as a head line of theirs has.
        if OATHCSV.fits(records) { return OATHCSV.read(records, of: file, into: &result) }
        if ManagerCSV.fits(head) { return ManagerCSV.read(records, of: file, into: &result) }
        if records.first(where: { $0[0].utf8.first != UInt8(ascii: "#") }).map(YubicoCSV.fits) == true {
            return YubicoCSV.read(records, of: file, into: &result)
        }
        throw .unknown("its text is no list of URIs, server file or CSV that is known")
    }
}
