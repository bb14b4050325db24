/* attest/policy_token.h - what clients send to manage policies: compact JWS, read and judged.
 *
 * Three uses, one form. Setting a policy: payload {"AttestationPolicy": base64url(text)}. Resetting: an empty payload.
 * Adding or removing a policy signer: {"policyCertificate": JWK}, also under the names maa-, aas- and x-ms-policyCertificate.
 * The header says "alg":"none" and the signature is empty, or it brings the signer's key in x5c, in jwk, or in both.
 *
 * An AAD provider takes what its caller may do by role: unsigned tokens, and signed ones of anybody, whose signature must
 * then be right. An Isolated provider takes only what one of its policy signers has signed: the key of the header's jwk or
 * of x5c[0] is the key of a listed certificate, or x5c leads, each certificate issued by the next, to a listed CA, which may
 * stand in x5c or have issued its last certificate. An x5c of several must hold in both cases: signatures, CA:TRUE and path
 * lengths of those that issued, no critical extension that is not understood.
 *
 *     struct att_policy_token_options options = { .size = sizeof options, .isolated = true, .signers = kept,
 *                                                 .now_unix_s = now, .provider_uri = uri };
 *     struct att_policy_token token;
 *     if (!att_policy_token_read(arena, ATT_POLICY_SET, body, &options, &token, &err))
 *         return false;
 *     store(token.token, token.text);
 *
 * Order of judgement: form; algorithm; key and signature; chain, dates and listing; then what the token says. So an
 * Isolated provider looks into the payload of nobody it does not know.
 *
 * A token may say when and where it counts, and is held to it: `exp`, `nbf`, `iat` (seconds; not in the future), `aud` (a string
 * or an array that must hold provider_uri), `jti` (counts once: the caller keeps token.once_sha256). These names are read from the
 * payload; a reset, whose payload is empty, has them in its header. A token without them has no end and no place, as those
 * of the official clients; `fresh_only` refuses such on Isolated providers.
 *
 * Units: seconds since 1970-01-01T00:00:00Z. Ownership: results are in the arena; inputs are borrowed for the call.
 * Errors: POLICY_TOKEN_INVALID, POLICY_TOKEN_STALE, POLICY_TOKEN_AUDIENCE, POLICY_SIGNATURE_REQUIRED, POLICY_SIGNER_UNKNOWN,
 * POLICY_SIGNER_MISSING, CERT_CHAIN_INVALID ("Unable to find issuer certificate CN=..."), CERT_EXPIRED, CERT_NOT_YET_VALID,
 * CERT_MALFORMED, KEY_INVALID, JSON_*, BASE64_INVALID, TOKEN_* for signatures and keys, LIMIT_EXCEEDED, OUT_OF_MEMORY,
 * CRYPTO_FAILED.
 * Threads: no shared state. Spec: docs/api.md "Policies"; RFC 7515, RFC 7519, RFC 8725.
 */
#ifndef ATTEST_POLICY_TOKEN_H
#define ATTEST_POLICY_TOKEN_H

#include <attest/arena.h>
#include <attest/error.h>
#include <attest/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

enum att_policy_token_use { ATT_POLICY_SET, ATT_POLICY_RESET, ATT_POLICY_SIGNER };

struct att_policy_token_options {
    size_t size;                     /* sizeof(struct att_policy_token_options) */
    const struct att_limits *limits; /* NULL: att_limits_default */
    bool isolated;
    struct att_span signers;  /* what att_signers_read keeps; empty: nobody */
    unsigned rsa_bits_min;    /* 0: 2048; never under 1024 */
    int64_t now_unix_s;       /* judges exp, nbf, iat and the dates of certificates; half a minute of skew */
    const char *provider_uri; /* attestUri, no trailing slash: what `aud` must name */
    bool fresh_only;          /* Isolated: jti, exp and aud must be there */
};

struct att_policy_token {
    struct att_span token; /* the JWS alone, as it is stored and hashed */
    struct att_span text;  /* ATT_POLICY_SET: the policy, byte for byte */
    bool is_signed;
    struct att_span signer_jwk; /* JSON, members sorted: what x-ms-policy-signer shows; empty when unsigned */
    struct att_span signer_certificate; /* DER of x5c[0]; empty when the header has a bare jwk */
    /* ATT_POLICY_SIGNER: the certificate to add or remove. */
    struct att_span key_json;    /* one key in the form that att_signers_read keeps */
    struct att_span certificate; /* DER of its first certificate */
    char thumbprint
        [41];         /* SHA-1 of that, upper-case hex; of x5c[0] for the other uses, "" when there is none */
    bool counts_once; /* it has a jti */
    uint8_t once_sha256[32]; /* over use, signer's key and jti: what the caller remembers */
    int64_t expires_unix_s;  /* 0: it says nothing */
};

/* `body` as clients send it: white space around, one pair of quotes; for ATT_POLICY_SET also plain text of a policy, which
 * becomes an unsigned token (an Isolated provider refuses it), and for ATT_POLICY_RESET nothing at all, which stands for the
 * unsigned reset. A certificate to add or remove is held to the rules of signers.h, but it need not end in a CA; one that is
 * listed already is not judged again. */
ATT_API ATT_CHECK bool att_policy_token_read(struct att_arena *arena, enum att_policy_token_use use,
                                             struct att_span body,
                                             const struct att_policy_token_options *options,
                                             struct att_policy_token *ret, struct att_err *err);

/* An unsecured token around a policy text; an empty text gives the empty policy, "eyJhbGciOiJub25lIn0..", which is also
 * what resets. */
ATT_API ATT_CHECK bool att_policy_token_wrap(struct att_arena *arena, struct att_span text,
                                             struct att_span *ret, struct att_err *err);

/* For those who sign: header and payload to be signed, as att_token_input gives them; att_token_join puts the signature
 * behind. `chain` is the signer's certificates, DER, leaf first. Zero times and empty spans are left out. */
struct att_policy_token_in {
    size_t size; /* sizeof(struct att_policy_token_in) */
    enum att_policy_token_use use;
    const char *alg; /* "RS256", "RS384", "RS512", "PS256", "ES256", "ES384" */
    const struct att_span *chain;
    size_t chain_count;
    struct att_span text;              /* ATT_POLICY_SET */
    const struct att_span *new_signer; /* ATT_POLICY_SIGNER: certificates, DER, leaf first */
    size_t new_signer_count;
    struct att_span jti;
    struct att_span audience;
    int64_t iat_unix_s, exp_unix_s;
};
ATT_API ATT_CHECK bool att_policy_token_input(struct att_arena *arena, const struct att_policy_token_in *in,
                                              struct att_span *ret, struct att_err *err);

#ifdef __cplusplus
}
#endif
#endif
