/* relying/relying.h - what the files of this folder share. */
#ifndef RELYING_RELYING_H
#define RELYING_RELYING_H

#include <attest/relying.h>

#include "jose/jws.h"

/* Splits a token whose payload is a JSON object; both readings at once. */
ATT_CHECK bool relying_read(struct att_arena *a, struct att_span text, const struct att_limits *limits,
                            struct att_jws *ret_jws, struct att_json *ret_claims, struct att_err *err);
void relying_fill(const struct att_jws *jws, struct att_token *ret);

/* The issuer's key set: the caller's, or by way of the issuer's metadata. TOKEN_KEYS_INVALID, TOKEN_ISSUER,
 * or what the fetch callback says. Free with att_jwk_set_free. */
ATT_CHECK bool relying_keys(const struct att_crypto *c, struct att_arena *a,
                            const struct att_token_check *check, struct att_jwk_set *ret,
                            struct att_err *err);

/* An https URL from which a metadata document's can be made? TOKEN_KEYS_INVALID. */
ATT_CHECK bool relying_issuer_usable(const char *issuer, struct att_err *err);
/* The issuer's key set by way of its metadata, as JSON; of `check` its issuer, fetch and limits count. */
ATT_CHECK bool relying_fetch(struct att_arena *a, const struct att_token_check *check, struct att_span *ret,
                             struct att_err *err);

/* The claim at a dotted path (att_token_expect). False without err: there is none. */
ATT_CHECK bool relying_claim(const struct att_json *doc, struct att_arena *a, struct att_span path,
                             att_json_id *ret, struct att_err *err);

/* exp, nbf, iat. TOKEN_CLAIM, TOKEN_EXPIRED, TOKEN_NOT_YET_VALID. */
ATT_CHECK bool relying_times(const struct att_json *claims, const struct att_token_check *check,
                             struct att_err *err);

#endif
