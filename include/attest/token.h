/* attest/token.h - attestation tokens: composing one (the issuer's side) and policy tokens.
 *
 * libattest never holds a private key: it gives the bytes to sign and puts the signature behind them.
 *
 * Example:
 *     struct att_token_in in = { .size = sizeof in, .issuer = att_str("https://localhost:8443"), .alg = "RS256",
 *                                .kid = kid, .iat_unix_s = now, .lifetime_s = 8 * 3600, .jti = random_32_bytes,
 *                                .policy_text = att_policy_text(policy), .policy_is_default = true };
 *     struct att_span input, token;
 *     if (!att_token_input(arena, &verdict, &in, &input, &err))       "header.payload"
 *         return false;
 *     struct att_span signature = my_signer_sign(kid, input);         raw: RSA bytes, or r and s side by side
 *     if (!att_token_join(arena, input, signature, &token, &err))     "header.payload.signature"
 *         return false;
 *
 * Units: seconds since 1970-01-01T00:00:00Z. Ownership: results are in the arena; inputs are borrowed for the call.
 * Errors: INTERNAL for a caller's mistake, among them asking for a token for evidence that was refused; UTF8_INVALID;
 * OUT_OF_MEMORY; POLICY_TOKEN_INVALID for policy tokens.
 * Threads: no shared state. Spec: RFC 7515, RFC 7519; the claims are listed in docs/api.md.
 */
#ifndef ATTEST_TOKEN_H
#define ATTEST_TOKEN_H

#include <attest/attest.h>

#ifdef __cplusplus
extern "C" {
#endif

struct att_token_in {
    size_t size;            /* sizeof(struct att_token_in) */
    struct att_span issuer; /* attestUri, no trailing slash */
    const char *alg;        /* "RS256", "ES256"; NULL: unsecured ("none"), for draft policies */
    struct att_span kid;
    int64_t iat_unix_s; /* real time, never the evidence time; nbf is the same */
    int64_t lifetime_s;
    struct att_span jti; /* 32 bytes; written as lower-case hex */
    struct att_span nonce;
    bool has_nonce;
    struct att_span policy_text; /* for x-ms-policy-hash */
    bool policy_is_default;      /* else the issued claims also stand inside x-ms-policy */
    /* x-ms-policy-signer: the JWK of who signed the policy, JSON with sorted members; empty: nobody did. */
    struct att_span policy_signer_jwk;
    /* DER of the signing key's certificate, for the header (x5c); empty: none. With thumbprint_only its SHA-1 alone (x5t). */
    struct att_span certificate;
    bool thumbprint_only;
    bool unsafe_evidence_time; /* x-attestd-unsafe: "evidence-time"; "test-roots" follows from the verdict */
};

/* Base64url header and payload with a dot between: keys sorted at every level. For an unsecured token this is
 * already all but the last dot. */
ATT_API ATT_CHECK bool att_token_input(struct att_arena *arena, const struct att_verdict *verdict,
                                       const struct att_token_in *in, struct att_span *ret,
                                       struct att_err *err);
/* input "." base64url(signature); an empty signature for an unsecured token. */
ATT_API ATT_CHECK bool att_token_join(struct att_arena *arena, struct att_span input,
                                      struct att_span signature, struct att_span *ret, struct att_err *err);

/* A policy as clients send it: plain text, or a compact JWS with {"AttestationPolicy": base64url(text)} (alg
 * none or signed; a signature is checked against the key in the header, which proves the sender holds it and
 * no more). POLICY_TOKEN_INVALID. */
ATT_API ATT_CHECK bool att_policy_from_client(struct att_arena *arena, struct att_span text_or_token,
                                              const struct att_limits *limits, struct att_span *ret_text,
                                              struct att_err *err);

#ifdef __cplusplus
}
#endif
#endif
