/* Keys of a request: what binds them to the TPM, to the challenge and to one another. */
#include "base/err.h"
#include "makers/request_parts.h"

enum { FLIP = 0x01, AT_ATTRIBUTES = 4 };

static void free_two(struct att_buf (*scratch)[2])
{
    att_buf_free(&(*scratch)[0]);
    att_buf_free(&(*scratch)[1]);
}

bool mk_request_jwk(struct mk_made *m, struct att_err *err)
{
    enum mk_tpm_key key = m->o->request_key;

    if (m->broken == MK_TPM_BREAK_CERTIFY_JWK)
        key = MK_TPM_OUTSIDE;
    if (!mk_tpm_jwk(m->tpm, key, &m->jwk, err))
        return false;
    return mk_tpm_written(&m->jwk, err);
}

/* HASH(jwk || 00 || challenge), or the challenge where the key is certified. */
static bool bind(struct mk_made *m, struct att_span challenge, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf bound = { 0 };
    uint8_t digest[MK_DIGEST_MAX];

    if (m->o->version == 1 || m->o->binding == MK_BOUND_BY_CERTIFY) {
        att_buf_put(out, challenge);
        return mk_tpm_written(out, err);
    }
    if (m->broken == MK_TPM_BREAK_EXTRA_KEY) {
        if (!mk_tpm_jwk(m->tpm, MK_TPM_STRANGER, &bound, err))
            return false;
    } else {
        att_buf_put(&bound, att_buf_span(&m->jwk));
    }
    if (m->broken != MK_TPM_BREAK_EXTRA_NO_ZERO)
        att_buf_putc(&bound, 0);
    att_buf_put(&bound, challenge);
    enum mk_hash h = m->broken == MK_TPM_BREAK_EXTRA_HASH && m->o->binding_hash == MK_SHA256
                         ? MK_SHA384
                         : m->o->binding_hash;
    if (m->broken == MK_TPM_BREAK_EXTRA_HASH && m->o->binding_hash != MK_SHA256)
        h = MK_SHA256;
    if (!mk_tpm_written(&bound, err) || !mk_hash(h, att_buf_span(&bound), digest, err))
        return false;
    att_buf_put(out, att_span_of(digest, mk_hash_size(h)));
    return mk_tpm_written(out, err);
}

bool mk_request_extra(struct mk_made *m, struct att_buf *out, struct att_err *err)
{
    struct att_span challenge = m->challenge;

    if (m->broken == MK_TPM_BREAK_EXTRA_EMPTY)
        return true;
    if (m->broken == MK_TPM_BREAK_EXTRA_CHALLENGE)
        challenge = att_str("the challenge of yesterday");
    if (!bind(m, challenge, out, err))
        return false;
    if (m->broken == MK_TPM_BREAK_EXTRA_CUT)
        out->len--;
    if (m->broken == MK_TPM_BREAK_EXTRA_LONGER)
        att_buf_putc(out, 0);
    return mk_tpm_written(out, err);
}

/* -- certification ------------------------------------------------------------------------------------------------ */

struct certified {
    struct att_buf public_area, attest, signature;
};
static void certified_free(struct certified *c)
{
    att_buf_free(&c->public_area);
    att_buf_free(&c->attest);
    att_buf_free(&c->signature);
}

static bool fill_attest(struct mk_made *m, enum mk_tpm_key key, bool of_request, struct att_buf scratch[2],
                        struct mk_tpm_attest *ret, struct att_err *err)
{
    static const struct mk_tpm_selection none = { MK_SHA256, 0xff };
    enum mk_tpm_break b = of_request ? m->broken : MK_TPM_BREAK_NONE;
    struct att_span extra = m->challenge;

    if (b == MK_TPM_BREAK_CERTIFY_CHALLENGE)
        extra = att_str("the challenge of yesterday");
    if (b == MK_TPM_BREAK_CERTIFY_EMPTY)
        extra = (struct att_span){ 0 };
    if (b == MK_TPM_BREAK_CERTIFY_QUOTE)
        return mk_tpm_attest_quote(m->tpm, m->o->aik, extra, &none, 1, scratch, ret, err);
    if (b == MK_TPM_BREAK_CERTIFY_NAME)
        key = MK_TPM_APP_2;
    return mk_tpm_attest_certify(m->tpm, m->o->aik, key, extra, scratch, ret, err);
}

