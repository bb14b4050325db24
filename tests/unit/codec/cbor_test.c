/* layers: codec base */
/* The CBOR reader against the examples of RFC 8949: those of appendix A by value, those of appendix F that are not
 * well-formed, and what is well-formed but not in the one form taken here. */
#include "base/buf.h"
#include "base/hex.h"
#include "codec/cbor.h"
#include "support/cases.h"

#include <inttypes.h>
#include <stdlib.h>

static struct cases run = { .name = "unit.codec.cbor" };

/* An exact-size copy, so that the address sanitizer sees one byte too far. */
static struct att_span bytes_of(const char *hex)
{
    size_t n = strlen(hex) / 2;
    uint8_t *p = malloc(n ? n : 1);

    if (!p || !att_hex_read(att_str(hex), p, n))
        abort();
    return att_span_of(p, n);
}

static void drop(struct att_span s)
{
    free((void *)(uintptr_t)s.ptr);
}

/* Diagnostic notation (RFC 8949 8), of what is read through the readers alone. */
static void show(struct att_cbor *c, struct att_buf *out)
{
    static const char *const simple[] = { "false", "true", "null", "undefined" };
    struct att_span s;
    uint64_t n = 0;
    size_t count = 0;
    uint8_t v = 0;
    int64_t i = 0;
    bool ok = true;

    switch (att_cbor_peek(c)) {
    case ATT_CBOR_UINT:
        ok = att_cbor_take_uint(c, "t", &n, NULL);
        att_buf_printf(out, "%" PRIu64, n);
        break;
    case ATT_CBOR_NEGATIVE:
        if (att_cbor_take_int(c, "t", &i, NULL)) {
            att_buf_printf(out, "%" PRId64, i);
        } else {
            ok = att_cbor_skip(c, "t", NULL, NULL);
            att_buf_puts(out, "below");
        }
        break;
    case ATT_CBOR_BYTES:
        ok = att_cbor_take_bytes(c, "t", &s, NULL);
        att_buf_puts(out, "h'");
        att_hex_put(out, s);
        att_buf_puts(out, "'");
        break;
    case ATT_CBOR_TEXT:
        ok = att_cbor_take_text(c, "t", &s, NULL);
        att_buf_puts(out, "\"");
        att_buf_put(out, s);
        att_buf_puts(out, "\"");
        break;
    case ATT_CBOR_ARRAY:
        ok = att_cbor_take_array(c, "t", &count, NULL);
        att_buf_puts(out, "[");
        for (size_t k = 0; ok && k < count; k++) {
            att_buf_puts(out, k ? ", " : "");
            show(c, out);
        }
        att_buf_puts(out, "]");
        break;
    case ATT_CBOR_MAP:
        ok = att_cbor_take_map(c, "t", &count, NULL);
        att_buf_puts(out, "{");
        for (size_t k = 0; ok && k < 2 * count; k++) {
            att_buf_puts(out, k == 0 ? "" : k % 2 ? ": " : ", ");
            show(c, out);
        }
        att_buf_puts(out, "}");
        break;
    case ATT_CBOR_TAG:
        ok = att_cbor_take_tag(c, "t", &n, NULL);
        att_buf_printf(out, "%" PRIu64 "(", n);
        show(c, out);
        att_buf_puts(out, ")");
        break;
    case ATT_CBOR_SIMPLE:
        ok = att_cbor_take_simple(c, "t", &v, NULL);
        att_buf_puts(out, simple[v - 20]);
        break;
    case ATT_CBOR_FLOAT:
        ok = att_cbor_skip(c, "t", NULL, NULL);
        att_buf_puts(out, "float");
        break;
    case ATT_CBOR_END:
        ok = false;
        break;
    }
    if (!ok)
        att_buf_puts(out, "?");
}

