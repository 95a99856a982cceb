// The door to what the Glibc overlay leaves out: process attributes, terminals and standard streams.
#pragma once
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
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
