/* collateral/dcap_signed.h - Intel's signed JSON: {"<member>":{...},"signature":"<128 hex>"}.
 *
 * The signature is over the exact source bytes of the member's value, so they are found first, checked, and
 * only then is the content believed. Spec: Intel PCS API, "Get TCB Info", "Get QE Identity".
 */
#ifndef COLLATERAL_DCAP_SIGNED_H
#define COLLATERAL_DCAP_SIGNED_H

#include "codec/json.h"
#include "crypto/crypto.h"

struct dcap_signed {
    struct att_json json;
    att_json_id body; /* the member's value, an object */
    struct att_span signed_bytes;
    uint8_t signature[64]; /* r||s */
};

/* Codes and names of one kind of document. */
struct dcap_signed_kind {
    const char *member; /* "tcbInfo" */
    const char *where;  /* "collateral.tcb_info" */
    enum att_code malformed;
    enum att_code signature_invalid;
};

/* Nodes live in `scratch`; `text` is borrowed. */
ATT_CHECK bool dcap_signed_read(const struct dcap_signed_kind *kind, struct att_arena *scratch,
                                struct att_span text, const struct att_limits *limits,
                                struct dcap_signed *ret, struct att_err *err);
ATT_CHECK bool dcap_signed_check(const struct dcap_signed_kind *kind, const struct att_crypto *crypto,
                                 const struct att_key *signer, const struct dcap_signed *d,
                                 struct att_err *err);

#endif
