#include "collateral/amd_leaf.h"

#include "base/err.h"
#include "codec/der.h"

#include <stdio.h>

#define AMD_ARC "1.3.6.1.4.1.3704.1"

enum { DER_IA5_STRING = 0x16, CSP_ID_BYTES_MAX = 255 };

static bool bad(struct att_err *err, const char *name, const char *expected, const char *found)
{
    char where[64];

    (void)snprintf(where, sizeof where, "vcek.%s", name);
    return att_fail(err, ATT_VCEK_EXTENSION_MALFORMED, where, expected, "%s", found[0] ? found : "empty");
}

static bool ia5(const struct att_cert *cert, const char *oid, struct att_span *ret)
{
    struct att_span content;

    if (!att_cert_extension(cert, oid, &content))
        return false;
    struct att_reader r = att_reader_of(content);
    return att_der_take(&r, DER_IA5_STRING, ret) && att_all_read(&r) && ret->len > 0;
}

static bool number(const struct att_cert *cert, const char *oid, uint8_t *ret)
{
    struct att_span content;
    uint64_t v = 0;

    if (!att_cert_extension(cert, oid, &content))
        return false;
    struct att_reader r = att_reader_of(content);
    if (!att_der_take_uint(&r, ATT_DER_INTEGER, UINT8_MAX, &v) || !att_all_read(&r))
        return false;
    *ret = (uint8_t)v;
    return true;
}

static bool kind_read(const struct att_cert *cert, struct amd_leaf *l, struct att_err *err)
{
    struct att_span cn = att_str(att_cert_subject_cn(cert));

    if (!att_span_is(cn, "SEV-VCEK") && !att_span_is(cn, "SEV-VLEK"))
        return bad(err, "subject", "the common name SEV-VCEK or SEV-VLEK",
                   att_shown(&(struct att_shown){ 0 }, cn));
    l->kind = att_span_is(cn, "SEV-VLEK") ? ATT_AMD_VLEK : ATT_AMD_VCEK;
    if (!number(cert, AMD_ARC ".1", &l->struct_version) || l->struct_version > 1)
        return bad(err, "structVersion", "0 or 1", "something else");
    return true;
}

/* "Milan-B0" is a stepping of Milan. */
static bool product_read(const struct att_cert *cert, struct amd_leaf *l, struct att_err *err)
{
    size_t n = 0;

    if (!ia5(cert, AMD_ARC ".2", &l->product_name))
        return bad(err, "productName", "an IA5String", "something else");
    for (; n < l->product_name.len && l->product_name.ptr[n] != '-'; n++) {
        uint8_t c = l->product_name.ptr[n];
        bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!plain || n + 1 == sizeof l->product)
            return bad(err, "productName", "a short name of letters and digits",
                       att_shown(&(struct att_shown){ 0 }, l->product_name));
        l->product[n] = (char)c;
    }
    return n > 0 || bad(err, "productName", "a name before the stepping", "none");
}

static bool versions_read(const struct att_cert *cert, struct amd_leaf *l, struct att_err *err)
{
    struct att_span ignored;
    bool has_spl4 = att_cert_extension(cert, AMD_ARC ".3.4", &ignored);
    const struct {
        const char *oid;
        const char *name;
        uint8_t *ret;
        bool absent; /* allowed to be, and is */
    } rows[] = {
        { AMD_ARC ".3.1", "blSPL", &l->bl, false },
        { AMD_ARC ".3.2", "teeSPL", &l->tee, false },
        { AMD_ARC ".3.3", "snpSPL", &l->snp, false },
        { AMD_ARC ".3.4", "spl4", &l->spl4, l->struct_version == 1 && !has_spl4 },
        { AMD_ARC ".3.5", "spl5", &l->spl5, false },
        { AMD_ARC ".3.6", "spl6", &l->spl6, false },
        { AMD_ARC ".3.7", "spl7", &l->spl7, false },
        { AMD_ARC ".3.8", "ucodeSPL", &l->ucode, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!rows[i].absent && !number(cert, rows[i].oid, rows[i].ret))
            return bad(err, rows[i].name, "one INTEGER from 0 to 255", "something else");
    l->has_fmc = att_cert_extension(cert, AMD_ARC ".3.9", &ignored);
    if (l->has_fmc != (l->struct_version == 1))
        return bad(err, "fmcSPL", l->has_fmc ? "none in a certificate of version 0" : "this extension",
                   l->has_fmc ? "one" : "none");
    if (l->has_fmc && !number(cert, AMD_ARC ".3.9", &l->fmc))
        return bad(err, "fmcSPL", "one INTEGER from 0 to 255", "something else");
    return true;
}

/* AMD writes the chip's identifier bare; certificates that wrap it in an OCTET STRING are about as well. Its length
 * tells which. */
static bool hwid_read(const struct att_cert *cert, struct amd_leaf *l, struct att_err *err)
{
    size_t want = l->struct_version == 1 ? AMD_HWID_TURIN_BYTES : AMD_HWID_BYTES;
    struct att_span content;
    bool there = att_cert_extension(cert, AMD_ARC ".4", &content);

    if (l->kind == ATT_AMD_VLEK)
        return !there || bad(err, "hwID", "none in a VLEK", "one");
    if (!there)
        return bad(err, "hwID", "this extension", "none");
    if (content.len == want) {
        l->hwid = content;
        return true;
    }
    struct att_reader r = att_reader_of(content);
    if (!att_der_take_octets(&r, want, &l->hwid) || !att_all_read(&r))
        return bad(err, "hwID", want == AMD_HWID_BYTES ? "64 bytes" : "8 bytes", "another length");
    return true;
}

static bool csp_id_read(const struct att_cert *cert, struct amd_leaf *l, struct att_err *err)
{
    struct att_span ignored;

    if (!att_cert_extension(cert, AMD_ARC ".5", &ignored))
        return true;
    if (l->kind == ATT_AMD_VCEK)
        return bad(err, "cspID", "none in a VCEK", "one");
    if (!ia5(cert, AMD_ARC ".5", &l->csp_id) || l->csp_id.len > CSP_ID_BYTES_MAX)
        return bad(err, "cspID", "a short IA5String", "something else");
    return true;
}

bool amd_leaf_read(const struct att_cert *cert, struct amd_leaf *ret, struct att_err *err)
{
    struct amd_leaf l = { 0 };

    if (!kind_read(cert, &l, err) || !product_read(cert, &l, err) || !versions_read(cert, &l, err) ||
        !hwid_read(cert, &l, err) || !csp_id_read(cert, &l, err))
        return false;
    *ret = l;
    return true;
}

void amd_leaf_tcb(const struct amd_leaf *l, uint8_t ret[AMD_TCB_BYTES])
{
    const uint8_t milan[AMD_TCB_BYTES] = {
        l->bl, l->tee, l->spl4, l->spl5, l->spl6, l->spl7, l->snp, l->ucode
    };
    const uint8_t turin[AMD_TCB_BYTES] = {
        l->fmc, l->bl, l->tee, l->snp, l->spl5, l->spl6, l->spl7, l->ucode
    };

    memcpy(ret, l->struct_version == 1 ? turin : milan, AMD_TCB_BYTES);
}