static void check_values(void)
{
    static const struct {
        const char *hex, *value;
    } rows[] = {
        { "00", "0" },
        { "01", "1" },
        { "0a", "10" },
        { "17", "23" },
        { "1818", "24" },
        { "1819", "25" },
        { "1864", "100" },
        { "1903e8", "1000" },
        { "1a000f4240", "1000000" },
        { "1b000000e8d4a51000", "1000000000000" },
        { "1bffffffffffffffff", "18446744073709551615" },
        { "c249010000000000000000", "2(h'010000000000000000')" },
        { "3bffffffffffffffff", "below" },
        { "c349010000000000000000", "3(h'010000000000000000')" },
        { "20", "-1" },
        { "29", "-10" },
        { "3863", "-100" },
        { "3903e7", "-1000" },
        { "3b7fffffffffffffff", "-9223372036854775808" },
        { "3b8000000000000000", "below" },
        { "f90000", "float" },
        { "f93c00", "float" },
        { "fb3ff199999999999a", "float" },
        { "fa47c35000", "float" },
        { "f97e00", "float" },
        { "f4", "false" },
        { "f5", "true" },
        { "f6", "null" },
        { "f7", "undefined" },
        { "c074323031332d30332d32315432303a30343a30305a", "0(\"2013-03-21T20:04:00Z\")" },
        { "c11a514b67b0", "1(1363896240)" },
        { "c1fb41d452d9e8200000", "1(float)" },
        { "d74401020304", "23(h'01020304')" },
        { "d818456449455446", "24(h'6449455446')" },
        { "d82076687474703a2f2f7777772e6578616d706c652e636f6d", "32(\"http://www.example.com\")" },
        { "40", "h''" },
        { "4401020304", "h'01020304'" },
        { "60", "\"\"" },
        { "6161", "\"a\"" },
        { "6449455446", "\"IETF\"" },
        { "62225c", "\"\"\\\"" },
        { "62c3bc", "\"\xc3\xbc\"" },
        { "63e6b0b4", "\"\xe6\xb0\xb4\"" },
        { "64f0908591", "\"\xf0\x90\x85\x91\"" },
        { "80", "[]" },
        { "83010203", "[1, 2, 3]" },
        { "8301820203820405", "[1, [2, 3], [4, 5]]" },
        { "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
          "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]" },
        { "a0", "{}" },
        { "a201020304", "{1: 2, 3: 4}" },
        { "a26161016162820203", "{\"a\": 1, \"b\": [2, 3]}" },
        { "826161a161626163", "[\"a\", {\"b\": \"c\"}]" },
        { "a56161614161626142616361436164614461656145",
          "{\"a\": \"A\", \"b\": \"B\", \"c\": \"C\", \"d\": \"D\", \"e\": \"E\"}" },
        { "a203040102", "{3: 4, 1: 2}" }, /* any order */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_span doc = bytes_of(rows[i].hex);
        struct att_buf text = { 0 };
        struct att_err err = { 0 };
        struct att_cbor c;
        if (att_cbor_open(doc, NULL, "t", &c, &err))
            show(&c, &text);
        cases_check(&run,
                    err.code == ATT_OK && att_span_is(att_buf_span(&text), rows[i].value) &&
                        att_cbor_done(&c, "t", NULL),
                    "%s: got %.*s %s", rows[i].hex, (int)text.len, (const char *)text.ptr, err.text);
        att_buf_free(&text);
        drop(doc);
    }
}

static void refused(const char *hex, const char *why)
{
    struct att_span doc = bytes_of(hex);
    struct att_cbor c = { .total = 77 };
    struct att_err err = { 0 };

    cases_check(&run,
                !att_cbor_open(doc, NULL, "t", &c, &err) && err.code == ATT_CBOR_MALFORMED && err.found[0] &&
                    err.expected[0] && c.total == 77,
                "%s: %s", why, hex);
    drop(doc);
}

