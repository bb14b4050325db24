/* POST /attest/Tpm: two posts to one address. {"data": base64url(JSON)} both ways; the JSON is {"payload": ...} or, from clients that
 * follow the protocol's page to the letter, the bare payload, and the answer has the shape of the question. */
#include "api/internal.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

struct message {
    struct api_call *call;
    struct att_arena *work; /* logs are large: they do not live in the request's arena */
    struct att_json json;
    att_json_id payload;
    bool bare; /* the payload without an envelope */
};

static const char *type_word(const struct att_json *j, att_json_id id)
{
    static const char *const words[] = {
        "null", "a boolean", "a number", "a string", "an array", "an object"
    };

    return id == ATT_JSON_NONE ? "no such member" : words[att_json_type(j, id)];
}

static bool object_parse(struct message *m, struct att_span text, const char *where, struct att_json *ret,
                         struct att_err *err)
{
    const struct att_json_options options = { .limits = service_limits(m->call->service), .fold_case = true };

    if (!att_json_parse(m->work, text, &options, ret, err))
        return att_fail_as(err, ATT_REQUEST_MALFORMED, where);
    return att_json_type(ret, ATT_JSON_ROOT) == ATT_JSON_OBJECT ||
           att_fail(err, ATT_REQUEST_MALFORMED, where, "a JSON object", "%s", type_word(ret, ATT_JSON_ROOT));
}

static bool text_of(struct message *m, const struct att_json *j, att_json_id id, const char *where,
                    struct att_span *ret, struct att_err *err)
{
    if (id == ATT_JSON_NONE)
        return att_fail(err, ATT_PARAMETER_MISSING, where, "a string", "no such member");
    if (att_json_type(j, id) != ATT_JSON_STRING)
        return att_fail(err, ATT_PARAMETER_INVALID, where, "a string", "%s", type_word(j, id));
    return att_json_string(j, m->work, id, ret) || att_fail_memory(err, where);
}

static bool message_read(struct message *m, struct att_err *err)
{
    struct att_json body;
    struct att_span text = { 0 }, inner = { 0 };

    if (!object_parse(m, m->call->http->body, "body", &body, err) ||
        !text_of(m, &body, att_json_get(&body, ATT_JSON_ROOT, "data"), "data", &text, err) ||
        !att_base64_decode(m->work, ATT_BASE64_LENIENT, text, "data", &inner, err) ||
        !object_parse(m, inner, "data", &m->json, err))
        return false;
    m->payload = att_json_get(&m->json, ATT_JSON_ROOT, "payload");
    m->bare = m->payload == ATT_JSON_NONE;
    if (m->bare)
        m->payload = ATT_JSON_ROOT;
    return att_json_type(&m->json, m->payload) == ATT_JSON_OBJECT ||
           att_fail(err, ATT_REQUEST_MALFORMED, "data.payload", "a JSON object", "%s",
                    type_word(&m->json, m->payload));
}

static void put_payload(const struct message *m, struct att_buf *json, const char *members)
{
    att_buf_puts(json, m->bare ? "{" : "{\"payload\":{");
    att_buf_puts(json, members);
}

/* {"data": base64url of the JSON}, and beside it the explanation for those who may read it. */
static bool answer(const struct message *m, struct att_buf *json, struct att_span explanation,
                   struct att_err *err)
{
    struct att_buf text = { 0 };

    att_buf_puts(json, m->bare ? "}" : "}}");
    att_buf_puts(&text, "{\"data\":\"");
    att_base64url_put(&text, att_buf_span(json));
    att_buf_putc(&text, '"');
    if (explanation.len > 0) {
        att_buf_puts(&text, ",\"x-attestd-explanation\":");
        att_buf_put(&text, explanation);
    }
    att_buf_putc(&text, '}');
    text.failed = text.failed || json->failed;
    return api_answer_buf(m->call, 200, &text, err);
}

static bool challenge(const struct message *m, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf json = { 0 };
    struct api_call *call = m->call;
    struct att_span bytes = { 0 }, context = { 0 };

    if (!service_tpm_challenge(call->service, call->provider, m->work, &bytes, &context, err))
        return false;
    put_payload(m, &json, "\"challenge\":\"");
    att_buf_put(&json, bytes);
    att_buf_puts(&json, "\",\"service_context\":\"");
    att_buf_put(&json, context);
    att_buf_putc(&json, '"');
    return answer(m, &json, (struct att_span){ 0 }, err);
}

/* A refusal's explanation outlives the arena that it was made in. */
static void keep_explanation(struct api_call *call, struct att_span json)
{
    char *copy = json.len > 0 ? att_arena_dup(call->arena, json) : NULL;

    if (copy)
        call->explanation = att_span_of(copy, json.len);
}

static bool report(const struct message *m, struct att_span jws, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf json = { 0 };
    struct api_call *call = m->call;
    struct service_attest_out out = { 0 };

    if (!service_tpm_attest(call->service, call->provider, m->work, jws, call->explain, &out, err)) {
        keep_explanation(call, out.explanation);
        return false;
    }
    put_payload(m, &json, "\"report\":\"");
    att_buf_put(&json, out.token);
    att_buf_putc(&json, '"');
    return answer(m, &json, out.explanation, err);
}

static bool message_answer(struct message *m, struct att_err *err)
{
    att_json_id type = att_json_get(&m->json, m->payload, "type");
    att_json_id request = att_json_get(&m->json, m->payload, "request");
    struct att_shown shown;
    struct att_span text = { 0 };

    if ((type == ATT_JSON_NONE) == (request == ATT_JSON_NONE))
        return att_fail(err, ATT_TPM_REQUEST_MALFORMED, "payload", "either type (\"aikcert\") or request",
                        type == ATT_JSON_NONE ? "neither" : "both");
    if (request != ATT_JSON_NONE)
        return text_of(m, &m->json, request, "payload.request", &text, err) && report(m, text, err);
    if (!text_of(m, &m->json, type, "payload.type", &text, err))
        return false;
    if (!att_span_is(text, "aikcert"))
        return att_fail(err, ATT_TPM_REQUEST_MALFORMED, "payload.type", "\"aikcert\"", "%s",
                        att_shown(&shown, text));
    return challenge(m, err);
}

/* What the operator's log gets is the refusal itself; a caller without the right to the policy hears the documented sentence. */
static void refuse(struct api_call *call, const struct att_err *err)
{
    struct att_err told = *err;

    if (call->explain || att_code_class(err->code) != ATT_CLASS_POLICY || err->code == ATT_POLICY_MISSING) {
        api_refuse(call, err, true);
        return;
    }
    if (told.code == ATT_POLICY_EVALUATION)
        att_err_text(&told, "Policy Evaluation Error has occurred");
    api_refuse_telling(call, err, &told);
}

bool api_attest_tpm(struct api_call *call, struct att_err *err)
{
    ATT_AUTO(arena_auto)
    struct att_arena *work = att_arena_new(service_limits(call->service)->arena_bytes_max);
    struct message m = { .call = call, .work = work };
    struct att_err why = { 0 };

    if (!work)
        return att_fail_memory(err, "attest.tpm");
    if (!message_read(&m, &why) || !message_answer(&m, &why))
        refuse(call, &why);
    return true; /* answered, either way */
}
