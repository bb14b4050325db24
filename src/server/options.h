/* server/options.h - the command line of attestd. */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include "config/config.h"

enum options_verb {
    OPTIONS_RUN,
    OPTIONS_CHECK_CONFIG,
    OPTIONS_HELP,
    OPTIONS_VERSION,
    OPTIONS_SAMPLE_CONFIG,
    OPTIONS_MAN
};

struct options {
    enum options_verb verb;
    bool dev;
    bool evidence_time_set;
    int64_t evidence_time_unix_s;
    const char *config_file; /* NULL: none */
    int argc;                /* as given, to be read again on SIGHUP */
    char **argv;
    struct config config;
};

/* The file first, then what the command line sets over it. False: a usage or configuration error, in err. */
ATT_CHECK bool options_read(struct att_arena *arena, int argc, char **argv, struct options *ret,
                            struct att_err *err);
/* Is it enough to start with? --dev brings what is missing by itself, its authority among them. */
ATT_CHECK bool options_usable(struct options *o, struct att_err *err);
void options_print_help(void);

#endif
