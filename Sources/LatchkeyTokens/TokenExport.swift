// TokenExport.swift: tokens written for other programs.
public import LatchkeyCrypto
internal import LatchkeyOTP

/// What was written, and what the format cannot say.
public struct TokenExport: Sendable {
    /// The texts: one file's content, or one for each QR code.
    public let texts: [String]
    /// The tokens that are not in it, and why.
    public let refused: [RefusedRecord]

    /// Writes a list of `otpauth:` URIs, one a line; tags and notes are not in it.
    public static func uriList(_ tokens: [Token]) -> TokenExport {
        var text = ""
        var refused: [RefusedRecord] = []
        for (number, token) in tokens.enumerated() {
            do throws(OTPError) {
                let uri = try KeyURI(
                    type: token.kind,
                    issuer: token.issuer,
                    account: token.name,
                    secret: token.key.secret,
                    algorithm: token.algorithm,
                    digits: token.digits,
                    period: token.period,
                    counter: token.counter
                )
                text += uri.text() + "\n"
            } catch {
                refused.append(RefusedRecord(place: "token \(number + 1)", name: token.title, reason: "\(error)"))
            }
        }
        return TokenExport(texts: [text], refused: refused)
    }

    /// Writes a vault of Aegis: plain without a passphrase, encrypted with one.
    ///
    /// - Throws: `CryptoError` where the machine cannot derive the key.
    public static func aegis(_ tokens: [Token], passphrase: TokenKey?) throws(CryptoError) -> TokenExport {
        let bytes = try AegisFile.text(of: tokens, passphrase: passphrase)
        return TokenExport(texts: [String(decoding: bytes, as: UTF8.self)], refused: [])
    }

    /// Writes Google Authenticator's export: a URI for each QR code, ten tokens at most in one.
    public static func googleMigration(_ tokens: [Token]) -> TokenExport {
        let id = Int32(truncatingIfNeeded: SecureRandom.uniform(below: 1 << 32))
        let (uris, refused) = MigrationWriter.uris(of: tokens, id: id)
        return TokenExport(texts: uris, refused: refused)
    }

    /// Writes Google Authenticator's export with so few tokens in each QR code that `fits` says yes to the longest URI.
    ///
    /// One token is in each code at least, whatever `fits` says.
    public static func googleMigration(_ tokens: [Token], fitting fits: (String) -> Bool) -> TokenExport {
        let id = Int32(truncatingIfNeeded: SecureRandom.uniform(below: 1 << 32))
        for count in (1...MigrationWriter.accountsPerCode).reversed() {
            let (uris, refused) = MigrationWriter.uris(of: tokens, id: id, accountsPerCode: count)
            if count == 1 || uris.allSatisfy(fits) { return TokenExport(texts: uris, refused: refused) }
        }
        return TokenExport(texts: [], refused: [])
    }

    /// Writes a Portable Symmetric Key Container (RFC 6030); tags and notes are not in it.
    ///
    /// - Throws: `TokenFault` for a pre-shared key of another length, `CryptoError` where the machine cannot derive a key.
    public static func pskc(_ tokens: [Token], _ protection: PSKCProtection) throws -> TokenExport {
        let (text, refused) = try PSKCWriter.text(of: tokens, protection)
        return TokenExport(texts: [text], refused: refused)
    }
}
