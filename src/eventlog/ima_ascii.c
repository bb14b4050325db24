/* Linux' measurement list as text, for people who look at lists: "10 HEX ima-ng sha256:HEX /path". The template data are made again
 * from the fields; that they are the same data is shown by the template digest, which every record of a known template has to match. */
#include "eventlog/ima.h"

#include "base/err.h"
#include "base/hex.h"

enum field { END, DIGEST, NAME, OLD_DIGEST, OLD_NAME, BYTES };
enum { FIELDS_MAX = 6, OLD_DIGEST_BYTES = 20 };

static const struct {
    const char *name;
    enum field fields[FIELDS_MAX]; /* END behind the last */
} templates[] = {
    { "ima", { OLD_DIGEST, OLD_NAME } },
    { "ima-ng", { DIGEST, NAME } },
    { "ima-sig", { DIGEST, NAME, BYTES } },
    { "ima-buf", { DIGEST, NAME, BYTES } },
    { "ima-modsig", { DIGEST, NAME, BYTES, DIGEST, BYTES } },
    { "ima-ngv2", { DIGEST, NAME } },
    { "ima-sigv2", { DIGEST, NAME, BYTES } },
};

/* Template data that are being made; `room` is as long as the line, which is more than they can be. */
struct made {
    uint8_t *room;
    size_t len;
};

bool ima_ascii_open(struct log_source *s)
{
    (void)s;
    return true;
}

/* The bytes before the next `end`, which is passed over; all that is left when there is none. */
static struct att_span until(struct att_reader *r, char end)
{
    const uint8_t *at = r->left > 0 ? memchr(r->cur, end, r->left) : NULL;
    struct att_span out = att_take(r, at ? (size_t)(at - r->cur) : r->left);

    if (at)
        (void)att_take(r, 1);
    return out;
}

static void put(struct made *m, struct att_span bytes)
{
    if (bytes.len > 0)
        memcpy(m->room + m->len, bytes.ptr, bytes.len);
    m->len += bytes.len;
}

static void put_length(struct made *m, size_t n)
{
    const uint8_t bytes[4] = { (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24) };

    put(m, att_span_of(bytes, sizeof bytes));
}

static bool put_hex(struct made *m, struct att_span text)
{
    if (text.len % 2 != 0 || !att_hex_read(text, m->room + m->len, text.len / 2))
        return false;
    m->len += text.len / 2;
    return true;
}

/* "sha256:HEX", "ima:sha256:HEX": the name up to the last colon, a NUL, the bytes. */
static bool put_digest(struct made *m, struct att_span text)
{
    size_t name = text.len;

    while (name > 0 && text.ptr[name - 1] != ':')
        name--;
    if (text.len > 0 && name == 0)
        return false;
    put_length(m, text.len == 0 ? 0 : name + 1 + (text.len - name) / 2);
    if (text.len == 0)
        return true;
    put(m, att_span_of(text.ptr, name));
    put(m, att_span_of("", 1));
    return put_hex(m, att_span_of(text.ptr + name, text.len - name));
}

static bool put_field(struct made *m, enum field kind, struct att_span text)
{
    switch (kind) {
    case DIGEST:
        return put_digest(m, text);
    case NAME:
        put_length(m, text.len + 1);
        put(m, text);
        put(m, att_span_of("", 1));
        return text.len > 0;
    case OLD_DIGEST:
        return text.len == (size_t)2 * OLD_DIGEST_BYTES && put_hex(m, text);
    case OLD_NAME:
        put_length(m, text.len);
        put(m, text);
        return true;
    case BYTES:
        put_length(m, text.len / 2);
        return put_hex(m, text);
    case END:
        break;
    }
    return false;
}

/* Fields that are empty at the end of a line may be missing with the space before them. */
static bool fields_read(struct log_source *s, struct att_reader *line, const enum field *fields,
                        struct made *m)
{
    for (size_t i = 0; i < FIELDS_MAX && fields[i] != END; i++)
        if (!put_field(m, fields[i], until(line, ' ')))
            return log_malformed(s, "the fields of its template", "field %zu that is none", i);
    if (!att_all_read(line))
        return log_malformed(s, "the fields of its template", "%zu characters more", line->left);
    return true;
}

static const enum field *fields_of(struct att_span name)
{
    for (size_t i = 0; i < sizeof templates / sizeof templates[0]; i++)
        if (att_span_is(name, templates[i].name))
            return templates[i].fields;
    return NULL;
}

static bool pcr_read(struct att_span text, uint32_t *ret)
{
    uint32_t pcr = 0;

    if (text.len < 1 || text.len > 2)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        pcr = pcr * 10 + (uint32_t)(text.ptr[i] - '0');
    }
    *ret = pcr;
    return true;
}

static bool line_read(struct log_source *s, struct att_span text, struct log_event *e)
{
    struct att_reader line = att_reader_of(text);
    /* A length and a NUL per field are more than the text has, hex is twice what it stands for. */
    struct made m = { .room = att_arena_alloc(s->env->arena, text.len + (size_t)5 * FIELDS_MAX, 1) };
    uint8_t *digest = att_arena_alloc(s->env->arena, LOG_IMA_DIGEST_BYTES, 1);

    if (!m.room || !digest)
        return att_fail_memory(s->err, s->where);
    if (line.left > 0 && line.cur[0] == ' ') /* registers below 10 */
        (void)att_take(&line, 1);
    if (!pcr_read(until(&line, ' '), &e->pcr))
        return log_malformed(s, "a line that begins with a register", "none");
    if (!att_hex_read(until(&line, ' '), digest, LOG_IMA_DIGEST_BYTES))
        return log_malformed(s, "a template digest of 40 characters", "none");
    e->template_name = until(&line, ' ');
    const enum field *fields = fields_of(e->template_name);
    if (!fields)
        return log_malformed(s, "a template whose data a text shows", "another one");
    if (!fields_read(s, &line, fields, &m))
        return false;
    e->template_digest = digest;
    e->body = att_span_of(m.room, m.len);
    return true;
}

bool ima_ascii_next(struct log_source *s, struct log_event *ret, bool *ret_more)
{
    struct log_event e = { .ima = true, .extends = true };

    *ret_more = s->r.left > 0;
    if (!*ret_more)
        return true;
    struct att_span text = until(&s->r, '\n');
    if (s->keeping && !(line_read(s, text, &e) && ima_judge(s, &e)))
        return false;
    *ret = e;
    return true;
}