static void check_malformed(void)
{
    static const char *const appendix_f[] = {
        /* the input ends in a head */
        "18",
        "19",
        "1a",
        "1b",
        "1901",
        "1a0102",
        "1b01020304050607",
        "38",
        "58",
        "78",
        "98",
        "9a01ff00",
        "b8",
        "d8",
        "f8",
        "f900",
        "fa0000",
        "fb000000",
        /* strings longer than the input */
        "41",
        "61",
        "5affffffff00",
        "5bffffffffffffffff010203",
        "7affffffff00",
        "7b7fffffffffffffff010203",
        /* arrays and maps that are not full */
        "81",
        "818181818181818181",
        "8200",
        "a1",
        "a20102",
        "a100",
        "a2000000",
        /* a tag of nothing */
        "c0",
        /* indefinite lengths that do not end */
        "5f4100",
        "7f6100",
        "9f",
        "9f0102",
        "bf",
        "bf01020102",
        "819f",
        "9f8000",
        "9f9f9f9f9fffffffff",
        "9f819f819f9fffffff",
        /* reserved arguments */
        "1c",
        "1d",
        "1e",
        "3c",
        "3d",
        "3e",
        "5c",
        "5d",
        "5e",
        "7c",
        "7d",
        "7e",
        "9c",
        "9d",
        "9e",
        "bc",
        "bd",
        "be",
        "dc",
        "dd",
        "de",
        "fc",
        "fd",
        "fe",
        /* two-byte simple values below 32 */
        "f800",
        "f801",
        "f818",
        "f81f",
        /* chunks of the wrong kind */
        "5f00ff",
        "5f21ff",
        "5f6100ff",
        "5f80ff",
        "5fa0ff",
        "5fc000ff",
        "5fe0ff",
        "7f4100ff",
        "5f5f4100ffff",
        "7f7f6100ffff",
        /* the end where there is none */
        "ff",
        "81ff",
        "8200ff",
        "a1ff",
        "a1ff00",
        "a100ff",
        "a20000ff",
        "9f81ff",
        "9f829f819f9fffffffff",
        "bf00ff",
        "bf000000ff",
        /* integers and tags of indefinite length */
        "1f",
        "3f",
        "df",
    };
    static const char *const indefinite[] = {
        "5f42010243030405ff",   "7f657374726561646d696e67ff", "9fff",          "bfff",
        "9f018202039f0405ffff", "83018202039f0405ff",         "d29f40a04040ff"
    };
    static const char *const longer[] = {
        "1800",
        "1817",
        "190000",
        "1900ff",
        "1a00000000",
        "1a0000ffff",
        "1b0000000000000001",
        "1b00000000ffffffff",
        "3800",
        "3900ff",
        "580100",
        "59000100",
        "5a0000000100",
        "5b000000000000000100",
        "780161",
        "79000161",
        "980100",
        "99000100",
        "b8010000",
        "b900010000",
        "d80100",
        "d9000100",
        "da0000000100",
    };
    static const char *const other[] = {
        "",
        "0000",
        "f600",
        "8000",
        "e0",
        "f0",
        "f3",
        "f820",
        "f8ff", /* unassigned */
        "9b000000000000000100",
        "9bffffffffffffffff00",
        "bbffffffffffffffff0000",
        "bb800000000000000000",
        "bb7fffffffffffffff0000",
        "9affffffff00",
        "5b0000000100000000",
        "82",
        "a101",
    };
    static const char *const not_utf8[] = { "61ff",       "6180",       "62c080", "61c3",    "63eda080",
                                            "64f4908080", "64f0808080", "8161c3", "a161e6f6" };

    for (size_t i = 0; i < sizeof appendix_f / sizeof appendix_f[0]; i++)
        refused(appendix_f[i], "not well-formed");
    for (size_t i = 0; i < sizeof indefinite / sizeof indefinite[0]; i++)
        refused(indefinite[i], "indefinite length");
    for (size_t i = 0; i < sizeof longer / sizeof longer[0]; i++)
        refused(longer[i], "not the shortest form");
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
        refused(other[i], "E-k, E-m: counts, bytes behind, simple values");
    for (size_t i = 0; i < sizeof not_utf8 / sizeof not_utf8[0]; i++)
        refused(not_utf8[i], "not UTF-8");
}

/* `depth` of the byte, then 00. */
static bool nested(uint8_t head, size_t depth, const struct att_cbor_limits *limits, struct att_err *err)
{
    uint8_t bytes[4096];
    struct att_cbor c;

    memset(bytes, head, depth);
    bytes[depth] = 0;
    *err = (struct att_err){ 0 };
    return att_cbor_open(att_span_of(bytes, depth + 1), limits, "t", &c, err);
}

