/* layers: attest makers base */
/* Every single bit of a quote flipped, every truncation: no yes. Also the Open Enclave header, and the collateral's
 * signed texts. The only bytes that may change without a no are those behind the last certificate of the PEM chain
 * (explanatory text, RFC 7468; here the newline and the NUL) and those behind the signature section. */
#include "support/cases.h"
#include "unit/attest/fixture.h"

/* Under a sanitizer each flip takes three times as long, and what it looks for is in how bytes are read, not in their bits:
 * there one bit of each byte, another from byte to byte. All of them elsewhere. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { BITS_STEP = 41 }; /* a bit in each fifth byte, at all places */
#else
enum { BITS_STEP = 1 };
#endif

static struct cases cases = { .name = "attest.bitflip" };

struct bench {
    struct att_lib *lib;
    struct att_arena *arena;
    struct mk_evidence ev;
    struct att_collateral *collateral;
};

static bool accepted(struct bench *b, const char *type, struct att_span raw, struct att_err *ret_err)
{
    struct att_attest_in in = in_of(&b->ev, b->collateral);
    struct att_verdict v;

    in.evidence_type = type;
    in.evidence = raw;
    bool yes = att_attest(b->lib, b->arena, &in, &v);
    att_arena_reset(b->arena);
    *ret_err = v.err;
    return yes;
}

/* Behind the last END line of the chain, which a quote of these makers ends with. */
static size_t dont_care_from(struct att_span quote)
{
    static const char mark[] = "-----END CERTIFICATE-----";
    size_t at = quote.len;

    while (at > 0 && (quote.len - at < sizeof mark - 1 || memcmp(quote.ptr + at, mark, sizeof mark - 1) != 0))
        at--;
    return at + sizeof mark - 1;
}

static void flip_all(struct bench *b, const char *type, enum mk_item item, unsigned version)
{
    struct att_span raw = mk_item(&b->ev, item);
    size_t free_from = dont_care_from(raw);
    uint8_t *work = malloc(raw.len);
    unsigned spared = 0;
    struct att_err err;

    need(work != NULL, "malloc", NULL);
    memcpy(work, raw.ptr, raw.len);
    need(accepted(b, type, raw, &err), "the evidence itself", &err);
    for (size_t at = 0; at < raw.len; at++)
        for (unsigned bit = (unsigned)(at % BITS_STEP); bit < 8; bit += BITS_STEP) {
            work[at] = (uint8_t)(work[at] ^ 1u << bit);
            bool yes = accepted(b, type, att_span_of(work, raw.len), &err);
            work[at] = (uint8_t)(work[at] ^ 1u << bit);
            spared += yes && at >= free_from;
            cases_check(&cases, !yes || at >= free_from, "v%u %s: byte %zu bit %u accepted", version, type,
                        at, bit);
            cases_check(
                &cases,
                yes || (err.code != ATT_OK && err.text[0] && att_code_class(err.code) != ATT_CLASS_INTERNAL),
                "v%u %s: byte %zu bit %u: %s", version, type, at, bit, err.text);
        }
    printf("v%u %s: %zu bytes, %u bits without effect, all behind byte %zu\n", version, type, raw.len, spared,
           free_from);
    cases_check(&cases, raw.len - free_from <= 2, "v%u %s: %zu bytes that do not count", version, type,
                raw.len - free_from);
    free(work);
}

static void cut_all(struct bench *b, const char *type, enum mk_item item, unsigned version)
{
    struct att_span raw = mk_item(&b->ev, item);
    struct att_err err;

    for (size_t len = 0; len < raw.len; len++) {
        uint8_t *exact = malloc(len ? len : 1); /* so that a sanitizer sees a read past the end */
        need(exact != NULL, "malloc", NULL);
        memcpy(exact, raw.ptr, len);
        cases_check(&cases, !accepted(b, type, att_span_of(exact, len), &err), "v%u %s: cut to %zu accepted",
                    version, type, len);
        cases_check(&cases, err.code == ATT_QUOTE_LENGTH || err.code == ATT_OE_REPORT_SIZE,
                    "v%u %s: cut to %zu: %s", version, type, len, err.text);
        free(exact);
    }
}

/* One bit at a time in the signed documents and lists: never a yes. */
static void flip_collateral(struct bench *b, enum mk_item item)
{
    struct att_buf *text = &b->ev.items[item];
    struct att_collateral *good = b->collateral;
    struct att_err err;

    for (size_t at = 0; at < text->len; at++) {
        unsigned bit = (unsigned)(at % 8);
        text->ptr[at] = (uint8_t)(text->ptr[at] ^ 1u << bit);
        b->collateral = collateral_of(b->lib, &b->ev);
        bool yes = accepted(b, "sgx", mk_item(&b->ev, MK_QUOTE), &err);
        /* In the envelope's signature a hex digit may change its case. */
        bool same_digit = bit == 5 && ((text->ptr[at] >= 'A' && text->ptr[at] <= 'F') ||
                                       (text->ptr[at] >= 'a' && text->ptr[at] <= 'f'));
        cases_check(&cases, !yes || same_digit, "%s: byte %zu bit %u accepted", mk_item_file(item), at, bit);
        att_collateral_free(b->collateral);
        text->ptr[at] = (uint8_t)(text->ptr[at] ^ 1u << bit);
    }
    b->collateral = good;
}

int main(void)
{
    struct mk_hardware *hw = hardware_new();
    struct bench b = { .lib = lib_new(&hw, 1, 0), .arena = arena_new() };

    for (unsigned version = 3; version <= 5; version++) {
        struct mk_sgx_options o;
        mk_sgx_defaults(&o, FIXTURE_NOW);
        o.quote_version = version;
        evidence_new(hw, &o, &b.ev);
        b.collateral = collateral_of(b.lib, &b.ev);
        cut_all(&b, "sgx", MK_QUOTE, version);
        if (version == 3) {
            flip_all(&b, "open-enclave", MK_REPORT, version); /* holds the whole quote */
            cut_all(&b, "open-enclave", MK_REPORT, version);
            flip_collateral(&b, MK_TCB_INFO);
            flip_collateral(&b, MK_QE_IDENTITY);
            flip_collateral(&b, MK_PCK_CRL);
            flip_collateral(&b, MK_ROOT_CA_CRL);
        } else if (version == 4) {
            flip_all(&b, "sgx", MK_QUOTE, version);
        }
        att_collateral_free(b.collateral);
        mk_evidence_free(&b.ev);
    }
    att_arena_free(b.arena);
    att_lib_free(b.lib);
    mk_hardware_free(hw);
    return cases_report(&cases);
}
