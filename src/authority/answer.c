/* Answers of the token endpoint: RFC 6749 5.2, with the members and numbers that MSAL and people know from elsewhere. */
#include "authority/internal.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/timetext.h"
#include "codec/json.h"

#include <stdio.h>

static const char no_memory[] = "{\"error\":\"server_error\",\"error_description\":\"out of memory\"}";

/* How a refusal looks. `text` stands where our own words would tell who exists and what they have. */
struct wire {
    enum att_code code;
    int status;
    const char *error;
    int number; /* the AADSTS number that people search for; 0: none */
    const char *text;
};

static const char text_secret[] =
    "no client of this tenant has this id and this secret (the value is needed, not the id of the secret)";
static const char text_assertion[] = "the client assertion is not signed by a certificate of such a client";

static const struct wire wires[] = {
    { ATT_REQUEST_MALFORMED, 400, "invalid_request", 9002313, NULL },
    { ATT_LIMIT_EXCEEDED, 400, "invalid_request", 9002313, NULL },
    { ATT_PARAMETER_MISSING, 400, "invalid_request", 900144, NULL },
    { ATT_TENANT_NOT_FOUND, 400, "invalid_request", 90002, NULL },
    { ATT_GRANT_UNSUPPORTED, 400, "unsupported_grant_type", 70003, NULL },
    { ATT_AUDIENCE_UNKNOWN, 400, "invalid_scope", 70011, NULL },
    { ATT_SECRET_INVALID, 401, "invalid_client", 7000215, text_secret },
    { ATT_SECRET_EXPIRED, 401, "invalid_client", 7000222, NULL },
    { ATT_TOKEN_KEY_UNKNOWN, 401, "invalid_client", 700027, text_assertion },
    { ATT_TOKEN_EXPIRED, 401, "invalid_client", 700024, NULL },
    { ATT_TOKEN_NOT_YET_VALID, 401, "invalid_client", 700024, NULL },
    { ATT_ASSERTION_REPLAYED, 401, "invalid_client", 700027, NULL },
    { ATT_THROTTLED, 429, "temporarily_unavailable", 0,
      "too many wrong attempts for this client from this network; try again in a minute" },
};

static struct wire wire_of(enum att_code code)
{
    for (size_t i = 0; i < sizeof wires / sizeof wires[0]; i++) {
        if (wires[i].code == code)
            return wires[i];
    }
    switch (att_code_class(code)) {
    case ATT_CLASS_TOKEN: /* what else is wrong with an assertion */
        return (struct wire){ code, 401, "invalid_client", 700027, NULL };
    case ATT_CLASS_REQUEST: /* its JSON, its base64 */
        return (struct wire){ code, 401, "invalid_client", 50027, NULL };
    case ATT_CLASS_EVIDENCE:
    case ATT_CLASS_COLLATERAL:
    case ATT_CLASS_POLICY:
    case ATT_CLASS_NONE:
    case ATT_CLASS_INTERNAL:
        break;
    }
    return (struct wire){ code, 500, "server_error", 0,
                          "the service failed; its operator finds why under the trace id" };
}

/* RFC 6749 5.2: %x20-21 / %x23-5B / %x5D-7E. */
static void put_plain(struct att_buf *b, const char *text)
{
    for (; *text; text++) {
        char c = *text;
        if (c == '"')
            c = '\'';
        else if (c == '\\' || c < 0x20 || c == 0x7f)
            c = '?';
        att_buf_putc(b, c);
    }
}

static void put_description(struct att_json_writer *w, const struct wire *wire, const struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    if (wire->number != 0)
        att_buf_printf(&text, "AADSTS%d: ", wire->number);
    put_plain(&text, wire->text ? wire->text : err->text);
    att_jw_key(w, "error_description");
    att_jw_string(w, att_buf_span(&text));
    w->out->failed = w->out->failed || text.failed;
}

static void put_trace(struct att_json_writer *w, const char *trace_id, int64_t now)
{
    struct att_time_text time;

    att_jw_key(w, "timestamp");
    att_jw_str(w, att_time_text(&time, now));
    if (!trace_id)
        return;
    att_jw_key(w, "trace_id");
    att_jw_str(w, trace_id);
}

void authority_answer_put(struct att_arena *arena, int status, struct att_buf *json,
                          struct authority_answer *ret)
{
    char *copy = json->failed ? NULL : att_arena_dup(arena, att_buf_span(json));

    if (!copy) {
        ret->status = 500;
        ret->json = att_str(no_memory);
        ret->resource = NULL;
        (void)att_fail_memory(&ret->refusal, "authority.answer"); /* an earlier refusal stays */
        return;
    }
    ret->status = status;
    ret->json = att_span_of(copy, json->len);
}

void authority_refuse(struct att_arena *arena, const struct att_err *err, const char *trace_id,
                      int64_t now_unix_s, struct authority_answer *ret)
{
    ATT_AUTO(att_buf_free) struct att_buf json = { 0 };
    struct att_json_writer w = { .out = &json };
    struct wire wire = wire_of(err->code);

    att_jw_object(&w);
    att_jw_key(&w, "error");
    att_jw_str(&w, wire.error);
    if (wire.number != 0) {
        att_jw_key(&w, "error_codes");
        att_jw_array(&w);
        att_jw_int(&w, wire.number);
        att_jw_end_array(&w);
    }
    put_description(&w, &wire, err);
    put_trace(&w, trace_id, now_unix_s);
    att_jw_end_object(&w);
    ret->refusal = *err;
    ret->resource = NULL;
    ret->retry_after_s = wire.status == 429 ? GUESSES_RETRY_S : 0;
    authority_answer_put(arena, wire.status, &json, ret);
}
