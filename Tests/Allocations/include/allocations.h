// Tells how often the process has asked for memory, in whatever language.
#pragma once

long latchkey_allocation_count(void);
