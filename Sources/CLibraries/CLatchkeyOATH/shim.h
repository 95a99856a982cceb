// The door to liboath: the peer that the benchmark measures beside ours.
#pragma once
#include <liboath/oath.h>
