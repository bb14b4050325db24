#include "base/err.h"
#include "cli/files.h"
#include "cli/verify_inputs.h"

#include <stdio.h>

/* A revocation list may lie there as DER, as PEM or as hex of DER; the library tells them apart by content. */
static bool read_crl(struct cli *c, const char *option, const char *dir, const char *stem,
                     struct att_span *ret, struct att_err *err)
{
    static const char *const endings[] = { "der", "pem", "hex" };
    char name[48];

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        (void)snprintf(name, sizeof name, "%s.%s", stem, endings[i]);
        if (!cli_read_optional(c, option, dir, name, ret, err))
            return false;
        if (ret->len > 0)
            return true;
    }
    return true;
}

/* The trust anchor is never among these: a root_ca.pem in the folder came with the collateral it would vouch for. */
static bool read_dcap(struct cli *c, const char *option, const char *dir, struct att_dcap_bundle *ret,
                      struct att_err *err)
{
    const struct {
        const char *name;
        struct att_span *to;
    } files[] = {
        { "tcb_info.json", &ret->tcb_info },
        { "tcb_info_issuer_chain.pem", &ret->tcb_info_issuer_chain },
        { "qe_identity.json", &ret->qe_identity },
        { "qe_identity_issuer_chain.pem", &ret->qe_identity_issuer_chain },
        { "pck_crl_issuer_chain.pem", &ret->pck_crl_issuer_chain },
    };

    ret->name = dir;
    if (!cli_is_folder(option, dir, err))
        return false;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (!cli_read_optional(c, option, dir, files[i].name, files[i].to, err))
            return false;
    }
    return read_crl(c, option, dir, "pck_crl", &ret->pck_crl, err) &&
           read_crl(c, option, dir, "root_ca_crl", &ret->root_ca_crl, err);
}

static bool read_amd(struct cli *c, const char *dir, struct att_amd_bundle *ret, struct att_err *err)
{
    static const char option[] = "collateral";

    ret->name = dir;
    return cli_is_folder(option, dir, err) && read_crl(c, option, dir, "vcek_crl", &ret->vcek_crl, err) &&
           cli_read_optional(c, option, dir, "vcek_chain.pem", &ret->vcek_chain, err) &&
           read_crl(c, option, dir, "vlek_crl", &ret->vlek_crl, err) &&
           cli_read_optional(c, option, dir, "vlek_chain.pem", &ret->vlek_chain, err);
}

static bool snapshot_amd(struct cli *c, const struct att_lib *lib, struct att_collateral **ret,
                         struct att_err *err)
{
    const char *dir = cli_value(c, "collateral");
    struct att_amd_bundle b = { 0 };
    struct att_collateral_in in = { .size = sizeof in, .amd = &b, .amd_count = dir ? 1 : 0 };

    return (!dir || read_amd(c, dir, &b, err)) && att_collateral_new(lib, &in, ret, err);
}

/* One folder is all there is: a folder that does not fit says in which way. Beside an early one, what fits is picked. */
static bool snapshot_dcap(struct cli *c, const struct att_lib *lib, struct att_collateral **ret,
                          struct att_err *err)
{
    const char *dir = cli_value(c, "collateral"), *early = cli_value(c, "early-collateral");
    struct att_dcap_bundle b[2] = { { 0 }, { .set = ATT_SET_EARLY } };
    struct att_collateral_in in = { .size = sizeof in,
                                    .dcap = b,
                                    .dcap_count = early ? 2 : 1,
                                    .use = early ? ATT_COLLATERAL_INDEXED : ATT_COLLATERAL_SOLE };

    return read_dcap(c, "collateral", dir, &b[0], err) &&
           (!early || read_dcap(c, "early-collateral", early, &b[1], err)) &&
           att_collateral_new(lib, &in, ret, err);
}

/* Which of the two is inside a guest's evidence, nobody has looked at yet: the folder's files say for which it is. */
static bool guest_wants_dcap(struct cli *c, bool *ret_amd, struct att_err *err)
{
    const char *dir = cli_value(c, "collateral");
    struct att_span tcb_info = { 0 };

    if (dir && !cli_read_optional(c, "collateral", dir, "tcb_info.json", &tcb_info, err))
        return false;
    *ret_amd = tcb_info.len == 0;
    return true;
}

bool cli_collateral_read(struct cli *c, const struct att_lib *lib, struct att_collateral **ret,
                         struct att_err *err)
{
    bool amd = strcmp(c->operands[0], "sev-snp") == 0;

    if (strcmp(c->operands[0], "azure-guest") == 0 && !guest_wants_dcap(c, &amd, err))
        return false;
    return amd ? snapshot_amd(c, lib, ret, err) : snapshot_dcap(c, lib, ret, err);
}
