/* eventlog/cover.h - does a digest cover a body? For the files of this folder: log_event_cover, with a failure of the crypto library
 * told apart from "no". */
#ifndef EVENTLOG_COVER_H
#define EVENTLOG_COVER_H

#include "eventlog/body.h"

/* False: the library failed. */
ATT_CHECK bool cover_read(const struct log_env *env, const struct log_event *e, enum att_hash bank,
                          enum log_cover *ret);

#endif
