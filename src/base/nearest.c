#include "base/nearest.h"

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

static uint8_t folded(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* Levenshtein distance, one row at a time. */
static size_t distance(struct att_span a, struct att_span b)
{
    size_t row[ATT_NEAREST_WORD_MAX + 1];

    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t cost = folded(a.ptr[i - 1]) != folded(b.ptr[j - 1]);
            size_t here = least(row[j] + 1, row[j - 1] + 1, diagonal + cost);
            diagonal = row[j];
            row[j] = here;
        }
    }
    return row[b.len];
}

void att_nearest_try(struct att_nearest *n, struct att_span word)
{
    if (n->wanted.len > ATT_NEAREST_WORD_MAX || word.len > ATT_NEAREST_WORD_MAX)
        return;
    size_t d = distance(n->wanted, word);
    /* A third of the letters may be wrong: farther words are guesses, not hints. */
    if (d > 1 + word.len / 3 || d >= word.len || (n->best.len > 0 && d >= n->distance))
        return;
    n->best = word;
    n->distance = d;
}
