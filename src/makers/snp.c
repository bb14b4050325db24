#include "makers/snp.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "makers/snp_plan.h"

#include <stdlib.h>

enum { TEXT_BYTES_MAX = 90 };

const char *mk_snp_item_file(enum mk_snp_item item)
{
    static const char *const files[MK_SNP_ITEM_COUNT] = {
        [MK_SNP_REPORT] = "report.bin",
        [MK_SNP_CHAIN] = "chain.pem",
        [MK_SNP_EXT_REPORT] = "ext_report.bin",
        [MK_SNP_RUNTIME_DATA] = "runtime_data.bin",
        [MK_SNP_INIT_TIME_DATA] = "init_time_data.bin",
        [MK_SNP_VCEK_CRL] = "vcek_crl.der",
        [MK_SNP_VLEK_CRL] = "vlek_crl.der",
        [MK_SNP_ARK] = "ark.pem",
        [MK_SNP_REQUEST] = "maa-request.json",
    };
    return files[item];
}

static void default_tcb(struct mk_snp_options *o, enum mk_amd_product product)
{
    /* Held back by the host, committed, and running: as far apart as they are on real machines. */
    o->reported = (struct mk_snp_tcb){ .bootloader = 4, .snp = 24, .microcode = 217 };
    o->committed = (struct mk_snp_tcb){ .bootloader = 4, .snp = 24, .microcode = 219 };
    o->current = (struct mk_snp_tcb){ .bootloader = 5, .tee = 1, .snp = 25, .microcode = 220 };
    if (product == MK_AMD_TURIN) {
        o->reported = (struct mk_snp_tcb){ 1, 1, 1, 4, 81 };
        o->committed = (struct mk_snp_tcb){ 1, 1, 1, 4, 82 };
        o->current = (struct mk_snp_tcb){ 2, 1, 1, 5, 83 };
    }
    o->launch = o->current;
}

void mk_snp_defaults(struct mk_snp_options *ret, enum mk_amd_product product, int64_t at_unix_s)
{
    static const char data[] = "{\"hello\":\"synthetic guest\"}";
    static const uint8_t cpuid[MK_AMD_PRODUCT_COUNT][3] = { [MK_AMD_MILAN] = { 0x19, 0x01, 0x01 },
                                                            [MK_AMD_GENOA] = { 0x19, 0x11, 0x01 },
                                                            [MK_AMD_TURIN] = { 0x1a, 0x02, 0x01 } };

    *ret = (struct mk_snp_options){
        .at_unix_s = at_unix_s,
        .version = product == MK_AMD_TURIN ? 5 : 3,
        .guest_svn = 2,
        .policy = MK_SNP_POLICY_RESERVED_ONE | MK_SNP_POLICY_SMT | 0x1f,
        .family_id = { 1 },
        .image_id = { 2 },
        .platform_info = 0x25,
        .current_version = { 29, 55, 1 },
        .committed_version = { 28, 55, 1 },
        .launch_mit_vector = 0x3f,
        .current_mit_vector = 0x3f,
        .has_runtime_data = true,
        .runtime_data = att_span_of(data, sizeof data - 1),
        .csp_id = "CN=test.example.invalid",
    };
    memset(ret->measurement, 0xe5, sizeof ret->measurement);
    memset(ret->id_key_digest, 0x1d, sizeof ret->id_key_digest);
    memset(ret->report_id, 0x4e, sizeof ret->report_id);
    memset(ret->report_id_ma, 0xff, sizeof ret->report_id_ma);
    memcpy(ret->cpuid, cpuid[product], sizeof ret->cpuid);
    memcpy(ret->chip_id, "TEST", 4);
    for (size_t i = 4; i < sizeof ret->chip_id && (product != MK_AMD_TURIN || i < 8); i++)
        ret->chip_id[i] = (uint8_t)(0xc0 + i);
    default_tcb(ret, product);
}

static bool refuse(struct att_err *err, const char *where, const char *expected)
{
    return att_fail(err, ATT_PARAMETER_INVALID, where, expected, "another value");
}

