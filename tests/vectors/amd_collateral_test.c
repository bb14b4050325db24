/* layers: collateral crypto codec base */
/* AMD's certificates as they are in the field, and lists of a test root: the pinned keys, leaf extensions, VCEKs as items,
 * revocation lists. */
#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collateral/amd_leaf.h"
#include "collateral/snapshot.h"

static struct cases cases = { .name = "vectors.amd_collateral" };

enum { TCB_AT = 0x180, CHIP_AT = 0x1a0 };

static struct att_span file(const char *name, const char *part)
{
    char *path = path_of(vectors_dir(), "sevsnp/%s/%s", name, part);
    size_t len = 0;
    uint8_t *bytes = file_read(path, &len);

    cases_check(&cases, bytes != NULL, "%s can be read", path);
    free(path);
    return att_span_of(bytes, len);
}

static void drop(struct att_span s)
{
    free((void *)(uintptr_t)s.ptr);
}

/* Behind the first certificate. */
static size_t leaf_end(struct att_span pem)
{
    static const char end[] = "-----END CERTIFICATE-----";

    for (size_t i = 0; i + sizeof end - 1 <= pem.len; i++)
        if (memcmp(pem.ptr + i, end, sizeof end - 1) == 0)
            return i + sizeof end - 1;
    return pem.len;
}

/* Good chains of real machines: the leaf says what its report says. `vlek`: it is no VCEK. */
static const struct {
    const char *name, *product;
    bool vlek;
} good[] = {
    { "milan-v2-plain", "Milan", false }, { "milan-v2-trustee", "Milan", false },
    { "milan-v3-aci", "Milan", false },   { "milan-v2-azure-samples", "Milan", false },
    { "genoa-v3-aci", "Genoa", false },   { "genoa-v5-plain", "Genoa", false },
    { "turin-v5-aci", "Turin", false },   { "milan-v3-vlek-aws", "Milan", true },
};

static void check_good(const struct att_lib *lib, size_t i)
{
    struct att_span chain = file(good[i].name, "chain.pem"), report = file(good[i].name, "report.bin");
    size_t at = leaf_end(chain);
    struct att_cert *cert = NULL;
    struct att_err err = { 0 };
    struct amd_leaf l = { 0 };
    size_t count = 0;
    uint8_t tcb[8];

    bool ok = att_certs_from_pem(lib->crypto, att_span_of(chain.ptr, at), NULL, &cert, 1, &count, &err) &&
              amd_leaf_read(cert, &l, &err);
    cases_check(&cases, ok, "%s: leaf: %s", good[i].name, err.text);
    if (ok) {
        amd_leaf_tcb(&l, tcb);
        cases_check(&cases, strcmp(l.product, good[i].product) == 0, "%s: product %s", good[i].name,
                    l.product);
        cases_check(&cases, memcmp(tcb, report.ptr + TCB_AT, 8) == 0, "%s: TCB", good[i].name);
        cases_check(&cases, l.kind == (good[i].vlek ? ATT_AMD_VLEK : ATT_AMD_VCEK), "%s: kind", good[i].name);
        cases_check(&cases, good[i].vlek || memcmp(l.hwid.ptr, report.ptr + CHIP_AT, l.hwid.len) == 0,
                    "%s: chip", good[i].name);

        struct att_collateral_item item = { .what = { .kind = ATT_ITEM_VCEK },
                                            .body = att_span_of(chain.ptr, at),
                                            .chain = att_span_of(chain.ptr + at, chain.len - at) };
        struct att_item_facts f = { 0 };
        (void)snprintf(item.what.product, sizeof item.what.product, "%s", good[i].product);
        item.what.chip_id_bytes = strcmp(good[i].product, "Turin") == 0 ? 8 : 64;
        memcpy(item.what.chip_id, report.ptr + CHIP_AT, item.what.chip_id_bytes);
        memcpy(item.what.tcb, report.ptr + TCB_AT, 8);
        err = (struct att_err){ 0 };
        bool taken = att_item_check(lib, &item, &f, &err);
        cases_check(&cases, taken == !good[i].vlek, "%s: as an item: %s", good[i].name, err.text);
        cases_check(&cases, !taken || (!f.test_root && f.issued_unix_s < f.next_unix_s), "%s: facts",
                    good[i].name);
    }
    att_cert_free(cert);
    drop(chain);
    drop(report);
}

/* Chains that do not hold. */
static const struct {
    const char *name;
    enum att_code code;
} bad[] = {
    { "neg-fabricated-root", ATT_ROOT_UNTRUSTED },
    { "neg-chain-missing-ask", ATT_VCEK_CHAIN_MALFORMED },
    { "neg-vcek-invalid-new", ATT_VCEK_CHAIN_SIGNATURE_INVALID },
    { "neg-vcek-invalid-legacy", ATT_VCEK_CHAIN_SIGNATURE_INVALID },
};

