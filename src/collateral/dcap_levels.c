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

/* The names that att_tcb_status_of knows, without those that are conclusions. */
static enum att_tcb_status document_status(struct att_span name)
{
    enum att_tcb_status s = att_tcb_status_of(name);

    return s == ATT_STATUS_TD_RELAUNCH_ADVISED || s == ATT_STATUS_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
               ? ATT_STATUS_UNKNOWN
               : s;
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
    v.status = document_status(status);
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

static bool svn_level_read(const struct att_json *j, att_json_id id, const char *where,
                           struct att_arena *scratch, struct att_arena *keep, struct dcap_svn_level *ret,
                           struct att_err *err)
{
    att_json_id tcb;
    uint32_t isvsvn;

    if (!att_json_want(j, id, where, "tcb", ATT_JSON_OBJECT, &tcb, err) ||
        !att_json_want_u32(j, tcb, where, "isvsvn", UINT16_MAX, &isvsvn, err) ||
        !dcap_level_verdict(j, id, where, scratch, keep, &ret->verdict, err))
        return false;
    ret->isvsvn = (uint16_t)isvsvn;
    if (ret->verdict.status != ATT_STATUS_UP_TO_DATE && ret->verdict.status != ATT_STATUS_OUT_OF_DATE &&
        ret->verdict.status != ATT_STATUS_REVOKED)
        return att_fail(err, ATT_JSON_RANGE, where, "UpToDate, OutOfDate or Revoked", "%s",
                        att_tcb_status_name(ret->verdict.status));
    return true;
}

bool dcap_svn_levels_read(const struct att_json *j, att_json_id owner, const char *where,
                          struct att_arena *scratch, struct att_arena *keep,
                          const struct dcap_svn_level **ret, size_t *ret_count, struct att_err *err)
{
    const char *dot = where[0] ? "." : "";
    char place[96];
    att_json_id list;
    unsigned count = 0;

    if (!dcap_levels_list(j, owner, where, &list, err))
        return false;
    struct dcap_svn_level *levels = att_arena_alloc(keep, j->nodes[list].count, sizeof *levels);
    if (!levels)
        return att_fail_memory(err, "tcbLevels");
    for (att_json_id id = att_json_first(j, list); id != ATT_JSON_NONE; id = att_json_next(j, id)) {
        struct dcap_svn_level level = { 0 };
        unsigned at = count;
        (void)snprintf(place, sizeof place, "%s%stcbLevels[%u]", where, dot, count);
        if (!svn_level_read(j, id, place, scratch, keep, &level, err))
            return false;
        for (; at > 0 && levels[at - 1].isvsvn < level.isvsvn; at--)
            levels[at] = levels[at - 1];
        if (at > 0 && levels[at - 1].isvsvn == level.isvsvn)
            return att_fail(err, ATT_JSON_RANGE, place, "every ISVSVN once", "%u twice", level.isvsvn);
        levels[at] = level;
        count++;
    }
    *ret = levels;
    *ret_count = count;
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
