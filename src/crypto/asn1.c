#include "crypto/asn1.h"

#include "base/timetext.h"

enum { SHAPE_DEPTH_MAX = 16 };

/* One arc, base 128, most significant first (X.690 8.19.2). */
static bool put_arc(struct att_oid *oid, uint64_t arc)
{
    uint8_t groups[10];
    size_t count = 0;

    do {
        groups[count++] = (uint8_t)(arc & 0x7f);
        arc >>= 7;
    } while (arc > 0);
    if (count > ATT_OID_BYTES_MAX - oid->len)
        return false;
    while (count > 0) {
        count--;
        oid->bytes[oid->len++] = (uint8_t)(groups[count] | (count > 0 ? 0x80 : 0));
    }
    return true;
}

static bool take_arc(const char **text, uint64_t *ret)
{
    uint64_t value = 0;
    const char *p = *text;

    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
            return false;
    }
    *text = p;
    *ret = value;
    return true;
}

bool att_oid_read(const char *dotted, struct att_oid *ret)
{
    struct att_oid oid = { .len = 0 };
    uint64_t first = 0;
    uint64_t arc = 0;

    if (!take_arc(&dotted, &first) || *dotted++ != '.' || !take_arc(&dotted, &arc))
        return false;
    if (first > 2 || (first < 2 && arc > 39) || arc > UINT64_MAX - 80)
        return false;
    if (!put_arc(&oid, first * 40 + arc))
        return false;
    while (*dotted == '.') {
        dotted++;
        if (!take_arc(&dotted, &arc) || !put_arc(&oid, arc))
            return false;
    }
    if (*dotted != '\0')
        return false;
    *ret = oid;
    return true;
}

bool att_oid_is(struct att_span content, const char *dotted)
{
    struct att_oid oid;

    return att_oid_read(dotted, &oid) && att_span_eq(content, att_span_of(oid.bytes, oid.len));
}

bool att_asn1_shape(struct att_span der, size_t depth_max)
{
    struct att_reader stack[SHAPE_DEPTH_MAX + 1];
    size_t depth = 0;

    stack[0] = att_reader_of(der);
    for (;;) {
        struct att_reader *r = &stack[depth];
        if (r->left == 0) {
            if (depth == 0)
                return true;
            depth--;
            continue;
        }
        uint8_t tag = 0;
        struct att_span content;
        if (!att_der_next(r, &tag, &content))
            return false;
        bool application_or_private = (tag & 0x40) != 0;
        if (application_or_private)
            return false;
        if (!(tag & 0x20))
            continue;
        if (depth == depth_max || depth == SHAPE_DEPTH_MAX)
            return false;
        stack[++depth] = att_reader_of(content);
    }
}

bool att_asn1_take(struct att_reader *r, uint8_t tag, struct att_span *ret_whole, struct att_span *ret)
{
    const uint8_t *start = r->cur;

    if (!att_der_take(r, tag, ret))
        return false;
    *ret_whole = att_span_of(start, (size_t)(r->cur - start));
    return true;
}

bool att_asn1_peek(const struct att_reader *r, uint8_t tag)
{
    return r->left > 0 && r->cur[0] == tag;
}

static bool refuse(struct att_reader *r)
{
    r->failed = true;
    return false;
}

bool att_asn1_natural(struct att_reader *r, struct att_span *ret)
{
    struct att_span v;

    if (!att_der_take(r, ATT_DER_INTEGER, &v))
        return false;
    if (v.len == 0 || v.ptr[0] >= 0x80)
        return refuse(r);
    if (v.ptr[0] == 0) {
        if (v.len > 1 && v.ptr[1] < 0x80) /* X.690 8.3.2 */
            return refuse(r);
        v = att_span_of(v.ptr + 1, v.len - 1);
    }
    *ret = v;
    return true;
}

bool att_asn1_bits(struct att_reader *r, struct att_span *ret)
{
    struct att_span v;

    if (!att_der_take(r, ATT_DER_BIT_STRING, &v))
        return false;
    if (v.len == 0 || v.ptr[0] != 0)
        return refuse(r);
    *ret = att_span_of(v.ptr + 1, v.len - 1);
    return true;
}

static bool two_digits(const uint8_t *p, int *ret)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return false;
    *ret = (p[0] - '0') * 10 + (p[1] - '0');
    return true;
}

bool att_asn1_time(struct att_reader *r, int64_t *ret_unix_s)
{
    enum { UTC_TIME = 0x17, GENERALIZED_TIME = 0x18 };
    uint8_t tag = 0;
    struct att_span v;
    int n[7] = { 0 }; /* century, year, month, day, hour, minute, second */

    if (!att_der_next(r, &tag, &v))
        return false;
    bool century = tag == GENERALIZED_TIME;
    if ((tag != UTC_TIME && !century) || v.len != (century ? 15u : 13u) || v.ptr[v.len - 1] != 'Z')
        return refuse(r);
    size_t at = 0;
    for (size_t i = century ? 0 : 1; i < 7; i++, at += 2) {
        if (!two_digits(v.ptr + at, &n[i]))
            return refuse(r);
    }
    if (!century)
        n[0] = n[1] >= 50 ? 19 : 20; /* RFC 5280 4.1.2.5.1 */
    if (!att_time_from_civil(n[0] * 100 + n[1], n[2], n[3], n[4], n[5], n[6], ret_unix_s))
        return refuse(r);
    return true;
}

