#include "collateral/dcap_levels.h"

#include "base/err.h"
#include "base/timetext.h"

#include <stdio.h>

static bool advisories_read(const struct att_json *j, att_json_id list, const char *where,
                            struct att_arena *scratch, struct att_arena *keep,
                            struct dcap_verdict_of_level *ret, struct att_err *err)
{
    size_t count = j->nodes[list].count;
    size_t at = 0;

    if (att_json_type(j, list) != ATT_JSON_ARRAY || count > DCAP_ADVISORIES_MAX)
        return att_fail(err, ATT_JSON_TYPE, where, "advisoryIDs: a short list of texts", "something else");
    struct att_span *ids = att_arena_alloc(keep, count ? count : 1, sizeof *ids);
    if (!ids)
        return att_fail_memory(err, where);
    for (att_json_id id = att_json_first(j, list); id != ATT_JSON_NONE; id = att_json_next(j, id)) {
        struct att_span text = { 0 };
        bool is_text = att_json_type(j, id) == ATT_JSON_STRING;
        if (is_text && !att_json_string(j, scratch, id, &text))
            return att_fail_memory(err, where);
        if (!is_text || text.len > DCAP_ADVISORY_BYTES_MAX)
            return att_fail(err, ATT_JSON_TYPE, where, "advisoryIDs: short texts", "something else");
        char *copy = att_arena_dup(keep, text);
        if (!copy)
            return att_fail_memory(err, where);
        ids[at++] = att_span_of(copy, text.len);
    }
    ret->advisories = ids;
    ret->advisory_count = count;
    return true;
}

bool dcap_level_verdict(const struct att_json *j, att_json_id level, const char *where,
                        struct att_arena *scratch, struct att_arena *keep, struct dcap_verdict_of_level *ret,
                        struct att_err *err)
{
    struct dcap_verdict_of_level v = { 0 };
    struct att_span status;

    if (!att_json_want_time(j, scratch, level, where, "tcbDate", &v.date_unix_s, err) ||
        !att_json_want_string(j, scratch, level, where, "tcbStatus", &status, err))
        return false;
    v.status = att_tcb_status_of(status);
    if (v.status == ATT_STATUS_UNKNOWN)
        return att_fail(err, ATT_JSON_RANGE, where, "a tcbStatus that Intel defines", "%s",
                        att_shown(&(struct att_shown){ 0 }, status));
    att_json_id list = att_json_get(j, level, "advisoryIDs");
    if (list != ATT_JSON_NONE && !advisories_read(j, list, where, scratch, keep, &v, err))
        return false;
    *ret = v;
    return true;
}

bool dcap_levels_list(const struct att_json *j, att_json_id body, const char *where, att_json_id *ret,
                      struct att_err *err)
{
    att_json_id list;

    if (!att_json_want(j, body, where, "tcbLevels", ATT_JSON_ARRAY, &list, err))
        return false;
    if (j->nodes[list].count == 0 || j->nodes[list].count > DCAP_LEVELS_MAX)
        return att_fail(err, ATT_JSON_RANGE, where, "1 to 128 tcbLevels", "%u", j->nodes[list].count);
    *ret = list;
    return true;
}

bool dcap_window(const struct att_json *j, struct att_arena *scratch, att_json_id body, const char *where,
                 int64_t *ret_issued, int64_t *ret_next, struct att_err *err)
{
    int64_t issued, next;

    if (!att_json_want_time(j, scratch, body, where, "issueDate", &issued, err) ||
        !att_json_want_time(j, scratch, body, where, "nextUpdate", &next, err))
        return false;
    if (next < issued)
        return att_fail(err, ATT_JSON_RANGE, where, "nextUpdate not before issueDate", "%s",
                        att_time_text(&(struct att_time_text){ 0 }, next));
    *ret_issued = issued;
    *ret_next = next;
    return true;
}
