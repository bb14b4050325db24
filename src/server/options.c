#include "server/options.h"

#include "base/err.h"
#include "base/timetext.h"
#include "files/files.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    OPT_CONFIG = 256,
    OPT_DATA,
    OPT_LISTEN,
    OPT_ADMIN_LISTEN,
    OPT_COLLATERAL,
    OPT_DEV,
    OPT_EVIDENCE_TIME,
    OPT_SET,
    OPT_CHECK,
    OPT_SAMPLE,
    OPT_MAN,
    OPT_VERSION,
    OPT_HELP
};

static const struct row {
    struct option option;
    const char *argument;
    const char *help;
} rows[] = {
    { { "config", required_argument, NULL, OPT_CONFIG },
      "FILE",
      "read settings from FILE (attestd.conf(5))" },
    { { "data", required_argument, NULL, OPT_DATA }, "DIR", "data folder; sets data_dir" },
    { { "listen", required_argument, NULL, OPT_LISTEN },
      "HOST:PORT",
      "where to serve; port 0 picks a free one" },
    { { "admin-listen", required_argument, NULL, OPT_ADMIN_LISTEN },
      "HOST:PORT",
      "where health and metrics are" },
    { { "collateral", required_argument, NULL, OPT_COLLATERAL },
      "DIR",
      "load collateral from DIR too; may be repeated" },
    { { "set", required_argument, NULL, OPT_SET },
      "NAME=VALUE",
      "set one setting of attestd.conf(5); issuer.NAME.url=... for a section" },
    { { "dev", no_argument, NULL, OPT_DEV },
      NULL,
      "development: own CA, authority and principals, synthetic hardware roots trusted; tokens say so" },
    { { "evidence-time", required_argument, NULL, OPT_EVIDENCE_TIME },
      "RFC3339",
      "with --dev: judge evidence at that time; tokens say so" },
    { { "check-config", no_argument, NULL, OPT_CHECK }, NULL, "check settings and files, then end" },
    { { "sample-config", no_argument, NULL, OPT_SAMPLE }, NULL, "print a commented configuration file" },
    { { "settings-man", no_argument, NULL, OPT_MAN }, NULL, "print the settings as rows of a man page" },
    { { "version", no_argument, NULL, OPT_VERSION }, NULL, "print the version" },
    { { "help", no_argument, NULL, OPT_HELP }, NULL, "print this help" },
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

void options_print_help(void)
{
    puts("usage: attestd [--config FILE] [--data DIR] [--listen HOST:PORT] [--dev] [--check-config]\n\n"
         "An attestation service: evidence in, signed token out. Prints \"attestd ready URL\" when it "
         "serves.\n");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        char left[48];
        (void)snprintf(left, sizeof left, "--%s%s%s", rows[i].option.name, rows[i].argument ? " " : "",
                       rows[i].argument ? rows[i].argument : "");
        printf("  %-28s %s\n", left, rows[i].help);
    }
    puts("\nSIGTERM answers what is in flight and ends. SIGHUP reads settings, certificates, keys of issuers "
         "and collateral again.");
}

static bool append_collateral(struct config *c, const char *dir, struct att_err *err)
{
    if (c->collateral_dirs.count == CONFIG_LIST_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "--collateral", "at most 64 folders", "more");
    c->collateral_dirs.item[c->collateral_dirs.count++] = dir;
    return true;
}

static bool set_pair(struct att_arena *arena, struct config *c, const char *pair, struct att_err *err)
{
    const char *equals = strchr(pair, '=');
    char *name = att_arena_dup(arena, att_span_of(pair, equals ? (size_t)(equals - pair) : 0));

    if (!equals)
        return att_fail(err, ATT_CONFIG_INVALID, "--set", "NAME=VALUE", "no =");
    return name ? config_set(arena, c, name, equals + 1, err) : att_fail_memory(err, "--set");
}

static bool take(struct att_arena *arena, int option, char *value, struct options *o, struct att_err *err)
{
    struct att_shown shown;

    switch (option) {
    case OPT_CONFIG:
        return true; /* was read first */
    case OPT_DATA:
        return config_set(arena, &o->config, "data_dir", value, err);
    case OPT_LISTEN:
        return config_set(arena, &o->config, "listen", value, err);
    case OPT_ADMIN_LISTEN:
        return config_set(arena, &o->config, "admin_listen", value, err);
    case OPT_COLLATERAL:
        return append_collateral(&o->config, value, err);
    case OPT_SET:
        return set_pair(arena, &o->config, value, err);
    case OPT_DEV:
        o->dev = true;
        return true;
    case OPT_EVIDENCE_TIME:
        o->evidence_time_set = att_time_read(att_str(value), &o->evidence_time_unix_s);
        return o->evidence_time_set ||
               att_fail(err, ATT_CONFIG_INVALID, "--evidence-time", "YYYY-MM-DDThh:mm:ssZ", "%s",
                        att_shown(&shown, att_str(value)));
    case OPT_CHECK:
        o->verb = OPTIONS_CHECK_CONFIG;
        return true;
    case OPT_SAMPLE:
        o->verb = OPTIONS_SAMPLE_CONFIG;
        return true;
    case OPT_MAN:
        o->verb = OPTIONS_MAN;
        return true;
    case OPT_VERSION:
        o->verb = OPTIONS_VERSION;
        return true;
    case OPT_HELP:
        o->verb = OPTIONS_HELP;
        return true;
    default:
        return att_fail(err, ATT_CONFIG_INVALID, "command line", "an option of --help", "something else");
    }
}

/* One pass over the arguments: with `o`, takes them; without, only looks for the configuration file. */
static bool walk(struct att_arena *arena, int argc, char **argv, struct options *o, const char **ret_file,
                 struct att_err *err)
{
    struct option known[ROW_COUNT + 1] = { 0 };

    for (size_t i = 0; i < ROW_COUNT; i++)
        known[i] = rows[i].option;
    optind = 0; /* glibc: start anew */
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (option == OPT_CONFIG)
            *ret_file = optarg;
        if (option == '?' || (o && !take(arena, option, optarg, o, err)))
            return att_fail(err, ATT_CONFIG_INVALID, "command line", "an option of --help", "%s",
                            argv[optind - 1]);
    }
    return optind == argc ||
           att_fail(err, ATT_CONFIG_INVALID, "command line", "options only", "%s", argv[optind]);
}

static bool read_file(struct att_arena *arena, const char *path, struct config *c, struct att_err *err)
{
    struct att_span text = { 0 };

    return file_load(arena, path, &text, err) && config_read(arena, path, text, c, err);
}

bool options_read(struct att_arena *arena, int argc, char **argv, struct options *ret, struct att_err *err)
{
    struct options o = { .argc = argc, .argv = argv };

    if (!config_defaults(arena, &o.config, err) || !walk(arena, argc, argv, NULL, &o.config_file, err) ||
        (o.config_file && !read_file(arena, o.config_file, &o.config, err)) ||
        !walk(arena, argc, argv, &o, &o.config_file, err))
        return false;
    if (o.evidence_time_set && !o.dev)
        return att_fail(err, ATT_CONFIG_INVALID, "--evidence-time", "--dev beside it", "production");
    *ret = o;
    return true;
}

bool options_usable(struct options *o, struct att_err *err)
{
    o->config.authority = o->config.authority || o->dev;
    return o->dev ? config_consistent(&o->config, err) : config_complete(&o->config, err);
}
