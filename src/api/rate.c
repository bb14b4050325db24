#include "api/rate.h"

#include "base/cidr.h"
#include "base/err.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>

enum { PARTS = 32, WAYS = 8, SETS = RATE_BUCKETS / PARTS / WAYS, PER_TOKEN = 1000 };

/* 1000 are one request, so that a millisecond gives per_second of them. */
struct bucket {
    uint64_t key; /* 0: nobody's */
    int64_t at_ms;
    uint64_t thousandths;
};

struct part {
    pthread_mutex_t lock;
    struct bucket sets[SETS][WAYS];
};

struct rate {
    uint64_t per_second, full;
    uint64_t seed[2];
    struct part parts[PARTS];
};

bool rate_new(unsigned per_second, unsigned burst, struct rate **ret, struct att_err *err)
{
    struct rate *r = calloc(1, sizeof *r);

    if (!r)
        return att_fail_memory(err, "api.rate");
    r->per_second = per_second;
    r->full = (uint64_t)(burst ? burst : 2 * per_second) * PER_TOKEN;
    if (RAND_bytes((unsigned char *)r->seed, sizeof r->seed) != 1) {
        free(r);
        return att_fail(err, ATT_CRYPTO_FAILED, "api.rate", "random bytes", "none to be had");
    }
    for (size_t i = 0; i < PARTS; i++)
        if (pthread_mutex_init(&r->parts[i].lock, NULL) != 0)
            abort(); /* glibc's cannot fail with these */
    *ret = r;
    return true;
}

void rate_free(struct rate *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < PARTS; i++)
        pthread_mutex_destroy(&r->parts[i].lock);
    free(r);
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* Seeded: who could choose keys that fall together would push others out of the table. */
static uint64_t hash_of(const struct rate *r, struct att_span key)
{
    uint64_t h = r->seed[0];

    for (size_t i = 0; i < key.len; i++)
        h = mix(h ^ key.ptr[i]) + r->seed[1];
    return h ? h : 1;
}

/* Found, or the one that was not seen for longest, made new. */
static struct bucket *bucket_of(const struct rate *r, struct bucket set[WAYS], uint64_t key, int64_t now_ms)
{
    struct bucket *oldest = &set[0];

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (!set[i].key || (oldest->key && set[i].at_ms < oldest->at_ms))
            oldest = &set[i];
    }
    *oldest = (struct bucket){ .key = key, .at_ms = now_ms, .thousandths = r->full };
    return oldest;
}

static void refill(const struct rate *r, struct bucket *b, int64_t now_ms)
{
    int64_t passed = now_ms - b->at_ms;

    if (passed <= 0)
        return;
    uint64_t room = r->full - b->thousandths;
    uint64_t got = (uint64_t)passed > room / r->per_second ? room : (uint64_t)passed * r->per_second;
    b->thousandths += got;
    b->at_ms = now_ms;
}

bool rate_take(struct rate *r, struct att_span key, int64_t now_ms, unsigned *ret_wait_s)
{
    *ret_wait_s = 0;
    if (!r)
        return true;
    uint64_t h = hash_of(r, key);
    struct part *part = &r->parts[h % PARTS];
    pthread_mutex_lock(&part->lock);
    struct bucket *b = bucket_of(r, part->sets[h / PARTS % SETS], h, now_ms);
    refill(r, b, now_ms);
    bool taken = b->thousandths >= PER_TOKEN;
    if (taken)
        b->thousandths -= PER_TOKEN;
    uint64_t missing = taken ? 0 : PER_TOKEN - b->thousandths;
    pthread_mutex_unlock(&part->lock);
    if (!taken)
        *ret_wait_s = (unsigned)(missing / r->per_second / 1000 + 1);
    return taken;
}

struct att_span rate_client_key(const char *address, struct rate_client *room)
{
    struct att_ip ip;

    if (!address || !att_ip_parse(att_str(address), &ip)) {
        room->bytes[0] = 0;
        room->len = 1;
        return att_span_of(room->bytes, room->len);
    }
    room->bytes[0] = ip.v6 ? 6 : 4;
    room->len = ip.v6 ? 1 + 8 : 1 + 4;
    memcpy(room->bytes + 1, ip.bytes, room->len - 1);
    return att_span_of(room->bytes, room->len);
}
