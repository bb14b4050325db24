#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/policy.h"
#include "cli/policy_test_run.h"

#include <stdio.h>
#include <stdlib.h>

ATT_AUTO_PTR(arena_free, struct att_arena, att_arena_free)

enum { CASE_ARENA_BYTES_MAX = 256 << 20, RULE_BYTES = 80 };

/* -- coverage -------------------------------------------------------------------------------------------- */

struct covered_rule {
    bool fired;
    unsigned line;
    char text[RULE_BYTES];
};

/* One policy of the run: the file, or the case that holds the text. */
struct covered {
    const char *name;
    struct covered_rule *rules;
    size_t rule_count;
    struct covered *next;
};

struct test_run {
    struct cli *c;
    struct att_json_writer w; /* --json */
    struct covered *policies; /* in the order in which they came */
    struct covered **policies_end;
    size_t passed, failed;
};

static struct covered *covered_of(struct test_run *t, const char *name)
{
    struct covered *k = t->policies;

    while (k && strcmp(k->name, name) != 0)
        k = k->next;
    if (k)
        return k;
    k = att_arena_alloc(t->c->arena, 1, sizeof *k);
    if (!k)
        return NULL;
    k->name = att_arena_dup(t->c->arena, att_str(name));
    *t->policies_end = k;
    t->policies_end = &k->next;
    return k->name ? k : NULL;
}

/* The beginning of a rule on one line: white space of any length becomes one space. */
static void keep_text(char room[RULE_BYTES], struct att_span text)
{
    struct att_shown shown;
    char line[RULE_BYTES];
    size_t n = 0;

    for (size_t i = 0; i < text.len && n < sizeof line; i++) {
        bool blank = text.ptr[i] == ' ' || text.ptr[i] == '\t' || text.ptr[i] == '\r' || text.ptr[i] == '\n';
        if (!blank || (n > 0 && line[n - 1] != ' '))
            line[n++] = blank ? ' ' : (char)text.ptr[i];
    }
    (void)snprintf(room, RULE_BYTES, "%s", att_shown(&shown, att_span_of(line, n)));
}

static bool cover(struct test_run *t, const char *name, const struct att_policy_result *result,
                  struct att_err *err)
{
    struct covered *k = covered_of(t, name);

    if (k && !k->rules) {
        k->rules = att_arena_alloc(t->c->arena, result->trace_count + 1, sizeof *k->rules);
        k->rule_count = k->rules ? result->trace_count : 0;
        for (size_t i = 0; i < k->rule_count; i++) {
            k->rules[i].line = result->trace[i].line;
            keep_text(k->rules[i].text, result->trace[i].text);
        }
    }
    if (!k || !k->rules)
        return att_fail_memory(err, "policy");
    for (size_t i = 0; i < k->rule_count && i < result->trace_count; i++)
        k->rules[i].fired = k->rules[i].fired || result->trace[i].kind == ATT_TRACE_FIRED;
    return true;
}

static size_t fired_of(const struct covered *k)
{
    size_t n = 0;

    for (size_t i = 0; i < k->rule_count; i++)
        n += k->rules[i].fired;
    return n;
}

/* Rounded down: 100 means all. A policy without rules has nothing to cover. */
static unsigned percent_of(const struct covered *k)
{
    return k->rule_count ? (unsigned)(fired_of(k) * 100 / k->rule_count) : 100;
}

/* -- the answer ---------------------------------------------------------------------------------------------- */

static void put_case(struct test_run *run, const struct test_case *t, const struct test_outcome *o)
{
    struct att_buf *b = &run->c->out;
    struct att_shown name;
    bool ok = o->difference_count == 0;

    run->passed += ok;
    run->failed += !ok;
    if (!run->c->json) {
        att_buf_printf(b, "%-6s  %s: %s\n", ok ? "ok" : "FAILED", t->file, att_shown(&name, t->name));
        att_buf_put(b, att_buf_span(&o->differences));
        return;
    }
    att_jw_object(&run->w);
    att_jw_key(&run->w, "file");
    att_jw_str(&run->w, t->file);
    att_jw_key(&run->w, "line");
    att_jw_int(&run->w, t->line);
    att_jw_key(&run->w, "name");
    att_jw_string(&run->w, t->name);
    att_jw_key(&run->w, "ok");
    att_jw_bool(&run->w, ok);
    att_jw_key(&run->w, "differences");
    att_jw_string(&run->w, att_buf_span(&o->differences));
    att_jw_end_object(&run->w);
}

static void coverage_text(struct test_run *run)
{
    struct att_buf *b = &run->c->out;

    for (const struct covered *k = run->policies; k; k = k->next) {
        att_buf_printf(b, "\n%s: %zu of %zu rules fired (%u%%)\n", k->name, fired_of(k), k->rule_count,
                       percent_of(k));
        for (size_t i = 0; i < k->rule_count; i++)
            if (!k->rules[i].fired)
                att_buf_printf(b, "  line %u never fired: %s\n", k->rules[i].line, k->rules[i].text);
    }
    att_buf_printf(b, "\n%zu passed, %zu failed\n", run->passed, run->failed);
}

