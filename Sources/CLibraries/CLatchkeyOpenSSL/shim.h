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
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// Lists of certificates, which own them; their functions are macros.
static inline STACK_OF(X509) *latchkey_certificates_new(void) { return sk_X509_new_null(); }
static inline void latchkey_certificates_free(STACK_OF(X509) *list) { sk_X509_pop_free(list, X509_free); }
static inline int latchkey_certificates_push(STACK_OF(X509) *list, X509 *one) { return sk_X509_push(list, one); }
static inline int latchkey_certificates_count(const STACK_OF(X509) *list) { return sk_X509_num(list); }
static inline X509 *latchkey_certificates_at(const STACK_OF(X509) *list, int place) { return sk_X509_value(list, place); }

// The first alternative name of a kind: its text, or its name. Owned by the list that `names` takes.
static inline GENERAL_NAMES *latchkey_alternative_names(const X509 *certificate) {
    return (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}
static inline void latchkey_alternative_names_free(GENERAL_NAMES *names) { GENERAL_NAMES_free(names); }
static inline const ASN1_STRING *latchkey_alternative_text(GENERAL_NAMES *names, int kind) {
    for (int place = 0; place < sk_GENERAL_NAME_num(names); place++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, place);
        if (name->type == kind && kind == GEN_DNS) return name->d.dNSName;
        if (name->type == kind && kind == GEN_URI) return name->d.uniformResourceIdentifier;
    }
    return NULL;
}
static inline const X509_NAME *latchkey_alternative_directory(GENERAL_NAMES *names) {
    for (int place = 0; place < sk_GENERAL_NAME_num(names); place++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, place);
        if (name->type == GEN_DIRNAME) return name->d.directoryName;
    }
    return NULL;
}
static inline void latchkey_openssl_free(void *memory) { OPENSSL_free(memory); }

// Keys an HMAC context. The parameters point into their texts, so both live here, for the length of the call.
static inline int latchkey_hmac_init(EVP_MAC_CTX *context, const char *digest, const unsigned char *key, size_t length) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)digest, 0),
        OSSL_PARAM_construct_end(),
    };
    // A null key would mean "keep the former key": an empty key still needs an address.
    return EVP_MAC_init(context, length ? key : (const unsigned char *)"", length, parameters);
}
