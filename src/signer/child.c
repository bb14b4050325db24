/* The process that holds the keys: a thread for each channel, one request at a time on each. It ends when a channel does. */
#include "signer/child.h"

#include "base/err.h"
#include "base/secret.h"
#include "signer/certificate.h"
#include "signer/core.h"
#include "signer/keypair.h"
#include "signer/wire.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { ARENA_BYTES = 8 << 20, STACK_BYTES = 256 << 10 };

struct channel {
    size_t number;
    struct signer *core; /* NULL: nobody has said hello */
    struct att_arena *arena;
};

/* -- requests --------------------------------------------------------------------------------------------- */

/* What a handler has to work with. It reads its whole request, then asks the core, then writes its answer. */
struct work {
    struct signer *core;
    struct att_arena *arena;
    struct att_reader request;
    struct att_buf *answer;
    struct att_err err;
};

enum outcome { MALFORMED, REFUSED, DONE };

static enum outcome outcome(bool done)
{
    return done ? DONE : REFUSED;
}

static enum outcome do_make(struct work *w)
{
    const char *purpose = wire_take_text(&w->request, w->arena);
    const char *alg = wire_take_text(&w->request, w->arena);
    struct signer_key made = { 0 };

    if (!att_all_read(&w->request))
        return MALFORMED;
    if (!signer_make(w->core, purpose, alg, w->arena, &made, &w->err))
        return REFUSED;
    wire_put_key(w->answer, &made);
    return DONE;
}

static enum outcome do_load(struct work *w)
{
    struct signer_key key = { 0 };

    wire_take_key(&w->request, w->arena, &key);
    return att_all_read(&w->request) ? outcome(signer_load(w->core, &key, &w->err)) : MALFORMED;
}

static enum outcome do_forget(struct work *w)
{
    const char *kid = wire_take_text(&w->request, w->arena);

    if (!att_all_read(&w->request))
        return MALFORMED;
    signer_forget(w->core, kid);
    return DONE;
}

static enum outcome do_certify(struct work *w)
{
    const char *kid = wire_take_text(&w->request, w->arena);
    struct signer_certify want = { 0 };
    struct att_span der = { 0 };

    wire_take_certify(&w->request, w->arena, &want);
    if (!att_all_read(&w->request))
        return MALFORMED;
    if (!signer_certify(w->core, kid, &want, w->arena, &der, &w->err))
        return REFUSED;
    wire_put_bytes(w->answer, der);
    return DONE;
}

static enum outcome do_reseal(struct work *w)
{
    struct signer_key key = { 0 };
    struct att_span sealed = { 0 };
    bool changed = false;

    wire_take_key(&w->request, w->arena, &key);
    if (!att_all_read(&w->request))
        return MALFORMED;
    if (!signer_reseal(w->core, &key, w->arena, &sealed, &changed, &w->err))
        return REFUSED;
    att_buf_putc(w->answer, changed ? 1 : 0);
    wire_put_bytes(w->answer, sealed);
    return DONE;
}

static enum outcome do_share(struct work *w)
{
    uint32_t which = att_take_u32le(&w->request);
    struct att_span sealed = wire_take_bytes(&w->request), kept = { 0 };
    uint8_t secret[SIGNER_SHARED_BYTES];

    if (!att_all_read(&w->request))
        return MALFORMED;
    if (!signer_share(w->core, (enum signer_shared)which, sealed, w->arena, secret, &kept, &w->err))
        return REFUSED;
    wire_put_bytes(w->answer, att_span_of(secret, sizeof secret));
    wire_put_bytes(w->answer, kept);
    att_wipe(secret, sizeof secret);
    return DONE;
}

static enum outcome do_sign(struct work *w)
{
    const char *kid = wire_take_text(&w->request, w->arena);
    struct att_span input = wire_take_bytes(&w->request), signature = { 0 };

    if (!att_all_read(&w->request))
        return MALFORMED;
    if (!signer_sign(w->core, kid, input, w->arena, &signature, &w->err))
        return REFUSED;
    wire_put_bytes(w->answer, signature);
    return DONE;
}

static enum outcome (*const handlers[WIRE_TYPES])(struct work *) = {
    [WIRE_MAKE] = do_make,       [WIRE_LOAD] = do_load,     [WIRE_FORGET] = do_forget,
    [WIRE_CERTIFY] = do_certify, [WIRE_RESEAL] = do_reseal, [WIRE_SHARE] = do_share,
    [WIRE_SIGN] = do_sign,
};

/* -- channels --------------------------------------------------------------------------------------------- */

static _Noreturn void end_malformed(void)
{
    static const char line[] = "attestd-signer: a message out of form or order; ending\n";

    if (write(STDERR_FILENO, line, sizeof line - 1) < 0)
        _exit(CHILD_MALFORMED);
    _exit(CHILD_MALFORMED);
}

static int fd_of(const struct channel *ch)
{
    return CHILD_FIRST_FD + (int)ch->number;
}

/* The next request; ends the process when there is none, or one that may not come here now. */
static struct wire_head receive(struct channel *ch, struct att_span *ret_body)
{
    uint8_t bytes[WIRE_HEAD_BYTES];
    struct wire_head head = { 0 };
    enum wire_got got = wire_receive(fd_of(ch), bytes, sizeof bytes);

    if (got == WIRE_END)
        _exit(EXIT_SUCCESS); /* the server is gone, and with this the keys */
    if (got != WIRE_WHOLE || !wire_head_read(bytes, false, &head) ||
        !wire_channel_takes(ch->number, ch->core, head.type))
        end_malformed();
    uint8_t *body = att_arena_alloc(ch->arena, head.body_bytes + 1U, 1); /* + 1: never ask for nothing */
    if (!body)
        _exit(CHILD_NO_MEMORY);
    if (wire_receive(fd_of(ch), body, head.body_bytes) != WIRE_WHOLE)
        end_malformed();
    *ret_body = att_span_of(body, head.body_bytes);
    return head;
}

