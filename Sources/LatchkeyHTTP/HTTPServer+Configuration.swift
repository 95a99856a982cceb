// HTTPServer+Configuration.swift: where a server listens, whom it believes, and how much it bears.

extension HTTPServer {
    /// What a server is told when it is made.
    public struct Configuration: Sendable {
        /// The files of a certificate.
        public struct TLS: Sendable {
            /// The certificate and those between it and the root, in PEM.
            public var certificate: String
            /// The private key, in PEM and without a passphrase.
            public var key: String

            /// Names the files.
            public init(certificate: String, key: String) {
                self.certificate = certificate
                self.key = key
            }
        }

        /// How large, how slow and how many requests and connections may be.
        public struct Limits: Sendable {
            /// Bytes of a request line; longer ones are answered 414.
            public var requestLine = 8_192
            /// Bytes of a request's header fields; more are answered 431.
            public var fields = 32_768
            /// The number of header fields; more are answered 431.
            public var fieldCount = 100
            /// Bytes of a body; more are answered 413, as soon as they are announced.
            public var body = 1_048_576
            /// The time for a TLS handshake, and from a request's first byte (of a new connection: from its beginning) to the end
            /// of its head; answered 408.
            public var headTime = Duration.seconds(10)
            /// The time from the end of the head to the end of the body; answered 408.
            public var bodyTime = Duration.seconds(30)
            /// How long a connection may rest between two requests.
            public var idleTime = Duration.seconds(60)
            /// How long a client may take no byte of an answer.
            public var writeTime = Duration.seconds(30)
            /// How long a client may go on sending after the last answer.
            public var lingerTime = Duration.seconds(2)
            /// Connections in all, as far as the system has descriptors for them; beyond them the one that has waited longest for
            /// its client is closed.
            public var connections = 16_384
            /// Connections from one IPv4 address or IPv6 network of 64 bits, proxies and Unix sockets apart; beyond them the one of
            /// these that has waited longest is closed.
            public var connectionsPerAddress = 1_024
            /// Bytes of requests that are being read or answered, in all.
            public var heldBytes = 67_108_864

            /// The limits that suit a server on the internet.
            public init() {}
        }

        /// `ADDRESS:PORT`, `[ADDRESS]:PORT` or `unix:PATH`; port 0 lets the system choose.
        ///
        /// Unix sockets have mode 0660: the owner and the group may connect, whoever else may not.
        public var listeners: [String]
        /// The certificate, with which every address is served by TLS; Unix sockets never are.
        public var tls: TLS?
        /// Addresses, networks (`10.0.0.0/8`) and `unix`: whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
        public var proxies: [String]
        /// How much is borne.
        public var limits: Limits

        /// Makes a configuration.
        public init(listeners: [String], tls: TLS? = nil, proxies: [String] = [], limits: Limits = Limits()) {
            self.listeners = listeners
            self.tls = tls
            self.proxies = proxies
            self.limits = limits
        }
    }
}

extension HTTPServer.Configuration.Limits {
    var reader: RequestReader.Limits {
        RequestReader.Limits(requestLine: requestLine, fields: fields, fieldCount: fieldCount, body: body)
    }
}
