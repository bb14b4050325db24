/* layers: codec base */
/* The DER reader against hand-made encodings (X.690), most of them wrong. */
#include "codec/der.h"
#include "support/cases.h"

#include <stdlib.h>

static struct cases run = { .name = "unit.codec.der" };

/* An exact-size copy, so that the address sanitizer sees one byte too far. */
static uint8_t *exact(const void *bytes, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    memcpy(copy, bytes, len);
    return copy;
}

#define BYTES(text) text, sizeof(text) - 1

static void check_elements(void)
{
    static const struct {
        const char *name, *bytes;
        size_t len;
        bool ok;
        size_t content; /* bytes of content */
        size_t rest;    /* bytes left behind */
    } rows[] = {
        { "empty octet string", BYTES("\x04\x00"), true, 0, 0 },
        { "three octets",
          BYTES("\x04\x03"
                "abc"),
          true, 3, 0 },
        { "one more follows",
          BYTES("\x04\x01"
                "a\x05\x00"),
          true, 1, 2 },
        { "sequence", BYTES("\x30\x02\x05\x00"), true, 2, 0 },
        { "context tag, constructed", BYTES("\xa0\x02\x05\x00"), true, 2, 0 },
        { "context tag, primitive", BYTES("\x80\x01x"), true, 1, 0 },
        { "context tag 30", BYTES("\x9e\x00"), true, 0, 0 },
        { "application tag", BYTES("\x61\x00"), true, 0, 0 },
        { "private tag", BYTES("\xc1\x00"), true, 0, 0 },
        { "nothing", BYTES(""), false, 0, 0 },
        { "tag alone", BYTES("\x04"), false, 0, 0 },
        { "content missing", BYTES("\x04\x01"), false, 0, 0 },
        { "content one short",
          BYTES("\x04\x03"
                "ab"),
          false, 0, 0 },
        { "indefinite length", BYTES("\x30\x80\x05\x00\x00\x00"), false, 0, 0 },
        { "indefinite, primitive",
          BYTES("\x04\x80"
                "a\x00\x00"),
          false, 0, 0 },
        { "reserved length FF",
          BYTES("\x04\xff"
                "aaaaaaaa"),
          false, 0, 0 },
        { "long form of 3",
          BYTES("\x04\x81\x03"
                "abc"),
          false, 0, 0 },
        { "long form of 0", BYTES("\x04\x81\x00"), false, 0, 0 },
        { "two length bytes for 3",
          BYTES("\x04\x82\x00\x03"
                "abc"),
          false, 0, 0 },
        { "four length bytes for 3",
          BYTES("\x04\x84\x00\x00\x00\x03"
                "abc"),
          false, 0, 0 },
        { "five length bytes",
          BYTES("\x04\x85\x01\x00\x00\x00\x00"
                "abc"),
          false, 0, 0 },
        { "eight length bytes",
          BYTES("\x04\x88\xff\xff\xff\xff\xff\xff\xff\xff"
                "abc"),
          false, 0, 0 },
        { "length bytes cut", BYTES("\x04\x82\x01"), false, 0, 0 },
        { "length bytes missing", BYTES("\x04\x84"), false, 0, 0 },
        { "4 GiB claimed",
          BYTES("\x04\x84\xff\xff\xff\xff"
                "abc"),
          false, 0, 0 },
        { "2 GiB claimed",
          BYTES("\x04\x84\x80\x00\x00\x00"
                "abc"),
          false, 0, 0 },
        { "long tag", BYTES("\x1f\x81\x01\x00"), false, 0, 0 },
        { "long tag in context", BYTES("\xbf\x1f\x00"), false, 0, 0 },
        { "long tag, private", BYTES("\xff\x1f\x00"), false, 0, 0 },
        /* These would be whole elements if the tag ended with its first byte. */
        { "long tag that looks short", BYTES("\x1f\x01\x00"), false, 0, 0 },
        { "long tag in context that looks short", BYTES("\xbf\x01\x00"), false, 0, 0 },
        { "long tag, primitive, that looks short", BYTES("\x9f\x00"), false, 0, 0 },
        { "end of contents", BYTES("\x00\x00"), false, 0, 0 },
        { "tag 0, constructed", BYTES("\x20\x00"), false, 0, 0 },
        { "unassigned tag 15", BYTES("\x0f\x00"), false, 0, 0 },
        { "primitive sequence", BYTES("\x10\x00"), false, 0, 0 },
        { "primitive set", BYTES("\x11\x00"), false, 0, 0 },
        { "octet string from parts",
          BYTES("\x24\x03\x04\x01"
                "a"),
          false, 0, 0 },
        { "bit string from parts", BYTES("\x23\x00"), false, 0, 0 },
        { "constructed integer", BYTES("\x22\x01\x05"), false, 0, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t *bytes = exact(rows[i].bytes, rows[i].len);
        struct att_reader r = att_reader_of(att_span_of(bytes, rows[i].len));
        struct att_span content = att_str("untouched");
        uint8_t tag = 0xee;
        bool ok = att_der_next(&r, &tag, &content);
        if (rows[i].ok)
            cases_check(&run,
                        ok && !r.failed && tag == bytes[0] && content.len == rows[i].content &&
                            r.left == rows[i].rest,
                        "%s: %d, %zu, %zu", rows[i].name, ok, content.len, r.left);
        else
            cases_check(&run,
                        !ok && r.failed && tag == 0xee && att_span_is(content, "untouched") &&
                            !att_all_read(&r),
                        "%s: %d", rows[i].name, ok);
        free(bytes);
    }
}

/* Lengths around each change of form: the shortest form is taken, every longer one refused, one byte less
 * refused. */
static void check_lengths(void)
{
    static const size_t lengths[] = { 0, 1, 127, 128, 129, 255, 256, 65535, 65536, 70000 };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t n = lengths[i];
        unsigned least = n < 0x80 ? 0 : n < 0x100 ? 1 : n < 0x10000 ? 2 : 3;
        for (unsigned form = 0; form <= sizeof n; form++) {
            if (form == 0 && n >= 0x80)
                continue;
            size_t header = 2 + form;
            uint8_t *bytes = calloc(header + n, 1);
            bytes[0] = ATT_DER_OCTET_STRING;
            bytes[1] = form == 0 ? (uint8_t)n : (uint8_t)(0x80 | form);
            for (unsigned k = 0; k < form; k++)
                bytes[1 + form - k] = (uint8_t)(n >> 8 * k);
            for (int cut = 0; cut < 2; cut++) {
                struct att_reader r = att_reader_of(att_span_of(bytes, header + n - (size_t)cut));
                struct att_span content;
                bool ok = att_der_take_octets(&r, n, &content);
                cases_check(&run, ok == (form == least && !cut) && att_all_read(&r) == ok,
                            "%zu bytes, form %u, cut %d", n, form, cut);
            }
            struct att_reader r = att_reader_of(att_span_of(bytes, header + n));
            struct att_span content;
            cases_check(&run, !att_der_take_octets(&r, n + 1, &content) && r.failed,
                        "%zu bytes where one more is due", n);
            free(bytes);
        }
    }
}

