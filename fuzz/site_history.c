/* layers: site access store codec base */
/* Rows of what happened to policies. Number in the first byte, then the body: of an event, and of the row that holds the last
 * number. What is read is written again, and that reads as the same; what is refused says what, where and what would have
 * been right. */
#include "site/row.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { AT = 1800000000 };

static void require(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static void check_event(struct att_arena *a, const struct store_doc *doc, const struct site_policy_event *e,
                        uint64_t number)
{
    struct att_buf first = { 0 };
    struct att_buf second = { 0 };
    struct site_policy_event again = { 0 };
    struct store_doc written = *doc;
    struct att_err err = { 0 };
    unsigned dots = 0;

    require(e->number == number && e->at_unix_s == AT && strlen(e->by) >= 1 && strlen(e->by) <= 256 &&
            strlen(e->request_id) <= 1024 && (strlen(e->signer) == 0 || strlen(e->signer) == 40));
    for (size_t i = 0; i < e->token.len; i++)
        dots += e->token.ptr[i] == '.';
    require(dots == 2);
    require(site_event_encode(e, a, &first, &err));
    written.body = att_buf_span(&first);
    require(site_event_decode(&written, number, a, &again, &err));
    require(site_event_encode(&again, a, &second, &err));
    require(att_span_eq(att_buf_span(&first), att_buf_span(&second)));
    require(!site_event_decode(&written, number + 1, a, &again, &err)); /* a row that was moved */
    att_buf_free(&first);
    att_buf_free(&second);
}

static void refusal(const struct att_err *err)
{
    require(err->code != ATT_OK && err->where[0] && err->expected[0] && err->text[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct site_policy_event e = { 0 };
    struct att_err err = { 0 };
    uint64_t last = 0;

    if (size < 1)
        return 0;
    struct att_arena *a = att_arena_new((size_t)64 << 20);
    require(a);
    const struct store_doc doc = { .tenant = "t",
                                   .kind = SITE_ROW_EVENT,
                                   .id = "i",
                                   .version = 1,
                                   .changed_unix_s = AT,
                                   .body = att_span_of(data + 1, size - 1) };
    if (site_event_decode(&doc, data[0], a, &e, &err)) {
        check_event(a, &doc, &e, data[0]);
    } else {
        refusal(&err);
        require(!e.by && e.number == 0);
    }
    err = (struct att_err){ 0 };
    if (site_history_decode(&doc, a, &last, &err))
        require(last >= 1 && last <= UINT32_MAX);
    else
        refusal(&err);
    att_arena_free(a);
    return 0;
}
