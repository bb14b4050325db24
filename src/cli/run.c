#include "cli/answer.h"
#include "cli/arguments.h"
#include "cli/files.h"
#include "cli/help.h"

#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Everything read, made and answered by one call: several inputs of the largest size, and room to work. */
enum { CLI_ARENA_BYTES_MAX = 512 << 20 };

/* A cut answer must not look like a whole one to a program that only looks at the status. */
static enum cli_exit finish(struct cli *c, enum cli_exit status)
{
    if (c->out.failed) {
        att_buf_puts(&c->diagnostics, "attestctl: the answer is larger than 64 MiB\n");
        status = CLI_UNKNOWN;
    } else if (!cli_write_all(STDOUT_FILENO, att_buf_span(&c->out))) {
        att_buf_puts(&c->diagnostics, "attestctl: standard output cannot be written\n");
        status = CLI_UNKNOWN;
    }
    if (!cli_write_all(STDERR_FILENO, att_buf_span(&c->diagnostics)))
        status = status == CLI_YES ? CLI_UNKNOWN : status;
    att_buf_free(&c->out);
    att_buf_free(&c->diagnostics);
    att_arena_free(c->arena);
    return status;
}

static bool first_is(int argc, char **argv, const char *a, const char *b)
{
    return argc >= 2 && (strcmp(argv[1], a) == 0 || strcmp(argv[1], b) == 0);
}

static enum cli_exit show_version(struct cli *c)
{
    att_buf_puts(&c->out, "attestctl " CLI_VERSION "\n");
    return CLI_YES;
}

static enum cli_exit run(struct cli *c, int argc, char **argv)
{
    struct att_err err = { 0 };

    if (first_is(argc, argv, "--version", "-V"))
        return show_version(c);
    if (argc == 2 && first_is(argc, argv, "--help", "-h")) {
        cli_help_all(&c->out, NULL);
        return CLI_YES;
    }
    if (argc == 3 && cli_is_group(argv[1]) &&
        (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0)) {
        cli_help_all(&c->out, argv[1]);
        return CLI_YES;
    }
    if (!cli_arguments_read(c, argc, argv, &err))
        return cli_refuse(c, &err);
    if (c->version)
        return show_version(c);
    if (c->help) {
        cli_help_command(&c->out, c->command);
        return CLI_YES;
    }
    return c->command->run(c);
}

int cli_main(int argc, char **argv)
{
    struct cli c = { .arena = att_arena_new(CLI_ARENA_BYTES_MAX) };

    if (!c.arena) {
        (void)fputs("attestctl: out of memory\n", stderr); /* nowhere else to say it */
        return CLI_UNKNOWN;
    }
    return (int)finish(&c, run(&c, argc, argv));
}
