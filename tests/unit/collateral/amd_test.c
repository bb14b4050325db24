/* layers: collateral crypto codec makers base */
/* AMD's certificates and lists: the leaf's extensions, chains to an ARK, lists by authority and kind, VCEKs as items. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "collateral/amd_leaf.h"
#include "collateral/snapshot.h"
#include "makers/snp.h"

#define NOW ((int64_t)1781524800) /* 2026-06-15T12:00:00Z */

enum { MILAN, OTHER_MILAN, TURIN, MADE };

/* Two AMDs with the same names, and one of another product; the library trusts the first and the last. */
struct scene {
    struct mk_amd *amd[MADE];
    struct mk_snp_evidence ev[MADE];
    struct att_lib *lib;
};

static void need(bool ok, const char *what, const struct att_err *err)
{
    if (ok)
        return;
    printf("%s: %s\n", what, err->text);
    exit(1);
}

static struct mk_snp_evidence made(const struct mk_amd *amd, enum mk_snp_break broken, bool wrapped)
{
    struct mk_snp_evidence ev = { 0 };
    struct mk_snp_options o;
    struct att_err err = { 0 };

    mk_snp_defaults(&o, mk_amd_product(amd), NOW);
    o.broken = broken;
    o.hwid_wrapped = wrapped;
    need(mk_snp_make(amd, &o, &ev, &err), "mk_snp_make", &err);
    return ev;
}

static int scene_make(void **state)
{
    static const enum mk_amd_product products[MADE] = { MK_AMD_MILAN, MK_AMD_MILAN, MK_AMD_TURIN };
    static struct scene s;
    struct att_err err = { 0 };
    struct att_root roots[2];
    struct att_lib_options options = { .size = sizeof options, .roots = roots, .root_count = 2 };

    for (size_t i = 0; i < MADE; i++) {
        need(mk_amd_new(products[i], MK_AMD_BITS_QUICK, NOW, &s.amd[i], &err), "mk_amd_new", &err);
        s.ev[i] = made(s.amd[i], MK_SNP_BREAK_NONE, false);
    }
    roots[0] = (struct att_root){ mk_snp_item(&s.ev[MILAN], MK_SNP_ARK), true };
    roots[1] = (struct att_root){ mk_snp_item(&s.ev[TURIN], MK_SNP_ARK), true };
    need(att_lib_new(&options, &s.lib, &err), "att_lib_new", &err);
    *state = &s;
    return 0;
}

static int scene_free(void **state)
{
    struct scene *s = *state;

    for (size_t i = 0; i < MADE; i++) {
        mk_snp_evidence_free(&s->ev[i]);
        mk_amd_free(s->amd[i]);
    }
    att_lib_free(s->lib);
    return 0;
}

/* The chain without its leaf. */
static struct att_span issuers_of(const struct mk_snp_evidence *ev)
{
    struct att_span pem = mk_snp_item(ev, MK_SNP_CHAIN);
    static const char end[] = "-----END CERTIFICATE-----\n";

    for (size_t i = 0; i + sizeof end - 1 <= pem.len; i++)
        if (memcmp(pem.ptr + i, end, sizeof end - 1) == 0)
            return att_span_of(pem.ptr + i + sizeof end - 1, pem.len - i - (sizeof end - 1));
    fail_msg("no chain");
    return (struct att_span){ 0 };
}

static struct att_span leaf_of(const struct mk_snp_evidence *ev)
{
    struct att_span pem = mk_snp_item(ev, MK_SNP_CHAIN);

    return att_span_of(pem.ptr, pem.len - issuers_of(ev).len);
}

static struct att_cert *ark_of(const struct scene *s, const struct mk_snp_evidence *ev)
{
    struct att_cert *ark = NULL;
    struct att_err err = { 0 };
    size_t count = 0;

    need(att_certs_from_pem(s->lib->crypto, mk_snp_item(ev, MK_SNP_ARK), NULL, &ark, 1, &count, &err), "ark",
         &err);
    return ark;
}

/* -- leafs ----------------------------------------------------------------------------------------------------- */

static bool leaf_read(const struct scene *s, const struct mk_snp_evidence *ev, struct amd_leaf *l,
                      struct att_cert **ret, struct att_err *err)
{
    size_t count = 0;

