/* layers: policy claims codec base */
/* Runs tests/policies/NAME.txt. The form of a case stands in tests/policies/README.md: adding one needs no C. */
#include <attest/policy.h>

#include "base/buf.h"
#include "codec/json.h"
#include "support/cases.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cases cases = { .name = "tests/policies" };

enum { LINES_MAX = 64 };

struct text_case {
    const char *file;
    unsigned line;
    struct att_buf policy;
    struct att_buf claims;
    char *wants[LINES_MAX]; /* "= ...", "! ...", "| ...", "~ ...", "@ ...", "? ...", in order */
    unsigned want_count;
    const char *read_only; /* claims of this type are */
    struct att_limits limits;
};

struct outcome {
    struct att_err err;
    struct att_policy_place place;
    bool compiled;
    bool authorized;
    struct att_policy_result result;
};

#define CHECK(ok, ...) cases_check(&cases, ok, __VA_ARGS__)

/* Claims as one JSON object in the order of issue, several values of a type as an array. */
static void put_set(struct att_buf *b, const struct att_claims *set)
{
    struct att_json_writer w = { .out = b };

    att_jw_object(&w);
    for (size_t i = 0; i < set->count; i++) {
        size_t same = 0;
        bool seen = false;
        for (size_t k = 0; k < set->count; k++) {
            bool equal = att_span_eq(set->items[k].type, set->items[i].type);
            seen = seen || (equal && k < i);
            same += equal;
        }
        if (seen)
            continue;
        att_jw_key_span(&w, set->items[i].type);
        if (same > 1)
            att_jw_array(&w);
        for (size_t k = i; k < set->count; k++) {
            const struct att_value *v = &set->items[k].value;
            if (!att_span_eq(set->items[k].type, set->items[i].type))
                continue;
            if (v->kind == ATT_CLAIM_BOOL)
                att_jw_bool(&w, v->boolean);
            else if (v->kind == ATT_CLAIM_INT)
                att_jw_int(&w, v->integer);
            else
                att_jw_string(&w, v->text);
        }
        if (same > 1)
            att_jw_end_array(&w);
    }
    att_jw_end_object(&w);
    att_buf_putc(b, '\0');
}

/* "permit CLAIMS", "permit CLAIMS PROPERTIES", "deny LINE", "no-permit", "stop LINE TEXT" */
static void check_verdict(const struct text_case *c, const struct outcome *o, const char *want)
{
    struct att_buf got = { 0 };
    char line[64];

    if (strncmp(want, "permit ", 7) == 0) {
        put_set(&got, &o->result.issued);
        if (o->result.properties.count > 0) {
            got.ptr[got.len - 1] = ' ';
            put_set(&got, &o->result.properties);
        }
        CHECK(o->authorized && strcmp((char *)got.ptr, want + 7) == 0, "%s:%u: want %s, got %s %s", c->file,
              c->line, want, (char *)got.ptr, o->err.text);
        att_buf_free(&got);
        return;
    }
    CHECK(!o->authorized && o->result.issued.count == 0, "%s:%u: want %s, got a permit", c->file, c->line,
          want);
    if (strcmp(want, "no-permit") == 0) {
        CHECK(o->err.code == ATT_POLICY_NO_PERMIT &&
                  strcmp(o->err.text,
                         "Policy Engine Exception: No Permit claim was issued, authorization failed.") == 0,
              "%s:%u: want no permit, got %s", c->file, c->line, o->err.text);
        return;
    }
    bool deny = strncmp(want, "deny ", 5) == 0;
    const char *number = strchr(want, ' ') + 1;
    (void)snprintf(line, sizeof line, "policy:%u:", (unsigned)strtoul(number, NULL, 10));
    CHECK(o->err.code == (deny ? ATT_POLICY_DENIED : ATT_POLICY_EVALUATION) &&
              strncmp(o->err.where, line, strlen(line)) == 0,
          "%s:%u: want %s, got %s at %s", c->file, c->line, want, o->err.text, o->err.where);
    if (deny)
        CHECK(strcmp(o->err.text,
                     "Policy Engine Exception: A Deny claim was issued, authorization failed.") == 0,
              "%s:%u: text is %s", c->file, c->line, o->err.text);
    else
        CHECK(strstr(o->err.found, strchr(number, ' ') + 1) != NULL, "%s:%u: want %s, found is %s", c->file,
              c->line, want, o->err.found);
}

