// Counts how often the process runs Argon2, whoever asks. In C, because the linker then prefers these symbols of the
// program to libsodium's; the work is still done by libsodium.
#define _GNU_SOURCE
#include "hashes.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_long hashes;

long latchkey_hash_count(void) { return atomic_load(&hashes); }

static void *next(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) abort();
    return function;
}

int crypto_pwhash_argon2id_str_verify(const char *text, const char *password, unsigned long long length) {
    atomic_fetch_add(&hashes, 1);
    int (*work)(const char *, const char *, unsigned long long) = next("crypto_pwhash_argon2id_str_verify");
    return work(text, password, length);
}

int crypto_pwhash_argon2id_str(char *text, const char *password, unsigned long long length, unsigned long long passes,
                               size_t memory) {
    atomic_fetch_add(&hashes, 1);
    int (*work)(char *, const char *, unsigned long long, unsigned long long, size_t) =
        next("crypto_pwhash_argon2id_str");
    return work(text, password, length, passes, memory);
}

int crypto_pwhash_argon2id(unsigned char *digest, unsigned long long digest_length, const char *password,
                           unsigned long long length, const unsigned char *salt, unsigned long long passes,
                           size_t memory, int algorithm) {
    atomic_fetch_add(&hashes, 1);
    int (*work)(unsigned char *, unsigned long long, const char *, unsigned long long, const unsigned char *,
                unsigned long long, size_t, int) = next("crypto_pwhash_argon2id");
    return work(digest, digest_length, password, length, salt, passes, memory, algorithm);
}
