/* signer/template.h - is this what a key may sign as a JWS? Private to signer. */
#ifndef SIGNER_TEMPLATE_H
#define SIGNER_TEMPLATE_H

#include <attest/arena.h>
#include <attest/error.h>

/* HEADER "." PAYLOAD, both strict base64url: a header of JSON with exactly this alg and kid, typ "JWT", and besides at most
 * jku, x5c and x5t; a payload that begins and ends as a JSON object does (what is between is not read). SIGNER_REFUSED,
 * OUT_OF_MEMORY. `work` is for what is read. */
ATT_CHECK bool template_check(struct att_span input, const char *alg, const char *kid, struct att_arena *work,
                              struct att_err *err);

#endif
