#include "makers/snp_plan.h"

#include "base/err.h"

#include <stdio.h>

#define DAY_S ((int64_t)86400)

static void put_le(uint8_t *to, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        to[i] = (uint8_t)(v >> (8 * i));
}

static void put_tcb(uint8_t *to, const struct mk_snp_tcb *t, enum mk_amd_product product)
{
    const uint8_t old[8] = { t->bootloader, t->tee, 0, 0, 0, 0, t->snp, t->microcode };
    const uint8_t turin[8] = { t->fmc, t->bootloader, t->tee, t->snp, 0, 0, 0, t->microcode };

    memcpy(to, product == MK_AMD_TURIN ? turin : old, 8);
}

static void put_version(uint8_t *to, const struct mk_snp_version *v)
{
    to[0] = v->build;
    to[1] = v->minor;
    to[2] = v->major;
}

static size_t chip_id_bytes(enum mk_amd_product product)
{
    return product == MK_AMD_TURIN ? 8 : 64;
}

static bool fill_data(struct mk_snp_options *o, struct att_err *err)
{
    if (o->has_runtime_data) {
        memset(o->report_data, 0, sizeof o->report_data);
        if (!mk_sha256(o->runtime_data, o->report_data, err))
            return false;
    }
    return !o->has_init_time_data || mk_sha256(o->init_time_data, o->host_data, err);
}

static void fill_ids(uint8_t *b, const struct mk_snp_options *o)
{
    memcpy(b + MK_SNP_AT_FAMILY_ID, o->family_id, 16);
    memcpy(b + MK_SNP_AT_IMAGE_ID, o->image_id, 16);
    memcpy(b + MK_SNP_AT_REPORT_DATA, o->report_data, 64);
    memcpy(b + MK_SNP_AT_MEASUREMENT, o->measurement, 48);
    memcpy(b + MK_SNP_AT_HOST_DATA, o->host_data, 32);
    memcpy(b + MK_SNP_AT_ID_KEY_DIGEST, o->id_key_digest, 48);
    memcpy(b + MK_SNP_AT_AUTHOR_KEY_DIGEST, o->author_key_digest, 48);
    memcpy(b + MK_SNP_AT_REPORT_ID, o->report_id, 32);
    memcpy(b + MK_SNP_AT_REPORT_ID_MA, o->report_id_ma, 32);
}

static void fill_body(struct mk_snp_plan *p)
{
    enum mk_amd_product product = p->amd->product;
    const struct mk_snp_options *o = &p->o;
    uint8_t *b = p->body;

    put_le(b + MK_SNP_AT_VERSION, o->version, 4);
    put_le(b + MK_SNP_AT_GUEST_SVN, o->guest_svn, 4);
    put_le(b + MK_SNP_AT_POLICY, o->policy, 8);
    put_le(b + MK_SNP_AT_VMPL, o->vmpl, 4);
    put_le(b + MK_SNP_AT_SIGNATURE_ALGO, 1, 4);
    put_le(b + MK_SNP_AT_PLATFORM_INFO, o->platform_info, 8);
    b[MK_SNP_AT_KEY_INFO] =
        (uint8_t)((o->author_key_enabled ? 1 : 0) | (o->signer == MK_SNP_VLEK ? 1 << 2 : 0));
    fill_ids(b, o);
    put_tcb(b + MK_SNP_AT_CURRENT_TCB, &o->current, product);
    put_tcb(b + MK_SNP_AT_REPORTED_TCB, &o->reported, product);
    put_tcb(b + MK_SNP_AT_COMMITTED_TCB, &o->committed, product);
    put_tcb(b + MK_SNP_AT_LAUNCH_TCB, &o->launch, product);
    if (o->version >= 3)
        memcpy(b + MK_SNP_AT_CPUID, o->cpuid, 3);
    if (o->signer == MK_SNP_VCEK)
        memcpy(b + MK_SNP_AT_CHIP_ID, o->chip_id, chip_id_bytes(product));
    put_version(b + MK_SNP_AT_CURRENT_VERSION, &o->current_version);
    put_version(b + MK_SNP_AT_COMMITTED_VERSION, &o->committed_version);
    if (o->version >= 5) {
        put_le(b + MK_SNP_AT_LAUNCH_MIT, o->launch_mit_vector, 8);
        put_le(b + MK_SNP_AT_CURRENT_MIT, o->current_mit_vector, 8);
    }
}

