/* base/nearest.h - "did you mean ...": the closest of some words.
 *
 *     struct att_nearest near = { .wanted = att_str("is-debugable") };
 *     att_nearest_try(&near, att_str("is-debuggable"));
 *     near.best                                            empty while nothing is close enough
 *
 * Work is bounded: words of over ATT_NEAREST_WORD_MAX bytes are never near.
 */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <attest/span.h>

enum { ATT_NEAREST_WORD_MAX = 64 };

struct att_nearest {
    struct att_span wanted;
    struct att_span best; /* borrowed from whoever tried it */
    size_t distance;
};

/* Considers one more word; the first of equally close ones stays. ASCII case does not count. */
void att_nearest_try(struct att_nearest *n, struct att_span word);

#endif