/* These texts go into an IA5String. */
static bool plain(const char *text)
{
    size_t len = text ? strlen(text) : 0;

    for (size_t i = 0; i < len; i++)
        if (text[i] < 0x20 || text[i] > 0x7e)
            return false;
    return len <= TEXT_BYTES_MAX;
}

static bool check_options(const struct mk_amd *amd, const struct mk_snp_options *o, struct att_err *err)
{
    static const uint8_t zeros[56];
    bool turin = amd->product == MK_AMD_TURIN;

    if ((size_t)o->broken >= MK_SNP_BREAK_COUNT || !mk_snp_break_fits(o->broken, amd->product))
        return refuse(err, "broken", "a row of snp_breaks.def for this product");
    if (o->signer != MK_SNP_VCEK && o->signer != MK_SNP_VLEK)
        return refuse(err, "signer", "VCEK or VLEK");
    if (o->version < (turin ? 3u : 2u) || o->version > 5)
        return refuse(err, "version", turin ? "3 to 5, since version 2 knows no Turin" : "2 to 5");
    if (!plain(o->product_name) || !plain(o->csp_id) || (o->signer == MK_SNP_VLEK && !o->csp_id))
        return refuse(err, "product_name, csp_id", "at most 90 characters of ASCII");
    if (turin && memcmp(o->chip_id + 8, zeros, sizeof zeros) != 0)
        return refuse(err, "chip_id", "8 bytes, and zeros behind them");
    return mk_amd_covers(amd, o->at_unix_s) ||
           refuse(err, "at", "a time at which the vendor's certificates are valid");
}

static void override(struct mk_snp_options *o)
{
    static const char init_time[] = "{\"test\":\"init-time data\"}";
    const struct mk_snp_break_row *row = &mk_snp_breaks[o->broken];

    if (row->needs == MK_SNP_NEEDS_VCEK || row->needs == MK_SNP_NEEDS_VLEK)
        o->signer = row->needs == MK_SNP_NEEDS_VLEK ? MK_SNP_VLEK : MK_SNP_VCEK;
    if (row->needs == MK_SNP_NEEDS_CPUID && o->version < 3)
        o->version = 3;
    if (o->broken == MK_SNP_BREAK_CHIP_ID_TAIL)
        o->signer = MK_SNP_VCEK;
    if (row->scope != MK_SNP_IN_DATA)
        return;
    if (!o->has_runtime_data) {
        o->has_runtime_data = true;
        o->runtime_data = att_span_of(init_time, sizeof init_time - 1);
    }
    if (!o->has_init_time_data) {
        o->has_init_time_data = true;
        o->init_time_data = att_span_of(init_time, sizeof init_time - 1);
    }
}

static bool put_data(const struct mk_snp_plan *p, struct mk_snp_evidence *ev)
{
    struct att_buf *runtime = &ev->items[MK_SNP_RUNTIME_DATA], *init = &ev->items[MK_SNP_INIT_TIME_DATA];

    ev->present[MK_SNP_RUNTIME_DATA] = p->o.has_runtime_data;
    ev->present[MK_SNP_INIT_TIME_DATA] = p->o.has_init_time_data;
    if (p->o.has_runtime_data)
        att_buf_put(runtime, p->o.runtime_data);
    if (p->runtime_longer)
        att_buf_putc(runtime, '\0'); /* trailing zero bytes count */
    if (p->o.has_init_time_data)
        att_buf_put(init, p->o.init_time_data);
    if (p->init_time_longer)
        att_buf_putc(init, '\0');
    return !runtime->failed && !init->failed;
}

static void put_bound(struct att_buf *out, const char *name, struct att_span data)
{
    att_buf_printf(out, ",\"%s\":{\"data\":\"", name);
    att_base64url_put(out, data);
    att_buf_printf(out, "\",\"dataType\":\"%s\"}", data.len > 0 && data.ptr[0] == '{' ? "JSON" : "Binary");
}

