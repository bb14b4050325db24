#include "server/config.h"

#include <attest/attest.h>

#include "base/err.h"

#include <ini.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINE_BYTES_MAX = 190, LINES_MAX = 2000 };

enum kind { TEXT, PATH, PATHS, UINT, STATUSES };
enum required { NEVER, PRODUCTION };

static const struct row {
    const char *name;
    enum kind kind;
    size_t at;
    const char *initial;
    enum required required;
    unsigned long min, max;
    const char *help;
} rows[] = {
#define S(name, kind, initial, required, min, max, help)                                                     \
    { #name, kind, offsetof(struct config, name), initial, required, min, max, help },
#include "server/config.def"
#undef S
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static void *field(struct config *c, const struct row *row)
{
    return (char *)c + row->at;
}
static const void *field_const(const struct config *c, const struct row *row)
{
    return (const char *)c + row->at;
}

static bool set_paths(struct att_arena *arena, struct config_paths *ret, const char *value, const char *name,
                      struct att_err *err)
{
    struct config_paths paths = { 0 };

    for (const char *at = value; *at;) {
        size_t len = strcspn(at, " \t");
        if (len > 0) {
            if (paths.count == CONFIG_PATHS_MAX)
                return att_fail(err, ATT_CONFIG_INVALID, name, "at most 64 paths", "more");
            paths.path[paths.count] = att_arena_dup(arena, att_span_of(at, len));
            if (!paths.path[paths.count++])
                return att_fail_memory(err, name);
        }
        at += len + strspn(at + len, " \t");
    }
    *ret = paths;
    return true;
}

static bool set_statuses(unsigned *ret, const char *value, const char *name, struct att_err *err)
{
    unsigned mask = 0;

    for (const char *at = value; *at;) {
        size_t len = strcspn(at, " ,");
        if (len > 0) {
            struct att_shown shown;
            enum att_tcb_status status = att_tcb_status_of(att_span_of(at, len));
            if (status == ATT_STATUS_UNKNOWN || status == ATT_STATUS_REVOKED)
                return att_fail(err, ATT_CONFIG_INVALID, name, "TCB statuses other than Revoked", "%s",
                                att_shown(&shown, att_span_of(at, len)));
            mask |= ATT_TCB_BIT(status);
        }
        at += len + strspn(at + len, " ,");
    }
    *ret = mask;
    return true;
}

static bool set_uint(unsigned long *ret, const struct row *row, const char *value, struct att_err *err)
{
    struct att_shown shown;
    char *end = NULL;
    char range[64];
    bool digits = value[0] && strspn(value, "0123456789") == strlen(value) && strlen(value) < 12;
    unsigned long n = digits ? strtoul(value, &end, 10) : 0;

    if (digits && n >= row->min && n <= row->max) {
        *ret = n;
        return true;
    }
    (void)snprintf(range, sizeof range, "a number from %lu to %lu", row->min, row->max);
    return att_fail(err, ATT_CONFIG_INVALID, row->name, range, "%s", att_shown(&shown, att_str(value)));
}

static bool set_row(struct att_arena *arena, struct config *c, const struct row *row, const char *value,
                    struct att_err *err)
{
    void *to = field(c, row);

    switch (row->kind) {
    case TEXT:
    case PATH: {
        char *copy = att_arena_dup(arena, att_str(value));
        if (!copy)
            return att_fail_memory(err, row->name);
        *(const char **)to = copy;
        return true;
    }
    case PATHS:
        return set_paths(arena, to, value, row->name, err);
    case UINT:
        return set_uint(to, row, value, err);
    case STATUSES:
        return set_statuses(to, value, row->name, err);
    }
    return false;
}

static const struct row *row_of(const char *name)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    return NULL;
}

static bool algorithm_known(const struct config *c, struct att_err *err)
{
    struct att_shown shown;

    if (strcmp(c->signing_algorithm, "RS256") == 0 || strcmp(c->signing_algorithm, "ES256") == 0)
        return true;
    return att_fail(err, ATT_CONFIG_INVALID, "signing_algorithm", "RS256 or ES256", "%s",
                    att_shown(&shown, att_str(c->signing_algorithm)));
}

bool config_set(struct att_arena *arena, struct config *c, const char *name, const char *value,
                struct att_err *err)
{
    struct att_shown shown;
    const struct row *row = row_of(name);

    if (!row)
        return att_fail(err, ATT_CONFIG_INVALID, "setting", "a setting of attestd.conf(5)", "%s",
                        att_shown(&shown, att_str(name)));
    return set_row(arena, c, row, value, err) && algorithm_known(c, err);
}

bool config_defaults(struct att_arena *arena, struct config *ret, struct att_err *err)
{
    struct config c = { 0 };

    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (!set_row(arena, &c, &rows[i], rows[i].initial, err))
            return false;
    }
    *ret = c;
    return true;
}

