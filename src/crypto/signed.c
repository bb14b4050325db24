#include "crypto/x509_core.h"

bool att_signed_read(struct att_span der, struct att_signed *ret)
{
    struct att_reader whole = att_reader_of(der);
    struct att_signed s;
    struct att_span content;

    if (!att_der_take(&whole, ATT_DER_SEQUENCE, &content) || !att_all_read(&whole))
        return false;
    struct att_reader in = att_reader_of(content);
    if (!att_asn1_take(&in, ATT_DER_SEQUENCE, &s.tbs, &s.tbs_content) ||
        !att_der_take(&in, ATT_DER_SEQUENCE, &s.algorithm) || !att_asn1_bits(&in, &s.signature) ||
        !att_all_read(&in))
        return false;
    *ret = s;
    return true;
}

enum att_sig att_signed_check(const struct att_crypto *c, const struct att_signed *s,
                              const struct att_key *key)
{
    struct att_scheme scheme;

    if (!att_scheme_read(s->algorithm, &scheme))
        return ATT_SIG_BAD_KEY;
    return att_scheme_verify_der(c, key, scheme, s->tbs, s->signature);
}
