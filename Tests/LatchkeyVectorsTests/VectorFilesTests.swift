// VectorFilesTests.swift: every file in Vectors, case by case, and every case shown to be able to fail.

import LatchkeyJSON
import LatchkeyVectors
import Testing

/// Where the vector files are.
let vectorsDirectory: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/") + "/Vectors"
}()

let vectorPaths: [String] = (try? VectorFile.directory(vectorsDirectory)) ?? []

/// The kinds whose cases take long by design.
private let slowKinds: Set = ["pbkdf2", "scrypt", "argon2id", "password-hash"]

@Suite("The vector files") struct VectorFilesTests {
    @Test("pass", arguments: vectorPaths) func pass(path: String) throws {
        let report = try VectorRunner.run(path: "\(vectorsDirectory)/\(path)")
        // What an authority is asked is run by the authority's tests, all of a file or nothing.
        if report.left > 0 {
            #expect(path.hasPrefix("session/") && report.files.allSatisfy { $0.left == $0.results.count })
            return
        }
        #expect(report.succeeded, "\(report.lines.joined(separator: "\n"))")
        #expect(report.skipped <= 1)
    }

    @Test(
        "hold what the RFCs have",
        arguments: [
            ("otp/hotp-rfc4226.json", "RFC 4226 D", 10), ("otp/totp-rfc6238.json", "RFC 6238 B", 18),
            ("otp/ocra-rfc6287.json", "RFC 6287 C", 70), ("text/base64-rfc4648.json", "RFC 4648 10", 7),
            ("text/base32-rfc4648.json", "RFC 4648 10", 7), ("text/base16-rfc4648.json", "RFC 4648 10", 7),
            ("crypto/hmac-rfc2202.json", "RFC 2202 3", 7), ("crypto/hmac-rfc4231.json", "RFC 4231 4", 14),
            ("crypto/hkdf-rfc5869.json", "RFC 5869 A", 7), ("crypto/pbkdf2-rfc6070.json", "RFC 6070 2", 6),
            ("crypto/pbkdf2-rfc7914.json", "RFC 7914 11", 2), ("crypto/scrypt-rfc7914.json", "RFC 7914 12", 4),
        ]
    )
    func counts(path: String, source: String, count: Int) throws {
        let file = try VectorFile.load("\(vectorsDirectory)/\(path)")
        #expect(file.source == source)
        #expect(file.cases.count == count)
    }

    @Test("are each of another case: no id twice in a file, no question twice in a file", arguments: vectorPaths)
    func distinct(path: String) throws {
        let cases = try cases(of: path)
        let questions = cases.map { vector in
            JSON.object(
                JSON.Object(vector.members.filter { !["id", "comment", "expect"].contains($0.name) }.map { ($0, $1) })
            )
            .text
        }
        #expect(Set(cases.map { $0["id"]?.string }).count == cases.count)
        // One question is asked twice on purpose, under the names of the two things it shows.
        #expect(cases.count - Set(questions).count <= 1, "\(path)")
    }

    @Test("can each fail: any change of what is expected fails that case and no other", arguments: vectorPaths)
    func canFail(path: String) throws {
        let text = try JSON(parsing: try bytes(of: path))
        let cases = try cases(of: path)
        let original = try VectorFile.load("\(vectorsDirectory)/\(path)")
        if original.cases.allSatisfy({ $0.hosted != nil }) { return }
        let isSlow = slowKinds.contains(original.kind)
        for (place, vector) in cases.enumerated() where !original.cases[place].isSlow {
            let mutants = variants(of: try #require(vector["expect"]))
            #expect(!mutants.isEmpty)
            for mutant in mutants {
                // Beside one that is left alone: to load all of the file for each change would take minutes.
                let neighbour = cases[place == 0 ? cases.count - 1 : place - 1]
                var changed = vector
                changed["expect"] = mutant
                var whole = try #require(text.object)
                whole["cases"] = [.object(neighbour), .object(changed)]
                let file: VectorFile
                do throws(VectorError) {
                    file = try VectorFile(path, bytes: JSON.object(whole).bytes())
                } catch {
                    // What no build can answer is refused before it is asked, which is a failure too.
                    guard case .invalid(_, let reason) = error else { throw error }
                    #expect(reason.path.hasPrefix("cases[1].expect"), "\(reason)")
                    continue
                }
                // The slow ones' neighbours are asked once, in `pass`.
                let asked = isSlow || file.cases[0].isSlow ? [file.cases[1]] : file.cases
                let failed = asked.map { $0.run() }.filter { $0.outcome != .passed }.map(\.id)
                #expect(failed == [original.cases[place].id], "\(path): \(mutant.text)")
            }
        }
    }

    private func bytes(of path: String) throws -> [UInt8] { try Files.read("\(vectorsDirectory)/\(path)") }

    private func cases(of path: String) throws -> [JSON.Object] {
        try #require(JSON(parsing: try bytes(of: path))["cases"]?.array).compactMap(\.object)
    }
}

/// The ways to change an expectation: each member on its own, and answer for refusal.
private func variants(of expect: JSON) -> [JSON] {
    guard let object = expect.object else { return [] }
    if let refusal = object["refusal"]?.object {
        var mutants: [JSON] = [["refusal": ["layer": "denied", "error": "somethingElse"]]]
        var layer = refusal
        layer["layer"] = refusal["layer"] == "parse" ? "denied" : "parse"
        mutants.append(["refusal": .object(layer)])
        var error = refusal
        error["error"] = .string((refusal["error"]?.string ?? "") + "x")
        mutants.append(["refusal": .object(error)])
        var says = refusal
        says["says"] = "words that no sentence has"
        mutants.append(["refusal": .object(says)])
        return mutants
    }
    var mutants: [JSON] = [["refusal": ["layer": "denied", "error": "noMatch"]]]
    for (name, value) in object.members {
        var changed = object
        changed[name] = mutation(of: value)
        mutants.append(.object(changed))
    }
    return mutants
}

/// A value of the same type that is another.
private func mutation(of value: JSON) -> JSON {
    switch value {
    case .null: .bool(true)
    case .bool(let bool): .bool(!bool)
    case .number(let text): .number(text == "7" ? "8" : "7")
    case .string(let text): .string(mutation(of: text))
    case .array(let elements): .array(elements + [1])
    case .object: [:]
    }
}

/// The text with its last character replaced by another of its sort, so that hexadecimal stays so.
private func mutation(of text: String) -> String {
    guard let last = text.unicodeScalars.last else { return "00" }
    return String(text.unicodeScalars.dropLast()) + (last == "1" ? "2" : "1")
}
