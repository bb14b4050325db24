#include "base/auto.h"
#include "base/err.h"
#include "base/hex.h"
#include "cli/answer.h"
#include "cli/evidence_make.h"
#include "cli/tpm.h"
#include "cli/tpm_shot.h"
#include "cli/tpm_state.h"
#include "makers/disk.h"

#include <string.h>

ATT_AUTO_PTR(tss_auto, struct tss, tss_close)

struct quoted {
    struct tpm_state state;
    struct tpm_shot shot;
    uint8_t nonce[TSS_QUALIFYING_BYTES_MAX];
    size_t nonce_len;
    const char *dir;
};

static bool nonce_read(const struct cli *c, struct quoted *q, struct att_err *err)
{
    const char *text = cli_value(c, "nonce");

    q->nonce_len = text ? strlen(text) / 2 : 0;
    if (!text || (strlen(text) <= sizeof q->nonce * 2 && att_hex_read(att_str(text), q->nonce, q->nonce_len)))
        return true;
    return att_fail(err, ATT_USAGE, "nonce", "up to 128 hexadecimal digits, an even number",
                    "something else");
}

/* {"PCRs":[{"Index":0,"Digests":{"SHA256":"..."}}]}: what attestctl policy eval --pcrs takes. */
static void put_pcrs(const struct tss_values *values, struct att_buf *out)
{
    struct att_json_writer w = { .out = out };

    att_jw_object(&w);
    att_jw_key(&w, "PCRs");
    att_jw_array(&w);
    for (unsigned pcr = 0; pcr < TSS_PCRS; pcr++) {
        bool any = false;
        for (size_t i = 0; i < values->count; i++) {
            const struct tss_value *v = &values->item[i];
            if (v->pcr != pcr)
                continue;
            if (!any) {
                att_jw_object(&w);
                att_jw_key(&w, "Index");
                att_jw_int(&w, pcr);
                att_jw_key(&w, "Digests");
                att_jw_object(&w);
            }
            any = true;
            att_jw_key(&w, tpm_bank_name(v->alg));
            att_jw_hex(&w, att_span_of(v->digest, v->len));
        }
        if (any) {
            att_jw_end_object(&w);
            att_jw_end_object(&w);
        }
    }
    att_jw_end_array(&w);
    att_jw_end_object(&w);
    att_buf_putc(out, '\n');
}

static bool write_out(struct cli *c, const struct tss *tpm, const struct quoted *q, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf pcrs = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf values = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf nonce = { 0 };
    struct tss_public aik;

    if (!tpm->ops->public_read(q->state.aik.public_area, c->arena, &aik, err))
        return false;
    put_pcrs(&q->shot.values, &pcrs);
    for (size_t i = 0; i < q->shot.values.count; i++)
        att_buf_put(&values, att_span_of(q->shot.values.item[i].digest, q->shot.values.item[i].len));
    att_hex_put(&nonce, att_span_of(q->nonce, q->nonce_len));
    if (pcrs.failed || values.failed || nonce.failed)
        return att_fail_memory(err, "out");
    const struct {
        const char *name;
        struct att_span bytes;
    } files[] = {
        { "quote.tpms_attest", q->shot.quote.attest },
        { "quote.tpmt_signature", q->shot.quote.signature },
        { "quote.pcrs", att_buf_span(&values) },
        { "pcrs.json", att_buf_span(&pcrs) },
        { "qualifyingdata.hex", att_buf_span(&nonce) },
        { "ak.tpmt_public", aik.area },
        { "aik_cert.der", q->state.certificate },
        { "eventlog.bin", q->shot.event_log },
        { "ima.bin", q->shot.ima_log },
    };
    if (!cli_make_folder(q->dir, err))
        return false;
    /* A file of an earlier run must not stand beside a quote that it does not belong to. */
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (!(files[i].bytes.len > 0 ? mk_file_write(q->dir, files[i].name, "", files[i].bytes, 0644, err)
                                     : mk_file_remove(q->dir, files[i].name, err)))
            return false;
    return true;
}

static void answer(struct cli *c, const struct quoted *q)
{
    struct att_json_writer w = cli_writer(c);

    if (!c->json) {
        att_buf_printf(&c->out, "quoted %zu registers in %s\n", q->shot.values.count, q->dir);
        if (q->shot.event_log.len == 0)
            att_buf_puts(&c->out, "  event log   none\n");
        if (q->nonce_len == 0)
            att_buf_puts(&c->out, "  nonce       none: the quote does not show when it was made\n");
        return;
    }
    att_jw_object(&w);
    att_jw_key(&w, "out");
    att_jw_str(&w, q->dir);
    att_jw_key(&w, "registers");
    att_jw_int(&w, (int64_t)q->shot.values.count);
    att_jw_key(&w, "eventLog");
    att_jw_bool(&w, q->shot.event_log.len > 0);
    att_jw_key(&w, "imaLog");
    att_jw_bool(&w, q->shot.ima_log.len > 0);
    att_jw_key(&w, "certificate");
    att_jw_bool(&w, q->state.has_certificate);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

static enum cli_exit run_quote(struct cli *c)
{
    ATT_AUTO(tss_auto) struct tss *tpm = NULL;
    struct quoted q = { .dir = cli_value(c, "out") };
    struct att_err err = { 0 };
    tss_loaded aik = 0;

    if (!tpm_shot_options(c, &q.shot, &err) || !nonce_read(c, &q, &err) ||
        !tpm_state_need(c, &q.state, &err) || !tss_open(cli_value(c, "tcti"), &tpm, &err) ||
        !tpm->ops->load(tpm, &q.state.aik, &aik, &err) ||
        !tpm_shot_take(c, tpm, aik, att_span_of(q.nonce, q.nonce_len), &q.shot, &err) ||
        !write_out(c, tpm, &q, &err))
        return cli_refuse(c, &err);
    answer(c, &q);
    return CLI_YES;
}

static const struct cli_option options[] = {
    OPTION_TCTI,
    OPTION_STATE,
    { .name = "out", .argument = "DIR", .required = true, .help = "Folder for the files." },
    { .name = "nonce", .argument = "HEX", .help = "Goes into the quote, up to 64 bytes." },
    OPTIONS_SHOT,
    { 0 },
};

const struct cli_command cli_tpm_quote = {
    .name = "tpm quote",
    .summary = "a signed statement of the TPM about its registers, in files",
    .about = "Quotes registers with the attestation key of the state folder and writes quote.tpms_attest, "
             "quote.tpmt_signature, quote.pcrs (the values one behind another), pcrs.json (for attestctl "
             "policy eval "
             "--pcrs), qualifyingdata.hex, ak.tpmt_public, aik_cert.der, eventlog.bin and ima.bin, as far as "
             "there "
             "are any. No service is asked.\n\n"
             "Reading the kernel's logs takes root.",
    .examples = "  attestctl tpm quote --out evidence --nonce 00112233445566778899aabbccddeeff\n"
                "  attestctl tpm quote --out evidence --pcrs sha256:0,2,4,7 --ima-log none\n",
    .options = options,
    .run = run_quote,
};
