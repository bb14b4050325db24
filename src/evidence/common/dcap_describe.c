#include "evidence/common/dcap_describe.h"

#include "base/buf.h"
#include "evidence/common/dcap_enclave.h"
#include "evidence/common/dcap_pck.h"

void dcap_put_hex(struct att_json_writer *w, const char *name, struct att_span bytes)
{
    att_jw_key(w, name);
    att_jw_hex(w, bytes);
}

void dcap_put_int(struct att_json_writer *w, const char *name, int64_t v)
{
    att_jw_key(w, name);
    att_jw_int(w, v);
}

void dcap_put_header(struct att_json_writer *w, const struct dcap_quote *q)
{
    dcap_put_int(w, "quote_version", q->version);
    att_jw_key(w, "header");
    att_jw_object(w);
    dcap_put_int(w, "version", q->version);
    dcap_put_int(w, "attestation_key_type", q->key_type);
    att_jw_key(w, "tee");
    att_jw_str(w, q->tee == DCAP_SGX ? "SGX" : "TDX");
    dcap_put_int(w, "qe_svn", q->qe_svn);
    dcap_put_int(w, "pce_svn", q->pce_svn);
    att_jw_end_object(w);
}

static void qe_put(struct att_json_writer *w, const struct dcap_quote *q)
{
    struct dcap_enclave qe = dcap_enclave_read(q->qe_report);

    att_jw_key(w, "qe_report");
    att_jw_object(w);
    dcap_put_hex(w, "mrenclave", qe.mrenclave);
    dcap_put_hex(w, "mrsigner", qe.mrsigner);
    dcap_put_int(w, "isvprodid", qe.prod_id);
    dcap_put_int(w, "isvsvn", qe.svn);
    dcap_put_hex(w, "miscselect", qe.miscselect_bytes);
    dcap_put_hex(w, "attributes", qe.attributes);
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
    dcap_put_hex(w, "fmspc", att_span_of(p->ext.fmspc, sizeof p->ext.fmspc));
    dcap_put_hex(w, "pceid", att_span_of(p->ext.pceid, sizeof p->ext.pceid));
    att_jw_key(w, "tcb");
    att_jw_array(w);
    for (size_t i = 0; i < sizeof p->ext.components; i++)
        att_jw_int(w, p->ext.components[i]);
    att_jw_end_array(w);
    dcap_put_int(w, "pcesvn", p->ext.pcesvn);
    dcap_put_hex(w, "cpusvn", att_span_of(p->ext.cpusvn, sizeof p->ext.cpusvn));
    dcap_put_hex(w, "sgxtype", att_span_of(&p->ext.sgx_type, 1));
    att_jw_key(w, "issuer_cn");
    att_jw_str(w, att_cert_subject_cn(p->certs[DCAP_PCK_CA]));
    att_jw_end_object(w);
    dcap_pck_drop(p);
}

void dcap_put_rest(struct att_ctx *ctx, struct att_json_writer *w, const struct dcap_quote *q)
{
    uint8_t sha256[32];

    qe_put(w, q);
    dcap_put_int(w, "qe_auth_data_bytes", (int64_t)q->qe_auth.len);
    pck_put(ctx, w, q);
    if (att_digest(ctx->lib->crypto, ATT_SHA256, q->whole, sha256))
        dcap_put_hex(w, "quote_sha256", att_span_of(sha256, sizeof sha256));
    else
        w->out->failed = true;
    dcap_put_int(w, "quote_bytes", (int64_t)q->whole.len);
    dcap_put_int(w, "trailing_bytes", (int64_t)q->trailing_bytes);
}
