// The door to libcurl: types and constants only; the library is loaded at first use.
#pragma once
#include <curl/curl.h>
