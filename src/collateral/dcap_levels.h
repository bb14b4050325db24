/* collateral/dcap_levels.h - the tail that levels of TCB info and QE identity have in common, and their
 * limits. */
#ifndef COLLATERAL_DCAP_LEVELS_H
#define COLLATERAL_DCAP_LEVELS_H

#include <attest/attest.h>

#include "codec/json.h"

enum {
    DCAP_LEVELS_MAX = 128,        /* Intel's longest file has about 25 */
    DCAP_ADVISORIES_MAX = 128,    /* of one level; Intel's longest list has about 30 */
    DCAP_ADVISORY_BYTES_MAX = 64, /* "INTEL-SA-00615" */
    DCAP_JSON_DEPTH_MAX = 16,     /* real files: 5 */
};

struct dcap_verdict_of_level {
    enum att_tcb_status status;
    int64_t date_unix_s;
    const struct att_span *advisories;
    size_t advisory_count;
};

/* A level of something that has one number alone: quoting enclave, TDX module. */
struct dcap_svn_level {
    uint16_t isvsvn;
    struct dcap_verdict_of_level verdict;
};

/* tcbDate, tcbStatus, advisoryIDs. The status is one of Intel's seven: what a verifier concludes from several of them
 * (TDRelaunchAdvised...) is never in a document. `scratch` may go away afterwards, `keep` holds the result. */
ATT_CHECK bool dcap_level_verdict(const struct att_json *j, att_json_id level, const char *where,
                                  struct att_arena *scratch, struct att_arena *keep,
                                  struct dcap_verdict_of_level *ret, struct att_err *err);
/* The member `tcbLevels`: a list of 1 to DCAP_LEVELS_MAX. */
ATT_CHECK bool dcap_levels_list(const struct att_json *j, att_json_id body, const char *where,
                                att_json_id *ret, struct att_err *err);
/* All `tcbLevels` of a quoting enclave or a TDX module, highest ISVSVN first, each ISVSVN once; status UpToDate, OutOfDate
 * or Revoked. `where` is "" or the dotted place of `owner`. */
ATT_CHECK bool dcap_svn_levels_read(const struct att_json *j, att_json_id owner, const char *where,
                                    struct att_arena *scratch, struct att_arena *keep,
                                    const struct dcap_svn_level **ret, size_t *ret_count,
                                    struct att_err *err);
/* issueDate and nextUpdate, the second not before the first. */
ATT_CHECK bool dcap_window(const struct att_json *j, struct att_arena *scratch, att_json_id body,
                           const char *where, int64_t *ret_issued, int64_t *ret_next, struct att_err *err);

#endif
