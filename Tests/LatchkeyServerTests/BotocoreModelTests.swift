// BotocoreModelTests.swift: every action of IAM and STS held against AWS's own service model, as botocore carries it.
import LatchkeyTestSupport
import Testing

@testable import LatchkeyServer

/// The release of botocore that judges.
let botocore = "botocore==1.43.11"

@Suite("Beside botocore's service model")
struct BotocoreModelTests {
    /// Prints one line for each difference between the OpenAPI document on standard input and the models.
    private static let script = """
        import json, sys
        from botocore.loaders import Loader

        document = json.load(sys.stdin)
        models = {
            "iam": Loader().load_service_model("iam", "service-2", "2010-05-08"),
            "sts": Loader().load_service_model("sts", "service-2", "2011-06-15"),
        }

        def ours(name):
            for acronym in ("AWS", "MFA", "QR", "SAML", "SSH"):
                if name.startswith(acronym):
                    return acronym.lower() + name[len(acronym):]
            return name[0].lower() + name[1:]

        def compare(place, shapes, name, schema, is_input):
            shape = shapes[name]
            kind = shape["type"]
            wanted = {"structure": "object", "list": "array", "map": "object", "timestamp": "string", "blob": "string",
                      "long": "integer"}.get(kind, kind)
            if schema.get("type") != wanted:
                print(f"{place}: {wanted} in AWS, {schema.get('type')} here")
                return
            if kind == "structure":
                members = {ours(n): (n, m) for n, m in shape.get("members", {}).items()}
                known = schema.get("properties", {})
                for n in sorted(members.keys() - known.keys()):
                    print(f"{place}.{n}: missing here")
                for n in sorted(known.keys() - members.keys()):
                    print(f"{place}.{n}: unknown to AWS")
                if is_input:
                    required = {ours(n) for n in shape.get("required", [])}
                    for n in sorted(required ^ set(schema.get("required", []))):
                        print(f"{place}.{n}: required differs")
                for n in sorted(members.keys() & known.keys()):
                    compare(f"{place}.{n}", shapes, members[n][1]["shape"], known[n], is_input)
            elif kind == "list":
                compare(place + "[]", shapes, shape["member"]["shape"], schema["items"], is_input)
            elif kind == "map":
                if "additionalProperties" not in schema:
                    print(f"{place}: values under names that are data in AWS")
                    return
                compare(place + "{}", shapes, shape["value"]["shape"], schema["additionalProperties"], is_input)
            elif kind == "timestamp":
                if schema.get("format") != "date-time":
                    print(f"{place}: a time in AWS")
            elif kind == "blob":
                if schema.get("contentEncoding") != "base64":
                    print(f"{place}: bytes in AWS")
            elif kind == "string" and is_input:
                if "enum" in shape and set(shape["enum"]) != set(schema.get("enum", [])):
                    print(f"{place}: enum {sorted(set(shape['enum']) ^ set(schema.get('enum', [])))} differs")
                # A user's name has at most 64 characters: a longer one is refused before it is looked for.
                if place.endswith(".userName") and schema.get("maxLength") == 64 and shape.get("max") == 128:
                    return
                # Markers are ours to make, and hold whole ARNs.
                if place.endswith(".marker"):
                    return
                # A password's length is the password rules' matter, which say more about it.
                if schema.get("format") == "password":
                    return
                for model, mine in (("min", "minLength"), ("max", "maxLength")):
                    if "enum" not in shape and model in shape and shape[model] != schema.get(mine):
                        print(f"{place}: {model} {shape[model]} in AWS, {schema.get(mine)} here")

        count = 0
        for path, item in document["paths"].items():
            operation = item["post"]
            service = operation["tags"][0]
            if service not in models:
                continue
            count += 1
            name, shapes = operation["operationId"], models[service]["shapes"]
            known = models[service]["operations"].get(name)
            if known is None:
                print(f"{name}: no operation of AWS {service}")
                continue
            body = operation["requestBody"]["content"]["application/json"]["schema"]
            if "input" in known:
                compare(name, shapes, known["input"]["shape"], body, True)
            answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
            if "output" in known:
                compare(name + " answer", shapes, known["output"]["shape"], answer, False)
            elif answer.get("properties"):
                print(f"{name}: AWS answers nothing")
        print(f"compared {count}")
        """

    /// Where we part from the model on purpose, each with its reason.
    private static let known: Set<String> = [
        // Over JSON whoever has proved nothing yet may say which account they mean.
        "AssumeRoleWithWebIdentity.account: unknown to AWS",
        // AWS lets its console make a profile without a password; nobody could sign in with it.
        "CreateLoginProfile.password: required differs",
        // AWS sets it on keys of a kind that does not exist here, and lets nobody ask for it.
        "UpdateAccessKey.status: enum ['Expired'] differs",
        "UpdateSSHPublicKey.status: enum ['Expired'] differs",
        "UpdateServiceSpecificCredential.status: enum ['Expired'] differs",
        "UpdateSigningCertificate.status: enum ['Expired'] differs",
        // Members of Bedrock's keys alone, a service that does not exist here.
        "CreateServiceSpecificCredential.credentialAgeDays: missing here",
        "CreateServiceSpecificCredential answer.serviceSpecificCredential.expirationDate: missing here",
        "CreateServiceSpecificCredential answer.serviceSpecificCredential.serviceCredentialAlias: missing here",
        "CreateServiceSpecificCredential answer.serviceSpecificCredential.serviceCredentialSecret: missing here",
        "ListServiceSpecificCredentials answer.serviceSpecificCredentials[].expirationDate: missing here",
        "ListServiceSpecificCredentials answer.serviceSpecificCredentials[].serviceCredentialAlias: missing here",
        "ResetServiceSpecificCredential answer.serviceSpecificCredential.expirationDate: missing here",
        "ResetServiceSpecificCredential answer.serviceSpecificCredential.serviceCredentialAlias: missing here",
        "ResetServiceSpecificCredential answer.serviceSpecificCredential.serviceCredentialSecret: missing here",
        // There are no roles yet, so the list is empty.
    ]

    @Test("members, what is required, constraints, words and answers agree for every operation that exists here")
    func model() throws {
        let lines = try PythonEnvironment.run(Self.script, with: [botocore], stdin: OpenAPI.document).lines
            .map(String.init)
        let compared = lines.last.flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0
        #expect(compared > 100)
        let differences = Set(lines.dropLast())
        #expect(differences.subtracting(Self.known).sorted() == [])
        #expect(Self.known.subtracting(differences).sorted() == [], "no longer a difference")
    }
}
