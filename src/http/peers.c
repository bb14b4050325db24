#include "http/peers.h"

#include "base/err.h"

#include <pthread.h>
#include <stdlib.h>

/* As many slots as there may be connections, and half as many again, so that a search ends soon. Linear probing; an address that
 * leaves is taken out by moving those behind it up, so that no marks of the gone pile up. */
struct slot {
    uint64_t net; /* with `used`: the address, or the upper half of it */
    uint32_t count;
    bool v6;
};

struct http_peers {
    pthread_mutex_t lock;
    size_t max, room;
    struct slot slots[];
};

bool http_peers_new(size_t max, size_t most, struct http_peers **ret, struct att_err *err)
{
    size_t room = most + most / 2 + 8;
    struct http_peers *p = calloc(1, sizeof *p + room * sizeof p->slots[0]);

    if (!p)
        return att_fail_memory(err, "http.peers");
    if (pthread_mutex_init(&p->lock, NULL) != 0)
        abort(); /* glibc's cannot fail with these */
    p->max = max;
    p->room = room;
    *ret = p;
    return true;
}

void http_peers_free(struct http_peers *p)
{
    if (!p)
        return;
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static struct slot slot_of(const struct att_ip *ip)
{
    struct slot s = { .v6 = ip->v6 };

    for (size_t i = 0; i < (ip->v6 ? 8 : 4); i++)
        s.net = s.net << 8 | ip->bytes[i];
    return s;
}

static size_t home_of(const struct http_peers *p, const struct slot *s)
{
    return (size_t)((s->net ^ s->net >> 29) * UINT64_C(0x9e3779b97f4a7c15) >> 17) % p->room;
}

/* Where it is, or would be; room when the table is full of others. */
static size_t find(const struct http_peers *p, const struct slot *s)
{
    size_t at = home_of(p, s);

    for (size_t n = 0; n < p->room; n++, at = (at + 1) % p->room) {
        const struct slot *here = &p->slots[at];
        if (here->count == 0 || (here->net == s->net && here->v6 == s->v6))
            return at;
    }
    return p->room;
}

bool http_peers_enter(struct http_peers *p, const struct att_ip *ip)
{
    if (!p)
        return true;
    struct slot s = slot_of(ip);
    pthread_mutex_lock(&p->lock);
    size_t at = find(p, &s);
    bool ok = at < p->room && p->slots[at].count < p->max;
    if (ok) {
        s.count = p->slots[at].count + 1;
        p->slots[at] = s;
    }
    pthread_mutex_unlock(&p->lock);
    return ok;
}

static void take_out(struct http_peers *p, size_t gap)
{
    size_t at = gap;

    for (;;) {
        p->slots[gap] = (struct slot){ 0 };
        do {
            at = (at + 1) % p->room;
            if (p->slots[at].count == 0)
                return;
            /* Those whose home lies cyclically in (gap, at] are found without it. */
        } while ((at + p->room - home_of(p, &p->slots[at])) % p->room < (at + p->room - gap) % p->room);
        p->slots[gap] = p->slots[at];
        gap = at;
    }
}

void http_peers_leave(struct http_peers *p, const struct att_ip *ip)
{
    if (!p)
        return;
    struct slot s = slot_of(ip);
    pthread_mutex_lock(&p->lock);
    size_t at = find(p, &s);
    if (at < p->room && p->slots[at].count > 0 && --p->slots[at].count == 0)
        take_out(p, at);
    pthread_mutex_unlock(&p->lock);
}
