/* layers: jmespath codec base */
/* The compliance suite of JMESPath: every case with a result gives it, every case with an error is refused with the
 * code of that error, and every benchmark ends within the default limits. Cases and results are read with json-c, so
 * that this project's own JSON reader and writer have no part in the answer.
 *
 * With an argument the same cases go through that program, `attestctl jmespath`, instead of the library. */
#include <attest/jmespath.h>

#include "support/cases.h"

#include <dirent.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

static bool read_value(struct att_span text, struct json_object **ret)
{
    struct json_tokener *reader = json_tokener_new_ex(512);

    *ret = json_tokener_parse_ex(reader, (const char *)text.ptr, (int)text.len);
    if (json_tokener_get_error(reader) == json_tokener_continue) /* a number at the very end might go on */
        *ret = json_tokener_parse_ex(reader, "", -1);
    bool ok = json_tokener_get_error(reader) == json_tokener_success;
    json_tokener_free(reader);
    return ok;
}

static struct answer ask_library(const char *json, const char *expression)
{
    struct answer out = { 0 };
    struct att_jmespath *query = NULL;
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    struct att_span found = { 0 };
    unsigned column = 0;

    out.ok = att_jmespath_compile(att_str(expression), NULL, &query, &column, &out.err) &&
             att_jmespath_search(query, arena, att_str(json), NULL, &found, &out.err);
    if (out.ok)
        out.ok = read_value(found, &out.value);
    att_jmespath_free(query);
    att_arena_free(arena);
    return out;
}

/* -- through the program ---------------------------------------------------------------------------------- */

static const char *attestctl; /* NULL: the library is asked */
static char given_path[] = "/tmp/attestd-jmespath-XXXXXX";

static bool write_given(const char *json)
{
    FILE *f = fopen(given_path, "w");

    return f && fputs(json, f) >= 0 && fclose(f) == 0;
}

/* What the program writes to standard output; its exit status. */
static int run_program(const char *expression, char *out, size_t size, size_t *ret_len)
{
    int ends[2];
    int status = -1;
    size_t len = 0;

    if (pipe(ends) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        (void)execl(attestctl, attestctl, "jmespath", "--json", "--", expression, given_path, (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    for (ssize_t n = 1; n > 0 && len<size; len += n> 0 ? (size_t)n : 0)
        n = read(ends[0], out + len, size - len);
    (void)close(ends[0]);
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    *ret_len = len;
    return WEXITSTATUS(status);
}

static enum att_code code_of(const char *name)
{
    for (int code = 1; code < ATT_CODE_COUNT; code++)
        if (strcmp(name, att_code_name((enum att_code)code)) == 0)
            return (enum att_code)code;
    return ATT_INTERNAL;
}

static const char *text_of(struct json_object *object, const char *name)
{
    const char *text = json_object_get_string(json_object_object_get(object, name));

    return text ? text : "";
}

static struct answer ask_program(const char *json, const char *expression)
{
    static char out[256 * 1024];
    struct answer answer = { .err = { .code = ATT_INTERNAL } };
    size_t len = 0;

    if (!write_given(json))
        return answer;
    int status = run_program(expression, out, sizeof out, &len);
    if (len == 0 || out[len - 1] != '\n' || !read_value(att_span_of(out, len - 1), &answer.value))
        return answer;
    answer.ok = status == 0;
    if (answer.ok)
        answer.err.code = ATT_OK;
    if (status != 1)
        return answer;
    struct json_object *error = json_object_object_get(answer.value, "error");
    answer.err.code = code_of(text_of(error, "code"));
    (void)snprintf(answer.err.where, sizeof answer.err.where, "%s", text_of(error, "where"));
    (void)snprintf(answer.err.found, sizeof answer.err.found, "%s", text_of(error, "found"));
    (void)snprintf(answer.err.expected, sizeof answer.err.expected, "%s", text_of(error, "expected"));
    return answer;
}

static struct answer ask(struct json_object *given, const char *expression)
{
    const char *json = json_object_to_json_string_ext(given, JSON_C_TO_STRING_PLAIN);

    return attestctl ? ask_program(json, expression) : ask_library(json, expression);
}

/* -- the suite ------------------------------------------------------------------------------------------- */

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

int main(int argc, char **argv)
{
    const char *dir = vectors_dir();

    if (argc > 1) {
        attestctl = argv[1];
        results.name = "jmespath-cli/results";
        errors.name = "jmespath-cli/errors";
        benchmarks.name = "jmespath-cli/benchmarks";
    }
    if (!dir) {
        cases_skip(&results, "no vectors");
        (void)cases_report(&results);
        return TEST_SKIPPED;
    }
    int room = attestctl ? mkstemp(given_path) : -1;
    char *folder = path_of(dir, "jmespath/tests");
    DIR *files = opendir(folder);
    for (struct dirent *e = files ? readdir(files) : NULL; e; e = readdir(files))
        if (e->d_name[0] != '.')
            run_file(folder, e->d_name);
    if (files)
        closedir(files);
    free(folder);
    if (room >= 0) {
        (void)close(room);
        (void)unlink(given_path);
    }
    int bad = cases_report(&results);
    bad |= cases_report(&errors);
    return bad | cases_report(&benchmarks);
}
