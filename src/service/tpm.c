/* The TPM protocol without its envelopes: a challenge, and a request that answers it. */
#include <attest/tpm.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "service/context.h"
#include "service/internal.h"

#include <openssl/rand.h>

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

static const char purpose[] = "tpm-challenge";

enum { CHALLENGE_BYTES = 16, LIFE_DEFAULT_S = 300 };

static bool challenge_text(struct att_arena *arena, struct att_span bytes, struct att_span *ret,
                           struct att_err *err)
{
    struct att_buf text = { 0 };

    att_base64url_put(&text, bytes);
    char *copy = text.failed ? NULL : att_arena_dup(arena, att_buf_span(&text));
    size_t len = text.len;
    att_buf_free(&text);
    if (!copy)
        return att_fail_memory(err, "challenge");
    *ret = att_span_of(copy, len);
    return true;
}

bool service_tpm_challenge(struct service *s, const struct site_provider *p, struct att_arena *arena,
                           struct att_span *ret_challenge, struct att_span *ret_context, struct att_err *err)
{
    uint32_t life_s = s->options.tpm_challenge_lifetime_s;
    uint8_t bytes[CHALLENGE_BYTES];
    struct att_span challenge = { 0 }, context = { 0 };
    const struct service_derived *d = NULL;

    if (!s->options.once)
        return att_fail(err, ATT_SERVICE_UNAVAILABLE, "store", "a store that remembers what was used",
                        "none");
    /* Told before the client has its TPM sign anything. */
    if (!service_derive(s, p, &d, err) || !service_policy_there(&d->policies[SERVICE_TPM], err))
        return false;
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "challenge", "random bytes", "none to be had");
    if (!context_seal(s, arena, purpose, p, att_span_of(bytes, sizeof bytes),
                      life_s ? life_s : LIFE_DEFAULT_S, &context, err) ||
        !challenge_text(arena, att_span_of(bytes, sizeof bytes), &challenge, err))
        return false;
    *ret_challenge = challenge;
    *ret_context = context;
    return true;
}

/* Before the costly checks: is this an answer to a challenge of ours that is still open? What is read for that is a second copy of a
 * request that may have a log of 10 MB in it: it goes before the first is judged, which needs the room. */
static bool ours(struct service *s, const struct site_provider *p, struct att_arena *arena,
                 struct att_span jws, struct context_opened *ret, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *copy = att_arena_new(service_limits(s)->arena_bytes_max);
    struct att_tpm_request request;

    if (!copy)
        return att_fail_memory(err, "tpm");
    return att_tpm_request_peek(s->options.lib, copy, jws, &request, err) &&
           context_open(s, arena, purpose, p, request.service_context, ret, err);
}

/* Only what was accepted uses its challenge up: a failure on the way lets the client try again, and a stranger who saw the
 * context but has no key cannot spend it. */
bool service_tpm_take(struct service *s, const struct service_attest_in *in, struct att_err *err)
{
    bool first = false;

    if (!service_once(s, "tpm-challenge", in->challenge_id, in->challenge_until_unix_s, &first, err))
        return false;
    return first || att_fail(err, ATT_TPM_CHALLENGE_USED, "service_context",
                             "a challenge that was not answered yet", "one that was");
}

bool service_tpm_attest(struct service *s, const struct site_provider *p, struct att_arena *arena,
                        struct att_span jws, bool explain, struct service_attest_out *ret,
                        struct att_err *err)
{
    struct context_opened context;

    *ret = (struct service_attest_out){ 0 };
    if (!ours(s, p, arena, jws, &context, err)) {
        service_count(s, SERVICE_TPM, err->code);
        return false;
    }
    const struct service_attest_in in = {
        .evidence_type = "tpm",
        .evidence = jws,
        .challenge_given = true,
        .challenge = context.content,
        .challenge_id = context.id,
        .challenge_until_unix_s = context.expires_unix_s,
        .explain = explain,
    };
    return service_attest(s, p, arena, &in, ret, err);
}
