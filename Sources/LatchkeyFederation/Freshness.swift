// Freshness.swift: how long an answer may be kept, as its sender says (RFC 9111) and within our own bounds.
import LatchkeyHTTP

/// How long keys are kept before they are asked for again.
enum Freshness {
    /// The least seconds, whatever the sender says: else each token would cost the provider a request.
    static let least: Int64 = 300
    /// The most seconds, whatever the sender says: a key that was withdrawn must go.
    static let most: Int64 = 86_400
    /// The seconds where the sender says nothing.
    static let usual: Int64 = 3_600

    /// The seconds for which an answer is fresh.
    static func seconds(_ fields: HTTPFields) -> Int64 {
        var seconds = usual
        for value in fields.values("cache-control") {
            for directive in value.split(separator: UInt8(ascii: ",")) {
                let word = String(decoding: directive, as: UTF8.self).lowercased().filter { $0 != " " && $0 != "\t" }
                if word == "no-store" || word == "no-cache" { return least }
                guard word.utf8.starts(with: "max-age=".utf8) else { continue }
                let digits = word.dropFirst("max-age=".utf8.count).filter { $0 != "\"" }
                // What is no number is stale (RFC 9111 section 4.2.1); what is too large for one is long.
                guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return least }
                seconds = Int64(digits) ?? most
            }
        }
        if let age = fields["age"], let seconds0 = Int64(age), seconds0 > 0 { seconds -= min(seconds0, seconds) }
        return min(max(seconds, least), most)
    }
}
