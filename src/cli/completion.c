#include "cli/help.h"

static void completion_case(struct att_buf *b, const struct cli_command *command)
{
    att_buf_printf(b, "    \"%s\"*) words=\"", command->name);
    for (const struct cli_option *o = command->options; o && o->name; o++)
        att_buf_printf(b, "--%s ", o->name);
    for (const struct cli_option *o = cli_common_options; o->name; o++)
        att_buf_printf(b, "--%s ", o->name);
    att_buf_printf(b, "%s\" ;;\n", command->choices ? command->choices : "");
}

static enum cli_exit run_completion(struct cli *c)
{
    struct att_buf *b = &c->out;

    att_buf_puts(b, "# bash completion for attestctl: source <(attestctl completion bash)\n"
                    "_attestctl() {\n"
                    "  local words line=\"${COMP_WORDS[*]:1:COMP_CWORD}\"\n"
                    "  case \"$line\" in\n");
    for (const struct cli_command *const *row = cli_commands; *row; row++)
        completion_case(b, *row);
    att_buf_puts(b, "    *) words=\"");
    for (const struct cli_command *const *row = cli_commands; *row; row++)
        att_buf_printf(b, "%s ", (*row)->name);
    att_buf_puts(b, "\" ;;\n"
                    "  esac\n"
                    "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
                    "}\n"
                    "complete -o default -F _attestctl attestctl\n");
    return CLI_YES;
}

const struct cli_command cli_completion = {
    .name = "completion",
    .operands = "bash",
    .choices = "bash",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "write a completion script for a shell",
    .about = "Completes commands and options; made from the same table as this help.",
    .examples = "  source <(attestctl completion bash)\n",
    .run = run_completion,
};
