/* The request for people, before anybody believes it. */
#include "evidence/tpm/tpm.h"

static void put_selection(struct att_json_writer *w, const struct tpm_selection *s)
{
    att_jw_key(w, tpm_hash_name(s->bank));
    att_jw_array(w);
    for (unsigned n = 0; n < TPM_PCRS; n++)
        if (s->pcrs >> n & 1)
            att_jw_int(w, n);
    att_jw_end_array(w);
}

static void put_quote(struct att_json_writer *w, struct att_span bytes)
{
    struct tpm_attest q = { 0 };
    struct att_err ignored = { 0 };

    att_jw_key(w, "quote");
    if (!tpm_attest_read(bytes, TPM_QUOTE, "quote", &q, &ignored)) {
        att_jw_null(w);
        return;
    }
    att_jw_object(w);
    att_jw_key(w, "extra_data");
    att_jw_hex(w, q.extra_data);
    att_jw_key(w, "pcr_digest");
    att_jw_hex(w, q.pcr_digest);
    att_jw_key(w, "pcrs");
    att_jw_object(w);
    for (size_t i = 0; i < q.selection_count; i++)
        put_selection(w, &q.selections[i]);
    att_jw_end_object(w);
    att_jw_key(w, "reset_count");
    att_jw_int(w, q.reset_count);
    att_jw_key(w, "restart_count");
    att_jw_int(w, q.restart_count);
    att_jw_end_object(w);
}

static void put_attestation(struct att_json_writer *w, const char *name, const struct tpm_attestation *a)
{
    if (!a->present)
        return;
    att_jw_key(w, name);
    att_jw_object(w);
    att_jw_key(w, "aik_cert_bytes");
    att_jw_int(w, (int64_t)a->aik_cert.len);
    att_jw_key(w, "logs");
    att_jw_array(w);
    for (size_t i = 0; i < a->log_count; i++) {
        att_jw_object(w);
        att_jw_key(w, "bytes");
        att_jw_int(w, (int64_t)a->logs[i].bytes.len);
        att_jw_key(w, "type");
        att_jw_str(w, a->logs[i].form == LOG_IMA ? "IMA" : "TCG");
        att_jw_end_object(w);
    }
    att_jw_end_array(w);
    put_quote(w, a->quote);
    att_jw_end_object(w);
}

static const char *binding_name(const struct tpm_key *k)
{
    static const char *const names[] = {
        [TPM_UNBOUND] = "none", [TPM_BOUND_BY_QUOTE] = "tpm_quote", [TPM_CERTIFIED] = "tpm_certify"
    };

    return names[k->binding];
}

static void put_report(struct att_json_writer *w, const struct vbs_report *r)
{
    const struct {
        const char *name;
        struct att_span bytes;
    } ids[] = { { "author_id", r->author_id }, { "enclave_data", r->enclave_data },
                { "family_id", r->family_id }, { "image_id", r->image_id },
                { "owner_id", r->owner_id },   { "unique_id", r->unique_id } };
    const struct {
        const char *name;
        uint32_t value;
    } numbers[] = { { "enclave_svn", r->enclave_svn },     { "flags", r->flags },
                    { "platform_svn", r->platform_svn },   { "secure_kernel_svn", r->secure_kernel_svn },
                    { "signing_level", r->signing_level }, { "modules", (uint32_t)r->module_count } };

    att_jw_key(w, "enclave");
    att_jw_object(w);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        att_jw_key(w, ids[i].name);
        att_jw_hex(w, ids[i].bytes);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        att_jw_key(w, numbers[i].name);
        att_jw_int(w, numbers[i].value);
    }
    att_jw_end_object(w);
}

void tpm_describe(struct att_ctx *ctx, const struct att_evidence *base, struct att_json_writer *w)
{
    const struct tpm_request *q = &((const struct tpm_evidence *)base)->request; /* first member */

    (void)ctx;
    att_jw_key(w, "version");
    att_jw_int(w, q->outside.version);
    att_jw_key(w, "att_type");
    att_jw_str(w, q->outside.vbs ? "vbs" : "basic");
    att_jw_key(w, "challenge");
    att_jw_hex(w, q->outside.challenge);
    att_jw_key(w, "rp_id");
    att_jw_string(w, q->rp_id);
    if (q->has_rp_data) {
        att_jw_key(w, "rp_data");
        att_jw_string(w, q->rp_data);
    }
    put_attestation(w, "current_attestation", &q->current);
    put_attestation(w, "boot_attestation", &q->boot);
    att_jw_key(w, "request_key_binding");
    att_jw_str(w, binding_name(&q->key));
    att_jw_key(w, "other_keys");
    att_jw_array(w);
    for (size_t i = 0; i < q->other_key_count; i++)
        att_jw_str(w, binding_name(&q->other_keys[i]));
    att_jw_end_array(w);
    att_jw_key(w, "custom_claims");
    att_jw_int(w, (int64_t)q->custom_count);
    if (q->outside.vbs)
        put_report(w, &q->report);
}
