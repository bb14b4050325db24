/* Decoded fields for people. Nothing here is to be believed: it is shown before anything was checked. */
#include "base/buf.h"
#include "base/timetext.h"
#include "evidence/snp/snp.h"

#include <stdio.h>

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

static void bool_put(struct att_json_writer *w, const char *name, bool v)
{
    att_jw_key(w, name);
    att_jw_bool(w, v);
}

static void text_put(struct att_json_writer *w, const char *name, const char *v)
{
    att_jw_key(w, name);
    att_jw_str(w, v);
}

/* Bit fields as people write them; a JSON number would lose the upper bits in many readers. */
static void bits_put(struct att_json_writer *w, const char *name, uint64_t bits)
{
    char text[24];

    (void)snprintf(text, sizeof text, "0x%llx", (unsigned long long)bits);
    text_put(w, name, text);
}

static void policy_put(struct att_json_writer *w, const struct snp_policy *p)
{
    bits_put(w, "policy", p->bits);
    att_jw_key(w, "policy_bits");
    att_jw_object(w);
    int_put(w, "abi_minor", p->abi_minor);
    int_put(w, "abi_major", p->abi_major);
    bool_put(w, "smt", p->smt);
    bool_put(w, "rsvd1", p->bits >> 17 & 1);
    bool_put(w, "migrate_ma", p->migrate_ma);
    bool_put(w, "debug", p->debug);
    bool_put(w, "single_socket", p->single_socket);
    bool_put(w, "cxl_allow", p->cxl_allow);
    bool_put(w, "mem_aes_256_xts", p->mem_aes_256_xts);
    bool_put(w, "rapl_dis", p->rapl_dis);
    bool_put(w, "ciphertext_hiding_dram", p->ciphertext_hiding_dram);
    bool_put(w, "page_swap_disable", p->page_swap_disable);
    att_jw_end_object(w);
}

static void key_bits_put(struct att_json_writer *w, const struct snp_report *r)
{
    att_jw_key(w, "key_bits");
    att_jw_object(w);
    bool_put(w, "author_key_en", r->author_key_en);
    bool_put(w, "mask_chip_key", r->mask_chip_key);
    text_put(w, "signing_key", r->signing_key == SNP_KEY_VLEK ? "VLEK" : "VCEK");
    att_jw_end_object(w);
}

static void fw_version_put(struct att_json_writer *w, const char *name, const struct snp_fw_version *v)
{
    att_jw_key(w, name);
    att_jw_object(w);
    int_put(w, "build", v->build);
    int_put(w, "minor", v->minor);
    int_put(w, "major", v->major);
    att_jw_end_object(w);
}

static void tcb_put(struct att_json_writer *w, const char *name, const struct snp_tcb *t)
{
    att_jw_key(w, name);
    att_jw_object(w);
    hex_put(w, "raw", t->raw);
    if (t->has_fmc)
        int_put(w, "fmc", t->fmc);
    int_put(w, "bootloader", t->bootloader);
    int_put(w, "tee", t->tee);
    int_put(w, "snp", t->snp);
    int_put(w, "microcode", t->microcode);
    att_jw_end_object(w);
}

static void tcbs_put(struct att_json_writer *w, const struct snp_report *r)
{
    att_jw_key(w, "tcb");
    att_jw_object(w);
    tcb_put(w, "reported", &r->reported);
    tcb_put(w, "current", &r->current);
    tcb_put(w, "committed", &r->committed);
    tcb_put(w, "launch", &r->launch);
    att_jw_end_object(w);
}

static void cpuid_put(struct att_json_writer *w, const struct snp_report *r)
{
    att_jw_key(w, "cpuid_fam_mod_step");
    if (!r->has_cpuid) {
        att_jw_null(w);
        return;
    }
    att_jw_array(w);
    att_jw_int(w, r->cpuid_family);
    att_jw_int(w, r->cpuid_model);
    att_jw_int(w, r->cpuid_stepping);
    att_jw_end_array(w);
}

static void mitigation_put(struct att_json_writer *w, const char *name, bool there, uint64_t bits)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)bits);
    att_jw_key(w, name);
    att_jw_raw(w, att_str(there ? text : "null"));
}

static void digests_put(struct att_json_writer *w, const struct snp_report *r)
{
    hex_put(w, "report_data", r->report_data);
    hex_put(w, "measurement", r->measurement);
    hex_put(w, "host_data", r->host_data);
    hex_put(w, "id_key_digest", r->id_key_digest);
    hex_put(w, "author_key_digest", r->author_key_digest);
    hex_put(w, "report_id", r->report_id);
    hex_put(w, "report_id_ma", r->report_id_ma);
    hex_put(w, "chip_id", r->chip_id);
}

