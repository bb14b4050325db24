/* Names of items, written and read back. A name is read by taking it apart, writing it again and comparing, so that
 * there is one spelling of each. */
#include <attest/collateral.h>

#include "base/err.h"
#include "base/hex.h"

#include <stdio.h>

enum { PARTS_MAX = 5, CHIP_BYTES = 64, CHIP_TURIN_BYTES = 8 };

static const char *const tee_names[] = { [ATT_TEE_SGX] = "sgx", [ATT_TEE_TDX] = "tdx" };
static const char *const signer_names[] = { [ATT_AMD_VCEK] = "vcek", [ATT_AMD_VLEK] = "vlek" };
static const char *const products[] = { "Milan", "Genoa", "Turin" };

static const char *set_name(const struct att_collateral_want *w, char ret[16])
{
    if (w->set == ATT_SET_PINNED)
        (void)snprintf(ret, 16, "%u", w->evaluation_number);
    else
        (void)snprintf(ret, 16, "%s", w->set == ATT_SET_EARLY ? "early" : "current");
    return ret;
}

const char *att_item_id(const struct att_collateral_want *w, char ret[ATT_ITEM_ID_SIZE])
{
    const char *tee = tee_names[w->tee == ATT_TEE_TDX];
    const char *signer = signer_names[w->signer == ATT_AMD_VLEK];
    char set[16], fmspc[13], chip[2 * CHIP_BYTES + 1], tcb[17];
    size_t chip_bytes = w->chip_id_bytes < CHIP_BYTES ? w->chip_id_bytes : CHIP_BYTES;

    ret[0] = '\0';
    switch (w->kind) {
    case ATT_ITEM_TCB_INFO:
        att_hex_text(fmspc, att_span_of(w->fmspc, sizeof w->fmspc));
        (void)snprintf(ret, ATT_ITEM_ID_SIZE, "dcap/tcb-info/%s/%s/%s", tee, fmspc, set_name(w, set));
        break;
    case ATT_ITEM_QE_IDENTITY:
        (void)snprintf(ret, ATT_ITEM_ID_SIZE, "dcap/qe-identity/%s/%s", tee, set_name(w, set));
        break;
    case ATT_ITEM_TCB_NUMBERS:
        (void)snprintf(ret, ATT_ITEM_ID_SIZE, "dcap/tcb-numbers/%s", tee);
        break;
    case ATT_ITEM_PCK_CRL:
        (void)snprintf(ret, ATT_ITEM_ID_SIZE, "dcap/pck-crl/%s", w->platform_ca ? "platform" : "processor");
        break;
    case ATT_ITEM_ROOT_CA_CRL:
        (void)snprintf(ret, ATT_ITEM_ID_SIZE, "dcap/root-ca-crl");
        break;
    case ATT_ITEM_AMD_CRL:
        (void)snprintf(ret, ATT_ITEM_ID_SIZE, "amd/crl/%s/%.7s", signer, w->product);
        break;
    case ATT_ITEM_VCEK:
        att_hex_text(chip, att_span_of(w->chip_id, chip_bytes));
        att_hex_text(tcb, att_span_of(w->tcb, sizeof w->tcb));
        (void)snprintf(ret, ATT_ITEM_ID_SIZE, "amd/vcek/%.7s/%s/%s", w->product, chip, tcb);
        break;
    default:
        break;
    }
    return ret;
}

/* At most PARTS_MAX pieces between slashes; 0 when there are more. */
static size_t parts_of(struct att_span id, struct att_span parts[PARTS_MAX])
{
    size_t count = 0, from = 0;

    for (size_t i = 0; i <= id.len; i++) {
        if (i < id.len && id.ptr[i] != '/')
            continue;
        if (count == PARTS_MAX)
            return 0;
        parts[count++] = att_span_of(id.ptr + from, i - from);
        from = i + 1;
    }
    return count;
}

static bool one_of(struct att_span text, const char *const *names, size_t count, size_t *ret)
{
    for (size_t i = 0; i < count; i++)
        if (att_span_is(text, names[i])) {
            *ret = i;
            return true;
        }
    return false;
}

