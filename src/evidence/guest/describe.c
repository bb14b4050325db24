/* Decoded fields for people. Nothing here is to be believed: it is shown before anything was checked. */
#include "base/buf.h"
#include "evidence/guest/guest.h"

#include <stdio.h>

static void int_put(struct att_json_writer *w, const char *name, int64_t v)
{
    att_jw_key(w, name);
    att_jw_int(w, v);
}

static void text_put(struct att_json_writer *w, const char *name, struct att_span v)
{
    if (v.len == 0)
        return;
    att_jw_key(w, name);
    att_jw_string(w, v);
}

static void hex_put(struct att_json_writer *w, const char *name, struct att_span bytes)
{
    att_jw_key(w, name);
    att_jw_hex(w, bytes);
}

static void hcl_put(struct att_json_writer *w, const struct hcl_report *h)
{
    att_jw_key(w, "hcl");
    att_jw_object(w);
    int_put(w, "version", h->version);
    int_put(w, "report_size", h->report_size);
    int_put(w, "request_type", h->request_type);
    int_put(w, "data_size", h->data_size);
    int_put(w, "data_version", h->data_version);
    int_put(w, "report_type", h->kind);
    int_put(w, "hash_type", h->hash_type);
    int_put(w, "variable_data_size", (int64_t)h->runtime.len);
    hex_put(w, "report_data", h->report_data);
    att_jw_end_object(w);
}

static void words_put(struct att_json_writer *w, const struct guest_words *words)
{
    text_put(w, "protocol_version", words->protocol_version);
    text_put(w, "os_type", words->os_type);
    text_put(w, "os_distro", words->os_distro);
    text_put(w, "os_build", words->os_build);
    if (words->has_major)
        int_put(w, "os_version_major", words->os_major);
    if (words->has_minor)
        int_put(w, "os_version_minor", words->os_minor);
    if (words->client_payload.len > 0) {
        att_jw_key(w, "client_payload");
        att_jw_raw(w, words->client_payload);
    }
}

static void selection_put(struct att_json_writer *w, const struct tpm_selection *s)
{
    att_jw_object(w);
    att_jw_key(w, "bank");
    att_jw_str(w, tpm_hash_name(s->bank));
    att_jw_key(w, "pcrs");
    att_jw_array(w);
    for (unsigned i = 0; i < TPM_PCRS; i++)
        if (s->pcrs >> i & 1)
            att_jw_int(w, i);
    att_jw_end_array(w);
    att_jw_end_object(w);
}

static void quote_put(struct att_json_writer *w, struct att_span bytes)
{
    struct att_err ignored = { 0 };
    struct tpm_attest q;

    if (bytes.len == 0 || !tpm_attest_read(bytes, TPM_QUOTE, "quote", &q, &ignored))
        return;
    att_jw_key(w, "quote");
    att_jw_object(w);
    hex_put(w, "qualified_signer", q.qualified_signer);
    hex_put(w, "extra_data", q.extra_data);
    int_put(w, "clock_ms", (int64_t)(q.clock_ms & INT64_MAX));
    int_put(w, "reset_count", q.reset_count);
    int_put(w, "restart_count", q.restart_count);
    att_jw_key(w, "safe");
    att_jw_bool(w, q.safe);
    att_jw_key(w, "pcr_select");
    att_jw_array(w);
    for (size_t i = 0; i < q.selection_count; i++)
        selection_put(w, &q.selections[i]);
    att_jw_end_array(w);
    hex_put(w, "pcr_digest", q.pcr_digest);
    att_jw_end_object(w);
}

/* Claims that cannot be read are the verifier's business: then only their absence shows. */
static void runtime_put(struct att_ctx *ctx, struct att_span text, struct att_json_writer *w)
{
    struct guest_runtime r = { 0 };
    struct att_err ignored = { 0 };
    uint8_t hash[HCL_HASH_BYTES];

    if (text.len == 0)
        return;
    if (att_digest(ctx->lib->crypto, ATT_SHA256, text, hash))
        hex_put(w, "runtime_sha256", att_span_of(hash, sizeof hash));
    if (!guest_runtime_read(ctx, text, &r, &ignored))
        return;
    att_jw_key(w, "runtime_claims");
    att_jw_raw(w, r.json);
    guest_runtime_clear(&r);
}

void guest_describe(struct att_ctx *ctx, const struct att_evidence *base, struct att_json_writer *w)
{
    static const char *const names[] = { "TrustedLaunch", "SevSnp", "Tdx" };
    const struct guest_evidence *ev = (const struct guest_evidence *)base; /* first member */

    att_jw_key(w, "isolation");
    att_jw_str(w, names[ev->isolation]);
    if (ev->hcl_form)
        hcl_put(w, &ev->hcl);
    words_put(w, &ev->words);
    runtime_put(ctx, ev->runtime_data, w);
    quote_put(w, ev->tpm.quote);
    int_put(w, "event_log_bytes", (int64_t)ev->logs.len);
    if (ev->inner && ev->inner_type->describe) {
        struct att_ctx inner = ev->inner_ctx;
        att_jw_key(w, "inside");
        att_jw_object(w);
        ev->inner_type->describe(&inner, ev->inner, w);
        att_jw_end_object(w);
    }
}
