/* The attestation information as clients post it, behind its base64url. */
#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/utf8.h"
#include "evidence/guest/guest.h"
#include "evidence/guest/members.h"

#include <strings.h>

enum { WORD_BYTES_MAX = 256, VERSION_BYTES_MAX = 16 };

/* -- what the guest says of itself ------------------------------------------------------------------------------ */

static bool printable(struct att_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            return false;
    return att_utf8_valid(text);
}

/* Base64 of a text. */
static bool word_read(const struct guest_members *m, const char *name, struct att_span *ret,
                      struct att_err *err)
{
    struct att_span text = { 0 };

    if (!guest_member_bytes(m, name, GUEST_OPTIONAL, &text, err))
        return false;
    if (text.len > WORD_BYTES_MAX || !printable(text))
        return guest_member_bad(m, name, "base64 of a text of at most 256 bytes", "something else", err);
    *ret = text;
    return true;
}

static bool protocol_read(const struct guest_members *m, struct att_span *ret, struct att_err *err)
{
    static const char name[] = "AttestationProtocolVersion";
    struct att_span text = { 0 };

    if (!guest_member_text(m, name, GUEST_REQUIRED, &text, err))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.len > VERSION_BYTES_MAX ||
            !((text.ptr[i] >= '0' && text.ptr[i] <= '9') || text.ptr[i] == '.'))
            return guest_member_bad(m, name, "digits and dots: \"2.0\"", "something else", err);
    *ret = text;
    return true;
}

/* Name to base64: kept as sent, since that is how it comes back; looked at, since it must be readable then. */
static bool payload_read(const struct att_ctx *ctx, const struct guest_members *m, struct att_span *ret,
                         struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { .max = ctx->lib->limits.runtime_data_bytes_max };
    struct guest_members payload;
    struct att_span name, text, ignored;

    if (!guest_member_object(m, "ClientPayload", "guest.ClientPayload", GUEST_OPTIONAL, &payload, err))
        return false;
    if (payload.obj == ATT_JSON_NONE || att_json_first(m->doc, payload.obj) == ATT_JSON_NONE)
        return true;
    for (att_json_id id = att_json_first(m->doc, payload.obj); id != ATT_JSON_NONE;
         id = att_json_next(m->doc, id)) {
        if (att_json_type(m->doc, id) == ATT_JSON_NULL)
            continue;
        if (att_json_type(m->doc, id) != ATT_JSON_STRING)
            return att_fail(err, ATT_GUEST_REQUEST_MALFORMED, payload.where, "texts in base64",
                            "another JSON value");
        if (!att_json_key(m->doc, m->arena, id, &name) || !att_json_string(m->doc, m->arena, id, &text))
            return att_fail_memory(err, payload.where);
        if (!att_base64_decode(m->arena, ATT_BASE64_LENIENT, text, payload.where, &ignored, NULL))
            return att_fail(err, ATT_GUEST_REQUEST_MALFORMED, payload.where, "texts in base64",
                            "another text");
    }
    if (!att_json_put_sorted(m->doc, m->arena, payload.obj, &b) || b.failed)
        return att_fail(err, b.out_of_memory ? ATT_OUT_OF_MEMORY : ATT_LIMIT_EXCEEDED, payload.where,
                        "at most runtime_data_bytes_max bytes", "more");
    char *copy = att_arena_dup(m->arena, att_buf_span(&b));
    if (!copy)
        return att_fail_memory(err, payload.where);
    *ret = att_span_of(copy, b.len);
    return true;
}

static bool words_read(const struct att_ctx *ctx, const struct guest_members *m, struct guest_words *ret,
                       struct att_err *err)
{
    return protocol_read(m, &ret->protocol_version, err) && word_read(m, "OSType", &ret->os_type, err) &&
           word_read(m, "OSDistro", &ret->os_distro, err) && word_read(m, "OSBuild", &ret->os_build, err) &&
           guest_member_number(m, "OSVersionMajor", &ret->has_major, &ret->os_major, err) &&
           guest_member_number(m, "OSVersionMinor", &ret->has_minor, &ret->os_minor, err) &&
           payload_read(ctx, m, &ret->client_payload, err);
}

/* -- its TPM ---------------------------------------------------------------------------------------------------- */

static bool tpm_read(const struct guest_members *m, struct guest_tpm *ret, struct att_err *err)
{
    const struct {
        const char *name;
        enum guest_need need;
        struct att_span *to;
    } rows[] = {
        { "AikCert", GUEST_OPTIONAL, &ret->aik_cert },
        { "AikPub", GUEST_REQUIRED, &ret->aik_pub },
        { "PcrQuote", GUEST_REQUIRED, &ret->quote },
        { "PcrSignature", GUEST_REQUIRED, &ret->quote_signature },
        { "EncKeyPub", GUEST_REQUIRED, &ret->enc_pub },
        { "EncKeyCertifyInfo", GUEST_REQUIRED, &ret->enc_certify },
        { "EncKeyCertifyInfoSignature", GUEST_REQUIRED, &ret->enc_certify_signature },
    };
    struct guest_members tpm;

    if (!guest_member_object(m, "TpmInfo", "guest.TpmInfo", GUEST_REQUIRED, &tpm, err))
        return false;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!guest_member_bytes(&tpm, rows[i].name, rows[i].need, rows[i].to, err))
            return false;
    return guest_member_pcrs(&tpm, &ret->pcrs, err);
}

