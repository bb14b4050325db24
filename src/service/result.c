#include "service/result.h"

#include <attest/token.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"

enum { RESULT_LIFETIME_S = 3600 };

static void put_header(struct att_buf *out, const struct keyset_key *key, const char *attest_uri)
{
    ATT_AUTO(att_buf_free) struct att_buf jku = { 0 };
    struct att_json_writer w = { .out = out };

    att_buf_printf(&jku, "%s/certs", attest_uri);
    out->failed = out->failed || jku.failed;
    att_jw_object(&w);
    att_jw_key(&w, "alg");
    att_jw_str(&w, key->alg);
    att_jw_key(&w, "jku");
    att_jw_string(&w, att_buf_span(&jku));
    att_jw_key(&w, "kid");
    att_jw_str(&w, key->kid);
    att_jw_key(&w, "typ");
    att_jw_str(&w, "JWT");
    att_jw_end_object(&w);
}

static void put_payload(struct att_buf *out, const char *attest_uri, int64_t now_unix_s,
                        const struct result_member *members, size_t count)
{
    struct att_json_writer w = { .out = out };

    att_jw_object(&w);
    att_jw_key(&w, "exp");
    att_jw_int(&w, now_unix_s + RESULT_LIFETIME_S);
    att_jw_key(&w, "iat");
    att_jw_int(&w, now_unix_s);
    att_jw_key(&w, "iss");
    att_jw_str(&w, attest_uri);
    att_jw_key(&w, "nbf");
    att_jw_int(&w, now_unix_s);
    for (size_t i = 0; i < count; i++) {
        att_jw_key(&w, members[i].name);
        if (members[i].raw)
            att_jw_raw(&w, members[i].value);
        else
            att_jw_string(&w, members[i].value);
    }
    att_jw_end_object(&w);
}

static bool sign(struct service *s, const struct keyset_key *key, const char *attest_uri, int64_t now_unix_s,
                 struct att_arena *arena, const struct result_member *members, size_t count,
                 struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf part = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf input = { 0 };
    struct att_span signature = { 0 };

    put_header(&part, key, attest_uri);
    att_base64url_put(&input, att_buf_span(&part));
    att_buf_putc(&input, '.');
    input.failed = input.failed || part.failed;
    att_buf_clear(&part);
    put_payload(&part, attest_uri, now_unix_s, members, count);
    att_base64url_put(&input, att_buf_span(&part));
    if (input.failed || part.failed)
        return att_fail_memory(err, "token");
    return signer_sign(s->options.signer, key->kid, att_buf_span(&input), arena, &signature, err) &&
           att_token_join(arena, att_buf_span(&input), signature, ret, err);
}

bool result_token(struct service *s, const struct site_provider *p, struct att_arena *arena,
                  const struct result_member *members, size_t count, struct att_span *ret,
                  struct att_err *err)
{
    int64_t now = service_now_unix_s(s);
    char uri[SERVICE_URI_SIZE];

    if (!service_uri_of(s, p->name, p->location, uri, err))
        return false;
    const struct keyset *keys = keyring_keys(s->options.keys);
    bool ok = sign(s, keyset_signing(keys, now), uri, now, arena, members, count, ret, err);
    keyset_unref(keys);
    return ok;
}
