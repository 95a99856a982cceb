// The door to libcrypto (OpenSSL 3): what LatchkeyCrypto calls, and the macros Swift cannot see.
#pragma once
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

// Keys an HMAC context. The parameters point into their texts, so both live here, for the length of the call.
static inline int latchkey_hmac_init(EVP_MAC_CTX *context, const char *digest, const unsigned char *key, size_t length) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)digest, 0),
        OSSL_PARAM_construct_end(),
    };
    // A null key would mean "keep the former key": an empty key still needs an address.
    return EVP_MAC_init(context, length ? key : (const unsigned char *)"", length, parameters);
}
