/* attestd - see README.md of the project and attestd(8). */
#include "base/err.h"
#include "server/log.h"
#include "server/options.h"
#include "server/run.h"
#include "server/version.h"
#include "signer/signer.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { ARENA_BYTES = 64 << 20, EXIT_USAGE = 2 };

static int complain(const struct att_err *err)
{
    (void)fprintf(stderr, "attestd: %s\n", err->text);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct att_err err = { 0 };
    struct options options;
    int status = EXIT_SUCCESS;

    signer_role(argc, argv);
    struct att_arena *arena = att_arena_new(ARENA_BYTES);
    (void)umask(0077);
    if (!arena || !options_read(arena, argc, argv, &options, &err)) {
        status = complain(&err);
        att_arena_free(arena);
        return status;
    }
    switch (options.verb) {
    case OPTIONS_HELP:
        options_print_help();
        break;
    case OPTIONS_VERSION:
        puts("attestd " ATTESTD_VERSION);
        break;
    case OPTIONS_SAMPLE_CONFIG:
        config_print_sample();
        break;
    case OPTIONS_MAN:
        config_print_man();
        break;
    case OPTIONS_CHECK_CONFIG:
    case OPTIONS_RUN:
        if (!server_run(arena, &options, &err))
            status = complain(&err);
        break;
    }
    att_arena_free(arena);
    return status;
}
