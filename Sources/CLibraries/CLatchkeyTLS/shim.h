// The door to libssl: TLS contexts for the server.
#pragma once
#include <openssl/err.h>
#include <openssl/ssl.h>
