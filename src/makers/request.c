/* Requests of the TPM protocol, from their parts outward. */
#include "base/base64.h"
#include "base/err.h"
#include "codec/json.h"
#include "makers/request_parts.h"

#include <stdlib.h>

enum { FLIP = 0x01 };

const struct mk_tpm_break_row mk_tpm_breaks[MK_TPM_BREAK_COUNT] = {
    [MK_TPM_BREAK_NONE] = { MK_TPM_BREAK_NONE, "none", "nothing is wrong", MK_TPM_NEEDS_ANY, ATT_OK, ATT_OK },
#define X(id, name, needs, code, also, words)                                                                \
    [MK_TPM_BREAK_##id] = { MK_TPM_BREAK_##id, name, words, MK_TPM_NEEDS_##needs, ATT_##code, ATT_##also },
#include "makers/tpm_breaks.def"
#undef X
};

const struct mk_tpm_break_row *mk_tpm_break_by_name(const char *name)
{
    for (size_t i = 0; i < MK_TPM_BREAK_COUNT; i++)
        if (strcmp(mk_tpm_breaks[i].name, name) == 0)
            return &mk_tpm_breaks[i];
    return NULL;
}

const char *mk_tpm_needs_name(enum mk_tpm_needs needs)
{
    static const char *const names[] = {
        [MK_TPM_NEEDS_ANY] = "any",         [MK_TPM_NEEDS_V2] = "v2",
        [MK_TPM_NEEDS_CERTIFY] = "certify", [MK_TPM_NEEDS_OTHER] = "other-key",
        [MK_TPM_NEEDS_BOOT] = "boot",       [MK_TPM_NEEDS_VBS] = "vbs",
        [MK_TPM_NEEDS_LINUX] = "linux",     [MK_TPM_NEEDS_WINDOWS] = "windows",
    };
    return (size_t)needs < sizeof names / sizeof names[0] ? names[needs] : "unknown";
}

/* -- options ------------------------------------------------------------------------------------------------------ */

void mk_request_defaults(struct mk_request_options *ret, enum mk_os os, int64_t at_unix_s)
{
    static const char challenge[] = "TEST challenge of thirty-two octs";

    *ret = (struct mk_request_options){
        .at_unix_s = at_unix_s,
        .version = 2,
        .challenge = att_span_of(challenge, 32),
        .service_context = "@SERVICE_CONTEXT@",
        .rp_id = "https://relying.example",
        .rp_data = "bm9uY2Ugb2YgdGhlIHJlbHlpbmcgcGFydHk",
        .banks = MK_BANK(MK_SHA1) | MK_BANK(MK_SHA256),
        .pcr_mask = 0xffffff, /* what policies ask for when they say nothing */
        .aik = MK_TPM_AIK,
        .request_key = MK_TPM_OUTSIDE,
        .binding_hash = MK_SHA256,
        .enclave = { .svn = 3,
                     .secure_kernel_svn = 4,
                     .platform_svn = 5,
                     .signing_level = 9,
                     .modules = { { "vertdll.dll", 1 }, { "ucrtbase_enclave.dll", 2 } },
                     .module_count = 2 },
    };
    mk_boot_defaults(&ret->boot, os);
    memset(ret->enclave.owner_id, 0x10, 32);
    memset(ret->enclave.unique_id, 0x11, 32);
    memset(ret->enclave.author_id, 0x12, 32);
    memset(ret->enclave.family_id, 0x13, 16);
    memset(ret->enclave.image_id, 0x14, 16);
}

/* The other system's boot, where the options are of this one. */
static void be(struct mk_request_options *o, enum mk_os os)
{
    if (o->boot.os != os)
        mk_boot_defaults(&o->boot, os);
}

static void be_certified(struct mk_request_options *o)
{
    o->binding = MK_BOUND_BY_CERTIFY;
    o->version = 2;
    if (!mk_tpm_keys[o->request_key].attributes)
        o->request_key = MK_TPM_APP;
}

static void others(struct mk_request_options *o, size_t count)
{
    o->version = 2;
    for (size_t i = 0; i < count; i++)
        o->other_keys[i] = MK_TPM_APP_2;
    o->other_key_count = count;
}

static void override_needs(struct mk_request_options *o)
{
    switch (mk_tpm_breaks[o->broken].needs) {
    case MK_TPM_NEEDS_V2:
        o->version = 2;
        break;
    case MK_TPM_NEEDS_CERTIFY:
        be_certified(o);
        break;
    case MK_TPM_NEEDS_OTHER:
        others(o, 1);
        break;
    case MK_TPM_NEEDS_BOOT:
        o->boot_attestation = true;
        o->version = 2;
        break;
    case MK_TPM_NEEDS_VBS:
        o->vbs = true;
        break;
    case MK_TPM_NEEDS_LINUX:
        be(o, MK_OS_LINUX);
        o->version = 2; /* form 1 has no place for a list of IMA */
        o->vbs = false;
        break;
    case MK_TPM_NEEDS_WINDOWS:
        be(o, MK_OS_WINDOWS);
        break;
    case MK_TPM_NEEDS_ANY:
        break;
    }
}

static void override_break(struct mk_request_options *o)
{
    switch (o->broken) {
    case MK_TPM_BREAK_BANK_SHA1:
        o->banks |= MK_BANK(MK_SHA1);
        break;
    case MK_TPM_BREAK_LOG_BANK_ABSENT:
        o->boot.form = MK_LOG_SHA1;
        break;
    case MK_TPM_BREAK_PCR_MORE:
        o->pcr_mask &= ~(1u << 23);
        break;
    case MK_TPM_BREAK_EXTRA_KEY:
    case MK_TPM_BREAK_EXTRA_HASH:
    case MK_TPM_BREAK_EXTRA_NO_ZERO:
    case MK_TPM_BREAK_JWK_REWRITTEN:
    case MK_TPM_BREAK_HASH_ALG_UNKNOWN:
    case MK_TPM_BREAK_KEY_UNBOUND:
        o->binding = MK_BOUND_BY_QUOTE;
        break;
    case MK_TPM_BREAK_OTHER_QUOTE:
        others(o, 1);
        break;
    case MK_TPM_BREAK_OTHER_THREE:
        others(o, 3);
        break;
    case MK_TPM_BREAK_QUOTE_OTHER_AIK:
    case MK_TPM_BREAK_AIK_PUB_OTHER:
    case MK_TPM_BREAK_AIK_OTHER_KEY:
        o->aik = o->aik == MK_TPM_AIK_2 ? MK_TPM_AIK : o->aik;
        break;
    case MK_TPM_BREAK_VBS_BLOCK_SHORT:
    case MK_TPM_BREAK_VBS_BLOCK_LONG:
    case MK_TPM_BREAK_VBS_BLOCK_TYPE:
        o->enclave.module_count = 1;
        break;
    case MK_TPM_BREAK_LOG_FORGED:
    case MK_TPM_BREAK_LOG_DIGEST:
    case MK_TPM_BREAK_BOOT_LOG:
        o->boot.secure_boot = o->boot.secure_boot == MK_ABSENT ? MK_FALSE : o->boot.secure_boot;
        break;
    default:
        break;
    }
    if (o->vbs) {
        be(o, MK_OS_WINDOWS);
        o->boot.idks = o->broken == MK_TPM_BREAK_VBS_IDKS_ABSENT ? (enum mk_tpm_key)0 : MK_TPM_IDKS;
        o->boot.second_idks = o->broken == MK_TPM_BREAK_VBS_IDKS_TWO;
    }
}

static bool refuse(struct att_err *err, const char *option, const char *expected)
{
    return att_fail(err, ATT_PARAMETER_INVALID, option, expected, "another");
}

static bool check(const struct mk_tpm *t, const struct mk_request_options *o, struct att_err *err)
{
    if ((size_t)o->broken >= MK_TPM_BREAK_COUNT)
        return refuse(err, "broken", "a break of tpm_breaks.def");
    if (o->version != 1 && o->version != 2)
        return refuse(err, "version", "1 or 2");
    if (o->banks == 0 || o->banks >> MK_HASH_COUNT || (o->quoted_banks & ~o->banks))
        return refuse(err, "banks", "banks of the TPM, the quoted ones among them");
    if (o->pcr_mask == 0 || o->pcr_mask >> MK_PCRS)
        return refuse(err, "pcr_mask", "registers 0 to 23");
    if (o->aik < MK_TPM_AIK || o->aik > MK_TPM_AIK_2)
        return refuse(err, "aik", "an attestation key");
    if (o->request_key < MK_TPM_APP || o->request_key == MK_TPM_ENC || o->request_key > MK_TPM_OUTSIDE_EC)
        return refuse(err, "request_key", "a key that may sign");
    if (o->other_key_count > MK_OTHER_KEYS_MAX || o->custom_count > MK_CUSTOM_MAX)
        return refuse(err, "other_keys", "at most 3, and at most 8 custom claims");
    if (!mk_tpm_vendor_covers(mk_tpm_vendor_of(t), o->at_unix_s))
        return refuse(err, "at", "a time that the authority's certificate covers");
    return true;
}

/* After the overrides: what no longer fits together. */
static bool check_form(const struct mk_request_options *o, struct att_err *err)
{
    if (o->binding == MK_BOUND_BY_CERTIFY && !mk_tpm_keys[o->request_key].attributes)
        return refuse(err, "request_key", "an object of the TPM, to be certified");
    if (o->version == 1 && (o->other_key_count > 0 || (o->boot.os == MK_OS_LINUX && !o->boot.no_ima)))
        return refuse(err, "version", "2, for other keys and lists of IMA");
    return true;
}

/* -- payload ------------------------------------------------------------------------------------------------------- */

void mk_json_bytes(struct att_buf *out, const char *name, struct att_span bytes)
{
    att_buf_printf(out, "\"%s\":\"", name);
    att_base64url_put(out, bytes);
    att_buf_putc(out, '"');
}

void mk_json_text(struct att_buf *out, const char *name, const char *text)
{
    att_buf_printf(out, "\"%s\":", name);
    att_json_put_string(out, att_str(text));
}

static void put_challenge(const struct mk_made *m, struct att_buf *out)
{
    if (m->broken == MK_TPM_BREAK_CHALLENGE_ABSENT)
        return;
    mk_json_bytes(out, "challenge", m->challenge);
    if (m->broken == MK_TPM_BREAK_CHALLENGE_LETTERS)
        out->ptr[out->len - 2] = '*';
    att_buf_putc(out, ',');
    if (m->broken != MK_TPM_BREAK_PAYLOAD_TWICE)
        return;
    mk_json_bytes(out, "challenge", m->challenge);
    att_buf_putc(out, ',');
}

static void put_custom(const struct mk_made *m, struct att_buf *out)
{
    att_buf_puts(out, "\"custom_claims\":[");
    for (size_t i = 0; i < m->o->custom_count; i++) {
        att_buf_puts(out, i ? ",{" : "{");
        mk_json_text(out, "name", m->o->custom[i].name);
        att_buf_putc(out, ',');
        mk_json_text(out, "value", m->o->custom[i].value);
        att_buf_putc(out, ',');
        mk_json_text(out, "value_type", m->o->custom[i].type);
        att_buf_putc(out, '}');
    }
    att_buf_puts(out, "],");
}

static bool put_v2(struct mk_made *m, struct att_buf *out, struct att_err *err)
{
    att_buf_puts(out, "\"tpm_att_data\":{\"current_attestation\":");
    if (!mk_half_json(m, &m->now, out, err))
        return false;
    if (m->o->boot_attestation) {
        att_buf_puts(out, ",\"boot_attestation\":");
        if (!mk_half_json(m, &m->before, out, err))
            return false;
    }
    att_buf_puts(out, "},\"request_key\":");
    if (!mk_request_key_json(m, out, err))
        return false;
    att_buf_puts(out, ",\"other_keys\":[");
    for (size_t i = 0; i < m->o->other_key_count; i++) {
        if (i)
            att_buf_putc(out, ',');
        if (!mk_other_key_json(m, i, out, err))
            return false;
    }
    att_buf_puts(out, "],");
    return true;
}

static bool put_claim(const struct mk_made *m, const struct mk_half *h, const char *name, struct att_buf *out,
                      struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf claim = { 0 };

    if (!mk_half_claim(m, h, &claim, err))
        return false;
    mk_json_bytes(out, name, att_buf_span(&claim));
    att_buf_putc(out, ',');
    return mk_tpm_written(out, err);
}

/* After a hibernation the logs of the resumption explain the registers, and those of the start the boot's. */
static bool put_v1(struct mk_made *m, struct att_buf *out, struct att_err *err)
{
    bool resumed = m->o->boot_attestation;
    enum mk_tpm_key aik = m->broken == MK_TPM_BREAK_AIK_PUB_OTHER ? MK_TPM_AIK_2 : m->o->aik;

    att_buf_puts(out, "\"tpm_att_data\":{");
    mk_json_bytes(out, "srtm_boot_log", att_buf_span(resumed ? &m->before.logs.tcg : &m->now.logs.tcg));
    att_buf_putc(out, ',');
    mk_json_bytes(out, "srtm_resume_log", resumed ? att_buf_span(&m->now.logs.tcg) : (struct att_span){ 0 });
    att_buf_puts(out, ",\"drtm_boot_log\":\"\",\"drtm_resume_log\":\"\",");
    if (m->now.cert.len > 0) {
        mk_json_bytes(out, "aik_cert", att_buf_span(&m->now.cert));
        att_buf_putc(out, ',');
    }
    if (!put_claim(m, &m->now, "current_claim", out, err) ||
        (resumed && !put_claim(m, &m->before, "boot_claim", out, err)))
        return false;
    att_buf_puts(out, "\"aik_pub\":");
    if (!mk_tpm_jwk(m->tpm, aik, out, err))
        return false;
    att_buf_puts(out, "},\"attest_key\":");
    att_buf_put(out, att_buf_span(&m->jwk));
    att_buf_putc(out, ',');
    return true;
}

/* The members that both forms have; of an enclave's request they are report_signed. */
static bool put_members(struct mk_made *m, struct att_buf *out, struct att_err *err)
{
    att_buf_putc(out, '{');
    if (m->o->rp_id) {
        mk_json_text(out, "rp_id", m->o->rp_id);
        att_buf_putc(out, ',');
    }
    if (m->o->rp_data) {
        mk_json_text(out, "rp_data", m->o->rp_data);
        att_buf_putc(out, ',');
    }
    put_challenge(m, out);
    if (!(m->o->version == 1 ? put_v1 : put_v2)(m, out, err))
        return false;
    put_custom(m, out);
    mk_json_text(out, "service_context", m->o->service_context);
    att_buf_putc(out, '}');
    return mk_tpm_written(out, err);
}

static bool put_payload(struct mk_made *m, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf members = { 0 };
    const char *type = m->o->vbs ? "vbs" : "basic";
    const char *open = m->o->version == 1 ? "" : "{\"enclave\":{\"report\":";
    const char *close = m->o->version == 1 ? "" : "}}";

    if (!put_members(m, &members, err))
        return false;
    att_buf_printf(out,
                   "{\"att_type\":\"%s\",\"att_data\":", m->broken == MK_TPM_BREAK_ATT_TYPE ? "sgx" : type);
    if (!m->o->vbs) {
        att_buf_put(out, att_buf_span(&members));
    } else {
        if (!mk_vbs_report(m, att_buf_span(&members), err))
            return false;
        att_buf_puts(out, "{\"report_signed\":");
        if (m->broken == MK_TPM_BREAK_VBS_DATA_REWRITTEN) {
            att_buf_puts(out, "{ ");
            att_buf_put(out, att_span_of(members.ptr + 1, members.len - 1));
        } else {
            att_buf_put(out, att_buf_span(&members));
        }
        att_buf_printf(out, ",\"vsm_report\":%s\"", open);
        att_base64url_put(out, att_buf_span(&m->report));
        att_buf_printf(out, "\"%s}", close);
    }
    if (m->broken != MK_TPM_BREAK_PAYLOAD_CUT)
        att_buf_putc(out, '}');
    return mk_tpm_written(out, err);
}

/* -- JWS ---------------------------------------------------------------------------------------------------------- */

static void put_header(const struct mk_made *m, struct att_buf *out)
{
    bool ec = mk_tpm_keys[m->o->request_key].ec;
    const char *alg = ec ? "ES256" : "PS256";
    const char *typ = m->o->version == 1 ? "attReq" : "attReqV2";

    if (m->broken == MK_TPM_BREAK_ALG_NONE)
        alg = "none";
    if (m->broken == MK_TPM_BREAK_ALG_RS256)
        alg = "RS256";
    if (m->broken == MK_TPM_BREAK_ALG_OTHER_FAMILY)
        alg = ec ? "PS256" : "ES256";
    if (m->broken == MK_TPM_BREAK_TYP_UNKNOWN)
        typ = "attReqV3";
    if (m->broken == MK_TPM_BREAK_TYP_OTHER_VERSION)
        typ = m->o->version == 1 ? "attReqV2" : "attReq";
    att_buf_printf(out, "{\"alg\":\"%s\"", alg);
    if (m->broken != MK_TPM_BREAK_TYP_ABSENT)
        att_buf_printf(out, ",\"typ\":\"%s\"", typ);
    att_buf_putc(out, '}');
}

static enum mk_tpm_key jws_key(const struct mk_made *m)
{
    if (m->broken == MK_TPM_BREAK_JWS_OTHER_KEY)
        return mk_tpm_keys[m->o->request_key].ec ? MK_TPM_AIK_EC : MK_TPM_STRANGER;
    return m->broken == MK_TPM_BREAK_CERTIFY_JWK ? MK_TPM_OUTSIDE : m->o->request_key;
}

/* The letter is in the host's name: the JSON stays JSON. */
static void alter(struct att_buf *payload, const char *rp_id)
{
    const char *at =
        rp_id && payload->len > 0 ? memmem(payload->ptr, payload->len, rp_id, strlen(rp_id)) : NULL;

    if (at)
        payload->ptr[(const uint8_t *)at - payload->ptr + (ptrdiff_t)strlen(rp_id) - 1] ^= FLIP;
}

static bool put_jws(struct mk_made *m, struct att_buf *payload, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf header = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf sig = { 0 };

    if (m->broken == MK_TPM_BREAK_JWS_EMPTY)
        return true;
    put_header(m, &header);
    if (m->broken == MK_TPM_BREAK_PAYLOAD_TEXT) {
        att_buf_clear(payload);
        att_buf_puts(payload, "\"attReqV2\"");
    }
    att_base64url_put(out, att_buf_span(&header));
    size_t body_at = out->len + 1;
    att_buf_putc(out, '.');
    att_base64url_put(out, att_buf_span(payload));
    if (!mk_tpm_written(out, err) || !mk_tpm_sign_jose(m->tpm, jws_key(m), att_buf_span(out), &sig, err))
        return false;
    if (m->broken == MK_TPM_BREAK_JWS_PAYLOAD) {
        alter(payload, m->o->rp_id);
        out->len = body_at;
        att_base64url_put(out, att_buf_span(payload));
    }
    if (m->broken == MK_TPM_BREAK_JWS_SIGNATURE)
        sig.ptr[sig.len / 2] ^= FLIP;
    if (m->broken == MK_TPM_BREAK_JWS_SIGNATURE_EMPTY || m->broken == MK_TPM_BREAK_ALG_NONE)
        sig.len = 0;
    if (m->broken == MK_TPM_BREAK_JWS_TWO_PARTS)
        return mk_tpm_written(out, err);
    att_buf_putc(out, '.');
    att_base64url_put(out, att_buf_span(&sig));
    return mk_tpm_written(out, err);
}

static bool put_body(struct att_span jws, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf inner = { 0 };

    att_buf_puts(&inner, "{\"payload\":{\"request\":\"");
    att_buf_put(&inner, jws);
    att_buf_puts(&inner, "\"},\"metadata\":{\"os_ver\":\"TEST\"}}");
    att_buf_puts(out, "{\"data\":\"");
    att_base64url_put(out, att_buf_span(&inner));
    att_buf_puts(out, "\"}");
    return mk_tpm_written(&inner, err) && mk_tpm_written(out, err);
}

/* -- all ---------------------------------------------------------------------------------------------------------- */

static struct att_span challenge_of(const struct mk_request_options *o)
{
    switch (o->broken) {
    case MK_TPM_BREAK_CHALLENGE_OTHER:
        return att_str("a challenge of another day, here");
    case MK_TPM_BREAK_CHALLENGE_EMPTY:
        return (struct att_span){ 0 };
    case MK_TPM_BREAK_CHALLENGE_PREFIX:
        return att_span_of(o->challenge.ptr, o->challenge.len ? o->challenge.len - 1 : 0);
    default:
        return o->challenge;
    }
}

/* A hibernation: the TPM is told before (Shutdown(STATE)), so waking is a TPM Restart and resetCount stays. */
static bool run_boots(struct mk_made *m, struct att_err *err)
{
    enum { RESETS = 21 };
    bool later = m->broken == MK_TPM_BREAK_BOOT_LATER;

    m->now.aik = m->o->aik;
    m->before.boot = true;
    m->before.aik = m->broken == MK_TPM_BREAK_BOOT_AIK ? MK_TPM_AIK_2 : m->o->aik;
    if (m->o->boot_attestation) {
        mk_tpm_restart(m->tpm, m->o->banks);
        mk_tpm_counts(m->tpm, later ? RESETS + 1 : RESETS, 0);
        if (!mk_half_make(m, &m->before, err))
            return false;
    }
    mk_tpm_restart(m->tpm, m->o->banks);
    if (m->o->boot_attestation)
        mk_tpm_counts(m->tpm, RESETS, 1);
    return mk_half_make(m, &m->now, err);
}

static bool put_items(struct mk_made *m, struct att_buf items[MK_REQUEST_ITEM_COUNT], struct att_err *err)
{
    if (!mk_request_jwk(m, err) || !run_boots(m, err) || !put_payload(m, &items[MK_REQUEST_PAYLOAD], err) ||
        !put_jws(m, &items[MK_REQUEST_PAYLOAD], &items[MK_REQUEST_JWS], err) ||
        !put_body(att_buf_span(&items[MK_REQUEST_JWS]), &items[MK_REQUEST_BODY], err) ||
        !mk_tpm_aik_ca_pem(mk_tpm_vendor_of(m->tpm), &items[MK_REQUEST_AIK_CA], err))
        return false;
    att_buf_puts(&items[MK_REQUEST_INIT_BODY], "{\"data\":\"");
    att_base64url_put(&items[MK_REQUEST_INIT_BODY],
                      att_str("{\"payload\":{\"type\":\"aikcert\"},\"metadata\":{\"os_ver\":\"TEST\"}}"));
    att_buf_puts(&items[MK_REQUEST_INIT_BODY], "\"}");
    att_base64url_put(&items[MK_REQUEST_CHALLENGE], m->o->challenge);
    att_buf_put(&items[MK_REQUEST_LOG], att_buf_span(&m->now.logs.tcg));
    att_buf_put(&items[MK_REQUEST_IMA], att_buf_span(&m->now.logs.ima));
    att_buf_put(&items[MK_REQUEST_VBS_REPORT], att_buf_span(&m->report));
    for (size_t i = 0; i < MK_REQUEST_ITEM_COUNT; i++)
        if (!mk_tpm_written(&items[i], err))
            return false;
    return true;
}

static void made_free(struct mk_made *m)
{
    mk_half_free(&m->now);
    mk_half_free(&m->before);
    att_buf_free(&m->jwk);
    att_buf_free(&m->report);
    free(m);
}

bool mk_request_make(struct mk_tpm *tpm, const struct mk_request_options *options,
                     struct mk_request_evidence *ret, struct att_err *err)
{
    struct mk_request_evidence ev = { .options = *options };
    struct mk_request_options *o = &ev.options;

    if (!check(tpm, o, err))
        return false;
    override_needs(o);
    override_break(o);
    if (!check_form(o, err))
        return false;
    struct mk_made *m = calloc(1, sizeof *m);
    if (!m)
        return att_fail_memory(err, "makers.request");
    m->tpm = tpm;
    m->o = o;
    m->broken = o->broken;
    m->challenge = challenge_of(o);
    bool ok = put_items(m, ev.items, err);
    made_free(m);
    if (!ok) {
        mk_request_evidence_free(&ev);
        return false;
    }
    ev.pcr_mask = o->pcr_mask;
    ev.broken = &mk_tpm_breaks[o->broken];
    ev.expected_code = ev.broken->expected_code;
    ev.also_code = ev.broken->also_code;
    if (o->vbs && o->broken == MK_TPM_BREAK_LOG_TAG_FORGED) /* the enclave's key stands in the same event */
        ev.expected_code = ev.also_code = ATT_VBS_IDKS_MISSING;
    ev.secure_boot = o->boot.secure_boot == MK_TRUE && o->broken != MK_TPM_BREAK_LOG_FORGED;
    *ret = ev;
    return true;
}

void mk_request_evidence_free(struct mk_request_evidence *ev)
{
    for (size_t i = 0; i < MK_REQUEST_ITEM_COUNT; i++)
        att_buf_free(&ev->items[i]);
    *ev = (struct mk_request_evidence){ 0 };
}