/* One AttributeTypeAndValue. */
static bool take_attribute(struct att_reader *r, struct att_span *ret_oid, uint8_t *ret_tag,
                           struct att_span *ret)
{
    struct att_span pair;

    if (!att_der_take(r, ATT_DER_SEQUENCE, &pair))
        return false;
    struct att_reader in = att_reader_of(pair);
    if (!att_der_take(&in, ATT_DER_OID, ret_oid) || !att_der_next(&in, ret_tag, ret) || !att_all_read(&in))
        return refuse(r);
    return ret_oid->len > 0;
}

bool att_asn1_name(struct att_span content)
{
    struct att_reader rdns = att_reader_of(content);

    while (rdns.left > 0) {
        struct att_span set;
        if (!att_der_take(&rdns, ATT_DER_SET, &set) || set.len == 0)
            return false;
        struct att_reader in = att_reader_of(set);
        while (in.left > 0) {
            struct att_span oid;
            struct att_span value;
            uint8_t tag = 0;
            if (!take_attribute(&in, &oid, &tag, &value))
                return false;
        }
    }
    return true;
}

/* UTF8String, PrintableString, TeletexString and IA5String, as far as they are printable ASCII or UTF-8 above
 * it. A NUL or a control character could show one name and compare as another. */
static bool plain_text(uint8_t tag, struct att_span v)
{
    enum { PRINTABLE_STRING = 0x13, TELETEX_STRING = 0x14, IA5_STRING = 0x16 };

    if (tag != ATT_DER_UTF8_STRING && tag != PRINTABLE_STRING && tag != TELETEX_STRING && tag != IA5_STRING)
        return false;
    for (size_t i = 0; i < v.len; i++) {
        if (v.ptr[i] < 0x20 || v.ptr[i] == 0x7f || (v.ptr[i] > 0x7f && tag != ATT_DER_UTF8_STRING))
            return false;
    }
    return true;
}

void att_asn1_common_name(struct att_span content, char *ret, size_t size)
{
    static const uint8_t common_name[] = { 0x55, 0x04, 0x03 }; /* 2.5.4.3 */
    struct att_reader rdns = att_reader_of(content);
    struct att_span set;
    struct att_span found = { NULL, 0 };
    unsigned count = 0;

    ret[0] = '\0';
    while (rdns.left > 0 && att_der_take(&rdns, ATT_DER_SET, &set)) {
        struct att_reader in = att_reader_of(set);
        struct att_span oid;
        struct att_span value;
        uint8_t tag = 0;
        while (in.left > 0 && take_attribute(&in, &oid, &tag, &value)) {
            if (!att_span_eq(oid, att_span_of(common_name, sizeof common_name)))
                continue;
            count++;
            if (plain_text(tag, value))
                found = value;
        }
    }
    if (count != 1 || found.len == 0 || found.len >= size)
        return;
    memcpy(ret, found.ptr, found.len);
    ret[found.len] = '\0';
}

static bool take_extension(struct att_reader *r, struct att_extension *ret)
{
    struct att_span content;
    struct att_extension e = { .critical = false };

    if (!att_der_take(r, ATT_DER_SEQUENCE, &content))
        return false;
    struct att_reader in = att_reader_of(content);
    if (!att_der_take(&in, ATT_DER_OID, &e.oid) || e.oid.len == 0)
        return false;
    /* FALSE written out is not DER (X.690 11.5), but certificates in the field have it, and it says what it
     * says. */
    if (att_asn1_peek(&in, ATT_DER_BOOLEAN) && !att_der_take_bool(&in, &e.critical))
        return false;
    if (!att_der_take(&in, ATT_DER_OCTET_STRING, &e.value) || !att_all_read(&in))
        return false;
    *ret = e;
    return true;
}

bool att_asn1_extensions(struct att_span content, struct att_extension ret[ATT_EXTENSIONS_MAX],
                         size_t *ret_count)
{
    struct att_reader in = att_reader_of(content);
    size_t count = 0;

    if (in.left == 0)
        return false;
    while (in.left > 0) {
        if (count == ATT_EXTENSIONS_MAX || !take_extension(&in, &ret[count]))
            return false;
        for (size_t i = 0; i < count; i++) {
            if (att_span_eq(ret[i].oid, ret[count].oid))
                return false;
        }
        count++;
    }
    *ret_count = count;
    return true;
}
