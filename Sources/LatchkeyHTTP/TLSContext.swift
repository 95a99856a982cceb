// TLSContext.swift: the certificate, the key and the rules by which the server speaks TLS.
internal import CLatchkeyTLS

/// What connections are accepted with; unchanged once it is made, so that a new certificate is a new context.
final class TLSContext: @unchecked Sendable {
    // Sendable: libssl counts the context's users atomically, and nothing here changes it after `init`.
    private let context: OpaquePointer

    /// Reads a certificate chain and its key, both PEM.
    init(_ files: HTTPServer.Configuration.TLS) throws(HTTPServer.Failure) {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let context = SSL_CTX_new(TLS_server_method()) else {
            throw HTTPServer.Failure("OpenSSL makes no TLS context: look for an error in its openssl.cnf")
        }
        self.context = context
        guard latchkey_tls_harden(context) == 1 else {
            throw HTTPServer.Failure("OpenSSL does not know TLS 1.2 with AES-GCM: install Debian's libssl3")
        }
        guard SSL_CTX_use_certificate_chain_file(context, files.certificate) == 1 else {
            throw HTTPServer.Failure(
                "the certificate `\(files.certificate)` cannot be used: give a readable PEM file with the server's certificate "
                    + "first, with an EC or an RSA key of 2048 bits or more"
            )
        }
        let read = SSL_CTX_use_PrivateKey_file(context, files.key, SSL_FILETYPE_PEM)
        let isMismatch = ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_VALUES_MISMATCH
        guard read == 1 || isMismatch else {
            throw HTTPServer.Failure(
                "the key `\(files.key)` cannot be used: give a readable PEM file with a private key and no passphrase"
            )
        }
        guard read == 1, SSL_CTX_check_private_key(context) == 1 else {
            throw HTTPServer.Failure("the key `\(files.key)` is not the key of the certificate `\(files.certificate)`")
        }
    }

    deinit { SSL_CTX_free(context) }

    /// The state of one new connection; whoever takes it frees it.
    func connection() -> OpaquePointer? { SSL_new(context) }

    /// Tells the client that nothing more will come.
    static func sayGoodbye(_ connection: OpaquePointer) {
        SSL_shutdown(connection)
        ERR_clear_error()
    }
}
