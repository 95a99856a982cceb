// failing.c: loaded before the C library, it counts what one process writes and makes durable in the files whose name has
// FAILING_NAME in it, and lets the calls fail, fall short or be the last that stand in the file FAILING_PLAN.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct plan {
    long long calls;   // How many there were.
    long long first;   // Which one is the first to fail; none if zero.
    long long count;   // How many fail.
    long long error;   // The error; -1: half of it is written; -2: the process is killed.
    long long failed;  // How many have failed.
};

static struct plan *plan;
static const char *name;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAILING_PLAN");
    name = getenv("FAILING_NAME");
    int file = path && name ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *page = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) plan = page;
    close(file);
}

// What is to become of a call: zero if it goes on, else the plan's error.
static long long verdict(int file) {
    if (!plan) return 0;
    char link[64], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (!strstr(path, name)) return 0;
    long long number = __atomic_add_fetch(&plan->calls, 1, __ATOMIC_SEQ_CST), first = plan->first;
    if (first <= 0 || number < first || number >= first + plan->count) return 0;
    if (plan->error == -2) kill(getpid(), SIGKILL);
    __atomic_add_fetch(&plan->failed, 1, __ATOMIC_SEQ_CST);
    return plan->error;
}

#define REAL(function) \
    static __typeof__(function) *real; \
    if (!real) real = (__typeof__(function) *)dlsym(RTLD_NEXT, #function)

#define FAIL(error) do { errno = (int)(error); return -1; } while (0)

#define WRITES(function, offset_type) \
    ssize_t function(int file, const void *bytes, size_t count, offset_type offset) { \
        REAL(function); \
        long long error = verdict(file); \
        if (error > 0) FAIL(error); \
        return real(file, bytes, error < 0 ? count / 2 : count, offset); \
    }

#define ENDS(function) \
    int function(int file) { \
        REAL(function); \
        long long error = verdict(file); \
        if (error) FAIL(error > 0 ? error : EIO); \
        return real(file); \
    }

#define CUTS(function, length_type) \
    int function(int file, length_type length) { \
        REAL(function); \
        long long error = verdict(file); \
        if (error) FAIL(error > 0 ? error : EIO); \
        return real(file, length); \
    }

WRITES(pwrite, off_t)
WRITES(pwrite64, off64_t)
ENDS(fsync)
ENDS(fdatasync)
CUTS(ftruncate, off_t)
CUTS(ftruncate64, off64_t)

ssize_t write(int file, const void *bytes, size_t count) {
    REAL(write);
    long long error = verdict(file);
    if (error > 0) FAIL(error);
    return real(file, bytes, error < 0 ? count / 2 : count);
}
