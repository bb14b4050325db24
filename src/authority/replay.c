#include "authority/replay.h"

#include "base/err.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

enum { DIGEST_BYTES = 32, KEY_BYTES = 16, CLIENT_BYTES = 8 };

struct used {
    int64_t until_unix_s;
    uint8_t client[CLIENT_BYTES];
    uint8_t key[KEY_BYTES];
};

/* In no order: it is walked once for each assertion, which costs less than the signature that was checked before. */
struct replay {
    pthread_mutex_t lock;
    size_t count;
    struct used used[REPLAY_MAX];
};

bool replay_new(struct replay **ret, struct att_err *err)
{
    struct replay *r = calloc(1, sizeof *r);

    if (!r)
        return att_fail_memory(err, "authority.replay");
    if (pthread_mutex_init(&r->lock, NULL) != 0)
        abort(); /* glibc's cannot fail with default attributes */
    *ret = r;
    return true;
}

void replay_free(struct replay *r)
{
    if (!r)
        return;
    (void)pthread_mutex_destroy(&r->lock);
    free(r);
}

static bool put(EVP_MD_CTX *md, struct att_span part)
{
    uint64_t len = part.len; /* before each part, so that no two triples run into one another */

    return EVP_DigestUpdate(md, &len, sizeof len) == 1 && EVP_DigestUpdate(md, part.ptr, part.len) == 1;
}

static bool digest(const char *client_id, const char *resource, struct att_span jti,
                   uint8_t ret[DIGEST_BYTES])
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    unsigned len = 0;
    bool ok = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 && put(md, att_str(client_id)) &&
              put(md, att_str(resource)) && put(md, jti) && EVP_DigestFinal_ex(md, ret, &len) == 1;

    EVP_MD_CTX_free(md);
    return ok;
}

static bool entry_of(const struct replay_use *use, struct used *ret)
{
    uint8_t key[DIGEST_BYTES], client[DIGEST_BYTES];

    if (!digest(use->client_id, use->resource, use->jti, key) ||
        !digest(use->client_id, NULL, (struct att_span){ 0 }, client))
        return false;
    ret->until_unix_s = use->until_unix_s;
    memcpy(ret->key, key, KEY_BYTES);
    memcpy(ret->client, client, CLIENT_BYTES);
    return true;
}

/* Drops what has expired on the way. */
static bool seen(struct replay *r, const struct used *mine, int64_t now, size_t *ret_of_client)
{
    bool found = false;

    *ret_of_client = 0;
    for (size_t i = 0; i < r->count;) {
        struct used *u = &r->used[i];
        if (u->until_unix_s <= now) {
            *u = r->used[--r->count];
            continue;
        }
        found = found || memcmp(u->key, mine->key, KEY_BYTES) == 0;
        *ret_of_client += memcmp(u->client, mine->client, CLIENT_BYTES) == 0;
        i++;
    }
    return found;
}

bool replay_take(struct replay *r, const struct replay_use *use, struct att_err *err)
{
    struct used mine = { 0 };
    size_t of_client = 0;

    if (!entry_of(use, &mine))
        return att_fail(err, ATT_CRYPTO_FAILED, "authority.replay", "a digest", "a failure");
    pthread_mutex_lock(&r->lock);
    bool found = seen(r, &mine, use->now_unix_s, &of_client);
    bool room = r->count < REPLAY_MAX && of_client < REPLAY_OF_CLIENT_MAX;
    if (!found && room)
        r->used[r->count++] = mine;
    pthread_mutex_unlock(&r->lock);
    if (found)
        return att_fail(err, ATT_ASSERTION_REPLAYED, "client_assertion.jti",
                        "an assertion that was not used for this resource before", "a second use");
    return room || att_fail(err, ATT_THROTTLED, "client_assertion.jti", "room to remember it",
                            "%zu live assertions of this client", of_client);
}
