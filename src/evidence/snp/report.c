#include "evidence/snp/report.h"

#include "base/err.h"
#include "base/reader.h"

enum {
    VERSION_MIN = 2, /* 1 is from before production */
    VERSION_MAX = 5,
    ALGO_P384_SHA384 = 1,
    HALF_BYTES = 72, /* r and s: 48 bytes that count, then zeros */
    SCALAR_BYTES = 48,
    FAMILY_19 = 0x19,
    FAMILY_1A = 0x1A,
};

/* Order of P-384, big-endian (SEC 2, 2.5.1). */
static const uint8_t p384_order[SCALAR_BYTES] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
    0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
};

/* Certificates are by product line; CPUID knows more names than there are lines. */
static const struct {
    uint8_t family;
    uint8_t model_min;
    uint8_t model_max;
    enum snp_product product;
} models[] = {
    { FAMILY_19, 0x00, 0x0F, SNP_MILAN },
    { FAMILY_19, 0x10, 0x1F, SNP_GENOA },
    { FAMILY_19, 0xA0, 0xAF, SNP_GENOA }, /* Bergamo, Siena */
    { FAMILY_1A, 0x00, 0x11, SNP_TURIN },
};

static const char *const product_names[SNP_PRODUCT_COUNT] = { "", "Milan", "Genoa", "Turin" };

const char *snp_product_name(enum snp_product p)
{
    return product_names[p];
}

enum snp_product snp_product_of(struct att_span name)
{
    for (unsigned p = SNP_MILAN; p < SNP_PRODUCT_COUNT; p++)
        if (att_span_is(name, product_names[p]))
            return (enum snp_product)p;
    return SNP_PRODUCT_UNKNOWN;
}

const char *snp_recognised(struct att_span raw)
{
    static const struct {
        const char *start;
        const char *what;
    } forms[] = {
        { "02000000", "a report as hexadecimal text; decode it first" },
        { "03000000", "a report as hexadecimal text; decode it first" },
        { "05000000", "a report as hexadecimal text; decode it first" },
        { "AgAAA", "a report as base64 text; decode it first" },
        { "AwAAA", "a report as base64 text; decode it first" },
        { "BQAAA", "a report as base64 text; decode it first" },
        { "eyJTbnBS",
          "base64 text of the JSON with SnpReport and VcekCertChain; decode it, and give its parts" },
        { "HCLA", "the attestation data of an Azure VM's vTPM; the report stands behind its header" },
        { "-----BEGIN", "PEM text, not a report" },
        { "{", "JSON text: give the report and the certificate chain that stand in it" },
        { "0x", "hexadecimal text; decode it first" },
    };
    /* What the firmware hands to the guest: status, size, 24 reserved bytes, then the report. */
    static const uint8_t response[8] = { 0, 0, 0, 0, 0xA0, 0x04, 0, 0 };

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        size_t n = strlen(forms[i].start);
        if (raw.len >= n && memcmp(raw.ptr, forms[i].start, n) == 0)
            return forms[i].what;
    }
    if (raw.len >= sizeof response && memcmp(raw.ptr, response, sizeof response) == 0)
        return "a firmware response (32 bytes in front of the report); leave them out";
    return NULL;
}

bool snp_tcb_at_most(const struct snp_tcb *a, const struct snp_tcb *b, const char **ret_which)
{
    const struct {
        const char *name;
        uint8_t a;
        uint8_t b;
    } rows[] = {
        { "fmc", a->fmc, b->fmc }, { "bootloader", a->bootloader, b->bootloader }, { "tee", a->tee, b->tee },
        { "snp", a->snp, b->snp }, { "microcode", a->microcode, b->microcode },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].a > rows[i].b) {
            *ret_which = rows[i].name;
            return false;
        }
    return true;
}

/* Read with the other family's layout the numbers would be plausible, and wrong. Version 2 is family 19h always. */
static void tcb_lay_out(struct snp_tcb *t, bool turin)
{
    const uint8_t *b = t->raw.ptr;

    t->has_fmc = turin;
    t->fmc = turin ? b[0] : 0;
    t->bootloader = turin ? b[1] : b[0];
    t->tee = turin ? b[2] : b[1];
    t->snp = turin ? b[3] : b[6];
    t->microcode = b[7];
}

static struct snp_policy policy_of(uint64_t bits)
{
    return (struct snp_policy){
        .bits = bits,
        .abi_minor = (uint8_t)bits,
        .abi_major = (uint8_t)(bits >> 8),
        .smt = bits >> 16 & 1,
        .migrate_ma = bits >> 18 & 1,
        .debug = bits >> 19 & 1,
        .single_socket = bits >> 20 & 1,
        .cxl_allow = bits >> 21 & 1,
        .mem_aes_256_xts = bits >> 22 & 1,
        .rapl_dis = bits >> 23 & 1,
        .ciphertext_hiding_dram = bits >> 24 & 1,
        .page_swap_disable = bits >> 25 & 1,
    };
}

