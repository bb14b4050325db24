/* records/text.h - a record as one line of JSON, with the names that resource logs of the original service have. */
#ifndef RECORDS_TEXT_H
#define RECORDS_TEXT_H

#include "base/buf.h"
#include "records/records.h"

enum { RECORD_TRACE_ID_CHARS = 32, RECORD_SPAN_ID_CHARS = 16 };

/* Rooms that are used again, so that a record costs no allocation once they have grown. */
struct record_writer {
    struct att_buf out, inner, clean;
    const char *location, *instance; /* borrowed */
};

/* The object without an end of line; borrowed from the writer until the next call. An empty span when memory is out. */
struct att_span record_text(struct record_writer *w, const struct record *r);
void record_writer_free(struct record_writer *w);

/* Appends a text that nobody can do harm with: valid UTF-8 of at most RECORD_TEXT_BYTES bytes, cut at the end of a character, "?" for
 * control characters, marks of writing direction and what is no UTF-8, and "[token]" where something reads like a bearer token. */
void record_clean(struct att_buf *out, const char *text);

/* The two numbers of a traceparent header (W3C Trace Context), or false. */
bool record_trace(const char *traceparent, char trace[RECORD_TRACE_ID_CHARS + 1],
                  char span[RECORD_SPAN_ID_CHARS + 1]);

#endif
