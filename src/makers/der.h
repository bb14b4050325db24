/* makers/der.h - writing DER: tag, minimal length, content. Private to makers; contents may be wrong on purpose. */
#ifndef MAKERS_DER_H
#define MAKERS_DER_H

#include "base/buf.h"

/* Content under 64 KiB; the buffer fails otherwise. */
void mk_der_put(struct att_buf *out, uint8_t tag, struct att_span content);

#endif
