#include "attest/signer_key.h"

#include <attest/signers.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdio.h>

enum { RSA_BITS_LEAST = 1024 };

unsigned att_signer_rsa_bits(unsigned setting)
{
    if (setting == 0)
        return ATT_SIGNER_RSA_BITS;
    return setting < RSA_BITS_LEAST ? RSA_BITS_LEAST : setting;
}

void att_signer_key_free(struct att_signer_key *key)
{
    att_x5c_free(&key->x5c);
    att_jwk_free(&key->jwk);
}

bool att_signer_key_read(const struct att_signer_rules *rules, const struct att_json *doc, att_json_id id,
                         const char *where, struct att_signer_key *ret, struct att_err *err)
{
    struct att_signer_key key = { .x5c = { .count = 0 } };

    /* The chain first: what it says of a broken certificate is more than the JWK reader would. */
    if (!att_x5c_read(rules->crypto, rules->arena, rules->limits, doc, id, where, &key.x5c, err))
        return false;
    if (!att_jwk_read(rules->crypto, rules->arena, rules->limits, doc, id, where, &key.jwk, err)) {
        att_x5c_free(&key.x5c);
        return att_fail_as(err, ATT_KEY_INVALID, "");
    }
    *ret = key;
    return true;
}

static bool large_enough(const struct att_signer_rules *rules, const struct att_signer_key *key,
                         struct att_err *err)
{
    char where[ATT_X5C_CERT_WHERE_BYTES], expected[48];

    if (att_key_type(key->jwk.key) != ATT_KEY_RSA || att_key_bits(key->jwk.key) >= rules->rsa_bits_min)
        return true;
    (void)snprintf(where, sizeof where, "%s.x5c[0]", key->x5c.where);
    (void)snprintf(expected, sizeof expected, "an RSA key of at least %u bits", rules->rsa_bits_min);
    return att_fail(err, ATT_KEY_INVALID, where, expected, "one of %u bits", att_key_bits(key->jwk.key));
}

bool att_signer_key_check(const struct att_signer_rules *rules, const struct att_signer_key *key,
                          struct att_err *err)
{
    return large_enough(rules, key, err) && att_x5c_holds(rules->crypto, &key->x5c, err);
}

bool att_signer_key_write(const struct att_signer_key *key, struct att_arena *arena, struct att_span *ret,
                          struct att_err *err)
{
    static const enum att_sig_alg usual[] = {
        [ATT_KEY_P256] = ATT_ES256,
        [ATT_KEY_P384] = ATT_ES384,
        [ATT_KEY_P521] = ATT_ES512,
        [ATT_KEY_RSA] = ATT_RS256,
    };
    const enum att_key_type type = att_key_type(key->jwk.key);
    ATT_AUTO(att_buf_free) struct att_buf out = { 0 };
    struct att_json_writer w = { .out = &out };

    att_jw_object(&w);
    att_jw_key(&w, "alg");
    att_jw_str(&w, att_alg_name(key->jwk.has_alg ? key->jwk.alg : usual[type]));
    att_jw_key(&w, "kty");
    att_jw_str(&w, type == ATT_KEY_RSA ? "RSA" : "EC");
    att_jw_key(&w, "use");
    att_jw_str(&w, "sig");
    att_jw_key(&w, "x5c");
    att_jw_array(&w);
    for (size_t i = 0; i < key->x5c.count; i++) {
        ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
        att_base64_put(&text, att_cert_der(key->x5c.certs[i]));
        att_jw_string(&w, att_buf_span(&text));
        out.failed = out.failed || text.failed;
    }
    att_jw_end_array(&w);
    att_jw_end_object(&w);
    char *copy = out.failed ? NULL : att_arena_dup(arena, att_buf_span(&out));
    if (!copy)
        return att_fail_memory(err, key->x5c.where);
    *ret = att_span_of(copy, out.len);
    return true;
}
