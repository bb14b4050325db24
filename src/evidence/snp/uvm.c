#include "evidence/snp/uvm.h"

#include "base/auto.h"
#include "base/err.h"
#include "base/timetext.h"
#include "evidence/snp/uvm_parts.h"

#include <stdio.h>
#include <stdlib.h>

#define PLACE "sevsnp.endorsement"

enum {
    UVM_BYTES_MAX = 64 * 1024, /* real ones: 11 kB, about half of it a time stamp */
    UVM_RSA_BITS_MIN = 2048,
};

struct uvm_chain {
    struct att_cert *certs[COSE_X5CHAIN_MAX];
    size_t count;
};

static void uvm_chain_free(struct uvm_chain *chain)
{
    for (size_t i = 0; i < chain->count; i++)
        att_cert_free(chain->certs[i]);
}

struct place {
    char text[48];
};

static const char *cert_place(struct place *room, size_t at)
{
    (void)snprintf(room->text, sizeof room->text, "protected.x5chain[%zu]", at);
    return room->text;
}

static bool refuse(struct att_err *err, const char *where, const char *expected, const char *found)
{
    return att_fail(err, ATT_ENDORSEMENT_INVALID, where, expected, "%s", found);
}

static bool crypto_failed(struct att_err *err, const char *where)
{
    return att_fail(err, ATT_CRYPTO_FAILED, where, "an answer", "none");
}

static bool chain_read(const struct att_ctx *ctx, const struct cose_sign1 *cose, struct uvm_chain *chain,
                       struct att_err *err)
{
    struct place place;

    if (cose->x5chain_count < 2)
        return refuse(err, "protected.x5chain", "the signer's certificate and its issuers'",
                      cose->x5chain_count == 0 ? "none" : "one certificate");
    for (size_t i = 0; i < cose->x5chain_count; i++) {
        if (!att_cert_from_der(ctx->lib->crypto, cose->x5chain[i], &ctx->lib->limits, &chain->certs[i], err))
            return att_fail_as(err, ATT_ENDORSEMENT_INVALID, cert_place(&place, i));
        chain->count++;
        const struct att_key *key = att_cert_key(chain->certs[i]);
        if (att_key_type(key) == ATT_KEY_RSA && att_key_bits(key) < UVM_RSA_BITS_MIN)
            return att_fail(err, ATT_ENDORSEMENT_INVALID, cert_place(&place, i), "RSA of 2048 bits or more",
                            "%u", att_key_bits(key));
    }
    return true;
}

static bool thumbprint_holds(const struct att_ctx *ctx, const struct cose_sign1 *cose, struct att_err *err)
{
    uint8_t digest[64];

    if (cose->x5t.len == 0)
        return true;
    if (!att_digest(ctx->lib->crypto, cose->x5t_hash, cose->x5chain[0], digest))
        return crypto_failed(err, PLACE ".protected.x5t");
    if (!att_span_eq(cose->x5t, att_span_of(digest, att_hash_size(cose->x5t_hash))))
        return refuse(err, "protected.x5t", "the hash of the first certificate", "another");
    return true;
}

static bool signature_holds(const struct att_ctx *ctx, const struct cose_sign1 *cose,
                            const struct att_cert *leaf, struct att_err *err)
{
    if (!att_cert_may_sign(leaf))
        return refuse(err, "protected.x5chain[0].keyUsage", "digitalSignature", "other usages");
    switch (cose_sign1_check(ctx->lib->crypto, ctx->arena, cose, att_cert_key(leaf))) {
    case ATT_SIG_VALID:
        return true;
    case ATT_SIG_INVALID:
        return refuse(err, "signature", "made by the key of the first certificate", "not");
    case ATT_SIG_BAD_KEY:
        return refuse(err, "protected.alg", "an algorithm of the first certificate's key", "another");
    case ATT_SIG_FAILED:
        break;
    }
    return crypto_failed(err, PLACE ".signature");
}

static bool links_hold(const struct att_ctx *ctx, const struct uvm_chain *chain, struct att_err *err)
{
    struct place place;
    size_t at = 0;

    switch (att_chain_links(ctx->lib->crypto, chain->certs, chain->count, NULL, &at)) {
    case ATT_CHAIN_OK:
        return true;
    case ATT_CHAIN_LINK:
        return refuse(err, cert_place(&place, at), "named and signed by the next certificate",
                      "another name or signature");
    case ATT_CHAIN_NOT_CA:
        return refuse(err, cert_place(&place, at), "a CA that may issue this chain",
                      "a certificate that may not");
    case ATT_CHAIN_CRITICAL:
        return refuse(err, cert_place(&place, at), "known critical extensions only", "another one");
    case ATT_CHAIN_ROOT: /* no root was asked for */
    case ATT_CHAIN_CRYPTO:
        break;
    }
    return crypto_failed(err, PLACE ".protected.x5chain");
}

