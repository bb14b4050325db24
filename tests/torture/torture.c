#define OPENSSL_API_COMPAT 0x10100000L /* as src/crypto/p384.c */

#include "torture/torture.h"

#include <attest/arena.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Who makes the calls that fail. */
enum side {
    SIDE_OURS,    /* our objects: their allocations and their calls into libcrypto */
    SIDE_OPENSSL, /* libcrypto: its own allocations */
    SIDE_COUNT
};
static const char *const side_names[SIDE_COUNT] = { "call", "OpenSSL allocation" };

enum manner { PEACE, ALONE, ONWARD, COIN, MANNERS };
static const char *const manner_names[MANNERS] = { "in peace", "alone", "and all behind it", "coin" };

enum { COINS = 24, COIN_SIDES = 12, SENTENCE_BYTES = 400 };

/* A flow makes tens of calls and thousands of allocations inside libcrypto: of the latter this many are let fail,
 * evenly spread, or all when $TORTURE_ALL is set (minutes). */
#ifdef __SANITIZE_ADDRESS__ /* each run costs five times as much: every second one; the plain build has them all */
enum { OPENSSL_POINTS = 15, SIDE_STEP = 2 };
#else
enum { OPENSSL_POINTS = 30, SIDE_STEP = 1 };
#endif

static struct {
    bool armed, hit;
    bool sheltered; /* inside a call that does not stand it */
    enum side side;
    enum manner manner;
    unsigned long at;               /* ALONE, ONWARD: which call; COIN: the seed */
    unsigned long seen[SIDE_COUNT]; /* calls so far */
    uint64_t coin;
    const char *first; /* name of the call that failed first */
    long held;         /* allocations of our objects that are not freed */
    char sentence[SENTENCE_BYTES];
} the;

static bool coin_says(void)
{
    the.coin ^= the.coin << 13;
    the.coin ^= the.coin >> 7;
    the.coin ^= the.coin << 17;
    return the.coin % COIN_SIDES == 0;
}

static bool fails(enum side side, const char *name)
{
    bool now = false;

    if (!the.armed || the.sheltered)
        return false;
    unsigned long number = the.seen[side]++;
    if (the.manner == COIN)
        now = coin_says();
    else if (the.manner != PEACE && side == the.side)
        now = the.manner == ALONE ? number == the.at : number >= the.at;
    if (now && !the.hit)
        the.first = name;
    the.hit = the.hit || now;
    return now;
}

/* Wrappers: ld binds our objects' calls of NAME to __wrap_NAME, and __real_NAME to the function itself
 * ------------------------------------------------------------------------------------------------------ */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
void __real_free(void *p);
void *__real_att_arena_alloc(struct att_arena *a, size_t count, size_t size);
char *__real_att_arena_dup(struct att_arena *a, struct att_span bytes);
EVP_PKEY *__real_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *c, const char *p, const char *type, ...);
int __real_X509_sign(X509 *x, EVP_PKEY *key, const EVP_MD *md);
int __real_X509_CRL_sign(X509_CRL *x, EVP_PKEY *key, const EVP_MD *md);

void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
void __wrap_free(void *p);
void *__wrap_att_arena_alloc(struct att_arena *a, size_t count, size_t size);
char *__wrap_att_arena_dup(struct att_arena *a, struct att_span bytes);
EVP_PKEY *__wrap_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *c, const char *p, const char *type, ...);
int __wrap_X509_sign(X509 *x, EVP_PKEY *key, const EVP_MD *md);
int __wrap_X509_CRL_sign(X509_CRL *x, EVP_PKEY *key, const EVP_MD *md);

static void *held(void *p)
{
    the.held += p != NULL;
    return p;
}

