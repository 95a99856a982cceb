// swift-tools-version: 6.2
// The rooms of Latchkey, bottom-up; README.md has the map.
import PackageDescription

let package = Package(
    name: "latchkey",
    products: [
        .library(name: "LatchkeyOTP", targets: ["LatchkeyOTP"]),
        .library(name: "LatchkeyQR", targets: ["LatchkeyQR"]),
        .library(name: "LatchkeyPolicy", targets: ["LatchkeyPolicy"]),
        .library(name: "LatchkeyWire", targets: ["LatchkeyWire"]),
        .library(name: "Latchkey", targets: ["Latchkey"]),
        .executable(name: "latchkey", targets: ["LatchkeyCommand"]),
    ],
    targets: [
        // C doors: one folder and one importing target each.
        .door("CLatchkeyOpenSSL", pkgConfig: "libcrypto", apt: "libssl-dev"),
        .door("CLatchkeySodium", pkgConfig: "libsodium", apt: "libsodium-dev"),
        // Without pkgConfig: the -D flag in its .pc file is one that SwiftPM refuses with a warning.
        .door("CLatchkeyUTF8Proc", pkgConfig: nil, apt: "libutf8proc-dev"),
        .door("CLatchkeyQREncode", pkgConfig: "libqrencode", apt: "libqrencode-dev"),
        .door("CLatchkeyPNG", pkgConfig: "libpng", apt: "libpng-dev"),
        .door("CLatchkeySQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
        // Loaded when a store in PostgreSQL is opened.
        .door("CLatchkeyPQ", pkgConfig: nil, apt: "libpq5"),
        // Has no .pc file at all.
        .door("CLatchkeyZxcvbn", pkgConfig: nil, apt: "libzxcvbn-dev"),
        .door("CLatchkeyOATH", pkgConfig: "liboath", apt: "liboath-dev"),
        .door("CLatchkeyEvent", pkgConfig: "libevent_openssl", apt: "libevent-dev"),
        .door("CLatchkeyTLS", pkgConfig: "libssl", apt: "libssl-dev"),
        // Loaded at first use: no pkgConfig, nothing is linked.
        .door("CLatchkeyCurl", pkgConfig: nil, apt: "libcurl4-openssl-dev"),
        .door("CLatchkeyExpat", pkgConfig: "expat", apt: "libexpat1-dev"),
        // Loaded at first use, both.
        .door("CLatchkeyZBar", pkgConfig: nil, apt: "libzbar-dev"),
        .door("CLatchkeyTurboJPEG", pkgConfig: nil, apt: "libturbojpeg0-dev"),
        .systemLibrary(name: "CLatchkeySystem", path: "Sources/CLibraries/CLatchkeySystem"),

        // Rooms.
        .target(name: "LatchkeyJSON"),
        .target(name: "LatchkeyCrypto", dependencies: ["CLatchkeyOpenSSL", "CLatchkeySodium", "CLatchkeyUTF8Proc"]),
        .target(name: "LatchkeyOTP", dependencies: ["LatchkeyCrypto"]),
        .target(
            name: "LatchkeyQR",
            dependencies: ["CLatchkeyQREncode", "CLatchkeyPNG", "CLatchkeyZBar", "CLatchkeyTurboJPEG"]
        ),
        .target(
            name: "LatchkeyTokens",
            dependencies: ["LatchkeyCrypto", "LatchkeyJSON", "LatchkeyOTP", "LatchkeyQR", "CLatchkeyExpat"]
        ),
        .target(name: "LatchkeyPolicy", dependencies: ["LatchkeyJSON"]),
        .target(name: "LatchkeyHTTP", dependencies: ["CLatchkeyEvent", "CLatchkeyTLS", "CLatchkeyCurl"]),
        .target(name: "LatchkeyWire", dependencies: ["LatchkeyCrypto", "LatchkeyHTTP"]),
        .target(name: "LatchkeyFederation", dependencies: ["LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyJSON"]),
        .target(name: "LatchkeyStore", dependencies: ["CLatchkeySQLite", "CLatchkeyPQ"]),
        .target(
            name: "LatchkeyVectors",
            dependencies: [
                "LatchkeyJSON", "LatchkeyCrypto", "LatchkeyFederation", "LatchkeyOTP", "LatchkeyPolicy",
                "LatchkeyTokens", "LatchkeyWire",
            ]
        ),
        .target(
            name: "Latchkey",
            dependencies: [
                "LatchkeyCrypto", "LatchkeyFederation", "LatchkeyJSON", "LatchkeyOTP", "LatchkeyPolicy", "LatchkeyQR",
                "LatchkeyStore", "CLatchkeyZxcvbn",
            ]
        ),
        .target(
            name: "LatchkeyServer",
            dependencies: ["Latchkey", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyJSON", "LatchkeyOTP", "LatchkeyWire"]
        ),
        .executableTarget(
            name: "LatchkeyCommand",
            dependencies: [
                "Latchkey", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyJSON", "LatchkeyOTP", "LatchkeyPolicy",
                "LatchkeyQR", "LatchkeyServer", "LatchkeyStore", "LatchkeyTokens", "LatchkeyVectors", "LatchkeyWire",
                "CLatchkeySystem",
            ]
        ),

        // Tests.
        .target(name: "LatchkeyTestSupport", path: "Tests/Support"),
        .target(name: "CLatchkeyAllocations", path: "Tests/Allocations"),
        .target(name: "CLatchkeyHashes", path: "Tests/Hashes"),
        .executableTarget(
            name: "LatchkeyBenchmarks",
            dependencies: [
                "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyOTP", "LatchkeyPolicy", "LatchkeyTestSupport",
                "LatchkeyWire",
                "CLatchkeyAllocations", "CLatchkeyOATH",
            ],
            path: "Tests/Benchmarks"
        ),
        .executableTarget(
            name: "LatchkeyStoreBenchmarks",
            dependencies: ["LatchkeyStore", "LatchkeyTestSupport"],
            path: "Tests/StoreBenchmarks"
        ),
        .suite("LatchkeyJSON"),
        .suite("LatchkeyCrypto", dependencies: ["LatchkeyVectors"]),
        .suite("LatchkeyOTP", dependencies: ["LatchkeyCrypto", "LatchkeyVectors"]),
        .suite("LatchkeyQR"),
        .suite("LatchkeyTokens", dependencies: ["LatchkeyCrypto", "LatchkeyJSON", "LatchkeyOTP", "LatchkeyQR"]),
        .suite("LatchkeyPolicy", dependencies: ["LatchkeyJSON", "LatchkeyVectors"]),
        .suite("LatchkeyHTTP"),
        .suite("LatchkeyWire", dependencies: ["LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyJSON", "LatchkeyVectors"]),
        .suite("LatchkeyFederation", dependencies: ["LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyJSON"]),
        .suite("LatchkeyStore"),
        .suite("LatchkeyVectors", dependencies: ["LatchkeyJSON"]),
        .suite(
            "Latchkey",
            dependencies: [
                "LatchkeyCrypto", "LatchkeyFederation", "LatchkeyHTTP", "LatchkeyJSON", "LatchkeyOTP", "LatchkeyPolicy",
                "LatchkeyStore", "LatchkeyVectors", "CLatchkeyHashes",
            ]
        ),
        .suite("LatchkeyServer", dependencies: ["Latchkey", "LatchkeyHTTP", "LatchkeyJSON", "LatchkeyWire"]),
        .suite("LatchkeyCommand", dependencies: ["LatchkeyJSON"]),
    ],
    swiftLanguageModes: [.v6]
)

extension Target {
    /// A C library of Debian's, seen by exactly one room.
    static func door(_ name: String, pkgConfig: String?, apt: String) -> Target {
        .systemLibrary(name: name, path: "Sources/CLibraries/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
    }

    /// The tests of one room.
    static func suite(_ room: String, dependencies: [Dependency] = []) -> Target {
        .testTarget(
            name: "\(room)Tests",
            dependencies: [.byName(name: room), "LatchkeyTestSupport"] + dependencies
        )
    }
}

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),  // SE-0335
        .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
        .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
        .treatAllWarnings(as: .error),  // SE-0480
    ]
}

// `make fuzz` only: libFuzzer brings a `main` of its own, and counts the branches of what it is to break.
if Context.environment["LATCHKEY_FUZZ"] != nil {
    let fuzzed: Set = [
        "LatchkeyJSON", "LatchkeyCrypto", "LatchkeyOTP", "LatchkeyQR", "LatchkeyTokens", "LatchkeyPolicy",
        "LatchkeyHTTP", "LatchkeyWire", "LatchkeyFederation",
    ]
    for target in package.targets where fuzzed.contains(target.name) {
        target.swiftSettings?.append(.unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"]))
    }
    package.products.append(.executable(name: "Fuzz", targets: ["Fuzz"]))
    package.targets.append(
        .executableTarget(
            name: "Fuzz",
            dependencies: fuzzed.sorted().map { .target(name: $0) },
            path: "Tests/Fuzz",
            exclude: ["corpus.py"],
            swiftSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-parse-as-library"])],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]
        )
    )
}
