// DoctorSettings.swift: what the settings ask for: the cost of a password's hash, the certificate, where to listen.
internal import Glibc
internal import Latchkey
internal import LatchkeyCrypto
internal import LatchkeyHTTP

extension Doctor {
    func hashing() throws -> [Finding] {
        let cost = try call.rules().passwordCost
        let start = Self.monotonic()
        do throws(CryptoError) { _ = try PasswordHash.hash(Secret.random(count: 16), cost: cost) } catch {
            return [
                Finding(
                    "hashing",
                    .fault,
                    "a password hash of \(cost.memory) KiB cannot be made: give memory, or lower `argon2-memory`"
                )
            ]
        }
        let took = (Self.monotonic() - start) / 1_000
        let facts = "a password hash takes \(took) ms and \(cost.memory >> 10) MiB"
        if cost.memory < PasswordHash.Cost.standard.memory || cost.passes < PasswordHash.Cost.standard.passes {
            return [
                Finding(
                    "hashing",
                    .warning,
                    "\(facts), less than is safe: raise `argon2-memory` to \(PasswordHash.Cost.standard.memory) and "
                        + "`argon2-passes` to \(PasswordHash.Cost.standard.passes)"
                )
            ]
        }
        if took > 1_000 {
            return [
                Finding(
                    "hashing",
                    .warning,
                    "\(facts), and people wait for it: lower `argon2-memory` or use a faster CPU"
                )
            ]
        }
        return [Finding("hashing", .fine, facts)]
    }

    func certificate() throws -> [Finding] {
        let (path, keyPath) = (try call.settings.text(.tlsCertificate), try call.settings.text(.tlsKey))
        if path.isEmpty { return [] }
        var findings: [Finding] = []
        var status = stat()
        if !keyPath.isEmpty, stat(keyPath, &status) == 0, status.st_mode & 0o007 != 0 {
            findings.append(Finding("certificate", .fault, "everybody may read `\(keyPath)`: run `chmod o-rwx` on it"))
        }
        let certificate: Certificate
        do {
            let (bytes, _) = try PlainFile.read(path, atMost: 1 << 20)
            certificate = try Certificate(pem: Self.firstCertificate(in: String(decoding: bytes, as: UTF8.self)))
        } catch {
            let reason = (error as? FileError)?.reason ?? "\(error)"
            return findings + [Finding("certificate", .unusable, "`\(path)` cannot be used: \(reason)")]
        }
        let days = (certificate.notAfter - now) / 86_400
        if certificate.notAfter < now {
            findings.append(
                Finding("certificate", .fault, "`\(path)` has expired: renew it and send the server SIGHUP")
            )
        } else if certificate.notBefore > now {
            findings.append(Finding("certificate", .fault, "`\(path)` is not valid yet: see the clock, or use another"))
        } else if days < 14 {
            findings.append(
                Finding(
                    "certificate",
                    .warning,
                    "`\(path)` expires in \(days) days: renew it and send the server SIGHUP"
                )
            )
        } else if certificate.securityBits < 112 {
            findings.append(Finding("certificate", .fault, "the key of `\(path)` is too weak: use RSA 2048 or P-256"))
        } else {
            findings.append(Finding("certificate", .fine, "`\(path)` is valid for \(days) days more"))
        }
        return findings
    }

    /// The text of the first certificate, which is the server's own, without what other tools write around it.
    private static func firstCertificate(in text: String) -> String {
        let lines = text.split(whereSeparator: \.isNewline)
        guard let first = lines.firstIndex(where: { $0.hasPrefix("-----BEGIN CERTIFICATE-----") }),
            let last = lines[first...].firstIndex(where: { $0.hasPrefix("-----END CERTIFICATE-----") })
        else { return "" }
        return lines[first...last].joined(separator: "\n")
    }

    func listening() throws -> [Finding] {
        let places = try call.settings.text(.listen)
        do {
            try HTTPServer.check(try call.httpConfiguration())
        } catch let error as HTTPServer.Failure {
            return [Finding("listen", .unusable, "\(error)")]
        } catch let failure as Failure {
            return [Finding("listen", .unusable, failure.sentence)]
        }
        return [Finding("listen", .fine, "the server may listen on \(places)")]
    }
}
