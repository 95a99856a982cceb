// The door to libcurl: types and constants only; the library is loaded at first use.
#pragma once
#include <curl/curl.h>

// Swift sees no variadic functions, and these are reached by address only.

/// Sets an option that is a number.
static inline CURLcode latchkey_curl_set_number(void *setopt, CURL *handle, CURLoption option, long value) {
    return ((CURLcode(*)(CURL *, CURLoption, ...))setopt)(handle, option, value);
}

/// Sets an option that is a number of 64 bits.
static inline CURLcode latchkey_curl_set_large(void *setopt, CURL *handle, CURLoption option, curl_off_t value) {
    return ((CURLcode(*)(CURL *, CURLoption, ...))setopt)(handle, option, value);
}

/// Sets an option that is an address.
static inline CURLcode latchkey_curl_set_pointer(void *setopt, CURL *handle, CURLoption option, const void *value) {
    return ((CURLcode(*)(CURL *, CURLoption, ...))setopt)(handle, option, value);
}

/// Sets an option that is a function taking what came.
static inline CURLcode latchkey_curl_set_sink(void *setopt, CURL *handle, CURLoption option,
                                              size_t (*value)(char *, size_t, size_t, void *)) {
    return ((CURLcode(*)(CURL *, CURLoption, ...))setopt)(handle, option, value);
}

/// Asks for the status of the answer.
static inline CURLcode latchkey_curl_status(void *getinfo, CURL *handle, long *status) {
    return ((CURLcode(*)(CURL *, CURLINFO, ...))getinfo)(handle, CURLINFO_RESPONSE_CODE, status);
}
