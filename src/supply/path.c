/* Where the vendors keep what they publish. Intel: PCS API v4, and any PCCS has the same paths. AMD: 57230 (VCEK and KDS). */
#include "supply/internal.h"

#include "base/err.h"
#include "base/hex.h"

#include <stdio.h>

static const char *tee_name(enum att_tee tee)
{
    return tee == ATT_TEE_TDX ? "tdx" : "sgx";
}

/* "?update=early" and the like; `first` is what joins it to the path. */
static void baseline(const struct att_collateral_want *what, char first, char ret[48])
{
    ret[0] = '\0';
    if (what->set == ATT_SET_EARLY)
        (void)snprintf(ret, 48, "%cupdate=early", first);
    if (what->set == ATT_SET_PINNED)
        (void)snprintf(ret, 48, "%ctcbEvaluationDataNumber=%u", first, what->evaluation_number);
}

/* Intel's own service has the root list at another host, in a file; a PCCS has it as hex. */
static bool intel_root_crl(const struct supply_host *host, char ret[SUPPLY_PATH_SIZE])
{
    if (host->elsewhere_root_crl)
        return false;
    (void)snprintf(ret, SUPPLY_PATH_SIZE, "%s",
                   host->root_crl_only ? "/IntelSGXRootCA.der" : "/sgx/certification/v4/rootcacrl");
    return true;
}

static bool intel_path(const struct supply_host *host, const struct att_collateral_want *what,
                       char ret[SUPPLY_PATH_SIZE])
{
    const char *tee = tee_name(what->tee);
    char fmspc[sizeof what->fmspc * 2 + 1], set[48];

    if (what->kind == ATT_ITEM_ROOT_CA_CRL)
        return intel_root_crl(host, ret);
    if (host->root_crl_only)
        return false;
    switch (what->kind) {
    case ATT_ITEM_TCB_INFO:
        att_hex_text(fmspc, att_span_of(what->fmspc, sizeof what->fmspc));
        baseline(what, '&', set);
        (void)snprintf(ret, SUPPLY_PATH_SIZE, "/%s/certification/v4/tcb?fmspc=%s%s", tee, fmspc, set);
        return true;
    case ATT_ITEM_QE_IDENTITY:
        baseline(what, '?', set);
        (void)snprintf(ret, SUPPLY_PATH_SIZE, "/%s/certification/v4/qe/identity%s", tee, set);
        return true;
    case ATT_ITEM_TCB_NUMBERS:
        (void)snprintf(ret, SUPPLY_PATH_SIZE, "/%s/certification/v4/tcbevaluationdatanumbers", tee);
        return true;
    case ATT_ITEM_PCK_CRL:
        (void)snprintf(ret, SUPPLY_PATH_SIZE, "/sgx/certification/v4/pckcrl?ca=%s&encoding=der",
                       what->platform_ca ? "platform" : "processor");
        return true;
    default:
        return false;
    }
}

/* The bytes of REPORTED_TCB that are in use differ: Turin begins with the FMC and moves the others up by one. */
static void vcek_path(const struct att_collateral_want *what, char ret[SUPPLY_PATH_SIZE])
{
    char chip[sizeof what->chip_id * 2 + 1];
    const uint8_t *t = what->tcb;
    bool turin = strcmp(what->product, "Turin") == 0;
    size_t bytes = what->chip_id_bytes <= sizeof what->chip_id ? what->chip_id_bytes : sizeof what->chip_id;

    att_hex_text(chip, att_span_of(what->chip_id, bytes));
    if (turin)
        (void)snprintf(ret, SUPPLY_PATH_SIZE,
                       "/vcek/v1/%s/%s?fmcSPL=%02u&blSPL=%02u&teeSPL=%02u&snpSPL=%02u&ucodeSPL=%02u",
                       what->product, chip, t[0], t[1], t[2], t[3], t[7]);
    else
        (void)snprintf(ret, SUPPLY_PATH_SIZE,
                       "/vcek/v1/%s/%s?blSPL=%02u&teeSPL=%02u&snpSPL=%02u&ucodeSPL=%02u", what->product, chip,
                       t[0], t[1], t[6], t[7]);
}

static const char *signer_name(const struct att_collateral_want *what)
{
    return what->kind == ATT_ITEM_AMD_CRL && what->signer == ATT_AMD_VLEK ? "vlek" : "vcek";
}

/* Product names become part of a path. */
static bool known_product(const char *product)
{
    return strcmp(product, "Milan") == 0 || strcmp(product, "Genoa") == 0 || strcmp(product, "Turin") == 0;
}

bool supply_path(const struct supply_host *host, const struct att_collateral_want *what,
                 char ret[SUPPLY_PATH_SIZE])
{
    if (host->is.kind != SUPPLY_KDS)
        return intel_path(host, what, ret);
    if ((what->kind != ATT_ITEM_AMD_CRL && what->kind != ATT_ITEM_VCEK) || !known_product(what->product))
        return false;
    if (what->kind == ATT_ITEM_VCEK)
        vcek_path(what, ret);
    else
        (void)snprintf(ret, SUPPLY_PATH_SIZE, "/%s/v1/%s/crl", signer_name(what), what->product);
    return true;
}

void supply_chain_path(const struct att_collateral_want *what, char ret[SUPPLY_PATH_SIZE])
{
    (void)snprintf(ret, SUPPLY_PATH_SIZE, "/%s/v1/%s/cert_chain", signer_name(what), what->product);
}

bool supply_chain_decode(struct att_arena *arena, struct att_span header, struct att_span *ret,
                         struct att_err *err)
{
    if (header.len > 3 * (size_t)SUPPLY_CHAIN_BYTES_MAX)
        return att_fail(err, ATT_COLLATERAL_MALFORMED, "collateral.chain", "a chain of at most 32 KiB",
                        "a header of %zu bytes", header.len);
    uint8_t *out = att_arena_alloc(arena, header.len + 1, 1);
    size_t n = 0;
    if (!out)
        return att_fail_memory(err, "collateral.chain");
    for (size_t i = 0; i < header.len; i++) {
        uint8_t c = header.ptr[i];
        if (c == '%') {
            if (header.len - i < 3 || !att_hex_read(att_span_of(header.ptr + i + 1, 2), &c, 1))
                return att_fail(err, ATT_COLLATERAL_MALFORMED, "collateral.chain",
                                "PEM with its odd characters as %XX", "a '%%' without them at offset %zu", i);
            i += 2;
        }
        if (c == '\0' || c >= 0x7f)
            return att_fail(err, ATT_COLLATERAL_MALFORMED, "collateral.chain", "PEM",
                            "byte %02x at offset %zu", c, i);
        out[n++] = c;
    }
    if (n > SUPPLY_CHAIN_BYTES_MAX)
        return att_fail(err, ATT_COLLATERAL_MALFORMED, "collateral.chain", "a chain of at most 32 KiB",
                        "%zu bytes", n);
    *ret = att_span_of(out, n);
    return true;
}
