// The door to zbar: QR codes out of grey pictures. Nothing is linked: the library is loaded at first use, because it brings
// X11, D-Bus and cameras with it.
#pragma once
#include <dlfcn.h>
#include <zbar.h>

/// The calls that are made.
typedef struct latchkey_zbar {
    __typeof__(&zbar_image_scanner_create) scanner_create;
    __typeof__(&zbar_image_scanner_destroy) scanner_destroy;
    __typeof__(&zbar_image_scanner_set_config) scanner_set_config;
    __typeof__(&zbar_scan_image) scan_image;
    __typeof__(&zbar_image_create) image_create;
    __typeof__(&zbar_image_destroy) image_destroy;
    __typeof__(&zbar_image_set_format) image_set_format;
    __typeof__(&zbar_image_set_size) image_set_size;
    __typeof__(&zbar_image_set_data) image_set_data;
    __typeof__(&zbar_image_first_symbol) first_symbol;
    __typeof__(&zbar_symbol_next) symbol_next;
    __typeof__(&zbar_symbol_get_type) symbol_type;
    __typeof__(&zbar_symbol_get_data) symbol_data;
    __typeof__(&zbar_symbol_get_data_length) symbol_length;
} latchkey_zbar;

#define LATCHKEY_FIND(member, name) \
    if (!(calls->member = (__typeof__(calls->member))dlsym(library, #name))) return -1

/// Loads the library and finds its calls. Zero when all are there.
static inline int latchkey_zbar_load(latchkey_zbar *calls) {
    void *library = dlopen("libzbar.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library) return -1;
    LATCHKEY_FIND(scanner_create, zbar_image_scanner_create);
    LATCHKEY_FIND(scanner_destroy, zbar_image_scanner_destroy);
    LATCHKEY_FIND(scanner_set_config, zbar_image_scanner_set_config);
    LATCHKEY_FIND(scan_image, zbar_scan_image);
    LATCHKEY_FIND(image_create, zbar_image_create);
    LATCHKEY_FIND(image_destroy, zbar_image_destroy);
    LATCHKEY_FIND(image_set_format, zbar_image_set_format);
    LATCHKEY_FIND(image_set_size, zbar_image_set_size);
    LATCHKEY_FIND(image_set_data, zbar_image_set_data);
    LATCHKEY_FIND(first_symbol, zbar_image_first_symbol);
    LATCHKEY_FIND(symbol_next, zbar_symbol_next);
    LATCHKEY_FIND(symbol_type, zbar_symbol_get_type);
    LATCHKEY_FIND(symbol_data, zbar_symbol_get_data);
    LATCHKEY_FIND(symbol_length, zbar_symbol_get_data_length);
    return 0;
}

#undef LATCHKEY_FIND
