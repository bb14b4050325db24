#include "cli/help.h"

#include "base/err.h"
#include "cli/answer.h"
#include "cli/arguments.h"

#include <stdio.h>

enum { WRAP_COLUMNS = 78 };

/* Words of one paragraph, each line indented; the first line starts behind what is already written. */
static void wrap(struct att_buf *b, struct att_span text, unsigned indent, size_t at)
{
    for (size_t i = 0; i < text.len;) {
        size_t len = 0;
        while (i < text.len && (text.ptr[i] == ' ' || text.ptr[i] == '\n'))
            i++;
        while (i + len < text.len && text.ptr[i + len] != ' ' && text.ptr[i + len] != '\n')
            len++;
        if (len == 0)
            break;
        if (at > indent && at + 1 + len > WRAP_COLUMNS) {
            att_buf_putc(b, '\n');
            at = 0;
        }
        if (at == 0) {
            att_buf_printf(b, "%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            att_buf_putc(b, ' ');
            at++;
        }
        att_buf_put(b, att_span_of(text.ptr + i, len));
        at += len;
        i += len;
    }
    att_buf_putc(b, '\n');
}

static void paragraphs(struct att_buf *b, const char *text)
{
    for (const char *p = text; p && *p;) {
        const char *end = strstr(p, "\n\n");
        size_t len = end ? (size_t)(end - p) : strlen(p);
        wrap(b, att_span_of(p, len), 0, 0);
        att_buf_putc(b, '\n');
        p += len + (end ? 2 : 0);
    }
}

static void option_row(struct att_buf *b, const struct cli_option *o)
{
    size_t before = b->len;

    att_buf_printf(b, "  --%s%s%s", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
    size_t used = b->len - before;
    if (used > 30) {
        att_buf_putc(b, '\n');
        used = 0;
    }
    att_buf_printf(b, "%*s", (int)(32 - used), "");
    wrap(b, att_str(o->help), 32, 32);
}

void cli_synopsis(struct att_buf *b, const struct cli_command *command)
{
    att_buf_printf(b, "attestctl %s", command->name);
    if (command->operands)
        att_buf_printf(b, " %s", command->operands);
    for (const struct cli_option *o = command->options; o && o->name; o++)
        if (o->required)
            att_buf_printf(b, " --%s %s", o->name, o->argument);
    att_buf_puts(b, " [OPTION...]");
}

void cli_help_command(struct att_buf *b, const struct cli_command *command)
{
    att_buf_puts(b, "usage: ");
    cli_synopsis(b, command);
    att_buf_printf(b, "\n\n%s\n\n", command->summary);
    paragraphs(b, command->about);
    att_buf_puts(b, "options:\n");
    for (const struct cli_option *o = command->options; o && o->name; o++)
        option_row(b, o);
    for (const struct cli_option *o = cli_common_options; o->name; o++)
        option_row(b, o);
    if (command->examples)
        att_buf_printf(b, "\nexamples:\n%s", command->examples);
    att_buf_puts(b, "\nexit status: 0 yes or done, 1 a clear no, 2 usage, 3 could not tell\n");
}

void cli_help_all(struct att_buf *b, const char *group)
{
    if (!group)
        att_buf_puts(
            b, "usage: attestctl COMMAND [ARGUMENT...]\n\n"
               "Verifies evidence, policies and attestation tokens without a server, and talks to one.\n\n");
    att_buf_puts(b, "commands:\n");
    for (const struct cli_command *const *row = cli_commands; *row; row++) {
        size_t len = group ? strlen(group) : 0;
        if (len > 0 && (strncmp((*row)->name, group, len) != 0 || (*row)->name[len] != ' '))
            continue;
        att_buf_printf(b, "  %-27s  %s\n", (*row)->name, (*row)->summary);
    }
    att_buf_puts(b, "\nattestctl COMMAND --help explains one command; every command takes --json.\n"
                    "exit status: 0 yes or done, 1 a clear no, 2 usage, 3 could not tell\n");
}

bool cli_named(const struct cli *c, const struct cli_command **ret, struct att_err *err)
{
    size_t used = 0;
    struct att_shown shown;
    const struct cli_command *command = cli_find(c->operands, c->operand_count, &used);

    if (!command || used != c->operand_count)
        return att_fail(err, ATT_USAGE, "operand", "a command that attestctl --help lists", "%s",
                        att_shown(&shown, att_str(c->operands[0])));
    *ret = command;
    return true;
}

static enum cli_exit run_help(struct cli *c)
{
    const struct cli_command *command = NULL;
    struct att_err err = { 0 };

    if (c->operand_count == 0)
        cli_help_all(&c->out, NULL);
    else if (c->operand_count == 1 && cli_is_group(c->operands[0]))
        cli_help_all(&c->out, c->operands[0]);
    else if (!cli_named(c, &command, &err))
        return cli_refuse(c, &err);
    else
        cli_help_command(&c->out, command);
    return CLI_YES;
}

const struct cli_command cli_help = {
    .name = "help",
    .operands = "[COMMAND]",
    .operands_max = 2,
    .summary = "explain a command",
    .about = "The list of commands, the commands of a group, or one command in full.",
    .examples = "  attestctl help policy check\n",
    .run = run_help,
};
