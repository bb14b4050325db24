/* What the commands of signing keys share. */
#include "cli/key.h"

#include "base/err.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LOOK_MS = 200 };

static bool purpose_of(struct key_desk *d, struct att_err *err)
{
    const char *given = cli_value(d->c, "purpose");
    struct att_shown shown;

    d->purpose = given ? given : "attestation";
    d->alg = d->config.signing_algorithm;
    if (strcmp(d->purpose, "attestation") == 0)
        return true;
    d->alg = "RS256";
    return strcmp(d->purpose, "authority") == 0 ||
           att_fail(err, ATT_USAGE, "purpose", "attestation or authority: other keys are not rotated", "%s",
                    att_shown(&shown, att_str(d->purpose)));
}

bool key_desk_open(struct cli *c, struct key_desk *ret, struct att_err *err)
{
    *ret = (struct key_desk){ .c = c };
    operator_who(ret->by);
    ret->rows = att_arena_alloc(c->arena, 1, sizeof *ret->rows);
    if (!ret->rows)
        return att_fail_memory(err, "keys");
    return operator_config(c, &ret->config, err) && purpose_of(ret, err) &&
           operator_store(&ret->config, &ret->store, err) && key_desk_read(ret, err);
}

void key_desk_close(struct key_desk *d)
{
    store_close(d->store);
}

bool key_desk_read(struct key_desk *d, struct att_err *err)
{
    return keyrows_read(d->store, d->purpose, d->c->arena, d->rows, NULL, NULL, err);
}

bool key_seconds(const struct cli *c, const char *name, int64_t unless_given, int64_t max, int64_t *ret,
                 struct att_err *err)
{
    const char *text = cli_value(c, name);
    struct att_shown shown;
    char *end = NULL;

    *ret = unless_given;
    if (!text)
        return true;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno != 0 || n > max)
        return att_fail(err, ATT_USAGE, name, "whole seconds, at most a year", "%s",
                        att_shown(&shown, att_str(text)));
    *ret = n;
    return true;
}

bool key_desk_order(struct key_desk *d, struct store_tx *tx, int64_t activate_in_s, const char *retire,
                    struct att_err *err)
{
    const struct key_order order = { .purpose = d->purpose,
                                     .by = d->by,
                                     .retire = retire,
                                     .asked_unix_s = (int64_t)time(NULL),
                                     .activate_in_s = activate_in_s };
    struct key_order before;
    bool found = false;

    if (!key_order_get(tx, d->c->arena, d->purpose, &before, &found, err))
        return false;
    if (found)
        return att_fail(err, ATT_KEY_STATE, "key.order", "one order at a time",
                        "one that no attestd has carried out yet");
    return key_order_put(tx, d->c->arena, &order, err);
}

struct looking {
    const char *purpose;
    bool there;
};

static bool see(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    struct looking *l = ctx;

    (void)err;
    l->there = l->there || strcmp(doc->id, l->purpose) == 0;
    return true;
}

bool key_desk_wait(struct key_desk *d, int64_t seconds, struct att_err *err)
{
    const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };

    for (int64_t looks = 0; looks <= seconds * 1000 / LOOK_MS; looks++) {
        struct looking l = { .purpose = d->purpose };
        if (looks > 0)
            (void)nanosleep(&pause, NULL);
        if (!store_scan(d->store, KEY_ORDER_KIND, see, &l, err))
            return false;
        if (!l.there)
            return key_desk_read(d, err);
    }
    return att_fail(err, ATT_SERVICE_UNAVAILABLE, "key.order", "an attestd on this store that carries it out",
                    "none in %lld s; the order stays", (long long)seconds);
}
