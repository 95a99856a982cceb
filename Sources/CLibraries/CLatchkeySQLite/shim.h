// The door to SQLite: the embedded store, and the few calls that Swift cannot see (variadics, casting macros).
#pragma once
#include <sqlite3.h>

/// Sets one on-or-off option of a connection (`sqlite3_db_config` is variadic).
static inline int latchkey_sqlite_set_option(sqlite3 *connection, int option, int on) {
    return sqlite3_db_config(connection, option, on, (int *)0);
}

/// Binds a copy of `count` bytes of UTF-8 text (`SQLITE_TRANSIENT` is a cast; a null address would bind NULL).
static inline int latchkey_sqlite_bind_text(sqlite3_stmt *statement, int index, const char *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_text64(statement, index, bytes ? bytes : "", count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

/// Binds a copy of `count` bytes, which may be none: a null address alone would bind NULL.
static inline int latchkey_sqlite_bind_bytes(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count) {
    return count == 0 ? sqlite3_bind_zeroblob(statement, index, 0)
                      : sqlite3_bind_blob64(statement, index, bytes, count, SQLITE_TRANSIENT);
}
