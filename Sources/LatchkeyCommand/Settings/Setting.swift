// Setting.swift: every setting of the command: its names, what it may be, and what it is when nobody says.
internal import LatchkeyHTTP
internal import LatchkeyStore

/// Something that a flag, an environment variable or a line of the configuration file decides.
struct Setting: Sendable {
    /// The flag's name without dashes, and the name in the configuration file.
    let name: String
    /// How help calls the value, and what it may be.
    let option: Option
    /// What it is when nobody says.
    let fallback: @Sendable (Environment) -> String

    /// The environment variable: `LATCHKEY_` and the name in capitals.
    var variable: String {
        let letters = name.utf8.map { byte in
            byte == UInt8(ascii: "-") ? UInt8(ascii: "_") : byte >= UInt8(ascii: "a") ? byte - 32 : byte
        }
        return "LATCHKEY_" + String(decoding: letters, as: UTF8.self)
    }

    init(_ option: Option, fallback: @escaping @Sendable (Environment) -> String) {
        name = option.name
        self.option = option
        self.fallback = fallback
    }

    init(_ option: Option, _ fallback: String) {
        self.init(option) { _ in fallback }
    }

    /// Refuses a value that cannot be this setting's, with the reason as the end of a sentence.
    func check(_ value: String) throws(Failure) {
        try Check.value(value, of: option)
        if name == Setting.store.name { try Setting.checkStore(value) }
        if name == Setting.listen.name { try Setting.checkListeners(value) }
        if name == Setting.identityNetworks.name { try Setting.checkNetworks(value) }
    }

    /// The setting's value as it may be shown: a store's address without its password.
    func shown(_ value: String) -> String {
        guard name == Setting.store.name else { return value }
        do throws(StoreError) { return try StoreLocation(value).name } catch { return "…" }
    }

    private static func checkListeners(_ value: String) throws(Failure) {
        for place in value.split(separator: ",") {
            let place = String(place.filter { $0 != " " })
            do throws(HTTPServer.Failure) { try HTTPServer.checkPlace(place) } catch { throw .misused("\(error)") }
        }
    }

    private static func checkNetworks(_ value: String) throws(Failure) {
        for network in value.split(separator: ",").map({ String($0.filter { $0 != " " }) })
        where !AddressRule.isNetwork(network) {
            throw .misused("`\(network)` is no network: give an address, or a network such as 10.0.0.0/8")
        }
    }

    private static func checkStore(_ value: String) throws(Failure) {
        do throws(StoreError) {
            if try StoreLocation(value).isPostgreSQL || value.utf8.count > 7 { return }
        } catch {
            if value.utf8.starts(with: "postgres".utf8), value.utf8.contains(UInt8(ascii: "/")) {
                throw .misused(error.description)
            }
        }
        throw .misused("`--store` is written `sqlite:PATH` or `postgres://USER@HOST/DATABASE`")
    }
}

extension Setting {
    /// Where the store is.
    static let store = Setting(.text("store", "URL", "the store, `sqlite:PATH` or `postgres://USER@HOST/DATABASE`")) {
        environment in
        "sqlite:\(environment.dataFolder)/store.sqlite"
    }

    /// The master key's file; not beside the store, so that a copy of the one folder does not hold both.
    static let masterKey = Setting(.file("master-key", "FILE", "the file that holds the master key")) { environment in
        "\(environment.configurationFolder)/master.key"
    }

    /// The account that commands speak of.
    static let account = Setting(
        .text("account", "ACCOUNT", "the account, by its 12 digits or its alias; empty when the store has only one"),
        ""
    )

    /// What an authenticator app shows above the account's name.
    static let issuer = Setting(
        .text("issuer", "TEXT", "the name that authenticator apps show; empty for the account's"),
        ""
    )

    /// The memory of one password hash in KiB.
    static let argon2Memory = Setting(
        .integer("argon2-memory", "KIB", 7168...4_194_304, "the memory of one password hash in KiB"),
        "19456"
    )

    /// The passes of one password hash.
    static let argon2Passes = Setting(
        .integer("argon2-passes", "N", 1...64, "the passes of one password hash over its memory"),
        "2"
    )

    /// The steps before and after the present one in which a time-based code is accepted.
    static let window = Setting(
        .integer("window", "N", 0...2, "the steps around the present one in which a code is accepted"),
        "1"
    )

    /// The fewest characters of a password alone, whatever an account's policy says; with a device 8 are enough.
    static let passwordFloor = Setting(
        .integer(
            "password-floor",
            "N",
            1...128,
            "the fewest characters of a password alone; with a device 8 are enough"
        ),
        "15"
    )

    /// The wrong codes in a row that disable a device.
    static let codeFailures = Setting(
        .integer("code-failures", "N", 1...100, "the wrong codes in a row that disable a device"),
        "100"
    )

    /// Where the server listens.
    static let listen = Setting(
        .text("listen", "ADDRESSES", "where the server listens: ADDRESS:PORT or unix:PATH, several with commas"),
        "127.0.0.1:7443"
    )

    /// The server's certificate.
    static let tlsCertificate = Setting(
        .file("tls-certificate", "FILE", "the server's certificate chain in PEM; empty for plain HTTP on loopback"),
        ""
    )

    /// The key of the server's certificate.
    static let tlsKey = Setting(.file("tls-key", "FILE", "the private key of the certificate in PEM"), "")

    /// The proxies that are believed.
    static let proxies = Setting(
        .text("proxies", "ADDRESSES", "proxies whose X-Forwarded-For is believed: addresses or CIDRs with commas"),
        ""
    )

    /// The regions that requests may be signed for.
    static let regions = Setting(
        .text("regions", "NAMES", "regions that requests may be signed for, with commas; empty for any"),
        ""
    )

    /// How far a client's clock may be off.
    static let skew = Setting(
        .integer("skew", "SECONDS", 1...900, "how far a client's clock may be off in seconds"),
        "900"
    )

    /// Where identity providers may be.
    static let identityProviders = Setting(
        .choice(
            "identity-providers",
            ["secure", "loopback"],
            "where identity providers may be: behind TLS, or on this machine without it too"
        ),
        "secure"
    )

    /// The networks that identity providers may be in besides the internet.
    static let identityNetworks = Setting(
        .text(
            "identity-networks",
            "NETWORKS",
            "where identity providers may be besides public addresses: addresses or CIDRs with commas"
        ),
        ""
    )

    /// What the certificates of identity providers are checked against.
    static let identityCAFile = Setting(
        .file(
            "identity-ca-file",
            "FILE",
            "the certificates that those of identity providers are checked against; empty for the system's"
        ),
        ""
    )

    /// All settings, in the order in which `latchkey config` prints them.
    static let all: [Setting] = [
        store, masterKey, account, issuer, argon2Memory, argon2Passes, window, passwordFloor, codeFailures, listen,
        tlsCertificate, tlsKey, proxies, regions, skew, identityProviders, identityNetworks, identityCAFile,
    ]
}
