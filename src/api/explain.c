/* x-attestd-explain: 1 - why, for callers whose role may know. Whoever may not gets the answer of one who did not ask: no
 * challenge, no other status, and no hint that there was more to be had. */
#include "api/internal.h"

bool api_wants_explanation(const struct api_call *call)
{
    const struct http_header *h =
        call->route->explain_action ? http_header_find(call->http, "x-attestd-explain") : NULL;

    return h && http_text_is(h->value, "1");
}

void api_explain_allow(struct api_call *call)
{
    call->explain = api_wants_explanation(call) && call->who.principal &&
                    api_may(call, call->resource, call->route->explain_action);
}

bool api_explain_check(struct api_call *call, size_t *ret_refresh)
{
    struct att_err ignored = { 0 };
    bool good = api_caller_check(call, ret_refresh, &ignored);

    if (!good) {
        call->who = (struct access_identity){ 0 };
        call->changed_by = NULL;
    }
    call->caller_refused = false;
    api_explain_allow(call);
    return good;
}
