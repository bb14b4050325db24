/* cli/caret.h - a line of text with a caret under the place that is meant. */
#ifndef CLI_CARET_H
#define CLI_CARET_H

#include "base/buf.h"

/* Columns count code points from 1; a long line is shown around the column. */
void cli_put_caret(struct att_buf *b, struct att_span line, unsigned column);

#endif
