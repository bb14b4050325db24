/* layers: policy claims codec base */
/* The published and made policies of the vectors: what compiles, what is refused and where, and what the
 * policies decide about given claims. The expected outcomes were computed by an independent interpreter;
 * cases are read with json-c, so that this project's own JSON reader has no part in the answer. */
#include <attest/policy.h>

#include "support/cases.h"

#include <dirent.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cases valid = { .name = "policies/valid" };
static struct cases invalid = { .name = "policies/invalid" };
static struct cases evaluation = { .name = "policies/evaluation" };

/* Names in a folder, sorted; at most a few dozen. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int visible(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static void each_file(const char *dir, const char *folder, void (*run)(const char *name, const char *path))
{
    struct dirent **names = NULL;
    char *whole = path_of(dir, "policies/%s", folder);
    int count = scandir(whole, &names, visible, by_name);

    for (int i = 0; i < count; i++) {
        char *path = path_of(whole, "%s", names[i]->d_name);
        run(names[i]->d_name, path);
        free(path);
        free(names[i]);
    }
    free(names);
    free(whole);
}

/* Is the version 1.2? Read from the text itself, not from our compiler's answer. Comments in the vectors hold no
 * "version". */
static bool is_1_2(const char *text)
{
    const char *at = strcasestr(text, "version");

    if (!at)
        return false;
    at += strcspn(at, "=;");
    at += strspn(at, "= ");
    return strncmp(at, "1.2", 3) == 0;
}

static void run_valid(const char *name, const char *path)
{
    size_t len = 0;
    char *text = (char *)file_read(path, &len);
    struct att_policy *policy = NULL;
    struct att_policy_place place = { 0 };
    struct att_err err = { 0 };

    if (strcmp(name, "jwt-unsigned.txt") == 0) {
        cases_skip(&valid, "%s: a token, not a text", name);
        free(text);
        return;
    }
    bool ok = att_policy_compile(att_span_of(text, len), NULL, &policy, &place, &err);
    if (is_1_2(text)) {
        if (!ok && err.code == ATT_POLICY_VERSION && strstr(err.text, "version") && place.line > 0)
            cases_skip(&valid, "%s: version 1.2, refused as such", name);
        else
            cases_check(&valid, false, "%s: version 1.2 must be refused as such, got %s", name, err.text);
    } else {
        cases_check(&valid, ok && err.code == ATT_OK, "%s: %s", name, err.text);
    }
    att_policy_free(policy);
    free(text);
}

static void run_invalid(const char *name, const char *path)
{
    static const char documented[] =
        "Policy Parser Exception Thrown: Offending symbol: '['\nLine: '2', Column: '1'\n"
        "Failure message: 'mismatched input '[' expecting ';''\n"
        "Failing rule: 'policy > versionInfo'";
    size_t len = 0;
    uint8_t *text = file_read(path, &len);
    struct att_policy *policy = NULL;
    struct att_policy_place place = { 0 };
    struct att_err err = { 0 };
    char where[64];

    bool ok = att_policy_compile(att_span_of(text, len), NULL, &policy, &place, &err);
    (void)snprintf(where, sizeof where, "policy:%u:%u", place.line, place.column);
    cases_check(&invalid,
                !ok && !policy && place.line > 0 && place.column > 0 && strcmp(err.where, where) == 0 &&
                    err.expected[0] && att_code_class(err.code) == ATT_CLASS_POLICY,
                "%s: must be refused with a place, got %s at %s", name, err.text, err.where);
    if (is_1_2((const char *)text))
        cases_skip(&invalid, "%s: version 1.2, its own error was not reached", name);
    if (strcmp(name, "missing-version-semicolon.txt") == 0)
        cases_check(&invalid, strcmp(err.text, documented) == 0, "%s: text is\n%s", name, err.text);
    att_policy_free(policy);
    free(text);
}

/* -- evaluation -------------------------------------------------------------------------------------- */

static struct att_span member_text(struct json_object *o, const char *name)
{
    struct json_object *m = NULL;

    if (!json_object_object_get_ex(o, name, &m))
        return (struct att_span){ 0 };
    return att_span_of(json_object_get_string(m), (size_t)json_object_get_string_len(m));
}

static bool add_incoming(struct att_claims *set, struct json_object *row)
{
    struct att_claim claim = { .type = member_text(row, "type"), .issuer = ATT_ISSUER_CUSTOM };
    struct att_span issuer = member_text(row, "issuer");
    struct json_object *value = json_object_object_get(row, "value");
    struct att_err err = { 0 };

    if (att_span_is(issuer, "AttestationService"))
        claim.issuer = ATT_ISSUER_SERVICE;
    else if (!att_span_is(issuer, "CustomClaim"))
        return false;
    switch (json_object_get_type(value)) {
    case json_type_boolean:
        claim.value = (struct att_value){ .kind = ATT_CLAIM_BOOL, .boolean = json_object_get_boolean(value) };
        break;
    case json_type_int:
        claim.value = (struct att_value){ .kind = ATT_CLAIM_INT, .integer = json_object_get_int64(value) };
        break;
    case json_type_string:
        claim.value = (struct att_value){ .kind = ATT_CLAIM_STRING, .text = member_text(row, "value") };
        break;
    default:
        return false;
    }
    return att_claims_add(set, &claim, &err);
}

