/* layers: keys signer store site access attest base codec */
/* Which key signs and which are published, second by second, as rows alone say it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "keys/internal.h"
#include "support/cases.h"

enum { KEEP = 100 };

/* Rows as text: "a:10 b:50" is two RS256 keys; 'e' before the name makes it ES256. */
static void rows_of(const char *text, struct keyrows *ret)
{
    static char kids[8][2];

    ret->count = 0;
    while (*text) {
        struct keyrow *row = &ret->row[ret->count];
        bool es = *text == '!';
        text += es;
        char *end = NULL;
        kids[ret->count][0] = *text;
        *row = (struct keyrow){ .purpose = "attestation",
                                .kid = kids[ret->count],
                                .alg = es ? "ES256" : "RS256",
                                .made_unix_s = 1,
                                .activate_unix_s = strtoll(text + 2, &end, 10),
                                .spki = { (const uint8_t *)"x", 1 } };
        ret->count++;
        text = *end == ' ' ? end + 1 : end;
    }
}

static void timeline(struct cases *c)
{
    static const struct {
        const char *rows;
        const char *alg;
        int64_t now;
        const char *published; /* in the order of the documents */
        char signing;
    } table[] = {
        /* one key signs always, also before its own moment: a clock may be behind */
        { "a:10", "RS256", 9, "a", 'a' },
        { "a:10", "RS256", 10, "a", 'a' },
        { "a:10", "RS256", 0, "a", 'a' },
        { "a:10", "RS256", INT64_MAX, "a", 'a' },
        /* a second one waits, and takes over at its second: not one before, not one after */
        { "a:10 b:50", "RS256", 11, "ab", 'a' },
        { "a:10 b:50", "RS256", 49, "ab", 'a' },
        { "a:10 b:50", "RS256", 50, "ba", 'b' },
        { "a:10 b:50", "RS256", 51, "ba", 'b' },
        /* the first stays as long as its last token, to the second */
        { "a:10 b:50", "RS256", 149, "ba", 'b' },
        { "a:10 b:50", "RS256", 150, "b", 'b' },
        { "a:10 b:50", "RS256", 151, "b", 'b' },
        /* the order of rows says nothing */
        { "b:50 a:10", "RS256", 49, "ab", 'a' },
        { "b:50 a:10", "RS256", 50, "ba", 'b' },
        /* three: signing first, then newest first */
        { "a:10 b:50 c:90", "RS256", 60, "bca", 'b' },
        { "a:10 b:50 c:90", "RS256", 90, "cba", 'c' },
        { "a:10 b:50 c:90", "RS256", 149, "cba", 'c' },
        { "a:10 b:50 c:90", "RS256", 150, "cb", 'c' },
        { "a:10 b:50 c:90", "RS256", 189, "cb", 'c' },
        { "a:10 b:50 c:90", "RS256", 190, "c", 'c' },
        /* both wait: the older signs meanwhile */
        { "b:50 c:90", "RS256", 10, "bc", 'b' },
        /* one that was put between others shortens the life of the one before it */
        { "a:10 c:90 b:20", "RS256", 25, "bca", 'b' },
        { "a:10 c:90 b:20", "RS256", 119, "cba", 'c' },
        { "a:10 c:90 b:20", "RS256", 120, "cb", 'c' },
        /* the same second: the name decides, and the other never signs */
        { "a:10 b:50 c:50", "RS256", 49, "acb", 'a' },
        { "a:10 b:50 c:50", "RS256", 50, "cba", 'c' },
        { "a:10 b:50 c:50", "RS256", 150, "c", 'c' },
        /* two algorithms: each has a life of its own, RS256 stands first */
        { "a:10 !e:20", "ES256", 30, "ae", 'e' },
        { "a:10 !e:20", "RS256", 30, "ae", 'a' },
        { "!e:20 !f:60 a:10", "ES256", 59, "aef", 'e' },
        { "!e:20 !f:60 a:10", "ES256", 60, "afe", 'f' },
        { "!e:20 !f:60 a:10", "ES256", 160, "af", 'f' },
        { "a:10 !e:20", "RS256", 5000, "ae", 'a' },
    };
    struct keyrows *rows = calloc(1, sizeof *rows);

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct keyring_options o = { .purpose = "attestation",
                                           .alg = table[i].alg,
                                           .schedule = { .keep_s = KEEP } };
        const struct keyset *set = NULL;
        struct att_err err = { 0 };
        char got[9] = "";
        rows_of(table[i].rows, rows);
        if (!keyset_new(&o, rows, table[i].now, 7, &set, &err))
            abort();
        for (size_t k = 0; k < set->count; k++)
            got[k] = set->keys[k].kid[0];
        char signs = keyset_signing(set, table[i].now)->kid[0];
        cases_check(c, strcmp(got, table[i].published) == 0, "%s at %lld: published %s, not %s",
                    table[i].rows, (long long)table[i].now, table[i].published, got);
        cases_check(c, signs == table[i].signing, "%s at %lld: %c signs, not %c", table[i].rows,
                    (long long)table[i].now, table[i].signing, signs);
        cases_check(c, !keyset_outdated(set, table[i].now) && set->number == 7, "%s at %lld: up to date",
                    table[i].rows, (long long)table[i].now);
        keyset_unref(set);
    }
    free(rows);
}

/* A set that was made before goes by the time, too: only the order and what is published wait for the next look. */
static void old_sets(struct cases *c)
{
    const struct keyring_options o = { .purpose = "attestation",
                                       .alg = "RS256",
                                       .schedule = { .keep_s = KEEP } };
    struct keyrows *rows = calloc(1, sizeof *rows);
    const struct keyset *set = NULL;
    struct att_err err = { 0 };

    rows_of("a:10 b:50", rows);
    if (!keyset_new(&o, rows, 20, 1, &set, &err))
        abort();
    cases_check(c, !keyset_outdated(set, 49) && keyset_signing(set, 49)->kid[0] == 'a', "before");
    cases_check(c, keyset_outdated(set, 50) && keyset_signing(set, 50)->kid[0] == 'b',
                "at the second the other signs, though the set is the same");
    const struct keyset *again = keyset_ref(set);
    keyset_unref(set);
    cases_check(c, keyset_find(again, "b") && !keyset_find(again, "c"), "held as long as anybody reads");
    cases_check(c,
                keyset_find(again, "a")->until_unix_s == 50 &&
                    keyset_find(again, "a")->remove_unix_s == 150 &&
                    keyset_find(again, "b")->until_unix_s == KEYSET_NEVER &&
                    keyset_find(again, "b")->remove_unix_s == KEYSET_NEVER,
                "moments");
    keyset_unref(again);
    rows_of("a:9223372036854775800 b:9223372036854775806", rows);
    cases_check(c, keyrows_remove(rows, &rows->row[0], KEEP) == KEYSET_NEVER,
                "no moment behind the last one");
    rows_of("a:10 b:50", rows);
    cases_check(c, keyrows_remove(rows, &rows->row[0], 0) == KEYSET_NEVER, "keep 0: nothing is removed");
    free(rows);
}

int main(void)
{
    struct cases c = { .name = "unit_keys_life" };

    timeline(&c);
    old_sets(&c);
    return cases_report(&c);
}