static struct snp_fw_version take_fw_version(struct att_reader *r)
{
    struct snp_fw_version v = { 0 };

    v.build = att_take_u8(r);
    v.minor = att_take_u8(r);
    v.major = att_take_u8(r);
    (void)att_take(r, 1); /* reserved */
    return v;
}

/* What only its own check needs. */
struct raw_parts {
    uint32_t key_info;
    uint32_t after_key_info;
    struct att_span r;
    struct att_span s;
    struct att_span tail;
};

/* The table of the specification, from top to bottom. */
static void fields_take(struct att_reader *r, struct snp_report *p, struct raw_parts *parts)
{
    p->version = att_take_u32le(r);
    p->guest_svn = att_take_u32le(r);
    p->policy = policy_of(att_take_u64le(r));
    p->family_id = att_take(r, 16);
    p->image_id = att_take(r, 16);
    p->vmpl = att_take_u32le(r);
    p->signature_algo = att_take_u32le(r);
    p->current.raw = att_take(r, SNP_TCB_BYTES);
    p->platform_info = att_take_u64le(r);
    parts->key_info = att_take_u32le(r);
    parts->after_key_info = att_take_u32le(r);
    p->report_data = att_take(r, 64);
    p->measurement = att_take(r, SNP_MEASUREMENT_BYTES);
    p->host_data = att_take(r, SNP_HASH_BYTES);
    p->id_key_digest = att_take(r, 48);
    p->author_key_digest = att_take(r, 48);
    p->report_id = att_take(r, 32);
    p->report_id_ma = att_take(r, 32);
    p->reported.raw = att_take(r, SNP_TCB_BYTES);
    p->cpuid_family = att_take_u8(r);
    p->cpuid_model = att_take_u8(r);
    p->cpuid_stepping = att_take_u8(r);
    (void)att_take(r, 21);
    p->chip_id = att_take(r, SNP_CHIP_ID_BYTES);
    p->committed.raw = att_take(r, SNP_TCB_BYTES);
    p->current_version = take_fw_version(r);
    p->committed_version = take_fw_version(r);
    p->launch.raw = att_take(r, SNP_TCB_BYTES);
    p->launch_mit_vector = att_take_u64le(r);
    p->current_mit_vector = att_take_u64le(r);
    (void)att_take(r, 152);
    parts->r = att_take(r, HALF_BYTES);
    parts->s = att_take(r, HALF_BYTES);
    parts->tail = att_take(r, 368);
}

static enum snp_product product_by_cpuid(const struct snp_report *p)
{
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        if (p->cpuid_family == models[i].family && p->cpuid_model >= models[i].model_min &&
            p->cpuid_model <= models[i].model_max)
            return models[i].product;
    return SNP_PRODUCT_UNKNOWN;
}

/* What depends on the version: in older ones these bytes are reserved, and mean nothing. */
static void by_version(struct snp_report *p)
{
    p->has_cpuid = p->version >= SNP_VERSION_CPUID;
    p->has_mitigation = p->version >= SNP_VERSION_MITIGATION;
    p->product = p->has_cpuid ? product_by_cpuid(p) : SNP_PRODUCT_UNKNOWN;
    bool turin = p->has_cpuid && p->cpuid_family == FAMILY_1A;
    tcb_lay_out(&p->current, turin);
    tcb_lay_out(&p->reported, turin);
    tcb_lay_out(&p->committed, turin);
    tcb_lay_out(&p->launch, turin);
}

static bool policy_good(const struct snp_policy *policy, struct att_err *err)
{
    if (!(policy->bits >> 17 & 1))
        return att_fail(err, ATT_SNP_POLICY, "sevsnp.report.policy", "bit 17 set, as it always is", "0x%llx",
                        (unsigned long long)policy->bits);
    if (policy->bits >> 26)
        return att_fail(err, ATT_SNP_POLICY, "sevsnp.report.policy", "bits 26 to 63 clear", "0x%llx",
                        (unsigned long long)policy->bits);
    return true;
}

