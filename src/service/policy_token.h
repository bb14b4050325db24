/* service/policy_token.h - policies as compact JWS: what is stored and given back. Private to policy.c.
 *
 * att_policy_from_client has read and verified a token before anything here looks at it; here its header is read once
 * more for whose it is.
 */
#ifndef SERVICE_POLICY_TOKEN_H
#define SERVICE_POLICY_TOKEN_H

#include <attest/arena.h>
#include <attest/error.h>
#include <attest/limits.h>

/* An unsecured JWS around a policy text. An empty text gives the empty policy: "eyJhbGciOiJub25lIn0..". */
ATT_CHECK bool policy_token_wrap(struct att_arena *arena, struct att_span text, struct att_span *ret,
                                 struct att_err *err);
/* The token without white space and one pair of quotes around it. */
struct att_span policy_token_bare(struct att_span body);

/* Who signed a token that has been verified against the key in its header. */
struct policy_signer {
    bool is_signed;
    struct att_span jwk;         /* JSON, members sorted: what x-ms-policy-signer shows */
    struct att_span certificate; /* DER of x5c[0]; empty when the header has a bare jwk */
};
ATT_CHECK bool policy_token_signer(struct att_arena *arena, struct att_span token,
                                   const struct att_limits *limits, struct policy_signer *ret,
                                   struct att_err *err);
/* Is the certificate one of those that {"keys":[{"x5c":[...]}]} lists, each the first of its x5c? */
ATT_CHECK bool policy_signer_is_listed(struct att_arena *arena, struct att_span certificate,
                                       struct att_span signers_json, const struct att_limits *limits,
                                       bool *ret, struct att_err *err);

#endif
