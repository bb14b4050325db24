/* The file. What the INI library would split, cut or override in silence is refused in a pass before it: it keeps 50
 * bytes of a section's name, lets a second section of a name go on with the first, drops what stands behind " ;". */
#include "config/config_table.h"

#include "base/err.h"

#include <ini.h>
#include <stdio.h>
#include <string.h>

enum { LINE_BYTES_MAX = 190, LINES_MAX = 2000, HEADER_BYTES_MAX = 49 };

/* Which sections and settings the file has had: a bit for each row, and SECTION. */
/* Which rows of a section have been set, and behind them the section itself. */
struct set {
    bool has[CONFIG_ROWS_MAX + 1];
};
struct seen {
    struct set attestd;
    struct set issuers[CONFIG_ISSUERS_MAX];
    struct set subscriptions[CONFIG_SUBSCRIPTIONS_MAX];
    struct set sources[CONFIG_SOURCES_MAX];
    struct set compliance[CONFIG_COMPLIANCE_MAX];
    struct set sinks[CONFIG_SINKS_MAX];
};
enum { SECTION_ITSELF = CONFIG_ROWS_MAX };

static struct set *seen_of(struct seen *seen, const struct config_place *place)
{
    switch (place->section) { /* without a default: the compiler asks for the one that is added */
    case CONFIG_ISSUER:
        return &seen->issuers[place->index];
    case CONFIG_SUBSCRIPTION:
        return &seen->subscriptions[place->index];
    case CONFIG_SOURCE:
        return &seen->sources[place->index];
    case CONFIG_COMPLIANCE:
        return &seen->compliance[place->index];
    case CONFIG_SINK:
        return &seen->sinks[place->index];
    case CONFIG_ATTESTD:
    case CONFIG_SECTIONS:
        break;
    }
    return &seen->attestd;
}

struct reading {
    struct att_arena *arena;
    struct config *c;
    struct seen seen;
    struct att_err *err;
};

/* Here because the library never mentions a section that is empty. */
static bool header_good(struct reading *r, struct att_span line, struct att_err *err)
{
    struct config_place place;

    while (line.len > 0 && strchr(" \t\r", line.ptr[line.len - 1]))
        line.len--;
    if (line.ptr[line.len - 1] != ']')
        return att_fail(err, ATT_CONFIG_INVALID, "section", "] at the end of the line", "another character");
    struct att_span header = att_span_of(line.ptr + 1, line.len - 2);
    if (header.len > HEADER_BYTES_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "section", "a name of at most 49 bytes", "%zu", header.len);
    if (!config_open(r->arena, r->c, header, &place, err))
        return false;
    bool *seen = &seen_of(&r->seen, &place)->has[SECTION_ITSELF];
    if (*seen)
        return att_fail(err, ATT_CONFIG_INVALID, "section", "each section once", "it stands twice");
    *seen = true;
    return true;
}

static bool line_plain(struct reading *r, struct att_span line, struct att_err *err)
{
    if (line.len > LINE_BYTES_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "line", "at most 190 bytes in a line", "%zu", line.len);
    if (line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t'))
        return att_fail(err, ATT_CONFIG_INVALID, "line", "a line that is not indented",
                        "white space at its start");
    if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';')
        return true;
    for (size_t i = 1; i < line.len; i++) {
        if (line.ptr[i] == ';' && (line.ptr[i - 1] == ' ' || line.ptr[i - 1] == '\t'))
            return att_fail(err, ATT_CONFIG_INVALID, "line", "comments on lines of their own",
                            "a ; behind white space");
    }
    return line.ptr[0] != '[' || header_good(r, line, err);
}

static bool lines_plain(struct reading *r, const char *file, struct att_span text, struct att_err *err)
{
    size_t line = 1, start = 0;
    char where[88];

    for (size_t i = 0; i <= text.len; i++) {
        (void)snprintf(where, sizeof where, "%.60s:%zu", file, line);
        if (i < text.len && text.ptr[i] != '\n') {
            if (text.ptr[i] == '\0')
                return att_fail(err, ATT_CONFIG_INVALID, where, "text", "a NUL byte");
            continue;
        }
        if (!line_plain(r, att_span_of(text.ptr + start, i - start), err))
            return att_fail_as(err, ATT_CONFIG_INVALID, where);
        if (++line > LINES_MAX)
            return att_fail(err, ATT_CONFIG_INVALID, where, "at most 2000 lines", "more");
        start = i + 1;
    }
    return true;
}

/* The library calls this for each setting; 0 makes it give the line's number at its end. */
static int take(void *user, const char *section, const char *name, const char *value)
{
    struct reading *r = user;
    struct config_place place;

    if (r->err->code != ATT_OK)
        return 0;
    if (!config_open(r->arena, r->c, att_str(section), &place, r->err))
        return 0;
    const struct config_row *row = config_row_of(place.section, att_str(name));
    if (row) {
        bool *seen = &seen_of(&r->seen, &place)->has[row - config_tables[place.section].rows];
        if (*seen)
            return att_fail(r->err, ATT_CONFIG_INVALID, row->name, "each setting once", "it stands twice");
        *seen = true;
    }
    return config_put(r->arena, r->c, &place, att_str(name), value ? value : "", r->err) ? 1 : 0;
}

bool config_read(struct att_arena *arena, const char *file_name, struct att_span text, struct config *c,
                 struct att_err *err)
{
    const char *slash = strrchr(file_name, '/');
    const char *short_name = slash ? slash + 1 : file_name;
    struct att_err own = { 0 };
    struct reading r = { .arena = arena, .c = c, .err = &own };
    char where[88];

    if (!lines_plain(&r, short_name, text, err))
        return false;
    char *copy = att_arena_dup(arena, text);
    if (!copy)
        return att_fail_memory(err, "config");
    int line = ini_parse_string(copy, take, &r);
    if (line == 0)
        return true;
    (void)snprintf(where, sizeof where, "%.60s:%d", short_name, line);
    if (own.code == ATT_OK)
        return att_fail(err, ATT_CONFIG_INVALID, where, "a section or name = value", "neither");
    if (err)
        *err = own;
    return att_fail_as(err, ATT_CONFIG_INVALID, where);
}
