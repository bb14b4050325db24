/* From a path to a route. */
#include "api/internal.h"

#include "base/err.h"

#include <stdio.h>
#include <strings.h>

static bool segment_is(struct att_span segment, const char *text, size_t len)
{
    return segment.len == len && strncasecmp((const char *)segment.ptr, text, len) == 0;
}

/* Official clients double one slash: at the start of a path, and az - for a resource without a parent - behind the
 * namespace. Just one is taken for one, and only the control plane is offered then (docs/decisions/0016). What is left
 * is looked at as always, so a second one is refused. */
static bool collapse(struct att_arena *arena, struct att_span *raw, bool *ret_doubled, struct att_err *err)
{
    const uint8_t *twice = memmem(raw->ptr, raw->len, "//", 2);

    *ret_doubled = twice && raw->len > 2;
    if (!*ret_doubled)
        return true;
    size_t before = (size_t)(twice - raw->ptr);
    uint8_t *copy = att_arena_alloc(arena, raw->len - 1, 1);
    if (!copy)
        return att_fail_memory(err, "path");
    memcpy(copy, raw->ptr, before);
    memcpy(copy + before, twice + 1, raw->len - before - 1);
    *raw = att_span_of(copy, raw->len - 1);
    return true;
}

bool api_place_of(const struct http_request *http, struct api_place *ret, struct att_err *err)
{
    struct att_span raw = http->path;
    struct api_place place = { 0 };

    if (!collapse(http->arena, &raw, &place.doubled_slash, err) ||
        !http_path_split(http->arena, raw, &place.path, err))
        return false;
    if (place.path.count >= 2 && segment_is(place.path.segments[0], "p", 1)) {
        place.provider_name = att_arena_dup(http->arena, place.path.segments[1]);
        if (!place.provider_name)
            return att_fail_memory(err, "path");
        place.skip = 2;
    }
    *ret = place;
    return true;
}

struct match {
    struct api_call *call;
    size_t literals;
    struct {
        const char *name;
        size_t name_len;
        size_t first, count; /* segments */
        size_t suffix;       /* bytes of the one segment that are not the parameter's */
    } params[API_PARAMS_MAX];
    size_t param_count;
};

/* Segments of a pattern behind `at`. */
static size_t segments_of(const char *pattern)
{
    size_t n = 0;

    for (; *pattern; pattern++)
        n += *pattern == '/';
    return n;
}

static bool take_param(struct match *m, const char *name, size_t len, size_t first, size_t count)
{
    if (m->param_count == API_PARAMS_MAX)
        return false;
    m->params[m->param_count].name = name;
    m->params[m->param_count].name_len = len;
    m->params[m->param_count].first = first;
    m->params[m->param_count++].count = count;
    return true;
}

/* "{name}", or "{name}:word": a segment that ends so; the parameter is what stands before, and not nothing. */
static bool take_with_suffix(struct match *m, const char *text, size_t len, struct att_span segment,
                             size_t at)
{
    const char *suffix = (const char *)memchr(text, '}', len) + 1;
    size_t name_len = (size_t)(suffix - text) - 2, suffix_len = len - (size_t)(suffix - text);

    if (suffix_len > 0 && segment.len <= suffix_len)
        return false;
    if (suffix_len > 0 &&
        !segment_is(att_span_of(segment.ptr + segment.len - suffix_len, suffix_len), suffix, suffix_len))
        return false;
    m->literals += suffix_len > 0;
    if (!take_param(m, text + 1, name_len, at, 1))
        return false;
    m->params[m->param_count - 1].suffix = suffix_len;
    return true;
}

/* A trailing slash is taken where a known client sends one (`/certs/`): it makes no other segment. */
static bool matches(const struct api_place *place, const char *pattern, struct match *m)
{
    const struct http_path *path = &place->path;
    size_t at = place->skip;

    m->literals = m->param_count = 0;
    if (strcmp(pattern, "/") == 0 || path->count <= place->skip)
        return strcmp(pattern, "/") == 0 && path->count == place->skip;
    for (const char *p = pattern; *p == '/';) {
        size_t len = strcspn(p + 1, "/");
        const char *text = p + 1;
        p += 1 + len;
        if (text[0] == '{' && text[len - 2] == '*') { /* {scope*}: all that the rest of the pattern leaves */
            size_t rest = segments_of(p);
            if (path->count < at + rest + 1 || !take_param(m, text + 1, len - 3, at, path->count - rest - at))
                return false;
            at = path->count - rest;
            continue;
        }
        if (at == path->count)
            return false;
        if (text[0] == '{') {
            if (!take_with_suffix(m, text, len, path->segments[at], at))
                return false;
        } else if (!segment_is(path->segments[at], text, len)) {
            return false;
        } else {
            m->literals++;
        }
        at++;
    }
    return at == path->count;
}

static char *join(struct att_arena *arena, const struct http_path *path, size_t first, size_t count)
{
    size_t len = 0, at = 0;

    for (size_t i = 0; i < count; i++)
        len += 1 + path->segments[first + i].len;
    char *text = att_arena_alloc(arena, len + 1, 1);
    for (size_t i = 0; text && i < count; i++) {
        text[at++] = '/';
        memcpy(text + at, path->segments[first + i].ptr, path->segments[first + i].len);
        at += path->segments[first + i].len;
    }
    return text;
}

