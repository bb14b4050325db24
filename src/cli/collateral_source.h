/* cli/collateral_source.h - the vendor's service that a command asks: --kind, --url, --ca, --api-key-file, --proxy. */
#ifndef CLI_COLLATERAL_SOURCE_H
#define CLI_COLLATERAL_SOURCE_H

#include "cli/command.h"
#include "supply/supply.h"
#include "supply/supply_fetch.h"

struct coll_source {
    struct supply_source source;
    struct supply_fetch fetch; /* ctx of supply_fetch */
};

/* The kind follows from the evidence type (first operand) unless it is given. Nothing is asked yet. */
ATT_CHECK bool coll_source_open(struct cli *c, struct coll_source *ret, struct att_err *err);
void coll_source_close(struct coll_source *s); /* also for { 0 } */
int64_t coll_elapsed_ms(void *ctx);            /* monotonic */

#define COLL_SOURCE_OPTIONS                                                                                  \
    { .name = "kind",                                                                                        \
      .argument = "pcs|pccs|kds",                                                                            \
      .help = "What answers there; if not given, kds for sev-snp and pcs for all others." },                 \
        { .name = "url",                                                                                     \
          .argument = "URL",                                                                                 \
          .help = "Its address without the path of the API; the vendor's own if not given." },               \
        { .name = "ca", .argument = "PEM", .help = "The CAs it is known by; the system's if not given." },   \
        { .name = "api-key-file",                                                                            \
          .argument = "FILE",                                                                                \
          .help = "File whose first line is the subscription key (PCS); only you can read it." },            \
    {                                                                                                        \
        .name = "proxy", .argument = "URL", .help = "http://HOST:PORT; the environment is not asked."        \
    }

#endif
