/* attestctl evidence make sev-snp. */
#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/evidence_make.h"
#include "cli/files.h"
#include "cli/nearest.h"
#include "makers/snp.h"

#include <stdio.h>
#include <strings.h>

ATT_AUTO_PTR(amd_free, struct mk_amd, mk_amd_free)

void cli_make_snp_breaks(struct cli *c, struct att_json_writer *w)
{
    for (size_t i = 1; i < MK_SNP_BREAK_COUNT; i++) {
        const struct mk_snp_break_row *r = &mk_snp_breaks[i];
        cli_make_break_row(c, w,
                           &(struct cli_break_row){ r->name, mk_snp_scope_name(r->scope), r->words,
                                                    r->expected_code, r->also_code });
    }
}

static bool break_read(const struct cli *c, enum mk_snp_break *ret, struct att_err *err)
{
    const char *name = cli_value(c, "break");
    struct att_shown shown;

    if (!name)
        return true;
    const struct mk_snp_break_row *row = mk_snp_break_by_name(name);
    if (row) {
        *ret = row->id;
        return true;
    }
    struct cli_nearest near = { .wanted = name };
    for (size_t i = 0; i < MK_SNP_BREAK_COUNT; i++)
        cli_nearest_try(&near, mk_snp_breaks[i].name);
    return att_fail(err, ATT_USAGE, "break", near.best ? near.best : "a name that --list-breaks shows", "%s",
                    att_shown(&shown, att_str(name)));
}

static bool product_read(const struct cli *c, enum mk_snp_break broken, enum mk_amd_product *ret,
                         struct att_err *err)
{
    const char *text = cli_value(c, "product");
    struct att_shown shown;

    *ret = mk_snp_break_fits(broken, MK_AMD_MILAN) ? MK_AMD_MILAN : MK_AMD_TURIN;
    if (!text)
        return true;
    for (enum mk_amd_product p = MK_AMD_MILAN; p < MK_AMD_PRODUCT_COUNT; p++) {
        if (strcasecmp(text, mk_amd_product_name(p)) != 0)
            continue;
        if (!mk_snp_break_fits(broken, p))
            return att_fail(err, ATT_USAGE, "product", "turin, for this break", "%s", text);
        *ret = p;
        return true;
    }
    return att_fail(err, ATT_USAGE, "product", "milan, genoa or turin", "%s",
                    att_shown(&shown, att_str(text)));
}

/* One TCB version for all four. */
static bool tcb_read(const struct cli *c, enum mk_amd_product product, struct mk_snp_options *o,
                     struct att_err *err)
{
    uint8_t b[8];
    bool turin = product == MK_AMD_TURIN;
    struct att_shown shown;

    if (!cli_has(c, "tcb"))
        return true;
    if (!cli_make_hex(c, "tcb", b, sizeof b, err))
        return false;
    struct mk_snp_tcb old = { .bootloader = b[0], .tee = b[1], .snp = b[6], .microcode = b[7] };
    struct mk_snp_tcb new = { .fmc = b[0], .bootloader = b[1], .tee = b[2], .snp = b[3], .microcode = b[7] };
    uint8_t reserved = turin ? (uint8_t)(b[4] | b[5] | b[6]) : (uint8_t)(b[2] | b[3] | b[4] | b[5]);
    if (reserved != 0)
        return att_fail(err, ATT_USAGE, "tcb", "zeros in the reserved bytes", "%s",
                        att_shown(&shown, att_str(cli_value(c, "tcb"))));
    o->reported = o->committed = o->current = o->launch = turin ? new : old;
    return true;
}

static bool fields_read(const struct cli *c, enum mk_amd_product product, struct mk_snp_options *o,
                        struct att_err *err)
{
    unsigned long version = o->version, guest_svn = o->guest_svn, vmpl = o->vmpl;

