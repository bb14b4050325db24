/* jose/jws.h - compact JWS (RFC 7515 7.1), read strictly, checked with a key that the caller chose.
 *
 * Refused by form: anything but three segments of strict base64url (JWE has five, a JSON serialisation none),
 * a header that is no JSON object or holds a name twice, `crit` in any form, `b64` other than true, `alg`
 * missing, a `kid` that is no string or longer than 512 bytes, a signature behind "alg":"none". Free: typ,
 * cty and members that are not known (RFC 7515 4). jku, jwk, x5u, x5c steer nothing here.
 *
 * The signature is checked over the bytes that were sent, never over something written anew.
 */
#ifndef JOSE_JWS_H
#define JOSE_JWS_H

#include "codec/json.h"
#include "jose/jwk.h"

struct att_jws {
    struct att_span signed_bytes; /* header "." payload as sent */
    struct att_span header;       /* JSON text */
    struct att_span payload;      /* decoded; any bytes */
    struct att_span signature;    /* decoded; empty when unsecured */
    struct att_json members;      /* the header, read */
    struct att_span alg_name; /* as the token has it: for messages and for display, never for a decision */
    struct att_span kid;
    bool has_kid;
    bool unsecured; /* alg "none", exactly so written */
    bool alg_known; /* `alg` holds a value */
    enum att_sig_alg alg;
};

/* TOKEN_MALFORMED, TOKEN_CRITICAL. `text` must outlive the result. limits NULL: defaults. */
ATT_CHECK bool att_jws_split(struct att_arena *a, struct att_span text, const struct att_limits *limits,
                             struct att_jws *ret, struct att_err *err);

struct att_jws_rules {
    unsigned algs;         /* att_alg_set: the caller's list */
    unsigned rsa_bits_min; /* 0: 2048 */
};
/* The part that needs no key: TOKEN_UNSECURED, TOKEN_ALGORITHM. att_jws_verify begins with it; ask before
 * fetching. */
ATT_CHECK bool att_jws_alg_allowed(const struct att_jws *jws, const struct att_jws_rules *rules,
                                   struct att_err *err);
/* Is it signed by this key? Besides the above: the algorithm must fit the key's type and curve and the key's
 * own `alg` (TOKEN_ALGORITHM), the key must be usable (TOKEN_KEY_INVALID), the signature right
 * (TOKEN_SIGNATURE_INVALID).
 */
ATT_CHECK bool att_jws_verify(const struct att_crypto *c, const struct att_jws *jws,
                              const struct att_jwk *jwk, const struct att_jws_rules *rules,
                              struct att_err *err);

#endif
