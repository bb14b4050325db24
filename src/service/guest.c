/* What Azure guests get: their token, readable by their own TPM alone. */
#include <attest/tpm.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "service/internal.h"

bool service_guest_seal(const struct service *s, struct att_arena *arena, const struct att_verdict *verdict,
                        struct att_span token, struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
    struct att_span json = { 0 };

    if (verdict->seal_to.len == 0) /* a report of the paravisor: good for attestctl, of no use to a client */
        return att_fail(err, ATT_GUEST_REQUEST_MALFORMED, "guest.TpmInfo.EncKeyPub",
                        "a key that the answer can be sealed to", "none");
    if (!att_guest_seal(s->options.lib, arena, verdict->seal_to, token, &json, err))
        return false;
    att_base64url_put(&text, json);
    char *copy = text.failed ? NULL : att_arena_dup(arena, att_buf_span(&text));
    if (!copy)
        return att_fail_memory(err, "guest.answer");
    *ret = att_span_of(copy, text.len);
    return true;
}
