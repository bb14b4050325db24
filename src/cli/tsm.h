/* cli/tsm.h - evidence of the guest that this machine is, from the kernel (configfs-tsm, Linux 6.7 and later).
 *
 * An entry of /sys/kernel/config/tsm/report is a folder whose files are a request and its answer: 64 bytes are written to
 * `inblob`, and `outblob` then reads as a quote or report that holds them. `generation` counts what was written, by
 * whomever; the kernel lets several processes use one entry, and only a generation that stays shows that the answer is
 * to the own request. tsm_collect goes through a table of functions, so that its order and its retries can be tested
 * where there is no such kernel.
 *
 * Spec: Linux, Documentation/ABI/testing/configfs-tsm-report.
 */
#ifndef CLI_TSM_H
#define CLI_TSM_H

#include <attest/error.h>

#include "base/buf.h"

#define TSM_FOLDER "/sys/kernel/config/tsm/report"

/* Report data is 64 bytes; the kernel gives at most 32 KiB, a certificate table included. */
enum { TSM_REPORT_DATA_BYTES = 64, TSM_BLOB_BYTES_MAX = 64 * 1024, TSM_TRIES_MAX = 5 };

/* An entry. Each gives 0 or an errno. */
struct tsm_entry {
    void *ctx;
    int (*put)(void *ctx, const char *attribute, struct att_span value);
    /* Appends; EFBIG beyond TSM_BLOB_BYTES_MAX. */
    int (*get)(void *ctx, const char *attribute, struct att_buf *out);
    void (*pause)(void *ctx); /* before another try */
};

struct tsm_request {
    const char *provider; /* that the kernel must name: "tdx_guest", "sev_guest" */
    uint8_t report_data[TSM_REPORT_DATA_BYTES];
    bool has_privilege_level;
    unsigned privilege_level; /* VMPL of the report; sev_guest only */
    bool with_auxiliary;      /* read `auxblob` too */
};
struct tsm_answer {
    struct att_buf out;
    struct att_buf auxiliary; /* empty when the host gives none */
};
/* `ret` starts as { 0 }. IO_FAILED: the kernel's refusal, and what to do about it; another provider; requests of others
 * that would not stop. */
ATT_CHECK bool tsm_collect(const struct tsm_entry *entry, const struct tsm_request *request,
                           struct tsm_answer *ret, struct att_err *err);
void tsm_answer_free(struct tsm_answer *answer);

/* An entry below `folder`: `name`, which is there and stays, or a fresh one that tsm_close removes (NULL). */
struct tsm_folder {
    struct tsm_entry entry;
    char path[4096];
    bool made;
};
ATT_CHECK bool tsm_open(const char *folder, const char *name, struct tsm_folder *ret, struct att_err *err);
void tsm_close(struct tsm_folder *f); /* also for { 0 } */

#endif
