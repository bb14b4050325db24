/* How many writes a subscription may make: a bucket for each, refilled by the second. Asked only for callers that may
 * write there, so that nobody uses up another's share, and there are as many buckets as subscriptions. */
#include "api/internal.h"

#include "base/err.h"

#include <stdlib.h>

struct bucket {
    char *subscription;
    uint64_t sixtieths; /* 60 are one write: a second gives writes_per_minute of them */
    int64_t at_unix_s;
};

struct throttle {
    unsigned writes_per_minute;
    struct bucket *buckets;
    size_t count;
};

bool throttle_new(unsigned writes_per_minute, struct throttle **ret, struct att_err *err)
{
    struct throttle *t = calloc(1, sizeof *t);

    if (!t)
        return att_fail_memory(err, "api.throttle");
    t->writes_per_minute = writes_per_minute;
    *ret = t;
    return true;
}

static struct bucket *bucket_of(struct throttle *t, const char *subscription, int64_t now_unix_s)
{
    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->buckets[i].subscription, subscription) == 0)
            return &t->buckets[i];
    }
    struct bucket *grown = realloc(t->buckets, (t->count + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    t->buckets = grown;
    char *copy = strdup(subscription);
    if (!copy)
        return NULL;
    t->buckets[t->count] = (struct bucket){ copy, (uint64_t)t->writes_per_minute * 60, now_unix_s };
    return &t->buckets[t->count++];
}

bool throttle_take(struct throttle *t, const char *subscription, int64_t now_unix_s, unsigned *ret_left)
{
    struct bucket *b = bucket_of(t, subscription, now_unix_s);
    uint64_t full = (uint64_t)t->writes_per_minute * 60;

    *ret_left = 0;
    if (!b)
        return false;
    int64_t passed = now_unix_s - b->at_unix_s;
    if (passed > 0) { /* a clock that goes back gives nothing */
        b->sixtieths += (uint64_t)(passed > 60 ? 60 : passed) * t->writes_per_minute;
        if (b->sixtieths > full)
            b->sixtieths = full;
    }
    b->at_unix_s = now_unix_s;
    if (b->sixtieths < 60)
        return false;
    b->sixtieths -= 60;
    *ret_left = (unsigned)(b->sixtieths / 60);
    return true;
}

void throttle_free(struct throttle *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++)
        free(t->buckets[i].subscription);
    free(t->buckets);
    free(t);
}
