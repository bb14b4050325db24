/* /certificates: the policy signers of a provider, adding one, removing one. */
#include "api/internal.h"

#include "base/err.h"
#include "codec/json.h"

bool api_signers_get(struct api_call *call, struct att_err *err)
{
    struct att_span token = { 0 };

    return service_signers_get(call->service, call->provider, call->arena, &token, err) &&
           api_answer_token(call, token, err);
}

/* Later versions put the token into an object, each under a name of its own; earlier ones send it as a JSON string, or
 * bare. All of them are taken in every version: what counts is in the token. */
static const char *const member_names[] = { "certificate", "policyCertificateToAdd",
                                            "policyCertificateToRemove" };

static bool is_object(struct att_span body)
{
    size_t at = 0;

    while (at < body.len &&
           (body.ptr[at] == ' ' || body.ptr[at] == '\t' || body.ptr[at] == '\r' || body.ptr[at] == '\n'))
        at++;
    return at < body.len && body.ptr[at] == '{';
}

static bool token_of(struct api_call *call, struct att_span *ret, struct att_err *err)
{
    struct att_json j;
    att_json_id found = ATT_JSON_NONE;

    *ret = call->http->body;
    if (!is_object(*ret))
        return true;
    if (!api_body_json(call, &j, err))
        return false;
    for (size_t i = 0; i < sizeof member_names / sizeof member_names[0]; i++) {
        att_json_id id = att_json_get(&j, ATT_JSON_ROOT, member_names[i]);
        if (id != ATT_JSON_NONE && found != ATT_JSON_NONE)
            return att_fail(err, ATT_PARAMETER_INVALID, "body", "one token", "two");
        if (id != ATT_JSON_NONE)
            found = id;
    }
    if (found == ATT_JSON_NONE || att_json_type(&j, found) != ATT_JSON_STRING)
        return att_fail(err, ATT_PARAMETER_MISSING, "body.certificate", "a policy signer's token as a string",
                        "none");
    return att_json_string(&j, call->arena, found, ret) || att_fail_memory(err, "body");
}

static bool change(struct api_call *call, bool add, struct att_err *err)
{
    struct service_sent sent = { .by = call->changed_by, .request_id = call->request_id };
    struct att_span token = { 0 };

    return token_of(call, &sent.body, err) &&
           service_signers_change(call->service, call->change, call->provider, call->arena, add, &sent,
                                  &token, err) &&
           api_answer_token(call, token, err);
}

bool api_signers_add(struct api_call *call, struct att_err *err)
{
    return change(call, true, err);
}

bool api_signers_remove(struct api_call *call, struct att_err *err)
{
    return change(call, false, err);
}
