// CampaignTests.swift: the short form of each campaign of `Tests/Campaigns`; `make campaigns` runs the long ones.
import Foundation
import LatchkeyTestSupport
import Testing

@Suite("Campaigns, in short") struct CampaignTests {
    @Test(
        "end in a verdict that is good",
        .timeLimit(.minutes(5)),
        arguments: [
            ["kills", "--kills", "6"], ["images", "--images", "8"], ["backup", "--drills", "1"],
            ["clock", "--jumps", "14"], ["idle", "--connections", "600", "--seconds", "12"],
            ["torture", "--mutants", "100"],
            ["rotate", "--kills", "4", "--users", "40", "--workers", "3"],
            ["restarts", "--restarts", "3", "--cuts", "11", "--seconds", "60"],
            ["writes", "--stride", "11", "--requests", "20"], ["upgrade", "--kills", "4"],
            ["endings", "--rounds", "4", "--seconds", "60"], ["flood", "--floods", "1"],
            ["capacity", "--signins", "16", "--checks", "16", "--calls", "16"],
        ]
    )
    func short(_ words: [String]) throws { try run(words) }

    @Test(
        "of two servers over one PostgreSQL end in a verdict that is good",
        .timeLimit(.minutes(5)),
        arguments: [["race", "--rounds", "2"], ["revoke", "--rounds", "3"]]
    )
    func twoServers(_ words: [String]) throws {
        let cluster = try PostgreSQLCluster.shared()
        let address = try cluster.makeDatabase()
        defer { cluster.drop(address) }
        try run(words + ["--store", address])
    }

    @Test(
        "of a disk that is full and one that is read-only end in a verdict that is good",
        .timeLimit(.minutes(5)),
        .enabled("the kernel lets nobody mount a small disk here") { mayMount() }
    )
    func full() throws { try run(["full", "--fillings", "4"]) }

    private static func mayMount() -> Bool {
        let user = getuid() == 0 ? [] : ["--map-root-user"]
        let words = user + ["--mount", "mount", "-t", "tmpfs", "small", "/mnt"]
        return (try? Subprocess.run("unshare", words).status) == 0
    }

    private func run(_ words: [String]) throws {
        var environment = ProcessInfo.processInfo.environment
        environment["LATCHKEY_BINARY"] = Places.binary.path
        let script = Places.root.appending(path: "Tests/Campaigns/\(words[0]).py").path
        let output = try Subprocess.run(
            "/usr/bin/python3",
            [script] + words.dropFirst(),
            environment: environment,
            timeout: 280
        )
        let verdict = try #require(output.lines.last, "no verdict: \(output.stderr)")
        #expect(verdict.hasPrefix("\(words[0]): seed "))
        #expect(verdict.hasSuffix(": passed") && output.status == 0, "\(verdict)\n\(output.stderr)")
    }
}
