/* cli/nearest.h - "did you mean ...": the closest of some words. */
#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

#include <stddef.h>

struct cli_nearest {
    const char *wanted;
    const char *best; /* NULL while nothing is close enough */
    size_t distance;
};

/* Considers one more word, as base/nearest.h does. */
void cli_nearest_try(struct cli_nearest *n, const char *word);

#endif
