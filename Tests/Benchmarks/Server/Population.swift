// Population.swift: the users, keys, devices and passwords that a server is measured with, made through its API.

internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyOTP
internal import LatchkeyWire

/// A user with a key and a device.
struct Inhabitant {
    let name: String
    var keyID = ""
    var secret = ""
    var serial = ""
    var seed: [UInt8] = []

    /// The code of a step.
    func code(_ step: UInt64) throws -> String {
        try TOTP(secret: Secret(seed)).code(of: TOTP.Step(number: step)).text
    }
}

/// Makes requests of AWS's kind, signed.
struct RequestMaker {
    let port: UInt16
    let keyID: String
    let secret: String
    var token: String?

    func bytes(_ action: String, service: String = "iam", _ members: [(String, String)] = []) throws -> [UInt8] {
        let version = service == "sts" ? "2011-06-15" : "2010-05-08"
        let fields = [("Action", action), ("Version", version)] + members
        let request = HTTPRequest(
            method: "POST",
            target: "/",
            fields: HTTPFields([
                HTTPFields.Field("host", "127.0.0.1:\(port)"),
                HTTPFields.Field("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
                HTTPFields.Field("user-agent", "Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux md/arch#x86_64"),
            ]),
            body: FormEncoder.body(of: fields.map { Form.Field($0.0, $0.1) })
        )
        let signer = SigV4.Signer(
            keyID: keyID,
            secret: Secret(utf8: secret),
            token: token,
            region: "us-east-1",
            service: service
        )
        return Self.bytes(signer.sign(request, at: wallClock()))
    }

    /// A request as it stands on the wire.
    static func bytes(_ request: HTTPRequest) -> [UInt8] {
        var bytes = Array("\(request.method) \(request.target) HTTP/1.1\r\n".utf8)
        for field in request.fields.all { bytes += Array("\(field.name): ".utf8) + field.value + Array("\r\n".utf8) }
        bytes += Array("content-length: \(request.body.count)\r\n\r\n".utf8)
        return bytes + request.body
    }
}

/// The users of a server.
struct Population {
    static let password = "wandering otters hum at dusk"

    let load: LoadGenerator
    let root: RequestMaker
    /// Each has a key and a device whose next code is fresh.
    private(set) var users: [Inhabitant]
    /// Each has a password and nothing else.
    let people: [String]

    init(port: UInt16, users count: Int, people peopleCount: Int) throws {
        let load = LoadGenerator(port: port)
        let root = RequestMaker(port: port, keyID: ServerProcess.rootKey, secret: ServerProcess.rootSecret)
        var users = (0..<count).map { Inhabitant(name: "user\($0)") }
        let people = (0..<peopleCount).map { "person\($0)" }
        func ask(_ action: String, _ names: [String], _ members: [(String, String)] = []) throws -> [String] {
            try load.bodies(
                of: names.map { try root.bytes(action, [("UserName", $0)] + members) },
                connections: 64
            )
            .map { String(decoding: $0, as: UTF8.self) }
        }
        let names = users.map(\.name)
        _ = try ask("CreateUser", names + people)
        _ = try ask("CreateLoginProfile", people, [("Password", Self.password)])
        for (index, body) in try ask("CreateAccessKey", names).enumerated() {
            users[index].keyID = body.element("AccessKeyId")
            users[index].secret = body.element("SecretAccessKey")
        }
        let devices = try load.bodies(
            of: names.map { try root.bytes("CreateVirtualMFADevice", [("VirtualMFADeviceName", $0)]) },
            connections: 64
        )
        for (index, body) in devices.enumerated() {
            let text = String(decoding: body, as: UTF8.self)
            users[index].serial = text.element("SerialNumber")
            // AWS sends the seed as Base64 of its Base32 text.
            let seed = try Base64.decode(text.element("Base32StringSeed"), .strict)
            users[index].seed = try Base32.decode(String(decoding: seed, as: UTF8.self), .strict)
        }
        let step = Self.step
        let enable = try users.map { user in
            try root.bytes(
                "EnableMFADevice",
                [
                    ("UserName", user.name), ("SerialNumber", user.serial),
                    ("AuthenticationCode1", try user.code(step - 1)), ("AuthenticationCode2", try user.code(step)),
                ]
            )
        }
        _ = try load.bodies(of: enable, connections: 64)
        let policy = #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:Get*","Resource":"*"}}"#
        _ = try ask("PutUserPolicy", Array(names.prefix(64)), [("PolicyName", "read"), ("PolicyDocument", policy)])
        self.load = load
        self.root = root
        self.users = users
        self.people = people
    }

