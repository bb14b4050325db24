/* attestctl evidence make tpm and vbs. */
#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/evidence_make.h"
#include "cli/nearest.h"
#include "makers/tpm_request.h"

#include <stdio.h>

ATT_AUTO_PTR(vendor_free, struct mk_tpm_vendor, mk_tpm_vendor_free)
ATT_AUTO_PTR(tpm_free, struct mk_tpm, mk_tpm_free)

static bool is_vbs(const struct cli *c)
{
    return strcmp(c->operands[0], "vbs") == 0;
}

/* Rows about enclaves are broken requests of enclaves; a request without one has no room for them. */
static bool is_for(const struct cli *c, const struct mk_tpm_break_row *row)
{
    return is_vbs(c) ? row->needs != MK_TPM_NEEDS_LINUX : row->needs != MK_TPM_NEEDS_VBS;
}

void cli_make_tpm_breaks(struct cli *c, struct att_json_writer *w)
{
    for (size_t i = 1; i < MK_TPM_BREAK_COUNT; i++) {
        const struct mk_tpm_break_row *r = &mk_tpm_breaks[i];
        if (is_for(c, r))
            cli_make_break_row(c, w,
                               &(struct cli_break_row){ r->name, mk_tpm_needs_name(r->needs), r->words,
                                                        r->expected_code, r->also_code });
    }
}

static bool break_read(const struct cli *c, enum mk_tpm_break *ret, struct att_err *err)
{
    const char *name = cli_value(c, "break");
    struct att_shown shown;

    if (!name)
        return true;
    const struct mk_tpm_break_row *row = mk_tpm_break_by_name(name);
    if (row && is_for(c, row)) {
        *ret = row->id;
        return true;
    }
    struct cli_nearest near = { .wanted = name };
    for (size_t i = 0; i < MK_TPM_BREAK_COUNT; i++)
        if (is_for(c, &mk_tpm_breaks[i]))
            cli_nearest_try(&near, mk_tpm_breaks[i].name);
    return att_fail(err, ATT_USAGE, "break", near.best ? near.best : "a name that --list-breaks shows", "%s",
                    att_shown(&shown, att_str(name)));
}

bool cli_make_choice(const struct cli *c, const char *option, const struct cli_make_word *words,
                     const char *expected, unsigned *ret, struct att_err *err)
{
    const char *text = cli_value(c, option);
    struct att_shown shown;

    if (!text)
        return true;
    for (; words->word; words++) {
        if (strcmp(text, words->word) != 0)
            continue;
        *ret = words->value;
        return true;
    }
    return att_fail(err, ATT_USAGE, option, expected, "%s", att_shown(&shown, att_str(text)));
}

bool cli_make_os(const struct cli *c, enum mk_os *ret, struct att_err *err)
{
    static const struct cli_make_word words[] = { { "linux", MK_OS_LINUX },
                                                  { "windows", MK_OS_WINDOWS },
                                                  { NULL, 0 } };
    unsigned os = *ret;

    if (!cli_make_choice(c, "os", words, "linux or windows", &os, err))
        return false;
    *ret = (enum mk_os)os;
    return true;
}

/* What the boot says of Secure Boot. */
bool cli_make_secure_boot(const struct cli *c, enum mk_flag *ret, struct att_err *err)
{
    static const struct cli_make_word words[] = {
        { "on", MK_TRUE }, { "off", MK_FALSE }, { "absent", MK_ABSENT }, { NULL, 0 }
    };
    unsigned flag = *ret;

    if (!cli_make_choice(c, "secure-boot", words, "on, off or absent", &flag, err))
        return false;
    *ret = (enum mk_flag)flag;
    return true;
}

static bool keys_read(const struct cli *c, struct mk_request_options *o, struct att_err *err)
{
    static const struct cli_make_word aiks[] = { { "rsassa", MK_TPM_AIK },
                                                 { "rsapss", MK_TPM_AIK_PSS },
                                                 { "ecdsa", MK_TPM_AIK_EC },
                                                 { "sha1", MK_TPM_AIK_SHA1 },
                                                 { NULL, 0 } };
    static const struct cli_make_word keys[] = { { "software", MK_TPM_OUTSIDE },
                                                 { "software-ec", MK_TPM_OUTSIDE_EC },
                                                 { "tpm", MK_TPM_APP },
                                                 { "tpm-ec", MK_TPM_APP_EC },
                                                 { NULL, 0 } };
    unsigned aik = o->aik, key = o->request_key;

    if (!cli_make_choice(c, "aik", aiks, "rsassa, rsapss, ecdsa or sha1", &aik, err) ||
        !cli_make_choice(c, "request-key", keys, "software, software-ec, tpm or tpm-ec", &key, err))
        return false;
    o->aik = (enum mk_tpm_key)aik;
    o->request_key = (enum mk_tpm_key)key;
    o->binding = key == MK_TPM_APP || key == MK_TPM_APP_EC ? MK_BOUND_BY_CERTIFY : MK_BOUND_BY_QUOTE;
    return true;
}

