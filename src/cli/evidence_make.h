/* cli/evidence_make.h - what the kinds of `attestctl evidence make` share. */
#ifndef CLI_EVIDENCE_MAKE_H
#define CLI_EVIDENCE_MAKE_H

#include "cli/command.h"
#include "makers/eventlog.h"

struct att_json_writer;

/* Options; `ret` stays as it is when the option was not given. USAGE. */
ATT_CHECK bool cli_make_number(const struct cli *c, const char *option, unsigned long max, unsigned long *ret,
                               struct att_err *err);
ATT_CHECK bool cli_make_hex(const struct cli *c, const char *option, uint8_t *ret, size_t len,
                            struct att_err *err);
/* Makes the last folder of the path, unless it is there. */
ATT_CHECK bool cli_make_folder(const char *dir, struct att_err *err);

struct cli_break_row {
    const char *name, *scope, *words;
    enum att_code expected, also;
};
void cli_make_break_row(struct cli *c, struct att_json_writer *w, const struct cli_break_row *row);

struct cli_make_word {
    const char *word;
    unsigned value;
};
/* One of these words, of which the last one is NULL; `ret` stays when the option was not given. */
ATT_CHECK bool cli_make_choice(const struct cli *c, const char *option, const struct cli_make_word *words,
                               const char *expected, unsigned *ret, struct att_err *err);
ATT_CHECK bool cli_make_os(const struct cli *c, enum mk_os *ret, struct att_err *err);
ATT_CHECK bool cli_make_secure_boot(const struct cli *c, enum mk_flag *ret, struct att_err *err);
ATT_CHECK bool cli_make_tpm_vendor(const struct cli *c, int64_t at_unix_s, struct mk_tpm_vendor **ret,
                                   struct att_err *err);

/* sgx, open-enclave, tdx. */
void cli_make_dcap_breaks(struct cli *c, struct att_json_writer *w);
ATT_CHECK bool cli_make_dcap(struct cli *c, const char *dir, int64_t at_unix_s, struct att_err *err);
/* tpm, vbs. */
void cli_make_tpm_breaks(struct cli *c, struct att_json_writer *w);
ATT_CHECK bool cli_make_tpm(struct cli *c, const char *dir, int64_t at_unix_s, struct att_err *err);
/* azure-guest. */
void cli_make_guest_breaks(struct cli *c, struct att_json_writer *w);
ATT_CHECK bool cli_make_guest(struct cli *c, const char *dir, int64_t at_unix_s, struct att_err *err);
/* sev-snp. */
void cli_make_snp_breaks(struct cli *c, struct att_json_writer *w);
ATT_CHECK bool cli_make_snp(struct cli *c, const char *dir, int64_t at_unix_s, struct att_err *err);

#endif
