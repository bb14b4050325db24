/* The JSON texts among the claims: registers, keys. */
#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "evidence/tpm/tpm.h"

static bool text_kept(struct att_arena *arena, const struct att_buf *b, struct att_span *ret,
                      struct att_err *err)
{
    char *copy = b->failed ? NULL : att_arena_dup(arena, att_buf_span(b));

    if (!copy)
        return att_fail_memory(err, "claims");
    *ret = att_span_of(copy, b->len);
    return true;
}

/* {"PCRs":[{"Index":0,"Digests":{"SHA1":"<hex>","SHA256":"<hex>"}},...]}: the quoted ones, as published policies read them. */
bool tpm_pcrs_json(struct att_arena *arena, const struct tpm_pcrs *pcrs, struct att_span *ret,
                   struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };
    struct att_json_writer w = { .out = &b };

    att_jw_object(&w);
    att_jw_key(&w, "PCRs");
    att_jw_array(&w);
    for (unsigned n = 0; n < TPM_PCRS; n++) {
        bool open = false;
        for (unsigned h = 0; h < ATT_HASH_COUNT; h++) {
            const struct tpm_bank *bank = &pcrs->bank[h];
            if (!(bank->pcrs >> n & 1))
                continue;
            if (!open) {
                att_jw_object(&w);
                att_jw_key(&w, "Index");
                att_jw_int(&w, n);
                att_jw_key(&w, "Digests");
                att_jw_object(&w);
                open = true;
            }
            att_jw_key(&w, tpm_hash_name((enum att_hash)h));
            att_jw_hex(&w, att_span_of(bank->value[n], att_hash_size((enum att_hash)h)));
        }
        if (open) {
            att_jw_end_object(&w);
            att_jw_end_object(&w);
        }
    }
    att_jw_end_array(&w);
    att_jw_end_object(&w);
    return text_kept(arena, &b, ret, err);
}

static void put_base64url(struct att_json_writer *w, struct att_span bytes)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };

    att_base64url_put(&b, bytes);
    att_jw_string(w, att_buf_span(&b));
    w->out->failed = w->out->failed || b.failed;
}

/* What a policy wants to know of a certified key is what its public area says. Members in sorted order. */
static void put_certified(struct att_json_writer *w, const struct tpm_public *pub)
{
    att_jw_key(w, "tpm_certify");
    att_jw_object(w);
    if (pub->auth_policy.len > 0) {
        att_jw_key(w, "auth_policy");
        put_base64url(w, pub->auth_policy);
    }
    att_jw_key(w, "name_alg");
    att_jw_int(w, tpm_alg_of(pub->name_hash));
    att_jw_key(w, "obj_attr");
    att_jw_int(w, pub->attributes);
    att_jw_end_object(w);
}

static void put_bound_by_quote(struct att_json_writer *w, enum att_hash hash)
{
    static const char *const names[] = {
        [ATT_SHA256] = "sha-256", [ATT_SHA384] = "sha-384", [ATT_SHA512] = "sha-512"
    };

    att_jw_key(w, "tpm_quote");
    att_jw_object(w);
    att_jw_key(w, "hash_alg");
    att_jw_str(w, names[hash]);
    att_jw_end_object(w);
}

/* False: memory. */
static bool put_key(struct att_json_writer *w, struct att_arena *arena, const struct att_json *doc,
                    const struct tpm_key *k)
{
    ATT_AUTO(att_buf_free) struct att_buf jwk = { 0 };

    att_jw_object(w);
    if (k->binding != TPM_UNBOUND) {
        att_jw_key(w, "info");
        att_jw_object(w);
        if (k->binding == TPM_CERTIFIED)
            put_certified(w, &k->pub);
        else
            put_bound_by_quote(w, k->quote_hash);
        att_jw_end_object(w);
    }
    if (!att_json_put_sorted(doc, arena, k->jwk, &jwk) || jwk.failed)
        return false;
    att_jw_key(w, "jwk");
    att_jw_raw(w, att_buf_span(&jwk));
    att_jw_end_object(w);
    return true;
}

bool tpm_key_json(struct att_arena *arena, const struct att_json *doc, const struct tpm_key *k,
                  struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };
    struct att_json_writer w = { .out = &b };

    return put_key(&w, arena, doc, k) ? text_kept(arena, &b, ret, err) : att_fail_memory(err, "claims");
}

bool tpm_other_keys_json(struct att_arena *arena, const struct tpm_request *q, struct att_span *ret,
                         struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };
    struct att_json_writer w = { .out = &b };

    att_jw_array(&w);
    for (size_t i = 0; i < q->other_key_count; i++)
        if (!put_key(&w, arena, &q->outside.doc, &q->other_keys[i]))
            return att_fail_memory(err, "claims");
    att_jw_end_array(&w);
    return text_kept(arena, &b, ret, err);
}

static void put_member(struct att_json_writer *w, const char *name, struct att_span bytes)
{
    att_jw_key(w, name);
    put_base64url(w, bytes);
}

static void put_point(struct att_json_writer *w, const struct att_key *key)
{
    static const char *const curves[] = {
        [ATT_KEY_P256] = "P-256", [ATT_KEY_P384] = "P-384", [ATT_KEY_P521] = "P-521"
    };
    struct att_span xy = att_key_point(key);

    att_jw_key(w, "crv");
    att_jw_str(w, curves[att_key_type(key)]);
    att_jw_key(w, "kty");
    att_jw_str(w, "EC");
    put_member(w, "x", att_span_of(xy.ptr, xy.len / 2));
    put_member(w, "y", att_span_of(xy.ptr + xy.len / 2, xy.len / 2));
}

static void put_modulus(struct att_json_writer *w, const struct att_key *key)
{
    put_member(w, "e", att_key_rsa_e(key));
    att_jw_key(w, "kty");
    att_jw_str(w, "RSA");
    put_member(w, "n", att_key_rsa_n(key));
}

/* Written anew from the key that was used: whatever else stood in the client's jwk (x5u, jku) is not ours to pass on here. */
bool tpm_cnf_json(struct att_arena *arena, const struct att_jwk *jwk, struct att_span *ret,
                  struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };
    struct att_json_writer w = { .out = &b };

    att_jw_object(&w);
    att_jw_key(&w, "jwk");
    att_jw_object(&w);
    (att_key_type(jwk->key) == ATT_KEY_RSA ? put_modulus : put_point)(&w, jwk->key);
    att_jw_end_object(&w);
    att_jw_end_object(&w);
    return text_kept(arena, &b, ret, err);
}
