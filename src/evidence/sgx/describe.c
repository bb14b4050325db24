/* Decoded fields for people. The PPID and the header's user data name one machine: they are left out. */
#include "base/buf.h"
#include "evidence/sgx/sgx.h"

static void hex_put(struct att_json_writer *w, const char *name, struct att_span bytes)
{
    att_jw_key(w, name);
    att_jw_hex(w, bytes);
}

static void int_put(struct att_json_writer *w, const char *name, int64_t v)
{
    att_jw_key(w, name);
    att_jw_int(w, v);
}

static void header_put(struct att_json_writer *w, const struct dcap_quote *q)
{
    att_jw_key(w, "header");
    att_jw_object(w);
    int_put(w, "version", q->version);
    int_put(w, "attestation_key_type", q->key_type);
    att_jw_key(w, "tee");
    att_jw_str(w, q->tee == DCAP_SGX ? "SGX" : "TDX");
    int_put(w, "qe_svn", q->qe_svn);
    int_put(w, "pce_svn", q->pce_svn);
    att_jw_end_object(w);
}

static void body_put(struct att_json_writer *w, const struct dcap_enclave *b)
{
    att_jw_key(w, "body");
    att_jw_object(w);
    hex_put(w, "cpusvn", b->cpusvn);
    hex_put(w, "miscselect", b->miscselect_bytes);
    hex_put(w, "isvextprodid", b->ext_prod_id);
    hex_put(w, "attributes", b->attributes);
    hex_put(w, "mrenclave", b->mrenclave);
    hex_put(w, "mrsigner", b->mrsigner);
    hex_put(w, "configid", b->config_id);
    int_put(w, "isvprodid", b->prod_id);
    int_put(w, "isvsvn", b->svn);
    int_put(w, "configsvn", b->config_svn);
    hex_put(w, "isvfamilyid", b->family_id);
    hex_put(w, "report_data", b->report_data);
    att_jw_key(w, "debug");
    att_jw_bool(w, b->debug);
    att_jw_end_object(w);
}

static void qe_put(struct att_json_writer *w, const struct dcap_quote *q)
{
    struct dcap_enclave qe = dcap_enclave_read(q->qe_report);

    att_jw_key(w, "qe_report");
    att_jw_object(w);
    hex_put(w, "mrenclave", qe.mrenclave);
    hex_put(w, "mrsigner", qe.mrsigner);
    int_put(w, "isvprodid", qe.prod_id);
    int_put(w, "isvsvn", qe.svn);
    hex_put(w, "miscselect", qe.miscselect_bytes);
    hex_put(w, "attributes", qe.attributes);
    att_jw_end_object(w);
}

/* null when the chain cannot be read: showing the rest is still worth it. When it could be read but for us, nothing
 * is shown: null would be a lie. */
static void pck_put(struct att_ctx *ctx, struct att_json_writer *w, const struct dcap_quote *q)
{
    struct dcap_pck *p = NULL;
    struct att_err err = { 0 };

    att_jw_key(w, "pck");
    if (!dcap_pck_read(ctx->lib, q, &p, &err)) {
        att_jw_null(w);
        w->out->failed = w->out->failed || att_code_class(err.code) == ATT_CLASS_INTERNAL;
        return;
    }
    att_jw_object(w);
    hex_put(w, "fmspc", att_span_of(p->ext.fmspc, sizeof p->ext.fmspc));
    hex_put(w, "pceid", att_span_of(p->ext.pceid, sizeof p->ext.pceid));
    att_jw_key(w, "tcb");
    att_jw_array(w);
    for (size_t i = 0; i < sizeof p->ext.components; i++)
        att_jw_int(w, p->ext.components[i]);
    att_jw_end_array(w);
    int_put(w, "pcesvn", p->ext.pcesvn);
    hex_put(w, "cpusvn", att_span_of(p->ext.cpusvn, sizeof p->ext.cpusvn));
    hex_put(w, "sgxtype", att_span_of(&p->ext.sgx_type, 1));
    att_jw_key(w, "issuer_cn");
    att_jw_str(w, att_cert_subject_cn(p->certs[DCAP_PCK_CA]));
    att_jw_end_object(w);
    dcap_pck_drop(p);
}

void sgx_describe(struct att_ctx *ctx, const struct att_evidence *base, struct att_json_writer *w)
{
    const struct sgx_evidence *ev = (const struct sgx_evidence *)base; /* first member */
    uint8_t sha256[32];

    int_put(w, "quote_version", ev->quote.version);
    header_put(w, &ev->quote);
    body_put(w, &ev->body);
    qe_put(w, &ev->quote);
    int_put(w, "qe_auth_data_bytes", (int64_t)ev->quote.qe_auth.len);
    pck_put(ctx, w, &ev->quote);
    if (att_digest(ctx->lib->crypto, ATT_SHA256, ev->quote.whole, sha256))
        hex_put(w, "quote_sha256", att_span_of(sha256, sizeof sha256));
    else
        w->out->failed = true;
    int_put(w, "quote_bytes", (int64_t)ev->quote.whole.len);
    int_put(w, "trailing_bytes", (int64_t)ev->quote.trailing_bytes);
}
