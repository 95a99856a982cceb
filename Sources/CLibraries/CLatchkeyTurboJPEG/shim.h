// The door to libjpeg-turbo's own interface, which reports errors as values: JPEG to grey pixels. Loaded at first use.
#pragma once
#include <dlfcn.h>
#include <turbojpeg.h>

/// The calls that are made.
typedef struct latchkey_jpeg {
    __typeof__(&tjInitDecompress) begin;
    __typeof__(&tjDecompressHeader3) header;
    __typeof__(&tjDecompress2) decompress;
    __typeof__(&tjDestroy) end;
} latchkey_jpeg;

/// Loads the library and finds its calls. Zero when all are there.
static inline int latchkey_jpeg_load(latchkey_jpeg *calls) {
    void *library = dlopen("libturbojpeg.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library) return -1;
    calls->begin = (__typeof__(calls->begin))dlsym(library, "tjInitDecompress");
    calls->header = (__typeof__(calls->header))dlsym(library, "tjDecompressHeader3");
    calls->decompress = (__typeof__(calls->decompress))dlsym(library, "tjDecompress2");
    calls->end = (__typeof__(calls->end))dlsym(library, "tjDestroy");
    return calls->begin && calls->header && calls->decompress && calls->end ? 0 : -1;
}