static void check_integers(void)
{
    static const struct {
        const char *name, *bytes;
        size_t len;
        uint64_t max;
        bool ok;
        uint64_t want;
    } rows[] = {
        { "0", BYTES("\x02\x01\x00"), 0, true, 0 },
        { "1", BYTES("\x02\x01\x01"), 1, true, 1 },
        { "127", BYTES("\x02\x01\x7f"), 255, true, 127 },
        { "128", BYTES("\x02\x02\x00\x80"), 255, true, 128 },
        { "255", BYTES("\x02\x02\x00\xff"), 255, true, 255 },
        { "256", BYTES("\x02\x02\x01\x00"), 65535, true, 256 },
        { "2^32 - 1", BYTES("\x02\x05\x00\xff\xff\xff\xff"), UINT32_MAX, true, UINT32_MAX },
        { "2^63 - 1", BYTES("\x02\x08\x7f\xff\xff\xff\xff\xff\xff\xff"), UINT64_MAX, true, INT64_MAX },
        { "2^64 - 1", BYTES("\x02\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff"), UINT64_MAX, true, UINT64_MAX },
        { "2^64", BYTES("\x02\x09\x01\x00\x00\x00\x00\x00\x00\x00\x00"), UINT64_MAX, false, 0 },
        { "2^64 + 5 is not 5", BYTES("\x02\x09\x01\x00\x00\x00\x00\x00\x00\x00\x05"), UINT64_MAX, false, 0 },
        { "2^71", BYTES("\x02\x0a\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00"), UINT64_MAX, false, 0 },
        { "256 above 255", BYTES("\x02\x02\x01\x00"), 255, false, 0 },
        { "1 above 0", BYTES("\x02\x01\x01"), 0, false, 0 },
        { "-1", BYTES("\x02\x01\xff"), UINT64_MAX, false, 0 },
        { "-128", BYTES("\x02\x01\x80"), UINT64_MAX, false, 0 },
        { "-32768", BYTES("\x02\x02\x80\x00"), UINT64_MAX, false, 0 },
        { "no bytes", BYTES("\x02\x00"), UINT64_MAX, false, 0 },
        { "0 in two bytes", BYTES("\x02\x02\x00\x00"), UINT64_MAX, false, 0 },
        { "1 in two bytes", BYTES("\x02\x02\x00\x01"), UINT64_MAX, false, 0 },
        { "127 in two bytes", BYTES("\x02\x02\x00\x7f"), UINT64_MAX, false, 0 },
        { "128 in three bytes", BYTES("\x02\x03\x00\x00\x80"), UINT64_MAX, false, 0 },
        { "-1 in two bytes", BYTES("\x02\x02\xff\xff"), UINT64_MAX, false, 0 },
        { "enumerated instead", BYTES("\x0a\x01\x01"), UINT64_MAX, false, 0 },
        { "octets instead", BYTES("\x04\x01\x01"), UINT64_MAX, false, 0 },
        { "long form of length", BYTES("\x02\x81\x01\x01"), UINT64_MAX, false, 0 },
        { "cut", BYTES("\x02\x02\x01"), UINT64_MAX, false, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t *bytes = exact(rows[i].bytes, rows[i].len);
        struct att_reader r = att_reader_of(att_span_of(bytes, rows[i].len));
        uint64_t got = 4711;
        bool ok = att_der_take_uint(&r, ATT_DER_INTEGER, rows[i].max, &got);
        cases_check(&run,
                    ok == rows[i].ok && got == (ok ? rows[i].want : 4711) && r.failed == !ok &&
                        att_all_read(&r) == ok,
                    "integer %s: %d %llu", rows[i].name, ok, (unsigned long long)got);
        free(bytes);
    }
    struct att_reader r = att_reader_of(att_span_of("\x0a\x01\x02", 3));
    uint64_t got = 0;
    cases_check(&run, att_der_take_uint(&r, ATT_DER_ENUMERATED, 2, &got) && got == 2 && att_all_read(&r),
                "enumerated");
}

static void check_booleans(void)
{
    for (unsigned v = 0; v < 256; v++) {
        uint8_t bytes[] = { 0x01, 0x01, (uint8_t)v };
        struct att_reader r = att_reader_of(att_span_of(bytes, sizeof bytes));
        bool got = v == 0;
        bool before = got;
        bool ok = att_der_take_bool(&r, &got);
        cases_check(&run, ok == (v == 0 || v == 255) && got == (ok ? v == 255 : before) && r.failed == !ok,
                    "boolean %02x", v);
    }
    static const struct {
        const char *name, *bytes;
        size_t len;
    } rows[] = {
        { "no byte", BYTES("\x01\x00") },
        { "two bytes", BYTES("\x01\x02\xff\xff") },
        { "integer instead", BYTES("\x02\x01\x00") },
        { "context tag instead", BYTES("\x81\x01\xff") },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_reader r = att_reader_of(att_span_of(rows[i].bytes, rows[i].len));
        bool got = true;
        cases_check(&run, !att_der_take_bool(&r, &got) && got && r.failed, "boolean, %s", rows[i].name);
    }
}

/* SEQUENCE { INTEGER 300, SEQUENCE { BOOLEAN TRUE, OCTET STRING "abcd" }, OID 1.2.840 } */
static const uint8_t nested[] = { 0x30, 0x15, 0x02, 0x02, 0x01, 0x2c, 0x30, 0x09, 0x01, 0x01, 0xff, 0x04,
                                  0x04, 'a',  'b',  'c',  'd',  0x06, 0x04, 0x2a, 0x86, 0x48, 0x01 };

static bool read_nested(struct att_span der)
{
    struct att_reader outer = att_reader_of(der);
    struct att_span list, inner, text, oid;
    uint64_t number = 0;
    bool flag = false;

    if (!att_der_take(&outer, ATT_DER_SEQUENCE, &list) || !att_all_read(&outer))
        return false;
    struct att_reader r = att_reader_of(list);
    if (!att_der_take_uint(&r, ATT_DER_INTEGER, 300, &number) ||
        !att_der_take(&r, ATT_DER_SEQUENCE, &inner) || !att_der_take(&r, ATT_DER_OID, &oid) ||
        !att_all_read(&r))
        return false;
    struct att_reader deep = att_reader_of(inner);
    if (!att_der_take_bool(&deep, &flag) || !att_der_take_octets(&deep, 4, &text) || !att_all_read(&deep))
        return false;
    return number == 300 && flag && att_span_is(text, "abcd") &&
           att_span_eq(oid, att_span_of(nested + 19, 4));
}

static void check_nested(void)
{
    uint8_t copy[sizeof nested + 1] = { 0 };

    cases_check(&run, read_nested(att_span_of(nested, sizeof nested)), "nested");
    for (size_t len = 0; len < sizeof nested; len++) {
        uint8_t *bytes = exact(nested, len);
        cases_check(&run, !read_nested(att_span_of(bytes, len)), "first %zu bytes", len);
        /* The same with an outer length that fits: the inner parts have to notice. */
        if (len >= 2) {
            bytes[1] = (uint8_t)(len - 2);
            cases_check(&run, !read_nested(att_span_of(bytes, len)), "first %zu bytes, outer length right",
                        len);
        }
        free(bytes);
    }
    memcpy(copy, nested, sizeof nested);
    cases_check(&run, !read_nested(att_span_of(copy, sizeof copy)), "one byte behind");
    /* No single bit may change and leave the meaning (the OID's own bits are compared too). */
    for (size_t bit = 0; bit < 8 * sizeof nested; bit++) {
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cases_check(&run, !read_nested(att_span_of(copy, sizeof nested)), "bit %zu flipped", bit);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* A refusal sticks: nothing can be read behind it. */
static void check_sticky(void)
{
    struct att_reader r = att_reader_of(att_span_of("\x05\x00\x02\x01\x07", 5));
    struct att_span content = { 0 };
    uint64_t number = 0;
    uint8_t tag = 0;
    bool flag = false;

    cases_check(&run, !att_der_take(&r, ATT_DER_SEQUENCE, &content) && r.failed, "wrong tag");
    cases_check(&run,
                !att_der_take_uint(&r, ATT_DER_INTEGER, 9, &number) && !att_der_next(&r, &tag, &content) &&
                    !att_der_take_bool(&r, &flag) && !att_der_take_octets(&r, 0, &content) &&
                    !att_all_read(&r),
                "sticks");
}

int main(void)
{
    check_elements();
    check_lengths();
    check_integers();
    check_booleans();
    check_nested();
    check_sticky();
    return cases_report(&run);
}
