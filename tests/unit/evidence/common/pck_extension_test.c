/* layers: evidence/common base codec */
/* The SGX extension, built here byte by byte: every value of every byte, every cut, members in other orders. */
#include "base/buf.h"
#include "evidence/common/dcap_pck_extension.h"
#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>

static struct cases cases = { .name = "evidence.pck_extension" };

static void tlv(struct att_buf *out, uint8_t tag, struct att_span content)
{
    att_buf_putc(out, (char)tag);
    if (content.len >= 256) {
        att_buf_putc(out, (char)0x82);
        att_buf_putc(out, (char)(content.len >> 8));
    } else if (content.len >= 128) {
        att_buf_putc(out, (char)0x81);
    }
    att_buf_putc(out, (char)content.len);
    att_buf_put(out, content);
}

/* SEQUENCE { OID base.arcs, value } */
static void pair(struct att_buf *out, const uint8_t *arcs, size_t arc_count, uint8_t tag,
                 struct att_span value)
{
    static const uint8_t base[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01 };
    struct att_buf oid = { 0 }, both = { 0 };

    att_buf_put(&oid, att_span_of(base, sizeof base));
    att_buf_put(&oid, att_span_of(arcs, arc_count));
    tlv(&both, 0x06, att_buf_span(&oid));
    tlv(&both, tag, value);
    tlv(out, 0x30, att_buf_span(&both));
    att_buf_free(&oid);
    att_buf_free(&both);
}

static const uint8_t bytes16[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static void tcb_put(struct att_buf *out)
{
    struct att_buf tcb = { 0 };

    for (uint8_t i = 18; i >= 1; i--) { /* backwards: order is free */
        const uint8_t arcs[] = { 2, i };
        const uint8_t high[] = { 0x00, (uint8_t)(0x7f + i) };
        if (i == 18)
            pair(&tcb, arcs, 2, 0x04, att_span_of(bytes16, 16));
        else if (i == 17)
            pair(&tcb, arcs, 2, 0x02, att_span_of("\x00\xff\xfe", 3));
        else
            pair(&tcb, arcs, 2, 0x02, att_span_of(high, 2)); /* 128 to 143: with a leading zero */
    }
    pair(out, (const uint8_t[]){ 2 }, 1, 0x30, att_buf_span(&tcb));
    att_buf_free(&tcb);
}

static void configuration_put(struct att_buf *out)
{
    struct att_buf c = { 0 };

    pair(&c, (const uint8_t[]){ 7, 1 }, 2, 0x01, att_span_of("\xff", 1));
    pair(&c, (const uint8_t[]){ 7, 2 }, 2, 0x01, att_span_of("\x00", 1));
    pair(&c, (const uint8_t[]){ 7, 3 }, 2, 0x01, att_span_of("\xff", 1));
    pair(out, (const uint8_t[]){ 7 }, 1, 0x30, att_buf_span(&c));
    att_buf_free(&c);
}

static void extension(struct att_buf *out, bool platform, bool stranger)
{
    struct att_buf list = { 0 };

    pair(&list, (const uint8_t[]){ 1 }, 1, 0x04, att_span_of(bytes16, 16));
    tcb_put(&list);
    if (stranger)
        pair(&list, (const uint8_t[]){ 99 }, 1, 0x05, att_span_of("", 0));
    pair(&list, (const uint8_t[]){ 3 }, 1, 0x04, att_span_of("\x00\x01", 2));
    pair(&list, (const uint8_t[]){ 4 }, 1, 0x04, att_span_of("\x00\x90\x6e\xd5\x00\x00", 6));
    pair(&list, (const uint8_t[]){ 5 }, 1, 0x0a, att_span_of("\x02", 1));
    if (platform) {
        pair(&list, (const uint8_t[]){ 6 }, 1, 0x04, att_span_of(bytes16, 16));
        configuration_put(&list);
    }
    tlv(out, 0x30, att_buf_span(&list));
    att_buf_free(&list);
}

static bool reads(struct att_span der, struct dcap_pck_extension *ret, struct att_err *err)
{
    uint8_t *exact = malloc(der.len ? der.len : 1);
    bool ok;

    if (!exact)
        abort();
    if (der.len > 0)
        memcpy(exact, der.ptr, der.len);
    ok = dcap_pck_extension_read(att_span_of(exact, der.len), "x", ret, err);
    free(exact);
    return ok;
}

static void good(void)
{
    for (unsigned n = 0; n < 4; n++) {
        struct att_buf b = { 0 };
        struct dcap_pck_extension e;
        struct att_err err = { 0 };
        extension(&b, n & 1, n & 2);
        bool ok = reads(att_buf_span(&b), &e, &err);
        cases_check(&cases, ok, "good %u: %s", n, err.text);
        if (ok)
            cases_check(&cases,
                        e.components[0] == 128 && e.components[15] == 143 && e.pcesvn == 65534 &&
                            e.sgx_type == 2 && e.fmspc[1] == 0x90 && e.pceid[1] == 1 && e.cpusvn[15] == 15 &&
                            e.has_instance_id == (n & 1) && e.has_configuration == (n & 1) &&
                            e.dynamic_platform == (n & 1) && !e.cached_keys && e.smt_enabled == (n & 1),
                        "good %u: values", n);
        att_buf_free(&b);
    }
}

/* A changed byte may give another value, another (unknown) member or a refusal that says why; a cut or a byte more is
 * always a refusal. */
static void hostile(void)
{
    struct att_buf b = { 0 };
    struct dcap_pck_extension e;

    extension(&b, true, false);
    for (size_t len = 0; len < b.len; len++) {
        struct att_err err = { 0 };
        cases_check(&cases,
                    !reads(att_span_of(b.ptr, len), &e, &err) && err.code == ATT_PCK_EXTENSION_MALFORMED,
                    "cut to %zu", len);
    }
    for (size_t at = 0; at < b.len; at++) {
        uint8_t was = b.ptr[at];
        for (unsigned v = 0; v < 256; v++) {
            struct att_err err = { 0 };
            b.ptr[at] = (uint8_t)v;
            if (!reads(att_buf_span(&b), &e, &err))
                cases_check(&cases, err.code == ATT_PCK_EXTENSION_MALFORMED && err.where[0] && err.found[0],
                            "byte %zu value %u: %s", at, v, err.text);
        }
        b.ptr[at] = was;
    }
    att_buf_putc(&b, 0);
    struct att_err err = { 0 };
    cases_check(&cases, !reads(att_buf_span(&b), &e, &err), "one byte behind");
    att_buf_free(&b);
}

int main(void)
{
    good();
    hostile();
    return cases_report(&cases);
}
