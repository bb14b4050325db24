/* layers: makers base */
/* Whole SEV-SNP evidence, read back with OpenSSL: every signature, name, length and link holds, over products, signers
 * and report versions; what options ask for is what stands there; the same reader on recorded reports of real machines when
 * the vectors are there; vendors on disk. */
#include "snp_facts.h"
#include "support/cases.h"

#include <sys/stat.h>
#include <unistd.h>

#define AT ((int64_t)1780000000) /* 2026-05-28T20:26:40Z */

static struct cases cases = { .name = "makers.snp" };

static bool has(const struct snp_facts *f, const char *line)
{
    size_t n = strlen(line);

    for (const char *at = (const char *)f->text.ptr; *at; at = strchr(at, '\n') + 1)
        if (strncmp(at, line, n) == 0 && at[n] == '\n')
            return true;
    return false;
}

static void want(const char *label, const struct snp_facts *f, const char *line)
{
    cases_check(&cases, has(f, line), "%s: no %s", label, line);
}

#define PSS_52                                                                                               \
    "304106092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d0609" \
    "6086480165030402020500a203020130"
#define PSS_57                                                                                               \
    "304606092a864886f70d01010a3039a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d0609" \
    "6086480165030402020500a203020130a303020101"
#define NAME(cn) "CN=" cn ",O=Advanced Micro Devices,ST=CA,L=Santa Clara,C=US,OU=Engineering"

/* What holds for every whole piece of evidence. */
static void check_whole(const char *label, const struct snp_facts *f, const char *product, bool vlek)
{
    static const char *const lines[] = {
        "report=1184 bytes",
        "algo=01000000",
        "reserved_4c=00000000",
        "r=in range",
        "s=in range",
        "runtime.bound=yes",
        "chain=there",
        "chain.count=3",
        "chain.lines=LF",
        "chain.nul=no",
        "chain[0].serial=00",
        "chain[1].signed_by=ark",
        "chain[2].key=ark",
        "chain[2].signed_by=ark",
        "chain[1].algorithm=" PSS_52,
        "chain[2].algorithm=" PSS_52,
        "ext_report.begins=like the report",
        "table.count=3",
        "table.behind=0",
        "table.ended=yes",
        "table[0].order=next",
        "table[1].order=next",
        "table[2].order=next",
        "table[0].behind=nothing",
        "table[1].guid=4ab7b379",
        "table[2].guid=c0b406a4",
        "table[2].key=ark",
        "vcek_crl.behind=nothing",
        "vlek_crl.behind=nothing",
        "vcek_crl.signed_by=ark",
        "vlek_crl.signed_by=ark",
        "vcek_crl.revoked=0",
        "vlek_crl.revoked=0",
        "chain[1].ext.2.5.29.19=30060101ff020100",
        "chain[1].ext.2.5.29.15=03020204",
        "chain[2].ext.2.5.29.19=30030101ff",
        "chain[2].ext.2.5.29.15=03020106",
    };
    char line[300];

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        want(label, f, lines[i]);
    want(label, f, vlek ? "signed_by=vlek" : "signed_by=vcek");
    want(label, f, vlek ? "key_info=04000000" : "key_info=00000000");
    want(label, f, vlek ? "chain[0].key=vlek" : "chain[0].key=vcek");
    want(label, f, vlek ? "chain[0].signed_by=asvk" : "chain[0].signed_by=ask");
    want(label, f, vlek ? "table[0].guid=a8074bc2" : "table[0].guid=63da758d");
    want(label, f, vlek ? "chain[0].subject=" NAME("SEV-VLEK") : "chain[0].subject=" NAME("SEV-VCEK"));
    (void)snprintf(line, sizeof line, "chain[1].subject=CN=SEV-%s%s,", vlek ? "VLEK-" : "", product);
    cases_check(&cases, strstr((char *)f->text.ptr, line) != NULL, "%s: no %s", label, line);
    (void)snprintf(line, sizeof line, "chain[2].subject=CN=ARK-%s,", product);
    cases_check(&cases, strstr((char *)f->text.ptr, line) != NULL, "%s: no %s", label, line);
}

