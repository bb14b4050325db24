/* layers: jmespath codec base */
/* Runs tests/jmespath/NAME.txt. The form of a case stands in tests/jmespath/README.md: adding one needs no C. Each query
 * is also cut off behind every byte: what is left compiles, or is refused with a place inside of it. */
#include <attest/jmespath.h>

#include "base/buf.h"
#include "support/cases.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cases cases = { .name = "tests/jmespath" };
static struct cases truncations = { .name = "tests/jmespath-cut" };

struct text_case {
    const char *file;
    unsigned line;
    struct att_buf json;
    struct att_buf query;
    bool asked; /* a query waits for its answer */
    struct att_limits limits;
};

struct outcome {
    bool ok;
    struct att_span result;
    struct att_err err;
    unsigned column;
    struct att_arena *arena;
};

static void read_bytes(struct att_buf *b, const char *text)
{
    att_buf_clear(b);
    while (*text) {
        unsigned byte = 0;
        if (strncmp(text, "<<", 2) != 0 || !strstr(text, ">>")) {
            att_buf_putc(b, *text++);
            continue;
        }
        for (text += 2; sscanf(text, "%2x", &byte) == 1; text += 2)
            att_buf_putc(b, (char)byte);
        text += 2;
    }
}

static struct outcome ask(const struct text_case *c)
{
    struct outcome o = { .arena = att_arena_new(att_limits_default.arena_bytes_max) };
    struct att_jmespath *query = NULL;

    o.ok = att_jmespath_compile(att_buf_span(&c->query), &c->limits, &query, &o.column, &o.err);
    cases_check(&cases, o.ok == (query != NULL) && o.ok == (o.column == 0), "%s:%u: half compiled", c->file,
                c->line);
    if (o.ok)
        o.ok = att_jmespath_search(query, o.arena, att_buf_span(&c->json), &c->limits, &o.result, &o.err);
    cases_check(&cases, o.ok == (o.err.code == ATT_OK), "%s:%u: an error and a result", c->file, c->line);
    att_jmespath_free(query);
    return o;
}

static void check_result(const struct text_case *c, const char *want)
{
    struct outcome o = ask(c);
    struct att_buf bytes = { 0 };

    read_bytes(&bytes, want);
    cases_check(&cases, o.ok && att_span_eq(o.result, att_buf_span(&bytes)), "%s:%u: want %s, got %.*s %s",
                c->file, c->line, want, (int)o.result.len, (const char *)o.result.ptr, o.err.text);
    att_buf_free(&bytes);
    att_arena_free(o.arena);
}

static void check_refusal(const struct text_case *c, char *want)
{
    struct outcome o = ask(c);
    char code[64] = "", where[64];
    unsigned column = 0;
    int used = 0;

    cases_check(&cases, sscanf(want, "%63s %u %n", code, &column, &used) == 2 && want[used],
                "%s:%u: cannot be read", c->file, c->line);
    /* JSON that is refused is no part of the query. */
    (void)snprintf(where, sizeof where,
                   strncmp(code, "JSON", 4) == 0 ? "json"
                   : column                      ? "jmespath:%u"
                                                 : "jmespath",
                   column);
    cases_check(&cases,
                strcmp(att_code_name(o.err.code), code) == 0 && strcmp(o.err.where, where) == 0 &&
                    (strstr(o.err.expected, want + used) || strstr(o.err.found, want + used)) &&
                    strstr(o.err.text, o.err.expected) && strstr(o.err.text, o.err.found),
                "%s:%u: want %s, got %s at %s: %s", c->file, c->line, want, att_code_name(o.err.code),
                o.err.where, o.err.text);
    att_arena_free(o.arena);
}

static void check_cut(const struct text_case *c)
{
    for (size_t len = 0; len < c->query.len; len++) {
        struct att_jmespath *query = NULL;
        struct att_err err = { 0 };
        unsigned column = 0;
        char *copy = malloc(len + 1); /* so that a sanitizer sees a byte too far */
        memcpy(copy, c->query.ptr, len);
        bool ok = att_jmespath_compile(att_span_of(copy, len), &c->limits, &query, &column, &err);
        cases_check(&truncations, ok ? query != NULL : (column >= 1 && column <= len + 1 && err.text[0]),
                    "%s:%u: cut behind %zu bytes: %s", c->file, c->line, len, err.text);
        att_jmespath_free(query);
        free(copy);
    }
}

static void set_limit(struct text_case *c, const char *text)
{
    static const struct {
        const char *name;
        size_t offset;
    } rows[] = {
        { "bytes", offsetof(struct att_limits, jmespath_bytes_max) },
        { "depth", offsetof(struct att_limits, jmespath_depth_max) },
        { "steps", offsetof(struct att_limits, jmespath_steps_max) },
        { "json_bytes", offsetof(struct att_limits, policy_json_bytes_max) },
        { "json_nodes", offsetof(struct att_limits, policy_json_nodes_max) },
    };
    char name[32] = "";
    size_t value = 0;

    bool ok = sscanf(text, "%31s %zu", name, &value) == 2;
    for (size_t i = 0; ok && i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(name, rows[i].name) == 0) {
            *(size_t *)(void *)((char *)&c->limits + rows[i].offset) = value;
            return;
        }
    }
    cases_check(&cases, false, "%s:%u: no such limit", c->file, c->line);
}

static void run_line(struct text_case *c, char *line)
{
    char *rest = line[0] && line[1] ? line + 2 : line + strlen(line);

    switch (line[0]) {
    case '\0':
    case '#':
        return;
    case '<':
        read_bytes(&c->json, rest);
        return;
    case '%':
        set_limit(c, rest);
        return;
    case '?':
        cases_check(&cases, !c->asked, "%s:%u: the query before has no answer", c->file, c->line);
        read_bytes(&c->query, rest);
        c->asked = true;
        return;
    case '=':
        check_result(c, rest);
        break;
    case '!':
        check_refusal(c, rest);
        break;
    default:
        cases_check(&cases, false, "%s:%u: line not understood", c->file, c->line);
    }
    check_cut(c);
    c->asked = false;
    c->limits = att_limits_default;
}

static void run_file(const char *folder, const char *name)
{
    struct text_case c = { .file = name, .limits = att_limits_default };
    char *path = path_of(folder, "%s", name);
    size_t len = 0;
    char *text = (char *)file_read(path, &len);
    char *rest = text;

    while (rest) {
        char *line = strsep(&rest, "\n");
        c.line++;
        run_line(&c, line);
    }
    cases_check(&cases, text && !c.asked, "%s cannot be read to its end", name);
    att_buf_free(&c.json);
    att_buf_free(&c.query);
    free(text);
    free(path);
}

int main(void)
{
    char *folder = path_of(source_dir(), "tests/jmespath");
    DIR *files = opendir(folder);

    for (struct dirent *e = files ? readdir(files) : NULL; e; e = readdir(files))
        if (strstr(e->d_name, ".txt"))
            run_file(folder, e->d_name);
    if (files)
        closedir(files);
    free(folder);
    return cases_report(&cases) | cases_report(&truncations);
}
