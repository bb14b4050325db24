/* api-versions: a closed list for the data plane, one list for each resource type of the control plane. */
#include "api/internal.h"

#include "base/err.h"

#include <stdio.h>

static const struct {
    const char *text;
    enum api_version version;
} versions[] = {
    { "2018-09-01-preview", API_2018_09_01_PREVIEW },
    { "2020-10-01", API_2020_10_01 },
    { "2022-08-01", API_2022_08_01 },
    { "2022-09-01-preview", API_2022_09_01_PREVIEW },
    { "2022-09-01", API_2022_09_01 },
    { "2023-04-01-preview", API_2023_04_01_PREVIEW },
    { "2025-06-01", API_2025_06_01 },
};
static const char versions_known[] =
    "2018-09-01-preview, 2020-10-01, 2022-08-01, 2022-09-01-preview, 2022-09-01, "
    "2023-04-01-preview or 2025-06-01";

static bool data_version(const struct api_route *route, struct att_span text, enum api_version *ret,
                         struct att_err *err)
{
    struct att_shown shown;

    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        if (!att_span_is(text, versions[i].text))
            continue;
        if (route->only_2018 && versions[i].version != API_2018_09_01_PREVIEW)
            return att_fail(err, ATT_API_VERSION_UNKNOWN, "api-version", "2018-09-01-preview at this path",
                            "%s", versions[i].text);
        *ret = versions[i].version;
        return true;
    }
    if (route->version_optional) { /* clients of later versions may send one that we do not know yet */
        *ret = API_VERSION_NONE;
        return true;
    }
    return att_fail(err, ATT_API_VERSION_UNKNOWN, "api-version", versions_known, "%s",
                    text.len > 0 ? att_shown(&shown, text) : "nothing behind the =");
}

static bool listed(const char *list, struct att_span text, const char **ret, size_t *ret_len)
{
    for (const char *p = list; *p;) {
        size_t len = strcspn(p, " ");
        if (text.len == len && memcmp(text.ptr, p, len) == 0) {
            *ret = p;
            *ret_len = len;
            return true;
        }
        p += len + (p[len] == ' ');
    }
    return false;
}

static bool control_version(const struct api_route *route, struct att_arena *arena, struct att_span text,
                            const char **ret, struct att_err *err)
{
    struct att_shown shown;
    const char *found = NULL;
    size_t len = 0;

    if (!listed(route->versions, text, &found, &len))
        return att_fail(err, ATT_API_VERSION_UNKNOWN, "api-version", route->versions, "%s",
                        text.len > 0 ? att_shown(&shown, text) : "nothing behind the =");
    *ret = att_arena_dup(arena, att_span_of(found, len));
    return *ret || att_fail_memory(err, "api-version");
}

bool api_version_of(const struct api_route *route, struct att_arena *arena, struct att_span query,
                    enum api_version *ret, const char **ret_text, struct att_err *err)
{
    struct att_span text = { 0 };
    bool present = false;

    *ret = API_VERSION_NONE;
    *ret_text = "";
    /* An authority's paths have no api-version, and its clients send queries of their own. */
    if (route->plane == API_AUTHORITY)
        return true;
    if (!http_query_get(arena, query, "api-version", &present, &text, err))
        return false;
    if (!present)
        return route->version_optional ||
               att_fail(err, ATT_API_VERSION_MISSING, "api-version",
                        route->plane == API_CONTROL ? route->versions : versions_known, "none");
    return route->plane == API_CONTROL ? control_version(route, arena, text, ret_text, err)
                                       : data_version(route, text, ret, err);
}
