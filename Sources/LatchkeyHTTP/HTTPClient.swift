// HTTPClient.swift: asks an HTTP server once, over libcurl: no redirects, verified TLS, an end to every wait.
internal import CLatchkeyCurl
internal import Glibc

/// A client that trusts the server's certificate and nothing else: sizes and times are limited, redirects are answers like
/// others, no proxy, cookie or password of the environment is used.
public struct HTTPClient: Sendable {
    /// How long and how large an answer may be.
    public struct Limits: Sendable {
        /// The time for a connection, with its TLS handshake.
        public var connectTime = Duration.seconds(5)
        /// The time for all.
        public var time = Duration.seconds(30)
        /// Bytes of the answer's body.
        public var body = 4_194_304
        /// Bytes of the answer's header fields.
        public var fields = 65_536

        /// The limits that suit an API's answers.
        public init() {}
    }

    /// Why there is no answer.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        /// One sentence that says what to do; nothing of the request but the server's name.
        public let description: String
        /// Whether the server could not be reached or did not answer in time: another try may succeed.
        public let isTransient: Bool
        /// Whether it is the server's certificate that was not trusted.
        public let isUntrusted: Bool

        init(_ description: String, isTransient: Bool = false, isUntrusted: Bool = false) {
            self.description = description
            self.isTransient = isTransient
            self.isUntrusted = isUntrusted
        }
    }

    private let limits: Limits
    private let caFile: String?
    private let addresses: AddressRule?

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - limits: How much is waited for.
    ///   - caFile: The certificates, in PEM, that servers are checked against; the system's if nil.
    ///   - addresses: Where it connects to at all; anywhere if nil.
    public init(limits: Limits = Limits(), caFile: String? = nil, addresses: AddressRule? = nil) {
        self.limits = limits
        self.caFile = caFile
        self.addresses = addresses
    }

    /// Sends one request.
    ///
    /// Waits on a thread of its own.
    ///
    /// - Parameters:
    ///   - method: Such as `GET`.
    ///   - url: An `http` or `https` URL, sent as it is spelled, or `unix:PATH:TARGET` for a server on a Unix socket.
    ///   - fields: The header fields; nothing is added but `Host` (unless given) and the body's length.
    ///   - body: The body.
    /// - Returns: The answer, whatever its status.
    /// - Throws: `Failure` if the URL or a field cannot be sent, or no whole answer came.
    public func send(
        method: String,
        url: String,
        fields: HTTPFields = HTTPFields(),
        body: [UInt8] = []
    ) async throws(Failure) -> HTTPResponse {
        let request = try ClientRequest(method: method, url: url, fields: fields, body: body)
        let result: Result<HTTPResponse, Failure> = await withCheckedContinuation { continuation in
            let started = ServiceThread.start {
                do throws(Failure) {
                    continuation.resume(returning: .success(try perform(request)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
            if !started {
                let failure = Failure("no thread could be started: raise the limit on processes (`ulimit -u`)")
                continuation.resume(returning: .failure(failure))
            }
        }
        return try result.get()
    }

    private func perform(_ request: ClientRequest) throws(Failure) -> HTTPResponse {
        guard let library = CurlLibrary.shared, let transfer = CurlLibrary.Transfer(library) else {
            throw Failure("libcurl is missing: install Debian's libcurl4")
        }
        transfer.set(CURLOPT_NOSIGNAL, 1)
        transfer.set(CURLOPT_PROTOCOLS_STR, "http,https")
        transfer.set(CURLOPT_FOLLOWLOCATION, 0)
        transfer.set(CURLOPT_PROXY, "")
        transfer.set(CURLOPT_PATH_AS_IS, 1)
        transfer.set(CURLOPT_HTTP_VERSION, 2)  // CURL_HTTP_VERSION_1_1
        transfer.set(CURLOPT_SSL_VERIFYPEER, 1)
        transfer.set(CURLOPT_SSL_VERIFYHOST, 2)
        transfer.set(CURLOPT_SSLVERSION, 6)  // CURL_SSLVERSION_TLSv1_2, which means that or later
        if let caFile { transfer.set(CURLOPT_CAINFO, caFile) }
        transfer.set(CURLOPT_CONNECTTIMEOUT_MS, limits.connectTime.milliseconds)
        transfer.set(CURLOPT_TIMEOUT_MS, limits.time.milliseconds)
        transfer.set(CURLOPT_URL, request.url)
        if let path = request.socketPath { transfer.set(CURLOPT_UNIX_SOCKET_PATH, path) }
        if request.method == "HEAD" {
            transfer.set(CURLOPT_NOBODY, 1)
        } else {
            if !request.body.isEmpty || request.method == "POST" || request.method == "PUT" {
                transfer.setBody(request.body)
            }
            transfer.set(CURLOPT_CUSTOMREQUEST, request.method)
        }
        transfer.set(CURLOPT_HTTPHEADER, headers: request.headers)

        let answer = Answer(limits)
        let context = Unmanaged.passUnretained(answer).toOpaque()
        transfer.set(CURLOPT_HEADERFUNCTION, sink: takeHeader, CURLOPT_HEADERDATA, context)
        transfer.set(CURLOPT_WRITEFUNCTION, sink: takeBody, CURLOPT_WRITEDATA, context)
        let gate = addresses.map { AddressGate($0) }
        if let gate { transfer.set(gate) }
        guard transfer.isWhole else {
            throw Failure("this libcurl is too old: install Debian 12's libcurl4 or a later one")
        }
        let code = withExtendedLifetime((answer, gate)) { transfer.perform() }
        if let gate, gate.isShut {
            throw Failure("\(request.server) has no address that may be asked: allow its network, if it is meant")
        }
        guard code == CURLE_OK else { throw failure(code, request, answer) }
        return HTTPResponse(status: transfer.status, fields: answer.fields, body: answer.body)
    }

    private func failure(_ code: CURLcode, _ request: ClientRequest, _ answer: Answer) -> Failure {
        let server = request.server
        if answer.isTooLarge {
            return Failure("the answer of \(server) is larger than a client takes: is this the right server?")
        }
        return switch code {
        case CURLE_COULDNT_RESOLVE_HOST:
            Failure("the name of \(server) cannot be resolved: check its spelling and the network", isTransient: true)
        case CURLE_COULDNT_CONNECT:
            Failure("\(server) cannot be reached: check that it runs and listens there", isTransient: true)
        case CURLE_OPERATION_TIMEDOUT:
            Failure("\(server) did not answer in time: try again, or look whether it is overloaded", isTransient: true)
        case CURLE_PEER_FAILED_VERIFICATION:
            Failure(
                "the certificate of \(server) is not trusted: give the certificates that it is checked against",
                isUntrusted: true
            )
        case CURLE_SSL_CACERT_BADFILE:
            Failure("the file of trusted certificates cannot be read: give one in PEM")
        case CURLE_SSL_CONNECT_ERROR:
            Failure("\(server) does not speak TLS 1.2 or later: check the address, and whether it is plain HTTP")
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
            Failure("the URL of \(server) cannot be used: give one such as https://host:7443/")
        default:
            Failure("\(server) ended the connection without a whole answer: look into its log", isTransient: true)
        }
    }
}

/// A request that libcurl can be given: nothing in it begins a line of its own.
private struct ClientRequest: Sendable {
    let method: String
    let url: String
    let socketPath: String?
    /// Whom a failure names; without user, path and query.
    let server: String
    let headers: [String]
    let body: [UInt8]

    init(method: String, url: String, fields: HTTPFields, body: [UInt8]) throws(HTTPClient.Failure) {
        guard !method.isEmpty, method.utf8.allSatisfy(ASCII.isToken) else {
            throw HTTPClient.Failure("the request's method is not a word such as POST")
        }
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw HTTPClient.Failure("the URL holds a character that belongs percent-encoded")
        }
        self.method = method
        self.body = body
        if url.utf8.starts(with: "unix:".utf8) {
            let parts = url.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            let target = parts.count == 3 ? String(parts[2]) : "/"
            guard parts[1].utf8.first == UInt8(ascii: "/"), target.utf8.first == UInt8(ascii: "/") else {
                throw HTTPClient.Failure("give a Unix socket as unix:/PATH, or unix:/PATH:/TARGET")
            }
            socketPath = String(parts[1])
            server = "unix:\(parts[1])"
            self.url = "http://localhost\(target)"
        } else {
            let scheme = ["https://", "http://"].first { url.utf8.starts(with: $0.utf8) }
            guard let scheme else { throw HTTPClient.Failure("the URL begins with neither http:// nor https://") }
            let authority = url.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
            guard !authority.isEmpty, !authority.utf8.contains(UInt8(ascii: "@")) else {
                throw HTTPClient.Failure(
                    "the URL names no server, or a user in front of it: give one such as https://host:7443/"
                )
            }
            socketPath = nil
            server = scheme + authority
            self.url = url
        }
        var headers: [String] = []
        for field in fields.all {
            guard !field.name.isEmpty, field.name.utf8.allSatisfy(ASCII.isToken), let value = field.text,
                !field.value.contains(where: ASCII.isControl)
            else { throw HTTPClient.Failure("the header field `\(field.name)` holds bytes that cannot be sent") }
            headers.append(value.isEmpty ? "\(field.name);" : "\(field.name): \(value)")
        }
        // What libcurl would add of its own.
        for name in ["accept", "content-type", "expect", "user-agent"] where !fields.contains(name) {
            headers.append("\(name):")
        }
        self.headers = headers
    }
}

/// What has come of an answer; used by the thread that performs the transfer only.
private final class Answer {
    private let limits: HTTPClient.Limits
    private(set) var fields = HTTPFields()
    private(set) var body: [UInt8] = []
    private(set) var isTooLarge = false
    private var fieldBytes = 0

    init(_ limits: HTTPClient.Limits) { self.limits = limits }

    func take(header line: UnsafeRawBufferPointer) -> Bool {
        fieldBytes += line.count
        guard fieldBytes <= limits.fields else {
            isTooLarge = true
            return false
        }
        // Each answer, also one that says to go on, begins with a status line; what comes behind the body is no field of it.
        if line.starts(with: "HTTP/".utf8) {
            fields = HTTPFields()
        } else if body.isEmpty, let colon = line.firstIndex(of: UInt8(ascii: ":")) {
            var value = Array(line[(colon + 1)...])[...]
            while let last = value.last, last == ASCII.lineFeed || last == ASCII.carriageReturn { value.removeLast() }
            let name = String(decoding: line[..<colon], as: UTF8.self)
            fields.append(HTTPFields.Field(name, Array(ASCII.trimmed(value))))
        }
        return true
    }

    func take(body bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count <= limits.body - body.count else {
            isTooLarge = true
            return false
        }
        body.append(contentsOf: bytes)
        return true
    }
}

extension Duration {
    fileprivate var milliseconds: Int {
        Int(min(components.seconds, 86_400)) * 1_000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}

// What libcurl calls; plain functions, which no actor can claim. Taking less than was offered ends the transfer.

private func takeHeader(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context, let bytes else { return 0 }
    let answer = Unmanaged<Answer>.fromOpaque(context).takeUnretainedValue()
    return answer.take(header: UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
}

private func takeBody(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context, let bytes else { return 0 }
    let answer = Unmanaged<Answer>.fromOpaque(context).takeUnretainedValue()
    return answer.take(body: UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
}
