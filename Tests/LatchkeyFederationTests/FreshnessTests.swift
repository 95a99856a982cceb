// FreshnessTests.swift: how long the keys of a provider are kept.
import LatchkeyHTTP
import Testing

@testable import LatchkeyFederation

@Suite("Freshness of a provider's keys")
struct FreshnessTests {
    @Test(
        "what the sender says counts, from five minutes to a day",
        arguments: [
            ([], 3_600), (["max-age=600"], 600), (["public, Max-Age=900, must-revalidate"], 900),
            (["max-age=1"], 300), (["max-age=0"], 300), (["max-age=99999999"], 86_400),
            (["max-age=99999999999999999999999"], 86_400), (["no-store"], 300), (["max-age=600, no-cache"], 300),
            (["max-age=-1"], 300), (["max-age=soon"], 300), (["max-age=\"700\""], 700),
            (["private", "max-age=800"], 800),
        ] as [([String], Int64)]
    )
    func bounds(values: [String], seconds: Int64) {
        #expect(Freshness.seconds(HTTPFields(values.map { HTTPFields.Field("Cache-Control", $0) })) == seconds)
    }

    @Test("the time that an answer has spent in a cache on its way counts")
    func age() {
        let fields = [HTTPFields.Field("cache-control", "max-age=1000"), HTTPFields.Field("age", "400")]
        #expect(Freshness.seconds(HTTPFields(fields)) == 600)
    }
}
