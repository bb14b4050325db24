/* attestctl evidence collect: evidence of the guest that this command runs in. */
#include "base/auto.h"
#include "base/err.h"
#include "base/hex.h"
#include "cli/answer.h"
#include "cli/evidence.h"
#include "cli/evidence_make.h"
#include "cli/files.h"
#include "cli/snp_certs.h"
#include "cli/tsm.h"
#include "makers/disk.h"

#include <openssl/evp.h>
#include <stdio.h>

enum { SNP_REPORT_BYTES = 0x4a0 };

struct collected {
    const char *dir;
    bool snp;
    struct att_span runtime_data;
    bool has_runtime_data;
    struct tsm_request request;
    struct tsm_answer answer;
    struct att_buf chain; /* PEM; empty when the host gives no whole chain */
};

static void collected_free(struct collected *w)
{
    tsm_answer_free(&w->answer);
    att_buf_free(&w->chain);
}

static bool data_read(struct cli *c, struct collected *w, struct att_err *err)
{
    const char *hex = cli_value(c, "report-data");
    struct att_shown shown;
    uint8_t *to = w->request.report_data;

    if (!cli_read_option(c, "runtime-data", &w->has_runtime_data, &w->runtime_data, err))
        return false;
    if (hex && w->has_runtime_data)
        return att_fail(err, ATT_USAGE, "report-data", "--report-data or --runtime-data", "both");
    if (hex && !att_hex_read(att_str(hex), to, TSM_REPORT_DATA_BYTES))
        return att_fail(err, ATT_USAGE, "report-data", "128 hexadecimal digits", "%s",
                        att_shown(&shown, att_str(hex)));
    /* SHA-256 and zeros behind it: what services compare with. */
    if (w->has_runtime_data && EVP_Digest(w->runtime_data.len > 0 ? w->runtime_data.ptr : (const uint8_t *)"",
                                          w->runtime_data.len, to, NULL, EVP_sha256(), NULL) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "runtime-data", "success", "a failure inside OpenSSL");
    return true;
}

static bool request_read(struct cli *c, struct collected *w, struct att_err *err)
{
    unsigned long level = 0;

    w->snp = strcmp(c->operands[0], "sev-snp") == 0;
    w->dir = cli_value(c, "out") ? cli_value(c, "out") : ".";
    w->request.provider = w->snp ? "sev_guest" : "tdx_guest";
    w->request.with_auxiliary = w->snp;
    w->request.has_privilege_level = cli_has(c, "vmpl");
    if (w->request.has_privilege_level && !w->snp)
        return att_fail(err, ATT_USAGE, "vmpl", "an option of sev-snp", "one of another kind");
    if (!cli_make_number(c, "vmpl", 3, &level, err))
        return false;
    w->request.privilege_level = (unsigned)level;
    return data_read(c, w, err);
}

/* Where the 64 bytes stand: 0x50 of a report; in a quote behind a header of 48 bytes, and a body descriptor of 6 in
 * version 5, 520 into the body. */
static struct att_span report_data_in(const struct collected *w)
{
    struct att_span out = att_buf_span(&w->answer.out);
    size_t at = 0x50;

    if (!w->snp)
        at = (out.len > 1 && out.ptr[0] == 5 ? 54 : 48) + 520;
    if (out.len < at + TSM_REPORT_DATA_BYTES || (w->snp && out.len < SNP_REPORT_BYTES))
        return (struct att_span){ 0 };
    return att_span_of(out.ptr + at, TSM_REPORT_DATA_BYTES);
}

/* The last word on whether this answers the own request. */
static bool check_answer(const struct collected *w, struct att_err *err)
{
    struct att_span found = report_data_in(w);

    if (found.len == 0)
        return att_fail(err, ATT_IO_FAILED, "outblob", w->snp ? "a report of 1184 bytes" : "a quote",
                        "%zu bytes", w->answer.out.len);
    return memcmp(found.ptr, w->request.report_data, TSM_REPORT_DATA_BYTES) == 0 ||
           att_fail(err, ATT_IO_FAILED, "outblob", "evidence with the report data that was asked for",
                    "other report data");
}

static bool collect(struct cli *c, struct collected *w, struct att_err *err)
{
    const char *folder = cli_value(c, "tsm") ? cli_value(c, "tsm") : TSM_FOLDER;
    ATT_AUTO(tsm_close) struct tsm_folder f = { 0 };
    bool whole = false;

    if (!tsm_open(folder, cli_value(c, "entry"), &f, err) ||
        !tsm_collect(&f.entry, &w->request, &w->answer, err) || !check_answer(w, err))
        return false;
    return w->answer.auxiliary.len == 0 ||
           snp_certs_pem(att_buf_span(&w->answer.auxiliary), &w->chain, &whole, err);
}

