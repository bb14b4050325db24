/* cli/command.h - what a sub-command is: one row, from which parsing, help, man pages and completion are made.
 *
 * A file of a sub-command defines one such row and the function behind it; commands.c lists the rows. The
 * function reads its arguments with cli_value() and friends, writes its answer with att_buf_* to c->out (stdout,
 * sent at the end) and c->diagnostics (stderr), and gives an exit status. Everything it makes lives in c->arena.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <attest/arena.h>
#include <attest/error.h>

#include "base/buf.h"

#define CLI_VERSION ATT_VERSION /* of CMakeLists.txt */

enum cli_exit {
    CLI_YES = 0,     /* yes, or done */
    CLI_NO = 1,      /* a clear no: refused evidence, invalid token, policy denies */
    CLI_USAGE = 2,   /* the command line, or a file named on it, cannot be understood */
    CLI_UNKNOWN = 3, /* could not tell: reading, writing, the network, the service */
};

struct cli;

struct cli_option {
    const char *name;     /* "evidence" is written --evidence */
    const char *argument; /* "FILE"; NULL for a switch */
    const char *help;     /* one sentence */
    bool required;
    bool repeats;
};

struct cli_command {
    const char *name;     /* "policy check" */
    const char *operands; /* as in the synopsis: "FILE"; NULL for none */
    const char *choices;  /* the first operand is one of these words: "sgx open-enclave"; NULL: anything */
    unsigned operands_min;
    unsigned operands_max;
    const char *summary;  /* half a line */
    const char *about;    /* paragraphs, separated by empty lines */
    const char *examples; /* one command a line */
    const struct cli_option
        *options; /* ends with a row without name; cli_common_options come by themselves */
    enum cli_exit (*run)(struct cli *c);
};

enum { CLI_GIVEN_MAX = 64, CLI_OPERANDS_MAX = 4 };

struct cli_given {
    const struct cli_option *option;
    const char *value; /* NULL for a switch */
};

struct cli {
    const struct cli_command *command;
    struct cli_given given[CLI_GIVEN_MAX];
    size_t given_count;
    const char *operands[CLI_OPERANDS_MAX];
    size_t operand_count;
    bool json;
    bool help;
    bool version;
    bool stdin_taken;
    struct att_arena *arena;
    struct att_buf out;
    struct att_buf diagnostics;
};

/* Every sub-command, in the order of the help text; ends with NULL. */
extern const struct cli_command *const cli_commands[];
/* What every command takes: --json, --help, --version. */
extern const struct cli_option cli_common_options[];

/* The last value given for an option of this command; NULL when it was not given. */
const char *cli_value(const struct cli *c, const char *name);
bool cli_has(const struct cli *c, const char *name);
/* The n-th (from 0) value of an option that repeats; NULL behind the last. */
const char *cli_value_at(const struct cli *c, const char *name, size_t n);

/* The whole program: parses, runs, writes. Gives the exit status. */
int cli_main(int argc, char **argv);

#endif
