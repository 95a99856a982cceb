// TokenFuzz.swift: every reader of token files under libFuzzer: `make fuzz`; nothing may trap.
import Glibc
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyTokens

/// A pre-shared key of PSKC, so that what is encrypted is reached too.
private let key = TokenKey(Secret(utf8: "12345678901234567890123456789012"))

/// Reads bytes of libFuzzer's making.
private func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
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
    return 0
}

/// libFuzzer's own beginning, for a program that has a `main`.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

@main
private enum TokenFuzz {
    static func main() {
        var count = CommandLine.argc
        var words = CommandLine.unsafeArgv
        exit(runDriver(&count, &words, testOneInput))
    }
}
