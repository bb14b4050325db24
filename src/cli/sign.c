#include "cli/sign.h"

#include "base/auto.h"
#include "base/err.h"
#include "base/hex.h"
#include "cli/members.h"
#include "cli/profile.h"

#include <attest/token.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <time.h>

enum { JTI_BYTES = 16, EXPIRES_S = 3600, EXPIRES_S_MAX = 10 * 366 * 86400, RSA_BITS_MIN = 2048 };

ATT_AUTO_PTR(pkey_free, EVP_PKEY, EVP_PKEY_free)
ATT_AUTO_PTR(bio_free, BIO, BIO_free_all)
ATT_AUTO_PTR(x509_free, X509, X509_free)
ATT_AUTO_PTR(mdctx_free, EVP_MD_CTX, EVP_MD_CTX_free)
ATT_AUTO_PTR(ecsig_free, ECDSA_SIG, ECDSA_SIG_free)

/* In order of preference for each kind of key. */
static const struct algorithm {
    const char *name, *digest;
    bool pss;
    const char *curve; /* NULL: RSA */
    int half;          /* bytes of r, and of s */
} algorithms[] = {
    { "RS256", "SHA2-256", false, NULL, 0 },          { "RS384", "SHA2-384", false, NULL, 0 },
    { "RS512", "SHA2-512", false, NULL, 0 },          { "PS256", "SHA2-256", true, NULL, 0 },
    { "ES256", "SHA2-256", false, "prime256v1", 32 }, { "ES384", "SHA2-384", false, "secp384r1", 48 },
};
enum { ALGORITHMS = sizeof algorithms / sizeof algorithms[0] };

/* -- options ---------------------------------------------------------------------------------------------- */

static const char *cert_option(const struct cli *c)
{
    for (const struct cli_option *o = c->command->options; o->name; o++)
        if (strcmp(o->name, "signer-cert") == 0)
            return "signer-cert";
    return "cert";
}

bool sign_wanted(const struct cli *c, bool *ret, struct att_err *err)
{
    static const char *const others[] = { "alg", "expires", "for", "plain" };
    const char *cert = cert_option(c);
    bool key = cli_has(c, "key");

    if (key != cli_has(c, cert))
        return att_fail(err, ATT_USAGE, key ? cert : "key", "--key and the certificate of the key together",
                        "one of them alone");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (!key && cli_has(c, others[i]))
            return att_fail(err, ATT_USAGE, others[i], "--key beside it: it says how to sign", "none");
    for (size_t i = 1; i < 3; i++)
        if (cli_has(c, "plain") && cli_has(c, others[i]))
            return att_fail(err, ATT_USAGE, others[i], "none beside --plain", "one");
    *ret = key;
    return true;
}

/* "30m" in seconds; 0 for "none". */
static bool expires_of(const struct cli *c, int64_t *ret, struct att_err *err)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
    const char *text = cli_value(c, "expires");
    struct att_shown shown;
    int64_t n = 0;
    size_t i = 0;

    *ret = EXPIRES_S;
    if (!text)
        return true;
    *ret = 0;
    if (strcmp(text, "none") == 0)
        return true;
    for (; text[i] >= '0' && text[i] <= '9' && i < 9; i++)
        n = 10 * n + (text[i] - '0');
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++)
        if (n > 0 && text[i] == units[u].unit && text[i + 1] == '\0' &&
            n <= EXPIRES_S_MAX / units[u].seconds) {
            *ret = n * units[u].seconds;
            return true;
        }
    return att_fail(err, ATT_USAGE, "expires", "a number of s, m, h or d up to ten years, or none", "%s",
                    att_shown(&shown, att_str(text)));
}

/* -- keys ------------------------------------------------------------------------------------------------- */

static int no_password(char *room, int size, int writing, void *asked)
{
    (void)room;
    (void)size;
    (void)writing;
    *(bool *)asked = true;
    return -1;
}

