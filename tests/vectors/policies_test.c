/* layers: policy claims eventlog crypto codec base */
/* The published and made policies of the vectors: what compiles, what is refused and where, and what the
 * policies decide about given claims and real event logs. The expected outcomes were computed by an independent
 * interpreter; cases are read with json-c, so that this project's own JSON reader has no part in the answer. */
#include <attest/policy.h>

#include "base/base64.h"
#include "event_log_json.h"
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

static struct att_span member_text(struct json_object *o, const char *name)
{
    struct json_object *m = NULL;

    if (!json_object_object_get_ex(o, name, &m))
        return (struct att_span){ 0 };
    return att_span_of(json_object_get_string(m), (size_t)json_object_get_string_len(m));
}

static void compile_valid(const char *name, struct att_span text)
{
    struct att_policy *policy = NULL;
    struct att_policy_place place = { 0 };
    struct att_err err = { 0 };
    bool ok = att_policy_compile(text, NULL, &policy, &place, &err);

    cases_check(&valid,
                ok && err.code == ATT_OK && place.line == 0 && att_span_eq(att_policy_text(policy), text),
                "%s: %s", name, err.text);
    att_policy_free(policy);
}

/* One of the files is an upload, HEADER.PAYLOAD. with {"AttestationPolicy": base64url of the text} as payload. */
static void compile_upload(const char *name, struct att_span token)
{
    const uint8_t *first = memchr(token.ptr, '.', token.len);
    const uint8_t *second =
        first ? memchr(first + 1, '.', token.len - (size_t)(first + 1 - token.ptr)) : NULL;
    struct att_arena *arena = att_arena_new(1 << 20);
    struct att_span payload = { 0 }, text = { 0 };
    struct att_err err = { 0 };
    bool ok = second &&
              att_base64_decode(arena, ATT_BASE64_STRICT,
                                att_span_of(first + 1, (size_t)(second - first - 1)), name, &payload, &err);
    const char *json = ok ? att_arena_dup(arena, payload) : NULL;
    struct json_object *o = json ? json_tokener_parse(json) : NULL;

    ok = ok &&
         att_base64_decode(arena, ATT_BASE64_STRICT, member_text(o, "AttestationPolicy"), name, &text, &err);
    cases_check(&valid, ok && text.len > 0, "%s: the upload holds a text: %s", name, err.text);
    compile_valid(name, text);
    json_object_put(o);
    att_arena_free(arena);
}

static void run_valid(const char *name, const char *path)
{
    size_t len = 0;
    char *text = (char *)file_read(path, &len);

    if (strncmp(text, "eyJ", 3) == 0)
        compile_upload(name, att_span_of(text, len));
    else
        compile_valid(name, att_span_of(text, len));
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
    if (strcmp(name, "missing-version-semicolon.txt") == 0)
        cases_check(&invalid, strcmp(err.text, documented) == 0, "%s: text is\n%s", name, err.text);
    att_policy_free(policy);
    free(text);
}

/* -- evaluation -------------------------------------------------------------------------------------- */

/* Kinds of cases, for the report: with an event log, or with the claims of the case alone. */
static unsigned with_log, without_log, with_read_log;

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

/* -- event logs: the `events` claim, and `pcrs` from what a replay of the same log gave ------------------------------- */

/* The log NAME.events.json stands somewhere one folder below eventlog/; malloc'd path of NAME.SUFFIX beside it. */
static char *log_path(const char *events_name, const char *suffix)
{
    char *root = path_of(vectors_dir(), "eventlog");
    DIR *dir = opendir(root);
    char *found = NULL;

    for (struct dirent *e = dir ? readdir(dir) : NULL; e && !found; e = readdir(dir)) {
        char *path = path_of(root, "%s/%.*s.%s", e->d_name,
                             (int)(strlen(events_name) - strlen(".events.json")), events_name, suffix);
        FILE *f = fopen(path, "r");
        if (f) {
            (void)fclose(f);
            found = path;
        } else {
            free(path);
        }
    }
    if (dir)
        (void)closedir(dir);
    free(root);
    return found;
}

/* {"PCRs":[{"Index":0,"Digests":{"SHA1":"<hex>","SHA256":"<hex>"}}]} */
static struct json_object *pcrs_of(struct json_object *replay)
{
    static const struct {
        const char *bank;
        const char *name;
    } banks[] = {
        { "sha1", "SHA1" }, { "sha256", "SHA256" }, { "sha384", "SHA384" }, { "sha512", "SHA512" }
    };
    struct json_object *all = json_object_object_get(replay, "pcrs");
    struct json_object *list = json_object_new_array();
    struct json_object *whole = json_object_new_object();

    for (int index = 0; index < 24; index++) {
        struct json_object *digests = json_object_new_object();
        char number[16];
        (void)snprintf(number, sizeof number, "%d", index);
        for (size_t b = 0; b < sizeof banks / sizeof banks[0]; b++) {
            struct json_object *value =
                json_object_object_get(json_object_object_get(all, banks[b].bank), number);
            if (value)
                json_object_object_add(digests, banks[b].name, json_object_get(value));
        }
        if (json_object_object_length(digests) == 0) {
            json_object_put(digests);
            continue;
        }
        struct json_object *row = json_object_new_object();
        json_object_object_add(row, "Index", json_object_new_int(index));
        json_object_object_add(row, "Digests", digests);
        json_object_array_add(list, row);
    }
    json_object_object_add(whole, "PCRs", list);
    return whole;
}

