/* One attestation of a request: a boot, its quote, both as JSON or as the claim that Windows makes. */
#include "base/base64.h"
#include "base/err.h"
#include "makers/request_parts.h"

enum { RSA_BYTES = 256, FLIP = 0x01, AT_TYPE = 4 };

static void free_two(struct att_buf (*scratch)[2])
{
    att_buf_free(&(*scratch)[0]);
    att_buf_free(&(*scratch)[1]);
}

void mk_half_free(struct mk_half *h)
{
    mk_boot_logs_free(&h->logs);
    att_buf_free(&h->quote);
    att_buf_free(&h->signature);
    att_buf_free(&h->cert);
}

static bool broken(const struct mk_made *m, const struct mk_half *h, enum mk_tpm_break which)
{
    return m->broken == which && !h->boot;
}

/* -- certificate ------------------------------------------------------------------------------------------------ */

static bool make_cert(struct mk_made *m, struct mk_half *h, struct att_err *err)
{
    const int64_t at = m->o->at_unix_s, half_a_year = 15778800;
    struct mk_tpm_cert_spec spec = {
        .ek = broken(m, h, MK_TPM_BREAK_AIK_EK_CERT),
        .stranger = broken(m, h, MK_TPM_BREAK_AIK_STRANGER),
        .no_usage = broken(m, h, MK_TPM_BREAK_AIK_NO_USAGE),
        .not_before = broken(m, h, MK_TPM_BREAK_AIK_NOT_YET) ? at + 1 : at - half_a_year,
        .not_after = broken(m, h, MK_TPM_BREAK_AIK_EXPIRED) ? at - 1 : at + half_a_year,
    };
    enum mk_tpm_key whose = broken(m, h, MK_TPM_BREAK_AIK_OTHER_KEY) ? MK_TPM_AIK_2 : h->aik;

    if (m->o->no_aik_cert || broken(m, h, MK_TPM_BREAK_AIK_NO_CERT))
        return true;
    if (broken(m, h, MK_TPM_BREAK_AIK_GARBAGE)) {
        att_buf_puts(&h->cert, "no certificate");
        return mk_tpm_written(&h->cert, err);
    }
    return mk_tpm_key(m->tpm, whose, &spec.key, err) &&
           mk_tpm_cert_der(mk_tpm_vendor_of(m->tpm), &spec, &h->cert, err);
}

/* -- quote ------------------------------------------------------------------------------------------------------- */

static enum mk_hash strongest(unsigned banks)
{
    enum mk_hash best = MK_SHA1;

    for (enum mk_hash b = MK_SHA1; b < MK_HASH_COUNT; b++)
        if (banks & MK_BANK(b))
            best = b;
    return best;
}

static void select_pcrs(const struct mk_made *m, struct mk_half *h)
{
    unsigned banks = m->o->quoted_banks ? m->o->quoted_banks : MK_BANK(strongest(m->o->banks));
    uint32_t pcrs = m->o->pcr_mask;

    if (m->broken == MK_TPM_BREAK_BANK_SHA1)
        banks = MK_BANK(MK_SHA1);
    if (m->broken == MK_TPM_BREAK_PCR_NOT_QUOTED)
        pcrs &= ~(1u << 7);
    for (enum mk_hash b = MK_SHA1; b < MK_HASH_COUNT; b++)
        if (banks & MK_BANK(b))
            h->selection[h->selection_count++] = (struct mk_tpm_selection){ b, pcrs };
    if (broken(m, h, MK_TPM_BREAK_QUOTE_BANK_TWICE)) {
        h->selection[h->selection_count] = h->selection[h->selection_count - 1];
        h->selection_count++;
    }
}

static void remember_pcrs(const struct mk_made *m, struct mk_half *h)
{
    for (enum mk_hash b = MK_SHA1; b < MK_HASH_COUNT; b++)
        for (uint32_t i = 0; i < MK_PCRS; i++)
            memcpy(h->pcr[b][i], mk_tpm_pcr(m->tpm, b, i), MK_DIGEST_MAX);
    if (broken(m, h, MK_TPM_BREAK_PCR_VALUE))
        h->pcr[h->selection[h->selection_count - 1].bank][4][0] ^= FLIP;
}

