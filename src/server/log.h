/* server/log.h - structured logs: one JSON object a line on stderr.
 *
 * Never a token, a key or an evidence body: only names, codes, counts and places. Lines are written whole.
 */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include <attest/error.h>

enum log_level { LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* `what` names the event ("collateral.refused"); then pairs of name, value ending with NULL. */
void log_event(enum log_level level, const char *what, ...) __attribute__((sentinel));
void log_refusal(enum log_level level, const char *what, const struct att_err *err);

#endif
