#include "cli/policy.h"

#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/caret.h"
#include "cli/files.h"

#include <attest/policy.h>
#include <attest/token.h>

ATT_AUTO_PTR(policy_free, struct att_policy, att_policy_free)

bool cli_policy_read(struct cli *c, struct att_span *ret_text, struct att_err *err)
{
    struct att_span file;

    return cli_read(c, "policy", c->operands[0], &file, err) &&
           att_policy_from_client(c->arena, file, NULL, ret_text, err);
}

/* The n-th line (from 1), without its end; empty when the text has fewer. */
static struct att_span line_of(struct att_span text, unsigned line)
{
    size_t start = 0;
    size_t len = 0;

    for (; line > 1; line--) {
        while (start < text.len && text.ptr[start] != '\n')
            start++;
        if (start == text.len)
            return (struct att_span){ 0 };
        start++;
    }
    while (start + len < text.len && text.ptr[start + len] != '\n' && text.ptr[start + len] != '\r')
        len++;
    return att_span_of(text.ptr + start, len);
}

static void put_place(struct att_json_writer *w, const struct att_policy_place *place)
{
    att_jw_key(w, "line");
    if (place->line)
        att_jw_int(w, place->line);
    else
        att_jw_null(w);
    att_jw_key(w, "column");
    if (place->line)
        att_jw_int(w, place->column);
    else
        att_jw_null(w);
}

static enum cli_exit check_json(struct cli *c, const struct att_policy *policy,
                                const struct att_policy_place *place, const struct att_err *err)
{
    struct att_json_writer w = cli_writer(c);

    att_jw_object(&w);
    att_jw_key(&w, "valid");
    att_jw_bool(&w, policy != NULL);
    att_jw_key(&w, "version");
    att_jw_str(&w, policy ? att_policy_version(policy) : NULL);
    att_jw_key(&w, "error");
    cli_put_error(&w, err);
    put_place(&w, place);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
    return cli_exit_of(err->code);
}

static enum cli_exit run_check(struct cli *c)
{
    ATT_AUTO(policy_free) struct att_policy *policy = NULL;
    struct att_policy_place place = { 0 };
    struct att_err err = { 0 };
    struct att_span text = { 0 };

    bool ok = cli_policy_read(c, &text, &err) && att_policy_compile(text, NULL, &policy, &place, &err);
    if (!ok && att_code_class(err.code) != ATT_CLASS_POLICY)
        return cli_refuse(c, &err);
    if (c->json)
        return check_json(c, policy, &place, &err);
    if (ok) {
        att_buf_printf(&c->out, "valid: policy version %s\n", att_policy_version(policy));
        return CLI_YES;
    }
    if (place.line)
        att_buf_printf(&c->out, "invalid: %s at line %u, column %u\n", att_code_name(err.code), place.line,
                       place.column);
    else
        att_buf_printf(&c->out, "invalid: %s\n", att_code_name(err.code));
    if (place.line)
        cli_put_caret(&c->out, line_of(text, place.line), place.column);
    att_buf_printf(&c->out, "  found       %s\n  expected    %s\n\n%s\n", err.found, err.expected, err.text);
    return CLI_NO;
}

static enum cli_exit run_hash(struct cli *c)
{
    struct att_err err = { 0 };
    struct att_span text = { 0 };
    char hash[44];

    if (!cli_policy_read(c, &text, &err) || !att_policy_hash(text, hash, &err))
        return cli_refuse(c, &err);
    if (!c->json) {
        att_buf_printf(&c->out, "%s\n", hash);
        return CLI_YES;
    }
    struct att_json_writer w = cli_writer(c);
    att_jw_object(&w);
    att_jw_key(&w, "hash");
    att_jw_str(&w, hash);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
    return CLI_YES;
}

static const struct cli_option no_options[] = { { 0 } };

const struct cli_command cli_policy_check = {
    .name = "policy check",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "say whether a policy compiles",
    .about =
        "Compiles a policy, given as text or as a policy token. The first error is shown with its line, a "
        "caret under the column, and what was expected. Nothing is evaluated: what compiles here is what a "
        "service would store.",
    .examples = "  attestctl policy check mine.policy\n",
    .options = no_options,
    .run = run_check,
};

const struct cli_command cli_policy_hash = {
    .name = "policy hash",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "compute the x-ms-policy-hash of a policy",
    .about = "The hash that tokens carry in x-ms-policy-hash: base64url of SHA-256 of the base64url of the "
             "text. It "
             "is over the exact bytes; a line end more is another policy.",
    .examples = "  attestctl policy hash mine.policy\n",
    .options = no_options,
    .run = run_hash,
};
