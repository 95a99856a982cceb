// VectorRefusal.swift: a refusal as a vector names it: the layer, a short name that stays, and words of its sentence.

internal import LatchkeyCrypto
internal import LatchkeyOTP
internal import LatchkeyPolicy

/// The layer that refuses something.
public enum VectorLayer: String, Codable, CaseIterable, Sendable {
    /// The text or value is malformed and never becomes a word of ours.
    case parse
    /// A proof does not fit what it proves.
    case signature
    /// The time for it is over.
    case expired
    /// It was right and has been used.
    case replayed
    /// It is well formed and not right.
    case denied
}

/// A refusal: who refused, and why.
struct VectorRefusal: Error, Codable, Equatable, Sendable {
    let layer: VectorLayer

    /// The reason's name, which does not change with its wording.
    let error: String

    /// Words of the sentence that a person reads; in an answer the whole sentence.
    let says: String?

    init(_ layer: VectorLayer, _ error: String, says: String? = nil) {
        self.layer = layer
        self.error = error
        self.says = says
    }

    /// The refusal that an error of the rooms under this one is; nil for an error that is no refusal.
    init?(_ error: any Error) {
        switch error {
        case let refusal as VectorRefusal: self = refusal
        case let error as OTPError: self.init(.parse, Self.name(error), says: error.description)
        case let error as TextEncodingError: self.init(.parse, Self.name(error), says: error.description)
        case let error as PolicyError: self.init(.parse, error.code, says: error.description)
        case let error as PolicyCaseError: self.init(.parse, "malformedCase", says: error.description)
        case let error as CryptoError:
            guard let (layer, name) = Self.place(error) else { return nil }
            self.init(layer, name, says: error.description)
        default: return nil
        }
    }

    /// Tells whether this refusal, which was given, is the one that was expected.
    func fits(_ expected: VectorRefusal) -> Bool {
        layer == expected.layer && error == expected.error
            && expected.says.map { says?.contains($0) ?? false } ?? true
    }

    private static func name(_ error: OTPError) -> String {
        switch error {
        case .emptySecret: "emptySecret"
        case .badSecret(let reason): name(reason)
        case .digits: "digits"
        case .period: "period"
        case .beforeEpoch: "beforeEpoch"
        case .malformedCode: "malformedCode"
        case .malformedSteamCode: "malformedSteamCode"
        case .malformedTime: "malformedTime"
        case .malformedRecoveryCode: "malformedRecoveryCode"
        case .malformedURI: "malformedURI"
        case .malformedSuite: "malformedSuite"
        case .challenge: "challenge"
        }
    }

    private static func name(_ error: TextEncodingError) -> String {
        switch error {
        case .badCharacter: "badCharacter"
        case .impossibleLength: "impossibleLength"
        case .badPadding: "badPadding"
        case .leftoverBits: "leftoverBits"
        case .empty: "empty"
        }
    }

    private static func place(_ error: CryptoError) -> (VectorLayer, String)? {
        switch error {
        case .sealBroken: (.signature, "sealBroken")
        case .malformedBox: (.parse, "malformedBox")
        case .malformedPasswordHash: (.parse, "malformedPasswordHash")
        case .keyLength: (.parse, "keyLength")
        case .outOfRange: (.parse, "outOfRange")
        case .notUTF8: (.parse, "notUTF8")
        // This machine cannot do it: that refuses nothing, it fails.
        case .outOfMemory, .unavailable: nil
        }
    }
}
