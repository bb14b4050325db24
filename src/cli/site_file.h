/* cli/site_file.h - the file of attestctl apply: what groups, providers, policies and roles a subscription is to have.
 *
 *     {"groups":[{"name":"lab","location":"local","tags":{"team":"red"}}],
 *      "providers":[{"name":"one","group":"lab","location":"local","policySigners":["signer.pem"],
 *                    "policies":{"SgxEnclave":"one.policy"}}],
 *      "roles":[{"role":"Attestation Reader","principal":"GUID","provider":"one"}]}
 *
 * Files named in it are looked for beside it. What is not in it is left alone. Order counts: it is the order of work.
 * Unknown members are errors, as is everything else that is not exactly this: USAGE, JSON_*.
 */
#ifndef CLI_SITE_FILE_H
#define CLI_SITE_FILE_H

#include "cli/members.h"

#include "cli/command.h"

enum { SITE_ROWS_MAX = 1000, SITE_SIGNERS_MAX = 32, SITE_POLICIES_MAX = 16 };

struct site_group {
    const char *name;
    const char *location;
    att_json_id tags; /* ATT_JSON_NONE: stay as they are */
};

struct site_provider {
    const char *name;
    const char *group;
    const char *location;
    att_json_id tags;
    const char *public_network; /* NULL: stays as it is */
    const char *tpm;
    size_t signer_count;
    const char *signers[SITE_SIGNERS_MAX]; /* paths */
    size_t policy_count;
    struct {
        const char *type;
        struct att_span text;
    } policies[SITE_POLICIES_MAX];
};

struct site_role {
    const char *role;
    const char *principal;
    const char *provider; /* of the file; NULL: see group */
    const char *group;    /* NULL: see scope */
    const char *scope;
};

struct site_file {
    struct att_json doc;
    size_t group_count;
    struct site_group *groups;
    size_t provider_count;
    struct site_provider *providers;
    size_t role_count;
    struct site_role *roles;
};

ATT_CHECK bool site_file_read(struct cli *c, const char *path, struct site_file *ret, struct att_err *err);
/* The provider of that name in the file; NULL when there is none. */
const struct site_provider *site_file_provider(const struct site_file *s, const char *name);

#endif
