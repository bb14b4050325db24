#include "base/err.h"
#include "base/timetext.h"
#include "cli/answer.h"
#include "cli/audit_trail.h"
#include "cli/files.h"
#include "cli/operator.h"
#include "cli/role.h"

#include <inttypes.h>
#include <unistd.h>

enum { FLUSH_BYTES = 1 << 20 };

struct export
{
    int fd;
    int64_t from, to;
    uint64_t count;
    struct att_buf text;
};

static bool flush(struct export *e, struct att_err *err)
{
    if (e->text.failed)
        return att_fail_memory(err, "out");
    if (!cli_write_all(e->fd, att_buf_span(&e->text)))
        return att_fail(err, ATT_IO_FAILED, "out", "all bytes written", "%m");
    att_buf_clear(&e->text);
    return true;
}

static bool put(void *ctx, struct att_span text, int64_t at_unix_s, struct att_err *err)
{
    struct export *e = ctx;

    if (at_unix_s < e->from || at_unix_s >= e->to)
        return true;
    att_buf_put(&e->text, text);
    att_buf_putc(&e->text, '\n');
    e->count++;
    return e->text.len < FLUSH_BYTES || flush(e, err);
}

static bool take_time(struct cli *c, const char *option, int64_t *to, struct att_err *err)
{
    const char *text = cli_value(c, option);
    struct att_shown shown;

    return !text || att_time_read(att_str(text), to) ||
           att_fail(err, ATT_TIME_INVALID, option, "2026-06-15T12:00:00Z, for example", "%s",
                    att_shown(&shown, att_str(text)));
}

static enum cli_exit finish(struct cli *c, struct export *e, enum cli_exit exit, struct att_err *err)
{
    struct att_json_writer w = { .out = &c->out };
    struct att_err end = { 0 };
    bool written = flush(e, &end) &&
                   (fsync(e->fd) == 0 || att_fail(&end, ATT_IO_FAILED, "out", "all bytes on the disk", "%m"));

    if (exit != CLI_YES) {
        (void)cli_refuse(c, err); /* says it; the status is this command's */
        return exit;
    }
    if (!written)
        return cli_refuse(c, &end);
    if (!c->json) {
        att_buf_printf(&c->out, "%" PRIu64 " records\n", e->count);
        return CLI_YES;
    }
    att_jw_object(&w);
    att_jw_key(&w, "records");
    att_jw_int(&w, (int64_t)e->count);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
    return CLI_YES;
}

static enum cli_exit run_export(struct cli *c)
{
    struct export e = { .fd = -1, .from = INT64_MIN, .to = INT64_MAX };
    const struct audit_reading how = { .each = put, .ctx = &e };
    struct audit_end end = { 0 };
    struct att_err err = { 0 };

    if (!take_time(c, "from", &e.from, &err) || !take_time(c, "to", &e.to, &err) ||
        !cli_file_new("out", cli_value(c, "out"), &e.fd, &err))
        return cli_refuse(c, &err);
    enum cli_exit exit = audit_read(c, &how, &end, &err);
    exit = finish(c, &e, exit, &err);
    att_buf_free(&e.text);
    (void)close(e.fd); /* synced, or refused */
    return exit;
}

static const struct cli_option options[] = {
    AUDIT_OPTIONS,
    { .name = "out",
      .argument = "FILE",
      .help = "A new file, which its owner alone may read.",
      .required = true },
    { .name = "from",
      .argument = "TIME",
      .help = "Only records of this time or later: 2026-06-15T12:00:00Z." },
    { .name = "to", .argument = "TIME", .help = "Only records before this time." },
    { 0 },
};

const struct cli_command cli_audit_export = {
    .name = "audit export",
    .summary = "the audit trail, or a journal, as a file of JSON lines",
    .about = "Writes each record of the audit trail in the store of attestd's configuration, or with "
             "--records of the "
             "journal of requests of one server, as one line of JSON: the very bytes whose hash the next one "
             "has. The "
             "chain is checked on the way; where it breaks, the file ends and the status is 1.",
    .examples =
        "  attestctl audit export --out june.jsonl --from 2026-06-01T00:00:00Z --to 2026-07-01T00:00:00Z\n"
        "  attestctl audit export --records /var/lib/attestd/records --out requests.jsonl\n",
    .options = options,
    .run = run_export,
};
