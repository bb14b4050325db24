#include "cli/nearest.h"

#include <ctype.h>
#include <string.h>

enum { WORD_MAX_CHARS = 40 };

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Levenshtein distance, ignoring case, one row at a time. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t row[WORD_MAX_CHARS + 1];

    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t cost = tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]);
            size_t here = least(row[j] + 1, row[j - 1] + 1, diagonal + cost);
            diagonal = row[j];
            row[j] = here;
        }
    }
    return row[b_len];
}

void cli_nearest_try(struct cli_nearest *n, const char *word)
{
    size_t wanted_len = strlen(n->wanted);
    size_t word_len = strlen(word);

    if (wanted_len > WORD_MAX_CHARS || word_len > WORD_MAX_CHARS)
        return;
    size_t d = distance(n->wanted, wanted_len, word, word_len);
    /* A third of the letters may be wrong: farther words are guesses, not hints. */
    if (d > 1 + word_len / 3 || d >= word_len || (n->best && d >= n->distance))
        return;
    n->best = word;
    n->distance = d;
}
