#include "cli/policy_test_run.h"

#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/files.h"
#include "cli/policy_case.h"

#include <attest/token.h>

#include <stdio.h>
#include <unistd.h>

/* -- one case -------------------------------------------------------------------------------------------- */

/* A path of a case, relative to the folder of its file. */
static bool path_of(const struct test_case *t, struct att_span path, const char *between,
                    char room[TEST_PATH_BYTES_MAX], struct att_err *err)
{
    const char *slash = strrchr(t->file, '/');
    int folder = path.len > 0 && path.ptr[0] == '/' ? 0 : slash ? (int)(slash - t->file + 1) : 0;
    int n = snprintf(room, TEST_PATH_BYTES_MAX, "%.*s%s%.*s", folder, t->file, between, (int)path.len,
                     (const char *)path.ptr);

    return (n > 0 && n < TEST_PATH_BYTES_MAX && !memchr(path.ptr, 0, path.len)) ||
           att_fail(err, ATT_USAGE, "case", "a path of at most 4095 bytes", "another one");
}

/* JSON cases may name a policy from the folder above theirs. */
static bool policy_path(const struct test_case *t, char room[TEST_PATH_BYTES_MAX], struct att_err *err)
{
    char above[TEST_PATH_BYTES_MAX];

    if (!path_of(t, t->policy, "", room, err))
        return false;
    if (!t->whole.ptr || access(room, F_OK) == 0 || t->policy.ptr[0] == '/')
        return true;
    if (!path_of(t, t->policy, "../", above, err))
        return false;
    if (access(above, F_OK) == 0)
        (void)snprintf(room, TEST_PATH_BYTES_MAX, "%s", above);
    return true;
}

static bool read_policy(struct cli *c, const struct test_case *t, char name[TEST_PATH_BYTES_MAX],
                        struct att_span *ret, struct att_err *err)
{
    struct att_span file;

    if (t->policy_text.ptr) {
        (void)snprintf(name, TEST_PATH_BYTES_MAX, "%s", t->file);
        *ret = t->policy_text;
        return true;
    }
    return policy_path(t, name, err) && cli_read(c, "policy", name, &file, err) &&
           att_policy_from_client(c->arena, file, NULL, ret, err);
}

static bool add_file(struct cli *c, struct cli_policy_case *to, const char *claim, const char *path,
                     struct att_err *err)
{
    struct att_span text;

    return cli_read(c, claim, path, &text, err) && cli_policy_case_add(to, claim, text, err);
}

/* "NAME.events.json" and the registers beside it, "NAME.replay.json". */
static bool add_events_from(struct cli *c, const struct test_case *t, struct cli_policy_case *to,
                            struct att_err *err)
{
    static const char events_end[] = ".events.json";
    const char *folder = cli_value(c, "events");
    const char *path = NULL;
    char pcrs[TEST_PATH_BYTES_MAX];

    if (!folder)
        return att_fail(err, ATT_USAGE, "events", "--events FOLDER: a case has \"eventsFrom\"", "nothing");
    if (!test_file_find(c, folder, t->events_from, &path, err))
        return false;
    if (!path)
        return att_fail(err, ATT_USAGE, "events", "a folder with the file that \"eventsFrom\" names",
                        "none there");
    if (!add_file(c, to, "events", path, err))
        return false;
    size_t stem = strlen(path) > strlen(events_end) ? strlen(path) - strlen(events_end) : 0;
    if (strcmp(path + stem, events_end) != 0)
        return true;
    int n = snprintf(pcrs, sizeof pcrs, "%.*s.replay.json", (int)stem, path);
    if (n < 0 || (size_t)n >= sizeof pcrs || access(pcrs, F_OK) != 0)
        return true;
    return add_file(c, to, "pcrs", pcrs, err);
}

/* An object of names and values stands for the service; an array says who issued each claim. */
static bool read_claims(struct cli *c, struct att_span claims, struct cli_policy_case *ret,
                        struct att_err *err)
{
    if (!cli_policy_case_read(c->arena, claims.ptr ? claims : att_str("{}"), ret, err))
        return false;
    if (att_json_type(&ret->doc, ATT_JSON_ROOT) != ATT_JSON_OBJECT)
        return true;
    for (size_t i = 0; i < ret->incoming.count; i++) {
        ret->incoming.items[i].issuer = ATT_ISSUER_SERVICE;
        if (att_span_is(ret->incoming.items[i].type, "pcrs"))
            ret->incoming.items[i].flags |= ATT_CLAIM_READ_ONLY;
    }
    return true;
}

static bool read_incoming(struct cli *c, const struct test_case *t, struct cli_policy_case *ret,
                          struct att_err *err)
{
    char path[TEST_PATH_BYTES_MAX];

    if (t->whole.ptr)
        return cli_policy_case_read(c->arena, t->whole, ret, err) &&
               (!t->events_from.ptr || add_events_from(c, t, ret, err));
    return read_claims(c, t->claims, ret, err) &&
           (!t->custom.ptr || att_claims_read_json(&ret->incoming, t->custom, err)) &&
           (!t->events.ptr ||
            (path_of(t, t->events, "", path, err) && add_file(c, ret, "events", path, err))) &&
           (!t->pcrs.ptr || (path_of(t, t->pcrs, "", path, err) && add_file(c, ret, "pcrs", path, err)));
}

/* -- differences ------------------------------------------------------------------------------------------- */

static void differ(struct test_outcome *o, const char *what, struct att_span name, const char *wanted,
                   struct att_span want, const char *come, struct att_span got)
{
    struct att_shown shown[3];

    att_buf_printf(&o->differences, "    %s%s%s: %s%s, %s%s\n", what, name.len ? " " : "",
                   att_shown(&shown[0], name), wanted, att_shown(&shown[1], want), come,
                   att_shown(&shown[2], got));
    o->difference_count++;
}