static struct json_object *value_object(const struct att_value *v)
{
    if (v->kind == ATT_CLAIM_BOOL)
        return json_object_new_boolean(v->boolean);
    if (v->kind == ATT_CLAIM_INT)
        return json_object_new_int64(v->integer);
    return json_object_new_string_len((const char *)v->text.ptr, (int)v->text.len);
}

/* One member for each type; several values of one type become an array in order of issue. */
static struct json_object *set_object(const struct att_claims *set)
{
    struct json_object *all = json_object_new_object();

    for (size_t i = 0; i < set->count; i++) {
        char type[256];
        struct json_object *there = NULL;
        struct json_object *value = value_object(&set->items[i].value);
        (void)snprintf(type, sizeof type, "%.*s", (int)set->items[i].type.len,
                       (const char *)set->items[i].type.ptr);
        if (!json_object_object_get_ex(all, type, &there)) {
            json_object_object_add(all, type, value);
        } else if (json_object_is_type(there, json_type_array)) {
            json_object_array_add(there, value);
        } else {
            struct json_object *array = json_object_new_array();
            json_object_array_add(array, json_object_get(there));
            json_object_array_add(array, value);
            json_object_object_add(all, type, array);
        }
    }
    return all;
}

static bool same(const struct att_claims *set, struct json_object *want)
{
    struct json_object *got = set_object(set);
    bool equal = json_object_equal(got, want) == 1;

    json_object_put(got);
    return equal;
}

static void compare(const char *name, const struct att_policy *policy, struct json_object *test)
{
    struct json_object *expected = json_object_object_get(test, "expected");
    struct json_object *rows = json_object_object_get(test, "incoming");
    bool want = json_object_get_boolean(json_object_object_get(expected, "authorized"));
    struct att_arena *arena = att_arena_new(1 << 20);
    struct att_claims incoming;
    struct att_policy_result result;
    struct att_err err = { 0 };
    bool read = true;

    att_claims_init(&incoming, arena, NULL);
    for (size_t i = 0; i < json_object_array_length(rows); i++)
        read = read && add_incoming(&incoming, json_object_array_get_idx(rows, i));
    cases_check(&evaluation, read, "%s: incoming claims can be read", name);

    bool got = att_policy_eval(policy, arena, &incoming, NULL, &result, &err);
    cases_check(&evaluation, got == want && result.authorized == want, "%s: authorized is %d, want %d (%s)",
                name, got, want, err.text);
    cases_check(&evaluation, want || err.code == ATT_POLICY_DENIED || err.code == ATT_POLICY_NO_PERMIT,
                "%s: refused with %s", name, err.text);
    cases_check(&evaluation, same(&result.issued, json_object_object_get(expected, "claims")), "%s: claims",
                name);
    cases_check(&evaluation, same(&result.properties, json_object_object_get(expected, "properties")),
                "%s: properties", name);
    att_arena_free(arena);
}

static char *policy_text_of(struct json_object *test, size_t *ret_len)
{
    struct att_span inline_text = member_text(test, "policyText");
    struct att_span file = member_text(test, "policy");

    if (inline_text.ptr) {
        *ret_len = inline_text.len;
        return strndup((const char *)inline_text.ptr, inline_text.len);
    }
    char *path = path_of(vectors_dir(), "policies/%.*s", (int)file.len, (const char *)file.ptr);
    char *text = (char *)file_read(path, ret_len);
    free(path);
    return text;
}

static void run_evaluation(const char *name, const char *path)
{
    struct json_object *test = json_object_from_file(path);
    struct att_policy *policy = NULL;
    struct att_err err = { 0 };
    size_t len = 0;
    char *text = test ? policy_text_of(test, &len) : NULL;

    if (!text) {
        cases_check(&evaluation, false, "%s: cannot be read", name);
    } else if (is_1_2(text)) {
        cases_skip(&evaluation, "%s: version 1.2", name);
    } else if (!att_policy_compile(att_span_of(text, len), NULL, &policy, NULL, &err)) {
        cases_check(&evaluation, false, "%s: does not compile: %s", name, err.text);
    } else {
        compare(name, policy, test);
    }
    att_policy_free(policy);
    free(text);
    json_object_put(test);
}

int main(void)
{
    if (!vectors_dir()) {
        printf("cases policies passed 0 failed 0 skipped 1 (no vectors folder)\n");
        return TEST_SKIPPED;
    }
    each_file(vectors_dir(), "valid", run_valid);
    each_file(vectors_dir(), "invalid", run_invalid);
    each_file(vectors_dir(), "evaluation", run_evaluation);
    int failed = cases_report(&valid) | cases_report(&invalid) | cases_report(&evaluation);
    return failed ? 1 : 0;
}
