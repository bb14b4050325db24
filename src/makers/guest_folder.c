/* Attestation information of Azure guests on disk, and what a verifier must answer. */
#include "base/auto.h"
#include "base/err.h"
#include "base/timetext.h"
#include "makers/disk.h"
#include "makers/folder.h"
#include "makers/guest.h"

const char *mk_guest_item_file(enum mk_guest_item item)
{
    static const char *const files[MK_GUEST_ITEM_COUNT] = {
        [MK_GUEST_INFO] = "attestation-info.json",
        [MK_GUEST_BODY] = "attest-azure-guest-body.json",
        [MK_GUEST_RUNTIME] = "runtime-data.json",
        [MK_GUEST_HCL] = "hcl-report.bin",
        [MK_GUEST_BUNDLE] = "hcl-bundle.json",
        [MK_GUEST_QUOTE] = "quote.msg",
        [MK_GUEST_SIGNATURE] = "quote.sig",
        [MK_GUEST_PCRS] = "pcrs.json",
        [MK_GUEST_LOG] = "eventlog.bin",
        [MK_GUEST_AIK_CA] = "aik_ca.pem",
        [MK_GUEST_CHAIN] = "chain.pem",
        [MK_GUEST_ROOT] = "hardware_root.pem",
        [MK_GUEST_ANSWER_KEY] = "answer.TEST-KEY.pem",
    };
    return (size_t)item < MK_GUEST_ITEM_COUNT ? files[item] : "unknown";
}

static const char *truth(bool b)
{
    return b ? "true" : "false";
}

static void put_quoted(struct att_buf *out, const char *text)
{
    if (text)
        att_buf_printf(out, "\"%s\"", text);
    else
        att_buf_puts(out, "null");
}

static void put_claims(const struct mk_guest_evidence *ev, struct att_buf *out)
{
    const struct mk_boot *b = &ev->options.boot;
    bool windows = b->os == MK_OS_WINDOWS; /* which other events say as well as a forged one */
    bool read = windows && ev->broken->id != MK_GUEST_BREAK_LOG_TAG_FORGED;

    att_buf_printf(out, "{\n  \"secureboot\": %s,\n  \"x-ms-azurevm-is-windows\": %s,\n",
                   truth(ev->secure_boot), truth(windows));
    att_buf_printf(out, "  \"x-ms-azurevm-elam-enabled\": %s,\n", truth(read && b->has_elam));
    att_buf_printf(out, "  \"x-ms-azurevm-testsigning-enabled\": %s\n }",
                   truth(windows && b->flags[MK_FLAG_TEST_SIGNING] == MK_TRUE));
}

static bool name_ok(const char *name, struct att_err *err)
{
    for (const char *c = name; *c; c++)
        if (!((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || *c == '-'))
            return att_fail(err, ATT_PARAMETER_INVALID, "name", "letters, digits and dashes",
                            "another character");
    return true;
}

bool mk_guest_expected_json(const struct mk_guest_evidence *ev, const char *name, struct att_buf *out,
                            struct att_err *err)
{
    static const char *const isolations[] = { "trusted-launch", "sev-snp", "tdx" };
    struct att_time_text at;
    int64_t at_unix_s = ev->options.at_unix_s;
    bool good = ev->expected_code == ATT_OK, hcl = ev->broken->needs == MK_GUEST_NEEDS_HCL;

    if (!name_ok(name, err))
        return false;
    att_buf_printf(out, "{\n \"name\": \"%s\",\n \"tee\": \"azure-guest\",\n \"isolation\": \"%s\",\n", name,
                   isolations[ev->options.isolation]);
    att_buf_printf(out, " \"at\": \"%s\",\n \"at_unix\": %lld,\n \"synthetic\": true,\n",
                   att_time_text(&at, at_unix_s), (long long)at_unix_s);
    att_buf_printf(out, " \"aik_root\": \"%s\",\n \"trust_root\": ", mk_guest_item_file(MK_GUEST_AIK_CA));
    put_quoted(out, ev->items[MK_GUEST_ROOT].len > 0 ? mk_guest_item_file(MK_GUEST_ROOT) : NULL);
    att_buf_printf(out, ",\n \"evidence\": \"%s\",\n \"expected_verdict\": \"%s\",\n \"expected_error\": ",
                   mk_guest_item_file(hcl ? MK_GUEST_BUNDLE : MK_GUEST_INFO),
                   good ? "accept_crypto" : "reject");
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

static bool write_collateral(const struct mk_guest_evidence *ev, const char *dir, struct att_err *err)
{
    struct mk_path under;

    if (ev->options.isolation != MK_GUEST_TDX)
        return true;
    return mk_path_join(&under, dir, "collateral", "", err) && mk_folder_make(under.text, 0755, err) &&
           mk_collateral_write(&ev->td, under.text, err);
}

bool mk_guest_write(const struct mk_guest_evidence *ev, const char *dir, const char *name,
                    struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf json = { 0 };

    if (!mk_guest_expected_json(ev, name, &json, err) || !mk_folder_make(dir, 0755, err))
        return false;
    for (enum mk_guest_item i = 0; i < MK_GUEST_ITEM_COUNT; i++) {
        struct att_span bytes = mk_guest_item(ev, i);
        const char *file = mk_guest_item_file(i);
        unsigned mode = i == MK_GUEST_ANSWER_KEY ? 0600 : 0644;
        if (!(bytes.len > 0 ? mk_file_write(dir, file, "", bytes, mode, err)
                            : mk_file_remove(dir, file, err)))
            return false;
    }
    return write_collateral(ev, dir, err) &&
           mk_file_write(dir, "expected.json", "", att_buf_span(&json), 0644, err);
}
