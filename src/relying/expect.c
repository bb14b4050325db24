#include "base/err.h"
#include "relying/relying.h"

#include <stdio.h>

/* The member of `object` whose name begins `path` - the longest one, since names may hold dots - and what is
 * left of the path behind it. */
static bool step(const struct att_json *doc, struct att_arena *a, att_json_id object, struct att_span *path,
                 att_json_id *ret, struct att_err *err)
{
    att_json_id best = ATT_JSON_NONE;
    size_t best_len = 0;

    for (att_json_id at = att_json_first(doc, object); at != ATT_JSON_NONE; at = att_json_next(doc, at)) {
        struct att_span name = { 0 };
        if (!att_json_key(doc, a, at, &name)) /* a name that is skipped could be the longest */
            return att_fail_memory(err, "token.payload");
        if (name.len > path->len)
            continue;
        bool ends_there = name.len == path->len || path->ptr[name.len] == '.';
        if (ends_there && (best == ATT_JSON_NONE || name.len > best_len) &&
            att_span_eq(name, att_span_of(path->ptr, name.len))) {
            best = at;
            best_len = name.len;
        }
    }
    if (best == ATT_JSON_NONE)
        return false;
    size_t cut = best_len < path->len ? best_len + 1 : best_len;
    /* "a." asks for a member with an empty name, not for "a". */
    *path = cut > best_len ? att_span_of(path->ptr + cut, path->len - cut) : (struct att_span){ 0 };
    *ret = best;
    return true;
}

bool relying_claim(const struct att_json *doc, struct att_arena *a, struct att_span path, att_json_id *ret,
                   struct att_err *err)
{
    att_json_id at = ATT_JSON_ROOT;

    /* Each step goes one level down, so the depth of the document bounds the loop. */
    do {
        if (att_json_type(doc, at) != ATT_JSON_OBJECT || !step(doc, a, at, &path, &at, err))
            return false;
    } while (path.ptr);
    *ret = at;
    return true;
}

bool att_token_expect(struct att_arena *arena, const struct att_token *token, struct att_span path,
                      struct att_span expected, struct att_err *err)
{
    struct att_shown place, found, wanted;
    att_json_id id = ATT_JSON_NONE;
    struct att_span value = { 0 };
    struct att_json doc;

    const char *where = att_shown(&place, path);
    if (!att_json_parse(arena, token->payload, NULL, &doc, err))
        return att_fail_as(err, ATT_TOKEN_MALFORMED, "token.payload");
    if (!relying_claim(&doc, arena, path, &id, err))
        return att_fail(err, ATT_TOKEN_CLAIM, where, att_shown(&wanted, expected), "no such claim");
    if (att_json_type(&doc, id) != ATT_JSON_STRING)
        value = att_json_source(&doc, id);
    else if (!att_json_string(&doc, arena, id, &value))
        return att_fail_memory(err, where);
    if (!att_span_eq(value, expected))
        return att_fail(err, ATT_TOKEN_CLAIM, where, att_shown(&wanted, expected), "%s",
                        att_shown(&found, value));
    return true;
}
