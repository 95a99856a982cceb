// The door to utf8proc: Unicode normalisation of passwords.
#pragma once
#include <utf8proc.h>