static void check_bad(const struct att_lib *lib, size_t i)
{
    struct att_span chain = file(bad[i].name, "chain.pem");
    size_t at = leaf_end(chain);
    struct att_collateral_item item = { .what = { .kind = ATT_ITEM_VCEK, .product = "Milan" },
                                        .body = att_span_of(chain.ptr, at),
                                        .chain = att_span_of(chain.ptr + at, chain.len - at) };
    struct att_item_facts f;
    struct att_err err = { 0 };

    (void)!att_item_check(lib, &item, &f, &err);
    cases_check(&cases, err.code == bad[i].code, "%s: wanted %s, got %s", bad[i].name,
                att_code_name(bad[i].code), err.code == ATT_OK ? "a yes" : err.text);
    drop(chain);
}

/* Each of AMD's roots, alone and under its ASK and ASVK, is a chain for a list; the list itself is another's. */
static void check_roots(const struct att_lib *lib)
{
    static const char *const products[] = { "milan", "genoa", "turin" };
    static const char *const issuers[] = { "ark", "ask", "asvk" };

    for (size_t p = 0; p < 3; p++)
        for (size_t k = 0; k < 3; k++) {
            char part[32];
            struct amd_chain c = { 0 };
            struct att_err err = { 0 };
            const struct amd_chain_kind kind = { "chain", ATT_VCEK_CHAIN_MALFORMED,
                                                 ATT_VCEK_CHAIN_SIGNATURE_INVALID, ATT_ROOT_UNTRUSTED };
            (void)snprintf(part, sizeof part, "%s-%s.pem", products[p], issuers[k]);
            struct att_span issuer = file("ca", part);
            (void)snprintf(part, sizeof part, "%s-ark.pem", products[p]);
            struct att_span ark = file("ca", part);
            char *both = malloc(issuer.len + ark.len + 1);
            size_t len = k > 0 ? issuer.len : 0;
            memcpy(both, issuer.ptr, len);
            memcpy(both + len, ark.ptr, ark.len);
            bool ok = amd_chain_read(lib, &kind, att_span_of(both, len + ark.len), &c, &err);
            cases_check(&cases, ok, "%s %s: %s", products[p], issuers[k], err.text);
            cases_check(&cases,
                        !ok ||
                            (!c.test_root && (k == 0 || c.signer == (k == 2 ? ATT_AMD_VLEK : ATT_AMD_VCEK))),
                        "%s %s: kind", products[p], issuers[k]);
            amd_chain_clear(&c);
            free(both);
            drop(issuer);
            drop(ark);
        }
}

static const struct {
    const char *name;
    enum att_code code;
    bool revokes;
} lists[] = {
    { "crl-empty.der", ATT_OK, false },
    { "crl-ask-revoked.der", ATT_OK, true },
    { "crl-wrong-key.der", ATT_CRL_SIGNATURE_INVALID, false },
};

static void check_lists(void)
{
    static const uint8_t ask_serial[] = { 1, 0, 1 };
    struct att_span ark = file("test-root", "ark.pem");
    const struct att_root root = { .pem = ark, .test_root = true };
    struct att_lib_options options = { .size = sizeof options, .roots = &root, .root_count = 1 };
    struct att_lib *lib = NULL;
    struct att_err err = { 0 };

    cases_check(&cases, att_lib_new(&options, &lib, &err), "a library with the test root: %s", err.text);
    for (size_t i = 0; lib && i < sizeof lists / sizeof lists[0]; i++) {
        struct att_span body = file("test-root", lists[i].name);
        struct amd_crl l;
        amd_crl_read(lib, lists[i].name, ATT_AMD_VCEK, body, ark, &l);
        cases_check(&cases, l.refusal.code == lists[i].code, "%s: %s", lists[i].name, l.refusal.text);
        cases_check(&cases, l.test_root, "%s: of a test root", lists[i].name);
        if (l.refusal.code == ATT_OK)
            cases_check(&cases, att_crl_revokes(l.crl, att_span_of(ask_serial, 3)) == lists[i].revokes,
                        "%s: entries", lists[i].name);
        amd_crl_clear(&l);
        drop(body);
    }
    att_lib_free(lib);
    drop(ark);
}

int main(void)
{
    struct att_lib *lib = NULL;
    struct att_err err = { 0 };

    if (!vectors_dir()) {
        cases_skip(&cases, "no vectors");
        (void)cases_report(&cases);
        return TEST_SKIPPED;
    }
    cases_check(&cases, att_lib_new(NULL, &lib, &err), "a library: %s", err.text);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        check_good(lib, i);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        check_bad(lib, i);
    check_roots(lib);
    check_lists();
    att_lib_free(lib);
    return cases_report(&cases);
}
