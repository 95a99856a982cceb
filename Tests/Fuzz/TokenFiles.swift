// TokenFiles.swift: token files of every maker, and the vault: `Fuzz tokens`.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyTokens

/// A pre-shared key of PSKC, so that what is encrypted is reached too.
private let key = TokenKey(Secret(utf8: "12345678901234567890123456789012"))

/// Reads a file, whatever it is told to be by its content, and writes what it holds in every format.
func readTokenFile(_ bytes: [UInt8]) {
    // A passphrase would have a random header derive keys for minutes, which finds nothing.
    let isPSKC = bytes.first == UInt8(ascii: "<") && !String(decoding: bytes, as: UTF8.self).contains("pbkdf2")
    do throws(TokenFileError) {
        let result = try TokenImport(reading: [TokenFile(bytes: bytes)], passphrase: isPSKC ? key : nil)
        let tokens = result.tokens.map(\.token)
        for token in tokens { _ = try? token.code(at: UnixTime(59)) }
        // What was read can be written.
        _ = TokenExport.uriList(tokens)
        _ = TokenExport.googleMigration(tokens)
        _ = try? TokenExport.aegis(tokens, passphrase: nil)
        _ = try? TokenExport.pskc(tokens, .none)
    } catch {
        _ = "\(error)"
    }
}
