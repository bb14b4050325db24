/* layers: codec base */
/* libcbor as the second opinion. Random documents, valid and then broken by a byte: whatever we take, libcbor takes too, to
 * its last byte, and writes again as it was - so both saw the same items. libcbor judges alone where we refuse: it is laxer,
 * and reserves memory by counts that nothing backs. */
#include "base/buf.h"
#include "codec/cbor.h"
#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>

#if __has_include(<cbor.h>)
#include <cbor.h>

static struct cases run = { .name = "unit.codec.cbor_oracle" };
static uint64_t state = 0x13198a2e03707344u;

static uint64_t roll(uint64_t sides)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % sides;
}

static void put_head(struct att_buf *b, unsigned major, uint64_t n)
{
    unsigned width = n < 24 ? 0 : n <= UINT8_MAX ? 1 : n <= UINT16_MAX ? 2 : n <= UINT32_MAX ? 4 : 8;
    unsigned info = width == 0 ? (unsigned)n : width == 1 ? 24 : width == 2 ? 25 : width == 4 ? 26 : 27;

    att_buf_fill(b, (uint8_t)(major << 5 | info), 1);
    for (unsigned i = width; i > 0; i--)
        att_buf_fill(b, (uint8_t)(n >> 8 * (i - 1)), 1);
}

static uint64_t number(void)
{
    return roll(UINT64_MAX) >> roll(64);
}

static void put_text(struct att_buf *b)
{
    static const char *const pieces[] = {
        "", "a", "iss", "\xc3\xa9", "\xe6\xb0\xb4", "\xf0\x90\x85\x91", "0123456789"
    };
    struct att_buf text = { 0 };

    for (uint64_t n = roll(6); n > 0; n--)
        att_buf_puts(&text, pieces[roll(sizeof pieces / sizeof pieces[0])]);
    put_head(b, 3, text.len);
    att_buf_put(b, att_buf_span(&text));
    att_buf_free(&text);
}

static void put_item(struct att_buf *b, unsigned depth)
{
    uint64_t kind = roll(depth > 6 ? 6 : 9);
    uint64_t n = 0;

    switch (kind) {
    case 0:
    case 1:
        put_head(b, (unsigned)kind, number());
        break;
    case 2:
        n = roll(40);
        put_head(b, 2, n);
        att_buf_fill(b, (uint8_t)roll(256), (size_t)n);
        break;
    case 3:
        put_text(b);
        break;
    case 4:
        att_buf_fill(b, (uint8_t)(0xf4 + roll(4)), 1);
        break;
    case 5:
        att_buf_fill(b, 0xfb, 1);
        att_buf_fill(b, 0x3f, 1);
        att_buf_fill(b, (uint8_t)roll(256), 7);
        break;
    case 6:
    case 7:
        n = roll(roll(10) == 0 ? 30 : 5);
        put_head(b, kind == 6 ? 4 : 5, n);
        for (uint64_t i = kind == 6 ? n : 2 * n; i > 0; i--)
            put_item(b, depth + 1);
        break;
    default:
        put_head(b, 6, number());
        put_item(b, depth + 1);
    }
}

struct oddities {
    bool unknown_tag; /* libcbor 0.8 refuses tags 6 to 20, that of COSE_Sign1 among them */
    bool floats;      /* it writes NaN in one way only */
};

static struct oddities look(struct att_cbor c)
{
    struct oddities o = { 0 };
    uint64_t tag = 0;
    size_t n = 0;
    bool ok = true;

    while (ok && att_cbor_peek(&c) != ATT_CBOR_END) {
        switch (att_cbor_peek(&c)) {
        case ATT_CBOR_ARRAY:
            ok = att_cbor_take_array(&c, "t", &n, NULL);
            break;
        case ATT_CBOR_MAP:
            ok = att_cbor_take_map(&c, "t", &n, NULL);
            break;
        case ATT_CBOR_TAG:
            ok = att_cbor_take_tag(&c, "t", &tag, NULL);
            o.unknown_tag |= tag >= 6 && tag <= 20;
            break;
        default:
            o.floats |= att_cbor_peek(&c) == ATT_CBOR_FLOAT;
            ok = att_cbor_skip(&c, "t", NULL, NULL);
        }
    }
    cases_check(&run, ok, "what was opened can be read");
    return o;
}

/* Did we take it? */
static bool compare(struct att_span doc, const char *name)
{
    struct cbor_load_result result = { 0 };
    struct att_cbor c;
    unsigned char *again = NULL;
    size_t room = 0;

    if (!att_cbor_open(doc, NULL, "t", &c, NULL))
        return false;
    struct oddities odd = look(c);
    if (odd.unknown_tag)
        return true;
    cbor_item_t *item = cbor_load(doc.ptr, doc.len, &result);
    cases_check(&run, item && result.error.code == CBOR_ERR_NONE && result.read == doc.len,
                "%s: libcbor refuses at %zu of %zu: %d", name, result.error.position, doc.len,
                (int)result.error.code);
    if (!item)
        return true;
    size_t written = cbor_serialize_alloc(item, &again, &room);
    cases_check(&run, written == doc.len && (odd.floats || memcmp(again, doc.ptr, written) == 0),
                "%s: libcbor read other items", name);
    free(again);
    cbor_decref(&item);
    return true;
}

int main(void)
{
    unsigned broken = 0, broken_taken = 0;

    for (unsigned i = 0; i < 1500; i++) {
        struct att_buf b = { 0 };
        put_item(&b, 0);
        cases_check(&run, compare(att_buf_span(&b), "valid"), "document %u refused", i);
        for (unsigned k = 0; k < 20; k++) {
            size_t at = (size_t)roll(b.len);
            uint8_t old = b.ptr[at];
            b.ptr[at] ^= (uint8_t)(1 + roll(255));
            broken++;
            broken_taken += compare(att_buf_span(&b), "broken");
            b.ptr[at] = old;
        }
        att_buf_free(&b);
    }
    printf("%u broken documents, %u of them still CBOR\n", broken, broken_taken);
    cases_check(&run, broken_taken > 1000 && broken_taken < broken / 2 + broken / 4, "the breaking breaks");
    return cases_report(&run);
}

#else
int main(void)
{
    struct cases run = { .name = "unit.codec.cbor_oracle" };
    cases_skip(&run, "libcbor is not installed");
    return cases_report(&run);
}
#endif