static void check_limits(void)
{
    struct att_cbor_limits l = att_cbor_limits_default;
    struct att_err err;
    uint8_t many[64] = { 0x98, 62 };
    struct att_cbor c;

    cases_check(&run, nested(0x81, 16, NULL, &err) && nested(0xc1, 16, NULL, &err), "16 levels");
    cases_check(&run,
                !nested(0x81, 17, NULL, &err) && strstr(err.expected, "nesting") &&
                    strstr(err.found, "byte 16"),
                "E-k: 17 arrays: %s", err.text);
    cases_check(&run, !nested(0xc1, 17, NULL, &err), "E-k: 17 tags");
    cases_check(&run, !nested(0x81, 4000, NULL, &err), "E-k: 4000 arrays");
    l.depth_max = 1000;
    cases_check(&run, !nested(0x81, 17, &l, &err), "no limit is above 16");
    l.depth_max = 2;
    cases_check(&run, nested(0x81, 2, &l, &err) && !nested(0x81, 3, &l, &err), "a lower one");
    l.depth_max = 0;
    cases_check(&run, nested(0x81, 0, &l, &err) && !nested(0x81, 1, &l, &err), "none at all");
    l = att_cbor_limits_default;
    l.items_max = 63;
    err = (struct att_err){ 0 };
    cases_check(&run, att_cbor_open(att_span_of(many, 64), &l, "t", &c, &err), "63 items");
    l.items_max = 62;
    cases_check(&run,
                !att_cbor_open(att_span_of(many, 64), &l, "t", &c, &err) && strstr(err.expected, "items"),
                "a limit of 62");
    l = att_cbor_limits_default;
    l.bytes_max = 64;
    err = (struct att_err){ 0 };
    cases_check(&run, att_cbor_open(att_span_of(many, 64), &l, "t", &c, &err), "64 bytes");
    l.bytes_max = 63;
    cases_check(&run, !att_cbor_open(att_span_of(many, 64), &l, "t", &c, &err) && strstr(err.found, "64"),
                "a limit of 63");
}

static void check_readers(void)
{
    /* [1, -2, h'03', "x", [], {}, 1(0), null, 1.0] */
    struct att_span doc = bytes_of("890121410361"
                                   "7880a0c100f6f93c00");
    struct att_cbor c, start;
    struct att_err err = { 0 };
    struct att_span s;
    uint64_t u = 5;
    int64_t i = 5;
    size_t n = 5;
    uint8_t v = 5;

    if (!att_cbor_open(doc, NULL, "t", &c, &err) || !att_cbor_take_array(&c, "t", &n, &err)) {
        cases_check(&run, false, "%s", err.text);
        return;
    }
    cases_check(&run, n == 9, "an array of 9");
    static const enum att_cbor_type types[] = { ATT_CBOR_UINT, ATT_CBOR_NEGATIVE, ATT_CBOR_BYTES,
                                                ATT_CBOR_TEXT, ATT_CBOR_ARRAY,    ATT_CBOR_MAP,
                                                ATT_CBOR_TAG,  ATT_CBOR_SIMPLE,   ATT_CBOR_FLOAT };
    for (size_t k = 0; k < 9; k++) {
        start = c;
        n = 5;
        cases_check(&run, att_cbor_peek(&c) == types[k], "type of item %zu", k);
        cases_check(&run, att_cbor_take_uint(&c, "t", &u, NULL) == (types[k] == ATT_CBOR_UINT), "uint %zu",
                    k);
        c = start;
        cases_check(&run, att_cbor_take_int(&c, "t", &i, NULL) == (types[k] <= ATT_CBOR_NEGATIVE), "int %zu",
                    k);
        c = start;
        cases_check(&run, att_cbor_take_bytes(&c, "t", &s, NULL) == (types[k] == ATT_CBOR_BYTES), "bytes %zu",
                    k);
        c = start;
        cases_check(&run, att_cbor_take_text(&c, "t", &s, NULL) == (types[k] == ATT_CBOR_TEXT), "text %zu",
                    k);
        c = start;
        cases_check(&run, att_cbor_take_array(&c, "t", &n, NULL) == (types[k] == ATT_CBOR_ARRAY), "array %zu",
                    k);
        c = start;
        cases_check(&run, att_cbor_take_map(&c, "t", &n, NULL) == (types[k] == ATT_CBOR_MAP), "map %zu", k);
        c = start;
        cases_check(&run, att_cbor_take_tag(&c, "t", &u, NULL) == (types[k] == ATT_CBOR_TAG), "tag %zu", k);
        c = start;
        cases_check(&run, att_cbor_take_simple(&c, "t", &v, NULL) == (types[k] == ATT_CBOR_SIMPLE),
                    "simple %zu", k);
        c = start;
        err = (struct att_err){ 0 };
        if (types[k] != ATT_CBOR_TEXT)
            cases_check(&run,
                        !att_cbor_take_text(&c, "a.b", &s, &err) && strcmp(err.where, "a.b") == 0 &&
                            strcmp(err.expected, "a text string") == 0 && strstr(err.found, " at byte ") &&
                            c.r.cur == start.r.cur,
                        "place and offset %zu: %s", k, err.text);
        cases_check(&run, !att_cbor_done(&c, "t", NULL), "not done before item %zu", k);
        cases_check(&run,
                    att_cbor_skip(&c, "t", &s, NULL) && s.ptr == start.r.cur && s.ptr + s.len == c.r.cur,
                    "skip %zu", k);
    }
    cases_check(&run, att_cbor_done(&c, "t", NULL) && att_cbor_peek(&c) == ATT_CBOR_END, "done");
    cases_check(&run, !att_cbor_skip(&c, "t", NULL, NULL) && !att_cbor_take_uint(&c, "t", &u, NULL),
                "nothing more");
    drop(doc);
}

