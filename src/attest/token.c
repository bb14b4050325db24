/* From a verdict to the bytes that are signed. Everything is a named value: the token's own members, what the
 * service saw, what the policy issued. They are sorted once by name and written straight out; equal names
 * become one array, and of two sources of one name the first in that list wins. */
#include <attest/token.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hex.h"
#include "codec/json.h"
#include "codec/utf8.h"
#include "jose/alg.h"

#include <openssl/evp.h>
#include <stdlib.h>

enum source { SOURCE_OWN, SOURCE_SERVICE, SOURCE_POLICY };

enum { OWN_MAX = 13, JTI_BYTES = 32 };

struct entry {
    struct att_span name;
    const struct att_value *value;
    uint32_t order;
    enum source source;
};

struct entries {
    struct entry *items;
    size_t count;
};

struct own {
    struct att_claim items[OWN_MAX];
    size_t count;
};

/* Order
 * ------------------------------------------------------------------------------------------------------ */

static int name_compare(struct att_span a, struct att_span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;

    if (order != 0)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

static int entry_compare(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    int order = name_compare(a->name, b->name);

    if (order != 0)
        return order;
    if (a->source != b->source)
        return a->source < b->source ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* Writing
 * ---------------------------------------------------------------------------------------------------- */

static void put_value(struct att_json_writer *w, const struct att_value *v)
{
    switch (v->kind) {
    case ATT_CLAIM_BOOL:
        att_jw_bool(w, v->boolean);
        return;
    case ATT_CLAIM_INT:
        att_jw_int(w, v->integer);
        return;
    case ATT_CLAIM_STRING:
        att_jw_string(w, v->text);
        return;
    case ATT_CLAIM_JSON:
        att_jw_raw(w, v->text);
        return;
    }
}

/* One object from sorted entries. */
static void put_object(struct att_json_writer *w, const struct entries *all)
{
    att_jw_object(w);
    for (size_t i = 0, next; i < all->count; i = next) {
        const struct entry *first = &all->items[i];
        size_t same = i + 1; /* behind the last entry of this name from the same source */
        while (same < all->count && all->items[same].source == first->source &&
               att_span_eq(all->items[same].name, first->name))
            same++;
        next = same;
        while (next < all->count && att_span_eq(all->items[next].name, first->name))
            next++;
        att_jw_key_span(w, first->name);
        if (same - i == 1) {
            put_value(w, first->value);
            continue;
        }
        att_jw_array(w);
        for (size_t k = i; k < same; k++)
            put_value(w, all->items[k].value);
        att_jw_end_array(w);
    }
    att_jw_end_object(w);
}

/* Collecting
 * ------------------------------------------------------------------------------------------------- */

/* Names that are never a policy's: a reader of the token must be able to trust them. The policy checker
 * refuses them when a policy is stored; here they are left out again, whatever a row in a database says. */
static bool reserved(struct att_span name)
{
    static const char *const names[] = { "iss", "iat", "exp", "nbf", "jti", "nonce", "cnf", "rp_data" };
    static const char *const prefixes[] = { "x-ms-", "x-attestd-" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (att_span_is(name, names[i]))
            return true;
    }
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        size_t len = strlen(prefixes[i]);
        if (name.len >= len && memcmp(name.ptr, prefixes[i], len) == 0)
            return true;
    }
    return false;
}

/* A name that is no UTF-8 would be written with U+FFFD, and two such names could become one. */
static bool add(struct entries *all, const struct att_claim *claim, enum source source, struct att_err *err)
{
    if (!att_utf8_valid(claim->type))
        return att_fail(err, ATT_UTF8_INVALID, "token.claims", "claim types in UTF-8", "other bytes");
    all->items[all->count] = (struct entry){ claim->type, &claim->value, (uint32_t)all->count, source };
    all->count++;
    return true;
}

static bool room_for(struct att_arena *arena, size_t count, struct entries *ret, struct att_err *err)
{
    ret->count = 0;
    ret->items = att_arena_alloc(arena, count ? count : 1, sizeof *ret->items);
    return ret->items ? true : att_fail_memory(err, "token.claims");
}

static const struct att_claims *issued_claims(const struct att_verdict *verdict)
{
    static const struct att_claims none;

    return verdict->policy_ran ? &verdict->policy.issued : &none;
}

static void sort(struct entries *all)
{
    qsort(all->items, all->count, sizeof *all->items, entry_compare);
}

/* The object x-ms-policy: what the policy issued, all of it. */
static bool policy_object(struct att_arena *arena, const struct att_claims *issued, struct att_buf *out,
                          struct att_err *err)
{
    struct att_json_writer w = { .out = out };
    struct entries all;

    if (!room_for(arena, issued->count, &all, err))
        return false;
    for (size_t i = 0; i < issued->count; i++) {
        if (!add(&all, &issued->items[i], SOURCE_POLICY, err))
            return false;
    }
    sort(&all);
    put_object(&w, &all);
    return true;
}

/* The token's own members
 * ------------------------------------------------------------------------------------ */

static void own_text(struct own *own, const char *name, enum att_claim_kind kind, struct att_span text)
{
    own->items[own->count++] =
        (struct att_claim){ .type = att_str(name), .value = { .kind = kind, .text = text } };
}

static void own_int(struct own *own, const char *name, int64_t v)
{
    own->items[own->count++] =
        (struct att_claim){ .type = att_str(name), .value = { .kind = ATT_CLAIM_INT, .integer = v } };
}

static const char *unsafe_json(bool evidence_time, bool test_roots)
{
    if (evidence_time)
        return test_roots ? "[\"evidence-time\",\"test-roots\"]" : "[\"evidence-time\"]";
    return test_roots ? "[\"test-roots\"]" : NULL;
}

static void own_members(const struct att_verdict *verdict, const struct att_token_in *in, struct att_span jti,
                        struct att_span hash, const struct att_buf *policy, struct own *ret)
{
    const char *unsafe = unsafe_json(in->unsafe_evidence_time, verdict->test_root);

    own_text(ret, "iss", ATT_CLAIM_STRING, in->issuer);
    own_int(ret, "iat", in->iat_unix_s);
    own_int(ret, "nbf", in->iat_unix_s);
    own_int(ret, "exp", in->iat_unix_s + in->lifetime_s);
    own_text(ret, "jti", ATT_CLAIM_STRING, jti);
    own_text(ret, "x-ms-ver", ATT_CLAIM_STRING, att_str("1.0"));
    own_text(ret, "x-ms-attestation-type", ATT_CLAIM_STRING, att_str(verdict->attestation_type));
    own_text(ret, "x-ms-policy-hash", ATT_CLAIM_STRING, hash);
    if (in->has_nonce)
        own_text(ret, "nonce", ATT_CLAIM_STRING, in->nonce);
    if (unsafe)
        own_text(ret, "x-attestd-unsafe", ATT_CLAIM_JSON, att_str(unsafe));
    if (verdict->collateral_age_s > 0)
        own_int(ret, "x-attestd-collateral-age", verdict->collateral_age_s);
    if (policy->len > 0)
        own_text(ret, "x-ms-policy", ATT_CLAIM_JSON, att_buf_span(policy));
    if (in->policy_signer_jwk.len > 0)
        own_text(ret, "x-ms-policy-signer", ATT_CLAIM_JSON, in->policy_signer_jwk);
}

static bool payload(struct att_arena *arena, const struct att_verdict *verdict, const struct own *own,
                    struct att_buf *out, struct att_err *err)
{
    const struct att_claims *issued = issued_claims(verdict);
    const struct att_claims *service = &verdict->claims;
    struct att_json_writer w = { .out = out };
    struct entries all;

    if (!room_for(arena, own->count + service->count + issued->count, &all, err))
        return false;
    for (size_t i = 0; i < own->count; i++) {
        if (!add(&all, &own->items[i], SOURCE_OWN, err))
            return false;
    }
    for (size_t i = 0; i < service->count; i++) {
        if ((service->items[i].flags & ATT_CLAIM_IN_TOKEN) &&
            !add(&all, &service->items[i], SOURCE_SERVICE, err))
            return false;
    }
    for (size_t i = 0; i < issued->count; i++) {
        if (!reserved(issued->items[i].type) && !add(&all, &issued->items[i], SOURCE_POLICY, err))
            return false;
    }
    sort(&all);
    put_object(&w, &all);
    return true;
}

/* x5c in the standard alphabet (RFC 7515 4.1.6), x5t in the other (4.1.7). */
static void put_certificate(struct att_json_writer *w, const struct att_token_in *in)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
    uint8_t digest[20];

    if (in->certificate.len == 0)
        return;
    if (in->thumbprint_only) {
        if (EVP_Digest(in->certificate.ptr, in->certificate.len, digest, NULL, EVP_sha1(), NULL) == 1)
            att_base64url_put(&text, att_span_of(digest, sizeof digest));
        att_jw_key(w, "x5t");
        att_jw_string(w, att_buf_span(&text));
    } else {
        att_base64_put(&text, in->certificate);
        att_jw_key(w, "x5c");
        att_jw_array(w);
        att_jw_string(w, att_buf_span(&text));
        att_jw_end_array(w);
    }
    w->out->failed = w->out->failed || text.failed || text.len == 0;
}

