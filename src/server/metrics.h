/* server/metrics.h - Prometheus text from the table metrics.def. */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "base/buf.h"
#include "server/admin.h"

void metrics_write(struct admin *admin, bool ready, struct att_buf *out);

#endif
