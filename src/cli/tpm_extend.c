#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/evidence_make.h"
#include "cli/files.h"
#include "cli/tpm.h"
#include "cli/tpm_shot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EV_NO_ACTION = 3, EV_IPL = 13, SHA1_BYTES = 20 };

ATT_AUTO_PTR(tss_auto, struct tss, tss_close)

struct event {
    unsigned long pcr, type;
    struct att_span data;
    struct tss_values digests; /* one a bank */
};

static bool event_read(struct cli *c, struct event *e, struct att_err *err)
{
    const char *text = cli_value(c, "text"), *type = cli_value(c, "type");
    char *end = NULL;
    bool given = false;

    e->type = EV_IPL;
    if (type) {
        errno = 0;
        e->type = strtoul(type, &end, 0);
        if (type[0] < '0' || type[0] > '9' || *end != '\0' || errno != 0 || e->type > UINT32_MAX)
            return att_fail(err, ATT_USAGE, "type", "a number of 32 bits: 13, 0x80000001", "something else");
    }
    if (!cli_make_number(c, "pcr", TSS_PCRS - 1, &e->pcr, err) ||
        !cli_read_option(c, "data", &given, &e->data, err))
        return false;
    if (given == (text != NULL))
        return att_fail(err, ATT_USAGE, "data", "either --text or --data", given ? "both" : "neither");
    if (text)
        e->data = att_str(text);
    return e->data.len <= TSS_EVENT_BYTES_MAX ||
           att_fail(err, ATT_USAGE, "data", "at most 1024 bytes", "%zu", e->data.len);
}

/* -- the log: TCG PC Client Platform Firmware Profile, clause 10 ------------------------------------------------ */

/* Which banks the records behind it have. */
static void put_head(const struct event *e, struct att_buf *out)
{
    struct att_buf body = { 0 };

    att_buf_put(&body, att_span_of("Spec ID Event03", 16));
    att_buf_u32le(&body, 0);                                /* platform class: client */
    att_buf_put(&body, att_span_of("\x00\x02\x00\x02", 4)); /* 2.0, no errata, 64-bit */
    att_buf_u32le(&body, (uint32_t)e->digests.count);
    for (size_t i = 0; i < e->digests.count; i++) {
        att_buf_u16le(&body, e->digests.item[i].alg);
        att_buf_u16le(&body, e->digests.item[i].len);
    }
    att_buf_putc(&body, 0); /* no vendor's words */
    att_buf_u32le(out, 0);
    att_buf_u32le(out, EV_NO_ACTION);
    att_buf_fill(out, 0, SHA1_BYTES);
    att_buf_u32le(out, (uint32_t)body.len);
    att_buf_put(out, att_buf_span(&body));
    out->failed |= body.failed;
    att_buf_free(&body);
}

static void put_record(const struct event *e, struct att_buf *out)
{
    att_buf_u32le(out, (uint32_t)e->pcr);
    att_buf_u32le(out, (uint32_t)e->type);
    att_buf_u32le(out, (uint32_t)e->digests.count);
    for (size_t i = 0; i < e->digests.count; i++) {
        att_buf_u16le(out, e->digests.item[i].alg);
        att_buf_put(out, att_span_of(e->digests.item[i].digest, e->digests.item[i].len));
    }
    att_buf_u32le(out, (uint32_t)e->data.len);
    att_buf_put(out, e->data);
}

/* Opened before the register is extended, which cannot be taken back. */
static bool log_open(const char *path, int *ret, struct att_err *err)
{
    struct att_shown shown;
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;

    if (path && fd < 0)
        return att_fail(err, ATT_IO_FAILED, "event-log", "a file that can be written", "%s: %m",
                        att_shown(&shown, att_str(path)));
    *ret = fd;
    return true;
}

static bool log_append(int fd, const struct event *e, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf out = { 0 };
    struct stat st;

    if (fd < 0)
        return true;
    bool ok = fstat(fd, &st) == 0;
    if (ok && st.st_size == 0)
        put_head(e, &out);
    put_record(e, &out);
    ok = ok && !out.failed && cli_write_all(fd, att_buf_span(&out));
    return ok || att_fail(err, ATT_IO_FAILED, "event-log", "a file that can be written", "%m");
}

/* -- the command ------------------------------------------------------------------------------------------------ */

static void answer(struct cli *c, const struct event *e)
{
    struct att_json_writer w = cli_writer(c);

    if (!c->json) {
        att_buf_printf(&c->out, "extended register %lu in %zu banks\n", e->pcr, e->digests.count);
        return;
    }
    att_jw_object(&w);
    att_jw_key(&w, "pcr");
    att_jw_int(&w, (int64_t)e->pcr);
    att_jw_key(&w, "digests");
    att_jw_object(&w);
    for (size_t i = 0; i < e->digests.count; i++) {
        const struct tss_value *v = &e->digests.item[i];
        if (!tpm_bank_name(v->alg))
            continue;
        att_jw_key(&w, tpm_bank_name(v->alg));
        att_jw_hex(&w, att_span_of(v->digest, v->len));
    }
    att_jw_end_object(&w);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

static void close_log(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* every byte was written or refused */
}

static enum cli_exit run_extend(struct cli *c)
{
    ATT_AUTO(tss_auto) struct tss *tpm = NULL;
    ATT_AUTO(close_log) int log = -1;
    struct att_err err = { 0 };
    struct event e = { 0 };

    if (!event_read(c, &e, &err) || !tss_open(cli_value(c, "tcti"), &tpm, &err) ||
        !log_open(cli_value(c, "event-log"), &log, &err) ||
        !tpm->ops->pcr_event(tpm, (unsigned)e.pcr, e.data, &e.digests, &err) || !log_append(log, &e, &err))
        return cli_refuse(c, &err);
    answer(c, &e);
    return CLI_YES;
}

static const struct cli_option options[] = {
    OPTION_TCTI,
    { .name = "pcr", .argument = "N", .required = true, .help = "The register, 0 to 23." },
    { .name = "text", .argument = "TEXT", .help = "What is measured." },
    { .name = "data", .argument = "FILE", .help = "The same from a file, at most 1024 bytes." },
    { .name = "event-log",
      .argument = "FILE",
      .help = "Append the event to this log; a file that is empty or not there becomes one." },
    { .name = "type", .argument = "NUMBER", .help = "Of the event in the log; 13 (EV_IPL) if not given." },
    { 0 },
};

const struct cli_command cli_tpm_extend = {
    .name = "tpm extend",
    .summary = "measure something into a register",
    .about =
        "Extends a register of every bank with the hash of some bytes and notes it in a log of the TCG's "
        "format, which tpm attest takes with --event-log. On a software TPM this plays the part of the "
        "firmware. On a real one it cannot be undone before the next boot, and the firmware's own log does "
        "not know "
        "of it: take a register that nothing else uses.",
    .examples =
        "  attestctl tpm extend --tcti swtpm:path=/tmp/tpm.sock --pcr 14 --text hello --event-log log.bin\n",
    .options = options,
    .run = run_extend,
};
