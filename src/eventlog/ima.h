/* eventlog/ima.h - what is special about digests of Linux' measurement list; for the files of this folder only. */
#ifndef EVENTLOG_IMA_H
#define EVENTLOG_IMA_H

#include "eventlog/log_source.h"

enum { IMA_PARTS_MAX = 3 };

bool ima_open(struct log_source *s);
bool ima_next(struct log_source *s, struct log_event *ret, bool *ret_more);

bool ima_ascii_open(struct log_source *s);
bool ima_ascii_next(struct log_source *s, struct log_event *ret, bool *ret_more);

/* The bytes that a record's template digest is made of, in this order; the number of parts. Of all templates but "ima" that is the
 * template data as it stands in the list. */
size_t ima_hashed(const struct log_event *e, struct att_span parts[IMA_PARTS_MAX]);

/* What every record must be, whichever form of list it came in: its register, its fields, its template digest. Sets
 * ima_violation. */
ATT_CHECK bool ima_judge(struct log_source *s, struct log_event *e);

/* How many fields the data of a template has that is known here; 0: its data is not looked into. */
size_t ima_template_fields(struct att_span name);

#endif
