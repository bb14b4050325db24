#include "eventlog/ima_fields.h"

#include "base/reader.h"
#include "codec/der.h"
#include "eventlog/log.h"

enum { FIELDS_MAX = 5, OLD_DIGEST_BYTES = 20, KERNEL_VERSION_BYTES_MAX = 256 };

/* The name stands second in each of them. */
static const struct {
    const char *name;
    uint8_t fields;
    uint8_t buffer; /* which field is a buffer and not a file's; 0: none */
} templates[] = {
    { "ima-ng", 2, 0 },   { "ima-sig", 3, 0 },   { "ima-buf", 3, 2 },
    { "ima-ngv2", 2, 0 }, { "ima-sigv2", 3, 0 }, { "ima-modsig", 5, 0 },
};

/* "d-ng": "sha256:", NUL, digest. In "d-ngv2" a word and a colon stand before that. */
static bool is_digest(struct att_span field)
{
    const uint8_t *nul = field.len > 0 ? memchr(field.ptr, 0, field.len) : NULL;

    return nul && nul > field.ptr && nul[-1] == ':' && nul + 1 < field.ptr + field.len;
}

/* One NUL, at the end. */
static bool name_take(struct att_span field, struct att_span *ret)
{
    if (field.len < 2 || memchr(field.ptr, 0, field.len) != field.ptr + field.len - 1)
        return false;
    *ret = att_span_of(field.ptr, field.len - 1);
    return true;
}

static bool old_read(struct att_span body, struct ima_fields *ret)
{
    struct att_reader r = att_reader_of(body);
    struct ima_fields f = { 0 };

    (void)att_take(&r, OLD_DIGEST_BYTES);
    f.file_name = att_take(&r, att_take_u32le(&r));
    if (!att_all_read(&r) || f.file_name.len == 0 || memchr(f.file_name.ptr, 0, f.file_name.len))
        return false;
    *ret = f;
    return true;
}

/* TBSCertificate begins [0] version, serial, algorithm, issuer, validity, subject. */
static bool subject_find(struct att_span der, struct att_span *ret)
{
    enum { VERSION = 0xa0 };
    struct att_reader outer = att_reader_of(der);
    struct att_span whole, tbs, skipped;
    const uint8_t *start;

    if (!att_der_take(&outer, ATT_DER_SEQUENCE, &whole) || !att_all_read(&outer))
        return false;
    struct att_reader certificate = att_reader_of(whole);
    if (!att_der_take(&certificate, ATT_DER_SEQUENCE, &tbs) ||
        !att_der_take(&certificate, ATT_DER_SEQUENCE, &skipped) ||
        !att_der_take(&certificate, ATT_DER_BIT_STRING, &skipped) || !att_all_read(&certificate))
        return false;
    struct att_reader r = att_reader_of(tbs);
    if (!att_der_take(&r, VERSION, &skipped) || !att_der_take(&r, ATT_DER_INTEGER, &skipped) ||
        !att_der_take(&r, ATT_DER_SEQUENCE, &skipped) || !att_der_take(&r, ATT_DER_SEQUENCE, &skipped) ||
        !att_der_take(&r, ATT_DER_SEQUENCE, &skipped))
        return false;
    start = r.cur;
    if (!att_der_take(&r, ATT_DER_SEQUENCE, &skipped))
        return false;
    *ret = att_span_of(start, (size_t)(r.cur - start));
    return true;
}

static bool printable(struct att_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e)
            return false;
    }
    return text.len > 0;
}

/* Keyrings whose names begin with a dot are the kernel's: no program may make one. */
static void buffer_read(struct att_span buffer, struct ima_fields *f)
{
    if (att_span_is(f->file_name, "kernel_version") && buffer.len <= KERNEL_VERSION_BYTES_MAX &&
        printable(buffer))
        f->kernel_version = buffer;
    if (f->file_name.len > 1 && f->file_name.ptr[0] == '.' && printable(f->file_name) &&
        subject_find(buffer, &f->subject))
        f->keyring = f->file_name;
}

bool ima_fields_read(const struct log_event *e, struct ima_fields *ret)
{
    struct att_reader r = att_reader_of(e->body);
    struct att_span field[FIELDS_MAX] = { { 0 } };
    struct ima_fields f = { 0 };
    size_t t = 0;

    if (att_span_is(e->template_name, "ima"))
        return old_read(e->body, ret);
    while (t < sizeof templates / sizeof templates[0] && !att_span_is(e->template_name, templates[t].name))
        t++;
    if (t == sizeof templates / sizeof templates[0])
        return false;
    for (size_t i = 0; i < templates[t].fields; i++)
        field[i] = att_take(&r, att_take_u32le(&r));
    if (!att_all_read(&r) || !is_digest(field[0]) || !name_take(field[1], &f.file_name))
        return false;
    if (templates[t].buffer > 0)
        buffer_read(field[templates[t].buffer], &f);
    *ret = f;
    return true;
}
