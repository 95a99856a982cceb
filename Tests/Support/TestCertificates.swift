// TestCertificates.swift: authorities, clients' certificates and revocation lists that openssl makes for the tests.
import Foundation

/// A folder in which openssl issues certificates; removed with the value.
package final class TestCertificates: Sendable {
    /// A certificate and its key, in PEM and in files.
    package struct Issued: Sendable {
        /// The certificate.
        package let certificate: String
        /// The private key.
        package let key: String
        /// Where they are.
        package let certificateFile: String
        package let keyFile: String
    }

    /// Extensions of an authority, of one that signs lists too, and of a client.
    package static let authority = [
        "basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign", "subjectKeyIdentifier=hash",
    ]
    package static let client = ["basicConstraints=CA:FALSE", "keyUsage=critical,digitalSignature"]
    /// Keys as `openssl genpkey -algorithm` takes them.
    package static let p256 = "EC -pkeyopt ec_paramgen_curve:P-256"
    package static let rsa = "RSA -pkeyopt rsa_keygen_bits:2048"

    package let folder: String

    package init() throws {
        folder = NSTemporaryDirectory() + "certificates-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// An authority that signed itself.
    package func root(
        _ subject: String = "/O=Acme/CN=Machines",
        _ extensions: [String] = authority,
        key: String = p256,
        digest: String = "sha256",
        days: Int = 30
    ) throws -> Issued {
        try issue(subject, extensions, by: nil, key: key, digest: digest, days: days)
    }

    /// A certificate that another one's key signed, or its own.
    package func issue(
        _ subject: String = "/O=Acme/OU=web/CN=host-7",
        _ extensions: [String] = client,
        by issuer: Issued?,
        key algorithm: String = p256,
        digest: String = "sha256",
        days: Int = 20,
        serial: String? = nil
    ) throws -> Issued {
        let place = "\(folder)/\(UUID().uuidString)"
        let (certificateFile, keyFile, configuration) = ("\(place).pem", "\(place).key", "\(place).cnf")
        let text = "[req]\ndistinguished_name=dn\nx509_extensions=v3\nstring_mask=utf8only\nutf8=yes\n[dn]\n[v3]\n"
        try (text + extensions.joined(separator: "\n") + "\n")
            .write(toFile: configuration, atomically: false, encoding: .utf8)
        try openssl(["genpkey", "-out", keyFile, "-algorithm"] + algorithm.split(separator: " ").map(String.init))
        var arguments = ["req", "-x509", "-new", "-config", configuration, "-key", keyFile, "-subj", subject, "-utf8"]
        arguments += ["-days", "\(days)", "-\(digest)", "-out", certificateFile, "-multivalue-rdn"]
        if let serial { arguments += ["-set_serial", "0x\(serial)"] }
        if let issuer { arguments += ["-CA", issuer.certificateFile, "-CAkey", issuer.keyFile] }
        try openssl(arguments)
        return Issued(
            certificate: try String(contentsOfFile: certificateFile, encoding: .utf8),
            key: try String(contentsOfFile: keyFile, encoding: .utf8),
            certificateFile: certificateFile,
            keyFile: keyFile
        )
    }

    /// A certificate of version 1, which cannot say what it is for.
    package func version1(by issuer: Issued) throws -> Issued {
        let place = "\(folder)/\(UUID().uuidString)"
        try openssl([
            "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "\(place).key", "-subj", "/CN=old", "-out",
            "\(place).csr",
        ])
        try openssl([
            "x509", "-req", "-in", "\(place).csr", "-CA", issuer.certificateFile, "-CAkey", issuer.keyFile, "-sha256",
            "-set_serial", "77", "-out", "\(place).pem",
        ])
        return Issued(
            certificate: try String(contentsOfFile: "\(place).pem", encoding: .utf8),
            key: try String(contentsOfFile: "\(place).key", encoding: .utf8),
            certificateFile: "\(place).pem",
            keyFile: "\(place).key"
        )
    }

    /// The list of the serial numbers that an authority has taken back, in PEM.
    package func revocationList(
        of serials: [String],
        by issuer: Issued,
        days: Int = 7,
        digest: String = "sha256",
        extensions: String? = nil
    ) throws -> String {
        let place = "\(folder)/\(UUID().uuidString)"
        let entries = serials.map { "R\t350101000000Z\t250101000000Z\t\($0)\tunknown\t/CN=x\n" }.joined()
        try entries.write(toFile: "\(place).txt", atomically: false, encoding: .utf8)
        let more = extensions.map { "crl_extensions=more\n[more]\n\($0)\n" } ?? ""
        let text = "[ca]\ndefault_ca=this\n[this]\ndatabase=\(place).txt\ndefault_md=\(digest)\n\(more)"
        try text.write(toFile: "\(place).cnf", atomically: false, encoding: .utf8)
        try openssl([
            "ca", "-gencrl", "-config", "\(place).cnf", "-keyfile", issuer.keyFile, "-cert", issuer.certificateFile,
            "-crldays", "\(days)", "-out", "\(place).crl",
        ])
        return try String(contentsOfFile: "\(place).crl", encoding: .utf8)
    }

    /// Runs openssl, which must succeed.
    package func openssl(_ arguments: [String]) throws {
        let output = try Subprocess.run("openssl", arguments)
        guard output.status == 0 else {
            throw Tool.Failure(description: "openssl \(arguments.joined(separator: " ")): \(output.stderr)")
        }
    }
}