static void check_integers(void)
{
    static const struct {
        const char *hex;
        bool fits;
        int64_t value;
    } rows[] = {
        { "1b7fffffffffffffff", true, INT64_MAX },
        { "1b8000000000000000", false, 0 },
        { "3b7fffffffffffffff", true, INT64_MIN },
        { "3b8000000000000000", false, 0 },
        { "20", true, -1 },
        { "1bffffffffffffffff", false, 0 },
    };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct att_span doc = bytes_of(rows[k].hex);
        struct att_cbor c;
        int64_t i = 5;
        bool ok = att_cbor_open(doc, NULL, "t", &c, NULL) && att_cbor_take_int(&c, "t", &i, NULL);
        cases_check(&run, ok == rows[k].fits && i == (ok ? rows[k].value : 5), "%s", rows[k].hex);
        drop(doc);
    }
}

static void check_keys(void)
{
    static const struct {
        const char *name, *hex;
        bool ok;
    } rows[] = {
        { "empty", "a0", true },
        { "two", "a201000200", true },
        { "the same", "a201000100", false },
        { "first and third", "a3010020000100", false },
        { "number and text", "a20100613100", true },
        { "text twice", "a2616100616101", false },
        { "bytes and text", "a2416100616100", true },
        { "arrays as keys", "a2810100810200", true },
        { "the same array", "a2810100810100", false },
        { "keys of values do not count", "a201a1020002a10200", true },
        { "a twin inside a value is not seen", "a101a202000200", true },
        { "no map", "80", false },
    };
    struct att_span keys[ATT_CBOR_KEYS_MAX];
    struct att_cbor c;
    size_t n = 0;

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct att_span doc = bytes_of(rows[k].hex);
        cases_check(&run,
                    att_cbor_open(doc, NULL, "t", &c, NULL) &&
                        att_cbor_keys(&c, "t", keys, &n, NULL) == rows[k].ok && c.r.cur == doc.ptr,
                    "J10: keys: %s", rows[k].name);
        drop(doc);
    }
    for (unsigned pairs = 64; pairs <= 65; pairs++) {
        uint8_t map[2 + 3 * 65] = { 0xb8, (uint8_t)pairs };
        uint8_t *to = map + 2;
        for (unsigned k = 0; k < pairs; k++) {
            if (k >= 24)
                *to++ = 0x18;
            *to++ = (uint8_t)k;
            *to++ = 0;
        }
        bool opened = att_cbor_open(att_span_of(map, (size_t)(to - map)), NULL, "t", &c, NULL);
        cases_check(&run, opened && att_cbor_keys(&c, "t", keys, &n, NULL) == (pairs == 64), "%u keys",
                    pairs);
    }
}

int main(void)
{
    check_values();
    check_malformed();
    check_limits();
    check_readers();
    check_integers();
    check_keys();
    return cases_report(&run);
}
