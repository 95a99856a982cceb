// The door to expat: XML read event by event.
#pragma once
#include <expat.h>
