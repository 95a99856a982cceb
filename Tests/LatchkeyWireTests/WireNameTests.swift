// WireNameTests.swift: names of members, held against every name in AWS's service models.
import LatchkeyTestSupport
import Testing

@testable import LatchkeyWire

@Suite("Names on the wire")
struct WireNameTests {
    @Test(
        "acronyms at the beginning are capital, as AWS has them",
        arguments: [
            ("userName", "UserName"), ("mfaDevices", "MFADevices"), ("qrCodePNG", "QRCodePNG"),
            ("base32StringSeed", "Base32StringSeed"), ("virtualMFADeviceName", "VirtualMFADeviceName"),
            ("sshPublicKeyId", "SSHPublicKeyId"), ("samlProviderArn", "SAMLProviderArn"),
            ("awsServiceName", "AWSServiceName"), ("arn", "Arn"), ("mfa", "MFA"), ("mfaish", "Mfaish"), ("", ""),
            ("authenticationCode1", "AuthenticationCode1"), ("é", "É"),
        ]
    )
    func names(key: String, wire: String) {
        #expect(WireName.of(key, in: nil) == wire)
    }

    @Test("every member of every structure of IAM and STS has a Swift name that leads to it")
    func model() throws {
        let script = """

            from botocore.loaders import Loader
            def walk(shapes, name, enclosing):
                shape = shapes[name]
                if shape["type"] == "structure":
                    for member, value in shape["members"].items():
                        print(enclosing, ours(member), member)
                        walk(shapes, value["shape"], member)
                elif shape["type"] == "list":
                    walk(shapes, shape["member"]["shape"], enclosing)
                elif shape["type"] == "map":
                    walk(shapes, shape["value"]["shape"], enclosing)
            for service, version in (("iam", "2010-05-08"), ("sts", "2011-06-15")):
                model = Loader().load_service_model(service, "service-2", version)
                for name, operation in model["operations"].items():
                    for way in ("input", "output"):
                        if way in operation:
                            walk(model["shapes"], operation[way]["shape"], name)
            """
        let lines = try PythonEnvironment.run(Botocore.names + script, with: [Botocore.package]).lines
        #expect(lines.count > 1_000)
        let wrong = Set(lines)
            .filter { line in
                let words = line.split(separator: " ").map(String.init)
                return words.count != 3 || WireName.of(words[1], in: words[0]) != words[2]
            }
        #expect(wrong.sorted() == [])
    }
}
