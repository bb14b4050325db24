/* Which form it is: JSON begins with a brace, a report of the paravisor does not. */
#include "base/err.h"
#include "evidence/guest/guest.h"

static bool is_json(struct att_span raw)
{
    size_t at = 0;

    while (at < raw.len &&
           (raw.ptr[at] == ' ' || raw.ptr[at] == '\n' || raw.ptr[at] == '\r' || raw.ptr[at] == '\t'))
        at++;
    return at < raw.len && raw.ptr[at] == '{';
}

static bool json_parse(struct att_ctx *ctx, struct att_span raw, struct guest_evidence *ev,
                       struct att_err *err)
{
    const struct att_json_options options = { .limits = &ctx->lib->limits, .fold_case = true };
    struct att_err inner = { 0 };
    struct att_json doc;

    if (!att_json_parse(ctx->arena, raw, &options, &doc, &inner)) {
        if (att_code_class(inner.code) != ATT_CLASS_INTERNAL)
            return att_fail(err, ATT_GUEST_REQUEST_MALFORMED, "guest", inner.expected, "%s", inner.found);
        if (err && err->code == ATT_OK)
            *err = inner;
        return false;
    }
    return att_json_get(&doc, ATT_JSON_ROOT, "HclReport") != ATT_JSON_NONE
               ? guest_bundle_read(ctx, &doc, ev, err)
               : guest_request_read(ctx, &doc, ev, err);
}

bool guest_parse(struct att_ctx *ctx, struct att_span raw, struct att_evidence **ret, struct att_err *err)
{
    if (raw.len > ctx->lib->limits.tpm_request_bytes_max)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "guest", "evidence within tpm_request_bytes_max",
                        "%zu bytes", raw.len);
    struct guest_evidence *ev = att_arena_alloc(ctx->arena, 1, sizeof *ev);
    if (!ev)
        return att_fail_memory(err, "guest");
    bool ok = is_json(raw) ? json_parse(ctx, raw, ev, err) : guest_hcl_read(ctx, raw, ev, err);
    if (!ok) {
        guest_destroy(&ev->base);
        return false;
    }
    *ret = &ev->base;
    return true;
}

void guest_destroy(struct att_evidence *base)
{
    struct guest_evidence *ev = (struct guest_evidence *)base; /* first member */

    if (!ev)
        return;
    if (ev->inner_type)
        ev->inner_type->destroy(ev->inner);
    ev->inner = NULL;
    att_key_free(ev->ak);
    ev->ak = NULL;
    guest_runtime_clear(&ev->runtime);
}
