// The door to libpng: a matrix to a PNG file.
#pragma once
#include <png.h>