/* "CODE LINE:COLUMN" */
static void check_refusal(const struct text_case *c, const struct outcome *o, const char *want)
{
    char got[128];
    char where[64];

    (void)snprintf(got, sizeof got, "%s %u:%u", att_code_name(o->err.code), o->place.line, o->place.column);
    (void)snprintf(where, sizeof where, "policy:%u:%u", o->place.line, o->place.column);
    CHECK(!o->compiled && strcmp(got, want) == 0 && strcmp(o->err.where, where) == 0,
          "%s:%u: want %s, got %s\n%s", c->file, c->line, want, got, o->err.text);
}

static const char *kind_name(enum att_trace_kind kind)
{
    static const char *const names[] = { [ATT_TRACE_FIRED] = "fired",
                                         [ATT_TRACE_NOT_FIRED] = "not-fired",
                                         [ATT_TRACE_SKIPPED] = "skipped",
                                         [ATT_TRACE_FAILED] = "failed" };
    return names[kind];
}

/* "LINE KIND REASON" of the n-th trace row */
static void check_trace(const struct text_case *c, const struct outcome *o, size_t n, const char *want)
{
    char got[1024] = "no such row";

    if (n < o->result.trace_count) {
        const struct att_trace_row *row = &o->result.trace[n];
        (void)snprintf(got, sizeof got, "%u %s %.*s", row->line, kind_name(row->kind), (int)row->reason.len,
                       (const char *)row->reason.ptr);
    }
    CHECK(strcmp(got, want) == 0, "%s:%u: want trace %s\n got %s", c->file, c->line, want, got);
}

static void check_all(const struct text_case *c, const struct outcome *o)
{
    const char *text = o->err.text;
    size_t traced = 0;

    CHECK(c->want_count > 0, "%s:%u: the case wants nothing", c->file, c->line);
    for (unsigned i = 0; i < c->want_count; i++) {
        const char *want = c->wants[i] + 2;
        size_t n = strlen(want);
        switch (c->wants[i][0]) {
        case '=':
            CHECK(o->compiled, "%s:%u: does not compile:\n%s", c->file, c->line, o->err.text);
            if (o->compiled)
                check_verdict(c, o, want);
            break;
        case '!':
            check_refusal(c, o, want);
            break;
        case '~':
            CHECK(strstr(o->err.expected, want) != NULL, "%s:%u: want %s in expected, got %s", c->file,
                  c->line, want, o->err.expected);
            break;
        case '@':
            check_trace(c, o, traced++, want);
            break;
        case '?':
            CHECK(att_span_is(o->result.sentence, want), "%s:%u: want %s\n got %.*s", c->file, c->line, want,
                  (int)o->result.sentence.len, (const char *)o->result.sentence.ptr);
            break;
        default: /* '|': the next line of the text */
            CHECK(strncmp(text, want, n) == 0 && (text[n] == '\n' || text[n] == '\0'),
                  "%s:%u: want %s, got %s", c->file, c->line, want, text);
            text += strcspn(text, "\n");
            text += *text == '\n';
            break;
        }
    }
    CHECK(traced == 0 || traced == o->result.trace_count, "%s:%u: %zu trace rows, %zu wanted", c->file,
          c->line, o->result.trace_count, traced);
}

static void run(struct text_case *c)
{
    struct outcome o = { 0 };
    struct att_policy *policy = NULL;
    struct att_arena *arena = att_arena_new((size_t)4 << 20);
    struct att_claims incoming;
    struct att_err claims_err = { 0 };
    struct att_policy_options options = { .limits = &c->limits };

    att_claims_init(&incoming, arena, NULL);
    if (c->claims.len == 0)
        att_buf_puts(&c->claims, "[]");
    CHECK(att_claims_read_json(&incoming, att_buf_span(&c->claims), &claims_err), "%s:%u: claims: %s",
          c->file, c->line, claims_err.text);
    for (size_t i = 0; i < incoming.count; i++)
        if (c->read_only && att_span_is(incoming.items[i].type, c->read_only))
            incoming.items[i].flags = ATT_CLAIM_READ_ONLY;
    for (unsigned i = 0; i < c->want_count; i++)
        options.trace = options.trace || c->wants[i][0] == '@' || c->wants[i][0] == '?';
    o.compiled = att_policy_compile(att_buf_span(&c->policy), &c->limits, &policy, &o.place, &o.err);
    if (o.compiled)
        o.authorized = att_policy_eval(policy, arena, &incoming, &options, &o.result, &o.err);
    check_all(c, &o);
    att_policy_free(policy);
    att_arena_free(arena);
}

