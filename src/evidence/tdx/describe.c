#include "evidence/common/dcap_describe.h"
#include "evidence/tdx/tdx.h"

static void report_put(struct att_json_writer *w, const struct tdx_report *t)
{
    att_jw_key(w, "body");
    att_jw_object(w);
    dcap_put_hex(w, "tee_tcb_svn", t->tee_tcb_svn);
    dcap_put_hex(w, "mrseam", t->mrseam);
    dcap_put_hex(w, "mrsignerseam", t->mrsignerseam);
    dcap_put_hex(w, "seamattributes", t->seam_attributes);
    dcap_put_hex(w, "tdattributes", t->td_attributes);
    dcap_put_hex(w, "xfam", t->xfam);
    dcap_put_hex(w, "mrtd", t->mrtd);
    dcap_put_hex(w, "mrconfigid", t->mrconfigid);
    dcap_put_hex(w, "mrowner", t->mrowner);
    dcap_put_hex(w, "mrownerconfig", t->mrownerconfig);
    dcap_put_hex(w, "rtmr0", t->rtmr[0]);
    dcap_put_hex(w, "rtmr1", t->rtmr[1]);
    dcap_put_hex(w, "rtmr2", t->rtmr[2]);
    dcap_put_hex(w, "rtmr3", t->rtmr[3]);
    dcap_put_hex(w, "report_data", t->report_data);
    if (t->tee_tcb_svn2.len > 0) {
        dcap_put_hex(w, "tee_tcb_svn2", t->tee_tcb_svn2);
        dcap_put_hex(w, "mrservicetd", t->mrservicetd);
    }
    att_jw_key(w, "debug");
    att_jw_bool(w, tdx_debuggable(t));
    att_jw_end_object(w);
}

void tdx_describe(struct att_ctx *ctx, const struct att_evidence *base, struct att_json_writer *w)
{
    const struct tdx_evidence *ev = (const struct tdx_evidence *)base; /* first member */

    dcap_put_header(w, &ev->quote);
    report_put(w, &ev->report);
    dcap_put_rest(ctx, w, &ev->quote);
}
