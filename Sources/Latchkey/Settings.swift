// Settings.swift: what an administrator may set about the rules; everything has a safe default.
public import LatchkeyCrypto
import LatchkeyFederation

/// The authority's settings.
public struct Settings: Sendable {
    /// The cost of hashing a password; stored hashes of a lower cost are made anew at the next login.
    public var passwordCost = PasswordHash.Cost.standard
    /// The least length of the password of a user who signs in with it alone, in code points.
    ///
    /// With a device 8 are enough, or fewer if this is less (NIST SP 800-63B-4 section 3.1.1.2).
    public var passwordFloor = 15
    /// How many steps before and after the present one a code may belong to: 0, 1 or 2.
    public var window = 1
    /// Consecutive wrong codes after which a device stops counting: 1 to 100.
    public var codeLimit = 100
    /// Failures that cost no delay; from the next one on the delay doubles from one second to `longestDelay`.
    public var freeFailures = 4
    /// The longest delay after failures, in seconds.
    public var longestDelay: Int64 = 900
    /// How long a session lives, in seconds.
    public var sessionLife: Int64 = 43_200
    /// What enrolment URIs name as the issuer; `nil`: the account's alias or number.
    public var issuer: String?

    /// Whether identity providers may be on this machine, without TLS: for tests and development.
    public var allowsLoopbackProviders = false

    /// Networks, as `10.0.0.0/8`, that identity providers may be in besides the internet.
    public var providerNetworks: [String] = []

    /// The certificates, in PEM, that identity providers are checked against; the system's if nil.
    public var providerCAFile: String?

    var providerReach: WebAddress.Reach { allowsLoopbackProviders ? .loopback : .secure }

    /// The defaults.
    public init() {}
}
