/* The audit trail of a scope, as far as it belongs to the caller's tenant. */
#include "api/arm/roles.h"

#include "base/err.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    TOP_DEFAULT = 100,
    TOP_MAX = 1000,
    CHUNK = 8,                  /* records read at once: each has up to 1 MiB */
    ANSWER_BYTES_MAX = 1 << 20, /* then the page ends early */
    CHUNK_BYTES_MAX = 32 << 20,
    URL_BYTES_MAX = 4096,
};

struct page {
    const char *scope;
    uint64_t after; /* of the last record that is in the page */
    size_t top, count;
    bool more;
};

static bool page_read(struct api_call *call, struct page *ret, struct att_err *err)
{
    uint64_t after = 0, top = TOP_DEFAULT;
    struct role_scope scope;

    if (!role_scope_of(call->arena, api_param(call, "scope"), &scope, err) ||
        !api_query_number(call, "after", 0, INT64_MAX, &after, err) ||
        !api_query_number(call, "top", 1, TOP_MAX, &top, err))
        return false;
    *ret = (struct page){ .scope = scope.key, .after = after, .top = (size_t)top };
    return true;
}

/* One more chunk of the page; *ret_end: nothing more fits into it, or there is nothing more. */
static bool chunk(struct api_call *call, struct att_arena *arena, struct page *page,
                  struct att_json_writer *w, bool *ret_end, struct att_err *err)
{
    struct site_audit_row *rows = NULL;
    size_t count = 0;

    /* The tenant is the caller's, which is the subscription's: the permission was given for that. */
    if (!site_audit_list(call->site, arena, call->who.tenant, page->scope, page->after, CHUNK, &rows, &count,
                         err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (page->count == page->top ||
            (page->count > 0 && w->out->len + rows[i].body.len > ANSWER_BYTES_MAX)) {
            page->more = *ret_end = true;
            return true;
        }
        att_jw_raw(w, rows[i].body);
        page->after = rows[i].seq;
        page->count++;
    }
    *ret_end = count < CHUNK;
    return true;
}

static bool records(struct api_call *call, struct page *page, struct att_json_writer *w, struct att_err *err)
{
    struct att_arena *arena = att_arena_new(CHUNK_BYTES_MAX);
    bool ok = arena || att_fail_memory(err, "audit"), end = false;

    while (ok && !end) {
        ok = chunk(call, arena, page, w, &end, err);
        if (ok)
            att_arena_reset(arena);
    }
    att_arena_free(arena);
    return ok;
}

static void put_next(struct arm_out *out, const struct page *page)
{
    char url[URL_BYTES_MAX];
    /* The scope as we write it ourselves: the names in it are of letters that need no escape. */
    int len = snprintf(
        url, sizeof url,
        "%s%s/providers/" ARM_NAMESPACE "/auditRecords?api-version=%s&after=%" PRIu64 "&top=%zu",
        service_base_url(out->call->service), page->scope, out->call->version_text, page->after, page->top);

    out->text.failed = out->text.failed || len < 0 || (size_t)len >= sizeof url;
    arm_put(out, "nextLink", url);
}

bool audit_list(struct api_call *call, struct att_err *err)
{
    struct page page;
    struct arm_out out;

    if (!page_read(call, &page, err) || !arm_out_begin(call, &out, err))
        return false;
    arm_out_list(&out);
    bool ok = records(call, &page, &out.w, err);
    if (ok) {
        att_jw_end_array(&out.w);
        if (page.more)
            put_next(&out, &page);
        att_jw_end_object(&out.w);
        ok = arm_out_send(&out, 200, err);
    }
    arm_out_end(&out);
    return ok;
}
