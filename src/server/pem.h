/* server/pem.h - PEM text for what --dev writes to disk. */
#ifndef SERVER_PEM_H
#define SERVER_PEM_H

#include <attest/span.h>

struct att_buf;

/* "-----BEGIN LABEL-----", lines of 64 characters, "-----END LABEL-----". */
void pem_put(struct att_buf *b, const char *label, struct att_span der);

#endif
