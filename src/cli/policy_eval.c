#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/files.h"
#include "cli/policy.h"
#include "cli/policy_case.h"
#include "cli/trace.h"

#include <attest/policy.h>

ATT_AUTO_PTR(policy_free, struct att_policy, att_policy_free)

/* The claims, and beside them what a TPM's log and registers become. */
static bool read_case(struct cli *c, struct cli_policy_case *ret, struct att_err *err)
{
    static const char *const logs[] = { "events", "pcrs" };
    struct att_span text;
    bool given;

    if (!cli_read(c, "claims", cli_value(c, "claims"), &text, err) ||
        !cli_policy_case_read(c->arena, text, ret, err))
        return false;
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++)
        if (!cli_read_option(c, logs[i], &given, &text, err) ||
            (given && !cli_policy_case_add(ret, logs[i], text, err)))
            return false;
    return true;
}

static void answer_json(struct cli *c, const struct att_policy_result *result, const struct att_err *err)
{
    struct att_json_writer w = cli_writer(c);
    static const struct att_claims none;

    att_jw_object(&w);
    att_jw_key(&w, "authorized");
    att_jw_bool(&w, result->authorized);
    att_jw_key(&w, "claims");
    cli_put_claims(&w, result->authorized ? &result->issued : &none, 0);
    att_jw_key(&w, "properties");
    cli_put_claims(&w, &result->properties, 0);
    att_jw_key(&w, "error");
    cli_put_error(&w, err);
    cli_trace_json(c, &w, result);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

static void answer_text(struct cli *c, const struct att_policy_result *result, const struct att_err *err)
{
    struct att_buf *b = &c->out;
    struct att_json_writer w = { .out = b, .pretty = true };

    if (result->authorized)
        att_buf_puts(b, "authorized\n");
    else
        att_buf_printf(b, "not authorized: %s: %s\n", att_code_name(err->code), err->text);
    cli_trace_text(b, "", result);
    if (result->authorized) {
        att_buf_puts(b, "claims ");
        cli_put_claims(&w, &result->issued, 0);
        att_buf_putc(b, '\n');
    }
    if (result->properties.count) {
        w = (struct att_json_writer){ .out = b, .pretty = true };
        att_buf_puts(b, "properties ");
        cli_put_claims(&w, &result->properties, 0);
        att_buf_putc(b, '\n');
    }
}

static enum cli_exit run_eval(struct cli *c)
{
    ATT_AUTO(policy_free) struct att_policy *policy = NULL;
    struct att_policy_options options = { .trace = true };
    struct att_policy_result result = { 0 };
    struct cli_policy_case given = { 0 };
    struct att_err err = { 0 };
    struct att_span text = { 0 };

    if (!read_case(c, &given, &err))
        return cli_refuse(c, &err);
    if (cli_policy_read(c, &text, &err) && att_policy_compile(text, NULL, &policy, NULL, &err) &&
        !att_policy_eval(policy, c->arena, &given.incoming, &options, &result, &err))
        result.authorized = false;
    if (err.code != ATT_OK && att_code_class(err.code) != ATT_CLASS_POLICY)
        return cli_refuse(c, &err);
    if (c->json)
        answer_json(c, &result, &err);
    else
        answer_text(c, &result, &err);
    return result.authorized ? CLI_YES : CLI_NO;
}

static const struct cli_option options_eval[] = {
    { .name = "claims",
      .argument = "FILE",
      .required = true,
      .help = "Incoming claims as JSON: an array of {\"type\",\"value\",\"issuer\"}, an object of names and "
              "values, or a case: an object with such a member \"incoming\" and, if wanted, \"events\", "
              "\"pcrs\" and \"custom\"." },
    { .name = "events",
      .argument = "FILE",
      .help = "The event log of a TPM as JSON: its compact text becomes the claim events, issued by "
              "AttestationService." },
    { .name = "pcrs",
      .argument = "FILE",
      .help =
          "The registers as JSON: the claim pcrs, read-only. A file of banks, {\"pcrs\":{\"sha256\":{\"0\":"
          "\"...\"}}}, is brought into the form that policies look into." },
    { 0 },
};

const struct cli_command cli_policy_eval = {
    .name = "policy eval",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "run a policy over claims",
    .about =
        "Evaluates a policy over claims from a file, as a service would over those from evidence, and shows "
        "the outcome in one sentence, of each rule whether it fired, which claims it met or missed and what "
        "it "
        "made, the issued claims and the properties.",
    .examples =
        "  attestctl policy eval mine.policy --claims case.json --json\n"
        "  attestctl policy eval tpm.policy --claims case.json --events log.json --pcrs registers.json\n",
    .options = options_eval,
    .run = run_eval,
};
