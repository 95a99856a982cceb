// The door to what the Glibc overlay leaves out: process attributes, terminals and standard streams.
#pragma once
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <termios.h>
