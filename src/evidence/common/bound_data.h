/* evidence/common/bound_data.h - runtime and init-time data: bytes whose SHA-256 stands in the evidence. */
#ifndef EVIDENCE_COMMON_BOUND_DATA_H
#define EVIDENCE_COMMON_BOUND_DATA_H

#include "evidence/common/verifier.h"

struct att_bound_kind {
    const char *where; /* "runtimeData.data" */
    const char *field; /* "REPORTDATA[0..31]" */
    enum att_code mismatch;
};

/* SHA-256 of the bytes as sent (white space and trailing NUL bytes count) against the 32 bytes of the evidence. Data
 * that is absent is not compared. JSON data must then be an object: `ret_json` gets it compact and sorted, empty for
 * binary or absent data. */
ATT_CHECK bool att_bound_check(const struct att_ctx *ctx, const struct att_bound_kind *kind,
                               const struct att_bound_data *data, const uint8_t in_evidence[32],
                               struct att_span *ret_json, struct att_err *err);

#endif
