#include "contract/backend.h"

static bool start(void)
{
    (void)strcpy(backend_memory.url, "memory:");
    return true;
}

static bool fresh(void)
{
    return true; /* every handle is a new store */
}

static void stop(void) {}

struct backend backend_memory = { .name = "memory", .start = start, .fresh = fresh, .stop = stop };
