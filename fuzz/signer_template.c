/* layers: signer jose crypto codec base */
/* What a signing key takes as a JWS. Whatever passes is, with a signature behind it, a compact JWS to the reader of tokens, of
 * this very algorithm and key, and its payload is an object if it is JSON at all. */
#include "signer/template.h"

#include "base/buf.h"
#include "codec/json.h"
#include "jose/jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char kid[] = "kid";

static void require(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static void is_a_token(struct att_span input)
{
    struct att_arena *a = att_arena_new((size_t)8 << 20);
    struct att_buf text = { 0 };
    struct att_err err = { 0 };
    struct att_jws jws;
    struct att_json payload;

    att_buf_put(&text, input);
    att_buf_puts(&text, ".AAAA");
    /* The reader has limits of its own, which ours need not know. */
    if (att_jws_split(a, att_buf_span(&text), NULL, &jws, &err)) {
        struct att_err why = { 0 };
        require(!jws.unsecured && jws.has_kid && att_span_is(jws.kid, kid));
        require(att_json_get(&jws.members, ATT_JSON_ROOT, "crit") == ATT_JSON_NONE);
        if (att_json_parse(a, jws.payload, NULL, &payload, &why))
            require(att_json_type(&payload, ATT_JSON_ROOT) == ATT_JSON_OBJECT);
    } else {
        require(err.code != ATT_BASE64_INVALID);
    }
    att_buf_free(&text);
    att_arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_arena *work = att_arena_new((size_t)4 << 20);
    struct att_span input = att_span_of(data, size);
    struct att_err err = { 0 };

    require(work);
    if (template_check(input, "ES256", kid, work, &err)) {
        require(err.code == ATT_OK);
        is_a_token(input);
    } else {
        require(err.code == ATT_SIGNER_REFUSED && err.where[0] && err.found[0] && err.expected[0]);
    }
    att_arena_free(work);
    return 0;
}
