#include "cli/policy_test_case.h"

#include "base/err.h"
#include "cli/files.h"
#include "codec/json.h"

#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static bool refuse(struct att_err *err, const char *file, unsigned line, const char *expected,
                   struct att_span found)
{
    struct att_shown shown;
    struct att_shown name;

    att_fail(err, ATT_USAGE, "case", expected, "%s", att_shown(&shown, found));
    att_err_text(err, "%s:%u: expected %s, found %s", att_shown(&name, att_str(file)), line, expected,
                 shown.text);
    return false;
}

static bool add_case(struct cli *c, struct test_cases *to, const struct test_case *t, struct att_err *err)
{
    if (to->count == TEST_CASES_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "case", "at most 10000 cases", "more");
    if (to->count == to->capacity) {
        size_t capacity = to->capacity ? to->capacity * 2 : 64;
        struct test_case *items = att_arena_alloc(c->arena, capacity, sizeof *items);
        if (!items)
            return att_fail_memory(err, "case");
        if (to->count > 0)
            memcpy(items, to->items, to->count * sizeof *items);
        to->items = items;
        to->capacity = capacity;
    }
    to->items[to->count++] = *t;
    return true;
}

/* -- NAME.case ------------------------------------------------------------------------------------------- */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct att_span trim(struct att_span s)
{
    while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
        s.len--;
    while (s.len > 0 && is_blank(s.ptr[0]))
        s = att_span_of(s.ptr + 1, s.len - 1);
    return s;
}

static const struct {
    const char *key;
    size_t offset;
} keys[] = {
    { "name", offsetof(struct test_case, name) }, /* the first: it begins a case */
    { "policy", offsetof(struct test_case, policy) },
    { "claims", offsetof(struct test_case, claims) },
    { "custom", offsetof(struct test_case, custom) },
    { "events", offsetof(struct test_case, events) },
    { "pcrs", offsetof(struct test_case, pcrs) },
    { "expect", offsetof(struct test_case, expect) },
    { "issues", offsetof(struct test_case, issues) },
    { "issues-some", offsetof(struct test_case, issues_some) },
    { "properties", offsetof(struct test_case, properties) },
};
enum { KEY_NAME, KEY_COUNT = sizeof keys / sizeof keys[0] };

static unsigned key_of(struct att_span key)
{
    unsigned i = 0;

    while (i < KEY_COUNT && !att_span_is(key, keys[i].key))
        i++;
    return i;
}

static struct att_span *field(struct test_case *t, unsigned key)
{
    return (struct att_span *)(void *)((char *)t + keys[key].offset);
}

static bool is_expectation(struct att_span s)
{
    return att_span_is(s, "permit") || att_span_is(s, "deny") ||
           (s.len > 6 && memcmp(s.ptr, "error ", 6) == 0);
}

static bool finish_case(struct cli *c, struct test_cases *to, const struct test_case *t, struct att_err *err)
{
    if (t->policy.len == 0)
        return refuse(err, t->file, t->line, "policy: FILE, here or at the head of the file",
                      att_str("none"));
    if (!is_expectation(t->expect))
        return refuse(err, t->file, t->line, "expect: permit, deny or error CODE", t->expect);
    if (!att_span_is(t->expect, "permit") && (t->issues.ptr || t->issues_some.ptr))
        return refuse(err, t->file, t->line, "issues only with expect: permit", t->expect);
    return add_case(c, to, t, err);
}

struct line_reader {
    struct att_span text;
    size_t at;
    unsigned number;
};

/* The next line, without its end. */
static bool next_line(struct line_reader *r, struct att_span *ret)
{
    if (r->at == r->text.len)
        return false;
    const uint8_t *start = r->text.ptr + r->at;
    const uint8_t *end = memchr(start, '\n', r->text.len - r->at);
    size_t len = end ? (size_t)(end - start) : r->text.len - r->at;
    r->at += len + (end != NULL);
    r->number++;
    *ret = att_span_of(start, len);
    return true;
}

static bool continues(struct att_span line)
{
    return line.len > 0 &&
           (line.ptr[0] == ' ' || line.ptr[0] == '\t' || line.ptr[0] == '}' || line.ptr[0] == ']');
}

struct entry {
    unsigned key;
    struct att_span value;
};

