#include "cli/answer.h"
#include "cli/help.h"

/* Roff takes a leading dot or quote as a request and a backslash as an escape; a bare hyphen would become a
 * dash that cannot be copied into a shell. */
static void roff(struct att_buf *b, const char *text)
{
    bool line_start = true;

    for (const char *p = text; *p; p++) {
        if (line_start && (*p == '.' || *p == '\''))
            att_buf_puts(b, "\\&");
        if (line_start && *p == ' ')
            continue;
        if (*p == '\\')
            att_buf_puts(b, "\\e");
        else if (*p == '-')
            att_buf_puts(b, "\\-");
        else if (*p == '\n' && p[1] == '\n')
            att_buf_puts(b, "\n.PP");
        else
            att_buf_putc(b, *p);
        line_start = *p == '\n';
    }
}

static void roff_line(struct att_buf *b, const char *macro, const char *text)
{
    att_buf_printf(b, ".%s\n", macro);
    roff(b, text);
    att_buf_putc(b, '\n');
}

static void page_name(struct att_buf *b, const struct cli_command *command)
{
    att_buf_puts(b, "attestctl-");
    for (const char *p = command->name; *p; p++)
        att_buf_putc(b, *p == ' ' ? '-' : *p);
}

static void roff_head(struct att_buf *b, const struct cli_command *command, const char *summary)
{
    att_buf_puts(b, ".TH ");
    if (command) {
        struct att_buf upper = { 0 };
        page_name(&upper, command);
        for (size_t i = 0; i < upper.len; i++)
            att_buf_putc(b, upper.ptr[i] >= 'a' && upper.ptr[i] <= 'z' ? (char)(upper.ptr[i] - 32)
                                                                       : (char)upper.ptr[i]);
        att_buf_free(&upper);
    } else {
        att_buf_puts(b, "ATTESTCTL");
    }
    att_buf_puts(b, " 1 \"\" \"attestd " CLI_VERSION "\" \"attestctl\"\n.ad l\n.SH NAME\n");
    if (command)
        page_name(b, command);
    else
        att_buf_puts(b, "attestctl");
    att_buf_puts(b, " \\- ");
    roff(b, summary);
    att_buf_putc(b, '\n');
}

static void roff_option(struct att_buf *b, const struct cli_option *o)
{
    att_buf_puts(b, ".TP\n.B \\-\\-");
    roff(b, o->name);
    if (o->argument) {
        att_buf_puts(b, " \\fI");
        roff(b, o->argument);
        att_buf_puts(b, "\\fR");
    }
    att_buf_putc(b, '\n');
    roff(b, o->help);
    att_buf_putc(b, '\n');
}

static void roff_exit(struct att_buf *b)
{
    att_buf_puts(b,
                 ".SH EXIT STATUS\n"
                 ".TP\n.B 0\nYes, or done.\n"
                 ".TP\n.B 1\nA clear no: refused evidence, an invalid token, a policy that denies, a service "
                 "that refuses.\n"
                 ".TP\n.B 2\nThe command line, or a file named on it, cannot be understood.\n"
                 ".TP\n.B 3\nIt could not be told: reading, writing, the network or the service failed.\n");
}

static void man_command(struct att_buf *b, const struct cli_command *command)
{
    roff_head(b, command, command->summary);
    att_buf_puts(b, ".SH SYNOPSIS\n.B ");
    struct att_buf line = { 0 };
    cli_synopsis(&line, command);
    att_buf_putc(&line, '\0');
    roff(b, line.failed ? "" : (const char *)line.ptr);
    att_buf_free(&line);
    att_buf_putc(b, '\n');
    roff_line(b, "SH DESCRIPTION", command->about);
    att_buf_puts(b, ".SH OPTIONS\n");
    for (const struct cli_option *o = command->options; o && o->name; o++)
        roff_option(b, o);
    for (const struct cli_option *o = cli_common_options; o->name; o++)
        roff_option(b, o);
    roff_exit(b);
    if (command->examples) {
        att_buf_puts(b, ".SH EXAMPLES\n.nf\n");
        roff(b, command->examples);
        att_buf_puts(b, ".fi\n");
    }
    att_buf_puts(b, ".SH SEE ALSO\n.BR attestctl (1)\n");
}

static void man_all(struct att_buf *b)
{
    roff_head(b, NULL, "verify evidence, policies and attestation tokens");
    att_buf_puts(b, ".SH SYNOPSIS\n.B attestctl\n.I COMMAND\n[\\fIARGUMENT\\fR...]\n.SH DESCRIPTION\n");
    roff(b, "Verifies hardware evidence offline, checks and runs attestation policies, verifies attestation "
            "tokens as a relying party would, makes evidence for tests, and asks and administers an "
            "attestation service.\n\n"
            "Answers go to standard output, everything else to standard error. With --json the answer is one "
            "JSON object and nothing else, refusals included.\n");
    att_buf_puts(b, ".SH COMMANDS\n");
    for (const struct cli_command *const *row = cli_commands; *row; row++) {
        att_buf_puts(b, ".TP\n.BR ");
        page_name(b, *row);
        att_buf_puts(b, " (1)\n");
        roff(b, (*row)->summary);
        att_buf_putc(b, '\n');
    }
    roff_exit(b);
}

static enum cli_exit run_man(struct cli *c)
{
    const struct cli_command *command = NULL;
    struct att_err err = { 0 };

    if (c->operand_count == 0)
        man_all(&c->out);
    else if (!cli_named(c, &command, &err))
        return cli_refuse(c, &err);
    else
        man_command(&c->out, command);
    return CLI_YES;
}

const struct cli_command cli_man = {
    .name = "man",
    .operands = "[COMMAND]",
    .operands_max = 2,
    .summary = "write the source of a manual page",
    .about = "The page of attestctl itself or of one command, as roff for man(1).",
    .examples = "  attestctl man verify | man -l -\n",
    .run = run_man,
};
