/* attest/x5c.h - the member x5c of a JOSE header or a key: certificates, leaf first. Private to src/attest. */
#ifndef ATTEST_X5C_H
#define ATTEST_X5C_H

#include "codec/json.h"
#include "crypto/x509.h"

enum { ATT_X5C_MAX = 10, ATT_X5C_WHERE_BYTES = 64, ATT_X5C_CERT_WHERE_BYTES = ATT_X5C_WHERE_BYTES + 32 };

struct att_x5c {
    struct att_cert *certs[ATT_X5C_MAX]; /* one reference each */
    size_t count;
    char where[ATT_X5C_WHERE_BYTES]; /* of the object that has the member: "keys[3]" */
};

/* The member x5c of the object `id`: an array of at least one certificate in standard base64. Errors: JSON_MISSING,
 * JSON_TYPE, BASE64_INVALID, CERT_MALFORMED, LIMIT_EXCEEDED. On success the caller calls att_x5c_free. */
ATT_CHECK bool att_x5c_read(const struct att_crypto *c, struct att_arena *arena,
                            const struct att_limits *limits, const struct att_json *doc, att_json_id id,
                            const char *where, struct att_x5c *ret, struct att_err *err);
void att_x5c_free(struct att_x5c *x5c);

/* Is each certificate issued by the next one, which may issue? CERT_CHAIN_INVALID. One alone holds always. */
ATT_CHECK bool att_x5c_holds(const struct att_crypto *c, const struct att_x5c *x5c, struct att_err *err);
/* Is the last one a CA? CERT_CHAIN_INVALID. */
ATT_CHECK bool att_x5c_ends_in_ca(const struct att_x5c *x5c, struct att_err *err);

/* Critical extensions that do not stand against a signer: what they limit (names of hosts and persons, purposes on the
 * web, terms of issuing) is not asked here. Name constraints do stand against it: they are not followed. */
extern const char *const att_x5c_known_critical[];

#endif
