#include "evidence/common/dcap_describe.h"
#include "evidence/sgx/sgx.h"

static void body_put(struct att_json_writer *w, const struct dcap_enclave *b)
{
    att_jw_key(w, "body");
    att_jw_object(w);
    dcap_put_hex(w, "cpusvn", b->cpusvn);
    dcap_put_hex(w, "miscselect", b->miscselect_bytes);
    dcap_put_hex(w, "isvextprodid", b->ext_prod_id);
    dcap_put_hex(w, "attributes", b->attributes);
    dcap_put_hex(w, "mrenclave", b->mrenclave);
    dcap_put_hex(w, "mrsigner", b->mrsigner);
    dcap_put_hex(w, "configid", b->config_id);
    dcap_put_int(w, "isvprodid", b->prod_id);
    dcap_put_int(w, "isvsvn", b->svn);
    dcap_put_int(w, "configsvn", b->config_svn);
    dcap_put_hex(w, "isvfamilyid", b->family_id);
    dcap_put_hex(w, "report_data", b->report_data);
    att_jw_key(w, "debug");
    att_jw_bool(w, b->debug);
    att_jw_end_object(w);
}

void sgx_describe(struct att_ctx *ctx, const struct att_evidence *base, struct att_json_writer *w)
{
    const struct sgx_evidence *ev = (const struct sgx_evidence *)base; /* first member */

    dcap_put_header(w, &ev->quote);
    body_put(w, &ev->body);
    dcap_put_rest(ctx, w, &ev->quote);
}
