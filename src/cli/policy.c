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

struct checked {
    struct att_span text;
    struct att_policy *policy; /* NULL when it does not compile */
    struct att_policy_place place;
    const struct att_policy_finding *findings;
    size_t finding_count;
};

static void put_findings(struct att_json_writer *w, const struct checked *k)
{
    att_jw_key(w, "findings");
    att_jw_array(w);
    for (size_t i = 0; i < k->finding_count; i++) {
        const struct att_policy_finding *f = &k->findings[i];
        att_jw_object(w);
        att_jw_key(w, "rule");
        att_jw_str(w, f->rule);
        att_jw_key(w, "line");
        att_jw_int(w, f->line);
        att_jw_key(w, "column");
        att_jw_int(w, f->column);
        att_jw_key(w, "message");
        att_jw_string(w, f->message);
        att_jw_end_object(w);
    }
    att_jw_end_array(w);
}

static void check_json(struct cli *c, const struct checked *k, const struct att_err *err)
{
    struct att_json_writer w = cli_writer(c);

    att_jw_object(&w);
    att_jw_key(&w, "valid");
    att_jw_bool(&w, k->policy != NULL);
    att_jw_key(&w, "version");
    att_jw_str(&w, k->policy ? att_policy_version(k->policy) : NULL);
    att_jw_key(&w, "error");
    cli_put_error(&w, err);
    put_place(&w, &k->place);
    put_findings(&w, k);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

static void check_text(struct cli *c, const struct checked *k, const struct att_err *err)
{
    struct att_buf *b = &c->out;

    if (k->policy) {
        att_buf_printf(b, "valid: policy version %s\n", att_policy_version(k->policy));
        for (size_t i = 0; i < k->finding_count; i++) {
            const struct att_policy_finding *f = &k->findings[i];
            att_buf_printf(b, "\nline %u, column %u: %s\n", f->line, f->column, f->rule);
            cli_put_caret(b, line_of(k->text, f->line), f->column);
            att_buf_puts(b, "  ");
            att_buf_put(b, f->message);
            att_buf_putc(b, '\n');
        }
        if (k->finding_count > 0)
            att_buf_printf(b, "\n%zu finding%s\n", k->finding_count, k->finding_count == 1 ? "" : "s");
        return;
    }
    if (k->place.line)
        att_buf_printf(b, "invalid: %s at line %u, column %u\n", att_code_name(err->code), k->place.line,
                       k->place.column);
    else
        att_buf_printf(b, "invalid: %s\n", att_code_name(err->code));
    if (k->place.line)
        cli_put_caret(b, line_of(k->text, k->place.line), k->place.column);
    att_buf_printf(b, "  found       %s\n  expected    %s\n\n%s\n", err->found, err->expected, err->text);
}

static enum cli_exit run_check(struct cli *c)
{
    ATT_AUTO(policy_free) struct att_policy *policy = NULL;
    struct checked k = { 0 };
    struct att_err err = { 0 };

    bool ok = cli_policy_read(c, &k.text, &err) && att_policy_compile(k.text, NULL, &policy, &k.place, &err);
    if (!ok && att_code_class(err.code) != ATT_CLASS_POLICY)
        return cli_refuse(c, &err);
    k.policy = policy;
    if (ok && !att_policy_lint(policy, cli_value(c, "type"), c->arena, &k.findings, &k.finding_count, &err))
        return cli_refuse(c, &err);
    if (c->json)
        check_json(c, &k, &err);
    else
        check_text(c, &k, &err);
    if (!ok)
        return cli_exit_of(err.code);
    return cli_has(c, "strict") && k.finding_count > 0 ? CLI_NO : CLI_YES;
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

static const struct cli_option options_check[] = {
    { .name = "type",
      .argument = "TYPE",
      .help =
          "The evidence that the policy is for: sgx, open-enclave, tdx, sev-snp, tpm, vbs or azure-guest. "
          "Without it, claims are not compared with those that evidence has." },
    { .name = "strict", .help = "Findings make the exit status 1." },
    { 0 },
};

const struct cli_command cli_policy_check = {
    .name = "policy check",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "say whether a policy compiles, and what looks wrong",
    .about =
        "Compiles a policy, given as text or as a policy token. The first error is shown with its line, a "
        "caret under the column, and what was expected. Nothing is evaluated: what compiles here is what a "
        "service would store.\n\n"
        "What compiles is then searched for what is probably not meant: rules that never fire, conditions "
        "that "
        "always hold, a permit for everything or for nothing, evidence let through that can be debugged, "
        "claims "
        "that no evidence of the type has, reserved names, queries that do not compile. Findings do not "
        "change "
        "the exit status unless --strict is given.",
    .examples = "  attestctl policy check mine.policy\n"
                "  attestctl policy check mine.policy --type sgx --strict --json\n",
    .options = options_check,
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
