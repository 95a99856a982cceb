// SecurityTokens.swift: the actions of AWS STS on a user's own rights: who am I, and lend me my rights for a time.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyStore

/// The actions of STS.
///
/// `AssumeRoot` is none of them. It lends a member account's root for one task to the management account of an organisation, and
/// here is no such account: to let one account take another's root would breach the wall between them, and to let an account's own
/// users take its root would make them root. Its tasks are the local operator's, whom the store itself takes for root.
let securityTokenActions: [any Action.Type] = [
    GetCallerIdentity.self, GetSessionToken.self, AssumeRole.self, GetFederationToken.self, GetAccessKeyInfo.self,
    DecodeAuthorizationMessage.self,
]

/// Tells the caller who they are; no policy can forbid it.
public struct GetCallerIdentity: STSAction {
    /// What the action does to the account.
    public static let access = Access.authenticated
    /// It only tells.
    public static let isReadOnly = true

    /// Makes the action.
    public init() {}

    /// Who the caller is.
    public struct Output: Codable, Sendable, Equatable {
        /// The user's identifier, root's account, or for a session the role's identifier and the session's name.
        public var userId: String
        /// The account.
        public var account: AccountID
        /// The ARN.
        public var arn: ARN
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        switch call.caller.identity {
        case .assumedRole(let session):
            return Output(userId: session.userID, account: session.account, arn: session.arn)
        case .federated(let session):
            return Output(userId: session.userID, account: session.account, arn: session.arn)
        case .anonymous, .local, .root, .user:
            let caller = try state.subject(nil, call)
            return Output(userId: caller.id, account: caller.account, arn: caller.arn)
        }
    }
}

/// Lends the caller their own rights for a time; with a device's code, as someone who proved a second factor.
///
/// Only for long-term keys and sessions of a login. A wrong code is `AccessDenied`, as in AWS, and counts.
public struct GetSessionToken: STSAction {
    /// What the action does to the account.
    public static let access = Access.authenticated
    /// Failures that were counted stay counted.
    public static let keepsRefusal = true
    /// How long the credentials live: 900 to 129,600 seconds; 43,200 unless given.
    ///
    /// Root gets at most 3,600.
    public var durationSeconds: Int?
    /// The caller's device; together with a code.
    public var serialNumber: SerialNumber?
    /// The device's present code.
    public var tokenCode: TokenCode?

    /// Makes the action.
    public init(durationSeconds: Int? = nil, serialNumber: SerialNumber? = nil, tokenCode: TokenCode? = nil) {
        self.durationSeconds = durationSeconds
        self.serialNumber = serialNumber
        self.tokenCode = tokenCode
    }

    /// The credentials.
    public struct Output: Codable, Sendable {
        /// The credentials.
        public var credentials: TemporaryCredentials
    }

    static let durations = 900...129_600
    static let standardDuration = 43_200
    static let rootDuration = 3_600

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        var duration = durationSeconds ?? Self.standardDuration
        guard duration >= Self.durations.lowerBound else {
            throw Self.invalid(duration, "greater than or equal to 900")
        }
        guard duration <= Self.durations.upperBound else {
            throw Self.invalid(duration, "less than or equal to 129600")
        }
        let caller = try state.subject(nil, call)
        state.notes.subject = caller.arn.text
        if caller.isRoot { duration = min(duration, Self.rootDuration) }
        let mfa = try state.secondFactor(serialNumber, tokenCode, call)
        return Output(
            credentials: try state.lend(
                of: caller.id,
                in: caller.account,
                for: Int64(duration),
                mfa: mfa,
                call
            )
        )
    }

    private static func invalid(_ value: Int, _ constraint: String) -> Fault {
        .validation(
            "1 validation error detected: Value '\(value)' at 'durationSeconds' failed to satisfy constraint: "
                + "Member must have value \(constraint)"
        )
    }
}

/// A device's code at STS: exactly six digits.
public struct TokenCode: ConstrainedText {
    /// The member's name in messages.
    public static let member = "tokenCode"
    /// The allowed lengths.
    public static let lengths = 6...6
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "[\\d]*"
    /// It is a secret.
    public static let isShown = false
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { text.allSatisfy(\.isASCIIDigit) }
}

/// A sealed message as it stood in a denial.
public struct EncodedMessage: ConstrainedText {
    /// The member's name in messages.
    public static let member = "encodedMessage"
    /// The allowed lengths.
    public static let lengths = 1...10_240
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "[\\u0021-\\u007E]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { text.allSatisfy { $0 > 0x20 && $0 < 0x7F } }
}

/// Tells which account an access key belongs to.
///
/// Keys of other accounts are as unknown as keys that nobody has: nothing leaks from one account to another.
public struct GetAccessKeyInfo: STSAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The key.
    public var accessKeyId: AccessKeyID

    /// Makes the action.
    public init(accessKeyId: AccessKeyID) { self.accessKeyId = accessKeyId }

    /// The account.
    public struct Output: Codable, Sendable, Equatable {
        /// The account's number.
        public var account: AccountID
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        guard let account = try state.account(ofKey: accessKeyId), account == call.account else {
            throw .validation("The Access Key with id \(accessKeyId) is not one of this account.")
        }
        return Output(account: account)
    }
}

/// Opens the sealed message that came with a denial: why it was denied.
public struct DecodeAuthorizationMessage: STSAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The message, as it stood in the denial.
    public var encodedMessage: EncodedMessage

    /// Makes the action.
    public init(encodedMessage: EncodedMessage) { self.encodedMessage = encodedMessage }

    /// Why the request was denied.
    public struct Output: Codable, Sendable, Equatable {
        /// A JSON document.
        public var decodedMessage: String
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        guard let bytes = try? Base64URL.decode(encodedMessage.text, .strict),
            let secret = try? state.open(bytes, column: "authorization.message", row: call.account.text)
        else {
            throw Fault(
                code: "InvalidAuthorizationMessageException",
                status: 400,
                message:
                    "The message is not one that this account was given: pass it whole, as it stood in the denial.",
                reason: "invalid"
            )
        }
        return Output(
            decodedMessage: secret.withBytes { span in String(decoding: span.indices.map { span[$0] }, as: UTF8.self) }
        )
    }
}

extension State {
    /// Seals the reasons of a denial for whoever may decode them.
    borrowing func encodeAuthorizationMessage(_ text: String, for account: AccountID) throws(Fault) -> String {
        Base64URL.encode(
            try seal(Secret(Array(text.utf8)), column: "authorization.message", row: account.text)
        )
    }
}