static void coverage_json(struct test_run *run)
{
    struct att_json_writer *w = &run->w;

    att_jw_end_array(w);
    att_jw_key(w, "policies");
    att_jw_array(w);
    for (const struct covered *k = run->policies; k; k = k->next) {
        att_jw_object(w);
        att_jw_key(w, "policy");
        att_jw_str(w, k->name);
        att_jw_key(w, "rules");
        att_jw_int(w, (int64_t)k->rule_count);
        att_jw_key(w, "fired");
        att_jw_int(w, (int64_t)fired_of(k));
        att_jw_key(w, "percent");
        att_jw_int(w, percent_of(k));
        att_jw_key(w, "never_fired");
        att_jw_array(w);
        for (size_t i = 0; i < k->rule_count; i++)
            if (!k->rules[i].fired)
                att_jw_int(w, k->rules[i].line);
        att_jw_end_array(w);
        att_jw_end_object(w);
    }
    att_jw_end_array(w);
    att_jw_key(w, "passed");
    att_jw_int(w, (int64_t)run->passed);
    att_jw_key(w, "failed");
    att_jw_int(w, (int64_t)run->failed);
    att_jw_end_object(w);
    att_buf_putc(&run->c->out, '\n');
}

static bool least_coverage(const struct cli *c, unsigned *ret, struct att_err *err)
{
    const char *text = cli_value(c, "coverage-min");
    char *end = NULL;
    struct att_shown shown;

    if (!text)
        return true;
    unsigned long n = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || n > 100)
        return att_fail(err, ATT_USAGE, "coverage-min", "a number from 0 to 100", "%s",
                        att_shown(&shown, att_str(text)));
    *ret = (unsigned)n;
    return true;
}

static enum cli_exit finish(struct test_run *run, unsigned least)
{
    bool covered = true;

    if (run->c->json)
        coverage_json(run);
    else
        coverage_text(run);
    for (const struct covered *k = run->policies; k; k = k->next) {
        if (percent_of(k) >= least)
            continue;
        covered = false;
        if (!run->c->json)
            att_buf_printf(&run->c->out, "%s: coverage is below %u%%\n", k->name, least);
    }
    return run->failed == 0 && covered ? CLI_YES : CLI_NO;
}

/* Which case it was that could not be run. */
static void blame(struct att_err *err, const struct test_case *t)
{
    struct att_err why = *err;

    att_err_text(err, "%s:%u: %s", t->file, t->line, why.text);
}

/* What a case makes dies with it: a folder of logs would fill any memory. */
static bool run_case(struct test_run *run, const struct test_case *t, struct att_err *err)
{
    ATT_AUTO(arena_free) struct att_arena *arena = att_arena_new(CASE_ARENA_BYTES_MAX);
    struct cli own = *run->c;
    struct test_outcome o = { 0 };

    if (!arena)
        return att_fail_memory(err, "case");
    own.arena = arena;
    bool ok = test_case_run(&own, t, &o, err) && (!o.policy || cover(run, o.policy_name, &o.result, err));
    if (ok)
        put_case(run, t, &o);
    else
        blame(err, t);
    test_outcome_free(&o);
    return ok;
}

static enum cli_exit run_test(struct cli *c)
{
    struct test_run run = { .c = c, .w = { .out = &c->out } };
    struct test_cases cases = { 0 };
    struct att_err err = { 0 };
    unsigned least = 0;

    run.policies_end = &run.policies;
    bool ok = least_coverage(c, &least, &err);
    for (size_t i = 0; ok && i < c->operand_count; i++)
        ok = test_cases_find(c, c->operands[i], &cases, &err);
    if (ok && cases.count == 0)
        ok = att_fail(&err, ATT_USAGE, "case", "files *.case, or *.json with a member \"expected\"", "none");
    if (!ok)
        return cli_refuse(c, &err);
    if (c->json) {
        att_jw_object(&run.w);
        att_jw_key(&run.w, "cases");
        att_jw_array(&run.w);
    }
    for (size_t i = 0; i < cases.count; i++)
        if (!run_case(&run, &cases.items[i], &err))
            return cli_refuse(c, &err);
    return finish(&run, least);
}

static const struct cli_option options_test[] = {
    { .name = "coverage-min",
      .argument = "PERCENT",
      .help = "The exit status is 1 when fewer rules of a policy fired in its cases." },
    { .name = "events",
      .argument = "FOLDER",
      .help = "Where cases in JSON find the logs that they name with \"eventsFrom\"; FILE.replay.json beside "
              "FILE.events.json is taken for the registers." },
    { 0 },
};

const struct cli_command cli_policy_test = {
    .name = "policy test",
    .operands = "FOLDER|FILE...",
    .operands_min = 1,
    .operands_max = CLI_OPERANDS_MAX,
    .summary = "run the cases of policies",
    .about = "Runs cases: claims in, verdict and claims out. Of each case one line is printed, with every "
             "difference when "
             "it fails, then for each policy how many of its rules fired in any case, and which never did. "
             "In a folder the "
             "cases are the files *.case, and *.json with a member \"expected\", in order of their names.\n\n"
             "A file *.case is lines \"key: value\"; a line that begins with white space, } or ] goes on "
             "with the value "
             "above; # begins a comment. \"name\" begins a case; what stands before the first one counts for "
             "all. Keys: "
             "policy (a file, relative to this one), claims (an object: claims of the service; an array of "
             "{\"type\", "
             "\"value\", \"issuer\"}), custom (claims of the client), events and pcrs (files, as policy eval "
             "takes them), "
             "expect (permit; deny; error CODE), issues (an object: exactly these claims), issues-some (at "
             "least these), "
             "properties (exactly these).\n\n"
             "Exit status: 0 all pass, 1 some do not or coverage is too low, 2 a case cannot be understood.",
    .examples = "  attestctl policy test policies/\n"
                "  attestctl policy test policies/ --coverage-min 100 --json\n",
    .options = options_test,
    .run = run_test,
};
