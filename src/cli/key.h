/* cli/key.h - attestctl key: signing keys of a store, listed and changed by who administers the machine. */
#ifndef CLI_KEY_H
#define CLI_KEY_H

#include "cli/operator.h"
#include "keys/change.h"
#include "keys/order.h"

extern const struct cli_command cli_key_list;
extern const struct cli_command cli_key_rotate;
extern const struct cli_command cli_key_retire;

#define OPTION_PURPOSE                                                                                       \
    {                                                                                                        \
        .name = "purpose", .argument = "NAME", .help = "attestation (unless given) or authority."            \
    }
#define OPTION_WAIT                                                                                          \
    {                                                                                                        \
        .name = "wait", .argument = "SECONDS",                                                               \
        .help = "How long to wait for an attestd that carries it out; 15 unless given, 0: not at all."       \
    }

/* What the three of them work with. Close it whatever happened. */
struct key_desk {
    struct cli *c;
    struct config config;
    struct store *store;
    const char *purpose;
    const char *alg; /* of what is signed */
    char by[OPERATOR_BY_SIZE];
    struct keyrows *rows;
};
ATT_CHECK bool key_desk_open(struct cli *c, struct key_desk *ret, struct att_err *err);
void key_desk_close(struct key_desk *d);
/* The rows as they are now. */
ATT_CHECK bool key_desk_read(struct key_desk *d, struct att_err *err);
/* --NAME as whole seconds, at most `max`. */
ATT_CHECK bool key_seconds(const struct cli *c, const char *name, int64_t unless_given, int64_t max,
                           int64_t *ret, struct att_err *err);
/* Inside of the transaction: an order, of which there may be one at a time. KEY_STATE. */
ATT_CHECK bool key_desk_order(struct key_desk *d, struct store_tx *tx, int64_t activate_in_s,
                              const char *retire, struct att_err *err);
/* Until an attestd has carried the order out; then the rows are those after it. SERVICE_UNAVAILABLE: nobody did in time. */
ATT_CHECK bool key_desk_wait(struct key_desk *d, int64_t seconds, struct att_err *err);

#endif
