/* layers: jmespath codec base */
/* The compliance suite of JMESPath: every case with a result gives it, every case with an error is refused with the
 * code of that error, and every benchmark ends within the default limits. Cases and results are read with json-c, so
 * that this project's own JSON reader and writer have no part in the answer. */
#include <attest/jmespath.h>

#include "support/cases.h"

#include <dirent.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cases results = { .name = "jmespath/results" };
static struct cases errors = { .name = "jmespath/errors" };
static struct cases benchmarks = { .name = "jmespath/benchmarks" };

static const struct {
    const char *name;
    enum att_code code;
} error_codes[] = {
    { "syntax", ATT_JMESPATH_SYNTAX },
    { "invalid-arity", ATT_JMESPATH_ARITY },
    { "invalid-type", ATT_JMESPATH_TYPE },
    { "invalid-value", ATT_JMESPATH_VALUE },
    { "unknown-function", ATT_JMESPATH_FUNCTION_UNKNOWN },
};

static bool number(struct json_object *o)
{
    return json_object_is_type(o, json_type_int) || json_object_is_type(o, json_type_double);
}

static bool same(struct json_object *a, struct json_object *b);

static bool same_arrays(struct json_object *a, struct json_object *b)
{
    size_t count = json_object_array_length(a);

    if (count != json_object_array_length(b))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!same(json_object_array_get_idx(a, i), json_object_array_get_idx(b, i)))
            return false;
    return true;
}

static bool same_objects(struct json_object *a, struct json_object *b)
{
    if (json_object_object_length(a) != json_object_object_length(b))
        return false;
    json_object_object_foreach(a, name, value)
    {
        struct json_object *other = NULL;
        if (!json_object_object_get_ex(b, name, &other) || !same(value, other))
            return false;
    }
    return true;
}

/* As JSON values: 1 is 1.0, and the order of members does not count. */
static bool same(struct json_object *a, struct json_object *b)
{
    if (number(a) && number(b))
        return json_object_get_double(a) - json_object_get_double(b) == 0;
    if (json_object_get_type(a) != json_object_get_type(b))
        return false;
    if (json_object_is_type(a, json_type_array))
        return same_arrays(a, b);
    if (json_object_is_type(a, json_type_object))
        return same_objects(a, b);
    return json_object_equal(a, b);
}

struct answer {
    bool ok;
    struct json_object *value;
    struct att_err err;
};

static struct answer ask(struct json_object *given, const char *expression)
{
    struct answer out = { 0 };
    struct att_jmespath *query = NULL;
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    const char *json = json_object_to_json_string_ext(given, JSON_C_TO_STRING_PLAIN);
    struct att_span found = { 0 };
    unsigned column = 0;

    out.ok = att_jmespath_compile(att_str(expression), NULL, &query, &column, &out.err) &&
             att_jmespath_search(query, arena, att_str(json), NULL, &found, &out.err);
    if (out.ok) {
        struct json_tokener *reader = json_tokener_new_ex(512);
        out.value = json_tokener_parse_ex(reader, (const char *)found.ptr, (int)found.len);
        enum json_tokener_error e = json_tokener_get_error(reader);
        /* A number at the very end might go on. */
        if (e == json_tokener_continue)
            out.value = json_tokener_parse_ex(reader, "", -1);
        out.ok = json_tokener_get_error(reader) == json_tokener_success;
        json_tokener_free(reader);
    }
    att_jmespath_free(query);
    att_arena_free(arena);
    return out;
}

static void check_error(struct json_object *given, const char *expression, const char *name)
{
    struct answer answer = ask(given, expression);
    enum att_code want = ATT_OK;

    for (size_t i = 0; i < sizeof error_codes / sizeof error_codes[0]; i++)
        if (strcmp(name, error_codes[i].name) == 0)
            want = error_codes[i].code;
    cases_check(&errors,
                want != ATT_OK && answer.err.code == want && strncmp(answer.err.where, "jmespath:", 9) == 0 &&
                    answer.err.expected[0] && answer.err.found[0],
                "%s: want %s, got %s %s", expression, name, att_code_name(answer.err.code), answer.err.text);
    json_object_put(answer.value);
}

static void run_case(const char *file, struct json_object *given, struct json_object *c)
{
    const char *expression = json_object_get_string(json_object_object_get(c, "expression"));
    struct json_object *want = NULL;

    if (json_object_object_get_ex(c, "error", &want)) {
        check_error(given, expression, json_object_get_string(want));
        return;
    }
    struct answer answer = ask(given, expression);
    if (json_object_object_get_ex(c, "result", &want))
        cases_check(&results, answer.ok && same(answer.value, want), "%s: %s: want %s, got %s %s", file,
                    expression, json_object_to_json_string(want), json_object_to_json_string(answer.value),
                    answer.err.text);
    else
        cases_check(&benchmarks, answer.ok, "%s: %s: %s", file, expression, answer.err.text);
    json_object_put(answer.value);
}

static void run_file(const char *folder, const char *name)
{
    char *path = path_of(folder, "%s", name);
    struct json_object *suites = json_object_from_file(path);

    for (size_t i = 0; suites && i < json_object_array_length(suites); i++) {
        struct json_object *suite = json_object_array_get_idx(suites, i);
        struct json_object *cases = json_object_object_get(suite, "cases");
        for (size_t k = 0; k < json_object_array_length(cases); k++)
            run_case(name, json_object_object_get(suite, "given"), json_object_array_get_idx(cases, k));
    }
    if (!suites)
        cases_check(&results, false, "%s cannot be read", name);
    json_object_put(suites);
    free(path);
}

int main(void)
{
    const char *dir = vectors_dir();

    if (!dir) {
        cases_skip(&results, "no vectors");
        (void)cases_report(&results);
        return TEST_SKIPPED;
    }
    char *folder = path_of(dir, "jmespath/tests");
    DIR *files = opendir(folder);
    for (struct dirent *e = files ? readdir(files) : NULL; e; e = readdir(files))
        if (e->d_name[0] != '.')
            run_file(folder, e->d_name);
    if (files)
        closedir(files);
    free(folder);
    int bad = cases_report(&results);
    bad |= cases_report(&errors);
    return bad | cases_report(&benchmarks);
}
