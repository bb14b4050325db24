/* Runtime claims: what the paravisor has the hardware vouch for. Keys of the vTPM, and how the machine was set up. Members that
 * are not known are carried along. */
#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hex.h"
#include "base/reader.h"
#include "evidence/guest/guest.h"

#include <stdio.h>

enum { VM_ID_BYTES_MAX = 64 };

static const char where_json[] = "guest.RunTimeData";

/* -- binding ---------------------------------------------------------------------------------------------------- */

enum {
    SNP_REPORT_BYTES = 1184,
    SNP_VMPL_AT = 0x30,
    SNP_REPORT_DATA_AT = 0x50,
    TD_QUOTE_HEAD_BYTES = 48,
    TD_QUOTE_V5_BODY_HEAD_BYTES = 6,
    TD_REPORT_DATA_AT = 520,
};

/* Where the hardware's report has its report data, to turn junk away before anything is computed. The verifier of its type reads
 * and compares it again, and what it says counts; empty: only that one knows. */
static struct att_span report_data_of(const struct guest_evidence *ev)
{
    struct att_reader r = att_reader_of(ev->inner_raw);

    if (ev->hcl_form)
        return ev->hcl.report_data;
    if (ev->isolation == GUEST_SNP) {
        (void)att_take(&r, SNP_REPORT_DATA_AT);
        return ev->inner_raw.len >= SNP_REPORT_BYTES ? att_take(&r, HCL_REPORT_DATA_BYTES)
                                                     : (struct att_span){ 0 };
    }
    uint16_t version = att_take_u16le(&r);
    (void)att_take(&r, TD_QUOTE_HEAD_BYTES - 2 + (version == 5 ? TD_QUOTE_V5_BODY_HEAD_BYTES : 0) +
                           TD_REPORT_DATA_AT);
    return att_take(&r, HCL_REPORT_DATA_BYTES);
}

static bool upper_half_empty(struct att_span report_data, struct att_err *err)
{
    static const uint8_t zero[HCL_REPORT_DATA_BYTES - HCL_HASH_BYTES] = { 0 };

    return memcmp(report_data.ptr + HCL_HASH_BYTES, zero, sizeof zero) == 0 ||
           att_fail(err, ATT_HCL_RUNTIME_HASH_MISMATCH, "guest.report_data",
                    "zeros behind the hash of the runtime claims", "other bytes in its second half");
}

static bool hash_bound(const struct att_ctx *ctx, const struct guest_evidence *ev, struct att_err *err)
{
    struct att_span report_data = report_data_of(ev);
    uint8_t hash[HCL_HASH_BYTES];
    char ours[2 * HCL_HASH_BYTES + 1], theirs[2 * HCL_HASH_BYTES + 1], expected[160];

    if (report_data.len != HCL_REPORT_DATA_BYTES)
        return true;
    if (!att_digest(ctx->lib->crypto, ATT_SHA256, ev->runtime_data, hash))
        return att_fail(err, ATT_CRYPTO_FAILED, where_json, "a digest", "none");
    if (memcmp(hash, report_data.ptr, sizeof hash) == 0)
        return upper_half_empty(report_data, err);
    att_hex_text(ours, att_span_of(hash, sizeof hash));
    att_hex_text(theirs, att_span_of(report_data.ptr, sizeof hash));
    (void)snprintf(expected, sizeof expected, "claims whose SHA-256 is %s, as in the report data", theirs);
    return att_fail(err, ATT_HCL_RUNTIME_HASH_MISMATCH, where_json, expected, "%zu bytes with SHA-256 %s",
                    ev->runtime_data.len, ours);
}

/* The claims are the paravisor's word only if it asked for the report. A guest on a less privileged level, where the processor lets it
 * ask at all, gets its own report with whatever report data it likes: a key of its own for that of the TPM. */
static bool asked_by_paravisor(const struct guest_evidence *ev, struct att_err *err)
{
    struct att_reader r = att_reader_of(ev->inner_raw);

    if (ev->isolation != GUEST_SNP)
        return true;
    (void)att_take(&r, SNP_VMPL_AT);
    uint32_t vmpl = att_take_u32le(&r);
    return (!r.failed && vmpl == 0) || att_fail(err, ATT_HCL_MALFORMED, "guest.report.vmpl",
                                                "0: asked for by the paravisor itself", "%u", vmpl);
}

bool guest_runtime_bind(struct att_ctx *ctx, struct guest_evidence *ev, struct att_err *err)
{
    if (ev->isolation == GUEST_TRUSTED_LAUNCH)
        return true; /* nothing vouches for claims of such a machine, so none are taken */
    if (!ev->inner)
        return att_fail(err, ATT_HCL_MALFORMED, "hcl.hw_report",
                        "a TDX quote beside the TDREPORT, which its own machine alone can check", "none");
    if (!asked_by_paravisor(ev, err) || !hash_bound(ctx, ev, err) ||
        !guest_runtime_read(ctx, ev->runtime_data, &ev->runtime, err))
        return false;
    ev->vm_id = ev->runtime.vm_id;
    return true;
}

/* -- reading ---------------------------------------------------------------------------------------------------- */

