/* layers: codec base */
/* JSONTestSuite: what must be taken is taken, what must be refused is refused, and what is left to the
 * implementation goes as src/codec/README.md says. */
#include "base/buf.h"
#include "codec/json.h"
#include "support/cases.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static struct cases run = { .name = "vectors.json_suite" };

/* Rules by the beginning of the file name, the first that fits. `code` is ATT_OK for "taken"; `also` is a
 * second code that will do (a file may break two rules at once). */
static const struct rule {
    const char *prefix;
    enum att_code code, also;
} rules[] = {
    /* RFC 8259 lets a reader refuse the same member twice, decisions ask for it. */
    { "y_object_duplicated_key", ATT_JSON_DUPLICATE, ATT_JSON_DUPLICATE },
    { "y_", ATT_OK, ATT_OK },
    { "n_structure_100000_opening_arrays", ATT_JSON_DEPTH, ATT_JSON_DEPTH },
    { "n_structure_open_array_object", ATT_JSON_DEPTH, ATT_JSON_DEPTH },
    { "n_", ATT_JSON_SYNTAX, ATT_UTF8_INVALID },
    /* Left to the implementation. */
    { "i_number_", ATT_OK, ATT_OK },
    { "i_object_key_lone_2nd_surrogate", ATT_JSON_SYNTAX, ATT_JSON_SYNTAX },
    { "i_string_1st_", ATT_JSON_SYNTAX, ATT_JSON_SYNTAX },
    { "i_string_incomplete_surrogate", ATT_JSON_SYNTAX, ATT_JSON_SYNTAX },
    { "i_string_invalid_lonely_surrogate", ATT_JSON_SYNTAX, ATT_JSON_SYNTAX },
    { "i_string_invalid_surrogate", ATT_JSON_SYNTAX, ATT_JSON_SYNTAX },
    { "i_string_inverted_surrogates", ATT_JSON_SYNTAX, ATT_JSON_SYNTAX },
    { "i_string_lone_second_surrogate", ATT_JSON_SYNTAX, ATT_JSON_SYNTAX },
    { "i_string_UTF-16", ATT_JSON_SYNTAX, ATT_JSON_SYNTAX },
    { "i_string_utf16", ATT_JSON_SYNTAX, ATT_JSON_SYNTAX },
    { "i_string_", ATT_UTF8_INVALID, ATT_UTF8_INVALID },
    { "i_structure_500_nested_arrays", ATT_JSON_DEPTH, ATT_JSON_DEPTH },
    { "i_structure_UTF-8_BOM", ATT_JSON_SYNTAX, ATT_JSON_SYNTAX },
    /* test_transform: how values are taken. */
    { "number_", ATT_OK, ATT_OK },
    { "object_key_nf", ATT_OK, ATT_OK }, /* no normalisation: composed and decomposed are two names */
    { "object_same_key", ATT_JSON_DUPLICATE, ATT_JSON_DUPLICATE },
    { "string_with_escaped_NULL", ATT_OK, ATT_OK },
    { "string_", ATT_JSON_SYNTAX, ATT_UTF8_INVALID },
};

static const struct rule *rule_of(const char *name)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (strncmp(name, rules[i].prefix, strlen(rules[i].prefix)) == 0)
            return &rules[i];
    }
    return NULL;
}

/* What was taken is written sorted, read again, and written to the same bytes. */
static bool comes_back(const struct att_json *doc, struct att_arena *a)
{
    struct att_buf once = { 0 };
    struct att_buf twice = { 0 };
    struct att_json again;
    struct att_err err = { 0 };

    bool ok = att_json_put_sorted(doc, a, ATT_JSON_ROOT, &once) &&
              att_json_parse(a, att_buf_span(&once), NULL, &again, &err) &&
              att_json_put_sorted(&again, a, ATT_JSON_ROOT, &twice) &&
              att_span_eq(att_buf_span(&once), att_buf_span(&twice)) && doc->count == again.count;
    att_buf_free(&once);
    att_buf_free(&twice);
    return ok;
}

static void check_file(const char *dir, const char *name)
{
    char *path = path_of(dir, "%s", name);
    size_t len = 0;
    uint8_t *bytes = file_read(path, &len);
    const struct rule *rule = rule_of(name);
    struct att_arena *a = att_arena_new(16 << 20);
    struct att_json doc;
    struct att_err err = { 0 };

    if (!bytes || !rule) {
        cases_check(&run, false, "%s: %s", name, rule ? "cannot be read" : "no decision for it");
    } else {
        uint8_t *exact = malloc(len ? len : 1);
        memcpy(exact, bytes, len);
        bool ok = att_json_parse(a, att_span_of(exact, len), NULL, &doc, &err);
        bool right = ok ? rule->code == ATT_OK : err.code == rule->code || err.code == rule->also;
        cases_check(&run, right, "%s: %s", name, ok ? "taken" : err.text);
        if (ok)
            cases_check(&run, comes_back(&doc, a), "%s: sorted text does not come back", name);
        free(exact);
    }
    att_arena_free(a);
    free(bytes);
    free(path);
}

static unsigned check_folder(const char *name)
{
    char *dir = path_of(vectors_dir(), "json/%s", name);
    DIR *d = opendir(dir);
    unsigned files = 0;

    for (struct dirent *e; d && (e = readdir(d));) {
        size_t len = strlen(e->d_name);
        if (len < 5 || strcmp(e->d_name + len - 5, ".json") != 0)
            continue;
        check_file(dir, e->d_name);
        files++;
    }
    if (d)
        closedir(d);
    free(dir);
    return files;
}

/* Integers of test_transform: those that fit come out exactly, no other spelling is an integer. */
static void check_integers(void)
{
    static const struct {
        const char *name;
        bool ok;
        int64_t want;
    } rows[] = {
        { "number_-9223372036854775808", true, INT64_MIN },
        { "number_-9223372036854775809", false, 0 },
        { "number_9223372036854775807", true, INT64_MAX },
        { "number_9223372036854775808", false, 0 },
        { "number_1000000000000000", true, INT64_C(1000000000000000) },
        { "number_10000000000000000999", false, 0 },
        { "number_1.0", false, 0 },
        { "number_1e6", false, 0 },
        { "number_1e-999", false, 0 },
        { "number_1.000000000000000005", false, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *path = path_of(vectors_dir(), "json/test_transform/%s.json", rows[i].name);
        size_t len = 0;
        uint8_t *bytes = file_read(path, &len);
        struct att_arena *a = att_arena_new(1 << 20);
        struct att_json doc;
        struct att_err err = { 0 };
        int64_t got = 0;
        bool parsed = bytes && att_json_parse(a, att_span_of(bytes, len), NULL, &doc, &err);
        bool ok = parsed && att_json_i64(&doc, att_json_first(&doc, ATT_JSON_ROOT), &got);
        cases_check(&run, parsed && ok == rows[i].ok && got == rows[i].want, "%s: %lld", rows[i].name,
                    (long long)got);
        att_arena_free(a);
        free(bytes);
        free(path);
    }
}

int main(void)
{
    if (!vectors_dir()) {
        cases_skip(&run, "no vectors");
        return cases_report(&run);
    }
    unsigned parsing = check_folder("test_parsing");
    unsigned transform = check_folder("test_transform");
    printf("%u parsing files, %u transform files\n", parsing, transform);
    cases_check(&run, parsing >= 318 && transform >= 22, "files are missing");
    check_integers();
    return cases_report(&run);
}