static enum mk_tpm_key signer_of(const struct mk_made *m, const struct mk_half *h)
{
    if (broken(m, h, MK_TPM_BREAK_QUOTE_OTHER_AIK))
        return MK_TPM_AIK_2;
    return broken(m, h, MK_TPM_BREAK_QUOTE_SHA1) ? MK_TPM_AIK_SHA1 : h->aik;
}

static bool fill_attest(struct mk_made *m, struct mk_half *h, struct att_span extra,
                        struct att_buf scratch[2], struct mk_tpm_attest *ret, struct att_err *err)
{
    if (broken(m, h, MK_TPM_BREAK_QUOTE_CERTIFY))
        return mk_tpm_attest_certify(m->tpm, h->aik, MK_TPM_APP, extra, scratch, ret, err);
    /* The digest's hash is the scheme's, and so the signer's. */
    return mk_tpm_attest_quote(m->tpm, signer_of(m, h), extra, h->selection, h->selection_count, scratch, ret,
                               err);
}

static void spoil_before(const struct mk_made *m, const struct mk_half *h, struct mk_tpm_attest *a,
                         struct att_buf *bytes)
{
    if (broken(m, h, MK_TPM_BREAK_QUOTE_MAGIC))
        a->magic = 0x52435447;
    if (broken(m, h, MK_TPM_BREAK_QUOTE_TYPE))
        a->type = 0x8017;
    mk_tpm_attest_put(a, bytes);
    if (broken(m, h, MK_TPM_BREAK_QUOTE_CUT))
        bytes->len--;
    if (broken(m, h, MK_TPM_BREAK_QUOTE_TRAILING))
        att_buf_putc(bytes, 0);
    if (broken(m, h, MK_TPM_BREAK_QUOTE_EMPTY))
        bytes->len = 0;
}

static void spoil_after(const struct mk_made *m, struct mk_half *h, size_t clock_at)
{
    struct att_buf *s = &h->signature;

    if (broken(m, h, MK_TPM_BREAK_QUOTE_FLIP))
        h->quote.ptr[clock_at] ^= FLIP;
    if (broken(m, h, MK_TPM_BREAK_QUOTE_LAST_FLIP))
        h->quote.ptr[h->quote.len - 1] ^= FLIP;
    if (broken(m, h, MK_TPM_BREAK_QUOTE_SIGNATURE) || (m->broken == MK_TPM_BREAK_BOOT_SIGNATURE && h->boot))
        s->ptr[s->len - 1] ^= FLIP;
    if (broken(m, h, MK_TPM_BREAK_QUOTE_SIGNATURE_CUT))
        s->len--;
    if (broken(m, h, MK_TPM_BREAK_QUOTE_SIGNATURE_TRAILING))
        att_buf_putc(s, 0);
    if (broken(m, h, MK_TPM_BREAK_QUOTE_SIGNATURE_HMAC))
        s->ptr[1] = 0x05;
}

static bool make_quote(struct mk_made *m, struct mk_half *h, struct att_err *err)
{
    ATT_AUTO(free_two) struct att_buf scratch[2] = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf extra = { 0 };
    struct mk_tpm_attest a;

    if (h->boot)
        att_buf_puts(&extra, "challenge of a former boot"); /* cannot be fresh, and is not asked for */
    else if (!mk_request_extra(m, &extra, err))
        return false;
    select_pcrs(m, h);
    remember_pcrs(m, h);
    if (!mk_tpm_written(&extra, err) || !fill_attest(m, h, att_buf_span(&extra), scratch, &a, err))
        return false;
    spoil_before(m, h, &a, &h->quote);
    if (!mk_tpm_written(&h->quote, err) ||
        !mk_tpm_sign(m->tpm, signer_of(m, h), att_buf_span(&h->quote), &h->signature, err))
        return false;
    spoil_after(m, h, AT_TYPE + 2 + 2 + a.qualified_signer.len + 2 + extra.len);
    return mk_tpm_written(&h->signature, err);
}

/* -- logs -------------------------------------------------------------------------------------------------------- */

static void cut_to(struct att_buf *b, size_t len)
{
    b->len = len;
}

static void again(struct att_buf *b, size_t from)
{
    struct att_buf copy = { 0 };

    att_buf_put(&copy, att_span_of(b->ptr + from, b->len - from));
    att_buf_put(b, att_buf_span(&copy));
    b->failed = b->failed || copy.failed;
    att_buf_free(&copy);
}

