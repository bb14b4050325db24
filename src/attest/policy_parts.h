/* attest/policy_parts.h - what reading, judging and writing policy tokens share. Private to src/attest.
 *
 * One file, one question:
 *   policy_text.c   which bytes are a token, which are the policy, and where is the text in a payload
 *   policy_key.c    who signed: the key that the header brings, and the signature under it
 *   policy_trust.c  do we know the signer: chain, dates, listing
 *   policy_fresh.c  when and where does the token count: exp, nbf, iat, aud, jti
 *   policy_token.c  the order of these, and the three uses
 *   policy_write.c  tokens made, unsecured and to be signed
 */
#ifndef ATTEST_POLICY_PARTS_H
#define ATTEST_POLICY_PARTS_H

#include <attest/policy_token.h>

#include "attest/x5c.h"
#include "jose/jws.h"

#define ATT_POLICY_ALGS   "RS256 RS384 RS512 PS256 ES256 ES384"
#define ATT_POLICY_HEADER "policy.token.header"

/* What stands between white space and one pair of quotes. */
struct att_span att_policy_bare(struct att_span body);
/* Is it meant as a token? `bare` as above. */
bool att_policy_is_token(struct att_span bare);
/* The text of {"AttestationPolicy":...}. POLICY_TOKEN_INVALID, BASE64_INVALID. */
ATT_CHECK bool att_policy_payload_text(struct att_arena *arena, const struct att_limits *limits,
                                       struct att_span payload, struct att_span *ret, struct att_err *err);

/* Signed by the key that its header brings along? That proves that the sender holds it, and no more. On success the
 * caller calls att_jwk_free. TOKEN_*; `where` begins with "token". */
ATT_CHECK bool att_policy_signed(const struct att_crypto *c, struct att_arena *arena,
                                 const struct att_limits *limits, const struct att_jws *jws,
                                 unsigned rsa_bits_min, struct att_jwk *ret, struct att_err *err);
/* That key as x-ms-policy-signer shows it. */
ATT_CHECK bool att_policy_signer_jwk(struct att_arena *arena, const struct att_jws *jws, struct att_span *ret,
                                     struct att_err *err);

struct att_policy_judge {
    const struct att_crypto *crypto;
    struct att_arena *arena;
    const struct att_limits *limits;
    const struct att_policy_token_options *options;
};
enum { ATT_POLICY_SKEW_S = 30 };

/* Does the chain hold, is it in its time, and - on an Isolated provider - does it lead to a listed signer? `x5c` may be
 * empty. CERT_CHAIN_INVALID, CERT_EXPIRED, CERT_NOT_YET_VALID, POLICY_SIGNER_UNKNOWN. */
ATT_CHECK bool att_policy_trusts(const struct att_policy_judge *judge, const struct att_key *key,
                                 const struct att_x5c *x5c, struct att_err *err);
/* Does the list hold this certificate as the first of a key? */
ATT_CHECK bool att_policy_lists(const struct att_policy_judge *judge, const struct att_cert *cert, bool *ret,
                                struct att_err *err);

/* `members`: the object that may have exp, nbf, iat, aud and jti; `signer` NULL for unsecured tokens. Fills counts_once,
 * once_sha256 and expires_unix_s. POLICY_TOKEN_INVALID, POLICY_TOKEN_STALE, POLICY_TOKEN_AUDIENCE. */
ATT_CHECK bool att_policy_counts(const struct att_policy_judge *judge, enum att_policy_token_use use,
                                 const struct att_json *members, const char *where,
                                 const struct att_key *signer, struct att_policy_token *ret,
                                 struct att_err *err);

/* The sentence that clients and their manuals know: "Bad message    Msg:[...]: where is found, expected expected". */
bool att_policy_bad_message(struct att_err *err, const char *message);

#endif
