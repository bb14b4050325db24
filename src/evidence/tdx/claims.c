/* Claims of TDX evidence, all of which go into tokens. Names and types are those of a real token of the service; hex is of
 * the bytes in the order of the quote. Policies of 2018 knew no TDX: there are no names beginning with "$". */
#include "base/err.h"
#include "base/reader.h"
#include "evidence/common/compliance.h"
#include "evidence/tdx/tdx.h"

#define EAT_PROFILE "https://aka.ms/maa-eat-profile-tdxvm"

enum { TOKEN = ATT_CLAIM_IN_TOKEN };

static bool common_claims(const struct tdx_evidence *ev, struct att_claims *set, struct att_err *err)
{
    const char *level = att_tcb_status_name(ev->verification.tcb.status);
    const char *debug = tdx_debuggable(&ev->report) ? "enabled" : "disabled";

    return att_claims_add_text(set, "x-ms-ver", att_str("1.0"), TOKEN, err) &&
           att_claims_add_text(set, "x-ms-attestation-type", att_str(TDX_ATTESTATION_TYPE), TOKEN, err) &&
           att_claims_add_text(set, "eat_profile", att_str(EAT_PROFILE), TOKEN, err) &&
           att_claims_add_text(set, "intuse", att_str("generic"), TOKEN, err) &&
           att_claims_add_text(set, "dbgstat", att_str(debug), TOKEN, err) &&
           att_claims_add_text(set, "attester_tcb_status", att_str(level), TOKEN, err);
}

static bool field_claims(const struct tdx_report *t, struct att_claims *set, struct att_err *err)
{
    const struct {
        const char *name;
        struct att_span bytes;
    } rows[] = {
        { "tdx_tee_tcb_svn", t->tee_tcb_svn },
        { "tdx_mrseam", t->mrseam },
        { "tdx_mrsignerseam", t->mrsignerseam },
        { "tdx_seam_attributes", t->seam_attributes },
        { "tdx_td_attributes", t->td_attributes },
        { "tdx_xfam", t->xfam },
        { "tdx_mrtd", t->mrtd },
        { "tdx_mrconfigid", t->mrconfigid },
        { "tdx_mrowner", t->mrowner },
        { "tdx_mrownerconfig", t->mrownerconfig },
        { "tdx_rtmr0", t->rtmr[0] },
        { "tdx_rtmr1", t->rtmr[1] },
        { "tdx_rtmr2", t->rtmr[2] },
        { "tdx_rtmr3", t->rtmr[3] },
        { "tdx_report_data", t->report_data },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!att_claims_add_hex(set, rows[i].name, rows[i].bytes, TOKEN, err))
            return false;
    return true;
}

static bool bit_claims(const struct tdx_report *t, struct att_claims *set, struct att_err *err)
{
    const struct {
        const char *name;
        uint64_t bits;
        unsigned at;
    } rows[] = {
        { "tdx_td_attributes_debug", t->td_attribute_bits, TDX_DEBUG },
        { "tdx_td_attributes_hgs_plus_prof", t->td_attribute_bits, TDX_HGS_PLUS_PROF },
        { "tdx_td_attributes_perf_prof", t->td_attribute_bits, TDX_PERF_PROF },
        { "tdx_td_attributes_pmt_prof", t->td_attribute_bits, TDX_PMT_PROF },
        { "tdx_td_attributes_icssd", t->td_attribute_bits, TDX_ICSSD },
        { "tdx_td_attributes_septve_disable", t->td_attribute_bits, TDX_SEPT_VE_DISABLE },
        { "tdx_td_attributes_migratable", t->td_attribute_bits, TDX_MIGRATABLE },
        { "tdx_td_attributes_protection_keys", t->td_attribute_bits, TDX_PKS },
        { "tdx_td_attributes_key_locker", t->td_attribute_bits, TDX_KEY_LOCKER },
        { "tdx_td_attributes_perfmon", t->td_attribute_bits, TDX_PERFMON },
        { "tdx_xfam_cet_u", t->xfam_bits, TDX_CET_U },
        { "tdx_xfam_cet_s", t->xfam_bits, TDX_CET_S },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!att_claims_add_bool(set, rows[i].name, tdx_bit(rows[i].bits, rows[i].at), TOKEN, err))
            return false;
    return true;
}

/* SVN and major version of the module as one number: 0d 01 is 269. */
static bool seamsvn_claim(const struct tdx_report *t, struct att_claims *set, struct att_err *err)
{
    struct att_reader r = att_reader_of(t->tee_tcb_svn);

    return att_claims_add_int(set, "tdx_seamsvn", att_take_u16le(&r), TOKEN, err);
}

/* Binary data gives no claim: its hash is in tdx_report_data. */
static bool json_claims(const struct tdx_evidence *ev, struct att_claims *set, struct att_err *err)
{
    if (ev->runtime_json.len > 0 && !att_claims_add_json(set, "x-ms-runtime", ev->runtime_json, TOKEN, err))
        return false;
    return ev->init_time_json.len == 0 ||
           att_claims_add_json(set, "x-ms-inittime", ev->init_time_json, TOKEN, err);
}

/* A statement of the site about machines that it knows: no row fits, no claim. */
static bool compliance_claim(const struct att_ctx *ctx, const struct tdx_report *t, struct att_claims *set,
                             struct att_err *err)
{
    const struct att_compliance_facts facts = {
        .evidence_type = "tdx", .measurement = t->mrtd, .mrseam = t->mrseam, .debug = tdx_debuggable(t)
    };
    const char *status = att_compliance_status(ctx, &facts);

    return !status || att_claims_add_text(set, "x-ms-compliance-status", att_str(status), TOKEN, err);
}

bool tdx_claims(struct att_ctx *ctx, const struct att_evidence *base, struct att_claims *set,
                struct att_err *err)
{
    const struct tdx_evidence *ev = (const struct tdx_evidence *)base; /* first member */

    return common_claims(ev, set, err) && field_claims(&ev->report, set, err) &&
           seamsvn_claim(&ev->report, set, err) && bit_claims(&ev->report, set, err) &&
           json_claims(ev, set, err) && compliance_claim(ctx, &ev->report, set, err);
}
