/* cli/pem.h - certificates of a PEM file, as the service wants to be told them. */
#ifndef CLI_PEM_H
#define CLI_PEM_H

#include "cli/command.h"
#include "codec/json.h"

/* More than a chain of policy signers may have: the service says so itself. */
enum { PEM_CERTIFICATES_MAX = 16 };

struct pem_chain {
    struct att_span der[PEM_CERTIFICATES_MAX]; /* in the arena, in the order of the file */
    size_t count;
};

/* At least one certificate, with an RSA or EC key in the first. Other blocks are passed over. `where` names the option in
 * refusals. USAGE, BASE64_INVALID, LIMIT_EXCEEDED, and those of cli_read. */
ATT_CHECK bool pem_read(struct cli *c, const char *where, const char *path, struct pem_chain *ret,
                        struct att_err *err);
/* Appends {"kty":...,"x5c":[...]}, the key of one policy signer, of the certificates in a PEM file. */
ATT_CHECK bool pem_put_x5c(struct cli *c, const char *where, const char *path, struct att_json_writer *w,
                           struct att_err *err);

/* What people know a certificate by; texts in the arena. USAGE for what is no certificate. */
struct pem_shown {
    const char *thumbprint; /* SHA-1, upper-case hex */
    const char *subject;    /* RFC 2253 */
    const char *not_after;  /* 2026-06-15T12:00:00Z */
};
ATT_CHECK bool pem_show(struct att_arena *arena, struct att_span der, struct pem_shown *ret,
                        struct att_err *err);

#endif
