/* What handlers of the control plane read: a JSON body, preconditions. */
#include "api/internal.h"

#include "base/err.h"
#include "codec/json.h"

#include <stdio.h>
#include <stdlib.h>

bool api_body_json(struct api_call *call, struct att_json *ret, struct att_err *err)
{
    struct att_json_options options = { .limits = service_limits(call->service), .fold_case = true };

    if (call->http->body.len == 0)
        return att_fail(err, ATT_JSON_SYNTAX, "body", "a JSON object", "no bytes");
    if (!att_json_parse(call->arena, call->http->body, &options, ret, err))
        return false;
    if (att_json_type(ret, ATT_JSON_ROOT) != ATT_JSON_OBJECT)
        return att_fail(err, ATT_JSON_TYPE, "body", "a JSON object", "another JSON value");
    return true;
}

void api_answer_etag(struct api_call *call, uint64_t version)
{
    char text[32];

    (void)snprintf(text, sizeof text, "\"%llu\"", (unsigned long long)version);
    char *copy = att_arena_dup(call->arena, att_str(text));
    if (copy)
        api_answer_header(call, "ETag", att_str(copy));
}

static struct att_span trimmed(struct att_span s)
{
    while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s = att_span_of(s.ptr + 1, s.len - 1);
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* A list of entity tags, or "*". Weak ones never match: If-Match compares strongly (RFC 9110 section 13.1.1). */
static bool lists(struct att_span list, uint64_t version)
{
    char tag[32];
    bool found = false;

    if (att_span_is(trimmed(list), "*"))
        return version != 0;
    (void)snprintf(tag, sizeof tag, "\"%llu\"", (unsigned long long)version);
    while (list.len > 0 && !found) {
        const uint8_t *comma = memchr(list.ptr, ',', list.len);
        size_t len = comma ? (size_t)(comma - list.ptr) : list.len;
        found = version != 0 && att_span_is(trimmed(att_span_of(list.ptr, len)), tag);
        len += comma != NULL;
        list = att_span_of(list.ptr + len, list.len - len);
    }
    return found;
}

bool api_precondition(const struct api_call *call, uint64_t version, struct att_err *err)
{
    const struct http_header *match = http_header_find(call->http, "If-Match");
    const struct http_header *none = http_header_find(call->http, "If-None-Match");
    struct att_shown shown;

    if (match && !lists(match->value, version))
        return att_fail(err, ATT_PRECONDITION_FAILED, "If-Match", "the tag of the present version", "%s",
                        att_shown(&shown, match->value));
    if (none && lists(none->value, version))
        return att_fail(err, ATT_PRECONDITION_FAILED, "If-None-Match", "a resource of no such tag", "%s",
                        att_shown(&shown, none->value));
    return true;
}