struct reading {
    struct att_arena *arena;
    const char *file;
    struct config *c;
    bool seen[ROW_COUNT];
    struct att_err *err;
};

/* The library calls this for each setting; 0 stops it with the line's number. */
static int take(void *user, const char *section, const char *name, const char *value)
{
    struct reading *r = user;
    struct att_shown shown;

    if (strcmp(section, "attestd") != 0) {
        att_fail(r->err, ATT_CONFIG_INVALID, "section", "[attestd]", "[%s]",
                 att_shown(&shown, att_str(section)));
        return 0;
    }
    const struct row *row = row_of(name);
    if (row && r->seen[row - rows]) {
        att_fail(r->err, ATT_CONFIG_INVALID, row->name, "each setting once", "it stands twice");
        return 0;
    }
    if (row)
        r->seen[row - rows] = true;
    return config_set(r->arena, r->c, name, value ? value : "", r->err) ? 1 : 0;
}

/* What the INI library would take in silence. */
static bool lines_plain(const char *file, struct att_span text, struct att_err *err)
{
    size_t line = 1, start = 0;
    char where[88];

    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.ptr[i] != '\n') {
            if (text.ptr[i] == '\0')
                return att_fail(err, ATT_CONFIG_INVALID, file, "text", "a NUL byte");
            continue;
        }
        (void)snprintf(where, sizeof where, "%.60s:%zu", file, line);
        if (i - start > LINE_BYTES_MAX)
            return att_fail(err, ATT_CONFIG_INVALID, where, "at most 190 bytes in a line", "%zu", i - start);
        if (i > start && (text.ptr[start] == ' ' || text.ptr[start] == '\t'))
            return att_fail(err, ATT_CONFIG_INVALID, where, "a line that is not indented",
                            "white space at its start");
        if (++line > LINES_MAX)
            return att_fail(err, ATT_CONFIG_INVALID, where, "at most 2000 lines", "more");
        start = i + 1;
    }
    return true;
}

bool config_read(struct att_arena *arena, const char *file_name, struct att_span text, struct config *c,
                 struct att_err *err)
{
    const char *slash = strrchr(file_name, '/');
    const char *short_name = slash ? slash + 1 : file_name;
    struct reading r = { .arena = arena, .file = short_name, .c = c, .err = err };
    char where[88];

    if (!lines_plain(short_name, text, err))
        return false;
    char *copy = att_arena_dup(arena, text);
    if (!copy)
        return att_fail_memory(err, "config");
    int line = ini_parse_string(copy, take, &r);
    if (line == 0)
        return true;
    (void)snprintf(where, sizeof where, "%.60s:%d", short_name, line);
    if (err->code == ATT_OK)
        return att_fail(err, ATT_CONFIG_INVALID, where, "[attestd] or name = value", "neither");
    return att_fail_as(err, ATT_CONFIG_INVALID, where);
}

bool config_complete(const struct config *c, struct att_err *err)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].required != PRODUCTION)
            continue;
        const char *value = *(const char *const *)field_const(c, &rows[i]);
        if (value[0] == '\0')
            return att_fail(err, ATT_CONFIG_INVALID, rows[i].name, rows[i].help,
                            "not set (or start with --dev)");
    }
    size_t len = strlen(c->base_url);
    if (strncmp(c->base_url, "https://", 8) != 0 || len < 9 || c->base_url[len - 1] == '/')
        return att_fail(err, ATT_CONFIG_INVALID, "base_url", "https://HOST[:PORT] without a slash at its end",
                        "another form");
    return true;
}

static void print_range(const struct row *row)
{
    if (row->kind == UINT)
        printf(" From %lu to %lu.", row->min, row->max);
}

void config_print_sample(void)
{
    puts("# attestd.conf: every setting with its default. Made from src/server/config.def.\n"
         "# A line has at most 190 bytes and is not indented; each setting stands once.\n\n[attestd]");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        bool needed = row->required == PRODUCTION;
        printf("\n# %s", row->help);
        print_range(row);
        printf("%s\n%s%s =%s%s\n", needed ? " Required." : "", needed ? "" : "#", row->name,
               row->initial[0] ? " " : "", row->initial);
    }
}

/* Text in roff: a hyphen that can be copied, a backslash that stays one, and no line that begins as a request. */
static void print_roff(const char *text)
{
    if (text[0] == '.' || text[0] == '\'')
        (void)fputs("\\&", stdout);
    for (; *text; text++) {
        if (*text == '-')
            (void)fputs("\\-", stdout);
        else if (*text == '\\')
            (void)fputs("\\e", stdout);
        else
            putchar(*text);
    }
}

void config_print_man(void)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        printf(".TP\n.B %s\n", row->name);
        print_roff(row->help);
        print_range(row);
        if (row->required == PRODUCTION)
            print_roff(" Required without --dev.");
        if (row->initial[0]) {
            (void)fputs(" Default: ", stdout);
            print_roff(row->initial);
            putchar('.');
        }
        putchar('\n');
    }
}
