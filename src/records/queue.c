/* An entry: its length, the struct with pointers that mean nothing, then for each text its length and its bytes with a NUL.
 * Entries are never split: what is left at the end of the ring is skipped when the next one does not fit. */
#include "records/queue.h"

#include "base/err.h"

#include <stddef.h>
#include <stdlib.h>

enum { BYTES_PER_RECORD = 1024, ALIGN = 8, ABSENT = 0xffff, SKIP = 0 };

static const size_t texts[] = {
#define T(name) offsetof(struct record, name)
    T(operation), T(resource_id), T(region),     T(where),     T(found),        T(expected),
    T(client),    T(principal),   T(name),       T(client_id), T(issuer),       T(method),
    T(uri),       T(user_agent),  T(request_id), T(tenant),    T(content_type), T(traceparent),
#undef T
};
enum { TEXTS = sizeof texts / sizeof texts[0] };

enum { ENTRY_BYTES_MAX = sizeof(uint32_t) + sizeof(struct record) + TEXTS * (RECORD_TEXT_BYTES + 3) + ALIGN };

static const char **text_at(struct record *r, size_t i)
{
    return (const char **)(void *)((char *)r + texts[i]);
}

bool record_queue_open(struct record_queue *q, size_t count_max, struct att_err *err)
{
    *q = (struct record_queue){ .count_max = count_max };
    q->size = count_max * BYTES_PER_RECORD + 2 * (size_t)(ENTRY_BYTES_MAX / ALIGN * ALIGN + ALIGN);
    q->bytes = malloc(q->size);
    if (!q->bytes)
        return att_fail_memory(err, "records.queue");
    if (pthread_mutex_init(&q->lock, NULL) != 0 || pthread_cond_init(&q->wake, NULL) != 0)
        abort(); /* glibc's cannot fail with these */
    return true;
}

void record_queue_free(struct record_queue *q)
{
    if (!q->bytes)
        return;
    pthread_cond_destroy(&q->wake);
    pthread_mutex_destroy(&q->lock);
    free(q->bytes);
    q->bytes = NULL;
}

struct measured {
    size_t len[TEXTS];
    uint32_t total;
};

static struct measured measure(const struct record *r)
{
    struct measured m = { .total = sizeof(uint32_t) + sizeof *r };
    struct record copy = *r;

    for (size_t i = 0; i < TEXTS; i++) {
        const char *text = *text_at(&copy, i);
        m.len[i] = text ? strnlen(text, RECORD_TEXT_BYTES) : ABSENT;
        m.total += (uint32_t)(sizeof(uint16_t) + (text ? m.len[i] + 1 : 0));
    }
    m.total = (m.total + ALIGN - 1) / ALIGN * ALIGN;
    return m;
}

static uint8_t *put_bytes(uint8_t *to, const void *from, size_t n)
{
    memcpy(to, from, n);
    return to + n;
}

static void write_entry(uint8_t *to, const struct record *r, const struct measured *m)
{
    struct record copy = *r;

    to = put_bytes(to, &m->total, sizeof m->total);
    to = put_bytes(to, r, sizeof *r);
    for (size_t i = 0; i < TEXTS; i++) {
        uint16_t len = (uint16_t)m->len[i];
        to = put_bytes(to, &len, sizeof len);
        if (len == ABSENT)
            continue;
        to = put_bytes(to, *text_at(&copy, i), len);
        *to++ = '\0';
    }
}

/* Where an entry of so many bytes goes; the end of the ring is skipped for it. */
static bool find_room(struct record_queue *q, size_t bytes, size_t *ret_at)
{
    size_t tail = (q->head + q->used) % q->size;
    size_t to_end = q->size - tail;
    bool skip = to_end < bytes;
    uint32_t mark = SKIP;

    if (q->count == q->count_max || q->used + bytes + (skip ? to_end : 0) > q->size)
        return false;
    if (skip && to_end >= sizeof mark)
        memcpy(q->bytes + tail, &mark, sizeof mark);
    q->used += skip ? to_end : 0;
    *ret_at = skip ? 0 : tail;
    return true;
}

bool record_queue_put(struct record_queue *q, const struct record *r)
{
    struct measured m = measure(r);
    size_t at = 0;

    pthread_mutex_lock(&q->lock);
    bool room = !q->ending && find_room(q, m.total, &at);
    if (room) {
        write_entry(q->bytes + at, r, &m);
        q->used += m.total;
        q->count++;
    }
    bool wake = room && q->sleeping;
    q->sleeping = q->sleeping && !wake;
    pthread_mutex_unlock(&q->lock);
    if (wake)
        pthread_cond_signal(&q->wake);
    return room;
}

static void skip_end(struct record_queue *q)
{
    uint32_t mark = SKIP;

    if (q->count == 0)
        return;
    memcpy(&mark, q->bytes + q->head, sizeof mark);
    if (mark != SKIP)
        return;
    q->used -= q->size - q->head;
    q->head = 0;
}

bool record_queue_first(struct record_queue *q, struct record *ret)
{
    pthread_mutex_lock(&q->lock);
    while (q->count == 0 && !q->ending) {
        q->sleeping = true;
        pthread_cond_wait(&q->wake, &q->lock);
    }
    q->sleeping = false;
    bool any = q->count > 0;
    skip_end(q);
    const uint8_t *at = q->bytes + q->head + sizeof(uint32_t);
    pthread_mutex_unlock(&q->lock);
    if (!any)
        return false;
    memcpy(ret, at, sizeof *ret);
    at += sizeof *ret;
    for (size_t i = 0; i < TEXTS; i++) {
        uint16_t len = 0;
        memcpy(&len, at, sizeof len);
        at += sizeof len;
        *text_at(ret, i) = len == ABSENT ? NULL : (const char *)at;
        at += len == ABSENT ? 0 : (size_t)len + 1;
    }
    return true;
}

void record_queue_drop(struct record_queue *q)
{
    uint32_t total = 0;

    pthread_mutex_lock(&q->lock);
    memcpy(&total, q->bytes + q->head, sizeof total);
    q->head = (q->head + total) % q->size;
    q->used -= total;
    q->count--;
    pthread_mutex_unlock(&q->lock);
}

void record_queue_end(struct record_queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->ending = true;
    pthread_cond_signal(&q->wake);
    pthread_mutex_unlock(&q->lock);
}

size_t record_queue_count(struct record_queue *q)
{
    pthread_mutex_lock(&q->lock);
    size_t count = q->count;
    pthread_mutex_unlock(&q->lock);
    return count;
}
