#include "relying/relying.h"

#include "base/err.h"

bool relying_read(struct att_arena *a, struct att_span text, const struct att_limits *limits,
                  struct att_jws *ret_jws, struct att_json *ret_claims, struct att_err *err)
{
    const struct att_json_options options = { .limits = limits };
    struct att_json claims;
    struct att_jws jws;

    if (!att_jws_split(a, text, limits, &jws, err))
        return false;
    if (!att_json_parse(a, jws.payload, &options, &claims, err))
        return att_fail_as(err, ATT_TOKEN_MALFORMED, "token.payload");
    if (att_json_type(&claims, ATT_JSON_ROOT) != ATT_JSON_OBJECT)
        return att_fail(err, ATT_TOKEN_MALFORMED, "token.payload", "a JSON object", "another JSON value");
    *ret_jws = jws;
    *ret_claims = claims;
    return true;
}

void relying_fill(const struct att_jws *jws, struct att_token *ret)
{
    *ret = (struct att_token){
        .header = jws->header,
        .payload = jws->payload,
        .kid = jws->kid,
        .alg = jws->unsecured   ? "none"
               : jws->alg_known ? att_alg_name(jws->alg)
                                : "",
    };
}

bool att_token_decode(struct att_arena *arena, struct att_span text, const struct att_limits *limits,
                      struct att_token *ret, struct att_err *err)
{
    struct att_json claims;
    struct att_jws jws;

    if (!relying_read(arena, text, limits, &jws, &claims, err))
        return false;
    relying_fill(&jws, ret);
    return true;
}