static bool read_key(struct cli *c, EVP_PKEY **ret, struct att_err *err)
{
    struct att_span pem;
    bool asked = false;

    if (!private_read(c, "key", cli_value(c, "key"), &pem, err))
        return false;
    ATT_AUTO(bio_free) BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    if (!bio)
        return att_fail_memory(err, "key");
    *ret = PEM_read_bio_PrivateKey(bio, NULL, no_password, &asked);
    ERR_clear_error();
    if (*ret)
        return true;
    if (asked)
        return att_fail(err, ATT_USAGE, "key",
                        "a private key without a password (openssl pkey -in KEY -out PLAIN)",
                        "an encrypted one");
    return att_fail(err, ATT_USAGE, "key", "a private key in PEM", "none in the file");
}

static bool belongs(EVP_PKEY *key, struct att_span der, const char *where, struct att_err *err)
{
    const unsigned char *p = der.ptr;
    ATT_AUTO(x509_free) X509 *cert = d2i_X509(NULL, &p, (long)der.len);

    bool same = cert && X509_check_private_key(cert, key) == 1;
    ERR_clear_error();
    if (same)
        return true;
    return att_fail(err, ATT_USAGE, where, "first the certificate of the key", "another certificate");
}

static bool fits(const struct algorithm *a, const EVP_PKEY *key)
{
    char curve[64] = "";
    size_t len = 0;

    if (!a->curve)
        return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= RSA_BITS_MIN;
    bool same = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
                EVP_PKEY_get_group_name(key, curve, sizeof curve, &len) == 1 && strcmp(curve, a->curve) == 0;
    ERR_clear_error();
    return same;
}

static bool algorithm_of(const struct cli *c, const EVP_PKEY *key, const struct algorithm **ret,
                         struct att_err *err)
{
    const char *wanted = cli_value(c, "alg");
    struct att_shown shown;
    bool known = false;

    for (size_t i = 0; i < ALGORITHMS; i++) {
        if (wanted && strcmp(wanted, algorithms[i].name) != 0)
            continue;
        known = true;
        if (!fits(&algorithms[i], key))
            continue;
        *ret = &algorithms[i];
        return true;
    }
    if (wanted && !known)
        return att_fail(err, ATT_USAGE, "alg", "RS256, RS384, RS512, PS256, ES256 or ES384", "%s",
                        att_shown(&shown, att_str(wanted)));
    return att_fail(err, ATT_USAGE, wanted ? "alg" : "key", "RSA of 2048 bits or more, P-256 or P-384",
                    wanted ? "a key that does not fit %s" : "another key%.0s", wanted ? wanted : "");
}

/* -- signatures ------------------------------------------------------------------------------------------- */

static bool start(EVP_MD_CTX *ctx, const struct algorithm *a, EVP_PKEY *key)
{
    EVP_PKEY_CTX *how = NULL; /* the context's own */

    if (EVP_DigestSignInit_ex(ctx, &how, a->digest, NULL, NULL, key, NULL) != 1)
        return false;
    return !a->pss || (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
                       EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1);
}

/* r and s side by side: RFC 7518 3.4. */
static bool raw_of(struct att_arena *arena, struct att_span der, int half, struct att_span *ret)
{
    const unsigned char *p = der.ptr;
    ATT_AUTO(ecsig_free) ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.len);
    uint8_t *raw = att_arena_alloc(arena, 2, (size_t)half);

    if (!sig || !raw || BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, half) != half ||
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + half, half) != half)
        return false;
    *ret = att_span_of(raw, 2 * (size_t)half);
    return true;
}

