/* server/metrics_parts.h - what the files of /metrics share. */
#ifndef SERVER_METRICS_PARTS_H
#define SERVER_METRICS_PARTS_H

#include "api/api.h"
#include "server/metrics.h"

enum metric {
#define M(name, type, help) METRIC_##name,
#include "server/metrics.def"
#undef M
    METRIC_COUNT
};

/* HELP and TYPE. */
void metrics_head(struct att_buf *b, enum metric m);

/* metrics_time.c. `api` may be NULL. */
void metrics_durations(struct att_buf *b, const struct service *service);
void metrics_requests(struct att_buf *b, const struct api *api);
/* metrics_process.c: under the names that Prometheus' own libraries give them. What the system does not tell is left out. */
void metrics_process(struct att_buf *b);

#endif