static void put_header(struct att_buf *out, const struct att_token_in *in, struct att_span jku)
{
    struct att_json_writer w = { .out = out };

    att_jw_object(&w);
    att_jw_key(&w, "alg");
    att_jw_str(&w, in->alg ? in->alg : "none");
    if (in->alg) {
        att_jw_key(&w, "jku");
        att_jw_string(&w, jku);
        att_jw_key(&w, "kid");
        att_jw_string(&w, in->kid);
    }
    att_jw_key(&w, "typ");
    att_jw_str(&w, "JWT");
    put_certificate(&w, in);
    att_jw_end_object(&w);
}

/* Our own caller's mistakes; and no token for evidence that was refused, whoever asks. */
static bool check_input(const struct att_verdict *verdict, const struct att_token_in *in, struct att_err *err)
{
    enum att_sig_alg known = ATT_RS256;
    int64_t exp = 0;

    if (!verdict->accepted)
        return att_fail(err, ATT_INTERNAL, "token.verdict", "accepted evidence", "a refusal");
    if (in->size != sizeof *in)
        return att_fail(err, ATT_INTERNAL, "token.size", "sizeof(struct att_token_in)", "%zu", in->size);
    if (in->alg && (!att_alg_of(att_str(in->alg), &known) || in->kid.len == 0))
        return att_fail(err, ATT_INTERNAL, "token.alg", "a known algorithm and a kid", "another");
    if (in->issuer.len == 0 || in->jti.len != JTI_BYTES)
        return att_fail(err, ATT_INTERNAL, "token.jti", "an issuer and 32 bytes of jti", "%zu bytes",
                        in->jti.len);
    if (in->iat_unix_s < 0 || in->lifetime_s <= 0 ||
        __builtin_add_overflow(in->iat_unix_s, in->lifetime_s, &exp))
        return att_fail(err, ATT_INTERNAL, "token.lifetime", "more than nothing", "%lld s",
                        (long long)in->lifetime_s);
    return true;
}

