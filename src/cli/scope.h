/* cli/scope.h - from options to the paths of subscriptions, groups and providers. */
#ifndef CLI_SCOPE_H
#define CLI_SCOPE_H

#include "cli/remote.h"

/* Rows for the options of commands that work on something that has a scope. */
#define OPTION_SUBSCRIPTION                                                                                  \
    {                                                                                                        \
        .name = "subscription", .argument = "GUID", .help = "Else that of the profile."                      \
    }
#define OPTION_GROUP                                                                                         \
    {                                                                                                        \
        .name = "group", .argument = "NAME", .help = "The resource group. Else that of the profile."         \
    }

/* Appends text as one segment of a path: everything but letters, digits, - _ . ~ is percent-encoded. False for nothing
 * and for dots alone, which would be no name but a way. */
ATT_CHECK bool path_put(struct att_buf *b, const char *where, const char *name, struct att_err *err);

/* "/subscriptions/S", of --subscription or the profile. */
ATT_CHECK bool scope_subscription(struct remote *r, const char **ret, struct att_err *err);
/* "/subscriptions/S/resourceGroups/G"; `group` NULL: of the profile. */
ATT_CHECK bool scope_group(struct remote *r, const char *group, const char **ret, struct att_err *err);
/* "/subscriptions/S/resourceGroups/G/providers/Microsoft.Attestation/attestationProviders/P" */
ATT_CHECK bool scope_provider(struct remote *r, const char *group, const char *name, const char **ret,
                              struct att_err *err);
/* --scope as it is; else of --provider and --group; else of --group; else the subscription. The command has the four
 * options of OPTIONS_SCOPE. */
ATT_CHECK bool scope_of(struct remote *r, const char **ret, struct att_err *err);
#define OPTIONS_SCOPE                                                                                        \
    { .name = "scope", .argument = "ID", .help = "A scope in full: /subscriptions/..." },                    \
        { .name = "provider", .argument = "NAME", .help = "The scope is this provider." },                   \
        { .name = "group",                                                                                   \
          .argument = "NAME",                                                                                \
          .help = "The scope is this resource group, or where --provider is (else the profile's group)." },  \
        OPTION_SUBSCRIPTION

/* {"NAME":VALUE,...} of the --tag options; USAGE. */
ATT_CHECK bool tags_put(struct cli *c, struct att_json_writer *w, struct att_err *err);
#define OPTION_TAG                                                                                           \
    {                                                                                                        \
        .name = "tag", .argument = "NAME=VALUE", .repeats = true, .help = "May be given several times."      \
    }

/* The last segment of an id; the group in it. */
const char *id_name(const char *id);
const char *id_group(struct att_arena *arena, const char *id);

#endif