void *__wrap_malloc(size_t n)
{
    return fails(SIDE_OURS, "malloc") ? NULL : held(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails(SIDE_OURS, "calloc") ? NULL : held(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t n)
{
    if (fails(SIDE_OURS, "realloc"))
        return NULL;
    void *moved = __real_realloc(p, n);
    return p ? moved : held(moved);
}

char *__wrap_strdup(const char *s)
{
    return fails(SIDE_OURS, "strdup") ? NULL : held(__real_strdup(s));
}

void __wrap_free(void *p)
{
    the.held -= p != NULL;
    __real_free(p);
}

/* An arena asks malloc once for many pieces: without these two most pieces could not fail. */
void *__wrap_att_arena_alloc(struct att_arena *a, size_t count, size_t size)
{
    return fails(SIDE_OURS, "att_arena_alloc") ? NULL : __real_att_arena_alloc(a, count, size);
}

char *__wrap_att_arena_dup(struct att_arena *a, struct att_span bytes)
{
    return fails(SIDE_OURS, "att_arena_dup") ? NULL : __real_att_arena_dup(a, bytes);
}

/* EVP_EC_gen and EVP_RSA_gen are macros over this one; what follows `type` depends on it. */
EVP_PKEY *__wrap_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *c, const char *p, const char *type, ...)
{
    EVP_PKEY *key = NULL;
    va_list args;

    if (fails(SIDE_OURS, "EVP_PKEY_Q_keygen"))
        return NULL;
    va_start(args, type);
    if (strcmp(type, "RSA") == 0)
        key = __real_EVP_PKEY_Q_keygen(c, p, type, va_arg(args, size_t));
    else
        key = __real_EVP_PKEY_Q_keygen(c, p, type, va_arg(args, char *));
    va_end(args);
    return key;
}

/* These two may fail, but not for want of memory inside: OpenSSL 3.0 then frees a part of the certificate that was
 * never allocated by itself (ASN1_item_sign_ctx, on its way out of ASN1_item_d2i). */
int __wrap_X509_sign(X509 *x, EVP_PKEY *key, const EVP_MD *md)
{
    if (fails(SIDE_OURS, "X509_sign"))
        return 0;
    the.sheltered = true;
    int len = __real_X509_sign(x, key, md);
    the.sheltered = false;
    return len;
}

int __wrap_X509_CRL_sign(X509_CRL *x, EVP_PKEY *key, const EVP_MD *md)
{
    if (fails(SIDE_OURS, "X509_CRL_sign"))
        return 0;
    the.sheltered = true;
    int len = __real_X509_CRL_sign(x, key, md);
    the.sheltered = false;
    return len;
}

static void torture_no_memory(void)
{
    ERR_raise(ERR_LIB_CRYPTO, ERR_R_MALLOC_FAILURE);
}

#define X(type, name, parameters, arguments, failure)                                                        \
    type __real_##name parameters;                                                                           \
    type __wrap_##name parameters;                                                                           \
    type __wrap_##name parameters                                                                            \
    {                                                                                                        \
        if (fails(SIDE_OURS, #name))                                                                         \
            return failure;                                                                                  \
        return __real_##name arguments;                                                                      \
    }
#include "torture/wrapped.def"
#undef X

/* libcrypto's memory
 * ------------------------------------------------------------------------------------------ */

static void *ssl_malloc(size_t n, const char *file, int line)
{
    (void)line;
    return fails(SIDE_OPENSSL, file) ? NULL : __real_malloc(n);
}

static void *ssl_realloc(void *p, size_t n, const char *file, int line)
{
    (void)line;
    if (n == 0) {
        __real_free(p);
        return NULL;
    }
    return fails(SIDE_OPENSSL, file) ? NULL : __real_realloc(p, n);
}

static void ssl_free(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    __real_free(p);
}

void torture_start(void)
{
    if (CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free) == 1)
        return;
    printf("OpenSSL has allocated before torture_start\n");
    exit(1);
}

/* Running
 * ----------------------------------------------------------------------------------------------------- */

void torture_rest(void)
{
    the.armed = false;
}

enum torture_answer torture_wrong(const char *format, ...)
{
    va_list args;

    torture_rest();
    va_start(args, format);
    (void)vsnprintf(the.sentence, sizeof the.sentence, format, args);
    va_end(args);
    return TORTURE_WRONG;
}

struct plan {
    enum side side;
    enum manner manner;
    unsigned long at;
};

static const struct plan in_peace = { .manner = PEACE };

static enum torture_answer run(const struct torture_flow *f, const struct plan *p, struct att_err *err)
{
    *err = (struct att_err){ 0 };
    the.sentence[0] = '\0';
    if (f->before)
        f->before(f->state);
    the.hit = false;
    the.first = "nothing";
    memset(the.seen, 0, sizeof the.seen);
    the.side = p->side;
    the.manner = p->manner;
    the.at = p->at;
    the.coin = UINT64_C(0x9e3779b97f4a7c15) * (p->at + 1);
    the.armed = true;
    enum torture_answer answer = f->run(f->state, err);
    torture_rest();
    return answer;
}

/* Our own trouble, called by its name, at a place. */
static bool honest(const struct att_err *err)
{
    return err->code != ATT_OK && att_code_class(err->code) == ATT_CLASS_INTERNAL && err->where[0] &&
           err->text[0];
}

/* In peace: right, and nothing held that was not held before. */
static bool peace(struct cases *c, const struct torture_flow *f, long held_before, const char *when)
{
    struct att_err err;
    enum torture_answer answer = run(f, &in_peace, &err);

    cases_check(c, answer == TORTURE_RIGHT, "%s: %s in peace: %s %s", f->name, when, the.sentence, err.text);
    if (f->keeps)
        cases_check(c, the.held == held_before, "%s: %s %ld allocations are held, not %ld", f->name, when,
                    the.held, held_before);
    return answer == TORTURE_RIGHT;
}

struct tally {
    unsigned refused, survived;
};

static void check(struct cases *c, const struct torture_flow *f, const struct plan *p,
                  enum torture_answer answer, const struct att_err *err, struct tally *tally)
{
    const char *what = the.sentence;

    if (answer == TORTURE_REFUSED)
        what = err->text[0] ? err->text : "refused without a reason";
    if (!the.hit && answer == TORTURE_REFUSED)
        answer = TORTURE_WRONG; /* refused, and nothing had failed */
    tally->refused += answer == TORTURE_REFUSED;
    tally->survived += answer == TORTURE_RIGHT && the.hit;
    bool ok = answer == TORTURE_RIGHT || (answer == TORTURE_REFUSED && honest(err));
    cases_check(c, ok, "%s: %s %lu (%s) fails, %s: %s: %s", f->name, side_names[p->side], p->at, the.first,
                manner_names[p->manner], att_code_name(err->code), what);
    if (getenv("TORTURE_SHOW") && the.hit && answer == TORTURE_RIGHT)
        printf("survived %s: %s %lu (%s), %s\n", f->name, side_names[p->side], p->at, the.first,
               manner_names[p->manner]);
}

/* One failure and what it leaves behind. False when the flow ended before the failure came. */
static bool fail_once(struct cases *c, const struct torture_flow *f, const struct plan *p, long held_kept,
                      struct tally *tally)
{
    struct att_err err;
    long held_before = the.held;
    enum torture_answer answer = run(f, p, &err);
    bool hit = the.hit;

    check(c, f, p, answer, &err, tally);
    if (f->keeps && hit)
        (void)peace(c, f, held_kept, "after a failure,");
    else if (!f->keeps)
        cases_check(c, the.held == held_before, "%s: %s %lu (%s) fails, %s: %ld allocations leak", f->name,
                    side_names[p->side], p->at, the.first, manner_names[p->manner], the.held - held_before);
    return hit;
}

/* Every call of a side, or every few; on behind the count of peace, since a failure may lead to more of them. */
static void fail_each(struct cases *c, const struct torture_flow *f, enum side side, unsigned long count,
                      long held_kept, struct tally *tally)
{
    unsigned long step = SIDE_STEP;

    if (side == SIDE_OPENSSL && !getenv("TORTURE_ALL") && count > OPENSSL_POINTS)
        step = count / OPENSSL_POINTS;
    for (enum manner manner = ALONE; manner <= ONWARD; manner++) {
        struct plan p = { side, manner, manner == ALONE ? 0 : step / 2 };
        while (fail_once(c, f, &p, held_kept, tally))
            p.at += step;
    }
}

void torture_flow(struct cases *c, const struct torture_flow *f)
{
    struct tally tally = { 0 };
    unsigned long calls[SIDE_COUNT];

    (void)run(f, &in_peace, &(struct att_err){ 0 }); /* what is made once is made now, and fills caches */
    long held_kept = the.held;
    if (!peace(c, f, held_kept, "at first,"))
        return;
    memcpy(calls, the.seen, sizeof calls);
    for (enum side side = SIDE_OURS; side < SIDE_COUNT; side++)
        fail_each(c, f, side, calls[side], held_kept, &tally);
    for (struct plan p = { SIDE_OURS, COIN, 0 }; p.at < COINS; p.at++)
        (void)fail_once(c, f, &p, held_kept, &tally);
    (void)peace(c, f, held_kept, "at last,");
    cases_check(c, calls[SIDE_OURS] > 0 && tally.refused > 0, "%s: nothing in it could fail", f->name);
    printf("%s: %lu calls, %lu OpenSSL allocations; %u failures refused, %u survived\n", f->name,
           calls[SIDE_OURS], calls[SIDE_OPENSSL], tally.refused, tally.survived);
}
