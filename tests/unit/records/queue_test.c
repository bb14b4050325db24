/* layers: records base codec files */
/* The queue: everything comes out as it went in, in order, also around the end of the ring; and what a push costs. */
#include "records/queue.h"
#include "records/text.h"
#include "world.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

static struct cases cases = { .name = "records_queue" };

static bool texts_are(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Lengths from nothing to more than is kept, so that the end of the ring falls everywhere. */
static void around(void)
{
    struct record_queue q;
    struct att_err err = { 0 };
    static char text[2000];
    unsigned in = 0, out = 0;
    bool good = true;

    must(record_queue_open(&q, 16, &err), "queue");
    while (out < 20000) {
        for (unsigned n = in * 7 % 5; n > 0 && in - out < 16; n--) {
            size_t len = (size_t)in * 131 % 1500;
            memset(text, 'a' + (int)(in % 26), len);
            text[len] = '\0';
            struct record r = {
                .operation = in % 3 ? text : NULL, .uri = "u", .tenant = text, .status = (int)in
            };
            if (!record_queue_put(&q, &r))
                break;
            in++;
        }
        in += in == out && in % 5 == 0
                  ? record_queue_put(&q, &(struct record){ .uri = "u", .status = (int)in })
                  : 0;
        struct record got;
        if (in == out || !record_queue_first(&q, &got))
            continue;
        bool plain = !got.tenant;
        good = good && got.status == (int)out && texts_are(got.uri, "u") && !got.name &&
               (plain || strspn(got.tenant, (char[]){ (char)('a' + out % 26), 0 }) == strlen(got.tenant)) &&
               (plain ||
                strlen(got.tenant) == ((size_t)out * 131 % 1500 > 1024 ? 1024 : (size_t)out * 131 % 1500)) &&
               (plain || (got.operation ? texts_are(got.operation, got.tenant) : out % 3 == 0));
        record_queue_drop(&q);
        out++;
    }
    cases_check(&cases, good, "twenty thousand came out as they went in");
    while (record_queue_count(&q) > 0)
        record_queue_drop(&q);
    cases_check(&cases, q.used == 0 || q.count == 0, "and nothing is left");
    record_queue_free(&q);
}

static void full(void)
{
    struct record_queue q;
    struct att_err err = { 0 };
    struct record r = record_of(1, 0), got;

    must(record_queue_open(&q, 16, &err), "queue");
    for (int i = 0; i < 16; i++)
        cases_check(&cases, record_queue_put(&q, &r), "put %d", i);
    cases_check(&cases, !record_queue_put(&q, &r), "the seventeenth");
    cases_check(&cases, record_queue_first(&q, &got), "one is taken");
    record_queue_drop(&q);
    cases_check(&cases, record_queue_put(&q, &r) && !record_queue_put(&q, &r), "then there is room for one");
    record_queue_end(&q);
    cases_check(&cases, !record_queue_put(&q, &r), "nothing more behind the end");
    unsigned n = 0;
    for (; record_queue_first(&q, &got); n++)
        record_queue_drop(&q);
    cases_check(&cases, n == 16, "what was in it still comes out");
    record_queue_free(&q);
}

enum { PUTTERS = 4, EACH = 4000 };

static void *put_many(void *arg)
{
    struct record_queue *q = arg;
    static _Atomic int next;
    int mine = next++;

    for (int i = 0; i < EACH; i++) {
        struct record r = { .status = mine, .content_length = (uint64_t)i, .uri = "text" };
        while (!record_queue_put(q, &r))
            pause_ms(0);
    }
    return NULL;
}

static void threads(void)
{
    struct record_queue q;
    struct att_err err = { 0 };
    pthread_t t[PUTTERS];
    uint64_t next[PUTTERS] = { 0 };
    bool good = true;

    must(record_queue_open(&q, 64, &err), "queue");
    for (int i = 0; i < PUTTERS; i++)
        must(pthread_create(&t[i], NULL, put_many, &q) == 0, "thread");
    for (int i = 0; i < PUTTERS * EACH; i++) {
        struct record got;
        good = record_queue_first(&q, &got) && good;
        good = good && got.content_length == next[got.status]++ && strcmp(got.uri, "text") == 0;
        record_queue_drop(&q);
    }
    for (int i = 0; i < PUTTERS; i++)
        pthread_join(t[i], NULL);
    cases_check(&cases, good && record_queue_count(&q) == 0, "four threads, each in its order");
    record_queue_free(&q);
}

static void push_full(void)
{
    struct att_err err = { 0 };
    struct record one = record_of(1, 0);

    folder_new();
    struct records *r =
        open_with(&(struct records_options){ .dir = folder, .fail_closed = true, .queue_max = 16 });
    unsigned refused = 0;
    for (int i = 0; i < 3000; i++)
        refused += !records_push(r, &one, &err);
    cases_check(&cases, refused > 0 && err.code == ATT_RECORDS_FULL, "too fast for a queue of 16: %u refused",
                refused);
    struct records_stats s;
    UNTIL((records_stats(r, &s), s.waiting == 0));
    UNTIL((records_stats(r, &s), s.journal_written + refused == 3000));
    cases_check(&cases, s.journal_written + refused == 3000 && s.journal_lost == 0,
                "what was taken is written: %" PRIu64, s.journal_written);
    records_close(r);
    folder_remove();
}

/* Figures for docs/decisions/0031; no case hangs on them, as machines differ. */
static void cost(void)
{
    enum { ROUNDS = 5000, SIGNATURES = 50 };
    struct record one = record_of(1, 0);
    struct record_writer w = { .location = "here", .instance = "host:1" };
    struct att_err err = { 0 };
    size_t bytes = 0, len = 0;

    folder_new();
    struct records *r = open_with(&(struct records_options){ .dir = folder, .queue_max = 20000 });
    int64_t from = clock_ns();
    for (int i = 0; i < ROUNDS; i++)
        (void)!records_push(r, &one, &err);
    int64_t push = (clock_ns() - from) / ROUNDS;
    struct records_stats s;
    UNTIL((records_stats(r, &s), s.journal_written == ROUNDS));
    int64_t all = (clock_ns() - from) / ROUNDS;
    records_close(r);
    folder_remove();
    from = clock_ns();
    for (int i = 0; i < ROUNDS; i++)
        bytes = record_text(&w, &one).len;
    int64_t text = (clock_ns() - from) / ROUNDS;
    record_writer_free(&w);
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char signature[256];
    from = clock_ns();
    for (int i = 0; i < SIGNATURES; i++) {
        len = sizeof signature;
        must(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
                 EVP_DigestSign(ctx, signature, &len, (const unsigned char *)"x", 1) == 1,
             "signing");
    }
    int64_t sign = (clock_ns() - from) / SIGNATURES;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    printf("push %" PRId64 " ns, text %" PRId64 " ns (%zu bytes), through the journal %" PRId64
           " ns; RS256 %" PRId64 " ns: a record is %.3f of a signature\n",
           push, text, bytes, all, sign, (double)all / (double)sign);
    cases_check(&cases, s.journal_written == ROUNDS, "all were written");
}

int main(void)
{
    around();
    full();
    threads();
    push_full();
    cost();
    return cases_report(&cases);
}
