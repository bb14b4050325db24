/* signer/purposes.h - what a key may do, by its purpose. Private to signer. */
#ifndef SIGNER_PURPOSES_H
#define SIGNER_PURPOSES_H

#include "signer/signer.h"

enum { SIGNER_CERTIFICATE_KINDS = 3 };

struct purpose {
    const char *name;
    bool jws;
    bool certify[SIGNER_CERTIFICATE_KINDS]; /* by enum signer_certificate_kind */
    bool test;                              /* its authority says so of itself */
};

/* NULL when there is no such purpose. The row is static. */
const struct purpose *purpose_of(const char *name);

#endif
