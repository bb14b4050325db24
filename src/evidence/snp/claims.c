/* Claims of SEV-SNP evidence. Versions come from REPORTED_TCB: what the signing key vouches for, not what the host says
 * that it runs. */
#include "base/err.h"
#include "evidence/snp/snp.h"

#define CLAIM(tail) "x-ms-sevsnpvm-" tail

enum { TOKEN = ATT_CLAIM_IN_TOKEN };

struct bytes_row {
    const char *name;
    struct att_span bytes;
};
struct int_row {
    const char *name;
    uint32_t value;
};
struct bool_row {
    const char *name;
    bool value;
};

static bool hex_add(struct att_claims *set, const struct bytes_row *rows, size_t count, struct att_err *err)
{
    for (size_t i = 0; i < count; i++)
        if (!att_claims_add_hex(set, rows[i].name, rows[i].bytes, TOKEN, err))
            return false;
    return true;
}

static bool ints_add(struct att_claims *set, const struct int_row *rows, size_t count, struct att_err *err)
{
    for (size_t i = 0; i < count; i++)
        if (!att_claims_add_int(set, rows[i].name, rows[i].value, TOKEN, err))
            return false;
    return true;
}

static bool bools_add(struct att_claims *set, const struct bool_row *rows, size_t count, struct att_err *err)
{
    for (size_t i = 0; i < count; i++)
        if (!att_claims_add_bool(set, rows[i].name, rows[i].value, TOKEN, err))
            return false;
    return true;
}

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

static bool common_claims(struct att_claims *set, struct att_err *err)
{
    return att_claims_add_text(set, "x-ms-ver", att_str("1.0"), TOKEN, err) &&
           att_claims_add_text(set, "x-ms-attestation-type", att_str(SNP_ATTESTATION_TYPE), TOKEN, err);
}

static bool report_claims(const struct snp_report *r, struct att_claims *set, struct att_err *err)
{
    const struct bytes_row digests[] = {
        { CLAIM("authorkeydigest"), r->author_key_digest },
        { CLAIM("familyId"), r->family_id },
        { CLAIM("hostdata"), r->host_data },
        { CLAIM("idkeydigest"), r->id_key_digest },
        { CLAIM("imageId"), r->image_id },
        { CLAIM("launchmeasurement"), r->measurement },
        { CLAIM("reportdata"), r->report_data },
        { CLAIM("reportid"), r->report_id },
    };
    const struct int_row numbers[] = {
        { CLAIM("bootloader-svn"), r->reported.bootloader },
        { CLAIM("guestsvn"), r->guest_svn },
        { CLAIM("microcode-svn"), r->reported.microcode },
        { CLAIM("snpfw-svn"), r->reported.snp },
        { CLAIM("tee-svn"), r->reported.tee },
        { CLAIM("vmpl"), r->vmpl },
    };
    const struct bool_row flags[] = {
        { CLAIM("is-debuggable"), r->policy.debug },
        { CLAIM("migration-allowed"), r->policy.migrate_ma },
        { CLAIM("smt-allowed"), r->policy.smt },
    };

    return hex_add(set, digests, COUNT(digests), err) && ints_add(set, numbers, COUNT(numbers), err) &&
           bools_add(set, flags, COUNT(flags), err);
}

/* All of the guest policy, which is what the guest's owner asked for; not of PLATFORM_INFO. */
static bool newer_claims(const struct snp_evidence *ev, struct att_claims *set, struct att_err *err)
{
    const struct snp_policy *p = &ev->report.policy;
    const struct bool_row flags[] = {
        { CLAIM("ciphertext-hiding-dram-enabled"), p->ciphertext_hiding_dram },
        { CLAIM("cxl-allowed"), p->cxl_allow },
        { CLAIM("mem-aes256-xts-required"), p->mem_aes_256_xts },
        { CLAIM("page-swap-disabled"), p->page_swap_disable },
        { CLAIM("rapl-disabled"), p->rapl_dis },
        { CLAIM("singlesocket"), p->single_socket },
    };

    return att_claims_add_text(set, CLAIM("chip-family"), att_str(snp_product_name(ev->chain->product)),
                               TOKEN, err) &&
           att_claims_add_hex(set, CLAIM("chipid"), ev->report.chip_id, TOKEN, err) &&
           bools_add(set, flags, COUNT(flags), err);
}

/* Binary data was compared, and that is all: there is no claim for it. */
static bool json_claims(const struct snp_evidence *ev, struct att_claims *set, struct att_err *err)
{
    if (ev->runtime_json.len > 0 && !att_claims_add_json(set, "x-ms-runtime", ev->runtime_json, TOKEN, err))
        return false;
    return ev->init_time_json.len == 0 ||
           att_claims_add_json(set, "x-ms-inittime", ev->init_time_json, TOKEN, err);
}

static bool compliance_claim(const struct att_ctx *ctx, const struct snp_evidence *ev, struct att_claims *set,
                             struct att_err *err)
{
    const struct snp_report *r = &ev->report;
    const struct att_compliance_facts facts = {
        .evidence_type = SNP_EVIDENCE_TYPE,
        .id_key_digest = r->id_key_digest,
        .family_id = r->family_id,
        .image_id = r->image_id,
        .measurement = r->measurement,
        .guest_svn = r->guest_svn,
        .debug = r->policy.debug,
        .uvm = ev->uvm,
        .uvm_count = ev->uvm_count,
    };
    const char *status = att_compliance_status(ctx, &facts);

    return !status || att_claims_add_text(set, "x-ms-compliance-status", att_str(status), TOKEN, err);
}

bool snp_claims(struct att_ctx *ctx, const struct att_evidence *base, struct att_claims *set,
                struct att_err *err)
{
    const struct snp_evidence *ev = (const struct snp_evidence *)base; /* first member */

    return common_claims(set, err) && report_claims(&ev->report, set, err) &&
           (!ctx->in->newer_claims || newer_claims(ev, set, err)) && json_claims(ev, set, err) &&
           compliance_claim(ctx, ev, set, err);
}
