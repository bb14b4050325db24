#include "collateral/dcap_signed.h"

#include "base/err.h"
#include "collateral/dcap_levels.h"

static bool envelope(const struct dcap_signed_kind *kind, struct att_arena *scratch, struct att_span text,
                     const struct att_limits *limits, struct dcap_signed *ret, struct att_err *err)
{
    struct att_limits shallow = *limits;

    if (shallow.json_depth_max > DCAP_JSON_DEPTH_MAX)
        shallow.json_depth_max = DCAP_JSON_DEPTH_MAX;
    struct att_json_options options = { .limits = &shallow };
    if (!att_json_parse(scratch, text, &options, &ret->json, err))
        return false;
    if (!att_json_want(&ret->json, ATT_JSON_ROOT, "", kind->member, ATT_JSON_OBJECT, &ret->body, err) ||
        !att_json_want_hex(&ret->json, scratch, ATT_JSON_ROOT, "", "signature", ret->signature, 64, err))
        return false;
    /* What stands beside the two is signed by nobody: it has no business here. */
    if (ret->json.nodes[ATT_JSON_ROOT].count != 2)
        return att_fail(err, ATT_JSON_RANGE, "envelope", "two members", "%u",
                        ret->json.nodes[ATT_JSON_ROOT].count);
    ret->signed_bytes = att_json_source(&ret->json, ret->body);
    return true;
}

bool dcap_signed_read(const struct dcap_signed_kind *kind, struct att_arena *scratch, struct att_span text,
                      const struct att_limits *limits, struct dcap_signed *ret, struct att_err *err)
{
    struct dcap_signed d = { 0 };

    if (text.len > limits->collateral_bytes_max)
        return att_fail(err, kind->malformed, kind->where, "a document within collateral_bytes_max",
                        "%zu bytes", text.len);
    if (!envelope(kind, scratch, text, limits, &d, err))
        return att_fail_as(err, kind->malformed, kind->where);
    *ret = d;
    return true;
}

bool dcap_signed_check(const struct dcap_signed_kind *kind, const struct att_crypto *crypto,
                       const struct att_key *signer, const struct dcap_signed *d, struct att_err *err)
{
    switch (att_verify(crypto, signer, ATT_ES256, d->signed_bytes, att_span_of(d->signature, 64))) {
    case ATT_SIG_VALID:
        return true;
    case ATT_SIG_FAILED:
        return att_fail(err, ATT_CRYPTO_FAILED, kind->where, "an answer", "none");
    default:
        return att_fail(err, kind->signature_invalid, kind->where,
                        "the TCB signing key's signature over the exact bytes of the member's value",
                        "another signature, or other bytes (white space counts)");
    }
}
