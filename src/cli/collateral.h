/* cli/collateral.h - attestctl collateral: what surrounds evidence, looked at, fetched, packed and unpacked. */
#ifndef CLI_COLLATERAL_H
#define CLI_COLLATERAL_H

#include <attest/collateral_bundle.h>

#include "cli/command.h"

extern const struct cli_command cli_collateral_show;
extern const struct cli_command cli_collateral_export;
extern const struct cli_command cli_collateral_import;
extern const struct cli_command cli_collateral_fetch;
extern const struct cli_command cli_collateral_doctor;

/* One item as a server, or a file, has it. Texts live in the arena; "" when there is none. */
struct coll_item {
    const char *id;
    const char *source;
    int64_t evaluation_number, issued_unix_s, next_unix_s, fetched_unix_s;
    bool held, aging;
    const char *code, *found; /* of the last try, or of the item's own refusal */
    int64_t http_status;
    struct att_span body, chain;
};
struct coll_list {
    struct coll_item *items;
    size_t count;
    struct att_tcb_floor *floors;
    size_t floor_count;
    int64_t now_unix_s;
    struct att_span file, keys; /* of a bundle: as read, and the JWK set that it was checked with */
};

#define COLL_ADMIN_DEFAULT "http://127.0.0.1:8444"

/* Of a running attestd, by its admin listener (NULL: COLL_ADMIN_DEFAULT); `bytes`: with body and chain, and only what it holds. */
ATT_CHECK bool coll_read_admin(struct cli *c, const char *admin, bool bytes, struct coll_list *ret,
                               struct att_err *err);
/* Of a file of `collateral export`, whose signature is checked by --trust, and each item by its vendor's. */
ATT_CHECK bool coll_read_bundle(struct cli *c, const struct att_lib *lib, const char *path,
                                struct coll_list *ret, struct att_err *err);
/* The library, with --trust-root when it was given. Caller frees. */
ATT_CHECK bool coll_lib(struct cli *c, struct att_lib **ret, struct att_err *err);
/* The file of --trust as a JWK set: it is one, or certificates in PEM. */
ATT_CHECK bool coll_trust(struct cli *c, struct att_span *ret_jwks, struct att_err *err);

#endif