static bool sign(struct att_arena *arena, const struct algorithm *a, EVP_PKEY *key, struct att_span input,
                 struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(mdctx_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = (size_t)EVP_PKEY_get_size(key);
    uint8_t *sig = att_arena_alloc(arena, len, 1);

    if (!ctx || !sig)
        return att_fail_memory(err, "sign");
    bool done = start(ctx, a, key) && EVP_DigestSign(ctx, sig, &len, input.ptr, input.len) == 1;
    *ret = att_span_of(sig, len);
    if (!done || (a->half && !raw_of(arena, *ret, a->half, ret)))
        return att_fail(err, ATT_CRYPTO_FAILED, "sign", "a signature", "a failure of the crypto library");
    return true;
}

/* -- tokens ----------------------------------------------------------------------------------------------- */

/* Services know themselves without a slash at the end. */
static struct att_span audience_of(const struct cli *c, const char *fallback)
{
    struct att_span url = att_str(cli_has(c, "for") ? cli_value(c, "for") : fallback);

    while (url.len > 0 && url.ptr[url.len - 1] == '/')
        url.len--;
    return url;
}

static bool put_times(const struct cli *c, struct att_policy_token_in *in, char jti[2 * JTI_BYTES + 1],
                      const char *audience, struct att_err *err)
{
    uint8_t random[JTI_BYTES];
    int64_t lasts_s = 0;

    if (cli_has(c, "plain"))
        return true;
    if (!expires_of(c, &lasts_s, err))
        return false;
    if (RAND_bytes(random, sizeof random) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "sign", "random bytes", "none to be had");
    att_hex_text(jti, att_span_of(random, sizeof random));
    in->jti = att_str(jti);
    in->iat_unix_s = (int64_t)time(NULL);
    in->exp_unix_s = lasts_s ? in->iat_unix_s + lasts_s : 0;
    in->audience = audience_of(c, audience);
    return true;
}

/* What no service would take is not given out. */
static bool try_token(struct cli *c, enum att_policy_token_use use, struct att_span token,
                      const struct att_policy_token_in *in, struct att_err *err)
{
    const char *audience = in->audience.len ? att_arena_dup(c->arena, in->audience) : "";
    struct att_policy_token_options options = { .size = sizeof options,
                                                .now_unix_s = (int64_t)time(NULL),
                                                .provider_uri = audience };
    struct att_policy_token read;

    if (!audience)
        return att_fail_memory(err, "sign");
    return att_policy_token_read(c->arena, use, token, &options, &read, err);
}

static bool make(struct cli *c, const struct sign_request *q, EVP_PKEY *key, const struct pem_chain *chain,
                 struct signed_token *ret, struct att_err *err)
{
    char jti[2 * JTI_BYTES + 1];
    const struct algorithm *a = NULL;
    struct att_span input;
    struct att_span signature;
    struct pem_shown shown;
    struct att_span token;

    if (!algorithm_of(c, key, &a, err) || !pem_show(c->arena, chain->der[0], &shown, err))
        return false;
    struct att_policy_token_in in = {
        .size = sizeof in,
        .use = q->use,
        .alg = a->name,
        .chain = chain->der,
        .chain_count = chain->count,
        .text = q->text,
        .new_signer = q->new_signer ? q->new_signer->der : NULL,
        .new_signer_count = q->new_signer ? q->new_signer->count : 0,
    };
    if (!put_times(c, &in, jti, q->audience, err) || !att_policy_token_input(c->arena, &in, &input, err) ||
        !sign(c->arena, a, key, input, &signature, err) ||
        !att_token_join(c->arena, input, signature, &token, err) || !try_token(c, q->use, token, &in, err))
        return false;
    *ret = (struct signed_token){ token, a->name, shown.thumbprint, in.exp_unix_s };
    return true;
}

bool sign_token(struct cli *c, const struct sign_request *q, struct signed_token *ret, struct att_err *err)
{
    ATT_AUTO(pkey_free) EVP_PKEY *key = NULL;
    const char *cert = cert_option(c);
    struct pem_chain chain;

    return read_key(c, &key, err) && pem_read(c, cert, cli_value(c, cert), &chain, err) &&
           belongs(key, chain.der[0], cert, err) && make(c, q, key, &chain, ret, err);
}

/* -- anything else ---------------------------------------------------------------------------------------- */

bool sign_ready(struct cli *c, struct sign_ready *ret, struct att_err *err)
{
    ATT_AUTO(pkey_free) EVP_PKEY *key = NULL;
    const char *cert = cert_option(c);
    const struct algorithm *a = NULL;

    *ret = (struct sign_ready){ 0 };
    if (!read_key(c, &key, err) || !pem_read(c, cert, cli_value(c, cert), &ret->chain, err) ||
        !belongs(key, ret->chain.der[0], cert, err) || !algorithm_of(c, key, &a, err))
        return false;
    ret->alg = a->name;
    ret->how = a;
    ret->key = ATT_MOVE(key);
    return true;
}

bool sign_input(struct cli *c, const struct sign_ready *s, struct att_span input, struct att_span *ret,
                struct att_err *err)
{
    return sign(c->arena, s->how, s->key, input, ret, err);
}

void sign_done(struct sign_ready *s)
{
    EVP_PKEY_free(s->key);
    s->key = NULL;
}
