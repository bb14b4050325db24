#include "authority/guesses.h"

#include "base/cidr.h"
#include "base/err.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { SLOTS = 4096, WAYS = 8, SEED_BYTES = 16, KEY_BYTES = 16, INPUT_BYTES = 512 };

struct count {
    int64_t since_unix_s;
    unsigned used; /* 0: the slot is free */
    uint8_t key[KEY_BYTES];
};

struct guesses {
    pthread_mutex_t lock;
    uint8_t seed[SEED_BYTES]; /* so that nobody outside can choose keys that share a slot */
    unsigned in_all_max;
    struct count all;
    struct count slots[SLOTS];
};

bool guesses_new(unsigned in_all_max, struct guesses **ret, struct att_err *err)
{
    struct guesses *g = calloc(1, sizeof *g);

    if (!g)
        return att_fail_memory(err, "authority.guesses");
    if (RAND_bytes(g->seed, sizeof g->seed) != 1) {
        free(g);
        return att_fail(err, ATT_CRYPTO_FAILED, "authority.guesses", "random bytes", "a failure");
    }
    g->in_all_max = in_all_max;
    if (pthread_mutex_init(&g->lock, NULL) != 0)
        abort(); /* glibc's cannot fail with default attributes */
    *ret = g;
    return true;
}

void guesses_free(struct guesses *g)
{
    if (!g)
        return;
    (void)pthread_mutex_destroy(&g->lock);
    free(g);
}

/* Where from: one IPv6 subscriber has a whole /64. */
static void network_of(const char *peer, char ret[ATT_IP_TEXT_SIZE])
{
    struct att_ip ip;

    if (!att_ip_parse(att_str(peer), &ip)) {
        (void)snprintf(ret, ATT_IP_TEXT_SIZE, "%s", peer ? peer : "");
        return;
    }
    if (ip.v6)
        memset(ip.bytes + 8, 0, 8);
    (void)att_ip_text(&ip, ret);
}

static bool key_of(const struct guesses *g, const char *what, const char *peer, uint8_t ret[KEY_BYTES])
{
    char network[ATT_IP_TEXT_SIZE], input[INPUT_BYTES];
    uint8_t digest[32];
    unsigned len = 0;

    network_of(peer, network);
    memcpy(input, g->seed, SEED_BYTES);
    int text = snprintf(input + SEED_BYTES, sizeof input - SEED_BYTES, "%s\n%s", network, what);
    if (text < 0)
        return false;
    size_t used = (size_t)text < sizeof input - SEED_BYTES ? SEED_BYTES + (size_t)text : sizeof input - 1;
    if (EVP_Digest(input, used, digest, &len, EVP_sha256(), NULL) != 1)
        return false;
    memcpy(ret, digest, KEY_BYTES);
    return true;
}

/* Also when the clock was set back: a count from the future would never end. */
static bool over(const struct count *c, int64_t now)
{
    return c->used == 0 || now < c->since_unix_s || now - c->since_unix_s >= GUESSES_WINDOW_S;
}

/* The pair's count, or the slot that it would take: a free one, else the oldest. */
static struct count *slot_of(struct guesses *g, const uint8_t key[KEY_BYTES], int64_t now, bool *ret_here)
{
    size_t first = ((size_t)key[0] | (size_t)key[1] << 8) % (SLOTS / WAYS) * WAYS;
    struct count *best = &g->slots[first];

    for (size_t i = first; i < first + WAYS; i++) {
        struct count *c = &g->slots[i];
        if (!over(c, now) && memcmp(c->key, key, KEY_BYTES) == 0) {
            *ret_here = true;
            return c;
        }
        if (!over(best, now) && (over(c, now) || c->since_unix_s < best->since_unix_s))
            best = c;
    }
    *ret_here = false;
    return best;
}

static bool below(const struct count *c, unsigned max, int64_t now)
{
    return over(c, now) || c->used < max;
}

static void add(struct count *c, int64_t now)
{
    if (over(c, now)) {
        c->since_unix_s = now;
        c->used = 0;
    }
    c->used++;
}

static bool look(struct guesses *g, const char *what, const char *peer, int64_t now, bool take)
{
    uint8_t key[KEY_BYTES];
    bool here = false;

    if (!key_of(g, what, peer, key))
        return false;
    pthread_mutex_lock(&g->lock);
    struct count *c = slot_of(g, key, now, &here);
    bool ok = (g->in_all_max == 0 || below(&g->all, g->in_all_max, now)) &&
              (!here || below(c, GUESSES_OF_PAIR_MAX, now));
    if (ok && take) {
        if (!here) {
            *c = (struct count){ .since_unix_s = now };
            memcpy(c->key, key, KEY_BYTES);
        }
        add(c, now);
        add(&g->all, now);
    }
    pthread_mutex_unlock(&g->lock);
    return ok;
}

bool guesses_take(struct guesses *g, const char *what, const char *peer, int64_t now_unix_s)
{
    return look(g, what, peer, now_unix_s, true);
}

bool guesses_left(struct guesses *g, const char *what, const char *peer, int64_t now_unix_s)
{
    return look(g, what, peer, now_unix_s, false);
}

void guesses_add(struct guesses *g, const char *what, const char *peer, int64_t now_unix_s)
{
    (void)look(g, what, peer, now_unix_s, true); /* past the bound there is nothing left to count */
}