static bool add_json_text(struct att_claims *set, const char *type, struct json_object *o, unsigned flags)
{
    const char *text =
        json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    const char *copy = att_arena_dup(set->arena, att_str(text));
    struct att_err err = { 0 };

    return copy && att_claims_add_text(set, type, att_str(copy), flags, &err);
}

static bool add_log(struct att_claims *set, const char *events_name)
{
    char *events_path = log_path(events_name, "events.json");
    char *replay_path = log_path(events_name, "replay.json");
    struct json_object *events = events_path ? json_object_from_file(events_path) : NULL;
    struct json_object *replay = replay_path ? json_object_from_file(replay_path) : NULL;
    struct json_object *pcrs = replay ? pcrs_of(replay) : NULL;
    bool ok = events && pcrs && add_json_text(set, "events", events, 0) &&
              add_json_text(set, "pcrs", pcrs, ATT_CLAIM_READ_ONLY);

    json_object_put(events);
    json_object_put(replay);
    json_object_put(pcrs);
    free(events_path);
    free(replay_path);
    return ok;
}

/* The same from the log itself, read by this project, in place of the reference's reading of it. */
static bool add_read_log(struct att_claims *set, const char *events_name)
{
    char *events_path = log_path(events_name, "events.json");
    char *replay_path = log_path(events_name, "replay.json");
    struct json_object *replay = replay_path ? json_object_from_file(replay_path) : NULL;
    struct json_object *pcrs = replay ? pcrs_of(replay) : NULL;
    char *stem = events_path ? strdup(strstr(events_path, "eventlog/") + strlen("eventlog/")) : NULL;
    struct made_log log = { 0 };
    struct att_span text = { 0 };
    struct att_err err = { 0 };

    if (stem)
        stem[strlen(stem) - strlen(".events.json")] = 0;
    bool ok = stem && pcrs && made_log_read(&log, stem, &err) &&
              log_events_json(&log.env, &log.set, &log.proven, &text, &err);
    const char *copy = ok ? att_arena_dup(set->arena, text) : NULL;
    ok = copy && att_claims_add_text(set, "events", att_str(copy), 0, &err) &&
         add_json_text(set, "pcrs", pcrs, ATT_CLAIM_READ_ONLY);
    with_read_log += ok;
    made_log_free(&log);
    json_object_put(replay);
    json_object_put(pcrs);
    free(stem);
    free(events_path);
    free(replay_path);
    return ok;
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

static void compare(const char *name, const struct att_policy *policy, struct json_object *test,
                    bool (*add)(struct att_claims *set, const char *events_name))
{
    struct json_object *expected = json_object_object_get(test, "expected");
    struct json_object *rows = json_object_object_get(test, "incoming");
    bool want = json_object_get_boolean(json_object_object_get(expected, "authorized"));
    bool want_error = json_object_object_get(expected, "error") != NULL;
    struct json_object *log = json_object_object_get(test, "eventsFrom");
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    struct att_claims incoming;
    struct att_policy_result result;
    struct att_err err = { 0 };
    bool read = true;

    att_claims_init(&incoming, arena, NULL);
    for (size_t i = 0; i < json_object_array_length(rows); i++)
        read = read && add_incoming(&incoming, json_object_array_get_idx(rows, i));
    if (log)
        read = read && add(&incoming, json_object_get_string(log));
    with_log += log != NULL && add == add_log;
    without_log += log == NULL;
    cases_check(&evaluation, read, "%s: incoming claims can be read", name);

    bool got = att_policy_eval(policy, arena, &incoming, NULL, &result, &err);
    cases_check(&evaluation, got == want && result.authorized == want, "%s: authorized is %d, want %d (%s)",
                name, got, want, err.text);
    if (want_error)
        cases_check(&evaluation, err.code == ATT_POLICY_EVALUATION, "%s: want an error, got %s", name,
                    err.text);
    else
        cases_check(&evaluation, want || err.code == ATT_POLICY_DENIED || err.code == ATT_POLICY_NO_PERMIT,
                    "%s: refused with %s", name, err.text);
    if (want_error) {
        att_arena_free(arena);
        return;
    }
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
    } else if (!att_policy_compile(att_span_of(text, len), NULL, &policy, NULL, &err)) {
        cases_check(&evaluation, false, "%s: does not compile: %s", name, err.text);
    } else {
        compare(name, policy, test, add_log);
        if (json_object_object_get(test, "eventsFrom"))
            compare(name, policy, test, add_read_log);
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
    printf(
        "policies: %u evaluation cases with an event log, %u also with one that was read here, %u without\n",
        with_log, with_read_log, without_log);
    int failed = cases_report(&valid) | cases_report(&invalid) | cases_report(&evaluation);
    return failed ? 1 : 0;
}
