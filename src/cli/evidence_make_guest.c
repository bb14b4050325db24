/* attestctl evidence make azure-guest. */
#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/evidence_make.h"
#include "cli/nearest.h"
#include "makers/folder.h"
#include "makers/guest.h"

#include <stdio.h>

ATT_AUTO_PTR(vendor_free, struct mk_tpm_vendor, mk_tpm_vendor_free)
ATT_AUTO_PTR(tpm_free, struct mk_tpm, mk_tpm_free)
ATT_AUTO_PTR(amd_free, struct mk_amd, mk_amd_free)
ATT_AUTO_PTR(hardware_free, struct mk_hardware, mk_hardware_free)

void cli_make_guest_breaks(struct cli *c, struct att_json_writer *w)
{
    for (size_t i = 1; i < MK_GUEST_BREAK_COUNT; i++) {
        const struct mk_guest_break_row *r = &mk_guest_breaks[i];
        cli_make_break_row(c, w,
                           &(struct cli_break_row){ r->name, mk_guest_needs_name(r->needs), r->words,
                                                    r->expected_code, r->also_code });
    }
}

static bool break_read(const struct cli *c, enum mk_guest_break *ret, struct att_err *err)
{
    const char *name = cli_value(c, "break");
    struct att_shown shown;

    if (!name)
        return true;
    const struct mk_guest_break_row *row = mk_guest_break_by_name(name);
    if (row) {
        *ret = row->id;
        return true;
    }
    struct cli_nearest near = { .wanted = name };
    for (size_t i = 0; i < MK_GUEST_BREAK_COUNT; i++)
        cli_nearest_try(&near, mk_guest_breaks[i].name);
    return att_fail(err, ATT_USAGE, "break", near.best ? near.best : "a name that --list-breaks shows", "%s",
                    att_shown(&shown, att_str(name)));
}

static bool isolation_read(const struct cli *c, enum mk_guest_break broken, enum mk_guest_isolation *ret,
                           struct att_err *err)
{
    static const struct cli_make_word words[] = { { "sev-snp", MK_GUEST_SNP },
                                                  { "tdx", MK_GUEST_TDX },
                                                  { "trusted-launch", MK_GUEST_TRUSTED_LAUNCH },
                                                  { NULL, 0 } };
    unsigned asked = MK_GUEST_SNP;

    if (!cli_make_choice(c, "isolation", words, "sev-snp, tdx or trusted-launch", &asked, err))
        return false;
    *ret = mk_guest_isolation_for(broken, (enum mk_guest_isolation)asked);
    return !cli_has(c, "isolation") || *ret == (enum mk_guest_isolation)asked ||
           att_fail(err, ATT_USAGE, "isolation", mk_guest_needs_name(mk_guest_breaks[broken].needs),
                    "given with --break %s", mk_guest_breaks[broken].name);
}

static bool options_read(const struct cli *c, int64_t at_unix_s, struct mk_guest_options *o,
                         struct att_err *err)
{
    enum mk_guest_break broken = MK_GUEST_BREAK_NONE;
    enum mk_guest_isolation isolation = MK_GUEST_SNP;
    enum mk_os os = MK_OS_LINUX;

    if (!break_read(c, &broken, err) || !isolation_read(c, broken, &isolation, err) ||
        !cli_make_os(c, &os, err))
        return false;
    mk_guest_defaults(o, isolation, os, at_unix_s);
    o->broken = broken;
    if (cli_value(c, "nonce"))
        o->nonce = cli_value(c, "nonce");
    if (cli_value(c, "vm-id"))
        o->vm_id = cli_value(c, "vm-id");
    return cli_make_secure_boot(c, &o->boot.secure_boot, err);
}

/* With --data the vendors that `attestd --dev --data` trusts; without it some that exist for this call only. */
static bool vendors_open(const struct cli *c, const struct mk_guest_options *o, struct mk_amd **ret_amd,
                         struct mk_hardware **ret_hw, struct att_err *err)
{
    const char *data = cli_value(c, "data");
    char hardware[4096], amd[4096];

    if (o->isolation == MK_GUEST_TRUSTED_LAUNCH)
        return true;
    int n = snprintf(amd, sizeof amd, "%s/dev/hardware/amd", data ? data : "");
    if (n < 0 || (size_t)n >= sizeof amd)
        return att_fail(err, ATT_USAGE, "data", "a path of at most 4000 bytes", "a longer one");
    (void)snprintf(hardware, sizeof hardware, "%s/dev/hardware", data ? data : ""); /* shorter */
    if (o->isolation == MK_GUEST_SNP)
        return data ? mk_amd_open(amd, MK_AMD_MILAN, o->at_unix_s, ret_amd, err)
                    : mk_amd_new(MK_AMD_MILAN, MK_AMD_BITS_QUICK, o->at_unix_s, ret_amd, err);
    return data ? mk_hardware_open(hardware, o->at_unix_s, ret_hw, err)
                : mk_hardware_new(o->at_unix_s, ret_hw, err);
}

static void answer(struct cli *c, const char *dir, const struct mk_guest_evidence *ev)
{
    struct att_json_writer w = cli_writer(c);
    const char *error = ev->expected_code == ATT_OK ? NULL : att_code_name(ev->expected_code);

    if (!c->json) {
        att_buf_printf(&c->out, "made azure-guest evidence in %s\n", dir);
        if (ev->broken->id != MK_GUEST_BREAK_NONE)
            att_buf_printf(&c->out, "  broken      %s: %s\n", ev->broken->name, ev->broken->words);
        att_buf_printf(&c->out, "  expected    %s\n", error ? error : "accepted");
        return;
    }
    att_jw_object(&w);
    att_jw_key(&w, "out");
    att_jw_str(&w, dir);
    att_jw_key(&w, "expected_error");
    att_jw_str(&w, error);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

bool cli_make_guest(struct cli *c, const char *dir, int64_t at_unix_s, struct att_err *err)
{
    ATT_AUTO(vendor_free) struct mk_tpm_vendor *vendor = NULL;
    ATT_AUTO(tpm_free) struct mk_tpm *tpm = NULL;
    ATT_AUTO(amd_free) struct mk_amd *amd = NULL;
    ATT_AUTO(hardware_free) struct mk_hardware *hw = NULL;
    ATT_AUTO(mk_guest_evidence_free) struct mk_guest_evidence ev = { 0 };
    struct mk_guest_options o;

    if (!options_read(c, at_unix_s, &o, err) || !cli_make_tpm_vendor(c, at_unix_s, &vendor, err) ||
        !vendors_open(c, &o, &amd, &hw, err) || !mk_tpm_new(vendor, MK_BANK(MK_SHA256), &tpm, err) ||
        !mk_guest_make(tpm, amd, hw, &o, &ev, err) || !cli_make_folder(dir, err) ||
        !mk_guest_write(&ev, dir, ev.broken->name, err))
        return false;
    answer(c, dir, &ev);
    return true;
}
