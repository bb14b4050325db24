/* expected.json: what a verifier must answer, and which claims follow from the report alone. */
#include "base/err.h"
#include "base/timetext.h"
#include "makers/snp.h"

static void put_quoted(struct att_buf *out, const char *text)
{
    if (text)
        att_buf_printf(out, "\"%s\"", text);
    else
        att_buf_puts(out, "null");
}

static void put_hex(struct att_buf *out, const char *name, const uint8_t *bytes, size_t len)
{
    att_buf_printf(out, ",\n  \"x-ms-sevsnpvm-%s\": \"", name);
    for (size_t i = 0; i < len; i++)
        att_buf_printf(out, "%02x", bytes[i]);
    att_buf_putc(out, '"');
}

static void put_number(struct att_buf *out, const char *name, unsigned long value)
{
    att_buf_printf(out, ",\n  \"x-ms-sevsnpvm-%s\": %lu", name, value);
}

static void put_bits(struct att_buf *out, uint64_t policy)
{
    static const struct {
        const char *name;
        uint64_t bit;
    } rows[] = {
        { "ciphertext-hiding-dram-enabled", MK_SNP_POLICY_CIPHERTEXT_HIDING_DRAM },
        { "cxl-allowed", MK_SNP_POLICY_CXL_ALLOW },
        { "is-debuggable", MK_SNP_POLICY_DEBUG },
        { "mem-aes256-xts-required", MK_SNP_POLICY_MEM_AES_256_XTS },
        { "migration-allowed", MK_SNP_POLICY_MIGRATE_MA },
        { "page-swap-disabled", MK_SNP_POLICY_PAGE_SWAP_DISABLE },
        { "rapl-disabled", MK_SNP_POLICY_RAPL_DIS },
        { "singlesocket", MK_SNP_POLICY_SINGLE_SOCKET },
        { "smt-allowed", MK_SNP_POLICY_SMT },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        att_buf_printf(out, ",\n  \"x-ms-sevsnpvm-%s\": %s", rows[i].name,
                       policy & rows[i].bit ? "true" : "false");
}

static void put_claims(const struct mk_snp_evidence *ev, struct att_buf *out)
{
    static const uint8_t no_chip[64];
    const struct mk_snp_options *o = &ev->options;

    att_buf_printf(out, "{\n  \"x-ms-sevsnpvm-chip-family\": \"%s\"", mk_amd_product_name(ev->product));
    put_hex(out, "authorkeydigest", o->author_key_digest, 48);
    put_hex(out, "chipid", o->signer == MK_SNP_VLEK ? no_chip : o->chip_id, 64);
    put_hex(out, "familyId", o->family_id, 16);
    put_hex(out, "hostdata", o->host_data, 32);
    put_hex(out, "idkeydigest", o->id_key_digest, 48);
    put_hex(out, "imageId", o->image_id, 16);
    put_hex(out, "launchmeasurement", o->measurement, 48);
    put_hex(out, "reportdata", o->report_data, 64);
    put_hex(out, "reportid", o->report_id, 32);
    put_number(out, "bootloader-svn", o->reported.bootloader);
    put_number(out, "guestsvn", o->guest_svn);
    put_number(out, "microcode-svn", o->reported.microcode);
    put_number(out, "snpfw-svn", o->reported.snp);
    put_number(out, "tee-svn", o->reported.tee);
    put_number(out, "vmpl", o->vmpl);
    put_bits(out, o->policy);
    att_buf_puts(out, "\n }");
}

bool mk_snp_expected_json(const struct mk_snp_evidence *ev, const char *name, struct att_buf *out,
                          struct att_err *err)
{
    struct att_time_text at;
    int64_t at_unix_s = ev->options.at_unix_s;
    bool good = ev->expected_code == ATT_OK;
    bool table = ev->broken->scope == MK_SNP_IN_TABLE;

    for (const char *c = name; *c; c++)
        if (!((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || *c == '-'))
            return att_fail(err, ATT_PARAMETER_INVALID, "name", "letters, digits and dashes",
                            "another character");
    att_buf_printf(out, "{\n \"name\": \"%s\",\n \"tee\": \"sev-snp\",\n \"product\": \"%s\",\n", name,
                   mk_amd_product_name(ev->product));
    att_buf_printf(out, " \"at\": \"%s\",\n \"at_unix\": %lld,\n \"synthetic\": true,\n",
                   att_time_text(&at, at_unix_s), (long long)at_unix_s);
    att_buf_printf(out, " \"trust_root\": \"%s\",\n", mk_snp_item_file(MK_SNP_ARK));
    att_buf_printf(out, " \"evidence\": \"%s\",\n \"cert_chain\": ",
                   mk_snp_item_file(table ? MK_SNP_EXT_REPORT : MK_SNP_REPORT));
    put_quoted(out, table || !ev->present[MK_SNP_CHAIN] ? NULL : mk_snp_item_file(MK_SNP_CHAIN));
    att_buf_printf(
        out, ",\n \"expected_verdict\": \"%s\",\n \"expected_error\": ", good ? "accept_crypto" : "reject");
    put_quoted(out, good ? NULL : att_code_name(ev->expected_code));
    att_buf_puts(out, ",\n \"also_acceptable_errors\": [");
    if (ev->also_code != ev->expected_code)
        put_quoted(out, att_code_name(ev->also_code));
    att_buf_puts(out, "],\n \"expected_claims\": ");
    if (good)
        put_claims(ev, out);
    else
        att_buf_puts(out, "null");
    att_buf_puts(out, ",\n \"note\": ");
    put_quoted(out, ev->broken->words);
    att_buf_puts(out, "\n}\n");
    return !out->failed || att_fail_memory(err, "makers.expected");
}