/* A file of an earlier run must not stand beside evidence that it does not belong to. */
static bool put(const struct collected *w, const char *name, struct att_span bytes, struct att_err *err)
{
    return bytes.len > 0 ? mk_file_write(w->dir, name, "", bytes, 0644, err)
                         : mk_file_remove(w->dir, name, err);
}

static bool write_out(const struct collected *w, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf extended = { 0 };
    struct att_span out = att_buf_span(&w->answer.out), aux = att_buf_span(&w->answer.auxiliary);

    if (!cli_make_folder(w->dir, err))
        return false;
    if (!(w->has_runtime_data ? mk_file_write(w->dir, "runtime_data.bin", "", w->runtime_data, 0644, err)
                              : mk_file_remove(w->dir, "runtime_data.bin", err)))
        return false;
    if (!w->snp)
        return put(w, "quote.bin", out, err);
    if (aux.len > 0) {
        att_buf_put(&extended, out);
        att_buf_put(&extended, aux);
    }
    if (extended.failed)
        return att_fail_memory(err, "auxblob");
    return put(w, "report.bin", out, err) && put(w, "auxblob.bin", aux, err) &&
           put(w, "ext_report.bin", att_buf_span(&extended), err) &&
           put(w, "chain.pem", att_buf_span(&w->chain), err);
}

static void answer(struct cli *c, const struct collected *w)
{
    struct att_json_writer jw = cli_writer(c);
    const char *kind = c->operands[0];
    const char *file = !w->snp ? "quote.bin" : w->chain.len > 0 ? "ext_report.bin" : "report.bin";

    if (!c->json) {
        att_buf_printf(&c->out, "collected %s evidence in %s\n", kind, w->dir);
        if (w->snp && w->chain.len == 0)
            att_buf_puts(&c->out, "  chain       none: the host hands out no whole certificate chain\n");
        att_buf_printf(&c->out, "next:\n  attestctl verify %s --evidence %s/%s", kind, w->dir, file);
        if (w->has_runtime_data)
            att_buf_printf(&c->out, " --runtime-data %s/runtime_data.bin", w->dir);
        att_buf_putc(&c->out, '\n');
        return;
    }
    att_jw_object(&jw);
    att_jw_key(&jw, "out");
    att_jw_str(&jw, w->dir);
    att_jw_key(&jw, "type");
    att_jw_str(&jw, kind);
    att_jw_key(&jw, "evidence");
    att_jw_str(&jw, file);
    att_jw_key(&jw, "chain");
    att_jw_bool(&jw, w->chain.len > 0);
    att_jw_end_object(&jw);
    att_buf_putc(&c->out, '\n');
}

static enum cli_exit run_collect(struct cli *c)
{
    ATT_AUTO(collected_free) struct collected w = { 0 };
    struct att_err err = { 0 };

    if (!request_read(c, &w, &err) || !collect(c, &w, &err) || !write_out(&w, &err))
        return cli_refuse(c, &err);
    answer(c, &w);
    return CLI_YES;
}

static const struct cli_option options[] = {
    { .name = "out", .argument = "DIR", .help = "Folder for the evidence; this one if not given." },
    { .name = "runtime-data",
      .argument = "FILE",
      .help = "Data whose SHA-256 goes into the report data, with zeros behind it." },
    { .name = "report-data",
      .argument = "HEX",
      .help = "The report data itself, 64 bytes; zeros if neither is given, which shows no freshness." },
    { .name = "vmpl",
      .argument = "N",
      .help = "sev-snp: VMPL of the report, 0 to 3; the guest's own if not given." },
    { .name = "tsm",
      .argument = "DIR",
      .help = "Where configfs-tsm is; /sys/kernel/config/tsm/report if not given." },
    { .name = "entry",
      .argument = "NAME",
      .help =
          "Use this entry of configfs-tsm, which is there and stays, instead of making one: for processes "
          "that may not." },
    { 0 },
};

const struct cli_command cli_evidence_collect = {
    .name = "evidence collect",
    .operands = "tdx|sev-snp",
    .choices = "tdx sev-snp",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "evidence of the confidential guest that this is",
    .about =
        "Asks the kernel (configfs-tsm, Linux 6.7 and later) for a quote or report with the given report "
        "data, "
        "and writes it under the names that evidence make has: quote.bin of tdx; report.bin of sev-snp, and "
        "where the host hands out certificates auxblob.bin as it came, ext_report.bin with it behind the "
        "report, and chain.pem.\n\n"
        "That nobody else's request was answered is seen by the kernel's count of requests, and by the "
        "report "
        "data in the evidence; up to five tries are made. Nothing is verified.",
    .examples = "  attestctl evidence collect tdx --runtime-data keys.json --out evidence\n"
                "  attestctl evidence collect sev-snp --out evidence\n",
    .options = options,
    .run = run_collect,
};
