/* base/secret.h - handling what must not leak. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <attest/span.h>

/* Wipes; the compiler may not drop it. */
void att_wipe(void *ptr, size_t len);
/* Equal, in time that depends on the lengths only. */
ATT_CHECK bool att_secret_eq(struct att_span a, struct att_span b);

#endif
