#include "evidence/common/bound_data.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hex.h"

#include <stdio.h>

static bool hash_fits(const struct att_ctx *ctx, const struct att_bound_kind *kind, struct att_span bytes,
                      const uint8_t in_evidence[32], struct att_err *err)
{
    uint8_t hash[32];
    char ours[65], theirs[65], expected[160];

    if (!att_digest(ctx->lib->crypto, ATT_SHA256, bytes, hash))
        return att_fail(err, ATT_CRYPTO_FAILED, kind->where, "a digest", "none");
    if (memcmp(hash, in_evidence, sizeof hash) == 0)
        return true;
    att_hex_text(ours, att_span_of(hash, sizeof hash));
    att_hex_text(theirs, att_span_of(in_evidence, 32));
    (void)snprintf(expected, sizeof expected, "data whose SHA-256 is %s, the %s of the evidence", theirs,
                   kind->field);
    return att_fail(err, kind->mismatch, kind->where, expected, "%zu bytes with SHA-256 %s", bytes.len, ours);
}

static bool object_sorted(const struct att_ctx *ctx, const char *where, struct att_span bytes,
                          struct att_span *ret, struct att_err *err)
{
    const struct att_json_options options = { .limits = &ctx->lib->limits };
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };
    struct att_json doc;

    /* Official clients send the NUL behind a C string; it was hashed with the rest. */
    while (bytes.len > 0 && bytes.ptr[bytes.len - 1] == 0)
        bytes.len--;
    if (!att_json_parse(ctx->arena, bytes, &options, &doc, err))
        return att_fail_as(err, ATT_PARAMETER_INVALID, where);
    if (att_json_type(&doc, ATT_JSON_ROOT) != ATT_JSON_OBJECT)
        return att_fail(err, ATT_PARAMETER_INVALID, where, "a JSON object, since its dataType is JSON",
                        "another JSON value");
    if (!att_json_put_sorted(&doc, ctx->arena, ATT_JSON_ROOT, &b) || b.failed)
        return att_fail_memory(err, where);
    char *copy = att_arena_dup(ctx->arena, att_buf_span(&b));
    if (!copy)
        return att_fail_memory(err, where);
    *ret = att_span_of(copy, b.len);
    return true;
}

bool att_bound_check(const struct att_ctx *ctx, const struct att_bound_kind *kind,
                     const struct att_bound_data *data, const uint8_t in_evidence[32],
                     struct att_span *ret_json, struct att_err *err)
{
    struct att_span json = { 0 };

    if (!data->present) {
        *ret_json = json;
        return true;
    }
    if (data->bytes.len > ctx->lib->limits.runtime_data_bytes_max)
        return att_fail(err, ATT_LIMIT_EXCEEDED, kind->where, "data within runtime_data_bytes_max",
                        "%zu bytes", data->bytes.len);
    if (!hash_fits(ctx, kind, data->bytes, in_evidence, err))
        return false;
    if (data->json && !object_sorted(ctx, kind->where, data->bytes, &json, err))
        return false;
    *ret_json = json;
    return true;
}