/* -- what isolates it ------------------------------------------------------------------------------------------- */

static bool is_word(struct att_span text, const char *word)
{
    return text.len == strlen(word) && strncasecmp((const char *)text.ptr, word, text.len) == 0;
}

/* Who says nothing claims nothing: then only a certificate speaks for the key, as with a trusted launch. */
static bool type_read(const struct guest_members *m, enum guest_isolation *ret, struct att_err *err)
{
    static const char *const names[] = {
        [GUEST_TRUSTED_LAUNCH] = "TrustedLaunch", [GUEST_SNP] = "SevSnp", [GUEST_TDX] = "Tdx"
    };
    struct att_span text = { 0 };
    struct att_shown shown;

    *ret = GUEST_TRUSTED_LAUNCH;
    if (m->obj == ATT_JSON_NONE)
        return true;
    if (!guest_member_text(m, "Type", GUEST_REQUIRED, &text, err))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (is_word(text, names[i])) {
            *ret = (enum guest_isolation)i;
            return true;
        }
    }
    return guest_member_bad(m, "Type", "SevSnp, Tdx or TrustedLaunch", att_shown(&shown, text), err);
}

/* {"SnpReport","VcekCertChain"} in base64; the chain is PEM, and comes once more in base64. */
static bool snp_proof_read(const struct att_ctx *ctx, struct att_span proof, struct guest_evidence *ev,
                           struct att_err *err)
{
    static const char where[] = "guest.IsolationInfo.Evidence.Proof";
    const struct att_json_options options = { .limits = &ctx->lib->limits, .fold_case = true };
    struct att_json doc;
    struct att_err inner = { 0 };

    if (!att_json_parse(ctx->arena, proof, &options, &doc, &inner)) {
        if (att_code_class(inner.code) != ATT_CLASS_INTERNAL)
            return att_fail(err, ATT_GUEST_REQUEST_MALFORMED, where,
                            "base64 of a JSON object with SnpReport and VcekCertChain", "%s", inner.found);
        if (err && err->code == ATT_OK)
            *err = inner;
        return false;
    }
    const struct guest_members m = { &doc, ctx->arena, where, ATT_JSON_ROOT };
    if (att_json_type(&doc, ATT_JSON_ROOT) != ATT_JSON_OBJECT)
        return att_fail(err, ATT_GUEST_REQUEST_MALFORMED, where,
                        "base64 of a JSON object with SnpReport and VcekCertChain", "another JSON value");
    return guest_member_bytes(&m, "SnpReport", GUEST_REQUIRED, &ev->inner_raw, err) &&
           guest_member_bytes(&m, "VcekCertChain", GUEST_OPTIONAL, &ev->inner_chain, err);
}

static bool isolation_read(const struct att_ctx *ctx, const struct guest_members *m,
                           struct guest_evidence *ev, struct att_err *err)
{
    struct guest_members info, evidence;
    struct att_span proof = { 0 };

    if (!guest_member_object(m, "IsolationInfo", "guest.IsolationInfo", GUEST_OPTIONAL, &info, err) ||
        !type_read(&info, &ev->isolation, err))
        return false;
    if (ev->isolation == GUEST_TRUSTED_LAUNCH)
        return true;
    if (!guest_member_object(&info, "Evidence", "guest.IsolationInfo.Evidence", GUEST_REQUIRED, &evidence,
                             err) ||
        !guest_member_bytes(&evidence, "Proof", GUEST_REQUIRED, &proof, err) ||
        !guest_member_bytes(&evidence, "RunTimeData", GUEST_REQUIRED, &ev->runtime_data, err))
        return false;
    if (ev->isolation == GUEST_SNP)
        return snp_proof_read(ctx, proof, ev, err);
    ev->inner_raw = proof;
    return true;
}

bool guest_request_read(struct att_ctx *ctx, const struct att_json *doc, struct guest_evidence *ev,
                        struct att_err *err)
{
    const struct guest_members m = { doc, ctx->arena, "guest", ATT_JSON_ROOT };

    return words_read(ctx, &m, &ev->words, err) && tpm_read(&m, &ev->tpm, err) &&
           guest_member_bytes(&m, "TcgLogs", GUEST_OPTIONAL, &ev->logs, err) &&
           isolation_read(ctx, &m, ev, err) && guest_inner_parse(ctx, ev, err);
}
