#include "makers/tdx.h"

#include "makers/plan.h"

void mk_tdx_defaults(struct mk_tdx_options *ret, int64_t at_unix_s)
{
    static const char data[] = "{\"hello\":\"synthetic domain\"}";

    *ret = (struct mk_tdx_options){
        .td = { .tee_tcb_svn = { 5, 1, 2 },
                .td_attributes = { 0, 0, 0, 0x10 }, /* SEPT_VE_DISABLE */
                .xfam = { 0xe7, 0x02, 0x06 },
                .tee_tcb_svn2 = { 5, 1, 2 } },
        .tdx = { .modules = { { .version = 3,
                                .levels = { { 3, "UpToDate", "2024-11-13T00:00:00Z", NULL },
                                            { 1, "OutOfDate", "2022-11-09T00:00:00Z", "TEST-SA-00005" } },
                                .level_count = 2 },
                              { .version = 1,
                                .levels = { { 5, "UpToDate", "2024-11-13T00:00:00Z", NULL },
                                            { 3, "OutOfDate", "2022-11-09T00:00:00Z", "TEST-SA-00006" },
                                            { 2, "Revoked", "2021-11-10T00:00:00Z", NULL } },
                                .level_count = 3 } },
                 .module_count = 2 },
    };
    mk_dcap_defaults(&ret->dcap, at_unix_s);
    ret->quote_version = 4;
    ret->runtime_data = att_span_of(data, sizeof data - 1);
    memset(ret->td.mrseam, 0x31, sizeof ret->td.mrseam);
    memset(ret->td.mrtd, 0x32, sizeof ret->td.mrtd);
    for (size_t i = 0; i < 3; i++) /* the fourth is the workload's, and starts at zero */
        memset(ret->td.rtmr[i], (int)(0x40 + i), sizeof ret->td.rtmr[i]);
}

bool mk_tdx_make(const struct mk_hardware *hw, const struct mk_tdx_options *options, struct mk_evidence *ret,
                 struct att_err *err)
{
    const struct mk_request request = {
        .tee = ATT_TEE_TDX,
        .dcap = options->dcap,
        .td = options->td,
        .tdx = options->tdx,
    };

    return mk_dcap_make(hw, &request, ret, err);
}