    *err = (struct att_err){ 0 };
    *ret = NULL;
    need(att_certs_from_pem(s->lib->crypto, leaf_of(ev), NULL, ret, 1, &count, err), "leaf", err);
    return amd_leaf_read(*ret, l, err);
}

static void test_leaf(void **state)
{
    const struct scene *s = *state;

    for (size_t i = 0; i < MADE; i++) {
        const struct mk_snp_options *o = &s->ev[i].options;
        struct att_cert *cert;
        struct amd_leaf l;
        struct att_err err;
        uint8_t tcb[8];
        bool turin = i == TURIN;
        if (!leaf_read(s, &s->ev[i], &l, &cert, &err))
            fail_msg("%s", err.text);
        assert_int_equal(l.kind, ATT_AMD_VCEK);
        assert_string_equal(l.product, turin ? "Turin" : "Milan");
        assert_int_equal(l.struct_version, turin);
        assert_int_equal(l.has_fmc, turin);
        assert_int_equal(l.hwid.len, turin ? 8 : 64);
        assert_memory_equal(l.hwid.ptr, o->chip_id, l.hwid.len);
        assert_int_equal(l.bl, o->reported.bootloader);
        assert_int_equal(l.tee, o->reported.tee);
        assert_int_equal(l.snp, o->reported.snp);
        assert_int_equal(l.ucode, o->reported.microcode);
        amd_leaf_tcb(&l, tcb);
        /* REPORTED_TCB stands at 0x180 of a report */
        assert_memory_equal(tcb, mk_snp_item(&s->ev[i], MK_SNP_REPORT).ptr + 0x180, 8);
        att_cert_free(cert);
    }
}

/* hwID as an OCTET STRING, as some tools write it, is the same chip. */
static void test_leaf_wrapped(void **state)
{
    const struct scene *s = *state;

    for (size_t i = 0; i < MADE; i += 2) {
        struct mk_snp_evidence ev = made(s->amd[i], MK_SNP_BREAK_NONE, true);
        struct att_cert *cert;
        struct amd_leaf l;
        struct att_err err;
        if (!leaf_read(s, &ev, &l, &cert, &err))
            fail_msg("%s", err.text);
        assert_int_equal(l.hwid.len, i == TURIN ? 8 : 64);
        assert_memory_equal(l.hwid.ptr, ev.options.chip_id, l.hwid.len);
        att_cert_free(cert);
        mk_snp_evidence_free(&ev);
    }
}

/* Every leaf that the makers can break in an extension is refused for it, and nothing is given out. */
static void test_leaf_broken(void **state)
{
    const struct scene *s = *state;
    unsigned seen = 0;

    for (enum mk_snp_break b = 1; b < MK_SNP_BREAK_COUNT; b++) {
        if (mk_snp_breaks[b].expected_code != ATT_VCEK_EXTENSION_MALFORMED)
            continue;
        size_t i = mk_snp_break_fits(b, MK_AMD_MILAN) ? MILAN : TURIN;
        struct mk_snp_evidence ev = made(s->amd[i], b, false);
        struct amd_leaf l = { .product = "kept" };
        struct att_cert *cert = NULL;
        struct att_err err = { 0 };
        size_t count = 0;
        if (att_certs_from_pem(s->lib->crypto, leaf_of(&ev), NULL, &cert, 1, &count, &err)) {
            if (amd_leaf_read(cert, &l, &err))
                fail_msg("%s passes", mk_snp_breaks[b].name);
            assert_int_equal(err.code, ATT_VCEK_EXTENSION_MALFORMED);
            assert_string_equal(l.product, "kept");
            seen++;
        }
        att_cert_free(cert);
        mk_snp_evidence_free(&ev);
    }
    assert_true(seen >= 5);
}

/* An ARK is no leaf. */
static void test_not_a_leaf(void **state)
{
    const struct scene *s = *state;
    struct att_cert *ark = ark_of(s, &s->ev[MILAN]);
    struct amd_leaf l;
    struct att_err err = { 0 };

    assert_false(amd_leaf_read(ark, &l, &err));
    assert_int_equal(err.code, ATT_VCEK_EXTENSION_MALFORMED);
    att_cert_free(ark);
}

/* -- lists ----------------------------------------------------------------------------------------------------- */

