/* cli/tpm_shot.h - registers, quote and logs that belong together.
 *
 * A machine goes on measuring while it is asked: a register may be extended between the quote and the reading of its value, and
 * the kernel's list of IMA grows. What does not fit together is taken again, at most TPM_SHOT_TRIES times.
 */
#ifndef CLI_TPM_SHOT_H
#define CLI_TPM_SHOT_H

#include "cli/command.h"
#include "codec/json.h"
#include "tss/tss.h"

enum { TPM_SHOT_TRIES = 5 };

struct tpm_shot {
    struct tss_selection selections[TSS_SELECTIONS_MAX];
    size_t selection_count;
    struct tss_attested quote;
    struct tss_values values;
    struct att_span event_log, ima_log; /* empty: none */
};

#define OPTIONS_SHOT                                                                                         \
    { .name = "pcrs",                                                                                        \
      .argument = "BANK:LIST",                                                                               \
      .help = "Registers to quote: sha256 (all of the bank, if not given), sha256:0,1,7 or "                 \
              "sha1:0,1+sha256:0,1." },                                                                      \
        { .name = "event-log",                                                                               \
          .argument = "FILE",                                                                                \
          .help = "The firmware's log, or none. If not given and the TPM is a device: the kernel's." },      \
    {                                                                                                        \
        .name = "ima-log", .argument = "FILE", .help = "The list of IMA, or none; likewise."                 \
    }

/* The options; USAGE. */
ATT_CHECK bool tpm_shot_options(struct cli *c, struct tpm_shot *ret, struct att_err *err);
/* IO_FAILED, also when nothing would hold still. */
ATT_CHECK bool tpm_shot_take(struct cli *c, struct tss *tpm, tss_loaded aik, struct att_span qualifying,
                             struct tpm_shot *s, struct att_err *err);
/* [{"algorithm":11,"values":[{"index":0,"digest":"..."}]}], as the protocol has it. */
void tpm_shot_put_pcrs(const struct tpm_shot *s, struct att_json_writer *w);

/* The list of --pcrs alone, for tests. */
ATT_CHECK bool tpm_selections_read(const char *text, struct tss_selection *ret, size_t *ret_count,
                                   struct att_err *err);
/* As policies name banks: "SHA256". NULL for another. */
const char *tpm_bank_name(uint16_t alg);

/* A string of base64url. */
void tpm_put_base64url(struct att_json_writer *w, struct att_span bytes);

#endif
