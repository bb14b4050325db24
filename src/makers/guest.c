/* Attestation information of Azure guests, from its parts outward. What a row of guest_breaks.def spoils stands where that part is
 * written. */
#include "makers/guest.h"

#include "base/base64.h"
#include "base/err.h"
#include "base/hex.h"
#include "codec/json.h"
#include "makers/tpm_parts.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>

enum { FLIP = 0x01, HASH_BYTES = 32, REPORT_DATA_BYTES = 64, AT_ATTRIBUTES = 4 };
/* HCL report. */
enum {
    HW_REPORT_BYTES = 1184,
    TD_REPORT_DATA = 128,
    REQUEST_BYTES = 20,
    HCL_FIXED = 32 + HW_REPORT_BYTES + REQUEST_BYTES,
    REPORT_SNP = 2,
    REPORT_TDX = 4,
};

ATT_AUTO_PTR(guest_pkey_ctx_auto, EVP_PKEY_CTX, EVP_PKEY_CTX_free)

const struct mk_guest_break_row mk_guest_breaks[MK_GUEST_BREAK_COUNT] = {
    [MK_GUEST_BREAK_NONE] = { MK_GUEST_BREAK_NONE, "none", "nothing is wrong", MK_GUEST_NEEDS_ANY, ATT_OK,
                              ATT_OK },
#define X(id, name, needs, code, also, words)                                                                \
    [MK_GUEST_BREAK_##                                                                                       \
        id] = { MK_GUEST_BREAK_##id, name, words, MK_GUEST_NEEDS_##needs, ATT_##code, ATT_##also },
#include "makers/guest_breaks.def"
#undef X
};

const struct mk_guest_break_row *mk_guest_break_by_name(const char *name)
{
    for (size_t i = 0; i < MK_GUEST_BREAK_COUNT; i++)
        if (strcmp(mk_guest_breaks[i].name, name) == 0)
            return &mk_guest_breaks[i];
    return NULL;
}

const char *mk_guest_needs_name(enum mk_guest_needs needs)
{
    static const char *const names[] = {
        [MK_GUEST_NEEDS_ANY] = "any",
        [MK_GUEST_NEEDS_HARDWARE] = "hardware",
        [MK_GUEST_NEEDS_SNP] = "sev-snp",
        [MK_GUEST_NEEDS_TDX] = "tdx",
        [MK_GUEST_NEEDS_TRUSTED] = "trusted-launch",
        [MK_GUEST_NEEDS_WINDOWS] = "windows",
        [MK_GUEST_NEEDS_HCL] = "hcl",
    };
    return (size_t)needs < sizeof names / sizeof names[0] ? names[needs] : "unknown";
}

enum mk_guest_isolation mk_guest_isolation_for(enum mk_guest_break broken, enum mk_guest_isolation wanted)
{
    switch (mk_guest_breaks[broken].needs) {
    case MK_GUEST_NEEDS_SNP:
        return MK_GUEST_SNP;
    case MK_GUEST_NEEDS_TDX:
        return MK_GUEST_TDX;
    case MK_GUEST_NEEDS_TRUSTED:
        return MK_GUEST_TRUSTED_LAUNCH;
    case MK_GUEST_NEEDS_HARDWARE:
    case MK_GUEST_NEEDS_HCL:
        return wanted == MK_GUEST_TRUSTED_LAUNCH ? MK_GUEST_SNP : wanted;
    case MK_GUEST_NEEDS_ANY:
    case MK_GUEST_NEEDS_WINDOWS:
        break;
    }
    return wanted;
}

struct made {
    struct mk_tpm *tpm;
    const struct mk_amd *amd;
    const struct mk_hardware *hw;
    struct mk_guest_options *o;
    enum mk_guest_break broken;
    enum mk_tpm_key ak;
    struct mk_boot_logs logs;
    uint8_t pcr[MK_PCRS][MK_DIGEST_MAX];
    struct att_buf ak_cert, ak_public, enc_public, enc_certify, enc_signature;
};

static void made_free(struct made *m)
{
    mk_boot_logs_free(&m->logs);
    att_buf_free(&m->ak_cert);
    att_buf_free(&m->ak_public);
    att_buf_free(&m->enc_public);
    att_buf_free(&m->enc_certify);
    att_buf_free(&m->enc_signature);
}

static void free_two(struct att_buf (*scratch)[2])
{
    att_buf_free(&(*scratch)[0]);
    att_buf_free(&(*scratch)[1]);
}

/* -- options ------------------------------------------------------------------------------------------------------ */

void mk_guest_defaults(struct mk_guest_options *ret, enum mk_guest_isolation isolation, enum mk_os os,
                       int64_t at_unix_s)
{
    bool windows = os == MK_OS_WINDOWS;

    *ret = (struct mk_guest_options){
        .at_unix_s = at_unix_s,
        .isolation = isolation,
        .pcr_mask = windows ? 0x78ff : 0xff, /* Windows: 11 to 14 too */
        .os_type = windows ? "Windows" : "Linux",
        .os_distro = windows ? "Microsoft" : "Ubuntu",
        .os_build = windows ? "NotApplicable" : "NotApplication",
        .os_major = windows ? 10 : 22,
        .os_minor = windows ? 0 : 4,
        .nonce = "bm9uY2U=",
        .vm_id = "7E570000-0000-4000-8000-00000000ABCD",
        .secure_boot_said = true,
        .console_enabled = true,
        .hcl_version = 2,
        .hcl_bytes = 2600,
    };
    mk_boot_defaults(&ret->boot, os);
    ret->boot.no_ima = true; /* such clients send none */
    mk_snp_defaults(&ret->snp, MK_AMD_MILAN, at_unix_s);
    mk_tdx_defaults(&ret->tdx, at_unix_s);
}

static bool refuse(struct att_err *err, const char *option, const char *expected)
{
    return att_fail(err, ATT_PARAMETER_INVALID, option, expected, "another");
}

static bool check(const struct made *m, struct att_err *err)
{
    const struct mk_guest_options *o = m->o;

    if (o->isolation == MK_GUEST_SNP && !m->amd)
        return refuse(err, "isolation", "an AMD, for SEV-SNP");
    if (o->isolation == MK_GUEST_TDX && !m->hw)
        return refuse(err, "isolation", "hardware, for TDX");
    if (o->pcr_mask == 0 || o->pcr_mask >> MK_PCRS)
        return refuse(err, "pcr_mask", "registers 0 to 23");
    return mk_tpm_vendor_covers(mk_tpm_vendor_of(m->tpm), o->at_unix_s) ||
           refuse(err, "at", "a time that the authority's certificate covers");
}

static void override_options(struct mk_guest_options *o)
{
    o->isolation = mk_guest_isolation_for(o->broken, o->isolation);
    if (mk_guest_breaks[o->broken].needs == MK_GUEST_NEEDS_WINDOWS && o->boot.os != MK_OS_WINDOWS) {
        struct mk_guest_options windows;
        mk_guest_defaults(&windows, o->isolation, MK_OS_WINDOWS, o->at_unix_s);
        o->boot = windows.boot;
        o->pcr_mask = windows.pcr_mask;
        o->os_type = windows.os_type;
        o->os_distro = windows.os_distro;
        o->os_build = windows.os_build;
        o->os_major = windows.os_major;
        o->os_minor = windows.os_minor;
    }
    if ((o->broken == MK_GUEST_BREAK_LOG_FORGED || o->broken == MK_GUEST_BREAK_LOG_DIGEST) &&
        o->boot.secure_boot == MK_ABSENT)
        o->boot.secure_boot = MK_FALSE;
}

/* -- runtime claims ----------------------------------------------------------------------------------------------- */

static bool put_key(const struct made *m, enum mk_tpm_key which, const char *kid, const char *op,
                    struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf n = { 0 };
    EVP_PKEY *key;

    if (!mk_tpm_key(m->tpm, which, &key, err) || !mk_tpm_modulus(key, &n, err))
        return false;
    att_buf_printf(out, "{\"kid\":\"%s\",\"key_ops\":[\"%s\"],\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"", kid,
                   op);
    att_base64url_put(out, att_buf_span(&n));
    att_buf_puts(out, "\"}");
    return mk_tpm_written(out, err);
}

static const char *truth(bool b)
{
    return b ? "true" : "false";
}

static void put_configuration(const struct made *m, struct att_buf *out)
{
    const struct mk_guest_options *o = m->o;

    att_buf_printf(out, "],\"vm-configuration\":{\"console-enabled\":%s,", truth(o->console_enabled));
    if (o->first_runtime)
        att_buf_printf(out, "\"current-time\":%lld,", (long long)o->at_unix_s);
    att_buf_printf(out, "\"secure-boot\":%s,\"tpm-enabled\":true,", truth(o->secure_boot_said));
    if (!o->first_runtime)
        att_buf_printf(out, "\"tpm-persisted\":%s,", truth(o->tpm_persisted));
    att_buf_puts(out, "\"vmUniqueId\":");
    att_json_put_string(out, att_str(o->vm_id));
    att_buf_putc(out, '}');
    if (o->user_data) {
        att_buf_puts(out, ",\"user-data\":");
        att_json_put_string(out, att_str(o->user_data));
    }
    att_buf_putc(out, '}');
}

static bool put_runtime(const struct made *m, struct att_buf *out, struct att_err *err)
{
    bool other = m->broken == MK_GUEST_BREAK_RUNTIME_OTHER_AK;

    if (m->broken == MK_GUEST_BREAK_RUNTIME_TEXT) {
        att_buf_puts(out, "runtime claims");
        return mk_tpm_written(out, err);
    }
    att_buf_puts(out, "{\"keys\":[");
    if (m->broken != MK_GUEST_BREAK_RUNTIME_NO_AK &&
        !put_key(m, other ? MK_TPM_STRANGER : MK_TPM_AIK, "HCLAkPub",
                 m->o->first_runtime ? "encrypt" : "sign", out, err))
        return false;
    if (!m->o->first_runtime) {
        if (m->broken != MK_GUEST_BREAK_RUNTIME_NO_AK)
            att_buf_putc(out, ',');
        if (!put_key(m, MK_TPM_EK, "HCLEkPub", "encrypt", out, err))
            return false;
    }
    put_configuration(m, out);
    return mk_tpm_written(out, err);
}

/* Afterwards: what the hardware does not vouch for. */
static void spoil_runtime(struct att_buf *runtime)
{
    runtime->ptr[runtime->len / 2] ^= FLIP;
}

/* -- quote and keys ------------------------------------------------------------------------------------------------ */

static bool make_ak(struct made *m, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf area = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf cn = { 0 };
    const int64_t at = m->o->at_unix_s, half_a_year = 15778800;
    struct mk_tpm_cert_spec spec = {
        .stranger = m->broken == MK_GUEST_BREAK_AK_CERT_STRANGER,
        .not_before = m->broken == MK_GUEST_BREAK_AK_CERT_NOT_YET ? at + 1 : at - half_a_year,
        .not_after = m->broken == MK_GUEST_BREAK_AK_CERT_EXPIRED ? at - 1 : at + half_a_year,
    };
    enum mk_tpm_key whose = m->broken == MK_GUEST_BREAK_AK_CERT_OTHER ? MK_TPM_AIK_2 : m->ak;

    att_buf_printf(&cn, "%s.TrustedVM.Azure", m->o->vm_id);
    att_buf_putc(&cn, '\0');
    if (!mk_tpm_public(m->tpm, m->ak, &area, err) || !mk_tpm_key(m->tpm, whose, &spec.key, err) ||
        !mk_tpm_written(&cn, err))
        return false;
    spec.cn = (const char *)cn.ptr;
    mk_tpm2b(&m->ak_public, att_buf_span(&area));
    m->ak_public.len -= m->broken == MK_GUEST_BREAK_AK_PUB_CUT ? 1 : 0;
    if (m->broken == MK_GUEST_BREAK_AK_CERT_ABSENT)
        return mk_tpm_written(&m->ak_public, err);
    return mk_tpm_cert_der(mk_tpm_vendor_of(m->tpm), &spec, &m->ak_cert, err);
}

static bool make_quote(struct made *m, struct att_buf *quote, struct att_buf *signature, struct att_err *err)
{
    ATT_AUTO(free_two) struct att_buf scratch[2] = { 0 };
    uint32_t pcrs = m->o->pcr_mask & ~(m->broken == MK_GUEST_BREAK_PCR_7_NOT_QUOTED ? 1u << 7 : 0);
    const struct mk_tpm_selection s = { MK_SHA256, pcrs };
    struct mk_tpm_attest a;
    enum mk_tpm_key signer = m->ak;

    if (m->broken == MK_GUEST_BREAK_QUOTE_OTHER_AK)
        signer = m->ak == MK_TPM_AIK ? MK_TPM_AIK_2 : MK_TPM_AIK;
    if (m->broken == MK_GUEST_BREAK_QUOTE_SHA1)
        signer = MK_TPM_AIK_SHA1;
    if (!mk_tpm_attest_quote(m->tpm, m->ak, m->o->extra, &s, 1, scratch, &a, err))
        return false;
    if (m->broken == MK_GUEST_BREAK_QUOTE_MAGIC)
        a.magic = 0x52435447;
    if (m->broken == MK_GUEST_BREAK_QUOTE_TYPE)
        a.type = 0x8017;
    mk_tpm_attest_put(&a, quote);
    quote->len -= m->broken == MK_GUEST_BREAK_QUOTE_CUT ? 1 : 0;
    if (!mk_tpm_written(quote, err) || !mk_tpm_sign_bare(m->tpm, signer, att_buf_span(quote), signature, err))
        return false;
    if (m->broken == MK_GUEST_BREAK_QUOTE_SIGNATURE)
        signature->ptr[signature->len - 1] ^= FLIP;
    if (m->broken == MK_GUEST_BREAK_QUOTE_FLIP) /* in the clock */
        quote->ptr[4 + 2 + 2 + a.qualified_signer.len + 2 + a.extra.len] ^= FLIP;
    for (uint32_t i = 0; i < MK_PCRS; i++)
        memcpy(m->pcr[i], mk_tpm_pcr(m->tpm, MK_SHA256, i), MK_DIGEST_MAX);
    if (m->broken == MK_GUEST_BREAK_PCR_VALUE)
        m->pcr[4][0] ^= FLIP;
    return true;
}

static enum mk_tpm_key answer_key(const struct made *m)
{
    if (m->broken == MK_GUEST_BREAK_ENC_SIGNING)
        return MK_TPM_APP;
    return m->broken == MK_GUEST_BREAK_ENC_RESTRICTED ? MK_TPM_EK : MK_TPM_ENC;
}

static bool fill_certify(struct made *m, struct att_buf scratch[2], struct mk_tpm_attest *ret,
                         struct att_err *err)
{
    static const struct mk_tpm_selection s = { MK_SHA256, 0xff };

    if (m->broken == MK_GUEST_BREAK_ENC_TYPE)
        return mk_tpm_attest_quote(m->tpm, m->ak, m->o->extra, &s, 1, scratch, ret, err);
    enum mk_tpm_key key = m->broken == MK_GUEST_BREAK_ENC_NAME ? MK_TPM_APP : answer_key(m);
    return mk_tpm_attest_certify(m->tpm, m->ak, key, m->o->extra, scratch, ret, err);
}

static bool make_answer_key(struct made *m, struct att_err *err)
{
    ATT_AUTO(free_two) struct att_buf scratch[2] = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf area = { 0 };
    struct mk_tpm_attest a;
    enum mk_tpm_key signer = m->ak;

    if (m->broken == MK_GUEST_BREAK_ENC_OTHER_AK)
        signer = m->ak == MK_TPM_AIK ? MK_TPM_AIK_2 : MK_TPM_AIK;
    if (!fill_certify(m, scratch, &a, err) || !mk_tpm_public(m->tpm, answer_key(m), &area, err))
        return false;
    if (m->broken == MK_GUEST_BREAK_ENC_ATTRIBUTES)
        area.ptr[AT_ATTRIBUTES + 3] ^= 0x40; /* userWithAuth */
    mk_tpm2b(&m->enc_public, att_buf_span(&area));
    mk_tpm_attest_put(&a, &m->enc_certify);
    if (!mk_tpm_written(&m->enc_public, err) || !mk_tpm_written(&m->enc_certify, err) ||
        !mk_tpm_sign_bare(m->tpm, signer, att_buf_span(&m->enc_certify), &m->enc_signature, err))
        return false;
    if (m->broken == MK_GUEST_BREAK_ENC_SIGNATURE)
        m->enc_signature.ptr[m->enc_signature.len - 1] ^= FLIP;
    return true;
}

static void spoil_log(struct made *m)
{
    struct att_buf *log = &m->logs.tcg;
    const struct mk_boot_marks *k = &m->logs.marks;

    switch (m->broken) {
    case MK_GUEST_BREAK_LOG_DIGEST: /* SHA-1, then its algorithm's number, then SHA-256 */
        log->ptr[k->secure_boot_digest] ^= FLIP;
        log->ptr[k->secure_boot_digest + 20 + 2] ^= FLIP;
        break;
    case MK_GUEST_BREAK_LOG_EVENT_ABSENT:
        log->len = k->action_record;
        break;
    case MK_GUEST_BREAK_LOG_CUT:
        log->len--;
        break;
    case MK_GUEST_BREAK_LOG_FORGED:
        log->ptr[k->secure_boot_value] ^= FLIP;
        break;
    case MK_GUEST_BREAK_LOG_TAG_FORGED:
        log->ptr[k->tag_body + 16] ^= FLIP;
        break;
    default:
        break;
    }
}

/* -- hardware ------------------------------------------------------------------------------------------------------ */

static bool make_snp(struct made *m, struct att_span runtime, struct mk_snp_evidence *ret,
                     struct att_err *err)
{
    struct mk_snp_options o = m->o->snp;

    o.has_runtime_data = true;
    o.runtime_data = runtime;
    if (m->broken == MK_GUEST_BREAK_RUNTIME_UPPER_HALF) {
        o.has_runtime_data = false;
        if (!mk_hash(MK_SHA256, runtime, o.report_data, err))
            return false;
        o.report_data[REPORT_DATA_BYTES - 1] = FLIP;
    }
    if (m->broken == MK_GUEST_BREAK_SNP_SIGNATURE)
        o.broken = MK_SNP_BREAK_R_FLIP;
    if (m->broken == MK_GUEST_BREAK_SNP_CUT)
        o.broken = MK_SNP_BREAK_CUT_LAST;
    return mk_snp_make(m->amd, &o, ret, err);
}

static bool make_tdx(struct made *m, struct att_span runtime, struct mk_evidence *ret, struct att_err *err)
{
    struct mk_tdx_options o = m->o->tdx;

    o.has_runtime_data = true;
    o.runtime_data = runtime;
    if (m->broken == MK_GUEST_BREAK_TDX_SIGNATURE)
        o.broken = MK_BREAK_QUOTE_SIGNATURE;
    return mk_tdx_make(m->hw, &o, ret, err);
}

/* The report of an SNP guest, or a TDREPORT: its first byte says TDX, and of the rest only the report data are asked for. */
static bool put_hw_report(const struct made *m, const struct mk_snp_evidence *snp, struct att_span runtime,
                          struct att_buf *out, struct att_err *err)
{
    uint8_t td[HW_REPORT_BYTES] = { 0x81 };
    struct att_span report = mk_snp_item(snp, MK_SNP_REPORT);

    if (m->o->isolation == MK_GUEST_SNP) {
        att_buf_put(out, report);
        att_buf_fill(out, 0, report.len < HW_REPORT_BYTES ? HW_REPORT_BYTES - report.len : 0);
        return mk_tpm_written(out, err);
    }
    uint8_t digest[MK_DIGEST_MAX];
    if (!mk_hash(MK_SHA256, runtime, digest, err))
        return false;
    memcpy(td + TD_REPORT_DATA, digest, HASH_BYTES);
    att_buf_put(out, att_span_of(td, sizeof td));
    return mk_tpm_written(out, err);
}

static uint32_t report_type(const struct made *m)
{
    bool snp = m->o->isolation == MK_GUEST_SNP;
    return snp == (m->broken != MK_GUEST_BREAK_HCL_REPORT_TYPE) ? REPORT_SNP : REPORT_TDX;
}

static bool put_hcl(const struct made *m, const struct mk_snp_evidence *snp, struct att_span runtime,
                    struct att_buf *out, struct att_err *err)
{
    uint32_t variable = (uint32_t)runtime.len, data = REQUEST_BYTES + variable;

    att_buf_puts(out, m->broken == MK_GUEST_BREAK_HCL_MAGIC ? "HCLB" : "HCLA");
    att_buf_u32le(out, m->broken == MK_GUEST_BREAK_HCL_VERSION ? 3 : m->o->hcl_version);
    att_buf_u32le(out, HCL_FIXED + variable);
    att_buf_u32le(out, 2); /* certificate of the AK */
    att_buf_u32le(out, 0);
    att_buf_fill(out, 0, 12);
    if (!put_hw_report(m, snp, runtime, out, err))
        return false;
    att_buf_u32le(out, data + (m->broken == MK_GUEST_BREAK_HCL_DATA_SIZE ? 1 : 0));
    att_buf_u32le(out, 1);
    att_buf_u32le(out, report_type(m));
    att_buf_u32le(out, m->broken == MK_GUEST_BREAK_HCL_HASH_TYPE ? 2 : 1);
    att_buf_u32le(out, m->broken == MK_GUEST_BREAK_HCL_VARIABLE_SIZE ? UINT32_MAX : variable);
    att_buf_put(out, runtime);
    if (m->broken == MK_GUEST_BREAK_HCL_RUNTIME_FLIP && !out->failed)
        out->ptr[out->len - runtime.len / 2] ^= FLIP;
    if (m->o->hcl_bytes > out->len)
        att_buf_fill(out, 0, m->o->hcl_bytes - out->len);
    if (m->broken == MK_GUEST_BREAK_HCL_SHORT)
        out->len = HCL_FIXED - 1;
    return mk_tpm_written(out, err);
}

/* -- JSON ---------------------------------------------------------------------------------------------------------- */

static void put_b64(struct att_buf *out, const char *name, struct att_span bytes)
{
    att_buf_printf(out, "\"%s\":\"", name);
    att_base64_put(out, bytes);
    att_buf_puts(out, "\",");
}

static void put_word(struct att_buf *out, const char *name, const char *text)
{
    if (text)
        put_b64(out, name, att_str(text));
}

static void put_pcrs(const struct made *m, struct att_buf *out)
{
    bool absent = m->broken == MK_GUEST_BREAK_PCR_ABSENT;
    uint32_t pcrs = m->o->pcr_mask & ~(m->broken == MK_GUEST_BREAK_PCR_7_NOT_QUOTED ? 1u << 7 : 0);

    att_buf_puts(out, "\"PCRs\":[");
    for (uint32_t i = 0; i < MK_PCRS; i++)
        if (pcrs >> i & 1 && !(absent && i == 3)) {
            att_buf_printf(out, "{\"Index\":%u,\"Digest\":\"", (unsigned)i);
            att_base64_put(out, att_span_of(m->pcr[i], HASH_BYTES));
            att_buf_puts(out, "\"},");
        }
    out->len--; /* the last comma */
    att_buf_putc(out, ']');
}

static void put_pcr_set(const struct made *m, struct att_buf *out)
{
    bool absent = m->broken == MK_GUEST_BREAK_PCR_ABSENT;
    uint32_t pcrs = m->o->pcr_mask & ~(m->broken == MK_GUEST_BREAK_PCR_7_NOT_QUOTED ? 1u << 7 : 0);

    att_buf_puts(out, "\"PcrSet\":[");
    for (uint32_t i = 0; i < MK_PCRS; i++)
        if (pcrs >> i & 1 && !(absent && i == 3))
            att_buf_printf(out, "%u,", (unsigned)i);
    out->len--;
    att_buf_puts(out, "],");
}

static void put_tpm(const struct made *m, const struct mk_guest_evidence *ev, struct att_buf *out)
{
    if (m->broken == MK_GUEST_BREAK_TPM_ABSENT)
        return;
    att_buf_puts(out, "\"TpmInfo\":{");
    if (m->ak_cert.len > 0)
        put_b64(out, "AikCert", att_buf_span(&m->ak_cert));
    put_b64(out, "AikPub", att_buf_span(&m->ak_public));
    put_b64(out, "PcrQuote", mk_guest_item(ev, MK_GUEST_QUOTE));
    if (m->broken == MK_GUEST_BREAK_BASE64)
        out->ptr[out->len - 10] = '*';
    put_b64(out, "PcrSignature", mk_guest_item(ev, MK_GUEST_SIGNATURE));
    put_pcr_set(m, out);
    put_pcrs(m, out);
    att_buf_putc(out, ',');
    put_b64(out, "EncKeyPub", att_buf_span(&m->enc_public));
    put_b64(out, "EncKeyCertifyInfo", att_buf_span(&m->enc_certify));
    put_b64(out, "EncKeyCertifyInfoSignature", att_buf_span(&m->enc_signature));
    out->len--; /* the last comma */
    att_buf_puts(out, "},");
}

/* {"SnpReport","VcekCertChain"}, the first base64url and the second not, as clients write it. */
static bool put_snp_proof(const struct made *m, const struct mk_guest_evidence *ev, struct att_buf *out,
                          struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf proof = { 0 };

    att_buf_puts(&proof, m->broken == MK_GUEST_BREAK_PROOF_GARBAGE ? "[" : "{");
    att_buf_puts(&proof, "\"SnpReport\":\"");
    att_base64url_put(&proof, mk_snp_item(&ev->snp, MK_SNP_REPORT));
    att_buf_puts(&proof, "\",\"VcekCertChain\":\"");
    att_base64_put(&proof, mk_snp_item(&ev->snp, MK_SNP_CHAIN));
    att_buf_puts(&proof, "\"}");
    put_b64(out, "Proof", att_buf_span(&proof));
    return mk_tpm_written(&proof, err);
}

static bool put_isolation(const struct made *m, const struct mk_guest_evidence *ev, struct att_buf *out,
                          struct att_err *err)
{
    static const char *const names[] = {
        [MK_GUEST_TRUSTED_LAUNCH] = "TrustedLaunch", [MK_GUEST_SNP] = "SevSnp", [MK_GUEST_TDX] = "Tdx"
    };
    const char *name = m->broken == MK_GUEST_BREAK_ISOLATION_UNKNOWN ? "Vbs" : names[m->o->isolation];

    att_buf_printf(out, "\"IsolationInfo\":{\"Type\":\"%s\"", name);
    if (m->o->isolation != MK_GUEST_TRUSTED_LAUNCH && m->broken != MK_GUEST_BREAK_EVIDENCE_ABSENT) {
        att_buf_puts(out, ",\"Evidence\":{");
        if (m->o->isolation == MK_GUEST_TDX)
            put_b64(out, "Proof", mk_item(&ev->td, MK_QUOTE));
        else if (!put_snp_proof(m, ev, out, err))
            return false;
        put_b64(out, "RunTimeData", mk_guest_item(ev, MK_GUEST_RUNTIME));
        out->len--;
        att_buf_putc(out, '}');
    }
    att_buf_putc(out, '}');
    return mk_tpm_written(out, err);
}

static bool put_info(const struct made *m, const struct mk_guest_evidence *ev, struct att_buf *out,
                     struct att_err *err)
{
    struct att_span log = m->o->bare_logs ? (struct att_span){ 0 } : att_buf_span(&m->logs.tcg);

    if (m->broken == MK_GUEST_BREAK_INFO_EMPTY) {
        att_buf_puts(out, "{}");
        return mk_tpm_written(out, err);
    }
    att_buf_puts(out, "{\"AttestationProtocolVersion\":\"2.0\",");
    put_word(out, "OSType", m->o->os_type);
    put_word(out, "OSDistro", m->o->os_distro);
    put_word(out, "OSBuild", m->o->os_build);
    if (m->o->os_major >= 0)
        att_buf_printf(out, "\"OSVersionMajor\":%d,", m->o->os_major);
    if (m->o->os_minor >= 0)
        att_buf_printf(out, "\"OSVersionMinor\":%d,", m->o->os_minor);
    put_b64(out, "TcgLogs", log);
    if (m->broken == MK_GUEST_BREAK_INFO_TWICE)
        put_b64(out, "TcgLogs", log);
    if (m->o->nonce) {
        att_buf_puts(out, "\"ClientPayload\":{\"nonce\":");
        att_json_put_string(out, att_str(m->o->nonce));
        att_buf_puts(out, "},");
    }
    put_tpm(m, ev, out);
    if (!put_isolation(m, ev, out, err))
        return false;
    if (m->broken != MK_GUEST_BREAK_INFO_CUT)
        att_buf_putc(out, '}');
    return mk_tpm_written(out, err);
}

static bool put_body(struct att_span info, struct att_buf *out, struct att_err *err)
{
    att_buf_puts(out, "{\"AttestationInfo\":\"");
    att_base64url_put(out, info);
    att_buf_puts(out, "\"}");
    return mk_tpm_written(out, err);
}

static bool put_bundle(const struct made *m, const struct mk_guest_evidence *ev, struct att_buf *out,
                       struct att_err *err)
{
    att_buf_putc(out, '{');
    put_b64(out, "HclReport", mk_guest_item(ev, MK_GUEST_HCL));
    if (m->o->isolation == MK_GUEST_TDX)
        put_b64(out, "TdQuote", mk_item(&ev->td, MK_QUOTE));
    put_b64(out, "PcrQuote", mk_guest_item(ev, MK_GUEST_QUOTE));
    put_b64(out, "PcrSignature", mk_guest_item(ev, MK_GUEST_SIGNATURE));
    put_b64(out, "TcgLogs", att_buf_span(&m->logs.tcg));
    put_pcrs(m, out);
    att_buf_putc(out, '}');
    return mk_tpm_written(out, err);
}

static void put_pcr_file(const struct made *m, struct att_buf *out)
{
    att_buf_putc(out, '{');
    for (uint32_t i = 0; i < MK_PCRS; i++) {
        att_buf_printf(out, "%s\n \"%u\": \"", i ? "," : "", (unsigned)i);
        att_hex_put(out, att_span_of(m->pcr[i], HASH_BYTES));
        att_buf_putc(out, '"');
    }
    att_buf_puts(out, "\n}\n");
}

/* -- all ------------------------------------------------------------------------------------------------------------ */

static bool make_tpm_side(struct made *m, struct mk_guest_evidence *ev, struct att_err *err)
{
    mk_tpm_restart(m->tpm, MK_BANK(MK_SHA1) | MK_BANK(MK_SHA256));
    if (!mk_boot_run(&m->o->boot, m->tpm, &m->logs, err) || !make_ak(m, err) ||
        !make_quote(m, &ev->items[MK_GUEST_QUOTE], &ev->items[MK_GUEST_SIGNATURE], err) ||
        !make_answer_key(m, err))
        return false;
    spoil_log(m);
    return true;
}

static bool make_hardware_side(struct made *m, struct mk_guest_evidence *ev, struct att_err *err)
{
    struct att_buf *runtime = &ev->items[MK_GUEST_RUNTIME];

    if (m->o->isolation == MK_GUEST_TRUSTED_LAUNCH)
        return true;
    if (!put_runtime(m, runtime, err) ||
        (m->o->isolation == MK_GUEST_SNP ? !make_snp(m, att_buf_span(runtime), &ev->snp, err)
                                         : !make_tdx(m, att_buf_span(runtime), &ev->td, err)) ||
        !put_hcl(m, &ev->snp, att_buf_span(runtime), &ev->items[MK_GUEST_HCL], err))
        return false;
    if (m->broken == MK_GUEST_BREAK_RUNTIME_FLIP)
        spoil_runtime(runtime);
    if (m->broken == MK_GUEST_BREAK_RUNTIME_LONGER)
        att_buf_putc(runtime, ' ');
    bool snp = m->o->isolation == MK_GUEST_SNP;
    if (snp)
        att_buf_put(&ev->items[MK_GUEST_CHAIN], mk_snp_item(&ev->snp, MK_SNP_CHAIN));
    att_buf_put(&ev->items[MK_GUEST_ROOT],
                snp ? mk_snp_item(&ev->snp, MK_SNP_ARK) : mk_item(&ev->td, MK_ROOT_CA));
    return put_bundle(m, ev, &ev->items[MK_GUEST_BUNDLE], err);
}

static bool put_answer_key(struct made *m, struct att_buf *out, struct att_err *err)
{
    EVP_PKEY *key;

    return mk_tpm_key(m->tpm, answer_key(m), &key, err) && mk_key_pem(key, out, err);
}

static bool put_items(struct made *m, struct mk_guest_evidence *ev, struct att_err *err)
{
    if (!make_tpm_side(m, ev, err) || !make_hardware_side(m, ev, err) ||
        !put_info(m, ev, &ev->items[MK_GUEST_INFO], err) ||
        !put_body(mk_guest_item(ev, MK_GUEST_INFO), &ev->items[MK_GUEST_BODY], err) ||
        !mk_tpm_aik_ca_pem(mk_tpm_vendor_of(m->tpm), &ev->items[MK_GUEST_AIK_CA], err) ||
        !put_answer_key(m, &ev->items[MK_GUEST_ANSWER_KEY], err))
        return false;
    put_pcr_file(m, &ev->items[MK_GUEST_PCRS]);
    att_buf_put(&ev->items[MK_GUEST_LOG], att_buf_span(&m->logs.tcg));
    for (size_t i = 0; i < MK_GUEST_ITEM_COUNT; i++)
        if (!mk_tpm_written(&ev->items[i], err))
            return false;
    return true;
}

bool mk_guest_make(struct mk_tpm *tpm, const struct mk_amd *amd, const struct mk_hardware *hw,
                   const struct mk_guest_options *options, struct mk_guest_evidence *ret, struct att_err *err)
{
    struct mk_guest_evidence ev = { .options = *options };
    struct made m = { .tpm = tpm, .amd = amd, .hw = hw, .o = &ev.options, .broken = options->broken };

    if ((size_t)options->broken >= MK_GUEST_BREAK_COUNT)
        return refuse(err, "broken", "a break of guest_breaks.def");
    override_options(&ev.options);
    m.ak = options->broken == MK_GUEST_BREAK_AK_OTHER ? MK_TPM_AIK_2 : MK_TPM_AIK;
    bool ok = check(&m, err) && put_items(&m, &ev, err);
    made_free(&m);
    if (!ok) {
        mk_guest_evidence_free(&ev);
        return false;
    }
    ev.broken = &mk_guest_breaks[options->broken];
    ev.expected_code = ev.broken->expected_code;
    ev.also_code = ev.broken->also_code;
    ev.secure_boot = ev.options.boot.secure_boot == MK_TRUE && options->broken != MK_GUEST_BREAK_LOG_FORGED;
    *ret = ev;
    return true;
}

void mk_guest_evidence_free(struct mk_guest_evidence *ev)
{
    for (size_t i = 0; i < MK_GUEST_ITEM_COUNT; i++)
        att_buf_free(&ev->items[i]);
    mk_snp_evidence_free(&ev->snp);
    mk_evidence_free(&ev->td);
    *ev = (struct mk_guest_evidence){ 0 };
}

/* TPM2_RSA_Decrypt with RSAES: what the guest asks of its TPM. */
bool mk_guest_unseal(struct mk_tpm *tpm, struct att_span encrypted, struct att_buf *ret, struct att_err *err)
{
    uint8_t out[512];
    size_t len = sizeof out;
    EVP_PKEY *key;

    if (!mk_tpm_key(tpm, MK_TPM_ENC, &key, err))
        return false;
    ATT_AUTO(guest_pkey_ctx_auto) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    if (!ctx || EVP_PKEY_decrypt_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_decrypt(ctx, out, &len, encrypted.ptr, encrypted.len) != 1)
        return mk_tpm_failed(err, "makers.guest.unseal");
    att_buf_put(ret, att_span_of(out, len));
    return mk_tpm_written(ret, err);
}