static struct att_collateral *snapshot_of(const struct scene *s, const struct att_amd_bundle *b, size_t count,
                                          const struct att_collateral_item *items, size_t item_count)
{
    struct att_collateral_in in = {
        .size = sizeof in, .amd = b, .amd_count = count, .items = items, .item_count = item_count
    };
    struct att_collateral *c = NULL;
    struct att_err err = { 0 };

    need(att_collateral_new(s->lib, &in, &c, &err), "att_collateral_new", &err);
    return c;
}

static struct att_amd_bundle lists_of(const struct mk_snp_evidence *ev)
{
    return (struct att_amd_bundle){ .name = "made",
                                    .vcek_crl = mk_snp_item(ev, MK_SNP_VCEK_CRL),
                                    .vcek_chain = issuers_of(ev),
                                    .vlek_crl = mk_snp_item(ev, MK_SNP_VLEK_CRL),
                                    .vlek_chain = mk_snp_item(ev, MK_SNP_ARK) };
}

static void test_lists(void **state)
{
    const struct scene *s = *state;
    const struct att_amd_bundle b[2] = { lists_of(&s->ev[MILAN]), lists_of(&s->ev[TURIN]) };
    struct att_collateral *c = snapshot_of(s, b, 2, NULL, 0);
    struct att_collateral_row rows[8];

    for (size_t i = 0; i < MADE; i++) {
        struct att_cert *ark = ark_of(s, &s->ev[i]);
        for (enum att_amd_signer signer = ATT_AMD_VCEK; signer <= ATT_AMD_VLEK; signer++) {
            const struct amd_crl *l = att_collateral_amd_crl(c, ark, signer);
            if (i == OTHER_MILAN) { /* the same name, another key: another authority */
                assert_null(l);
                continue;
            }
            assert_non_null(l);
            assert_int_equal(l->refusal.code, ATT_OK);
            assert_int_equal(l->signer, signer);
            assert_true(l->test_root);
            assert_true(amd_same_authority(l->issuer, ark));
        }
        assert_null(att_collateral_amd_crl(NULL, ark, ATT_AMD_VCEK));
        att_cert_free(ark);
    }
    assert_int_equal(att_collateral_rows(c, rows, 8), 4);
    assert_string_equal(rows[0].item, "vcek_crl");
    assert_string_equal(rows[1].item, "vlek_crl");
    assert_string_equal(rows[0].subject, "ARK-Milan");
    assert_string_equal(rows[2].subject, "ARK-Turin");
    assert_string_equal(rows[0].bundle, "made");
    assert_true(rows[0].issued_unix_s < NOW && rows[0].next_unix_s > NOW);
    att_collateral_free(c);
}

/* E-t, E-u: a list that is there and cannot be used is given with its refusal, not passed over. */
static void test_lists_refused(void **state)
{
    const struct scene *s = *state;
    const struct att_amd_bundle good = lists_of(&s->ev[MILAN]);
    const struct {
        const char *name;
        struct att_span list, chain;
        enum att_code code;
    } rows[] = {
        { "no list", att_str("no list"), good.vcek_chain, ATT_CRL_MALFORMED },
        { "cut", att_span_of(good.vcek_crl.ptr, good.vcek_crl.len - 1), good.vcek_chain, ATT_CRL_MALFORMED },
        { "no chain", good.vcek_crl, { NULL, 0 }, ATT_CRL_ISSUER_MISMATCH },
        { "chain of a stranger", good.vcek_crl, issuers_of(&s->ev[OTHER_MILAN]), ATT_CRL_ISSUER_MISMATCH },
        { "list of a stranger", mk_snp_item(&s->ev[OTHER_MILAN], MK_SNP_VCEK_CRL), good.vcek_chain,
          ATT_CRL_SIGNATURE_INVALID },
        { "list of another product", mk_snp_item(&s->ev[TURIN], MK_SNP_VCEK_CRL), good.vcek_chain,
          ATT_CRL_ISSUER_MISMATCH },
        { "ASK alone", good.vcek_crl, att_span_of(good.vcek_chain.ptr, good.vcek_chain.len / 2),
          ATT_CRL_ISSUER_MISMATCH },
        { "with its leaf", good.vcek_crl, mk_snp_item(&s->ev[MILAN], MK_SNP_CHAIN), ATT_CRL_ISSUER_MISMATCH },
    };
    struct att_cert *ark = ark_of(s, &s->ev[MILAN]);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_amd_bundle b[2] = {
            { .name = "bad", .vcek_crl = rows[i].list, .vcek_chain = rows[i].chain }, good
        };
        struct att_collateral *c = snapshot_of(s, b, 1, NULL, 0);
        const struct amd_crl *l = att_collateral_amd_crl(c, ark, ATT_AMD_VCEK);
        if (!l || l->refusal.code != rows[i].code)
            fail_msg("%s: %s", rows[i].name, l ? l->refusal.text : "passed over");
        assert_null(att_collateral_amd_crl(c, ark, ATT_AMD_VLEK));
        att_collateral_free(c);
        c = snapshot_of(s, b, 2, NULL, 0); /* a usable one beside it wins */
        l = att_collateral_amd_crl(c, ark, ATT_AMD_VCEK);
        assert_int_equal(l->refusal.code, ATT_OK);
        att_collateral_free(c);
    }
    att_cert_free(ark);
}