/* "key: value", and the lines that go on with it. */
static bool read_entry(struct line_reader *r, const char *file, struct att_span line, struct entry *ret,
                       struct att_err *err)
{
    const uint8_t *colon = memchr(line.ptr, ':', line.len);
    unsigned number = r->number;
    struct entry e = { .key = KEY_COUNT };

    if (colon)
        e.key = key_of(att_span_of(line.ptr, (size_t)(colon - line.ptr)));
    if (e.key == KEY_COUNT)
        return refuse(
            err, file, number,
            "name, policy, claims, custom, events, pcrs, expect, issues, issues-some or properties, and a "
            "colon",
            line);
    for (struct line_reader ahead = *r; next_line(&ahead, &line) && continues(line);)
        *r = ahead;
    const uint8_t *end = r->text.ptr + r->at;
    e.value = trim(att_span_of(colon + 1, (size_t)(end - colon - 1)));
    if (e.value.len == 0)
        return refuse(err, file, number, "a value behind the colon", e.value);
    *ret = e;
    return true;
}

static bool read_lines(struct cli *c, const char *file, struct att_span text, struct test_cases *to,
                       struct att_err *err)
{
    struct line_reader r = { .text = text };
    struct test_case head = { .file = file }; /* what counts for all cases */
    struct test_case t = head;
    unsigned given = 0; /* bit n: key n stands in this case */
    struct att_span line;
    struct entry e = { .key = KEY_COUNT };

    while (next_line(&r, &line)) {
        unsigned number = r.number;
        if (trim(line).len == 0 || line.ptr[0] == '#')
            continue;
        if (!read_entry(&r, file, line, &e, err))
            return false;
        if (e.key == KEY_NAME) {
            if (!t.name.ptr)
                head = t;
            else if (!finish_case(c, to, &t, err))
                return false;
            t = head;
            t.line = number;
            given = 0;
        } else if ((given >> e.key) & 1) {
            return refuse(err, file, number, "each key once", line);
        }
        given |= 1u << e.key;
        *field(&t, e.key) = e.value;
    }
    if (!t.name.ptr)
        return refuse(err, file, r.number, "a case: name: ...", att_str("none"));
    return finish_case(c, to, &t, err);
}

/* -- NAME.json --------------------------------------------------------------------------------------------- */

static struct att_span source_of(const struct att_json *doc, att_json_id obj, const char *name)
{
    att_json_id id = att_json_get(doc, obj, name);

    return id == ATT_JSON_NONE ? (struct att_span){ 0 } : att_json_source(doc, id);
}

/* The string member, if it is there and not null. */
static bool text_of(struct cli *c, const struct att_json *doc, const char *name, struct att_span *ret,
                    struct att_err *err)
{
    att_json_id id = att_json_get(doc, ATT_JSON_ROOT, name);

    if (att_json_type(doc, id) == ATT_JSON_NULL)
        return true;
    return att_json_string(doc, c->arena, id, ret) ||
           att_fail(err, ATT_JSON_TYPE, name, "a string", "another value");
}

static struct att_span expectation_of(struct cli *c, const struct att_json *doc, att_json_id expected)
{
    att_json_id authorized = att_json_get(doc, expected, "authorized");
    struct att_span code;

    if (att_json_string(doc, c->arena, att_json_get(doc, expected, "error"), &code)) {
        char *text = att_arena_alloc(c->arena, code.len + 7, 1);
        if (!text)
            return (struct att_span){ 0 };
        memcpy(text, "error ", 6);
        memcpy(text + 6, code.ptr, code.len);
        return att_span_of(text, code.len + 6);
    }
    if (att_json_type(doc, authorized) != ATT_JSON_BOOL)
        return (struct att_span){ 0 };
    return att_str(att_json_true(doc, authorized) ? "permit" : "deny");
}

static bool read_json(struct cli *c, const char *file, struct att_span text, bool in_folder,
                      struct test_cases *to, struct att_err *err)
{
    struct att_limits room = att_limits_default;
    struct att_json_options options = { .limits = &room };
    struct att_json doc;
    struct test_case t = { .file = file, .whole = text };
    const char *slash = strrchr(file, '/');

