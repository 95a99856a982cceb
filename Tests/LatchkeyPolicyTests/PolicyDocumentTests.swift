// PolicyDocumentTests.swift: what is read as a policy of which kind, what is refused with which words, and where.
import LatchkeyPolicy
import Testing

/// A document that is refused.
struct Refused: Sendable, CustomTestStringConvertible {
    let kind: PolicyKind
    let text: String
    let message: String
    let testDescription: String

    init(_ name: String, _ kind: PolicyKind, _ message: String, _ text: String) {
        self.kind = kind
        self.text = text
        self.message = message
        testDescription = name
    }

    init(_ name: String, _ message: String, _ text: String) { self.init(name, .identity, message, text) }
}

private func identity(_ statement: String) -> String { #"{"Version":"2012-10-17","Statement":\#(statement)}"# }

private let syntax = "Syntax errors in policy."

@Suite("Policy documents")
struct PolicyDocumentTests {
    private static let shapes: [Refused] = [
        Refused("nothing", syntax, ""),
        Refused("no object", syntax, "[]"),
        Refused("JSON that ends early", syntax, #"{"Version":"2012-10-17","Statement":["#),
        Refused("something behind", syntax, identity(#"{"Effect":"Allow","Action":"*","Resource":"*"}"#) + "x"),
        Refused("a byte order mark", syntax, "\u{FEFF}" + identity(#"{"Effect":"Allow","Action":"*","Resource":"*"}"#)),
        Refused("a name twice", syntax, #"{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}"#),
        Refused("an action twice", syntax, identity(#"{"Effect":"Allow","Action":"*","Action":"*","Resource":"*"}"#)),
        Refused("an escaped name twice", syntax, identity(#"{"Effect":"Allow","\u0041ction":"*","Action":"*"}"#)),
        Refused(
            "a condition key twice",
            syntax,
            identity(#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"a":"b","a":"b"}}}"#)
        ),
        Refused("no statement", syntax, #"{"Version":"2012-10-17"}"#),
        Refused("an empty list of statements", syntax, identity("[]")),
        Refused("an unknown element", syntax, identity(#"{"Effect":"Allow","Actions":"*","Resource":"*"}"#)),
        Refused("an element in small letters", syntax, #"{"version":"2012-10-17","Statement":[]}"#),
        Refused("a version that never was", syntax, #"{"Version":"2012-10-18","Statement":[]}"#),
        Refused("both Action and NotAction", syntax, identity(#"{"Effect":"Allow","Action":[],"NotAction":"s3:*"}"#)),
        Refused("an action that is a number", syntax, identity(#"{"Effect":"Allow","Action":1,"Resource":"*"}"#)),
        Refused("no effect", syntax, identity(#"{"Action":"*","Resource":"*"}"#)),
        Refused("another effect", syntax, identity(#"{"Effect":"Permit","Action":"*","Resource":"*"}"#)),
        Refused("null in a condition", syntax, identity(condition(#"{"Bool":{"a":null}}"#))),
        Refused("an object in a condition", syntax, identity(condition(#"{"Bool":{"a":{}}}"#))),
        Refused("an unknown operator", syntax, identity(condition(#"{"StringMatches":{"a":"b"}}"#))),
        Refused("NullIfExists", syntax, identity(condition(#"{"NullIfExists":{"a":"true"}}"#))),
        Refused("BoolNot", syntax, identity(condition(#"{"BoolNot":{"a":"true"}}"#))),
        Refused("deep nesting", syntax, String(repeating: "[", count: 100_000)),
        Refused(
            "a policy of more than 131,072 characters",
            syntax,
            identity(#"{"Effect":"Allow","Action":"*","Resource":"*"}"#) + String(repeating: " ", count: 131_072)
        ),
        Refused(
            "a variable in the account",
            syntax,
            identity(#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3::${a}:b"}"#)
        ),
    ]

    private static func condition(_ block: String) -> String {
        #"{"Effect":"Allow","Action":"*","Resource":"*","Condition":\#(block)}"#
    }

    private static let words: [Refused] = [
        Refused("no version", "Policy document must be version 2012-10-17 or greater.", #"{"Statement":\#(all)}"#),
        Refused(
            "the old version",
            "Policy document must be version 2012-10-17 or greater.",
            #"{"Version":"2008-10-17","Statement":\#(all)}"#
        ),
        Refused("an effect in small letters", "The policy failed legacy parsing", identity(#"{"Effect":"allow"}"#)),
        Refused("an effect in capitals", "The policy failed legacy parsing", identity(#"{"Effect":"DENY"}"#)),
        Refused(
            "one Sid twice",
            "Statement IDs (SID) in a single policy must be unique.",
            identity("[\(sid("a")),\(sid("b")),\(sid("a"))]")
        ),
        Refused(
            "no actions",
            "Policy statement must contain actions.",
            identity(#"{"Effect":"Allow","Action":[],"Resource":"*"}"#)
        ),
        Refused("no Action", "Policy statement must contain actions.", identity(#"{"Effect":"Allow","Resource":"*"}"#)),
        Refused(
            "no resources",
            "Policy statement must contain resources.",
            identity(#"{"Effect":"Allow","Action":"*","Resource":[]}"#)
        ),
        Refused(
            "no Resource",
            "Policy statement must contain resources.",
            identity(#"{"Effect":"Allow","Action":"*"}"#)
        ),
        Refused(
            "an action without vendor",
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            identity(#"{"Effect":"Allow","Action":"GetObject","Resource":"*"}"#)
        ),
        Refused(
            "an action with two colons",
            "Actions/Condition can contain only one colon.",
            identity(#"{"Effect":"Allow","Action":"s3:Get:Object","Resource":"*"}"#)
        ),
        Refused(
            "a vendor with a blank",
            "Vendor s 3 is not valid",
            identity(#"{"Effect":"Allow","Action":"s 3:GetObject","Resource":"*"}"#)
        ),
        Refused(
            "a vendor with a wildcard",
            "Vendor s* is not valid",
            identity(#"{"Effect":"Allow","Action":"s*:GetObject","Resource":"*"}"#)
        ),
        resource("a word", #"Resource bucket must be in ARN format or "*"."#, "bucket"),
        resource("a partition", #"Partition "gcp" is not valid for resource "arn:gcp:s3:::b"."#, "arn:gcp:s3:::b"),
        resource(
            "a part of a vendor",
            "Resource vendor must be fully qualified and cannot contain regexes.",
            "arn:aws:s3*"
        ),
        resource("no vendor", "Resource vendor must be fully qualified and cannot contain regexes.", "arn:aws::::b"),
        resource(
            "IAM with a region",
            "IAM resource arn:aws:iam:eu-west-1:123456789012:user/a cannot contain region information.",
            "arn:aws:iam:eu-west-1:123456789012:user/a"
        ),
        resource(
            "a bucket with a region",
            "Resource arn:aws:s3:eu-west-1::b can not contain region information.",
            "arn:aws:s3:eu-west-1::b"
        ),
        Refused(
            "a date that is none",
            "The policy failed legacy parsing",
            identity(condition(#"{"DateLessThan":{"a":"soon"}}"#))
        ),
        Refused(
            "a principal in an identity policy",
            "Policy document should not specify a principal.",
            identity(#"{"Principal":"*",\#(all.dropFirst())"#)
        ),
        Refused(
            "a trust policy with a resource",
            .trust,
            "Has prohibited field Resource",
            identity(#"{"Principal":"*",\#(trust.dropFirst().dropLast()),"Resource":"*"}"#)
        ),
        Refused(
            "a trust policy with NotPrincipal",
            .trust,
            "Has prohibited field NotPrincipal",
            identity(#"{"NotPrincipal":"*",\#(trust.dropFirst())"#)
        ),
        Refused("a trust policy without principal", .trust, "Missing required field Principal", identity(trust)),
        Refused(
            "a trust policy with another action",
            .trust,
            "AssumeRole policy may only specify STS AssumeRole actions.",
            identity(#"{"Principal":"*","Effect":"Allow","Action":"s3:*"}"#)
        ),
        Refused(
            "a principal with a wildcard",
            .trust,
            #"Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:user/*""#,
            identity(#"{"Principal":{"AWS":"arn:aws:iam::123456789012:user/*"},\#(trust.dropFirst())"#)
        ),
        Refused(
            "NotPrincipal with Allow",
            .resource,
            syntax,
            identity(#"{"NotPrincipal":{"AWS":"123456789012"},\#(all.dropFirst())"#)
        ),
        Refused("a resource policy without principal", .resource, "Missing required field Principal", identity(all)),
        Refused(
            "a resource control policy that allows",
            .resourceControl,
            syntax,
            identity(#"{"Principal":"*","Effect":"Allow","Action":"s3:*","Resource":"*"}"#)
        ),
        Refused(
            "a resource control policy of everything",
            .resourceControl,
            syntax,
            identity(#"{"Principal":"*","Effect":"Deny","Action":"*","Resource":"*"}"#)
        ),
        Refused(
            "a resource control policy of somebody",
            .resourceControl,
            #"Invalid principal in policy: "AWS":"123456789012""#,
            identity(#"{"Principal":{"AWS":"123456789012"},"Effect":"Deny","Action":"s3:*","Resource":"*"}"#)
        ),
    ]

    private static let all = #"{"Effect":"Allow","Action":"*","Resource":"*"}"#
    private static let trust = #"{"Effect":"Allow","Action":"sts:AssumeRole"}"#

    private static func sid(_ sid: String) -> String { #"{"Sid":"\#(sid)",\#(all.dropFirst())"# }

    private static func resource(_ name: String, _ message: String, _ resource: String) -> Refused {
        Refused(name, message, identity(#"{"Effect":"Allow","Action":"*","Resource":"\#(resource)"}"#))
    }

    @Test("what is no policy is refused with AWS's words", arguments: shapes + words)
    func refused(_ refused: Refused) {
        let error = #expect(throws: PolicyError.self) { try PolicyDocument(refused.text, kind: refused.kind) }
        #expect(error?.code == "MalformedPolicyDocument")
        #expect(error?.message == refused.message)
    }

    @Test("a fault is found by line and column, in characters")
    func place() {
        let text = """
            {
              "Version": "2012-10-17",
              "Statement": [{
                "Effect": "Allow", "Action": ["s3:Getö", "s3:*"], "Foo": 1
              }]
            }
            """
        let error = #expect(throws: PolicyError.self) { try PolicyDocument(text, kind: .identity) }
        #expect(error?.line == 4)
        #expect(error?.column == 55)
        #expect(error?.detail == "the element is not known here")
        let late = #expect(throws: PolicyError.self) {
            try PolicyDocument("{\n \"Version\":\"2012-10-17\", \"Statement\": tru}", kind: .identity)
        }
        #expect(late?.line == 2)
        #expect(late?.column == 39)
    }

    @Test(
        "what is a policy is one",
        arguments: [
            (PolicyKind.identity, identity(all)),
            (.identity, #"{"Statement":[\#(all)],"Id":"x","Version":"2012-10-17"}"#),
            (.identity, identity("[\(sid("")),\(sid(""))]")),
            (
                .identity,
                identity(#"{"Effect":"Deny","NotAction":["iam:*","s3:Get?bject"],"NotResource":["arn:aws:s3:::b/*"]}"#)
            ),
            (
                .identity,
                identity(#"{"Effect":"Allow","Action":"made:UpName","Resource":"arn:aws:iam::*:user/${aws:username}"}"#)
            ),
            (.identity, identity(condition(#"{"numericlessthan":{"a":[1.50,true,"x"]},"Unknown":{}}"#))),
            (.identity, identity(condition(#"{"ForAnyValue:StringNotLikeIfExists":{"aws:TagKeys":[]}}"#))),
            (
                .identity,
                identity(
                    #"{"Effect":"Allow","Action":"*","Resource":["arn:aws:s3:*:123456789012:accesspoint/a","arn:*"]}"#
                )
            ),
            (.session, #"{"Statement":\#(all)}"#),
            (
                .trust,
                #"{"Statement":{"Principal":{"AWS":["123456789012","AIDAEXAMPLEEXAMPLEEX"],"Service":"ec2.amazonaws.com"},\#(trust.dropFirst())}"#
            ),
            (.resource, #"{"Statement":{"NotPrincipal":{"AWS":"123456789012"},"Effect":"Deny","Action":"*"}}"#),
            (
                .serviceControl,
                identity(#"{"Effect":"Allow","NotAction":"s3:*","NotResource":"arn:aws:s3:::b","Condition":{}}"#)
            ),
            (
                .resourceControl,
                identity(#"{"Principal":"*","Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3:::b"}"#)
            ),
        ]
    )
    func accepted(_ kind: PolicyKind, _ text: String) throws {
        _ = try PolicyDocument(text, kind: kind)
    }

    @Test("an old policy is refused where it is kept, and read where it only decides")
    func deciding() throws {
        let text = #"{"Version":"2008-10-17","Statement":\#(Self.all)}"#
        #expect(throws: PolicyError.self) { try PolicyDocument(text, kind: .identity) }
        _ = try PolicyDocument(text, kind: .identity, use: .deciding)
    }

    @Test(
        "what is dangerous is warned of",
        arguments: [
            (
                #"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":"a"}}}"#,
                PolicyWarning.Kind.forAllValuesWithoutNull
            ),
            (
                #"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"AWS:multifactorauthpresent":false}}}"#,
                .multiFactorWithoutIfExists
            ),
            (#"{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}"#, .allowNotAction),
            (
                #"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:TagKeys":"a"}}}"#,
                .setKeyWithoutPrefix
            ),
            (
                #"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/33"}}}"#,
                .unreadableValue
            ),
        ]
    )
    func warned(_ statement: String, _ kind: PolicyWarning.Kind) throws {
        let document = try PolicyDocument(identity(statement), kind: .identity)
        #expect(document.warnings.map(\.kind) == [kind])
        #expect(document.warnings.first?.place.line == 1)
    }

    @Test(
        "what only looks dangerous is not",
        arguments: [
            #"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":"a"},"Null":{"aws:TagKeys":"false"}}}"#,
            #"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":"a"}}}"#,
            #"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}"#,
            #"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}"#,
            #"{"Effect":"Deny","NotAction":"iam:*","Resource":"*"}"#,
            #"{"Effect":"Allow","NotAction":"iam:*","Resource":"arn:aws:s3:::b"}"#,
        ]
    )
    func quiet(_ statement: String) throws {
        #expect(try PolicyDocument(identity(statement), kind: .identity).warnings.isEmpty)
    }

    @Test("the keys of a document are those of its conditions and of its variables, each once")
    func keys() throws {
        let text = identity(
            #"{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:PrincipalTag/Team, 'x'}/${aws:username}","Condition":{"StringLike":{"aws:UserName":"${*}${saml:sub}","s3:prefix":"a"}}}"#
        )
        let document = try PolicyDocument(text, kind: .identity)
        #expect(document.contextKeys == ["aws:PrincipalTag/Team", "aws:username", "saml:sub", "s3:prefix"])
    }

    @Test("white space does not count")
    func size() {
        #expect(PolicySize.counted("{ \"a\":\t\r\n\"ö\u{A0}\" }") == 10)
    }
}
