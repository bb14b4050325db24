/* eventlog/ima_fields.h - what a record of Linux' measurement list says.
 *
 * Template data is covered by the digest that was extended; the template's name is not. So one that is called "ima-buf" may be a
 * "ima-sig" whose signature is shown as a buffer: texts and certificates are taken only from bytes that can be nothing else.
 *
 * Spec: Linux Documentation/security/IMA-templates.
 */
#ifndef EVENTLOG_IMA_FIELDS_H
#define EVENTLOG_IMA_FIELDS_H

#include <attest/span.h>

struct log_event;

struct ima_fields {
    struct att_span file_name;      /* without its NUL */
    struct att_span kernel_version; /* printable ASCII; empty: says nothing about that */
    struct att_span keyring;        /* ".builtin_trusted_keys"; empty: as above */
    struct att_span subject;        /* DER Name of the certificate that went into the keyring */
};
/* False: of no template that is known here, or not in its form. */
ATT_CHECK bool ima_fields_read(const struct log_event *e, struct ima_fields *ret);

#endif
