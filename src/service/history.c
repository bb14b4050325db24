/* What policies were set before, by whom and when: one page as JSON. */
#include <attest/policy.h>
#include <attest/token.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/timetext.h"
#include "codec/json.h"
#include "service/policy_internal.h"

enum { HASH_SIZE = 44, BATCH = 5, PAGE_BYTES = 1 << 20 };

static void put_text_or_null(struct att_json_writer *w, const char *name, const char *text)
{
    att_jw_key(w, name);
    if (text && text[0])
        att_jw_str(w, text);
    else
        att_jw_null(w);
}

/* The hash that tokens carried while this policy was in force. */
static bool policy_hash_of(const struct service *s, struct att_arena *arena,
                           const struct site_policy_event *e, char ret[HASH_SIZE], struct att_err *err)
{
    struct att_span text = { 0 };

    ret[0] = '\0';
    if (e->removed)
        return true;
    return att_policy_from_client(arena, e->token, service_limits(s), &text, err) &&
           att_policy_hash(text, ret, err);
}

static bool put_event(const struct service *s, struct att_arena *arena, struct att_json_writer *w,
                      const struct site_policy_event *e, struct att_err *err)
{
    struct att_time_text at;
    char hash[HASH_SIZE];

    if (!policy_hash_of(s, arena, e, hash, err))
        return att_fail_as(err, ATT_STORE_FAILED, "provider.history");
    att_jw_object(w);
    att_jw_key(w, "number");
    att_jw_int(w, (int64_t)e->number);
    put_text_or_null(w, "policyHash", hash);
    put_text_or_null(w, "principal", e->by);
    put_text_or_null(w, "requestId", e->request_id);
    put_text_or_null(w, "result", e->removed ? "Removed" : "Updated");
    put_text_or_null(w, "signer", e->signer);
    put_text_or_null(w, "time", att_time_text(&at, e->at_unix_s));
    att_jw_key(w, "token");
    att_jw_string(w, e->token);
    att_jw_end_object(w);
    return true;
}

/* A page ends with its number of events or, policies being as long as they like, with its bytes. */
struct page {
    struct att_json_writer w;
    size_t events;
    uint64_t last; /* number of the last event in it; they go down to 1 without a gap */
};

static bool put_batch(const struct service *s, struct att_arena *arena, struct page *page,
                      const struct site_policy_event *events, size_t count, struct att_err *err)
{
    for (size_t i = 0; i < count; i++, page->events++) {
        if (!put_event(s, arena, &page->w, &events[i], err))
            return false;
        page->last = events[i].number;
    }
    return true;
}

static bool put_events(const struct service *s, struct att_arena *arena, const struct site_provider *p,
                       const struct service_type_row *type, uint64_t before, struct page *page,
                       struct att_err *err)
{
    struct site_policy_event *events = NULL;
    size_t count = 0;

    page->last = before;
    do {
        if (!site_history_list(s->options.site, arena, p, type->key, page->last, BATCH, &events, &count,
                               err) ||
            !put_batch(s, arena, page, events, count, err))
            return false;
    } while (count == BATCH && page->last > 1 && page->events + BATCH <= SERVICE_HISTORY_PAGE &&
             page->w.out->len < PAGE_BYTES);
    return true;
}

bool service_policy_history(struct service *s, const struct site_provider *p, struct att_arena *arena,
                            const char *type, uint64_t before, struct att_span *ret_json, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf out = { 0 };
    const struct service_type_row *row = policy_type_row(type, err);
    struct page page = { .w = { .out = &out } };

    if (!row)
        return false;
    att_jw_object(&page.w);
    att_jw_key(&page.w, "value");
    att_jw_array(&page.w);
    if (!put_events(s, arena, p, row, before, &page, err))
        return false;
    att_jw_end_array(&page.w);
    att_jw_key(&page.w, "nextBefore");
    if (page.events > 0 && page.last > 1)
        att_jw_int(&page.w, (int64_t)page.last);
    else
        att_jw_null(&page.w);
    att_jw_end_object(&page.w);
    char *copy = out.failed ? NULL : att_arena_dup(arena, att_buf_span(&out));
    if (!copy)
        return att_fail_memory(err, "provider.history");
    *ret_json = att_span_of(copy, out.len);
    return true;
}
