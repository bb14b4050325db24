/* service/result.h - signed answers of policy management: {"exp","iat","iss","nbf", ...}, one hour, no jti.
 *
 * Header as that of attestation tokens; members sorted. Private to policy.c.
 */
#ifndef SERVICE_RESULT_H
#define SERVICE_RESULT_H

#include "service/internal.h"

struct result_member {
    const char *name; /* sorts behind "nbf", and each behind the one before */
    struct att_span value;
    bool raw; /* `value` is JSON, members sorted; else text */
};
ATT_CHECK bool result_token(struct service *s, const struct site_provider *p, struct att_arena *arena,
                            const struct result_member *members, size_t count, struct att_span *ret,
                            struct att_err *err);

#endif
