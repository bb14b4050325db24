#include "server/boot_hashes.h"

#include "base/err.h"
#include "base/hex.h"

#include <stdio.h>

enum { VARIABLES = 4, HASH_BYTES = 32 };

static const char *const names[VARIABLES] = { "pk", "kek", "db", "dbx" };

struct lists {
    uint8_t (*rows[VARIABLES])[HASH_BYTES];
    size_t count[VARIABLES];
};

static bool blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct att_span trim(struct att_span s)
{
    while (s.len > 0 && blank(s.ptr[0]))
        s = att_span_of(s.ptr + 1, s.len - 1);
    while (s.len > 0 && blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

/* Takes the next line from the front of `text`. */
static struct att_span next_line(struct att_span *text)
{
    const uint8_t *end = memchr(text->ptr, '\n', text->len);
    size_t len = end ? (size_t)(end - text->ptr) : text->len;
    struct att_span line = att_span_of(text->ptr, len);

    len += end ? 1 : 0;
    *text = att_span_of(text->ptr + len, text->len - len);
    return trim(line);
}

static size_t variable_of(struct att_span word)
{
    size_t i = 0;

    while (i < VARIABLES && !att_span_is(word, names[i]))
        i++;
    return i;
}

static bool take(struct att_arena *arena, struct lists *l, struct att_span line, const char *where,
                 struct att_err *err)
{
    size_t len = 0;

    while (len < line.len && !blank(line.ptr[len]))
        len++;
    size_t v = variable_of(att_span_of(line.ptr, len));
    struct att_span hex = trim(att_span_of(line.ptr + len, line.len - len));
    if (v == VARIABLES)
        return att_fail(err, ATT_CONFIG_INVALID, where, "pk, kek, db or dbx, then a hash", "another word");
    if (l->count[v] == BOOT_HASHES_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, where, "at most 4096 hashes of a variable", "more");
    if (!l->rows[v])
        l->rows[v] = att_arena_alloc(arena, BOOT_HASHES_MAX, HASH_BYTES);
    if (!l->rows[v])
        return att_fail_memory(err, where);
    if (!att_hex_read(hex, l->rows[v][l->count[v]], HASH_BYTES))
        return att_fail(err, ATT_CONFIG_INVALID, where, "64 hexadecimal digits behind the variable",
                        "%zu other characters", hex.len);
    l->count[v]++;
    return true;
}

bool boot_hashes_read(struct att_arena *arena, struct att_span text, struct att_boot_hashes *ret,
                      struct att_err *err)
{
    struct lists l = { 0 };
    char where[48];

    for (unsigned number = 1; text.len > 0; number++) {
        struct att_span line = next_line(&text);
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        (void)snprintf(where, sizeof where, "tpm_boot_hashes:%u", number);
        if (!take(arena, &l, line, where, err))
            return false;
    }
    *ret = (struct att_boot_hashes){
        .pk = (const uint8_t(*)[HASH_BYTES])l.rows[0],
        .pk_count = l.count[0],
        .kek = (const uint8_t(*)[HASH_BYTES])l.rows[1],
        .kek_count = l.count[1],
        .db = (const uint8_t(*)[HASH_BYTES])l.rows[2],
        .db_count = l.count[2],
        .dbx = (const uint8_t(*)[HASH_BYTES])l.rows[3],
        .dbx_count = l.count[3],
    };
    return true;
}