/* Endorsements outlive the one-year certificates of their signers, so certificates are judged at the time of signing. */
static bool chain_was_valid(const struct uvm_chain *chain, int64_t signed_unix_s, struct att_err *err)
{
    struct att_time_text signed_text, limit;
    struct place place;

    for (size_t i = 0; i < chain->count; i++) {
        int64_t from = att_cert_not_before(chain->certs[i]);
        int64_t to = att_cert_not_after(chain->certs[i]);
        if (signed_unix_s >= from && signed_unix_s <= to)
            continue;
        bool early = signed_unix_s < from;
        return att_fail(err, ATT_ENDORSEMENT_INVALID, cert_place(&place, i), "valid at the time of signing",
                        "%s %s, signed %s", early ? "valid from" : "valid to",
                        att_time_text(&limit, early ? from : to), att_time_text(&signed_text, signed_unix_s));
    }
    return true;
}

/* All that depends on the bytes alone, in the order in which trust is built: signature, chain, time, whose chain it is,
 * what was signed. */
static bool judge(const struct att_ctx *ctx, struct att_span bytes, struct snp_uvm *ret, struct att_err *err)
{
    ATT_AUTO(uvm_chain_free) struct uvm_chain chain = { 0 };
    struct cose_sign1 cose;
    struct uvm_did did;

    return cose_sign1_read(bytes, &cose, err) && chain_read(ctx, &cose, &chain, err) &&
           thumbprint_holds(ctx, &cose, err) && signature_holds(ctx, &cose, chain.certs[0], err) &&
           links_hold(ctx, &chain, err) && uvm_headers_read(&cose, ret, err) &&
           chain_was_valid(&chain, ret->signed_unix_s, err) && uvm_did_read(ret->issuer, &did, err) &&
           uvm_did_holds(ctx->lib->crypto, &did, chain.certs, chain.count, err) &&
           uvm_payload_read(ctx, &cose, ret, err);
}

/* What holds whatever the time is. Places instead of spans: the bytes of another request are the same, elsewhere. */
struct uvm_kept {
    struct att_cached cached; /* first member */
    struct snp_uvm uvm;       /* without issuer and feed */
    size_t issuer_at, issuer_len, feed_at, feed_len;
};

static void kept_destroy(struct att_cached *e)
{
    free(e);
}

static bool cache_key(const struct att_ctx *ctx, struct att_span bytes, uint8_t ret[32])
{
    return att_digest(ctx->lib->crypto, ATT_SHA256, bytes, ret);
}

/* Certificate chains are kept in the same cache, by what strangers send: `destroy` tells the kinds apart. */
static bool recall(const struct att_ctx *ctx, const uint8_t key[32], struct att_span bytes,
                   struct snp_uvm *ret)
{
    struct att_cached *entry = att_chain_cache_get(ctx->lib->chains, key);
    bool known = entry && entry->destroy == kept_destroy;

    if (known) {
        const struct uvm_kept *kept = (const struct uvm_kept *)entry; /* first member */
        *ret = kept->uvm;
        ret->issuer = att_span_of(bytes.ptr + kept->issuer_at, kept->issuer_len);
        ret->feed = att_span_of(bytes.ptr + kept->feed_at, kept->feed_len);
    }
    att_cached_drop(entry);
    return known;
}

/* Anybody can make endorsements that verify. Only those that may matter here are kept, lest others push chains out. */
static bool worth_keeping(const struct att_ctx *ctx, const struct snp_uvm *uvm)
{
    for (size_t i = 0; i < ctx->in->compliance_count; i++) {
        const char *issuer = ctx->in->compliance[i].uvm_issuer;
        if (issuer && att_span_is(uvm->issuer, issuer))
            return true;
    }
    return false;
}

/* Without memory it is judged again the next time. */
static void keep(const struct att_ctx *ctx, const uint8_t key[32], struct att_span bytes,
                 const struct snp_uvm *uvm)
{
    struct uvm_kept *kept = worth_keeping(ctx, uvm) ? calloc(1, sizeof *kept) : NULL;

    if (!kept)
        return;
    att_cached_init(&kept->cached, kept_destroy);
    kept->uvm = *uvm;
    kept->uvm.issuer = kept->uvm.feed = (struct att_span){ 0 };
    kept->issuer_at = (size_t)(uvm->issuer.ptr - bytes.ptr);
    kept->issuer_len = uvm->issuer.len;
    kept->feed_at = (size_t)(uvm->feed.ptr - bytes.ptr);
    kept->feed_len = uvm->feed.len;
    att_chain_cache_put(ctx->lib->chains, key, &kept->cached);
    att_cached_drop(&kept->cached);
}

bool snp_uvm_verify(const struct att_ctx *ctx, struct att_span cose, struct snp_uvm *ret, struct att_err *err)
{
    struct att_time_text time;
    struct snp_uvm uvm = { 0 };
    uint8_t key[32];

    if (cose.len > UVM_BYTES_MAX)
        return att_fail(err, ATT_ENDORSEMENT_INVALID, PLACE, "at most 65536 bytes", "%zu", cose.len);
    if (!cache_key(ctx, cose, key))
        return crypto_failed(err, PLACE);
    if (!recall(ctx, key, cose, &uvm)) {
        if (!judge(ctx, cose, &uvm, err))
            return att_fail_as(err, ATT_ENDORSEMENT_INVALID, PLACE);
        keep(ctx, key, cose, &uvm);
    }
    if (uvm.signed_unix_s > ctx->now_unix_s)
        return att_fail(err, ATT_ENDORSEMENT_INVALID, PLACE ".protected.signingtime",
                        "not after the time of judgement", "%s", att_time_text(&time, uvm.signed_unix_s));
    *ret = uvm;
    return true;
}
