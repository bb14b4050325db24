/* layers: attest jose crypto codec base */
/* Policy tokens while memory or the crypto library fails: nobody is trusted by accident, and nobody is called a stranger. */
#include "torture/torture.h"

#include "unit/attest/policy_tokens.h"

struct cases cases = { .name = "torture.policy_token" };

struct scene {
    const char *name;
    struct ask how;
    const char *body;
    enum att_code expected; /* ATT_OK: taken */
    char right[8192];       /* what peace gave */
};

static EVP_PKEY *rsa, *ec, *evil;

static enum torture_answer no_memory(struct att_err *err)
{
    torture_rest();
    *err = (struct att_err){ .code = ATT_OUT_OF_MEMORY, .where = "test", .text = "owned up to it" };
    return TORTURE_REFUSED;
}

static enum torture_answer given(struct scene *s, const struct att_policy_token *t)
{
    char answer[sizeof s->right];

    torture_rest();
    if (s->expected != ATT_OK)
        return torture_wrong("taken, though peace refuses it");
    /* What the makers keep would be taken for a leak. */
    (void)snprintf(answer, sizeof answer, "%.*s %.*s %.*s %s %d %d", (int)t->text.len,
                   (const char *)t->text.ptr, (int)t->signer_jwk.len, (const char *)t->signer_jwk.ptr,
                   (int)t->key_json.len, (const char *)t->key_json.ptr, t->thumbprint, t->is_signed,
                   t->counts_once ? t->once_sha256[0] : -1);
    if (!s->right[0])
        memcpy(s->right, answer, sizeof answer);
    return strcmp(s->right, answer) == 0 ? TORTURE_RIGHT : torture_wrong("%.500s", answer);
}

static enum torture_answer read_token(void *state, struct att_err *err)
{
    struct scene *s = state;
    const struct att_policy_token_options options = options_of(&s->how);
    struct att_policy_token t = { .is_signed = false };
    enum torture_answer answer = TORTURE_REFUSED;
    struct att_arena *a = att_arena_new((size_t)4 << 20);

    if (!a)
        return no_memory(err);
    bool ok = att_policy_token_read(a, s->how.use, att_str(s->body), &options, &t, err);
    torture_rest();
    if (ok)
        answer = given(s, &t);
    else if (s->expected != ATT_OK && err->code == s->expected)
        answer = TORTURE_RIGHT;
    att_arena_free(a);
    return answer;
}

static enum torture_answer change_list(void *state, struct att_err *err)
{
    const char *const *keys = state;
    struct att_span more = { 0 }, less = { 0 };
    bool added = false, removed = false;
    enum torture_answer answer = TORTURE_REFUSED;
    struct att_arena *a = att_arena_new((size_t)4 << 20);

    if (!a)
        return no_memory(err);
    bool ok = att_signers_add(a, att_str(keys[0]), att_str(keys[1]), &more, &added, err) &&
              att_signers_remove(a, more, att_str(keys[1]), &less, &removed, err);
    torture_rest();
    if (ok)
        answer =
            added && removed && att_span_is(less, keys[0]) ? TORTURE_RIGHT : torture_wrong("another list");
    att_arena_free(a);
    return answer;
}

struct making {
    struct att_policy_token_in in;
    const char *want;
};

static enum torture_answer make_input(void *state, struct att_err *err)
{
    const struct making *m = state;
    struct att_span input = { 0 };
    enum torture_answer answer = TORTURE_REFUSED;
    struct att_arena *a = att_arena_new((size_t)1 << 20);

    if (!a)
        return no_memory(err);
    bool ok = att_policy_token_input(a, &m->in, &input, err);
    torture_rest();
    if (ok)
        answer = att_span_is(input, m->want) ? TORTURE_RIGHT : torture_wrong("another token");
    att_arena_free(a);
    return answer;
}

int main(void)
{
    torture_start();
    rsa = rsa_new(2048, 65537);
    ec = ec_new("P-256");
    evil = ec_new("P-256");
    char *ca = x5c_ca(rsa, "ca"), *strange = x5c_ca(evil, "strange");
    char *leaf = x5c_make(&(struct x5c_cert){ .cn = "leaf", .issuer_cn = "ca", .key = ec, .signer = rsa });
    char *payload = payload_of(POLICY, "\"jti\":\"a\",\"aud\":[\"" PROVIDER "\"],\"exp\":1800000100");
    const char *list = list_of(kept_key(rsa, ca), NULL), *other_list = list_of(kept_key(evil, strange), NULL);
    const struct ask set = { .signers = list }, reset = { .use = ATT_POLICY_RESET, .signers = list },
                     signer = { .use = ATT_POLICY_SIGNER, .signers = list };
    static struct scene scenes[7];
    size_t n = 0;

    scenes[n++] = (struct scene){ "by a chain", set, signed_by(ec, "ES256", x5c_of(leaf, ca, NULL), payload),
                                  ATT_OK, "" };
    scenes[n++] = (struct scene){ "by a leaf that a listed CA issued", set,
                                  signed_by(ec, "ES256", x5c_of(leaf, NULL, NULL), payload), ATT_OK, "" };
    scenes[n++] = (struct scene){
        "by a bare key", set,
        token_of(rsa, "RS256", header_of("RS256", textf("\"jwk\":%s", jwk_of(rsa, ""))), payload), ATT_OK, ""
    };
    scenes[n++] =
        (struct scene){ "a reset", reset, signed_by(rsa, "PS256", x5c_of(ca, NULL, NULL), ""), ATT_OK, "" };
    scenes[n++] = (struct scene){ "a new signer", signer,
                                  signed_by(rsa, "RS256", x5c_of(ca, NULL, NULL),
                                            adding("policyCertificate", "EC", strange)),
                                  ATT_OK, "" };
    scenes[n++] =
        (struct scene){ "by a stranger", set, signed_by(evil, "ES256", x5c_of(strange, NULL, NULL), payload),
                        ATT_POLICY_SIGNER_UNKNOWN, "" };
    scenes[n++] = (struct scene){ "a text", { .use = ATT_POLICY_SET }, POLICY, ATT_OK, "" };
    for (size_t i = 0; i < n; i++)
        torture_flow(&cases, &(struct torture_flow){ scenes[i].name, read_token, NULL, &scenes[i], false });

    const char *keys[] = { other_list, kept_key(rsa, ca) };
    torture_flow(&cases, &(struct torture_flow){ "a list with one more and one less", change_list, NULL, keys,
                                                 false });
    struct att_span own = cert_of(ec, "own"), fresh = cert_of(evil, "fresh");
    struct making making = { .in = { .size = sizeof making.in,
                                     .use = ATT_POLICY_SIGNER,
                                     .alg = "ES256",
                                     .chain = &own,
                                     .chain_count = 1,
                                     .new_signer = &fresh,
                                     .new_signer_count = 1 },
                             .want = signing_input(
                                 header_of("ES256", x5c_of(b64(own.ptr, own.len), NULL, NULL)),
                                 adding("policyCertificate", "EC", b64(fresh.ptr, fresh.len))) };
    torture_flow(&cases, &(struct torture_flow){ "what is to be signed", make_input, NULL, &making, false });
    EVP_PKEY_free(rsa), EVP_PKEY_free(ec), EVP_PKEY_free(evil);
    return cases_report(&cases);
}