    /// The step of TOTP that it is.
    private static var step: UInt64 { UInt64(wallClock()) / 30 }

    /// `GetCallerIdentity` by so many of the users.
    func identityRequests() throws -> [[UInt8]] {
        try users.prefix(64).map { try maker($0).bytes("GetCallerIdentity", service: "sts") }
    }

    /// `GetUser` by so many of the users, whom a policy allows it.
    func userRequests() throws -> [[UInt8]] {
        try users.prefix(64).map { try maker($0).bytes("GetUser", [("UserName", $0.name)]) }
    }

    /// `GetSessionToken` by users who are not used again: each with the code of the next step, which the window takes.
    mutating func sessionRequests(_ count: Int) throws -> [[UInt8]] {
        guard users.count - 64 >= count else { throw BenchmarkFailure("more codes than users") }
        let (own, step) = (users.suffix(count), Self.step + 1)
        users.removeLast(count)
        return try own.map { user in
            try maker(user)
                .bytes(
                    "GetSessionToken",
                    service: "sts",
                    [("SerialNumber", user.serial), ("TokenCode", try user.code(step))]
                )
        }
    }

    /// Makes a role that the first users may take.
    func makeRole() throws {
        let account = ServerProcess.account
        let trust =
            #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"\#(account)"},"Action":"sts:AssumeRole"}}"#
        let role = [("RoleName", "bench"), ("AssumeRolePolicyDocument", trust)]
        _ = try load.bodies(of: [try root.bytes("CreateRole", role)], connections: 1)
        let policy =
            #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}"#
        let put = try users.prefix(64)
            .map { user in
                try root.bytes(
                    "PutUserPolicy",
                    [("UserName", user.name), ("PolicyName", "take"), ("PolicyDocument", policy)]
                )
            }
        _ = try load.bodies(of: put, connections: 64)
    }

    /// `AssumeRole` by each of the first users.
    func roleRequests() throws -> [[UInt8]] {
        let members = [("RoleArn", "arn:aws:iam::\(ServerProcess.account):role/bench"), ("RoleSessionName", "bench")]
        return try users.prefix(64).map { try maker($0).bytes("AssumeRole", service: "sts", members) }
    }

    /// `GetSessionToken` by each of the first users, without a code.
    func ownSessionRequests() throws -> [[UInt8]] {
        try users.prefix(64).map { try maker($0).bytes("GetSessionToken", service: "sts") }
    }

    /// `GetCallerIdentity` with what each of the requests lends.
    func identityRequests(lentBy requests: [[UInt8]]) throws -> [[UInt8]] {
        try load.bodies(of: requests, connections: 8)
            .map { body in
                let text = String(decoding: body, as: UTF8.self)
                let maker = RequestMaker(
                    port: load.port,
                    keyID: text.element("AccessKeyId"),
                    secret: text.element("SecretAccessKey"),
                    token: text.element("SessionToken")
                )
                return try maker.bytes("GetCallerIdentity", service: "sts")
            }
    }

    /// `SignIn` by each of the people.
    func signInRequests() -> [[UInt8]] {
        people.map { name in
            RequestMaker.bytes(
                HTTPRequest(
                    method: "POST",
                    target: "/v1/SignIn",
                    fields: HTTPFields([
                        HTTPFields.Field("host", "127.0.0.1:\(load.port)"),
                        HTTPFields.Field("content-type", "application/json"),
                    ]),
                    body: Array(#"{"userName":"\#(name)","password":"\#(Self.password)"}"#.utf8)
                )
            )
        }
    }

    /// The bare request.
    func healthRequests() -> [[UInt8]] {
        [Array("GET /healthz HTTP/1.1\r\nhost: 127.0.0.1:\(load.port)\r\n\r\n".utf8)]
    }

    private func maker(_ user: Inhabitant) -> RequestMaker {
        RequestMaker(port: load.port, keyID: user.keyID, secret: user.secret)
    }
}

extension String {
    /// The text of the first element of that name.
    fileprivate func element(_ name: String) -> String {
        guard let start = firstRange(of: "<\(name)>"), let end = self[start.upperBound...].firstRange(of: "</\(name)>")
        else { return "" }
        return String(self[start.upperBound..<end.lowerBound])
    }
}