/* In every bank: else the intact one would tell. */
static void flip_digests(struct att_buf *log, size_t first, const struct mk_request_options *o)
{
    size_t at = first;

    for (enum mk_hash b = MK_SHA1; b < MK_HASH_COUNT; b++) {
        if (o->boot.form == MK_LOG_SHA1 ? b != MK_SHA1 : !(o->banks & MK_BANK(b)))
            continue;
        log->ptr[at] ^= FLIP;
        at += mk_hash_size(b) + 2;
    }
}

static void put_le32(uint8_t *at, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

/* A forger's key where the log names that of reports. */
static bool forge_idks(const struct mk_made *m, struct att_buf *log, size_t at, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf n = { 0 };
    EVP_PKEY *key;

    if (!mk_tpm_key(m->tpm, MK_TPM_STRANGER, &key, err) || !mk_tpm_modulus(key, &n, err))
        return false;
    memcpy(log->ptr + at, n.ptr, RSA_BYTES);
    return true;
}

static bool spoil_log(const struct mk_made *m, struct mk_half *h, struct att_err *err)
{
    struct att_buf *tcg = &h->logs.tcg, *ima = &h->logs.ima;
    const struct mk_boot_marks *k = &h->logs.marks;

    if (h->boot) {
        if (m->broken == MK_TPM_BREAK_BOOT_LOG)
            flip_digests(tcg, k->secure_boot_digest, m->o);
        return true;
    }
    switch (m->broken) {
    case MK_TPM_BREAK_LOG_DIGEST:
        flip_digests(tcg, k->secure_boot_digest, m->o);
        break;
    case MK_TPM_BREAK_LOG_EVENT_ABSENT:
        cut_to(tcg, k->action_record);
        break;
    case MK_TPM_BREAK_LOG_EVENT_TWICE:
        again(tcg, k->action_record);
        break;
    case MK_TPM_BREAK_LOG_PCR:
        put_le32(tcg->ptr + k->action_record, 4);
        break;
    case MK_TPM_BREAK_LOG_NO_ACTION:
        put_le32(tcg->ptr + k->action_record + 4, MK_EV_NO_ACTION);
        break;
    case MK_TPM_BREAK_LOG_ABSENT:
        cut_to(tcg, 0);
        break;
    case MK_TPM_BREAK_LOG_CUT:
        cut_to(tcg, tcg->len - 1);
        break;
    case MK_TPM_BREAK_LOG_SIZE:
        put_le32(tcg->ptr + k->action_body - 4, 0x7fffffff);
        break;
    case MK_TPM_BREAK_LOG_FORGED:
        tcg->ptr[k->secure_boot_value] ^= FLIP;
        break;
    case MK_TPM_BREAK_LOG_ACTION_FORGED:
        tcg->ptr[k->action_body] ^= FLIP;
        break;
    case MK_TPM_BREAK_LOG_TAG_FORGED:
        tcg->ptr[k->tag_body + 16] ^= FLIP; /* in the boot counter */
        break;
    case MK_TPM_BREAK_IMA_DATA:
        ima->ptr[k->kernel_version] ^= FLIP;
        break;
    case MK_TPM_BREAK_IMA_DIGEST:
        ima->ptr[k->kernel_version_digest] ^= FLIP;
        break;
    case MK_TPM_BREAK_IMA_CUT:
        cut_to(ima, ima->len - 1);
        break;
    case MK_TPM_BREAK_IMA_ABSENT:
        cut_to(ima, 0);
        break;
    case MK_TPM_BREAK_VBS_IDKS_FORGED:
        return forge_idks(m, tcg, k->idks_modulus, err);
    default:
        break;
    }
    return true;
}

bool mk_half_make(struct mk_made *m, struct mk_half *h, struct att_err *err)
{
    return mk_boot_run(&m->o->boot, m->tpm, &h->logs, err) && make_cert(m, h, err) && make_quote(m, h, err) &&
           spoil_log(m, h, err);
}

/* -- JSON --------------------------------------------------------------------------------------------------------- */

static void put_log(const struct mk_made *m, struct att_buf *out, const char *type, struct att_span log)
{
    if (log.len == 0)
        return;
    if (out->ptr[out->len - 1] == '}')
        att_buf_putc(out, ',');
    att_buf_printf(out, "{\"type\":\"%s\",", m->broken == MK_TPM_BREAK_LOG_TYPE_UNKNOWN ? "CEL" : type);
    mk_json_bytes(out, "log", log);
    att_buf_putc(out, '}');
}

static void put_value(struct att_buf *out, uint32_t index, struct att_span value)
{
    att_buf_printf(out, "{\"index\":%u,", (unsigned)index);
    mk_json_bytes(out, "digest", value);
    att_buf_puts(out, "},");
}

static void put_values(const struct mk_made *m, const struct mk_half *h, const struct mk_tpm_selection *s,
                       struct att_buf *out)
{
    size_t size = mk_hash_size(s->bank);

    for (uint32_t i = 0; i < MK_PCRS; i++) {
        if (!(s->pcrs >> i & 1) || (i == 3 && broken(m, h, MK_TPM_BREAK_PCR_ABSENT)))
            continue;
        bool less = i == 3 && broken(m, h, MK_TPM_BREAK_PCR_SHORT);
        put_value(out, i, att_span_of(h->pcr[s->bank][i], less ? size - 1 : size));
    }
    if (broken(m, h, MK_TPM_BREAK_PCR_MORE))
        put_value(out, 23, att_span_of(h->pcr[s->bank][23], size));
    if (broken(m, h, MK_TPM_BREAK_PCR_TWICE))
        put_value(out, 3, att_span_of(h->pcr[s->bank][3], size));
    if (broken(m, h, MK_TPM_BREAK_PCR_24))
        put_value(out, 24, att_span_of(h->pcr[s->bank][3], size));
    out->len--; /* the last comma */
}

static void put_pcrs(const struct mk_made *m, const struct mk_half *h, struct att_buf *out)
{
    size_t count = broken(m, h, MK_TPM_BREAK_QUOTE_BANK_TWICE) ? 1 : h->selection_count;

    att_buf_puts(out, "\"pcrs\":[");
    for (size_t i = 0; i < count; i++) {
        unsigned alg = mk_hash_alg(h->selection[i].bank);
        if (broken(m, h, MK_TPM_BREAK_PCR_BANK_UNKNOWN))
            alg = 0x0012;
        att_buf_printf(out, "%s{\"algorithm\":%u,\"values\":[", i ? "," : "", alg);
        put_values(m, h, &h->selection[i], out);
        att_buf_puts(out, "]}");
    }
    att_buf_puts(out, "],");
}

bool mk_half_json(struct mk_made *m, const struct mk_half *h, struct att_buf *out, struct att_err *err)
{
    enum mk_tpm_key shown = broken(m, h, MK_TPM_BREAK_AIK_PUB_OTHER) ? MK_TPM_AIK_2 : h->aik;

    att_buf_puts(out, "{\"logs\":[");
    put_log(m, out, "TCG", att_buf_span(&h->logs.tcg));
    put_log(m, out, "IMA", att_buf_span(&h->logs.ima));
    att_buf_puts(out, "],");
    if (h->cert.len > 0) {
        mk_json_bytes(out, "aik_cert", att_buf_span(&h->cert));
        att_buf_putc(out, ',');
    }
    att_buf_puts(out, "\"aik_pub\":");
    if (!mk_tpm_jwk(m->tpm, shown, out, err))
        return false;
    att_buf_putc(out, ',');
    put_pcrs(m, h, out);
    mk_json_bytes(out, "quote", att_buf_span(&h->quote));
    att_buf_putc(out, ',');
    mk_json_bytes(out, "signature", att_buf_span(&h->signature));
    att_buf_putc(out, '}');
    return mk_tpm_written(out, err);
}

/* NCRYPT_TPM_PLATFORM_ATTESTATION_STATEMENT, little-endian. */
bool mk_half_claim(const struct mk_made *m, const struct mk_half *h, struct att_buf *out, struct att_err *err)
{
    enum mk_hash bank = h->selection[0].bank;
    size_t size = mk_hash_size(bank);

    (void)m;
    att_buf_puts(out, "ALPT");
    att_buf_u32le(out, 0);
    att_buf_u32le(out, mk_hash_alg(bank));
    att_buf_u32le(out, (uint32_t)h->signature.len);
    att_buf_u32le(out, (uint32_t)h->quote.len);
    att_buf_u32le(out, (uint32_t)(MK_PCRS * size));
    att_buf_put(out, att_buf_span(&h->signature));
    att_buf_put(out, att_buf_span(&h->quote));
    for (uint32_t i = 0; i < MK_PCRS; i++)
        att_buf_put(out, att_span_of(h->pcr[bank][i], size));
    return mk_tpm_written(out, err);
}