/* {"report": base64url of {"SnpReport": ..., "VcekCertChain": ...}, ...}, everything base64url once more. */
static bool put_request(struct mk_snp_evidence *ev)
{
    struct att_buf *out = &ev->items[MK_SNP_REQUEST];
    ATT_AUTO(att_buf_free) struct att_buf inner = { 0 };

    att_buf_puts(&inner, "{\"SnpReport\":\"");
    att_base64url_put(&inner, mk_snp_item(ev, MK_SNP_REPORT));
    att_buf_puts(&inner, "\",\"VcekCertChain\":\"");
    att_base64url_put(&inner, mk_snp_item(ev, MK_SNP_CHAIN));
    att_buf_puts(&inner, "\"}");
    att_buf_puts(out, "{\"report\":\"");
    att_base64url_put(out, att_buf_span(&inner));
    att_buf_putc(out, '"');
    if (ev->present[MK_SNP_RUNTIME_DATA])
        put_bound(out, "runtimeData", mk_snp_item(ev, MK_SNP_RUNTIME_DATA));
    if (ev->present[MK_SNP_INIT_TIME_DATA])
        put_bound(out, "initTimeData", mk_snp_item(ev, MK_SNP_INIT_TIME_DATA));
    att_buf_puts(out, "}\n");
    out->failed |= inner.failed;
    ev->present[MK_SNP_REQUEST] = true;
    return !out->failed;
}

static bool put_items(const struct mk_snp_plan *p, struct mk_snp_evidence *ev, struct att_err *err)
{
    struct att_buf *report = &ev->items[MK_SNP_REPORT], *extended = &ev->items[MK_SNP_EXT_REPORT];

    if (!mk_snp_report_put(p, report, err) || !mk_snp_chain_put(p, &ev->items[MK_SNP_CHAIN], err))
        return false;
    att_buf_put(extended, att_buf_span(report));
    if (!mk_snp_table_put(p, extended, err) ||
        !mk_amd_crl_put(&p->crl[MK_SNP_VCEK], &ev->items[MK_SNP_VCEK_CRL], err) ||
        !mk_amd_crl_put(&p->crl[MK_SNP_VLEK], &ev->items[MK_SNP_VLEK_CRL], err) ||
        !mk_amd_ark_pem(p->amd, &ev->items[MK_SNP_ARK], err))
        return false;
    if (!put_data(p, ev) || !put_request(ev))
        return att_fail_memory(err, "makers.snp");
    ev->present[MK_SNP_REPORT] = ev->present[MK_SNP_EXT_REPORT] = ev->present[MK_SNP_ARK] = true;
    ev->present[MK_SNP_VCEK_CRL] = ev->present[MK_SNP_VLEK_CRL] = true;
    ev->present[MK_SNP_CHAIN] = p->chain_form != MK_SNP_CHAIN_ABSENT;
    return true;
}

bool mk_snp_make(const struct mk_amd *amd, const struct mk_snp_options *options, struct mk_snp_evidence *ret,
                 struct att_err *err)
{
    struct mk_snp_options o = *options;
    struct mk_snp_evidence ev = { 0 };

    if (!check_options(amd, &o, err))
        return false;
    override(&o);
    if (!mk_snp_break_options(&o, amd->product))
        return refuse(err, "broken", "a break that these options leave room for");
    struct mk_snp_plan *p = calloc(1, sizeof *p); /* large; its pieces point into it, so it never moves */
    if (!p)
        return att_fail_memory(err, "makers.snp");
    bool made = mk_snp_plan_fill(amd, &o, p, err) && mk_snp_plan_break(p, err) && put_items(p, &ev, err);
    ev.options = p->o;
    mk_snp_plan_forget(p);
    free(p);
    if (!made) {
        mk_snp_evidence_free(&ev);
        return false;
    }
    ev.product = amd->product;
    ev.broken = &mk_snp_breaks[o.broken];
    ev.expected_code = ev.broken->expected_code;
    ev.also_code = ev.broken->also_code;
    *ret = ev;
    return true;
}

void mk_snp_evidence_free(struct mk_snp_evidence *ev)
{
    for (size_t i = 0; i < MK_SNP_ITEM_COUNT; i++)
        att_buf_free(&ev->items[i]);
    *ev = (struct mk_snp_evidence){ 0 };
}