static bool give_params(const struct match *m, const struct api_place *place, struct api_call *call)
{
    for (size_t i = 0; i < m->param_count; i++) {
        bool many = m->params[i].name[m->params[i].name_len] == '*';
        struct att_span one = place->path.segments[m->params[i].first];
        one.len -= m->params[i].suffix;
        char *value = many ? join(call->arena, &place->path, m->params[i].first, m->params[i].count)
                           : att_arena_dup(call->arena, one);
        if (!value)
            return false;
        call->params[i].name = m->params[i].name;
        call->params[i].name_len = m->params[i].name_len;
        call->params[i].value = value;
    }
    call->param_count = m->param_count;
    return true;
}

static bool offered(const struct api_route *r, const struct api_place *place, const struct api_where *where)
{
    if (where->machine != r->machine_only || (where->data_only && r->plane != API_DATA))
        return false;
    return !place->doubled_slash || r->plane == API_CONTROL;
}

static void allow_add(char allow[API_ALLOW_SIZE], const char *method)
{
    size_t len = strlen(allow);

    if (!strstr(allow, method))
        (void)snprintf(allow + len, API_ALLOW_SIZE - len, "%s%s", len > 0 ? ", " : "", method);
}

/* HEAD is GET without the body, unless a row says better. */
static unsigned method_fits(struct att_span sent, const char *method)
{
    if (att_span_is(sent, method))
        return 2;
    return strcmp(method, "GET") == 0 && att_span_is(sent, "HEAD") ? 1 : 0;
}

const struct api_route *api_match(const struct api *api, const struct api_place *place,
                                  const struct api_where *where, struct att_span method,
                                  struct api_call *call, char ret_allow[API_ALLOW_SIZE])
{
    const struct api_route *best = NULL;
    struct match best_match = { 0 };
    unsigned best_fit = 0;

    ret_allow[0] = '\0';
    for (const struct api_route *const *table = api->options.tables; *table; table++) {
        for (const struct api_route *r = *table; r->method; r++) {
            struct match m = { 0 };
            if (!offered(r, place, where) || !matches(place, r->path, &m))
                continue;
            unsigned fit = method_fits(method, r->method);
            allow_add(ret_allow, r->method);
            if (strcmp(r->method, "GET") == 0)
                allow_add(ret_allow, "HEAD");
            if (fit == 0 || (best && (m.literals < best_match.literals ||
                                      (m.literals == best_match.literals && fit <= best_fit))))
                continue;
            best = r;
            best_match = m;
            best_fit = fit;
        }
    }
    if (best && call && !give_params(&best_match, place, call))
        return NULL;
    return best;
}

const char *api_param(const struct api_call *call, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < call->param_count; i++) {
        if (call->params[i].name_len == len && memcmp(call->params[i].name, name, len) == 0)
            return call->params[i].value;
    }
    return "";
}

/* What stands behind the parameter in "{name}:word". */
static bool same_suffix(const char *a, size_t la, const char *b, size_t lb)
{
    const char *sa = (const char *)memchr(a, '}', la) + 1, *sb = (const char *)memchr(b, '}', lb) + 1;
    size_t len_a = la - (size_t)(sa - a), len_b = lb - (size_t)(sb - b);

    return len_a == len_b && strncasecmp(sa, sb, len_a) == 0;
}

/* Two patterns that take the same paths: the names of parameters make no difference. */
static bool same_pattern(const char *a, const char *b)
{
    while (*a == '/' && *b == '/') {
        size_t la = strcspn(a + 1, "/"), lb = strcspn(b + 1, "/");
        bool pa = a[1] == '{', pb = b[1] == '{';
        if (pa && pb && !same_suffix(a + 1, la, b + 1, lb))
            return false;
        if (pa != pb || (!pa && (la != lb || strncasecmp(a + 1, b + 1, la) != 0)) ||
            (pa && (a[la - 1] == '*') != (b[lb - 1] == '*')))
            return false;
        a += 1 + la;
        b += 1 + lb;
    }
    return *a == '\0' && *b == '\0';
}

static bool row_check(const struct api_route *r, struct att_err *err)
{
    bool wants_action =
        r->access == API_ACTION || r->access == API_ACTION_2018 || r->access == API_ACTION_TPM;

    if (!r->path || r->path[0] != '/' || !r->handle || !r->operation)
        return att_fail(err, ATT_INTERNAL, "api.routes", "operation, path and handler", "a row without");
    if (r->access == API_ACCESS_NOT_DECLARED || (wants_action && (!r->action || !r->action[0])))
        return att_fail(err, ATT_INTERNAL, r->path, "a declared permission", "none");
    if (r->plane == API_CONTROL && !r->versions)
        return att_fail(err, ATT_INTERNAL, r->path, "the api-versions of a control-plane route", "none");
    if (r->change && (r->lane != API_LANE_CHANGES || !wants_action))
        return att_fail(err, ATT_INTERNAL, r->path, "a change on the lane of changes, with an action",
                        "something else");
    return true;
}

bool api_routes_check(const struct api_route *const *tables, struct att_err *err)
{
    for (const struct api_route *const *t = tables; *t; t++) {
        for (const struct api_route *r = *t; r->method; r++) {
            if (!row_check(r, err))
                return false;
            for (const struct api_route *const *u = tables; *u; u++) {
                for (const struct api_route *other = *u; other->method; other++) {
                    if (other != r && strcmp(other->method, r->method) == 0 &&
                        same_pattern(other->path, r->path))
                        return att_fail(err, ATT_INTERNAL, r->path, "one row for a method", "two");
                }
            }
        }
    }
    return true;
}
