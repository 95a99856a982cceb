// The door to libssl: TLS contexts for the server.
#pragma once
#include <openssl/err.h>
#include <openssl/ssl.h>

// Swift sees no function-like macros, of which these options are made.

static inline int latchkey_tls_no_passphrase(char *buffer, int size, int writing, void *context) {
    (void)buffer, (void)size, (void)writing, (void)context;
    return 0;
}

// Of HTTP's versions only 1.1 is spoken; a client that names others alone is told so (RFC 7301 section 3.2).
static inline int latchkey_tls_choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *length,
                                               const unsigned char *offered, unsigned int count, void *context) {
    (void)ssl, (void)context;
    static const unsigned char ours[] = "\x08http/1.1";
    int found = SSL_select_next_proto((unsigned char **)chosen, length, ours, sizeof ours - 1, offered, count);
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// Allows TLS 1.2 and 1.3 with forward secrecy and authenticated encryption only. One when done.
static inline int latchkey_tls_harden(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
    // Not SSL_MODE_ENABLE_PARTIAL_WRITE: libevent 2.1 would go on with the next piece after half of one.
    SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_security_level(context, 2);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    // A key with a passphrase is refused, never asked for on a terminal.
    SSL_CTX_set_default_passwd_cb(context, latchkey_tls_no_passphrase);
    SSL_CTX_set_alpn_select_cb(context, latchkey_tls_choose_protocol, NULL);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) &&
           SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
}