static bool certify(struct mk_made *m, enum mk_tpm_key key, bool of_request, struct certified *c,
                    struct att_err *err)
{
    ATT_AUTO(free_two) struct att_buf scratch[2] = { 0 };
    struct mk_tpm_attest a;
    enum mk_tpm_break b = of_request ? m->broken : MK_TPM_BREAK_NONE;
    enum mk_tpm_key signer = b == MK_TPM_BREAK_CERTIFY_OTHER_AIK ? MK_TPM_AIK_2 : m->o->aik;

    if (!mk_tpm_public(m->tpm, key, &c->public_area, err) ||
        !fill_attest(m, key, of_request, scratch, &a, err))
        return false;
    if (b == MK_TPM_BREAK_CERTIFY_MAGIC)
        a.magic = 0x52435447;
    if (b == MK_TPM_BREAK_CERTIFY_ATTRIBUTES)
        c->public_area.ptr[AT_ATTRIBUTES + 3] ^= 0x02; /* fixedTPM */
    mk_tpm_attest_put(&a, &c->attest);
    c->attest.len -= b == MK_TPM_BREAK_CERTIFY_CUT ? 1 : 0;
    if (!mk_tpm_written(&c->attest, err) ||
        !mk_tpm_sign(m->tpm, signer, att_buf_span(&c->attest), &c->signature, err))
        return false;
    if (b == MK_TPM_BREAK_CERTIFY_SIGNATURE || (!of_request && m->broken == MK_TPM_BREAK_OTHER_SIGNATURE))
        c->signature.ptr[c->signature.len - 1] ^= FLIP;
    return true;
}

static bool put_certified(struct mk_made *m, enum mk_tpm_key key, bool of_request, struct att_buf *out,
                          struct att_err *err)
{
    ATT_AUTO(certified_free) struct certified c = { 0 };

    if (!certify(m, key, of_request, &c, err))
        return false;
    att_buf_puts(out, ",\"info\":{\"tpm_certify\":{");
    mk_json_bytes(out, "public", att_buf_span(&c.public_area));
    att_buf_putc(out, ',');
    mk_json_bytes(out, "certification", att_buf_span(&c.attest));
    att_buf_putc(out, ',');
    mk_json_bytes(out, "signature", att_buf_span(&c.signature));
    att_buf_puts(out, "}}");
    return mk_tpm_written(out, err);
}

/* -- JSON --------------------------------------------------------------------------------------------------------- */

static void put_quote_info(const struct mk_made *m, struct att_buf *out)
{
    static const char *const names[MK_HASH_COUNT] = { "sha-1", "sha-256", "sha-384", "sha-512" };
    enum mk_hash h = m->broken == MK_TPM_BREAK_HASH_ALG_UNKNOWN ? MK_SHA1 : m->o->binding_hash;

    att_buf_printf(out, ",\"info\":{\"tpm_quote\":{\"hash_alg\":\"%s\"}}", names[h]);
}

bool mk_request_key_json(struct mk_made *m, struct att_buf *out, struct att_err *err)
{
    struct att_span jwk = att_buf_span(&m->jwk);

    att_buf_puts(out, "{\"jwk\":");
    if (m->broken == MK_TPM_BREAK_JWK_REWRITTEN) {
        att_buf_puts(out, "{ ");
        jwk = att_span_of(jwk.ptr + 1, jwk.len - 1);
    }
    att_buf_put(out, jwk);
    if (m->broken == MK_TPM_BREAK_KEY_UNBOUND)
        att_buf_puts(out, ",\"info\":{}");
    else if (m->o->binding == MK_BOUND_BY_QUOTE)
        put_quote_info(m, out);
    else if (!put_certified(m, m->o->request_key, true, out, err))
        return false;
    att_buf_putc(out, '}');
    return mk_tpm_written(out, err);
}

bool mk_other_key_json(struct mk_made *m, size_t n, struct att_buf *out, struct att_err *err)
{
    enum mk_tpm_key key = m->o->other_keys[n];

    att_buf_puts(out, "{\"jwk\":");
    if (!mk_tpm_jwk(m->tpm, key, out, err))
        return false;
    if (m->broken == MK_TPM_BREAK_OTHER_QUOTE)
        put_quote_info(m, out);
    else if (mk_tpm_keys[key].attributes && !put_certified(m, key, false, out, err))
        return false;
    att_buf_putc(out, '}');
    return mk_tpm_written(out, err);
}
