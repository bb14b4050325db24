#include "cli/nearest.h"

#include "base/nearest.h"

void cli_nearest_try(struct cli_nearest *n, const char *word)
{
    struct att_nearest near = {
        .wanted = att_str(n->wanted),
        .best = n->best ? att_str(n->best) : (struct att_span){ 0 },
        .distance = n->distance,
    };

    att_nearest_try(&near, att_str(word));
    n->best = (const char *)near.best.ptr;
    n->distance = near.distance;
}