/* The value with sorted members, so that spelling does not count. */
static bool sorted(struct cli *c, const struct att_json *doc, att_json_id id, struct att_span *ret)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };

    if (!att_json_put_sorted(doc, c->arena, id, &b))
        return false;
    const char *copy = att_arena_dup(c->arena, att_buf_span(&b));
    *ret = att_span_of(copy, b.len);
    return copy != NULL;
}

static att_json_id find(struct cli *c, const struct att_json *doc, struct att_span name)
{
    struct att_span key;

    for (att_json_id id = att_json_first(doc, ATT_JSON_ROOT); id != ATT_JSON_NONE;
         id = att_json_next(doc, id))
        if (att_json_key(doc, c->arena, id, &key) && att_span_eq(key, name))
            return id;
    return ATT_JSON_NONE;
}

static bool compare_member(struct cli *c, struct test_outcome *o, const char *what,
                           const struct att_json *want, att_json_id id, const struct att_json *got,
                           struct att_err *err)
{
    static const struct att_span none;
    struct att_span name;
    struct att_span a;
    struct att_span b;

    if (!att_json_key(want, c->arena, id, &name) || !sorted(c, want, id, &a))
        return att_fail_memory(err, "case");
    att_json_id other = find(c, got, name);
    if (other == ATT_JSON_NONE) {
        differ(o, what, name, "wanted ", a, "not there", none);
        return true;
    }
    if (!sorted(c, got, other, &b))
        return att_fail_memory(err, "case");
    if (!att_span_eq(a, b))
        differ(o, what, name, "wanted ", a, "got ", b);
    return true;
}

/* `exactly`: what is there and not wanted is a difference, too. */
static bool compare(struct cli *c, struct test_outcome *o, const char *what, struct att_span wanted,
                    bool exactly, const struct att_claims *set, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };
    struct att_json_writer w = { .out = &b };
    static const struct att_span none;
    struct att_json want;
    struct att_json got;
    struct att_span name;
    struct att_span value;

    if (!wanted.ptr)
        return true;
    if (!att_json_parse(c->arena, wanted, NULL, &want, err))
        return att_fail_as(err, err->code, what);
    if (att_json_type(&want, ATT_JSON_ROOT) != ATT_JSON_OBJECT)
        return att_fail(err, ATT_USAGE, what, "an object {\"name\": value}", "another JSON value");
    cli_put_claims(&w, set, 0);
    if (b.failed || !att_json_parse(c->arena, att_buf_span(&b), NULL, &got, err))
        return att_fail_memory(err, "claims");
    for (att_json_id id = att_json_first(&want, ATT_JSON_ROOT); id != ATT_JSON_NONE;
         id = att_json_next(&want, id))
        if (!compare_member(c, o, what, &want, id, &got, err))
            return false;
    for (att_json_id id = exactly ? att_json_first(&got, ATT_JSON_ROOT) : ATT_JSON_NONE; id != ATT_JSON_NONE;
         id = att_json_next(&got, id)) {
        if (!att_json_key(&got, c->arena, id, &name) || !sorted(c, &got, id, &value))
            return att_fail_memory(err, "case");
        if (find(c, &want, name) == ATT_JSON_NONE)
            differ(o, what, name, "not wanted", none, "got ", value);
    }
    return true;
}

static bool is_expected(const struct test_outcome *o, struct att_span expect)
{
    const char *code = att_code_name(o->err.code);

    if (att_span_is(expect, "permit"))
        return o->authorized;
    if (att_span_is(expect, "deny"))
        return o->err.code == ATT_POLICY_DENIED || o->err.code == ATT_POLICY_NO_PERMIT;
    while (expect.len > 0 && expect.ptr[0] != ' ')
        expect = att_span_of(expect.ptr + 1, expect.len - 1);
    return !o->authorized && expect.len > 1 && att_span_is(att_span_of(expect.ptr + 1, expect.len - 1), code);
}

static bool judge(struct cli *c, const struct test_case *t, struct test_outcome *o, struct att_err *err)
{
    static const struct att_claims nothing;
    const char *got = o->authorized ? "permit" : att_code_name(o->err.code);

    if (!is_expected(o, t->expect)) {
        differ(o, "verdict", (struct att_span){ 0 }, "wanted ", t->expect, "got ", att_str(got));
        if (o->result.sentence.len > 0)
            att_buf_printf(&o->differences, "    because: %.*s\n", (int)o->result.sentence.len,
                           (const char *)o->result.sentence.ptr);
        else if (o->err.code != ATT_OK)
            att_buf_printf(&o->differences, "    because: %s\n", o->err.text);
    }
    const struct att_claims *issued = o->authorized ? &o->result.issued : &nothing;
    return compare(c, o, "issues", t->issues, true, issued, err) &&
           compare(c, o, "issues-some", t->issues_some, false, issued, err) &&
           compare(c, o, "properties", t->properties, true, &o->result.properties, err);
}

bool test_case_run(struct cli *c, const struct test_case *t, struct test_outcome *ret, struct att_err *err)
{
    struct att_policy_options options = { .trace = true };
    struct cli_policy_case given;
    struct att_span text;

    if (!read_policy(c, t, ret->policy_name, &text, err) || !read_incoming(c, t, &given, err))
        return false;
    if (att_policy_compile(text, NULL, &ret->policy, NULL, &ret->err))
        ret->authorized =
            att_policy_eval(ret->policy, c->arena, &given.incoming, &options, &ret->result, &ret->err);
    return judge(c, t, ret, err);
}

void test_outcome_free(struct test_outcome *o)
{
    att_policy_free(o->policy);
    att_buf_free(&o->differences);
}
