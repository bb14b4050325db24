#include "cli/verify.h"

#include "base/err.h"
#include "codec/json.h"

#include <attest/relying.h>
#include <attest/token.h>

/* What only a token has is left out: when it was issued, by whom, its number. */
static bool is_of_token(struct att_span name)
{
    return att_span_is(name, "iss") || att_span_is(name, "iat") || att_span_is(name, "nbf") ||
           att_span_is(name, "exp") || att_span_is(name, "jti");
}

/* The claims are taken from a token that the library composes, so that they cannot differ from a real one. */
bool cli_verdict_claims(struct cli *c, struct cli_judgement *j, struct att_err *err)
{
    static const uint8_t no_jti[32];
    struct att_span fixed = att_policy_default(j->evidence_type);
    struct att_token_in in = { .size = sizeof in,
                               .issuer = att_str("https://localhost"),
                               .iat_unix_s = j->now_unix_s,
                               .lifetime_s = 1,
                               .jti = att_span_of(no_jti, sizeof no_jti),
                               .policy_text = j->policy_text,
                               .policy_is_default = !j->policy || att_span_eq(fixed, j->policy_text) };
    struct att_span input;
    struct att_span text;
    struct att_token token;
    struct att_json doc;
    struct att_buf out = { 0 };
    struct att_json_writer w = { .out = &out };
    bool ok = true;

    if (!att_token_input(c->arena, &j->verdict, &in, &input, err) ||
        !att_token_join(c->arena, input, (struct att_span){ 0 }, &text, err) ||
        !att_token_decode(c->arena, text, NULL, &token, err) ||
        !att_json_parse(c->arena, token.payload, NULL, &doc, err))
        return false;
    att_jw_object(&w);
    for (att_json_id id = att_json_first(&doc, ATT_JSON_ROOT); ok && id != ATT_JSON_NONE;
         id = att_json_next(&doc, id)) {
        struct att_span name;
        ok = att_json_key(&doc, c->arena, id, &name);
        if (!ok || is_of_token(name) || (!j->policy && att_span_is(name, "x-ms-policy-hash")))
            continue;
        att_jw_key_span(&w, name);
        att_jw_raw(&w, att_json_source(&doc, id));
    }
    att_jw_end_object(&w);
    char *copy = ok && !out.failed ? att_arena_dup(c->arena, att_buf_span(&out)) : NULL;
    j->claims = att_span_of(copy, copy ? out.len : 0);
    att_buf_free(&out);
    return copy || att_fail_memory(err, "claims");
}
