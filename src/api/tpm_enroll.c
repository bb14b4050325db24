/* /tpm/...: an attestation key gets a certificate of this service's own authority, in two steps. */
#include "api/internal.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"

/* A required member: base64url, as evidence is taken. */
static bool bytes_of(struct api_call *call, const struct att_json *j, const char *name, struct att_span *ret,
                     struct att_err *err)
{
    att_json_id id = att_json_get(j, ATT_JSON_ROOT, name);
    struct att_span text = { 0 };

    if (id == ATT_JSON_NONE)
        return att_fail(err, ATT_PARAMETER_MISSING, name, "base64url text", "no such member");
    if (att_json_type(j, id) != ATT_JSON_STRING)
        return att_fail(err, ATT_PARAMETER_INVALID, name, "base64url text", "another JSON value");
    if (!att_json_string(j, call->arena, id, &text))
        return att_fail_memory(err, name);
    return att_base64_decode(call->arena, ATT_BASE64_LENIENT, text, name, ret, err);
}

static void put_member(struct att_buf *out, char before, const char *name, struct att_span bytes)
{
    att_buf_printf(out, "%c\"%s\":\"", before, name);
    att_base64url_put(out, bytes);
    att_buf_putc(out, '"');
}

/* POST /tpm/credential */
bool api_tpm_credential(struct api_call *call, struct att_err *err)
{
    struct service_enroll_in in = { 0 };
    struct service_enroll_out out = { 0 };
    struct att_buf text = { 0 };
    struct att_json j;

    if (!api_body_json(call, &j, err) || !bytes_of(call, &j, "ekCertificate", &in.ek_certificate, err) ||
        !bytes_of(call, &j, "ekPublic", &in.ek_public, err) ||
        !bytes_of(call, &j, "aikPublic", &in.aik_public, err) ||
        !service_enroll_begin(call->service, call->provider, call->arena, &in, &out, err))
        return false;
    put_member(&text, '{', "credentialBlob", out.id_object);
    put_member(&text, ',', "encryptedSecret", out.encrypted_secret);
    att_buf_puts(&text, ",\"context\":\"");
    att_buf_put(&text, out.context);
    att_buf_puts(&text, "\"}");
    return api_answer_buf(call, 200, &text, err);
}

/* The context as text: it is base64url by itself. */
static bool context_of(struct api_call *call, const struct att_json *j, struct att_span *ret,
                       struct att_err *err)
{
    att_json_id id = att_json_get(j, ATT_JSON_ROOT, "context");

    if (id == ATT_JSON_NONE)
        return att_fail(err, ATT_PARAMETER_MISSING, "context", "the context that came with the credential",
                        "no such member");
    if (att_json_type(j, id) != ATT_JSON_STRING)
        return att_fail(err, ATT_PARAMETER_INVALID, "context", "a string", "another JSON value");
    return att_json_string(j, call->arena, id, ret) || att_fail_memory(err, "context");
}

/* Before the change begins: what is used once is another transaction of the same store, which would wait for this one. */
bool api_tpm_certificate_take(struct api_call *call, struct att_err *err)
{
    struct service_enrolled *who = att_arena_alloc(call->arena, 1, sizeof *who);
    struct att_span context = { 0 }, secret = { 0 };
    struct att_json j;

    if (!who)
        return att_fail_memory(err, "tpm.certificate");
    if (!api_body_json(call, &j, err) || !context_of(call, &j, &context, err) ||
        !bytes_of(call, &j, "secret", &secret, err) ||
        !service_enroll_take(call->service, call->provider, call->arena, context, secret, who, err))
        return false;
    call->prepared = who;
    call->subject = who->subject;
    return true;
}

/* POST /tpm/certificate */
bool api_tpm_certificate(struct api_call *call, struct att_err *err)
{
    struct att_span der = { 0 }, authority = { 0 }, pem = { 0 };
    struct att_buf text = { 0 };

    if (!service_enroll_certify(call->service, call->arena, call->prepared, &der, err) ||
        !service_aik_authority(call->service, &authority, &pem, err))
        return false;
    put_member(&text, '{', "certificate", der);
    att_buf_puts(&text, ",\"chain\":[\"");
    att_base64url_put(&text, authority);
    att_buf_puts(&text, "\"]}");
    return api_answer_buf(call, 200, &text, err);
}

/* GET /tpm/authority */
bool api_tpm_authority(struct api_call *call, struct att_err *err)
{
    struct att_span authority = { 0 }, pem = { 0 };
    struct att_buf text = { 0 };

    if (!service_aik_authority(call->service, &authority, &pem, err))
        return false;
    struct att_json_writer w = { .out = &text };
    put_member(&text, '{', "certificate", authority);
    att_buf_puts(&text, ",\"pem\":");
    att_jw_string(&w, pem);
    att_buf_putc(&text, '}');
    return api_answer_buf(call, 200, &text, err);
}