    if (!cli_make_number(c, "report-version", 5, &version, err) ||
        !cli_make_number(c, "guest-svn", UINT32_MAX, &guest_svn, err) ||
        !cli_make_number(c, "vmpl", 3, &vmpl, err) ||
        !cli_make_hex(c, "measurement", o->measurement, sizeof o->measurement, err) ||
        !cli_make_hex(c, "host-data", o->host_data, sizeof o->host_data, err) ||
        !cli_make_hex(c, "id-key-digest", o->id_key_digest, sizeof o->id_key_digest, err) ||
        !cli_make_hex(c, "author-key-digest", o->author_key_digest, sizeof o->author_key_digest, err) ||
        !cli_make_hex(c, "family-id", o->family_id, sizeof o->family_id, err) ||
        !cli_make_hex(c, "image-id", o->image_id, sizeof o->image_id, err) ||
        !cli_make_hex(c, "report-id", o->report_id, sizeof o->report_id, err) ||
        !cli_make_hex(c, "chip-id", o->chip_id, product == MK_AMD_TURIN ? 8 : 64, err))
        return false;
    if (version < (product == MK_AMD_TURIN ? 3 : 2))
        return att_fail(err, ATT_USAGE, "report-version",
                        product == MK_AMD_TURIN ? "3, 4 or 5, for turin" : "2, 3, 4 or 5", "%lu", version);
    o->version = (unsigned)version;
    o->guest_svn = (uint32_t)guest_svn;
    o->vmpl = (uint32_t)vmpl;
    o->author_key_enabled = cli_has(c, "author-key-digest");
    o->policy |= cli_has(c, "debug") ? MK_SNP_POLICY_DEBUG : 0;
    o->signer = cli_has(c, "vlek") ? MK_SNP_VLEK : MK_SNP_VCEK;
    return tcb_read(c, product, o, err);
}

static bool options_read(struct cli *c, int64_t at_unix_s, enum mk_amd_product *ret_product,
                         struct mk_snp_options *o, struct att_err *err)
{
    enum mk_snp_break broken = MK_SNP_BREAK_NONE;
    bool given = false;
    struct att_span data = { 0 };

    if (!break_read(c, &broken, err) || !product_read(c, broken, ret_product, err))
        return false;
    mk_snp_defaults(o, *ret_product, at_unix_s);
    o->broken = broken;
    if (!fields_read(c, *ret_product, o, err) || !cli_read_option(c, "runtime-data", &given, &data, err))
        return false;
    if (given)
        o->runtime_data = data;
    return cli_read_option(c, "init-time-data", &o->has_init_time_data, &o->init_time_data, err);
}

/* With --data the vendor that `attestd --dev --data` trusts; without it one that exists for this call only. */
static bool amd_open(const struct cli *c, enum mk_amd_product product, int64_t at_unix_s, struct mk_amd **ret,
                     struct att_err *err)
{
    const char *data = cli_value(c, "data");
    char dir[4096];

    if (!data)
        return mk_amd_new(product, MK_AMD_BITS_QUICK, at_unix_s, ret, err);
    int n = snprintf(dir, sizeof dir, "%s/dev/hardware/amd", data);
    if (n < 0 || (size_t)n >= sizeof dir)
        return att_fail(err, ATT_USAGE, "data", "a path of at most 4000 bytes", "a longer one");
    return mk_amd_open(dir, product, at_unix_s, ret, err);
}

static void answer(struct cli *c, const char *dir, const struct mk_snp_evidence *ev)
{
    struct att_json_writer w = cli_writer(c);
    const char *product = mk_amd_product_name(ev->product);
    const char *error = ev->expected_code == ATT_OK ? NULL : att_code_name(ev->expected_code);

    if (!c->json) {
        att_buf_printf(&c->out, "made sev-snp evidence in %s\n", dir);
        if (ev->broken->id != MK_SNP_BREAK_NONE)
            att_buf_printf(&c->out, "  broken      %s: %s\n", ev->broken->name, ev->broken->words);
        att_buf_printf(&c->out, "  product     %s\n  expected    %s\n", product, error ? error : "accepted");
        return;
    }
    att_jw_object(&w);
    att_jw_key(&w, "out");
    att_jw_str(&w, dir);
    att_jw_key(&w, "product");
    att_jw_str(&w, product);
    att_jw_key(&w, "expected_error");
    att_jw_str(&w, error);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

bool cli_make_snp(struct cli *c, const char *dir, int64_t at_unix_s, struct att_err *err)
{
    ATT_AUTO(amd_free) struct mk_amd *amd = NULL;
    ATT_AUTO(mk_snp_evidence_free) struct mk_snp_evidence ev = { 0 };
    enum mk_amd_product product = MK_AMD_MILAN;
    struct mk_snp_options o;

    if (!options_read(c, at_unix_s, &product, &o, err) || !amd_open(c, product, at_unix_s, &amd, err) ||
        !mk_snp_make(amd, &o, &ev, err) || !cli_make_folder(dir, err) ||
        !mk_snp_evidence_write(&ev, dir, ev.broken->name, err))
        return false;
    answer(c, dir, &ev);
    return true;
}
