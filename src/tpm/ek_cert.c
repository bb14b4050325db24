#include "tpm/ek_cert.h"

#include "codec/der.h"

enum { DIRECTORY_NAME = 0xa4 }; /* [4] EXPLICIT, of GeneralName */

static const uint8_t oid_manufacturer[] = { 0x67, 0x81, 0x05, 0x02, 0x01 }; /* 2.23.133.2.1 */

static bool is_printable(struct att_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e)
            return false;
    }
    return true;
}

/* AttributeTypeAndValue */
static bool attribute(struct att_span content, char *ret, size_t size)
{
    struct att_reader r = att_reader_of(content);
    struct att_span oid, value;
    uint8_t tag = 0;

    if (!att_der_take(&r, ATT_DER_OID, &oid) || !att_der_next(&r, &tag, &value) || !att_all_read(&r) ||
        !att_span_eq(oid, att_span_of(oid_manufacturer, sizeof oid_manufacturer)) || !is_printable(value))
        return false;
    size_t len = value.len < size ? value.len : size - 1;
    memcpy(ret, value.ptr, len);
    ret[len] = '\0';
    return true;
}

/* Name ::= SEQUENCE OF SET OF AttributeTypeAndValue; vendors put one attribute in a set, or all in one. */
static bool name(struct att_span content, char *ret, size_t size)
{
    struct att_reader outer = att_reader_of(content);
    struct att_span sets, set, one;

    if (!att_der_take(&outer, ATT_DER_SEQUENCE, &sets))
        return false;
    struct att_reader r = att_reader_of(sets);
    while (r.left > 0 && att_der_take(&r, ATT_DER_SET, &set)) {
        struct att_reader in = att_reader_of(set);
        while (in.left > 0 && att_der_take(&in, ATT_DER_SEQUENCE, &one)) {
            if (attribute(one, ret, size))
                return true;
        }
    }
    return false;
}

void tpm_ek_manufacturer(const struct att_cert *cert, char *ret, size_t size)
{
    struct att_span value, names, content;
    uint8_t tag = 0;

    ret[0] = '\0';
    if (!att_cert_extension(cert, "2.5.29.17", &value))
        return;
    struct att_reader outer = att_reader_of(value);
    if (!att_der_take(&outer, ATT_DER_SEQUENCE, &names))
        return;
    struct att_reader r = att_reader_of(names);
    while (r.left > 0 && att_der_next(&r, &tag, &content)) {
        if (tag == DIRECTORY_NAME && name(content, ret, size))
            return;
    }
}
