/* makers/cbor.h - writing CBOR: heads in their shortest form, what follows is the caller's. Private to makers. */
#ifndef MAKERS_CBOR_H
#define MAKERS_CBOR_H

#include "base/buf.h"

enum mk_cbor_major {
    MK_CBOR_UINT,
    MK_CBOR_NEGATIVE,
    MK_CBOR_BYTES,
    MK_CBOR_TEXT,
    MK_CBOR_ARRAY,
    MK_CBOR_MAP,
    MK_CBOR_TAG,
};

void mk_cbor_head(struct att_buf *out, enum mk_cbor_major major, uint64_t argument);
void mk_cbor_int(struct att_buf *out, int64_t value);
void mk_cbor_bytes(struct att_buf *out, struct att_span content);
void mk_cbor_text(struct att_buf *out, const char *content);

#endif
