/* layers: collateral crypto base codec */
/* What AMD writes into its leaf certificates. A DER certificate; or, when the first byte is none of DER's, a script: whose
 * name it has, and its extensions one by one, which makes a certificate without a key and without a search for lengths that
 * fit. Who is taken for a VCEK has a chip, who is taken for a VLEK has none; every member is inside the certificate; a number
 * is the one that its extension holds, read here once more. */
#include <stdlib.h>

#include "collateral/amd_leaf.h"
#include "crypto/x509_core.h"

enum { FIRST_OF_DER = 0x30, ARC_SPL = 2, ARC_FMC = 10, ARC_COUNT = 14 };

static struct att_crypto *crypto;

static void inside(struct att_span der, struct att_span s)
{
    if (s.len > 0 && (s.ptr < der.ptr || s.len > der.len || s.ptr > der.ptr + (der.len - s.len)))
        __builtin_trap();
}

static void check(const struct att_cert *cert, const struct amd_leaf *l)
{
    struct att_span der = att_cert_der(cert);
    uint8_t tcb[AMD_TCB_BYTES];
    bool vlek = l->kind == ATT_AMD_VLEK;

    inside(der, l->product_name);
    inside(der, l->hwid);
    inside(der, l->csp_id);
    if (strcmp(att_cert_subject_cn(cert), vlek ? "SEV-VLEK" : "SEV-VCEK") != 0)
        __builtin_trap();
    if (l->hwid.len != (vlek ? 0u : l->struct_version == 1 ? 8u : 64u) || (l->csp_id.len > 0 && !vlek))
        __builtin_trap();
    if (l->struct_version > 1 || l->has_fmc != (l->struct_version == 1) || !l->product[0] || l->product[7])
        __builtin_trap();
    if (l->product_name.len < strlen(l->product) ||
        memcmp(l->product_name.ptr, l->product, strlen(l->product)) != 0)
        __builtin_trap();
    amd_leaf_tcb(l, tcb);
    if (tcb[7] != l->ucode || tcb[l->has_fmc ? 1 : 0] != l->bl || tcb[l->has_fmc ? 3 : 6] != l->snp)
        __builtin_trap();
}

static void read_leaf(const struct att_cert *cert)
{
    struct att_err err = { 0 };
    struct amd_leaf l = { .struct_version = 77 };

    if (amd_leaf_read(cert, &l, &err))
        check(cert, &l);
    else if (err.code != ATT_VCEK_EXTENSION_MALFORMED || !err.where[0] || !err.found[0] || !err.expected[0] ||
             l.struct_version != 77)
        __builtin_trap();
}

static void whole(struct att_span der)
{
    struct att_cert *cert = NULL;
    struct att_err err = { 0 };

    if (!att_cert_from_der(crypto, der, &att_limits_default, &cert, &err)) {
        if (cert || err.code != ATT_CERT_MALFORMED || !err.where[0] || !err.text[0])
            __builtin_trap();
        return;
    }
    read_leaf(cert);
    att_cert_free(cert);
}

/* 1.3.6.1.4.1.3704.1 and the rest: .1, .2, .3.1 to .3.9, .4, .5, and one that nobody knows. */
static struct att_span oid_of(unsigned arc)
{
    static const uint8_t oids[ARC_COUNT][11] = {
#define AMD 0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01
        { AMD, 1 },    { AMD, 2 },    { AMD, 3, 1 }, { AMD, 3, 2 }, { AMD, 3, 3 },
        { AMD, 3, 4 }, { AMD, 3, 5 }, { AMD, 3, 6 }, { AMD, 3, 7 }, { AMD, 3, 8 },
        { AMD, 3, 9 }, { AMD, 4 },    { AMD, 5 },    { AMD, 6 },
#undef AMD
    };

    return att_span_of(oids[arc], arc >= ARC_SPL && arc <= ARC_FMC ? 10 : 9);
}

/* An INTEGER of one byte that is not negative, in the one form that DER has for it; -1: something else. */
static int small_number(struct att_span s)
{
    if (s.len == 3 && s.ptr[0] == 2 && s.ptr[1] == 1 && s.ptr[2] < 0x80)
        return s.ptr[2];
    if (s.len == 4 && s.ptr[0] == 2 && s.ptr[1] == 2 && s.ptr[2] == 0 && s.ptr[3] >= 0x80)
        return s.ptr[3];
    return -1;
}

static void same_numbers(const struct amd_leaf *l, const struct att_span values[ARC_COUNT])
{
    const uint8_t *const read[] = { &l->bl,   &l->tee,  &l->snp,   &l->spl4, &l->spl5,
                                    &l->spl6, &l->spl7, &l->ucode, &l->fmc };

    if (small_number(values[0]) != l->struct_version)
        __builtin_trap();
    for (unsigned i = 0; i < sizeof read / sizeof read[0]; i++) {
        bool may_be_absent = values[ARC_SPL + i].len == 0 && (i == 8 || (i == 3 && l->struct_version == 1));
        if (small_number(values[ARC_SPL + i]) != *read[i] && (!may_be_absent || *read[i] != 0))
            __builtin_trap();
    }
}

/* Name, then for each extension: which, how long, its value. Each at most once, as in a certificate that was read. */
static void script(struct att_span all)
{
    static const char *const names[] = { "SEV-VCEK", "SEV-VLEK", "SEV-VCEK ", "" };
    struct att_cert cert = { .der = all };
    struct att_span values[ARC_COUNT] = { { 0 } };
    struct amd_leaf l = { 0 };
    size_t at = 1;

    memcpy(cert.common_name, names[all.ptr[0] & 3], strlen(names[all.ptr[0] & 3]) + 1);
    while (all.len - at >= 2) {
        unsigned arc = all.ptr[at] % ARC_COUNT;
        size_t len = all.ptr[at + 1];
        at += 2;
        len = len > all.len - at ? all.len - at : len;
        if (!values[arc].ptr) {
            values[arc] = att_span_of(all.ptr + at, len);
            cert.extensions[cert.extension_count++] =
                (struct att_extension){ .oid = oid_of(arc), .value = values[arc] };
        }
        at += len;
    }
    read_leaf(&cert);
    if (amd_leaf_read(&cert, &l, NULL))
        same_numbers(&l, values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!crypto)
        crypto = att_crypto_new();
    if (!crypto)
        abort();
    if (size > 0 && data[0] != FIRST_OF_DER)
        script(att_span_of(data, size));
    else
        whole(att_span_of(data, size));
    return 0;
}