/* Of two lists the newer one, whichever stands first. */
static void test_newest_list(void **state)
{
    const struct scene *s = *state;
    struct mk_snp_evidence older = { 0 };
    struct mk_snp_options o;
    struct att_err err = { 0 };
    struct att_cert *ark = ark_of(s, &s->ev[MILAN]);

    mk_snp_defaults(&o, MK_AMD_MILAN, NOW - 5 * 86400);
    need(mk_snp_make(s->amd[MILAN], &o, &older, &err), "mk_snp_make", &err);
    for (unsigned turn = 0; turn < 2; turn++) {
        const struct att_amd_bundle b[2] = { lists_of(turn ? &older : &s->ev[MILAN]),
                                             lists_of(turn ? &s->ev[MILAN] : &older) };
        struct att_collateral *c = snapshot_of(s, b, 2, NULL, 0);
        const struct amd_crl *l = att_collateral_amd_crl(c, ark, ATT_AMD_VCEK);
        assert_true(att_crl_this_update(l->crl) > NOW - 3 * 86400);
        att_collateral_free(c);
    }
    mk_snp_evidence_free(&older);
    att_cert_free(ark);
}

static struct att_collateral_item crl_item(const struct mk_snp_evidence *ev, const char *product)
{
    struct att_collateral_item item = { .what = { .kind = ATT_ITEM_AMD_CRL, .signer = ATT_AMD_VCEK },
                                        .body = mk_snp_item(ev, MK_SNP_VCEK_CRL),
                                        .chain = issuers_of(ev) };

    (void)snprintf(item.what.product, sizeof item.what.product, "%s", product);
    return item;
}

/* As items: what it was taken for decides for whom a list counts that nobody can read. */
static void test_list_items(void **state)
{
    const struct scene *s = *state;
    struct att_cert *milan = ark_of(s, &s->ev[MILAN]), *turin = ark_of(s, &s->ev[TURIN]);
    struct att_collateral_item item = crl_item(&s->ev[MILAN], "Milan");
    struct att_item_facts f;
    struct att_err err = { 0 };

    struct att_collateral *c = snapshot_of(s, NULL, 0, &item, 1);
    assert_int_equal(att_collateral_amd_crl(c, milan, ATT_AMD_VCEK)->refusal.code, ATT_OK);
    assert_null(att_collateral_amd_crl(c, turin, ATT_AMD_VCEK));
    assert_null(att_collateral_amd_crl(c, milan, ATT_AMD_VLEK));
    att_collateral_free(c);
    assert_true(att_item_check(s->lib, &item, &f, &err));
    assert_string_equal(f.is.product, "Milan");
    assert_true(f.test_root && f.issued_unix_s < NOW && f.next_unix_s > NOW);

    item = crl_item(&s->ev[MILAN], "Turin"); /* a good list of Milan's, taken for Turin's */
    assert_false(att_item_check(s->lib, &item, &f, &err));
    assert_int_equal(err.code, ATT_COLLATERAL_MISMATCH);
    c = snapshot_of(s, NULL, 0, &item, 1);
    assert_int_equal(att_collateral_amd_crl(c, milan, ATT_AMD_VCEK)->refusal.code, ATT_COLLATERAL_MISMATCH);
    /* E-u: Turin's list was asked for and another one came: that is not "no list". */
    assert_non_null(att_collateral_amd_crl(c, turin, ATT_AMD_VCEK));
    assert_int_equal(att_collateral_amd_crl(c, turin, ATT_AMD_VCEK)->refusal.code, ATT_COLLATERAL_MISMATCH);
    assert_null(att_collateral_amd_crl(c, turin, ATT_AMD_VLEK));
    att_collateral_free(c);
    const struct att_collateral_item two[2] = { item, crl_item(&s->ev[TURIN], "Turin") };
    c = snapshot_of(s, NULL, 0, two, 2); /* the right one beside it wins */
    assert_int_equal(att_collateral_amd_crl(c, turin, ATT_AMD_VCEK)->refusal.code, ATT_OK);
    att_collateral_free(c);

    item = crl_item(&s->ev[MILAN], "Turin");
    item.chain = att_str("no chain");
    c = snapshot_of(s, NULL, 0, &item, 1);
    assert_null(att_collateral_amd_crl(c, milan, ATT_AMD_VCEK));
    assert_int_equal(att_collateral_amd_crl(c, turin, ATT_AMD_VCEK)->refusal.code, ATT_CRL_ISSUER_MISMATCH);
    att_collateral_free(c);
    att_cert_free(milan);
    att_cert_free(turin);
}

