/* Linux' measurement list, binary. Numbers are little endian (a big-endian kernel writes its list in its own order unless told
 * ima_canonical_fmt; such a list is refused at its first length). Spec: Documentation/security/IMA-templates; the layouts are those of
 * ima_measurements_show and ima_calc_field_array_hash in security/integrity/ima. */
#include "eventlog/ima.h"

#include "base/err.h"
#include "base/hex.h"

#include <stdio.h>

enum { NAME_BYTES_MAX = 255, OLD_DIGEST_BYTES = 20, OLD_HASHED_NAME_BYTES = 256 };

static const struct {
    const char *name;
    size_t fields;
} templates[] = {
    { "ima-ng", 2 },     { "ima-sig", 3 },  { "ima-buf", 3 },
    { "ima-modsig", 5 }, { "ima-ngv2", 2 }, { "ima-sigv2", 3 },
};

static bool is_old(const struct log_event *e)
{
    return att_span_is(e->template_name, "ima");
}

size_t ima_template_fields(struct att_span name)
{
    for (size_t i = 0; i < sizeof templates / sizeof templates[0]; i++)
        if (att_span_is(name, templates[i].name))
            return templates[i].fields;
    return 0;
}

bool ima_open(struct log_source *s)
{
    (void)s;
    return true;
}

/* The fields of template "ima" have no common length before them: a digest, and a name behind its length. */
static bool old_data_take(struct log_source *s, struct log_event *e)
{
    const uint8_t *start = s->r.cur;

    (void)att_take(&s->r, OLD_DIGEST_BYTES);
    struct att_span name = att_take(&s->r, att_take_u32le(&s->r));
    if (s->r.failed)
        return log_malformed(s, "a digest and a name", "the end of the list");
    e->body = att_span_of(start, OLD_DIGEST_BYTES + 4 + name.len);
    return true;
}

static bool data_take(struct log_source *s, struct log_event *e)
{
    uint32_t size = att_take_u32le(&s->r);

    if (s->r.failed || size > s->r.left)
        return log_malformed(s, "template data within the list", "%u bytes where %zu are left", size,
                             s->r.left);
    e->body = att_take(&s->r, size);
    return true;
}

bool ima_next(struct log_source *s, struct log_event *ret, bool *ret_more)
{
    struct log_event e = { .ima = true, .extends = true };

    *ret_more = s->r.left > 0;
    if (!*ret_more)
        return true;
    e.pcr = att_take_u32le(&s->r);
    e.template_digest = att_take(&s->r, LOG_IMA_DIGEST_BYTES).ptr;
    uint32_t name_bytes = att_take_u32le(&s->r);
    if (s->r.failed)
        return log_malformed(s, "a record of 28 bytes and more", "%zu bytes", s->bytes.len - s->offset);
    if (name_bytes < 1 || name_bytes > NAME_BYTES_MAX || name_bytes > s->r.left)
        return log_malformed(s, "a name of a template, 1 to 255 bytes, within the list", "%u bytes",
                             name_bytes);
    e.template_name = att_take(&s->r, name_bytes);
    if (!(is_old(&e) ? old_data_take(s, &e) : data_take(s, &e)) || !ima_judge(s, &e))
        return false;
    *ret = e;
    return true;
}

size_t ima_hashed(const struct log_event *e, struct att_span parts[IMA_PARTS_MAX])
{
    static const uint8_t zeros[OLD_HASHED_NAME_BYTES];
    size_t name_bytes = e->body.len - OLD_DIGEST_BYTES - 4;

    if (!is_old(e)) {
        parts[0] = e->body;
        return 1;
    }
    parts[0] = att_span_of(e->body.ptr, OLD_DIGEST_BYTES);
    parts[1] = att_span_of(e->body.ptr + OLD_DIGEST_BYTES + 4, name_bytes);
    parts[2] = att_span_of(zeros, OLD_HASHED_NAME_BYTES - name_bytes);
    return 3;
}

/* The name is hashed with zeros behind it and without its length: a zero inside would let one digest stand for two records. */
static bool old_fields_judge(const struct log_source *s, const struct log_event *e)
{
    struct att_span name = { e->body.ptr + OLD_DIGEST_BYTES + 4, e->body.len - OLD_DIGEST_BYTES - 4 };

    if (name.len > NAME_BYTES_MAX)
        return log_malformed(s, "a name of 255 bytes at most", "%zu", name.len);
    if (name.len > 0 && memchr(name.ptr, 0, name.len))
        return log_malformed(s, "a name without NUL", "%zu bytes with one", name.len);
    return true;
}

static bool fields_judge(const struct log_source *s, const struct log_event *e, size_t count)
{
    struct att_reader r = att_reader_of(e->body);

    for (size_t i = 0; i < count; i++)
        (void)att_take(&r, att_take_u32le(&r));
    if (!att_all_read(&r))
        return log_malformed(s, "the fields of its template", "%zu bytes that are not %zu fields",
                             e->body.len, count);
    return true;
}

/* The list's own digest decides nothing; one that is wrong shows that somebody wrote in the list. */
static bool digest_judge(const struct log_source *s, const struct log_event *e)
{
    struct att_span parts[IMA_PARTS_MAX];
    uint8_t made[LOG_DIGEST_BYTES_MAX];
    char found[2 * LOG_IMA_DIGEST_BYTES + 1], expected[2 * LOG_IMA_DIGEST_BYTES + 1], where[96];

    if (!att_digest_parts(s->env->crypto, ATT_SHA1, parts, ima_hashed(e, parts), made))
        return att_fail(s->err, ATT_CRYPTO_FAILED, s->where, "SHA-1", "nothing");
    if (memcmp(made, e->template_digest, LOG_IMA_DIGEST_BYTES) == 0)
        return true;
    att_hex_text(found, att_span_of(e->template_digest, LOG_IMA_DIGEST_BYTES));
    att_hex_text(expected, att_span_of(made, LOG_IMA_DIGEST_BYTES));
    (void)snprintf(where, sizeof where, "%s.records[%zu]", s->where, s->record);
    return att_fail(s->err, ATT_IMA_LOG_MISMATCH, where, expected, "template digest %s", found);
}

bool ima_judge(struct log_source *s, struct log_event *e)
{
    static const uint8_t zeros[LOG_IMA_DIGEST_BYTES];
    size_t fields = ima_template_fields(e->template_name);

    if (e->pcr >= LOG_PCRS)
        return log_malformed(s, "a register below 24", "register %u", e->pcr);
    if (is_old(e) ? !old_fields_judge(s, e) : (fields > 0 && !fields_judge(s, e, fields)))
        return false;
    e->ima_violation = memcmp(e->template_digest, zeros, sizeof zeros) == 0;
    return !s->keeping || e->ima_violation || digest_judge(s, e);
}
