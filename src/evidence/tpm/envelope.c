#include "evidence/tpm/envelope.h"

#include "base/err.h"
#include "evidence/tpm/members.h"

static bool split(struct att_arena *arena, const struct att_limits *limits, struct att_span text,
                  struct att_jws *ret, struct att_err *err)
{
    struct att_limits larger = *limits; /* logs are in it: a token's limit is for tokens */

    if (text.len > limits->tpm_request_bytes_max)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "tpm", "a request within tpm_request_bytes_max", "%zu bytes",
                        text.len);
    larger.token_bytes_max = limits->tpm_request_bytes_max;
    return att_jws_split(arena, text, &larger, ret, err);
}

static bool typ_read(struct att_arena *arena, const struct att_jws *jws, unsigned *ret, struct att_err *err)
{
    static const char *const names[] = { NULL, "attReq", "attReqV2" };
    const struct tpm_reading r = { arena, &jws->members, err };
    struct att_span typ = { 0 };

    if (!tpm_want_text(&r, ATT_JSON_ROOT, "tpm.header", "typ", &typ))
        return false;
    for (unsigned v = 1; v < sizeof names / sizeof names[0]; v++) {
        if (!att_span_is(typ, names[v]))
            continue;
        *ret = v;
        return true;
    }
    return att_fail(err, ATT_TPM_REQUEST_MALFORMED, "tpm.header.typ", "attReq or attReqV2", "\"%s\"",
                    att_shown(&(struct att_shown){ 0 }, typ));
}

static bool alg_fits(const struct att_jws *jws, struct att_err *err)
{
    if (!jws->unsecured && jws->alg_known && (jws->alg == ATT_PS256 || jws->alg == ATT_ES256))
        return true;
    return att_fail(err, ATT_TPM_REQUEST_MALFORMED, "tpm.header.alg", "PS256, or ES256 for a P-256 key",
                    "\"%s\"", att_shown(&(struct att_shown){ 0 }, jws->alg_name));
}

static bool payload_read(struct att_arena *arena, const struct att_limits *limits, struct att_span payload,
                         struct att_json *ret, struct att_err *err)
{
    const struct att_json_options options = { .limits = limits };

    if (!att_json_parse(arena, payload, &options, ret, err))
        return att_fail_as(err, ATT_TPM_REQUEST_MALFORMED, "tpm.payload");
    return att_json_type(ret, ATT_JSON_ROOT) == ATT_JSON_OBJECT ||
           att_fail(err, ATT_TPM_REQUEST_MALFORMED, "tpm.payload", "a JSON object", "another JSON value");
}

/* "vsm" is how the protocol's prose writes it, "vbs" how its samples do. */
static bool kind_read(const struct tpm_reading *r, bool *ret_vbs)
{
    struct att_span kind = { 0 };

    if (!tpm_want_text(r, ATT_JSON_ROOT, "tpm", "att_type", &kind))
        return false;
    bool vbs = att_span_is(kind, "vbs") || att_span_is(kind, "vsm");
    if (!vbs && !att_span_is(kind, "basic"))
        return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, "tpm.att_type", "basic or vbs", "\"%s\"",
                        att_shown(&(struct att_shown){ 0 }, kind));
    *ret_vbs = vbs;
    return true;
}

static bool members_find(const struct tpm_reading *r, struct tpm_envelope *e)
{
    att_json_id data = 0;

    if (!tpm_want(r, ATT_JSON_ROOT, "tpm", "att_data", ATT_JSON_OBJECT, &data))
        return false;
    e->members = data;
    e->vsm_report = ATT_JSON_NONE;
    if (!e->vbs)
        return true;
    if (!tpm_want(r, data, "tpm.att_data", "report_signed", ATT_JSON_OBJECT, &e->members) ||
        !tpm_want(r, data, "tpm.att_data", "vsm_report", e->version == 1 ? ATT_JSON_STRING : ATT_JSON_OBJECT,
                  &e->vsm_report))
        return false;
    e->report_signed = att_json_source(r->doc, e->members);
    return true;
}

bool tpm_envelope_read(struct att_arena *arena, const struct att_limits *limits, struct att_span jws,
                       struct tpm_envelope *ret, struct att_err *err)
{
    struct tpm_envelope e = { 0 };
    const struct tpm_reading r = { arena, &e.doc, err };
    att_json_id context = 0;

    if (!split(arena, limits, jws, &e.jws, err) || !typ_read(arena, &e.jws, &e.version, err) ||
        !alg_fits(&e.jws, err) || !payload_read(arena, limits, e.jws.payload, &e.doc, err) ||
        !kind_read(&r, &e.vbs) || !members_find(&r, &e) ||
        !tpm_want_bytes(&r, e.members, "tpm", "challenge", TPM_CHALLENGE_BYTES_MAX, &e.challenge) ||
        !tpm_may(&r, e.members, "tpm", "service_context", ATT_JSON_STRING, &context))
        return false;
    if (context != ATT_JSON_NONE && !att_json_string(&e.doc, arena, context, &e.service_context))
        return att_fail_memory(err, "tpm.service_context");
    *ret = e;
    return true;
}
