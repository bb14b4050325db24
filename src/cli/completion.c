#include "cli/help.h"

#include <string.h>

/* -- bash and zsh: the words that may stand next, by the command that the line begins with ------------------ */

static void put_case(struct att_buf *b, const struct cli_command *command, const char *open,
                     const char *close)
{
    att_buf_printf(b, "    \"%s\"*) %s", command->name, open);
    for (const struct cli_option *o = command->options; o && o->name; o++)
        att_buf_printf(b, "--%s ", o->name);
    for (const struct cli_option *o = cli_common_options; o->name; o++)
        att_buf_printf(b, "--%s ", o->name);
    att_buf_printf(b, "%s%s ;;\n", command->choices ? command->choices : "", close);
}

static void put_cases(struct att_buf *b, const char *open, const char *close)
{
    for (const struct cli_command *const *row = cli_commands; *row; row++)
        put_case(b, *row, open, close);
    att_buf_printf(b, "    *) %s", open);
    for (const struct cli_command *const *row = cli_commands; *row; row++)
        att_buf_printf(b, "%s ", (*row)->name);
    att_buf_printf(b, "%s ;;\n  esac\n", close);
}

static void put_bash(struct att_buf *b)
{
    att_buf_puts(b, "# bash completion for attestctl: source <(attestctl completion bash)\n"
                    "_attestctl() {\n"
                    "  local words line=\"${COMP_WORDS[*]:1:COMP_CWORD}\"\n"
                    "  case \"$line\" in\n");
    put_cases(b, "words=\"", "\"");
    att_buf_puts(b, "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
                    "}\n"
                    "complete -o default -F _attestctl attestctl\n");
}

static void put_zsh(struct att_buf *b)
{
    att_buf_puts(b, "#compdef attestctl\n"
                    "# zsh completion for attestctl: attestctl completion zsh > \"${fpath[1]}/_attestctl\"\n"
                    "_attestctl() {\n"
                    "  local -aU next\n"
                    "  local line=\"${(j: :)words[2,CURRENT]}\"\n"
                    "  case \"$line\" in\n");
    put_cases(b, "next=(", ")");
    att_buf_puts(b, "  compadd -- $next\n"
                    "  _files\n"
                    "}\n"
                    "_attestctl \"$@\"\n");
}

/* -- fish: a line for each command and option, with what it is for ------------------------------------------ */

/* Between single quotes, where fish knows \\ and \' alone. */
static void put_quoted(struct att_buf *b, const char *text)
{
    att_buf_putc(b, '\'');
    for (const char *at = text; *at; at++) {
        if (*at == '\'' || *at == '\\')
            att_buf_putc(b, '\\');
        att_buf_putc(b, *at);
    }
    att_buf_putc(b, '\'');
}

static void put_fish_options(struct att_buf *b, const struct cli_command *command,
                             const struct cli_option *options)
{
    for (const struct cli_option *o = options; o && o->name; o++) {
        att_buf_printf(b, "complete -c attestctl -n '__attestctl_in \"%s\"' -l %s%s -d ", command->name,
                       o->name, o->argument ? " -r" : "");
        put_quoted(b, o->help);
        att_buf_putc(b, '\n');
    }
}

static void put_fish_command(struct att_buf *b, const struct cli_command *command)
{
    const char *space = strchr(command->name, ' ');
    int first = space ? (int)(space - command->name) : 0;

    /* "policy check": policy is offered first, check behind it. */
    if (space)
        att_buf_printf(b, "complete -c attestctl -f -n '__attestctl_at \"\"' -a %.*s\n", first,
                       command->name);
    att_buf_printf(b, "complete -c attestctl -f -n '__attestctl_at \"%.*s\"' -a %s -d ", first, command->name,
                   space ? space + 1 : command->name);
    put_quoted(b, command->summary);
    att_buf_putc(b, '\n');
    if (command->choices)
        att_buf_printf(b, "complete -c attestctl -n '__attestctl_at \"%s\"' -a \"%s\"\n", command->name,
                       command->choices);
    put_fish_options(b, command, command->options);
    put_fish_options(b, command, cli_common_options);
}

static void put_fish(struct att_buf *b)
{
    att_buf_puts(b, "# fish completion for attestctl: attestctl completion fish | source\n"
                    "function __attestctl_line\n"
                    "  set -l words (commandline -opc)\n"
                    "  string join ' ' -- $words[2..-1]\n"
                    "end\n"
                    "function __attestctl_at\n"
                    "  test (__attestctl_line | string collect --allow-empty) = \"$argv[1]\"\n"
                    "end\n"
                    "function __attestctl_in\n"
                    "  string match -qr -- \"^$argv[1]( |\\$)\" (__attestctl_line)\n"
                    "end\n");
    for (const struct cli_command *const *row = cli_commands; *row; row++)
        put_fish_command(b, *row);
}

static enum cli_exit run_completion(struct cli *c)
{
    static const struct {
        const char *shell;
        void (*put)(struct att_buf *);
    } shells[] = { { "bash", put_bash }, { "zsh", put_zsh }, { "fish", put_fish } };

    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(c->operands[0], shells[i].shell) == 0)
            shells[i].put(&c->out);
    }
    return CLI_YES;
}

const struct cli_command cli_completion = {
    .name = "completion",
    .operands = "SHELL",
    .choices = "bash zsh fish",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "write a completion script for a shell",
    .about =
        "Completes commands and options in bash, zsh or fish; made from the same table as this help. The "
        "Debian package installs all three.",
    .examples = "  source <(attestctl completion bash)\n"
                "  attestctl completion fish | source\n",
    .run = run_completion,
};
