// Tells how often the process has run Argon2.
#pragma once

#include <stddef.h>

long latchkey_hash_count(void);
