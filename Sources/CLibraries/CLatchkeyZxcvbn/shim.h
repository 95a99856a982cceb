// The door to zxcvbn: how soon a password would be guessed, from its lists of common ones. It has no .pc file.
#pragma once
#include <zxcvbn.h>