static bool bad(struct att_err *err, const char *expected, const char *found)
{
    return att_fail(err, ATT_HCL_MALFORMED, where_json, expected, "%s", found);
}

static bool number_of(const struct att_json *j, struct att_arena *a, att_json_id key, const char *name,
                      struct att_span *ret)
{
    struct att_span text = { 0 };

    return att_json_string(j, a, att_json_get(j, key, name), &text) &&
           att_base64_decode(a, ATT_BASE64_STRICT, text, name, ret, NULL);
}

static bool key_read(const struct att_ctx *ctx, const struct att_json *j, att_json_id key,
                     struct att_key **ret, struct att_err *err)
{
    static const char expected[] = "one key HCLAkPub: kty RSA, e and n in base64url";
    struct att_span kty = { 0 }, n = { 0 }, e = { 0 };
    struct att_err inner = { 0 };

    if (!att_json_string(j, ctx->arena, att_json_get(j, key, "kty"), &kty) || !att_span_is(kty, "RSA") ||
        !number_of(j, ctx->arena, key, "n", &n) || !number_of(j, ctx->arena, key, "e", &e))
        return bad(err, expected, "another HCLAkPub");
    return att_key_from_rsa(ctx->lib->crypto, n, e, ret, &inner) || bad(err, expected, inner.found);
}

/* The same name twice would leave it to luck which key speaks. */
static bool ak_read(const struct att_ctx *ctx, const struct att_json *j, struct att_key **ret,
                    struct att_err *err)
{
    att_json_id keys = att_json_get(j, ATT_JSON_ROOT, "keys"), found = ATT_JSON_NONE;
    struct att_span kid = { 0 };

    for (att_json_id id = att_json_type(j, keys) == ATT_JSON_ARRAY ? att_json_first(j, keys) : ATT_JSON_NONE;
         id != ATT_JSON_NONE; id = att_json_next(j, id)) {
        if (!att_json_string(j, ctx->arena, att_json_get(j, id, "kid"), &kid) ||
            !att_span_is(kid, "HCLAkPub"))
            continue;
        if (found != ATT_JSON_NONE)
            return bad(err, "one key HCLAkPub", "two");
        found = id;
    }
    if (found == ATT_JSON_NONE)
        return bad(err, "a key HCLAkPub", "none");
    return key_read(ctx, j, found, ret, err);
}

static bool vm_id_read(const struct att_ctx *ctx, const struct att_json *j, struct att_span *ret,
                       struct att_err *err)
{
    att_json_id id = att_json_get(j, att_json_get(j, ATT_JSON_ROOT, "vm-configuration"), "vmUniqueId");
    struct att_span text = { 0 };

    if (id == ATT_JSON_NONE)
        return true;
    if (!att_json_string(j, ctx->arena, id, &text) || text.len > VM_ID_BYTES_MAX)
        return bad(err, "vmUniqueId as a short text", "something else");
    char *upper = att_arena_dup(ctx->arena, text);
    if (!upper)
        return att_fail_memory(err, where_json);
    for (char *p = upper; *p; p++)
        if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 'a' + 'A');
    *ret = att_span_of(upper, text.len);
    return true;
}

static bool sorted(const struct att_ctx *ctx, const struct att_json *j, struct att_span *ret,
                   struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };

    if (!att_json_put_sorted(j, ctx->arena, ATT_JSON_ROOT, &b) || b.failed)
        return att_fail_memory(err, where_json);
    char *copy = att_arena_dup(ctx->arena, att_buf_span(&b));
    if (!copy)
        return att_fail_memory(err, where_json);
    *ret = att_span_of(copy, b.len);
    return true;
}

bool guest_runtime_read(const struct att_ctx *ctx, struct att_span text, struct guest_runtime *ret,
                        struct att_err *err)
{
    const struct att_json_options options = { .limits = &ctx->lib->limits };
    struct guest_runtime r = { 0 };
    struct att_err inner = { 0 };
    struct att_json doc;

    if (text.len > ctx->lib->limits.runtime_data_bytes_max)
        return att_fail(err, ATT_LIMIT_EXCEEDED, where_json, "claims within runtime_data_bytes_max",
                        "%zu bytes", text.len);
    while (text.len > 0 && text.ptr[text.len - 1] == 0) /* hashed with the rest, and no part of the JSON */
        text.len--;
    if (!att_json_parse(ctx->arena, text, &options, &doc, &inner))
        return inner.code == ATT_OUT_OF_MEMORY ? att_fail_memory(err, where_json)
                                               : bad(err, "one JSON object", inner.found);
    if (att_json_type(&doc, ATT_JSON_ROOT) != ATT_JSON_OBJECT)
        return bad(err, "one JSON object", "another JSON value");
    if (!sorted(ctx, &doc, &r.json, err) || !vm_id_read(ctx, &doc, &r.vm_id, err) ||
        !ak_read(ctx, &doc, &r.ak, err))
        return false;
    *ret = r;
    return true;
}

void guest_runtime_clear(struct guest_runtime *r)
{
    att_key_free(r->ak);
    *r = (struct guest_runtime){ 0 };
}