static void report_put(struct att_json_writer *w, const struct snp_report *r)
{
    att_jw_key(w, "report");
    att_jw_object(w);
    int_put(w, "version", r->version);
    int_put(w, "guest_svn", r->guest_svn);
    policy_put(w, &r->policy);
    hex_put(w, "family_id", r->family_id);
    hex_put(w, "image_id", r->image_id);
    int_put(w, "vmpl", r->vmpl);
    int_put(w, "signature_algo", r->signature_algo);
    bits_put(w, "platform_info", r->platform_info);
    key_bits_put(w, r);
    digests_put(w, r);
    cpuid_put(w, r);
    fw_version_put(w, "current_version", &r->current_version);
    fw_version_put(w, "committed_version", &r->committed_version);
    mitigation_put(w, "launch_mit_vector", r->has_mitigation, r->launch_mit_vector);
    mitigation_put(w, "current_mit_vector", r->has_mitigation, r->current_mit_vector);
    tcbs_put(w, r);
    att_jw_end_object(w);
}

static void leaf_tcb_put(struct att_json_writer *w, const struct amd_leaf *l)
{
    att_jw_key(w, "tcb");
    att_jw_object(w);
    if (l->has_fmc)
        int_put(w, "fmc", l->fmc);
    int_put(w, "bootloader", l->bl);
    int_put(w, "tee", l->tee);
    int_put(w, "snp", l->snp);
    int_put(w, "microcode", l->ucode);
    att_jw_end_object(w);
}

static void optional_text_put(struct att_json_writer *w, const char *name, struct att_span text)
{
    att_jw_key(w, name);
    if (text.len > 0)
        att_jw_string(w, text);
    else
        att_jw_null(w);
}

static void leaf_members_put(struct att_ctx *ctx, struct att_json_writer *w, const struct snp_chain *chain)
{
    const struct att_cert *cert = chain->certs[SNP_CHAIN_LEAF];
    struct att_time_text at;
    uint8_t sha256[32];

    text_put(w, "kind", att_cert_subject_cn(cert));
    text_put(w, "issuer", att_cert_subject_cn(chain->certs[SNP_CHAIN_ASK]));
    optional_text_put(w, "product_name", chain->leaf.product_name);
    int_put(w, "struct_version", chain->leaf.struct_version);
    if (att_digest(ctx->lib->crypto, ATT_SHA256, att_cert_der(cert), sha256))
        hex_put(w, "sha256", att_span_of(sha256, sizeof sha256));
    else
        w->out->failed = true;
    text_put(w, "not_before", att_time_text(&at, att_cert_not_before(cert)));
    text_put(w, "not_after", att_time_text(&at, att_cert_not_after(cert)));
    att_jw_key(w, "hwid");
    if (chain->leaf.hwid.len > 0)
        att_jw_hex(w, chain->leaf.hwid);
    else
        att_jw_null(w); /* a VLEK is no single chip's */
    int_put(w, "hwid_len", (int64_t)chain->leaf.hwid.len);
    optional_text_put(w, "csp_id", chain->leaf.csp_id);
    leaf_tcb_put(w, &chain->leaf);
}

/* null when there is no chain or it cannot be read: showing the rest is still worth it. When it could be read but for
 * us, nothing is shown: null would be a lie. */
static void leaf_put(struct att_ctx *ctx, struct att_json_writer *w, const struct snp_evidence *ev)
{
    struct snp_chain *chain = NULL;
    struct snp_chain_in in;
    struct att_err err = { 0 };
    enum snp_product product = ev->report.product;

    if (snp_chain_find(ctx, ev, &in) && snp_chain_read(ctx->lib, &in, &chain, &err))
        product = product == SNP_PRODUCT_UNKNOWN ? chain->product : product;
    w->out->failed = w->out->failed || (!chain && att_code_class(err.code) == ATT_CLASS_INTERNAL);
    att_jw_key(w, "product");
    if (product == SNP_PRODUCT_UNKNOWN)
        att_jw_null(w);
    else
        att_jw_str(w, snp_product_name(product));
    att_jw_key(w, "leaf");
    if (!chain) {
        att_jw_null(w);
        return;
    }
    att_jw_object(w);
    leaf_members_put(ctx, w, chain);
    att_jw_end_object(w);
    snp_chain_drop(chain);
}

void snp_describe(struct att_ctx *ctx, const struct att_evidence *base, struct att_json_writer *w)
{
    const struct snp_evidence *ev = (const struct snp_evidence *)base; /* first member */

    report_put(w, &ev->report);
    leaf_put(ctx, w, ev);
    bool_put(w, "certificate_table", ev->has_table);
}
