// OpenSSL.swift: how libcrypto is started, and what is done when it breaks.

internal import CLatchkeyOpenSSL
internal import Glibc

enum OpenSSL {
    /// Whether a FIPS provider rules the process, so that every computation must go through it.
    ///
    /// Also the one place where libcrypto is started. Its configuration file is skipped, which saves start-up time,
    /// unless `OPENSSL_CONF` names one: an administrator who sets it (for a FIPS provider, say) is obeyed.
    static let isFIPS: Bool = {
        let configuration = getenv("OPENSSL_CONF") != nil
        let options = configuration ? OPENSSL_INIT_LOAD_CONFIG : OPENSSL_INIT_NO_LOAD_CONFIG
        guard OPENSSL_init_crypto(UInt64(options), nil) == 1 else {
            stop("libcrypto does not start; check OPENSSL_CONF")
        }
        return EVP_default_properties_is_fips_enabled(nil) == 1
    }()

    /// Starts libcrypto, once in the life of the process.
    static func start() {
        _ = isFIPS
    }
}

/// Ends the process, because going on would mean going on without working cryptography.
///
/// For failures that no input can cause: no entropy, no memory for a digest state, a broken library.
func stop(_ reason: StaticString) -> Never {
    _ = write(STDERR_FILENO, "latchkey: ", 10)
    _ = write(STDERR_FILENO, reason.utf8Start, reason.utf8CodeUnitCount)
    _ = write(STDERR_FILENO, "\n", 1)
    abort()
}
