/* layers: collateral crypto base */
/* What AMD writes into its leaf certificates: a DER certificate whose extensions are read. Who is taken for a VCEK has a
 * chip, who is taken for a VLEK has none; every member is inside the certificate. */
#include <stdlib.h>

#include "collateral/amd_leaf.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_cert *cert = NULL;
    struct att_err err = { 0 };
    struct amd_leaf l = { .struct_version = 77 };

    if (!crypto)
        crypto = att_crypto_new();
    if (!crypto)
        abort();
    if (!att_cert_from_der(crypto, att_span_of(data, size), &att_limits_default, &cert, &err))
        return 0;
    if (amd_leaf_read(cert, &l, &err))
        check(cert, &l);
    else if (err.code != ATT_VCEK_EXTENSION_MALFORMED || !err.where[0] || !err.found[0] ||
             l.struct_version != 77)
        __builtin_trap();
    att_cert_free(cert);
    return 0;
}