static void answer(struct channel *ch, enum wire_type type, bool done, const struct att_err *err,
                   struct att_buf *body)
{
    struct wire_head head = { .type = type, .failed = !done };

    if (!done) {
        wire_begin(body);
        wire_put_err(body, err);
    }
    if (!wire_end(body, &head, true))
        _exit(CHILD_NO_MEMORY);
    if (!wire_send(fd_of(ch), att_buf_span(body)))
        _exit(EXIT_SUCCESS);
}

static void serve_one(struct channel *ch)
{
    struct att_span body = { 0 };
    struct wire_head head = receive(ch, &body);
    struct att_buf out = { 0 };
    struct work w = { .core = ch->core, .arena = ch->arena, .request = att_reader_of(body), .answer = &out };

    wire_begin(&out);
    enum outcome what = handlers[head.type](&w);
    if (what == MALFORMED)
        end_malformed();
    answer(ch, head.type, what == DONE, &w.err, &out);
    att_buf_free(&out); /* wipes, as the arena does */
    att_arena_reset(ch->arena);
}

static _Noreturn void serve(struct channel *ch)
{
    for (;;)
        serve_one(ch);
}

/* -- the start -------------------------------------------------------------------------------------------- */

/* Threads have begun before the calls that threads begin with are taken away, and wait until they are. */
static pthread_barrier_t begun, shut_in;

static void *serve_signing(void *arg)
{
    struct channel *ch = arg;

    (void)pthread_barrier_wait(&begun);
    (void)pthread_barrier_wait(&shut_in);
    serve(ch);
}

static bool start_threads(struct channel *channels, size_t count)
{
    pthread_attr_t attr;
    bool ok = pthread_barrier_init(&begun, NULL, (unsigned)count) == 0 &&
              pthread_barrier_init(&shut_in, NULL, (unsigned)count) == 0 && pthread_attr_init(&attr) == 0 &&
              pthread_attr_setstacksize(&attr, STACK_BYTES) == 0;

    for (size_t i = 1; ok && i < count; i++) {
        pthread_t thread;
        ok = pthread_create(&thread, &attr, serve_signing, &channels[i]) == 0;
    }
    if (ok)
        (void)pthread_barrier_wait(&begun);
    return ok;
}

/* Libraries open files when they are first used: configuration, providers, time zones. They are used once now, since there are no
 * files afterwards. */
static bool warm_up(struct att_arena *arena, struct att_err *err)
{
    struct signer_keypair pair = { 0 };
    struct att_span der = { 0 };
    static const char *const names[] = { "URI:https://localhost", NULL };

    tzset();
    if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "signer", "OpenSSL", "none");
    EVP_PKEY_CTX *rsa = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    bool ok = rsa && EVP_PKEY_keygen_init(rsa) == 1;
    EVP_PKEY_CTX_free(rsa);
    if (!ok)
        return att_fail(err, ATT_CRYPTO_FAILED, "signer", "RSA", "none");
    if (!signer_keypair_new("ES256", arena, &pair, err))
        return false;
    const struct signer_certificate want = { .common_name = "unused",
                                             .alt_names = names,
                                             .not_after_unix_s = 1,
                                             .subject_spki = pair.spki,
                                             .issuer_pkcs8 = pair.pkcs8 };
    return signer_certificate_make(&want, arena, &der, err);
}

static bool open_core(struct channel *first, struct att_span body, bool *ret_token, struct signer **ret,
                      struct att_err *err)
{
    struct att_reader r = att_reader_of(body);
    struct signer_options options = { 0 };

    wire_take_options(&r, first->arena, &options);
    if (!att_all_read(&r))
        end_malformed();
    *ret_token = options.pkcs11_module;
    return core_open(&options, ret, err) && warm_up(first->arena, err);
}

static void hello(struct channel *channels, size_t count)
{
    struct channel *first = &channels[0];
    struct att_span body = { 0 };
    struct signer *core = NULL;
    struct att_err err = { 0 };
    struct att_buf out = { 0 };
    bool token = false;

    (void)receive(first, &body); /* or there is none: order is checked */
    bool done = open_core(first, body, &token, &core, &err);
    for (size_t i = 0; done && i < count; i++)
        channels[i].core = core;
    if (done && !start_threads(channels, count))
        _exit(CHILD_NO_MEMORY);
    if (done)
        confine_memory();
    if (done && !confine_calls(token))
        _exit(CHILD_NOT_SHUT_IN);
    wire_begin(&out);
    answer(first, WIRE_HELLO, done, &err, &out);
    att_buf_free(&out);
    if (!done)
        _exit(EXIT_SUCCESS); /* it was said why */
    att_arena_reset(first->arena);
}

_Noreturn void child_run(size_t count)
{
    static struct channel channels[WIRE_CHANNELS_MAX];

    if (count < 2 || count > WIRE_CHANNELS_MAX || !confine_early())
        _exit(CHILD_NOT_SHUT_IN);
    for (size_t i = 0; i < count; i++) {
        channels[i] = (struct channel){ .number = i, .arena = att_arena_new(ARENA_BYTES) };
        if (!channels[i].arena)
            _exit(CHILD_NO_MEMORY);
    }
    hello(channels, count);
    (void)pthread_barrier_wait(&shut_in);
    serve(&channels[0]);
}
