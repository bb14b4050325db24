/* AMD's revocation lists: issued and signed by the ARK. */
#include "makers/amd_parts.h"

#include "base/err.h"
#include "makers/der.h"

enum { TAG_INTEGER = 0x02, TAG_SEQUENCE = 0x30 };

static bool entries_put(const struct mk_amd_crl_spec *s, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf entry = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf entries = { 0 };

    if (!s->revoked)
        return true; /* RFC 5280 5.1.2.6: an empty list is left out */
    mk_amd_serial_put(s->revoked, &entry);
    if (!mk_amd_time_put(s->this_update, &entry, err))
        return false;
    mk_der_put(&entries, TAG_SEQUENCE, att_buf_span(&entry));
    out->failed |= entry.failed || entries.failed;
    mk_der_put(out, TAG_SEQUENCE, att_buf_span(&entries));
    return true;
}

static bool extensions_put(const struct mk_amd_crl_spec *s, struct att_buf *out, struct att_err *err)
{
    static const uint8_t authority_oid[] = { 0x55, 0x1d, 0x23 }, number_oid[] = { 0x55, 0x1d, 0x14 };
    static const uint8_t number_one[] = { TAG_INTEGER, 1, 1 };
    uint8_t authority[24] = { TAG_SEQUENCE, 22, 0x80, 20 };
    ATT_AUTO(att_buf_free) struct att_buf list = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf sequence = { 0 };

    if (!mk_amd_key_id(s->issuer_key, authority + 4, err))
        return false;
    mk_amd_extension_put(&list, att_span_of(authority_oid, 3), false,
                         att_span_of(authority, sizeof authority));
    mk_amd_extension_put(&list, att_span_of(number_oid, 3), false,
                         att_span_of(number_one, sizeof number_one));
    mk_der_put(&sequence, TAG_SEQUENCE, att_buf_span(&list));
    out->failed |= list.failed || sequence.failed;
    mk_der_put(out, 0xa0, att_buf_span(&sequence));
    return true;
}

bool mk_amd_crl_put(const struct mk_amd_crl_spec *s, struct att_buf *out, struct att_err *err)
{
    static const uint8_t version_2[] = { TAG_INTEGER, 1, 1 };
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf tbs = { 0 };

    if (s->garbage) {
        att_buf_puts(out, "no revocation list is written here\n");
        return !out->failed || att_fail_memory(err, "makers.amd.crl");
    }
    att_buf_put(&body, att_span_of(version_2, sizeof version_2));
    mk_amd_scheme_put(MK_AMD_PSS_SHA384, &body);
    if (!mk_amd_name_put(s->issuer_cn, &body, err) || !mk_amd_time_put(s->this_update, &body, err) ||
        !mk_amd_time_put(s->next_update, &body, err) || !entries_put(s, &body, err) ||
        !extensions_put(s, &body, err))
        return false;
    mk_der_put(&tbs, TAG_SEQUENCE, att_buf_span(&body));
    if (body.failed || tbs.failed)
        return att_fail_memory(err, "makers.amd.crl");
    if (!mk_amd_signed_put(s->signer, MK_AMD_PSS_SHA384, s->flip_signature, att_buf_span(&tbs), out, err))
        return false;
    out->len -= s->drop_tail;
    att_buf_fill(out, 0, s->extra_tail);
    return !out->failed || att_fail_memory(err, "makers.amd.crl");
}
