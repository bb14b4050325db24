#include "cli/jmespath.h"

#include <attest/jmespath.h>

#include "base/auto.h"
#include "cli/answer.h"
#include "cli/caret.h"
#include "cli/files.h"

ATT_AUTO_PTR(query_free, struct att_jmespath, att_jmespath_free)

/* The column that stands at the end of err.where, "jmespath:12"; 0 without one. */
static unsigned column_of(const struct att_err *err)
{
    const char *colon = strrchr(err->where, ':');
    unsigned column = 0;

    for (const char *c = colon ? colon + 1 : ""; *c >= '0' && *c <= '9'; c++)
        column = column * 10 + (unsigned)(*c - '0');
    return column;
}

static enum cli_exit refuse(struct cli *c, struct att_span query, const struct att_err *err)
{
    enum cli_exit status = cli_refuse(c, err);

    if (!c->json && column_of(err) > 0)
        cli_put_caret(&c->diagnostics, query, column_of(err));
    return status;
}

static enum cli_exit run_jmespath(struct cli *c)
{
    ATT_AUTO(query_free) struct att_jmespath *query = NULL;
    struct att_span text = att_str(c->operands[0]);
    struct att_span json = { 0 };
    struct att_span found = { 0 };
    struct att_err err = { 0 };

    if (!att_jmespath_compile(text, NULL, &query, NULL, &err) ||
        !cli_read(c, "json", c->operand_count > 1 ? c->operands[1] : "-", &json, &err) ||
        !att_jmespath_search(query, c->arena, json, NULL, &found, &err))
        return refuse(c, text, &err);
    att_buf_put(&c->out, found);
    att_buf_putc(&c->out, '\n');
    return CLI_YES;
}

static const struct cli_option no_options[] = { { 0 } };

const struct cli_command cli_jmespath = {
    .name = "jmespath",
    .operands = "EXPRESSION [FILE]",
    .operands_min = 1,
    .operands_max = 2,
    .summary = "search JSON with a JMESPath expression",
    .about =
        "Searches a file, or standard input, as the function JmesPath of a policy would, and writes the "
        "result "
        "as compact JSON; null when nothing is found. What cannot be read as an expression is shown with a "
        "caret under the column, and what was expected.\n\n"
        "Literals stand in backticks (PcrIndex == `12`), text in single quotes. A bare word is the name of a "
        "member, true and null included.",
    .examples = "  attestctl jmespath \"Events[?EventTypeString == 'EV_SEPARATOR'].PcrIndex\" events.json\n"
                "  attestctl jmespath 'length(@)' < list.json\n",
    .options = no_options,
    .run = run_jmespath,
};