static void check_binding(const char *label, const struct snp_facts *f, enum mk_amd_product product,
                          bool vlek)
{
    bool turin = product == MK_AMD_TURIN;

    want(label, f, turin ? "reported=0101010400000051" : "reported=04000000000018d9");
    want(label, f, turin ? "committed=0101010400000052" : "committed=04000000000018db");
    want(label, f, turin ? "current=0201010500000053" : "current=05010000000019dc");
    want(label, f,
         turin ? "chain[0].ext.1.3.6.1.4.1.3704.1.3.9=020101" : "chain[0].ext.1.3.6.1.4.1.3704.1.3.4=020100");
    want(label, f,
         turin ? "chain[0].ext.1.3.6.1.4.1.3704.1.3.1=020101" : "chain[0].ext.1.3.6.1.4.1.3704.1.3.1=020104");
    want(label, f,
         turin ? "chain[0].ext.1.3.6.1.4.1.3704.1.3.3=020104" : "chain[0].ext.1.3.6.1.4.1.3704.1.3.3=020118");
    want(label, f,
         turin ? "chain[0].ext.1.3.6.1.4.1.3704.1.3.8=020151"
               : "chain[0].ext.1.3.6.1.4.1.3704.1.3.8=020200d9");
    want(label, f,
         turin ? "chain[0].ext.1.3.6.1.4.1.3704.1.1=020101" : "chain[0].ext.1.3.6.1.4.1.3704.1.1=020100");
    if (vlek) {
        cases_check(&cases, strstr((char *)f->text.ptr, "\nchain[0].ext.1.3.6.1.4.1.3704.1.4=") == NULL,
                    "%s: hwID", label);
        cases_check(&cases, strstr((char *)f->text.ptr, "\nchain[0].ext.1.3.6.1.4.1.3704.1.5=16") != NULL,
                    "%s: cspID", label);
        cases_check(&cases, strstr((char *)f->text.ptr, "\nchip_id=00000000") != NULL, "%s: CHIP_ID", label);
        return;
    }
    cases_check(&cases,
                strstr((char *)f->text.ptr, "\nchain[0].ext.1.3.6.1.4.1.3704.1.4=54455354c4c5c6c7") != NULL,
                "%s: hwID", label);
    cases_check(&cases,
                strstr((char *)f->text.ptr,
                       turin ? "\nchip_id=54455354c4c5c6c70000" : "\nchip_id=54455354c4c5c6c7c8c9") != NULL,
                "%s: CHIP_ID", label);
}

static void check_version(const char *label, const struct snp_facts *f, unsigned version)
{
    char line[32];

    (void)snprintf(line, sizeof line, "version=%02u000000", version);
    want(label, f, line);
    cases_check(&cases, has(f, "cpuid=000000") == (version < 3), "%s: CPUID", label);
    want(label, f, version < 5 ? "launch_mit=0000000000000000" : "launch_mit=3f00000000000000");
    want(label, f, version < 5 ? "current_mit=0000000000000000" : "current_mit=3f00000000000000");
}

