/* The PEM chain inside a quote and the issuer chains beside the collateral. */
#include "base/err.h"
#include "makers/plan.h"

static bool put_pem(const struct mk_cert_spec *spec, struct att_buf *out, struct att_err *err)
{
    X509 *made = NULL;

    if (!mk_cert_make(spec, &made, err))
        return false;
    ATT_AUTO(mk_x509_auto) X509 *cert = made;
    return mk_cert_pem(cert, out, err);
}

/* The leaf with a fault in its DER that PEM still carries. */
static bool put_bad_leaf(const struct mk_plan *p, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf der = { 0 };
    X509 *made = NULL;

    if (!mk_cert_make(p->chain[0], &made, err))
        return false;
    ATT_AUTO(mk_x509_auto) X509 *cert = made;
    if (!mk_cert_der(cert, &der, err))
        return false;
    if (p->quote.chain_form == MK_CHAIN_BAD_DER_LENGTH)
        der.ptr
            [3]++; /* 30 82 hh ll: a PCK certificate is longer than 255 bytes; ll = 255 wraps to shorter, as wrong */
    else
        att_buf_putc(&der, '\0');
    if (der.failed)
        return att_fail_memory(err, "makers.chain");
    mk_pem_put(out, att_buf_span(&der));
    return true;
}

static bool put_leaf(const struct mk_plan *p, struct att_buf *out, struct att_err *err)
{
    if (p->quote.chain_form == MK_CHAIN_BAD_DER_LENGTH || p->quote.chain_form == MK_CHAIN_DER_TRAILING)
        return put_bad_leaf(p, out, err);
    if (!put_pem(p->chain[0], out, err))
        return false;
    if (p->quote.chain_form == MK_CHAIN_BAD_BASE64)
        out->ptr[200] = '*'; /* inside the third line of base64 */
    return true;
}

bool mk_chain_put(const struct mk_plan *p, struct att_buf *out, struct att_err *err)
{
    size_t count = p->quote.chain_form == MK_CHAIN_LEAF_ONLY ? 1 : p->chain_count;

    switch (p->quote.chain_form) {
    case MK_CHAIN_EMPTY:
        return true;
    case MK_CHAIN_GARBAGE:
        att_buf_puts(out, "no certificate is written here\n");
        return true;
    case MK_CHAIN_FILLER:
        att_buf_fill(out, 0xa5, p->quote.filler_bytes);
        return true;
    case MK_CHAIN_GOOD:
    case MK_CHAIN_BAD_BASE64:
    case MK_CHAIN_BAD_DER_LENGTH:
    case MK_CHAIN_DER_TRAILING:
    case MK_CHAIN_LEAF_ONLY:
        break;
    }
    if (!put_leaf(p, out, err))
        return false;
    for (size_t i = 1; i < count; i++)
        if (!put_pem(p->chain[i], out, err))
            return false;
    att_buf_putc(out, '\0');
    return !out->failed || att_fail_memory(err, "makers.chain");
}

bool mk_issuer_chain_put(const struct mk_issuer_chain_plan *c, struct att_buf *out, struct att_err *err)
{
    if (c->garbage) {
        att_buf_puts(out, "no certificate is written here\n");
        return !out->failed || att_fail_memory(err, "makers.chain");
    }
    return put_pem(&c->signer, out, err) && (c->no_root || put_pem(&c->root, out, err));
}
