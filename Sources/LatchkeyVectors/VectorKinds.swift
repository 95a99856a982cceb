// VectorKinds.swift: every kind of vector that this build can run, and how files write bytes and secrets.

internal import LatchkeyCrypto

let vectorKinds: [any VectorKind.Type] = [
    HOTPVector.self, HOTPMatchVector.self, HOTPResyncVector.self,
    TOTPVector.self, TOTPMatchVector.self, TOTPResyncVector.self,
    OCRAVector.self, KeyURIVector.self, KeyURIWritingVector.self,
    SteamVector.self, OneTimeCodeVector.self, RecoveryCodeVector.self, UnixTimeVector.self,
    DigestVector.self, HMACVector.self, HKDFVector.self, PBKDF2Vector.self, ScryptVector.self, Argon2Vector.self,
    PasswordHashVector.self, SealedBoxVector.self, TextEncodingVector.self, SecretTextVector.self,
    SigV4Vector.self, PolicyVector.self, PolicyDocumentVector.self,
    TokenFileVector.self,
    JWSVector.self, JWTVector.self,
    SessionVector.self, ClaimKeysVector.self,
]

/// A refusal of the loader's own, which the decoder gives a path.
struct Refused: Error, CustomStringConvertible {
    let reason: String
    var description: String { reason }
}

/// Bytes as a file writes them: hexadecimal digits in small letters, without blanks.
struct HexBytes: Codable, Sendable {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The bytes of a derived secret, which in a vector is public.
    init(_ secret: borrowing Secret) { bytes = secret.withBytes { span in span.indices.map { span[$0] } } }

    init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        bytes = try Hex.decode(text, .strict)
        if !Hex.encode(bytes).utf8.elementsEqual(text.utf8) { throw Refused(reason: "write hexadecimal digits small") }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Hex.encode(bytes))
    }

    /// The bytes as a secret.
    var secret: Secret { Secret(bytes) }
}
