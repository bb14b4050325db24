#include "makers/der.h"

void mk_der_put(struct att_buf *out, uint8_t tag, struct att_span content)
{
    uint8_t head[4] = { tag };
    size_t n = 0;

    if (content.len < 0x80) {
        head[1] = (uint8_t)content.len;
        n = 2;
    } else if (content.len < 0x100) {
        head[1] = 0x81;
        head[2] = (uint8_t)content.len;
        n = 3;
    } else if (content.len < 0x10000) {
        head[1] = 0x82;
        head[2] = (uint8_t)(content.len >> 8);
        head[3] = (uint8_t)content.len;
        n = 4;
    } else {
        out->failed = true;
        return;
    }
    att_buf_put(out, att_span_of(head, n));
    att_buf_put(out, content);
}