/* In the order that AMD writes them. */
static void fill_extensions(struct mk_snp_plan *p, struct mk_amd_ext_list *list)
{
    const struct mk_snp_options *o = &p->o;
    const struct mk_snp_tcb *t = &o->reported;
    bool turin = p->amd->product == MK_AMD_TURIN;
    size_t hwid = chip_id_bytes(p->amd->product);
    const char *name = mk_amd_product_name(p->amd->product);

    if (o->signer == MK_SNP_VCEK && p->amd->product == MK_AMD_MILAN)
        name = "Milan-B0";
    mk_amd_ext_number(list, 1, 0, turin ? 1 : 0);
    mk_amd_ext_text(list, 2, 0, o->product_name ? o->product_name : name);
    if (turin)
        mk_amd_ext_number(list, 3, 9, t->fmc);
    mk_amd_ext_number(list, 3, 1, t->bootloader);
    mk_amd_ext_number(list, 3, 2, t->tee);
    mk_amd_ext_number(list, 3, 3, t->snp);
    for (uint8_t i = turin ? 5 : 4; i <= 7; i++)
        mk_amd_ext_number(list, 3, i, 0);
    mk_amd_ext_number(list, 3, 8, t->microcode);
    if (o->signer == MK_SNP_VLEK) {
        mk_amd_ext_text(list, 5, 0, o->csp_id);
        return;
    }
    uint8_t wrapped[66] = { 0x04, (uint8_t)hwid };
    memcpy(wrapped + 2, o->chip_id, hwid);
    mk_amd_ext_bytes(list, 4, 0,
                     o->hwid_wrapped ? att_span_of(wrapped, hwid + 2) : att_span_of(o->chip_id, hwid));
}

static void fill_certs(struct mk_snp_plan *p)
{
    bool vlek = p->o.signer == MK_SNP_VLEK;
    int64_t at = p->o.at_unix_s;

    mk_amd_cert_spec(p->amd, MK_AMD_KEY_ARK, &p->ark);
    mk_amd_cert_spec(p->amd, vlek ? MK_AMD_KEY_ASVK : MK_AMD_KEY_ASK, &p->ca);
    mk_amd_cert_spec(p->amd, vlek ? MK_AMD_KEY_ASK : MK_AMD_KEY_ASVK, &p->extra);
    p->leaf = (struct mk_amd_cert_spec){
        .subject_key = p->amd->key[vlek ? MK_AMD_KEY_VLEK : MK_AMD_KEY_VCEK],
        .issuer_key = p->ca.subject_key,
        .signer = p->ca.subject_key,
        .scheme = p->o.trailer_field ? MK_AMD_PSS_SHA384_TRAILER : MK_AMD_PSS_SHA384,
        .not_before = at - 90 * DAY_S,
        .not_after = at + (vlek ? 275 : 7 * 365 - 90) * DAY_S,
    };
    mk_amd_cn(p->amd->product, vlek ? MK_AMD_KEY_VLEK : MK_AMD_KEY_VCEK, p->leaf.subject_cn);
    memcpy(p->leaf.issuer_cn, p->ca.subject_cn, sizeof p->leaf.issuer_cn);
    fill_extensions(p, &p->leaf.ext);
    p->chain[0] = &p->leaf;
    p->chain[1] = &p->ca;
    p->chain[2] = &p->ark;
    p->chain_count = 3;
}

bool mk_snp_plan_fill(const struct mk_amd *amd, const struct mk_snp_options *o, struct mk_snp_plan *ret,
                      struct att_err *err)
{
    *ret = (struct mk_snp_plan){ .amd = amd, .o = *o, .cut_to = SIZE_MAX };
    if (!fill_data(&ret->o, err))
        return false;
    fill_body(ret);
    fill_certs(ret);
    ret->signer = ret->leaf.subject_key;
    for (size_t i = 0; i < 2; i++) {
        ret->crl[i] = (struct mk_amd_crl_spec){
            .issuer_key = amd->key[MK_AMD_KEY_ARK],
            .signer = amd->key[MK_AMD_KEY_ARK],
            .this_update = o->at_unix_s - DAY_S,
            .next_update = o->at_unix_s + 364 * DAY_S,
        };
        memcpy(ret->crl[i].issuer_cn, ret->ark.subject_cn, sizeof ret->crl[i].issuer_cn);
    }
    return true;
}

void mk_snp_plan_forget(struct mk_snp_plan *p)
{
    EVP_PKEY_free(p->odd_key);
    p->odd_key = NULL;
}

EVP_PKEY *mk_snp_stranger(const struct mk_snp_plan *p)
{
    return p->amd->key[p->o.signer == MK_SNP_VLEK ? MK_AMD_KEY_ASK : MK_AMD_KEY_ASVK];
}

enum mk_amd_product mk_snp_other_product(const struct mk_snp_plan *p)
{
    return p->amd->product == MK_AMD_GENOA ? MK_AMD_MILAN : MK_AMD_GENOA;
}