static void set_limit(struct text_case *c, const char *row)
{
    const struct {
        const char *name;
        size_t *limit;
    } limits[] = {
        { "bytes", &c->limits.policy_bytes_max },           { "rules", &c->limits.policy_rules_max },
        { "conditions", &c->limits.policy_conditions_max }, { "steps", &c->limits.policy_steps_max },
        { "claims", &c->limits.policy_claims_max },         { "depth", &c->limits.policy_depth_max },
        { "text", &c->limits.policy_text_bytes_max },       { "work", &c->limits.policy_work_bytes_max },
        { "json", &c->limits.policy_json_bytes_max },       { "nodes", &c->limits.policy_json_nodes_max },
        { "json-depth", &c->limits.jmespath_depth_max },    { "query", &c->limits.jmespath_bytes_max },
    };
    char name[32] = "";
    size_t value = 0;
    bool known = false;

    int got = sscanf(row, "%31s %zu", name, &value);
    for (size_t i = 0; got == 2 && i < sizeof limits / sizeof limits[0]; i++) {
        if (strcmp(name, limits[i].name) != 0)
            continue;
        *limits[i].limit = value;
        known = true;
    }
    CHECK(known, "%s:%u: no limit is called %s", c->file, c->line, row);
}

static void take_line(struct text_case *c, char *line)
{
    const char *content = line[1] == ' ' ? line + 2 : line + 1;

    switch (line[0]) {
    case '#':
        break;
    case '>':
        if (c->policy.len > 0)
            att_buf_putc(&c->policy, '\n');
        att_buf_puts(&c->policy, content);
        break;
    case '<':
        att_buf_puts(&c->claims, content);
        break;
    case '*':
        c->read_only = content;
        break;
    case '%':
        set_limit(c, content);
        break;
    case '=':
    case '!':
    case '|':
    case '~':
    case '@':
    case '?':
        CHECK(line[1] == ' ' && c->want_count < LINES_MAX, "%s:%u: cannot take the line: %s", c->file,
              c->line, line);
        if (line[1] == ' ' && c->want_count < LINES_MAX)
            c->wants[c->want_count++] = line;
        break;
    default:
        CHECK(false, "%s:%u: cannot read the line: %s", c->file, c->line, line);
    }
}

static void finish(struct text_case *c)
{
    if (c->want_count > 0 || c->policy.len > 0)
        run(c);
    att_buf_free(&c->policy);
    att_buf_free(&c->claims);
    *c = (struct text_case){ .file = c->file, .limits = att_limits_default };
}

static void run_file(const char *name, char *text)
{
    struct text_case c = { .file = name, .limits = att_limits_default };
    unsigned number = 0;

    for (char *line = text; line;) {
        char *next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        number++;
        if (line[0] == '\0') {
            finish(&c);
        } else {
            if (c.line == 0)
                c.line = number;
            take_line(&c, line);
        }
        line = next;
    }
    finish(&c);
}

static int is_text(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return n > 4 && strcmp(e->d_name + n - 4, ".txt") == 0;
}

int main(void)
{
    char *dir = path_of(source_dir(), "tests/policies");
    struct dirent **names = NULL;
    int count = scandir(dir, &names, is_text, alphasort);

    CHECK(count > 0, "no case files in %s", dir);
    for (int i = 0; i < count; i++) {
        size_t len = 0;
        char *path = path_of(dir, "%s", names[i]->d_name);
        char *text = (char *)file_read(path, &len);
        CHECK(text != NULL, "cannot read %s", path);
        if (text)
            run_file(names[i]->d_name, text);
        free(text);
        free(path);
        free(names[i]);
    }
    free(names);
    free(dir);
    return cases_report(&cases);
}
