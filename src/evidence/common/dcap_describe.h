/* evidence/common/dcap_describe.h - what SGX and TDX quotes have in common, as members of a JSON object, for people. The
 * PPID and the header's user data name one machine: they are left out. */
#ifndef EVIDENCE_COMMON_DCAP_DESCRIBE_H
#define EVIDENCE_COMMON_DCAP_DESCRIBE_H

#include "evidence/common/dcap_quote.h"
#include "evidence/common/verifier.h"

void dcap_put_hex(struct att_json_writer *w, const char *name, struct att_span bytes);
void dcap_put_int(struct att_json_writer *w, const char *name, int64_t v);
/* "quote_version", "header". */
void dcap_put_header(struct att_json_writer *w, const struct dcap_quote *q);
/* "qe_report", "qe_auth_data_bytes", "pck", "quote_sha256", "quote_bytes", "trailing_bytes". */
void dcap_put_rest(struct att_ctx *ctx, struct att_json_writer *w, const struct dcap_quote *q);

#endif