/* -- VCEKs as items -------------------------------------------------------------------------------------------- */

static struct att_collateral_item vcek_item(const struct mk_snp_evidence *ev)
{
    struct att_collateral_item item = { .what = { .kind = ATT_ITEM_VCEK },
                                        .body = leaf_of(ev),
                                        .chain = issuers_of(ev) };
    bool turin = ev->product == MK_AMD_TURIN;

    (void)snprintf(item.what.product, sizeof item.what.product, "%s", turin ? "Turin" : "Milan");
    item.what.chip_id_bytes = turin ? 8 : 64;
    memcpy(item.what.chip_id, ev->options.chip_id, item.what.chip_id_bytes);
    memcpy(item.what.tcb, mk_snp_item(ev, MK_SNP_REPORT).ptr + 0x180, 8);
    return item;
}

static enum att_code check(const struct scene *s, struct att_collateral_item item)
{
    struct att_item_facts f = { .issued_unix_s = 4711 };
    struct att_err err = { 0 };

    if (att_item_check(s->lib, &item, &f, &err)) {
        assert_int_equal(f.is.kind, ATT_ITEM_VCEK);
        assert_true(f.test_root && f.issued_unix_s < NOW && f.next_unix_s > NOW);
        return ATT_OK;
    }
    assert_int_equal(f.issued_unix_s, 4711);
    assert_true(err.where[0] && err.text[0]);
    return err.code;
}

static void test_vcek(void **state)
{
    const struct scene *s = *state;
    struct att_collateral_item good = vcek_item(&s->ev[MILAN]), item;

    assert_int_equal(check(s, good), ATT_OK);
    assert_int_equal(check(s, vcek_item(&s->ev[TURIN])), ATT_OK);
    for (size_t at = 0; at < 64; at += 9) {
        item = good;
        item.what.chip_id[at] ^= 1;
        assert_int_equal(check(s, item), ATT_COLLATERAL_MISMATCH);
    }
    for (size_t at = 0; at < 8; at++) {
        item = good;
        item.what.tcb[at] ^= 1;
        assert_int_equal(check(s, item), ATT_COLLATERAL_MISMATCH);
    }
    item = good;
    memcpy(item.what.product, "Genoa", 6);
    assert_int_equal(check(s, item), ATT_COLLATERAL_MISMATCH);
    assert_int_equal(check(s, vcek_item(&s->ev[OTHER_MILAN])), ATT_ROOT_UNTRUSTED);
    item = good;
    item.chain = issuers_of(&s->ev[OTHER_MILAN]);
    assert_int_equal(check(s, item), ATT_ROOT_UNTRUSTED);
    item.chain = issuers_of(&s->ev[TURIN]);
    assert_int_equal(check(s, item), ATT_PRODUCT_MISMATCH);
    item.chain = mk_snp_item(&s->ev[MILAN], MK_SNP_ARK);
    assert_int_equal(check(s, item), ATT_VCEK_CHAIN_MALFORMED);
    item.chain = mk_snp_item(&s->ev[MILAN], MK_SNP_CHAIN);
    assert_int_equal(check(s, item), ATT_VCEK_CHAIN_MALFORMED);
    item = good;
    item.body = leaf_of(&s->ev[OTHER_MILAN]); /* right words, issued by another ASK */
    assert_int_equal(check(s, item), ATT_VCEK_CHAIN_SIGNATURE_INVALID);
    item.body = mk_snp_item(&s->ev[MILAN], MK_SNP_ARK);
    assert_int_equal(check(s, item), ATT_VCEK_EXTENSION_MALFORMED);
    item.body = (struct att_span){ 0 };
    assert_int_equal(check(s, item), ATT_VCEK_CHAIN_MALFORMED);
    item.body = mk_snp_item(&s->ev[MILAN], MK_SNP_CHAIN); /* three where one belongs */
    assert_int_equal(check(s, item), ATT_VCEK_CHAIN_MALFORMED);
}