static bool tee_of(struct att_span text, enum att_tee *ret)
{
    size_t at = 0;

    if (!one_of(text, tee_names, 2, &at))
        return false;
    *ret = (enum att_tee)at;
    return true;
}

static bool set_of(struct att_span text, struct att_collateral_want *w)
{
    uint64_t n = 0;

    w->set = att_span_is(text, "early") ? ATT_SET_EARLY : ATT_SET_CURRENT;
    if (w->set == ATT_SET_EARLY || att_span_is(text, "current"))
        return true;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || i == 10)
            return false;
        n = n * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    w->set = ATT_SET_PINNED;
    w->evaluation_number = (uint32_t)n;
    return n > 0 && n <= UINT32_MAX;
}

static bool product_of(struct att_span text, struct att_collateral_want *w)
{
    size_t at = 0;

    if (!one_of(text, products, sizeof products / sizeof products[0], &at))
        return false;
    (void)snprintf(w->product, sizeof w->product, "%s", products[at]);
    return true;
}

static bool chip_of(struct att_span chip, struct att_span tcb, struct att_collateral_want *w)
{
    w->chip_id_bytes = strcmp(w->product, "Turin") == 0 ? CHIP_TURIN_BYTES : CHIP_BYTES;
    return att_hex_read(chip, w->chip_id, w->chip_id_bytes) && att_hex_read(tcb, w->tcb, sizeof w->tcb);
}

static bool dcap_of(const struct att_span *p, size_t count, struct att_collateral_want *w)
{
    size_t ca = 0;

    if (count == 5 && att_span_is(p[1], "tcb-info")) {
        w->kind = ATT_ITEM_TCB_INFO;
        return tee_of(p[2], &w->tee) && att_hex_read(p[3], w->fmspc, sizeof w->fmspc) && set_of(p[4], w);
    }
    if (count == 4 && att_span_is(p[1], "qe-identity")) {
        w->kind = ATT_ITEM_QE_IDENTITY;
        return tee_of(p[2], &w->tee) && set_of(p[3], w);
    }
    if (count == 3 && att_span_is(p[1], "tcb-numbers")) {
        w->kind = ATT_ITEM_TCB_NUMBERS;
        return tee_of(p[2], &w->tee);
    }
    if (count == 3 && att_span_is(p[1], "pck-crl")) {
        w->kind = ATT_ITEM_PCK_CRL;
        bool known = one_of(p[2], (const char *const[]){ "processor", "platform" }, 2, &ca);
        w->platform_ca = ca == 1;
        return known;
    }
    w->kind = ATT_ITEM_ROOT_CA_CRL;
    return count == 2 && att_span_is(p[1], "root-ca-crl");
}

static bool amd_of(const struct att_span *p, size_t count, struct att_collateral_want *w)
{
    size_t signer = 0;

    if (count == 4 && att_span_is(p[1], "crl")) {
        w->kind = ATT_ITEM_AMD_CRL;
        bool known = one_of(p[2], signer_names, 2, &signer);
        w->signer = (enum att_amd_signer)signer;
        return known && product_of(p[3], w);
    }
    w->kind = ATT_ITEM_VCEK;
    return count == 5 && att_span_is(p[1], "vcek") && product_of(p[2], w) && chip_of(p[3], p[4], w);
}

bool att_item_of_id(const char *id, struct att_collateral_want *ret, struct att_err *err)
{
    struct att_collateral_want w = { 0 };
    struct att_span parts[PARTS_MAX];
    char again[ATT_ITEM_ID_SIZE];
    size_t count = parts_of(att_str(id), parts);
    bool known = count > 1 && ((att_span_is(parts[0], "dcap") && dcap_of(parts, count, &w)) ||
                               (att_span_is(parts[0], "amd") && amd_of(parts, count, &w)));

    if (!known || strcmp(att_item_id(&w, again), id) != 0)
        return att_fail(err, ATT_PARAMETER_INVALID, "item.id",
                        "the name of an item, as \"dcap/tcb-info/sgx/00606a000000/current\"", "\"%s\"",
                        att_shown(&(struct att_shown){ 0 }, att_str(id)));
    *ret = w;
    return true;
}