/* With MASK_CHIP_KEY the firmware writes zeros in place of a signature: there is nothing to check such a report by. */
static bool key_info_read(const struct raw_parts *parts, struct snp_report *p, struct att_err *err)
{
    unsigned key = parts->key_info >> 2 & 7;

    if (parts->key_info >> 5)
        return att_fail(err, ATT_SNP_RESERVED, "sevsnp.report.key_info", "bits 5 to 31 clear", "0x%x",
                        parts->key_info);
    if (parts->after_key_info != 0)
        return att_fail(err, ATT_SNP_RESERVED, "sevsnp.report.reserved[0x4c]", "four zero bytes", "0x%x",
                        parts->after_key_info);
    if (key != SNP_KEY_VCEK && key != SNP_KEY_VLEK)
        return att_fail(err, ATT_SNP_SIGNING_KEY, "sevsnp.report.key_info.signing_key",
                        "0 (VCEK) or 1 (VLEK)", "%u%s", key, key == SNP_KEY_NONE ? " (none)" : "");
    if (parts->key_info >> 1 & 1)
        return att_fail(err, ATT_SNP_SIGNING_KEY, "sevsnp.report.key_info.mask_chip_key",
                        "0: a report that is signed", "1");
    p->author_key_en = parts->key_info & 1;
    p->signing_key = (enum snp_signing_key)key;
    return true;
}

static bool all_zero(struct att_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] != 0)
            return false;
    return true;
}

/* 72 bytes little-endian to 48 big-endian; what is out of 1..n-1 is no half of a signature. */
static bool scalar_read(struct att_span half, const char *where, uint8_t ret[SCALAR_BYTES],
                        struct att_err *err)
{
    static const uint8_t zero[SCALAR_BYTES] = { 0 };

    for (size_t i = 0; i < SCALAR_BYTES; i++)
        ret[i] = half.ptr[SCALAR_BYTES - 1 - i];
    if (!all_zero(att_span_of(half.ptr + SCALAR_BYTES, HALF_BYTES - SCALAR_BYTES)))
        return att_fail(err, ATT_SNP_SIGNATURE_RANGE, where, "zeros in bytes 48 to 71", "a larger number");
    if (memcmp(ret, zero, SCALAR_BYTES) == 0)
        return att_fail(err, ATT_SNP_SIGNATURE_RANGE, where, "from 1 to the order of P-384, less one", "0");
    if (memcmp(ret, p384_order, SCALAR_BYTES) >= 0)
        return att_fail(err, ATT_SNP_SIGNATURE_RANGE, where, "from 1 to the order of P-384, less one",
                        "the order or more");
    return true;
}

static bool signature_read(const struct raw_parts *parts, struct snp_report *p, struct att_err *err)
{
    if (!scalar_read(parts->r, "sevsnp.report.signature.r", p->signature, err) ||
        !scalar_read(parts->s, "sevsnp.report.signature.s", p->signature + SCALAR_BYTES, err))
        return false;
    if (!all_zero(parts->tail)) /* signed by nobody: whatever stood there would be the sender's */
        return att_fail(err, ATT_SNP_RESERVED, "sevsnp.report.signature.reserved",
                        "zeros in bytes 0x330 to 0x49f", "other bytes");
    return true;
}

static bool length_good(struct att_span raw, struct att_err *err)
{
    const char *form;

    if (raw.len == SNP_REPORT_BYTES)
        return true;
    form = snp_recognised(raw);
    if (form)
        return att_fail(err, ATT_SNP_LENGTH, "sevsnp.report", "the 1184 bytes of a report", "%s", form);
    return att_fail(err, ATT_SNP_LENGTH, "sevsnp.report", "the 1184 bytes of a report", "%zu bytes", raw.len);
}

bool snp_report_parse(struct att_span raw, struct snp_report *ret, struct att_err *err)
{
    struct att_reader r = att_reader_of(raw);
    struct snp_report p = { .whole = raw };
    struct raw_parts parts = { 0 };

    if (!length_good(raw, err))
        return false;
    fields_take(&r, &p, &parts);
    if (!att_all_read(&r))
        return att_fail(err, ATT_INTERNAL, "sevsnp.report", "fields of 1184 bytes together", "%zu left",
                        r.left);
    if (p.version < VERSION_MIN || p.version > VERSION_MAX)
        return att_fail(err, ATT_SNP_VERSION, "sevsnp.report.version", "2, 3, 4 or 5", "%u", p.version);
    if (p.signature_algo != ALGO_P384_SHA384)
        return att_fail(err, ATT_SNP_SIGNATURE_ALGO, "sevsnp.report.signature_algo",
                        "1 (ECDSA P-384 with SHA-384)", "%u", p.signature_algo);
    if (!key_info_read(&parts, &p, err) || !policy_good(&p.policy, err) || !signature_read(&parts, &p, err))
        return false;
    p.signed_bytes = att_span_of(raw.ptr, SNP_SIGNED_BYTES);
    by_version(&p);
    *ret = p;
    return true;
}