/* As DER, cut and changed. */
static void test_vcek_bytes(void **state)
{
    const struct scene *s = *state;
    struct att_collateral_item item = vcek_item(&s->ev[MILAN]);
    struct att_cert *cert;
    struct amd_leaf l;
    struct att_err err;

    assert_true(leaf_read(s, &s->ev[MILAN], &l, &cert, &err));
    struct att_span der = att_cert_der(cert);
    uint8_t *copy = malloc(der.len + 1);
    assert_non_null(copy);
    memcpy(copy, der.ptr, der.len);
    copy[der.len] = 0;
    item.body = att_span_of(copy, der.len);
    assert_int_equal(check(s, item), ATT_OK);
    item.body.len++;
    assert_int_not_equal(check(s, item), ATT_OK);
    item.body.len--;
    for (size_t at = 0; at < der.len; at += 13) {
        copy[at] ^= 0x10;
        assert_int_not_equal(check(s, item), ATT_OK);
        copy[at] ^= 0x10;
        struct att_collateral_item cut = item;
        cut.body.len = at;
        assert_int_not_equal(check(s, cut), ATT_OK);
    }
    free(copy);
    att_cert_free(cert);
}

/* A VLEK is no VCEK. */
static void test_vlek_is_no_vcek(void **state)
{
    const struct scene *s = *state;
    struct mk_snp_evidence ev = { 0 };
    struct mk_snp_options o;
    struct att_err err = { 0 };

    mk_snp_defaults(&o, MK_AMD_MILAN, NOW);
    o.signer = MK_SNP_VLEK;
    need(mk_snp_make(s->amd[MILAN], &o, &ev, &err), "mk_snp_make", &err);
    struct att_cert *cert;
    struct amd_leaf l;
    assert_true(leaf_read(s, &ev, &l, &cert, &err));
    assert_int_equal(l.kind, ATT_AMD_VLEK);
    assert_int_equal(l.hwid.len, 0);
    assert_true(l.csp_id.len > 0);
    struct att_collateral_item item = vcek_item(&ev);
    assert_int_equal(check(s, item), ATT_VCEK_CHAIN_MALFORMED);
    item = vcek_item(&s->ev[MILAN]);
    item.chain = issuers_of(&ev); /* ASVK instead of ASK */
    assert_int_equal(check(s, item), ATT_VCEK_CHAIN_MALFORMED);
    att_cert_free(cert);
    mk_snp_evidence_free(&ev);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaf),
        cmocka_unit_test(test_leaf_wrapped),
        cmocka_unit_test(test_leaf_broken),
        cmocka_unit_test(test_not_a_leaf),
        cmocka_unit_test(test_lists),
        { "E-t, E-u: a list that cannot be used is not passed over", test_lists_refused, NULL, NULL, NULL },
        cmocka_unit_test(test_newest_list),
        cmocka_unit_test(test_list_items),
        cmocka_unit_test(test_vcek),
        cmocka_unit_test(test_vcek_bytes),
        cmocka_unit_test(test_vlek_is_no_vcek),
    };

    return cmocka_run_group_tests_name("collateral.amd", tests, scene_make, scene_free);
}
