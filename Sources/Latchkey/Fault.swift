// Fault.swift: what the authority answers when it refuses: a code, a status, a sentence, and a reason for the audit only.

/// A refusal, in the shape that AWS gives its errors.
///
/// Two faults are equal when their codes are. The message is for the caller; `reason` goes to the audit trail and nowhere
/// else, so that one sentence at the door can stand for many reasons.
public struct Fault: Error, Sendable, CustomStringConvertible {
    /// The error's code, such as `NoSuchEntity`; SDKs choose their exception by it.
    public let code: String
    /// The HTTP status that goes with the code.
    public let status: Int
    /// One sentence for the caller.
    ///
    /// Never holds a secret.
    public let message: String
    /// Why, in one word, for the audit trail.
    public var reason: String?
    /// What to try instead, such as `--algorithm sha1`; only where a person enrols a device.
    public var suggestion: String?

    /// Makes a fault whose code no maker below gives.
    public init(code: String, status: Int, message: String, reason: String? = nil) {
        self.code = code
        self.status = status
        self.message = message
        self.reason = reason
    }

    /// The message.
    public var description: String { message }

    /// Whether the store, a key or the machine failed, rather than the caller.
    public var isInternal: Bool { status >= 500 }
}

extension Fault: Equatable {
    /// Whether both have the same code.
    public static func == (left: Fault, right: Fault) -> Bool { left.code == right.code }
}

// MARK: - AWS's codes

extension Fault {
    /// Something that was named is not there.
    public static func noSuchEntity(_ message: String) -> Fault {
        Fault(code: "NoSuchEntity", status: 404, message: message, reason: "not_found")
    }

    /// A name is taken, case apart.
    public static func entityAlreadyExists(_ message: String) -> Fault {
        Fault(code: "EntityAlreadyExists", status: 409, message: message, reason: "exists")
    }

    /// Something still hangs on what was to be deleted.
    public static func deleteConflict(_ message: String) -> Fault {
        Fault(code: "DeleteConflict", status: 409, message: message, reason: "in_use")
    }

    /// A quota is reached.
    public static func limitExceeded(_ message: String) -> Fault {
        Fault(code: "LimitExceeded", status: 409, message: message, reason: "limit")
    }

    /// A request whose parts make no sense together.
    public static func invalidInput(_ message: String) -> Fault {
        Fault(code: "InvalidInput", status: 400, message: message, reason: "invalid")
    }

    /// A member that breaks its constraint.
    public static func validation(_ message: String) -> Fault {
        Fault(code: "ValidationError", status: 400, message: message, reason: "invalid")
    }

    /// A password that breaks the account's policy or the floor under it.
    public static func passwordPolicyViolation(_ message: String) -> Fault {
        Fault(code: "PasswordPolicyViolation", status: 400, message: message, reason: "password_policy")
    }

    /// Root asked for what only an IAM user may do.
    public static func invalidUserType(_ message: String) -> Fault {
        Fault(code: "InvalidUserType", status: 400, message: message, reason: "user_type")
    }

    /// A device's codes are wrong, at enabling or at resynchronising.
    public static func invalidAuthenticationCode(_ message: String, reason: String = "wrong_code") -> Fault {
        Fault(code: "InvalidAuthenticationCode", status: 403, message: message, reason: reason)
    }

    /// The caller may not do this.
    public static func accessDenied(_ message: String, reason: String = "denied") -> Fault {
        Fault(code: "AccessDenied", status: 403, message: message, reason: reason)
    }

    /// The entity is in a state that forbids the change for now.
    public static func entityTemporarilyUnmodifiable(_ message: String) -> Fault {
        Fault(code: "EntityTemporarilyUnmodifiable", status: 409, message: message, reason: "unmodifiable")
    }

    /// The store, a key or the machine failed; nothing was done.
    public static func serviceFailure(_ message: String) -> Fault {
        Fault(code: "ServiceFailure", status: 500, message: message, reason: "failure")
    }

    /// Too much work waits already; the caller should come back.
    public static let busy = Fault(
        code: "ServiceUnavailable",
        status: 503,
        message: "too many sign-ins are being checked at once: try again in a second",
        reason: "busy"
    )
}

// MARK: - Our own codes

extension Fault {
    /// The one answer at the door: unknown user, wrong password, wrong code and throttled sound alike.
    static func signInRefused(_ reason: String) -> Fault {
        Fault(
            code: "SignInRefused",
            status: 403,
            message:
                "the name, the password or the code is not right, or too many tries failed: wait a while and try again",
            reason: reason
        )
    }

    /// The one answer to a code that does not count: wrong, spent, too early, too late and throttled sound alike.
    static func codeRefused(_ reason: String) -> Fault {
        Fault(
            code: "InvalidAuthenticationCode",
            status: 403,
            message: "the code is not valid: wait for the next one and try again",
            reason: reason
        )
    }

    /// The second step's ticket is unknown, used up or too old.
    static func challengeEnded(_ reason: String) -> Fault {
        Fault(
            code: "ChallengeEnded",
            status: 403,
            message: "this sign-in has ended: begin again with the password",
            reason: reason
        )
    }
}
