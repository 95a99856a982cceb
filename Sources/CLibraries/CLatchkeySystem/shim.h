// The door to what the Glibc overlay leaves out: process attributes, terminals, standard streams and keyrings.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

// Swift sees no variadic functions.

/// Makes the process unreadable to others of the same user, and its core never written. Zero when done.
static inline int latchkey_refuse_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

/// Asks how large a terminal is. Zero when it answers.
static inline int latchkey_terminal_size(int descriptor, int *columns, int *rows) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return -1;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}

// Clang gives Swift the members of `sigaction` as a union that has no Swift name on every platform.

/// Sets what a signal does: a function, or NULL for the system's default. Interrupted calls are not restarted.
static inline int latchkey_on_signal(int signal, void (*handler)(int)) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler ? handler : SIG_DFL;
    sigemptyset(&action.sa_mask);
    return sigaction(signal, &action, NULL);
}

/// Ignores a signal.
static inline int latchkey_ignore_signal(int signal) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_IGN;
    sigemptyset(&action.sa_mask);
    return sigaction(signal, &action, NULL);
}

/// Whether a signal is ignored, as under `nohup`.
static inline int latchkey_ignores_signal(int signal) {
    struct sigaction action;
    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/// Overwrites memory in a way that the compiler keeps.
static inline void latchkey_wipe(void *bytes, size_t count) { explicit_bzero(bytes, count); }

/// Makes a pipe whose ends never block and are closed in child processes. Zero when done.
static inline int latchkey_pipe(int ends[2]) {
    if (pipe(ends) != 0) return -1;
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
    }
    return 0;
}

// The kernel's keyrings have no functions in Debian's C library.

/// Puts bytes into the user's keyring under a name, readable by the user's processes for that many seconds, in place of an
/// earlier key of the name. Zero when done, -1 with errno otherwise; then nothing is kept.
static inline int latchkey_key_keep(const char *name, const void *bytes, size_t count, unsigned seconds) {
    // Made in the process's own keyring, which possesses it and so may set it up before anybody sees it.
    long key = syscall(SYS_add_key, "user", name, bytes, count, KEY_SPEC_PROCESS_KEYRING);
    if (key < 0) return -1;
    // All for who possesses it; view, read, write, search, link for the user.
    if (syscall(SYS_keyctl, KEYCTL_SETPERM, key, 0x3f1f0000UL) == 0 &&
        syscall(SYS_keyctl, KEYCTL_SET_TIMEOUT, key, seconds) == 0 &&
        syscall(SYS_keyctl, KEYCTL_LINK, key, KEY_SPEC_USER_KEYRING) == 0)
        return 0;
    int reason = errno;
    syscall(SYS_keyctl, KEYCTL_REVOKE, key);
    errno = reason;
    return -1;
}

/// The number of the key of a name in the user's keyring, or -1.
static inline int latchkey_key_find(const char *name) {
    return (int)syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", name, 0);
}

/// Reads a key. Its length, which may be more than `room`, or -1.
static inline long latchkey_key_read(int key, void *bytes, size_t room) {
    return syscall(SYS_keyctl, KEYCTL_READ, key, bytes, room);
}

/// Makes a key unreadable at once, and takes it out of the user's keyring. Zero when done.
static inline int latchkey_key_forget(int key) {
    long revoked = syscall(SYS_keyctl, KEYCTL_REVOKE, key);
    long taken = syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
    return revoked == 0 || taken == 0 ? 0 : -1;
}

/// Whether the kernel's generator has been seeded: one when it has.
static inline int latchkey_entropy_is_ready(void) {
    unsigned char bytes[32];
    return getrandom(bytes, sizeof bytes, GRND_NONBLOCK) == (ssize_t)sizeof bytes;
}

/// Whether the kernel takes its clock for synchronised, and by how many microseconds it may be off. Zero when known.
static inline int latchkey_clock_state(int *is_synchronised, long *error) {
    struct timex state;
    memset(&state, 0, sizeof state);
    if (adjtimex(&state) < 0) return -1;
    *is_synchronised = !(state.status & STA_UNSYNC);
    *error = state.maxerror;
    return 0;
}

/// The kind of a file system, its free bytes and free inodes for ordinary users; inodes are -1 where they are not counted.
/// Zero when known.
static inline int latchkey_disk_state(const char *path, long *kind, unsigned long long *bytes, long long *inodes) {
    struct statfs state;
    struct statvfs room;
    if (statfs(path, &state) != 0 || statvfs(path, &room) != 0) return -1;
    *kind = (long)state.f_type;
    *bytes = (unsigned long long)room.f_bavail * room.f_frsize;
    *inodes = room.f_files == 0 ? -1 : (long long)room.f_favail;
    return 0;
}

/// Opens a file without a name in a folder, or -1.
static inline int latchkey_open_nameless(const char *folder) {
    return open(folder, __O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}
