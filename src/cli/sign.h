/* cli/sign.h - policy tokens, signed with a key of the user's.
 *
 * The key is read for the one signature and never leaves this process. signer/ is for the service, whose keys are sealed
 * in its store; here a file is read that only its owner may read (profile.h), and no password is asked for.
 *
 *     if (!sign_wanted(c, &wanted, &err) ...              --key and --cert, or neither
 *     struct sign_request q = { .use = ATT_POLICY_SET, .text = text, .audience = url };
 *     if (!sign_token(c, &q, &token, &err)) ...
 */
#ifndef CLI_SIGN_H
#define CLI_SIGN_H

#include <attest/policy_token.h>

#include "cli/pem.h"

struct sign_request {
    enum att_policy_token_use use;
    struct att_span text;               /* ATT_POLICY_SET */
    const struct pem_chain *new_signer; /* ATT_POLICY_SIGNER */
    const char *audience;               /* unless --for names another; NULL: none */
};

/* What was made, for who shows it. */
struct signed_token {
    struct att_span token;
    const char *alg;
    const char *thumbprint;
    int64_t expires_unix_s; /* 0: never */
};

/* Was --key given? USAGE when it and the certificate's option are not given together, or an option that says how to sign
 * stands without them. */
ATT_CHECK bool sign_wanted(const struct cli *c, bool *ret, struct att_err *err);
/* USAGE for keys and options that do not fit, IO_FAILED, and what att_policy_token_input says. */
ATT_CHECK bool sign_token(struct cli *c, const struct sign_request *q, struct signed_token *ret,
                          struct att_err *err);

/* The same key for another compact JWS: its algorithm and chain are known before what is signed. sign_done also after a
 * refusal. */
struct sign_ready {
    const char *alg;
    struct pem_chain chain;
    void *key; /* freed by sign_done */
    const void *how;
};
ATT_CHECK bool sign_ready(struct cli *c, struct sign_ready *ret, struct att_err *err);
/* The raw signature over `input`, in the arena. */
ATT_CHECK bool sign_input(struct cli *c, const struct sign_ready *s, struct att_span input,
                          struct att_span *ret, struct att_err *err);
void sign_done(struct sign_ready *s);

/* Where the certificate of the key is named: "cert"; "signer-cert" where --cert is another one. */
#define OPTIONS_SIGN(cert_option)                                                                            \
    { .name = "key",                                                                                         \
      .argument = "PEM",                                                                                     \
      .help = "Sign with this private key, RSA or EC, in a file that you alone can read." },                 \
        { .name = cert_option,                                                                               \
          .argument = "PEM",                                                                                 \
          .help = "The certificate of the key, followed by its issuers up to what the provider lists." },    \
        { .name = "alg",                                                                                     \
          .argument = "ALG",                                                                                 \
          .help = "RS256 (RSA keys, if not given), RS384, RS512, PS256, ES256 (P-256), ES384 (P-384)." },    \
        { .name = "expires",                                                                                 \
          .argument = "TIME",                                                                                \
          .help = "How long the token counts: 30m, 1h (if not given), 7d, or none." },                       \
        { .name = "for", .argument = "URL", .help = "The provider that the token counts for, by its URL." }, \
    {                                                                                                        \
        .name = "plain", .help = "Without jti, iat, exp and aud: a token that counts always, and anywhere "  \
                                 "that its signer is listed."                                                \
    }

#endif
