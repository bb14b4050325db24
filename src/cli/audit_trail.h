/* cli/audit_trail.h - the two trails that an administrator reads without the service: the audit trail in the store (who changed what)
 * and the journal of requests in a folder of files. Both are chains of hashes; reading one is checking it. */
#ifndef CLI_AUDIT_TRAIL_H
#define CLI_AUDIT_TRAIL_H

#include "cli/command.h"

#define AUDIT_OPTIONS                                                                                        \
    OPTION_CONFIG, OPTION_SET,                                                                               \
    {                                                                                                        \
        .name = "records", .argument = "DIR",                                                                \
        .help = "The journal of requests in this folder, instead of the trail in the store."                 \
    }

/* What stands at the end. */
struct audit_end {
    uint64_t seq; /* 0: nothing is there */
    char hash[65];
    uint64_t first_seq;                 /* of the journal, more below: 1 unless retention removed some */
    uint64_t repaired, cut_lines, lost; /* what the journal says of itself */
};

struct audit_reading {
    uint64_t expect_seq; /* 0: nothing is expected */
    char expect_hash[65];
    /* Each record, as JSON on one line; may be NULL. */
    bool (*each)(void *ctx, struct att_span text, int64_t at_unix_s, struct att_err *err);
    void *ctx;
};
/* CLI_YES; CLI_NO: it does not hold, at err; CLI_UNKNOWN, CLI_USAGE: it could not be read. */
enum cli_exit audit_read(struct cli *c, const struct audit_reading *how, struct audit_end *ret,
                         struct att_err *err);

#endif
