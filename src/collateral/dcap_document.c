#include "collateral/dcap_document.h"

#include "base/err.h"
#include "collateral/dcap_hash.h"

bool dcap_present(const struct dcap_source *s, struct att_span item, const char *where, struct att_err *err)
{
    if (item.len > 0)
        return true;
    return att_fail(err, ATT_COLLATERAL_MISSING, where, "the item in the bundle", "absent from bundle \"%s\"",
                    att_shown(&(struct att_shown){ 0 }, att_str(s->name)));
}

/* Buffers of quote providers are C strings, NUL included. */
static struct att_span without_nul(struct att_span text)
{
    while (text.len > 0 && text.ptr[text.len - 1] == 0)
        text.len--;
    return text;
}

bool dcap_document_read(const struct dcap_source *s, const struct dcap_signed_kind *kind,
                        const struct dcap_issuer_kind *issuer, struct att_span text, struct att_span chain,
                        struct dcap_document *doc, struct dcap_signed *ret)
{
    const struct att_crypto *c = s->lib->crypto;
    struct att_err *err = &doc->refusal;

    text = without_nul(text);
    if (!dcap_present(s, text, kind->where, err) || !dcap_present(s, chain, issuer->where, err))
        return false;
    if (!dcap_signed_read(kind, s->scratch, text, &s->lib->limits, ret, err))
        return false;
    if (!dcap_issuer_read(s->lib, issuer, chain, &doc->issuer, err))
        return false;
    if (!dcap_signed_check(kind, c, att_cert_key(doc->issuer.leaf), ret, err))
        return false;
    if (!dcap_hash_text(c, text, doc->text_sha256) ||
        !dcap_hash_chain(c, doc->issuer.leaf, doc->issuer.root, doc->chain_sha256))
        return att_fail(err, ATT_CRYPTO_FAILED, kind->where, "a digest", "none");
    return true;
}

void dcap_document_clear(struct dcap_document *doc)
{
    dcap_issuer_clear(&doc->issuer);
}
