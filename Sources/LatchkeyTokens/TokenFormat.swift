// TokenFormat.swift: the kinds of file that tokens come from, and why a file cannot be read.

/// A kind of file, told by its content.
public enum TokenFormat: String, Sendable, CaseIterable {
    /// `otpauth:` URIs, one a line; so does Ente write, and `pass`.
    case uriList = "otpauth-list"
    /// Google Authenticator's export, `otpauth-migration:` URIs.
    case googleMigration = "google-migration"
    /// Aegis's vault.
    case aegis = "aegis"
    /// 2FAS's backup.
    case twoFAS = "2fas"
    /// andOTP's backup.
    case andOTP = "andotp"
    /// FreeOTP+'s export.
    case freeOTPPlus = "freeotp-plus"
    /// Bitwarden's export in JSON.
    case bitwardenJSON = "bitwarden-json"
    /// A password manager's export in CSV: Bitwarden's, 1Password's and those with like columns.
    case managerCSV = "password-manager-csv"
    /// The file `export.data` of 1Password's `.1pux`.
    case onePassword = "1password-1pux"
    /// `.google_authenticator` of the PAM module.
    case googleAuthenticatorPAM = "google-authenticator"
    /// `users.oath` of the OATH toolkit.
    case usersOATH = "users-oath"
    /// Portable Symmetric Key Container (RFC 6030).
    case pskc = "pskc"
    /// The log of Yubico's tools, "traditional" format.
    case yubicoTraditional = "yubico-traditional"
    /// Yubico's own CSV.
    case yubico = "yubico"
    /// Feitian's text: serial number and key.
    case feitian = "feitian"
    /// SafeNet's XML.
    case safeNet = "safenet"
    /// The CSV of privacyIDEA and LinOTP.
    case oathCSV = "oath-csv"
    /// The CSV of Microsoft Entra.
    case entraCSV = "entra-csv"
    /// Our own vault's plain content.
    case latchkey = "latchkey"

    /// What people call it.
    public var title: String {
        switch self {
        case .uriList: "a list of otpauth: URIs"
        case .googleMigration: "an export of Google Authenticator"
        case .aegis: "a vault of Aegis"
        case .twoFAS: "a backup of 2FAS"
        case .andOTP: "a backup of andOTP"
        case .freeOTPPlus: "an export of FreeOTP+"
        case .bitwardenJSON: "an export of Bitwarden"
        case .managerCSV: "a password manager's CSV"
        case .onePassword: "an export of 1Password"
        case .googleAuthenticatorPAM: "a file of google-authenticator"
        case .usersOATH: "a users.oath file"
        case .pskc: "a PSKC container"
        case .yubicoTraditional: "a log of Yubico's tools"
        case .yubico: "a key file of Yubico"
        case .feitian: "a seed file of Feitian"
        case .safeNet: "a token file of SafeNet"
        case .oathCSV: "an OATH token CSV"
        case .entraCSV: "a token CSV of Microsoft Entra"
        case .latchkey: "a list of latchkey"
        }
    }
}

/// Why a file as a whole cannot be read; one sentence, lower case, without a secret.
@nonexhaustive
public enum TokenFileError: Error, Equatable, Sendable {
    /// It is no kind of file that is known; the text says what it looks like.
    case unknown(String)
    /// It is of a kind, but broken; the place and the reason.
    case malformed(TokenFormat, at: String?, String)
    /// It is encrypted, and a passphrase or key was not given.
    case locked(TokenFormat)
    /// The passphrase or key does not open it.
    case wrongPassphrase(TokenFormat)
    /// Its authentication code is wrong: changed, or another key; nothing of it was taken.
    case forged(TokenFormat, at: String)
    /// It is of a known kind that cannot be read; the text says what to do instead.
    case unsupported(String)
}

extension TokenFileError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .unknown(let look): "this is no file of tokens that is known: \(look)"
        case .malformed(let format, let place, let reason):
            "\(format.title) that cannot be read: \(place.map { "\($0): " } ?? "")\(reason)"
        case .locked(let format): "\(format.title) that is encrypted; give its passphrase"
        case .wrongPassphrase(let format): "\(format.title) that this passphrase does not open; check it and try again"
        case .forged(let format, let place):
            "\(format.title) whose \(place) has a wrong authentication code, so nothing was taken; check key and file, or get it anew"
        case .unsupported(let reason): reason
        }
    }
}
