/* layers: makers base */
#include "facts.h"
#include "makers/hardware.h"
#include "support/cases.h"

#define AT ((int64_t)1780000000)

static void read_one(struct facts *f, const struct mk_evidence *ev, const struct known_keys *keys,
                     const struct mk_sgx_options *o)
{
    unsigned wanted = ev->broken->quote_version;
    *f = (struct facts){ .keys = keys,
                         .ev = ev,
                         .form = wanted ? wanted : o->quote_version,
                         .auth_bytes = o->qe_auth_bytes,
                         .trailing = o->trailing_zeros,
                         .body_bytes = o->broken == MK_BREAK_TDX_QUOTE ? 584 : 384 };
    facts_read(f);
}

static void diff(const char *a, const char *b, const char *sign)
{
    for (const char *at = a; *at; at = strchr(at, '\n') + 1) {
        size_t n = (size_t)(strchr(at, '\n') - at);
        bool found = false;
        for (const char *x = b; *x; x = strchr(x, '\n') + 1)
            if (strncmp(at, x, n + 1) == 0)
                found = true;
        if (!found)
            printf("   %s %.*s\n", sign, n > 150 ? 150 : (int)n, at);
    }
}

int main(void)
{
    struct mk_hardware *hw = NULL;
    struct att_err err = { 0 };
    struct mk_sgx_options o;
    struct mk_evidence base[2] = { 0 };
    struct known_keys keys = { 0 };
    if (!mk_hardware_new(AT, &hw, &err))
        return 1;
    mk_sgx_defaults(&o, AT);
    for (enum mk_ca ca = 0; ca < 2; ca++) {
        o.ca = ca;
        if (!mk_sgx_make(hw, &o, &base[ca], &err)) {
            puts(err.text);
            return 1;
        }
    }
    keys_learn(&keys, &base[0], &base[1]);
    o.ca = MK_CA_PROCESSOR;
    for (enum mk_break b = 0; b < MK_BREAK_COUNT; b++) {
        struct mk_evidence good = { 0 }, bad = { 0 };
        struct facts fg, fb;
        o.quote_version = mk_breaks[b].quote_version ? mk_breaks[b].quote_version : 3;
        o.broken = 0;
        if (!mk_sgx_make(hw, &o, &good, &err)) {
            puts(err.text);
            return 1;
        }
        struct mk_sgx_options og = o;
        o.broken = b;
        if (!mk_sgx_make(hw, &o, &bad, &err)) {
            printf("%s: %s\n", mk_breaks[b].name, err.text);
            return 1;
        }
        read_one(&fg, &good, &keys, &og);
        if (b == 0)
            puts((char *)fg.text.ptr);
        read_one(&fb, &bad, &keys, &o);
        printf("%s -> %s\n", mk_breaks[b].name, att_code_name(bad.expected_code));
        diff((char *)fg.text.ptr, (char *)fb.text.ptr, "-");
        diff((char *)fb.text.ptr, (char *)fg.text.ptr, "+");
        att_buf_free(&fg.text);
        att_buf_free(&fb.text);
        mk_evidence_free(&good);
        mk_evidence_free(&bad);
    }
    return 0;
}