static bool challenge_read(struct cli *c, struct mk_request_options *o, struct att_err *err)
{
    const char *challenge = cli_value(c, "challenge");

    if (challenge &&
        !att_base64_decode(c->arena, ATT_BASE64_LENIENT, att_str(challenge), "challenge", &o->challenge, err))
        return att_fail_as(err, ATT_USAGE, "");
    if (cli_value(c, "service-context"))
        o->service_context = cli_value(c, "service-context");
    if (cli_value(c, "rp-id"))
        o->rp_id = cli_value(c, "rp-id");
    if (cli_value(c, "rp-data"))
        o->rp_data = cli_value(c, "rp-data");
    return true;
}

static bool options_read(struct cli *c, int64_t at_unix_s, struct mk_request_options *o, struct att_err *err)
{
    enum mk_os os = is_vbs(c) ? MK_OS_WINDOWS : MK_OS_LINUX;
    unsigned long version = 2, mask;

    if (!cli_make_os(c, &os, err))
        return false;
    if (is_vbs(c) && os != MK_OS_WINDOWS)
        return att_fail(err, ATT_USAGE, "os", "windows, which alone has such enclaves", "linux");
    mk_request_defaults(o, os, at_unix_s);
    mask = o->pcr_mask;
    if (!break_read(c, &o->broken, err) || !cli_make_number(c, "request-version", 2, &version, err) ||
        !cli_make_number(c, "pcr-mask", 0xffffff, &mask, err) ||
        !cli_make_secure_boot(c, &o->boot.secure_boot, err) || !keys_read(c, o, err) ||
        !challenge_read(c, o, err))
        return false;
    o->version = (unsigned)version;
    o->pcr_mask = (uint32_t)mask;
    o->vbs = is_vbs(c);
    o->boot_attestation = cli_has(c, "boot-attestation");
    o->enclave.flags = cli_has(c, "debug") ? 1 : 0;
    if (o->version == 1)
        o->boot.no_ima = true; /* that form has no place for a list of IMA */
    return true;
}

/* With --data the authorities that `attestd --dev --data` trusts; without it some that exist for this call only. */
bool cli_make_tpm_vendor(const struct cli *c, int64_t at_unix_s, struct mk_tpm_vendor **ret,
                         struct att_err *err)
{
    const char *data = cli_value(c, "data");
    char dir[4096];

    if (!data)
        return mk_tpm_vendor_new(at_unix_s, ret, err);
    int n = snprintf(dir, sizeof dir, "%s/dev/hardware/tpm", data);
    if (n < 0 || (size_t)n >= sizeof dir)
        return att_fail(err, ATT_USAGE, "data", "a path of at most 4000 bytes", "a longer one");
    return mk_tpm_vendor_open(dir, at_unix_s, ret, err);
}

static void answer(struct cli *c, const char *dir, const struct mk_request_evidence *ev)
{
    struct att_json_writer w = cli_writer(c);
    const char *error = ev->expected_code == ATT_OK ? NULL : att_code_name(ev->expected_code);

    if (!c->json) {
        att_buf_printf(&c->out, "made a %s request in %s\n", c->operands[0], dir);
        if (ev->broken->id != MK_TPM_BREAK_NONE)
            att_buf_printf(&c->out, "  broken      %s: %s\n", ev->broken->name, ev->broken->words);
        att_buf_printf(&c->out, "  registers   required_pcr_mask %u\n  expected    %s\n",
                       (unsigned)ev->pcr_mask, error ? error : "accepted");
        return;
    }
    att_jw_object(&w);
    att_jw_key(&w, "out");
    att_jw_str(&w, dir);
    att_jw_key(&w, "required_pcr_mask");
    att_jw_int(&w, ev->pcr_mask);
    att_jw_key(&w, "expected_error");
    att_jw_str(&w, error);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

bool cli_make_tpm(struct cli *c, const char *dir, int64_t at_unix_s, struct att_err *err)
{
    ATT_AUTO(vendor_free) struct mk_tpm_vendor *vendor = NULL;
    ATT_AUTO(tpm_free) struct mk_tpm *tpm = NULL;
    ATT_AUTO(mk_request_evidence_free) struct mk_request_evidence ev = { 0 };
    struct mk_request_options o;

    if (!options_read(c, at_unix_s, &o, err) || !cli_make_tpm_vendor(c, at_unix_s, &vendor, err) ||
        !mk_tpm_new(vendor, o.banks, &tpm, err) || !mk_request_make(tpm, &o, &ev, err) ||
        !cli_make_folder(dir, err) || !mk_request_write(&ev, dir, ev.broken->name, err))
        return false;
    answer(c, dir, &ev);
    return true;
}
