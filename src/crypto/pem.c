/* PEM (RFC 7468), line by line. Text between blocks is explanatory and skipped; everything inside a block
 * counts. */
#include "crypto/pem.h"

#include "crypto/x509_core.h"

#include <stdio.h>
#include <stdlib.h>

#include <attest/arena.h>

#include "base/base64.h"
#include "base/err.h"

enum { LINE_MARK_BYTES_MAX = 64 };

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)
ATT_AUTO_PTR(bytes_auto, char, free)

struct att_span att_pem_trim(struct att_span text)
{
    while (text.len > 0 && text.ptr[text.len - 1] == '\0')
        text.len--;
    return text;
}

/* Up to and without the line end; CR before LF and blanks at the end do not count. */
static struct att_span take_line(struct att_reader *r)
{
    size_t n = 0;

    while (n < r->left && r->cur[n] != '\n')
        n++;
    struct att_span line = att_take(r, n);
    (void)att_take(r, r->left > 0 ? 1 : 0);
    while (line.len > 0 && (line.ptr[line.len - 1] == '\r' || line.ptr[line.len - 1] == ' ' ||
                            line.ptr[line.len - 1] == '\t'))
        line.len--;
    return line;
}

static bool starts_with(struct att_span line, const char *text)
{
    size_t n = strlen(text);
    return line.len >= n && memcmp(line.ptr, text, n) == 0;
}

static bool is_mark(struct att_span line, const char *what, const char *label)
{
    char mark[LINE_MARK_BYTES_MAX];
    int n = snprintf(mark, sizeof mark, "-----%s %s-----", what, label);

    return n > 0 && (size_t)n < sizeof mark && att_span_eq(line, att_span_of(mark, (size_t)n));
}

/* The base64 of the block without line ends, into `to`, which has room for all that is left of the text. */
static bool take_body(struct att_reader *text, const char *label, char *to, size_t *ret_len)
{
    size_t len = 0;

    while (text->left > 0) {
        struct att_span line = take_line(text);
        if (is_mark(line, "END", label)) {
            *ret_len = len;
            return true;
        }
        /* An empty line would end headers for other readers (RFC 1421 4.4): they would see another text. */
        if (starts_with(line, "-----") || line.len == 0)
            return false;
        memcpy(to + len, line.ptr, line.len);
        len += line.len;
    }
    return false;
}

static enum att_pem decode(struct att_span base64, uint8_t **ret_der, size_t *ret_len)
{
    /* Twice the text is more than decoding needs, whatever its bookkeeping. */
    ATT_AUTO(arena_auto) struct att_arena *a = att_arena_new(2 * base64.len + 64);
    struct att_span der;
    struct att_err err = { .code = ATT_OK };

    if (!a)
        return ATT_PEM_NO_MEMORY;
    if (!att_base64_decode(a, ATT_BASE64_STANDARD, base64, "pem", &der, &err))
        return err.code == ATT_OUT_OF_MEMORY ? ATT_PEM_NO_MEMORY : ATT_PEM_MALFORMED;
    if (der.len == 0)
        return ATT_PEM_MALFORMED;
    uint8_t *out = malloc(der.len);
    if (!out)
        return ATT_PEM_NO_MEMORY;
    memcpy(out, der.ptr, der.len);
    *ret_der = out;
    *ret_len = der.len;
    return ATT_PEM_BLOCK;
}

enum att_pem att_pem_next(struct att_reader *text, const char *label, uint8_t **ret_der, size_t *ret_len)
{
    while (text->left > 0) {
        struct att_span line = take_line(text);
        if (memchr(line.ptr, '\0', line.len))
            return ATT_PEM_MALFORMED; /* a C reader of the same text would stop here */
        if (!starts_with(line, "-----"))
            continue;
        if (!is_mark(line, "BEGIN", label))
            return ATT_PEM_MALFORMED;
        ATT_AUTO(bytes_auto) char *body = malloc(text->left + 1);
        size_t len = 0;
        if (!body)
            return ATT_PEM_NO_MEMORY;
        if (!take_body(text, label, body, &len))
            return ATT_PEM_MALFORMED;
        return decode(att_span_of(body, len), ret_der, ret_len);
    }
    return ATT_PEM_END;
}

struct list {
    struct att_cert **certs;
    size_t count;
};

static void list_free(struct list *l)
{
    for (size_t i = 0; i < l->count; i++)
        att_cert_free(l->certs[i]);
    free(l->certs);
}

static bool add_cert(const struct att_crypto *c, const uint8_t *der, size_t len,
                     const struct att_limits *limits, size_t max, struct list *l, struct att_err *err)
{
    if (l->count == max)
        return att_fail(err, ATT_CERT_MALFORMED, "pem", "no more certificates than belong there",
                        "more than %zu", max);
    if (!att_cert_from_der(c, att_span_of(der, len), limits, &l->certs[l->count], err)) {
        char where[32];
        (void)snprintf(where, sizeof where, "pem[%zu]", l->count);
        return att_fail_as(err, ATT_CERT_MALFORMED, where);
    }
    l->count++;
    return true;
}

static bool read_all(const struct att_crypto *c, struct att_span pem, const struct att_limits *limits,
                     size_t max, struct list *l, struct att_err *err)
{
    struct att_reader text = att_reader_of(att_pem_trim(pem));

    for (;;) {
        uint8_t *der = NULL;
        size_t len = 0;
        switch (att_pem_next(&text, "CERTIFICATE", &der, &len)) {
        case ATT_PEM_END:
            return true;
        case ATT_PEM_NO_MEMORY:
            return att_fail_memory(err, "pem");
        case ATT_PEM_MALFORMED:
            return att_fail(err, ATT_CERT_MALFORMED, "pem", "whole CERTIFICATE blocks of standard base64",
                            "a broken block behind %zu good ones", l->count);
        case ATT_PEM_BLOCK:
            break;
        }
        bool added = add_cert(c, der, len, limits, max, l, err);
        free(der);
        if (!added)
            return false;
    }
}

bool att_certs_from_pem(const struct att_crypto *c, struct att_span pem, const struct att_limits *limits,
                        struct att_cert **ret, size_t max, size_t *ret_count, struct att_err *err)
{
    if (!limits)
        limits = &att_limits_default;
    if (pem.len > limits->cert_chain_bytes_max)
        return att_fail(err, ATT_CERT_MALFORMED, "pem", "at most cert_chain_bytes_max bytes", "%zu bytes",
                        pem.len);
    ATT_AUTO(list_free) struct list l = { .certs = calloc(max ? max : 1, sizeof *l.certs) };
    if (!l.certs)
        return att_fail_memory(err, "pem");
    if (!read_all(c, pem, limits, max, &l, err))
        return false;
    if (l.count == 0)
        return att_fail(err, ATT_CERT_MALFORMED, "pem", "a CERTIFICATE block", "none");
    memcpy(ret, l.certs, l.count * sizeof(struct att_cert *));
    *ret_count = l.count;
    l.count = 0; /* the references are the caller's now */
    return true;
}