/* A buffer over memory of the arena that is exactly large enough, so that nothing is copied again. */
static bool exact_buf(struct att_arena *arena, size_t size, struct att_buf *ret, struct att_err *err)
{
    uint8_t *room = att_arena_alloc(arena, size, 1);

    if (!room)
        return att_fail_memory(err, "token");
    *ret = (struct att_buf){ .ptr = room, .cap = size, .max = size };
    return true;
}

static bool encode(struct att_arena *arena, const struct att_buf *header, const struct att_buf *body,
                   struct att_span *ret, struct att_err *err)
{
    struct att_buf out;

    if (header->failed || body->failed)
        return att_fail_memory(err, "token");
    if (!exact_buf(arena, att_base64url_size(header->len) + 1 + att_base64url_size(body->len), &out, err))
        return false;
    att_base64url_put(&out, att_buf_span(header));
    att_buf_putc(&out, '.');
    att_base64url_put(&out, att_buf_span(body));
    *ret = att_buf_span(&out);
    return true;
}

bool att_token_input(struct att_arena *arena, const struct att_verdict *verdict,
                     const struct att_token_in *in, struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf header = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf policy = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf jku = { 0 };
    struct own own = { .count = 0 };
    char jti[2 * JTI_BYTES + 1];
    char hash[44];

    if (!check_input(verdict, in, err) || !att_policy_hash(in->policy_text, hash, err))
        return false;
    if (verdict->policy_ran && !in->policy_is_default &&
        !policy_object(arena, issued_claims(verdict), &policy, err))
        return false;
    att_hex_text(jti, in->jti);
    own_members(verdict, in, att_str(jti), att_str(hash), &policy, &own);
    if (!payload(arena, verdict, &own, &body, err))
        return false;
    att_buf_put(&jku, in->issuer);
    att_buf_puts(&jku, "/certs");
    put_header(&header, in, att_buf_span(&jku));
    body.failed = body.failed || policy.failed || jku.failed;
    return encode(arena, &header, &body, ret, err);
}

bool att_token_join(struct att_arena *arena, struct att_span input, struct att_span signature,
                    struct att_span *ret, struct att_err *err)
{
    struct att_buf out;

    if (!exact_buf(arena, input.len + 1 + att_base64url_size(signature.len), &out, err))
        return false;
    att_buf_put(&out, input);
    att_buf_putc(&out, '.');
    att_base64url_put(&out, signature);
    *ret = att_buf_span(&out);
    return true;
}
