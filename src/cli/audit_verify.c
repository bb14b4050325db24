#include "base/err.h"
#include "base/hex.h"
#include "cli/answer.h"
#include "cli/audit_trail.h"
#include "cli/operator.h"
#include "cli/role.h"

#include <inttypes.h>
#include <stdlib.h>

/* NUMBER:HASH, as the command itself has written it. */
static bool take_expected(struct cli *c, struct audit_reading *how, struct att_err *err)
{
    const char *text = cli_value(c, "expect"), *colon = text ? strchr(text, ':') : NULL;
    size_t digits = text ? strspn(text, "0123456789") : 0;
    uint8_t hash[32];

    if (!text)
        return true;
    if (!colon || digits == 0 || digits > 18 || text + digits != colon ||
        !att_hex_read(att_str(colon + 1), hash, sizeof hash) || strtoull(text, NULL, 10) == 0)
        return att_fail(err, ATT_USAGE, "expect", "NUMBER:HASH, as an earlier verify wrote it",
                        "another form");
    how->expect_seq = strtoull(text, NULL, 10);
    memcpy(how->expect_hash, colon + 1, sizeof how->expect_hash);
    return true;
}

static void put_json(struct cli *c, bool holds, const struct audit_end *end, const struct att_err *err)
{
    struct att_json_writer w = { .out = &c->out };

    att_jw_object(&w);
    att_jw_key(&w, "verified");
    att_jw_bool(&w, holds);
    att_jw_key(&w, "seq");
    att_jw_int(&w, (int64_t)end->seq);
    att_jw_key(&w, "hash");
    att_jw_str(&w, end->hash);
    att_jw_key(&w, "first");
    att_jw_int(&w, (int64_t)end->first_seq);
    att_jw_key(&w, "repaired");
    att_jw_int(&w, (int64_t)end->repaired);
    att_jw_key(&w, "cutLines");
    att_jw_int(&w, (int64_t)end->cut_lines);
    att_jw_key(&w, "lost");
    att_jw_int(&w, (int64_t)end->lost);
    att_jw_key(&w, "error");
    cli_put_error(&w, err);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

static void put_text(struct cli *c, bool holds, const struct audit_end *end, const struct att_err *err)
{
    struct att_buf *b = &c->out;

    if (!holds) {
        att_buf_printf(b, "broken behind %" PRIu64 "\n", end->seq);
        cli_put_reason(b, err, "  ");
        return;
    }
    att_buf_printf(b, end->seq ? "holds up to %" PRIu64 ":%s\n" : "nothing is there\n", end->seq, end->hash);
    if (end->first_seq > 1)
        att_buf_printf(b, "from %" PRIu64 " on: what was before was removed, as it was old\n",
                       end->first_seq);
    if (end->repaired)
        att_buf_printf(
            b, "%" PRIu64 " times the end was repaired at a start; whole lines cut off: %" PRIu64 "\n",
            end->repaired, end->cut_lines);
    if (end->lost)
        att_buf_printf(b, "%" PRIu64 " records were lost, as it says itself\n", end->lost);
}

static enum cli_exit run_verify(struct cli *c)
{
    struct audit_reading how = { 0 };
    struct audit_end end = { .first_seq = 1 };
    struct att_err err = { 0 };

    if (!take_expected(c, &how, &err))
        return cli_refuse(c, &err);
    enum cli_exit exit = audit_read(c, &how, &end, &err);
    if (exit != CLI_YES && exit != CLI_NO) {
        (void)cli_refuse(c, &err); /* says it; the status is this command's */
        return exit;
    }
    if (c->json)
        put_json(c, exit == CLI_YES, &end, &err);
    else
        put_text(c, exit == CLI_YES, &end, &err);
    return exit;
}

static const struct cli_option options[] = {
    AUDIT_OPTIONS,
    { .name = "expect",
      .argument = "SEQ:HASH",
      .help = "A last record that was kept elsewhere, as this command wrote it: it must still be there." },
    { 0 },
};

const struct cli_command cli_audit_verify = {
    .name = "audit verify",
    .summary = "does the chain of the audit trail, or of a journal, hold",
    .about =
        "Reads the audit trail in the store of attestd's configuration, or with --records the journal of "
        "requests of one server, and "
        "checks that numbers have no gap and that each record has the hash of the one before it. Writes "
        "number "
        "and hash of the last one.\n\n"
        "That records were cut off at the end, or that all was written anew, shows only to who kept number "
        "and "
        "hash of a last record elsewhere: --expect.",
    .examples = "  attestctl audit verify --config /etc/attestd/attestd.conf\n"
                "  attestctl audit verify --records /var/lib/attestd/records\n"
                "  attestctl audit verify --expect "
                "120:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n",
    .options = options,
    .run = run_verify,
};