    room.json_nodes_max = room.policy_json_nodes_max;
    if (!att_json_parse(c->arena, text, &options, &doc, err))
        return in_folder || att_fail_as(err, err->code, "case");
    att_json_id expected = att_json_get(&doc, ATT_JSON_ROOT, "expected");
    if (expected == ATT_JSON_NONE)
        return in_folder || refuse(err, file, 1, "a member \"expected\"", att_str("none"));
    if (!text_of(c, &doc, "policy", &t.policy, err) || !text_of(c, &doc, "policyText", &t.policy_text, err) ||
        !text_of(c, &doc, "eventsFrom", &t.events_from, err))
        return false;
    t.name = att_str(slash ? slash + 1 : file);
    t.expect = expectation_of(c, &doc, expected);
    if (att_span_is(t.expect, "permit"))
        t.issues = source_of(&doc, expected, "claims");
    t.properties = source_of(&doc, expected, "properties");
    if ((t.policy.len == 0) == (t.policy_text.ptr == NULL))
        return refuse(err, file, 1, "either \"policy\" or \"policyText\"", att_str("both or none"));
    if (!is_expectation(t.expect))
        return refuse(err, file, 1, "\"authorized\": true or false, or \"error\": a code", t.expect);
    return add_case(c, to, &t, err);
}

static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name);

    return n > strlen(end) && strcmp(name + n - strlen(end), end) == 0;
}

/* In a folder, JSON that is no case is something else's: a log, say. */
static bool read_file(struct cli *c, const char *file, bool in_folder, struct test_cases *to,
                      struct att_err *err)
{
    struct att_span text;

    if (!cli_read(c, "case", file, &text, err))
        return false;
    if (!ends_in(file, ".json"))
        return read_lines(c, file, text, to, err);
    bool ok = read_json(c, file, text, in_folder, to, err);
    if (ok && in_folder)
        *err = (struct att_err){ 0 };
    return ok;
}

/* -- folders ----------------------------------------------------------------------------------------------- */

enum { FOLDER_DEPTH_MAX = 16, FOLDER_ENTRIES_MAX = 20000 };

struct walk {
    struct cli *c;
    size_t entries_left;
    struct test_cases *to; /* NULL: look for `name` */
    struct att_span name;
    const char *found;
};

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static bool visit(struct walk *w, const char *path, unsigned depth, struct att_err *err);

/* Links to folders are not followed: they may lead in circles. */
static bool visit_entry(struct walk *w, const char *folder, const char *name, unsigned depth,
                        struct att_err *err)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = att_arena_alloc(w->c->arena, size, 1);
    struct stat st;

    if (!path)
        return att_fail_memory(err, "case");
    if (w->entries_left-- == 0)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "case", "a folder of at most 20000 files", "more");
    (void)snprintf(path, size, "%s/%s", folder, name);
    if (lstat(path, &st) != 0 || (S_ISLNK(st.st_mode) && (stat(path, &st) != 0 || S_ISDIR(st.st_mode))))
        return true; /* gone meanwhile, or a link that leads nowhere */
    if (S_ISDIR(st.st_mode))
        return visit(w, path, depth + 1, err);
    if (!S_ISREG(st.st_mode))
        return true;
    if (!w->to) {
        if (att_span_is(w->name, name))
            w->found = path;
        return true;
    }
    return !(ends_in(name, ".case") || ends_in(name, ".json")) || read_file(w->c, path, true, w->to, err);
}

static bool visit(struct walk *w, const char *path, unsigned depth, struct att_err *err)
{
    struct dirent **names = NULL;

    if (depth > FOLDER_DEPTH_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "case", "folders at most 16 deep", "deeper ones");
    int count = scandir(path, &names, is_visible, by_name);
    if (count < 0)
        return att_fail(err, ATT_IO_FAILED, "case", "a folder that can be read", "%m");
    bool ok = true;
    for (int i = 0; i < count; i++) {
        ok = ok && (w->found || visit_entry(w, path, names[i]->d_name, depth, err));
        free(names[i]);
    }
    free(names);
    return ok;
}

bool test_cases_find(struct cli *c, const char *path, struct test_cases *to, struct att_err *err)
{
    struct walk w = { .c = c, .entries_left = FOLDER_ENTRIES_MAX, .to = to };
    struct stat st;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return visit(&w, path, 0, err);
    return read_file(c, path, false, to, err);
}

bool test_file_find(struct cli *c, const char *folder, struct att_span name, const char **ret,
                    struct att_err *err)
{
    struct walk w = { .c = c, .entries_left = FOLDER_ENTRIES_MAX, .name = name };

    if (!visit(&w, folder, 0, err))
        return false;
    *ret = w.found;
    return true;
}
