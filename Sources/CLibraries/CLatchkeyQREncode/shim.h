// The door to libqrencode: text to a QR matrix.
#pragma once
#include <qrencode.h>
