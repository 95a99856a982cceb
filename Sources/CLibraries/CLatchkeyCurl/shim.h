// The door to libcurl: types and constants only; the library is loaded at first use.
#pragma once
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

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

/// Who is asked before a connection: about an address of four or sixteen bytes, as on the wire; of none where it is another's.
struct latchkey_curl_gate {
    bool (*lets)(void *context, const unsigned char *address, int length);
    void *context;
};

/// Opens the socket to an address that the gate lets through. Swift sees none of the system's socket types here.
static inline curl_socket_t latchkey_curl_open(void *data, curlsocktype purpose, struct curl_sockaddr *to) {
    const struct latchkey_curl_gate *gate = data;
    unsigned char address[16] = {0};
    int length = 0;
    (void)purpose;
    if (to->family == AF_INET && to->addrlen >= sizeof(struct sockaddr_in)) {
        length = 4;
        memcpy(address, (const char *)&to->addr + offsetof(struct sockaddr_in, sin_addr), 4);
    } else if (to->family == AF_INET6 && to->addrlen >= sizeof(struct sockaddr_in6)) {
        length = 16;
        memcpy(address, (const char *)&to->addr + offsetof(struct sockaddr_in6, sin6_addr), 16);
    }
    if (!gate->lets(gate->context, address, length)) return CURL_SOCKET_BAD;
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/// Has every connection of the handle asked about; `gate` stays where it is meanwhile.
static inline CURLcode latchkey_curl_set_gate(void *setopt, CURL *handle, const struct latchkey_curl_gate *gate) {
    CURLcode code =
        ((CURLcode(*)(CURL *, CURLoption, ...))setopt)(handle, CURLOPT_OPENSOCKETFUNCTION, latchkey_curl_open);
    if (code != CURLE_OK) return code;
    return ((CURLcode(*)(CURL *, CURLoption, ...))setopt)(handle, CURLOPT_OPENSOCKETDATA, (void *)gate);
}

/// Asks for the status of the answer.
static inline CURLcode latchkey_curl_status(void *getinfo, CURL *handle, long *status) {
    return ((CURLcode(*)(CURL *, CURLINFO, ...))getinfo)(handle, CURLINFO_RESPONSE_CODE, status);
}