static void check_product(const struct mk_amd *amd)
{
    enum mk_amd_product product = mk_amd_product(amd);
    struct mk_snp_evidence ev[2] = { 0 };
    struct snp_known known = { 0 };
    struct mk_snp_options o;
    struct att_err err = { 0 };

    for (unsigned version = product == MK_AMD_TURIN ? 3 : 2; version <= 5; version++) {
        mk_snp_defaults(&o, product, AT);
        o.version = version;
        o.trailer_field = version == 4;
        for (enum mk_snp_signer s = MK_SNP_VCEK; s <= MK_SNP_VLEK; s++) {
            o.signer = s;
            if (!mk_snp_make(amd, &o, &ev[s], &err))
                abort();
        }
        snp_known_learn(&known, &ev[0], &ev[1]);
        for (enum mk_snp_signer s = MK_SNP_VCEK; s <= MK_SNP_VLEK; s++) {
            struct snp_facts f;
            char label[64];
            (void)snprintf(label, sizeof label, "%s, version %u, %s", mk_amd_product_name(product), version,
                           s ? "VLEK" : "VCEK");
            snp_facts_read(&f, &ev[s], &known);
            check_whole(label, &f, mk_amd_product_name(product), s == MK_SNP_VLEK);
            check_binding(label, &f, product, s == MK_SNP_VLEK);
            check_version(label, &f, version);
            want(label, &f, version == 4 ? "chain[0].algorithm=" PSS_57 : "chain[0].algorithm=" PSS_52);
            cases_check(&cases, ev[s].expected_code == ATT_OK, "%s: expected", label);
            att_buf_free(&f.text);
            mk_snp_evidence_free(&ev[s]);
        }
        snp_known_forget(&known);
    }
}

/* -- options --------------------------------------------------------------------------------------------------- */

static void check_fields(const struct mk_amd *amd)
{
    struct mk_snp_evidence ev = { 0 };
    struct mk_snp_options o;
    struct att_err err = { 0 };

    mk_snp_defaults(&o, MK_AMD_GENOA, AT);
    o.has_runtime_data = false;
    o.guest_svn = 0x01020304;
    o.policy = 0x0102030405060708;
    o.vmpl = 0xffffffff;
    o.platform_info = 0x1112131415161718;
    o.author_key_enabled = true;
    o.launch_mit_vector = 0x2122232425262728;
    o.version = 5;
    o.current_version = (struct mk_snp_version){ 1, 2, 3 };
    o.committed_version = (struct mk_snp_version){ 4, 5, 6 };
    memset(o.chip_id, 0, sizeof o.chip_id);
    for (size_t i = 0; i < 64; i++)
        o.report_data[i] = (uint8_t)i;
    bool made = mk_snp_make(amd, &o, &ev, &err);
    cases_check(&cases, made, "fields: %s", err.text);
    if (!made)
        return;
    const uint8_t *r = mk_snp_item(&ev, MK_SNP_REPORT).ptr;
    cases_check(&cases, le(r + 0x04, 4) == 0x01020304, "GUEST_SVN");
    cases_check(&cases, le(r + 0x08, 8) == 0x0102030405060708, "POLICY");
    cases_check(&cases, le(r + 0x30, 4) == 0xffffffff, "VMPL");
    cases_check(&cases, le(r + 0x40, 8) == 0x1112131415161718, "PLATFORM_INFO");
    cases_check(&cases, le(r + 0x48, 4) == 1, "AUTHOR_KEY_EN");
    cases_check(&cases, memcmp(r + 0x50, o.report_data, 64) == 0, "REPORT_DATA");
    cases_check(&cases, le(r + 0x1a0, 8) == 0, "CHIP_ID of zeros");
    cases_check(&cases, le(r + 0x1e8, 8) == 0x0006050400030201, "versions of the firmware");
    cases_check(&cases, le(r + 0x1f8, 8) == 0x2122232425262728, "LAUNCH_MIT_VECTOR");
    cases_check(&cases, !ev.present[MK_SNP_RUNTIME_DATA], "no runtime data");
    mk_snp_evidence_free(&ev);
}

