/* Rows of what happened to policies. They are no objects of the site: memory never holds them. */
#include "base/err.h"
#include "site/row.h"

static bool is_thumbprint(struct att_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!(s.ptr[i] >= '0' && s.ptr[i] <= '9') && !(s.ptr[i] >= 'A' && s.ptr[i] <= 'F'))
            return false;
    return s.len == 0 || s.len == 40;
}

static const struct site_form form_thumbprint = { "40 hexadecimal digits in upper case, or nothing",
                                                  is_thumbprint, 0, 40 };

/* Numbers fit into the ten digits of an id. */
struct event_row {
    uint32_t number;
    struct site_policy_event event;
};
struct history_row {
    uint32_t last;
};

static const struct site_field event_fields[] = {
    { .name = "at", .type = SITE_TIME, .offset = offsetof(struct event_row, event.at_unix_s) },
    { .name = "by",
      .type = SITE_TEXT,
      .offset = offsetof(struct event_row, event.by),
      .form = &site_form_actor },
    { .name = "number", .type = SITE_NUMBER, .offset = offsetof(struct event_row, number) },
    { .name = "removed", .type = SITE_FLAG, .offset = offsetof(struct event_row, event.removed) },
    { .name = "request_id",
      .type = SITE_TEXT,
      .offset = offsetof(struct event_row, event.request_id),
      .form = &site_form_text_or_empty },
    { .name = "signer",
      .type = SITE_TEXT,
      .offset = offsetof(struct event_row, event.signer),
      .form = &form_thumbprint },
    { .name = "token",
      .type = SITE_TEXT_SPAN,
      .offset = offsetof(struct event_row, event.token),
      .form = &site_form_jws },
    { 0 },
};

static const struct site_field history_fields[] = {
    { .name = "last", .type = SITE_NUMBER, .offset = offsetof(struct history_row, last) },
    { 0 },
};

static bool number_fits(uint64_t number, const char *where, struct att_err *err)
{
    if (number >= 1 && number <= UINT32_MAX)
        return true;
    return att_fail(err, ATT_LIMIT_EXCEEDED, where, "a number from 1 to 4294967295", "%llu",
                    (unsigned long long)number);
}

bool site_event_encode(const struct site_policy_event *event, struct att_arena *arena, struct att_buf *out,
                       struct att_err *err)
{
    if (!number_fits(event->number, "site." SITE_ROW_EVENT ".number", err))
        return false;
    const struct event_row row = { (uint32_t)event->number, *event };
    return site_fields_encode(event_fields, &row, "site." SITE_ROW_EVENT, arena, out, err);
}

bool site_event_decode(const struct store_doc *doc, uint64_t number, struct att_arena *arena,
                       struct site_policy_event *ret, struct att_err *err)
{
    struct event_row row = { 0 };

    if (!site_fields_decode(event_fields, doc->body, "site." SITE_ROW_EVENT, arena, &row, err))
        return false;
    if (row.number != number)
        return att_fail(err, ATT_PARAMETER_INVALID, "site." SITE_ROW_EVENT ".number", "the number of its id",
                        "%u instead of %llu", row.number, (unsigned long long)number);
    if (row.event.at_unix_s != doc->changed_unix_s)
        return att_fail(err, ATT_PARAMETER_INVALID, "site." SITE_ROW_EVENT ".at", "the time of the row",
                        "another");
    row.event.number = row.number;
    *ret = row.event;
    return true;
}

bool site_history_encode(uint64_t last, struct att_arena *arena, struct att_buf *out, struct att_err *err)
{
    if (!number_fits(last, "site." SITE_ROW_HISTORY ".last", err))
        return false;
    const struct history_row row = { (uint32_t)last };
    return site_fields_encode(history_fields, &row, "site." SITE_ROW_HISTORY, arena, out, err);
}

bool site_history_decode(const struct store_doc *doc, struct att_arena *arena, uint64_t *ret_last,
                         struct att_err *err)
{
    struct history_row row = { 0 };

    if (!site_fields_decode(history_fields, doc->body, "site." SITE_ROW_HISTORY, arena, &row, err) ||
        !number_fits(row.last, "site." SITE_ROW_HISTORY ".last", err))
        return false;
    *ret_last = row.last;
    return true;
}
