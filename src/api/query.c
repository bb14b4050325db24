/* Numbers in a query. */
#include "api/internal.h"

#include "base/err.h"

#include <inttypes.h>
#include <stdio.h>

bool api_query_number(struct api_call *call, const char *name, uint64_t least, uint64_t most, uint64_t *ret,
                      struct att_err *err)
{
    struct att_span text = { 0 };
    struct att_shown shown;
    bool present = false;
    uint64_t value = 0;

    if (!http_query_get(call->arena, call->http->query, name, &present, &text, err))
        return false;
    if (!present)
        return true;
    bool ok = text.len > 0 && text.len <= 18; /* below 10^18 */
    for (size_t i = 0; ok && i < text.len; i++) {
        ok = text.ptr[i] >= '0' && text.ptr[i] <= '9';
        value = value * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    if (!ok || value < least || value > most) {
        char expected[64];
        (void)snprintf(expected, sizeof expected, "a number from %" PRIu64 " to %" PRIu64, least, most);
        return att_fail(err, ATT_PARAMETER_INVALID, name, expected, "\"%s\"", att_shown(&shown, text));
    }
    *ret = value;
    return true;
}