static void check_refused(const struct mk_amd *genoa)
{
    static const struct {
        const char *name, *where;
        unsigned version;
        enum mk_snp_break broken;
        int64_t at;
        const char *product_name;
    } rows[] = {
        { "version 1", "version", 1, MK_SNP_BREAK_NONE, AT, NULL },
        { "version 6", "version", 6, MK_SNP_BREAK_NONE, AT, NULL },
        { "a break of Turin", "broken", 3, MK_SNP_BREAK_TCB_FMC_OTHER, AT, NULL },
        { "no such break", "broken", 3, MK_SNP_BREAK_COUNT, AT, NULL },
        { "before the vendor", "at", 3, MK_SNP_BREAK_NONE, 1000000000, NULL },
        { "behind the vendor", "at", 3, MK_SNP_BREAK_NONE, 2600000000, NULL },
        { "no ASCII", "product_name, csp_id", 3, MK_SNP_BREAK_NONE, AT, "Gen\xc3\xb6" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mk_snp_evidence ev = { 0 };
        struct mk_snp_options o;
        struct att_err err = { 0 };
        mk_snp_defaults(&o, MK_AMD_GENOA, AT);
        o.version = rows[i].version;
        o.broken = rows[i].broken;
        o.at_unix_s = rows[i].at;
        o.product_name = rows[i].product_name;
        bool made = mk_snp_make(genoa, &o, &ev, &err);
        cases_check(&cases,
                    !made && err.code == ATT_PARAMETER_INVALID && strcmp(err.where, rows[i].where) == 0,
                    "%s: %s at %s", rows[i].name, att_code_name(err.code), err.where);
        mk_snp_evidence_free(&ev);
    }
    struct mk_amd *none = NULL;
    struct att_err err = { 0 };
    cases_check(&cases,
                !mk_amd_new(MK_AMD_MILAN, 1024, AT, &none, &err) && strcmp(err.where, "rsa_bits") == 0,
                "RSA of 1024 bits");
    err = (struct att_err){ 0 };
    cases_check(&cases, !mk_amd_new(MK_AMD_PRODUCT_COUNT, 2048, AT, &none, &err) && !none, "no product");
}

/* -- on disk ---------------------------------------------------------------------------------------------------- */

static void check_disk(const struct mk_amd *genoa)
{
    static const char *const keys[] = { "ark", "ask", "asvk", "vcek", "vlek" };
    char dir[] = "/tmp/makers-amd-XXXXXX", path[200], other[200];
    struct mk_amd *again = NULL;
    struct att_buf a = { 0 }, b = { 0 };
    struct att_err err = { 0 };
    struct stat st;

    if (!mkdtemp(dir))
        abort();
    cases_check(&cases, mk_amd_save(genoa, dir, &err), "saving: %s", err.text);
    for (size_t i = 0; i < 5; i++) {
        (void)snprintf(path, sizeof path, "%s/Genoa/%s.TEST-KEY.pem", dir, keys[i]);
        cases_check(&cases, stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, "mode of %s", path);
    }
    bool loaded = mk_amd_open(dir, MK_AMD_GENOA, AT, &again, &err);
    cases_check(&cases, loaded, "loading: %s", err.text);
    cases_check(&cases,
                loaded && mk_amd_ark_pem(genoa, &a, &err) && mk_amd_ark_pem(again, &b, &err) &&
                    a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0,
                "the same ARK");
    att_buf_free(&a);
    att_buf_free(&b);
    mk_amd_free(again);

    static const struct {
        const char *from, *to; /* this file in place of that */
    } rows[] = { { "ask.pem", "asvk.pem" },
                 { "vcek.TEST-KEY.pem", "ask.TEST-KEY.pem" },
                 { "asvk.TEST-KEY.pem", "ask.TEST-KEY.pem" },
                 { "ark.TEST-KEY.pem", "vlek.TEST-KEY.pem" },
                 { "vcek.TEST-KEY.pem", "ark.pem" } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        again = NULL;
        err = (struct att_err){ 0 };
        (void)snprintf(path, sizeof path, "%s/Genoa/%s", dir, rows[i].to);
        (void)snprintf(other, sizeof other, "%s/Genoa/%s", dir, rows[i].from);
        if (unlink(path) != 0 || link(other, path) != 0)
            abort();
        cases_check(&cases,
                    !mk_amd_open(dir, MK_AMD_GENOA, AT, &again, &err) && err.code == ATT_CONFIG_INVALID &&
                        !again,
                    "%s in place of %s: %s", rows[i].from, rows[i].to, att_code_name(err.code));
        if (!mk_amd_save(genoa, dir, &err))
            abort();
    }
    for (size_t i = 0; i < 5; i++) {
        (void)snprintf(path, sizeof path, "%s/Genoa/%s.TEST-KEY.pem", dir, keys[i]);
        (void)unlink(path);
        (void)snprintf(path, sizeof path, "%s/Genoa/%s.pem", dir, keys[i]);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof path, "%s/Genoa", dir);
    cases_check(&cases, rmdir(path) == 0 && rmdir(dir) == 0, "nothing else was left");
}

/* -- the reader, on what real machines wrote -------------------------------------------------------------------- */

static void check_real(const char *name, bool vlek)
{
    const char *vectors = vectors_dir();
    struct mk_snp_evidence ev = { 0 };
    struct snp_known known = { 0 };
    struct snp_facts f;
    static const struct {
        const char *file;
        enum mk_snp_item item;
    } files[] = { { "report.bin", MK_SNP_REPORT }, { "chain.pem", MK_SNP_CHAIN } };

    if (!vectors) {
        cases_skip(&cases, "%s: no vectors", name);
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        char *path = path_of(vectors, "sevsnp/%s/%s", name, files[i].file);
        size_t len = 0;
        uint8_t *bytes = file_read(path, &len);
        att_buf_put(&ev.items[files[i].item], att_span_of(bytes, bytes ? len : 0));
        ev.present[files[i].item] = bytes != NULL;
        free(bytes);
        free(path);
    }
    if (!ev.present[MK_SNP_REPORT] || !ev.present[MK_SNP_CHAIN]) {
        cases_skip(&cases, "%s: no vector", name);
        mk_snp_evidence_free(&ev);
        return;
    }
    att_buf_put(&ev.items[MK_SNP_EXT_REPORT], mk_snp_item(&ev, MK_SNP_REPORT));
    snp_known_learn(&known, &ev, &ev);
    snp_facts_read(&f, &ev, &known);
    static const char *const lines[] = {
        "report=1184 bytes",     "r=in range",         "s=in range",
        "chain.count=3",         "chain[0].serial=00", "chain[1].signed_by=ark",
        "chain[2].signed_by=ark"
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        want(name, &f, lines[i]);
    want(name, &f, "chain[0].signed_by=ask"); /* whoever is second */
    want(name, &f, "signed_by=vcek");         /* whoever is first */
    want(name, &f, vlek ? "chain[0].subject=" NAME("SEV-VLEK") : "chain[0].subject=" NAME("SEV-VCEK"));
    cases_check(&cases, has(&f, "chain[0].algorithm=" PSS_52) || has(&f, "chain[0].algorithm=" PSS_57),
                "%s: an algorithm that is made here, too", name);
    att_buf_free(&f.text);
    snp_known_forget(&known);
    mk_snp_evidence_free(&ev);
}

int main(void)
{
    struct mk_amd *genoa = NULL, *turin = NULL;
    struct att_err err = { 0 };

    if (!mk_amd_new(MK_AMD_GENOA, MK_AMD_BITS_QUICK, AT, &genoa, &err) ||
        !mk_amd_new(MK_AMD_TURIN, MK_AMD_BITS_QUICK, AT, &turin, &err))
        abort();
    check_product(genoa);
    check_product(turin);
    check_fields(genoa);
    check_refused(genoa);
    check_disk(genoa);
    check_real("milan-v3-aci", false);
    check_real("genoa-v5-plain", false);
    check_real("turin-v5-aci", false);
    check_real("milan-v3-vlek-aws", true);
    mk_amd_free(genoa);
    mk_amd_free(turin);
    return cases_report(&cases);
}
