/* What claims must be. A claim that is not there, or of another type, never fits. */
#include "relying/party.h"

#include "base/err.h"

#include <stdio.h>

/* A string's content; of anything else its JSON text. */
static bool text_of(const struct att_json *claims, struct att_arena *a, att_json_id id, const char *where,
                    struct att_span *ret, struct att_err *err)
{
    if (att_json_type(claims, id) != ATT_JSON_STRING)
        *ret = att_json_source(claims, id);
    else if (!att_json_string(claims, a, id, ret))
        return att_fail_memory(err, where);
    return true;
}

static bool one_of(struct att_arena *a, const struct att_json *claims, att_json_id id,
                   const struct att_required_claim *w, struct att_err *err)
{
    const char *const *values = w->kind == ATT_REQUIRE_ONE_OF ? w->values : &w->value;
    size_t count = w->kind == ATT_REQUIRE_ONE_OF ? w->values_count : 1;
    struct att_shown found, wanted;
    struct att_span is = { 0 };
    char expected[128];

    if (!text_of(claims, a, id, w->path, &is, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (att_span_is(is, values[i]))
            return true;
    }
    const char *first = att_shown(&wanted, att_str(values[0]));
    if (count == 1)
        return att_fail(err, ATT_TOKEN_CLAIM, w->path, first, "%s", att_shown(&found, is));
    (void)snprintf(expected, sizeof expected, "one of %zu values, the first %s", count, first);
    return att_fail(err, ATT_TOKEN_CLAIM, w->path, expected, "%s", att_shown(&found, is));
}

static bool boolean(struct att_arena *a, const struct att_json *claims, att_json_id id,
                    const struct att_required_claim *w, struct att_err *err)
{
    struct att_shown found;

    (void)a;
    if (att_json_type(claims, id) == ATT_JSON_BOOL && att_json_true(claims, id) == w->boolean)
        return true;
    return att_fail(err, ATT_TOKEN_CLAIM, w->path, w->boolean ? "true" : "false", "%s",
                    att_shown(&found, att_json_source(claims, id)));
}

static bool at_least(struct att_arena *a, const struct att_json *claims, att_json_id id,
                     const struct att_required_claim *w, struct att_err *err)
{
    struct att_shown found;
    char expected[64];
    int64_t is = 0;

    (void)a;
    if (att_json_i64(claims, id, &is) && is >= w->at_least)
        return true;
    (void)snprintf(expected, sizeof expected, "an integer, %lld or more", (long long)w->at_least);
    return att_fail(err, ATT_TOKEN_CLAIM, w->path, expected, "%s",
                    att_shown(&found, att_json_source(claims, id)));
}

typedef bool (*require_fn)(struct att_arena *, const struct att_json *, att_json_id,
                           const struct att_required_claim *, struct att_err *);

static const require_fn kinds[] = {
    [ATT_REQUIRE_EQUAL] = one_of,
    [ATT_REQUIRE_ONE_OF] = one_of,
    [ATT_REQUIRE_BOOLEAN] = boolean,
    [ATT_REQUIRE_AT_LEAST] = at_least,
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

bool party_require(struct att_arena *a, const struct att_json *claims,
                   const struct att_required_claim *wanted, struct att_err *err)
{
    att_json_id id = ATT_JSON_NONE;

    if (!relying_claim(claims, a, att_str(wanted->path), &id, err))
        return att_fail(err, ATT_TOKEN_CLAIM, wanted->path, "a claim of this name", "no such claim");
    return kinds[wanted->kind](a, claims, id, wanted, err);
}

bool party_audience(struct att_arena *a, const struct att_json *claims, const char *expected,
                    struct att_err *err)
{
    att_json_id aud = att_json_get(claims, ATT_JSON_ROOT, "aud");
    struct att_shown found;

    if (!expected && aud == ATT_JSON_NONE)
        return true;
    bool list = att_json_type(claims, aud) == ATT_JSON_ARRAY;
    for (att_json_id at = list ? att_json_first(claims, aud) : aud; expected && at != ATT_JSON_NONE;
         at = list ? att_json_next(claims, at) : ATT_JSON_NONE) {
        struct att_span one = { 0 };
        if (att_json_type(claims, at) != ATT_JSON_STRING)
            continue;
        if (!att_json_string(claims, a, at, &one))
            return att_fail_memory(err, "aud");
        if (att_span_is(one, expected))
            return true;
    }
    /* RFC 7519 4.1.3: who does not find himself there must refuse. */
    return att_fail(err, ATT_TOKEN_CLAIM, "aud", expected ? expected : "no audience", "%s",
                    aud == ATT_JSON_NONE ? "no such claim" : att_shown(&found, att_json_source(claims, aud)));
}

bool party_nonce(struct att_arena *a, const struct att_json *claims, const char *expected,
                 struct att_err *err)
{
    att_json_id id = att_json_get(claims, ATT_JSON_ROOT, "nonce");
    struct att_shown found, wanted;
    struct att_span is = { 0 };

    if (!expected)
        return true;
    if (att_json_type(claims, id) != ATT_JSON_STRING)
        return att_fail(err, ATT_TOKEN_CLAIM, "nonce", att_shown(&wanted, att_str(expected)),
                        id == ATT_JSON_NONE ? "no such claim" : "another JSON value than a string");
    if (!att_json_string(claims, a, id, &is))
        return att_fail_memory(err, "nonce");
    if (!att_span_is(is, expected))
        return att_fail(err, ATT_TOKEN_CLAIM, "nonce", att_shown(&wanted, att_str(expected)), "%s",
                        att_shown(&found, is));
    return true;
}

bool party_safe(const struct att_json *claims, struct att_err *err)
{
    att_json_id id = att_json_get(claims, ATT_JSON_ROOT, "x-attestd-unsafe");
    struct att_shown found;

    if (id == ATT_JSON_NONE)
        return true;
    return att_fail(err, ATT_TOKEN_CLAIM, "x-attestd-unsafe",
                    "a token of real hardware, or leave to take tokens that prove nothing", "%s",
                    att_shown(&found, att_json_source(claims, id)));
}

static bool values_usable(const struct att_required_claim *c)
{
    if (c->kind == ATT_REQUIRE_EQUAL)
        return c->value != NULL;
    if (c->kind != ATT_REQUIRE_ONE_OF)
        return true;
    if (!c->values || c->values_count == 0 || c->values_count > PARTY_VALUES_MAX)
        return false;
    for (size_t i = 0; i < c->values_count; i++) {
        if (!c->values[i])
            return false;
    }
    return true;
}

bool party_claims_usable(const struct att_required_claim *claims, size_t count, const char *where,
                         struct att_err *err)
{
    if (count > PARTY_CLAIMS_MAX || (count > 0 && !claims))
        return att_fail(err, ATT_INTERNAL, where, "0 to 64 claims", "%zu", count);
    for (size_t i = 0; i < count; i++) {
        if (!claims[i].path || (unsigned)claims[i].kind >= KINDS || !values_usable(&claims[i]))
            return att_fail(err, ATT_INTERNAL, where, "a path, a kind, and what the kind compares with",
                            "claim %zu without", i);
    }
    return true;
}

static bool copy_values(struct att_arena *a, struct att_required_claim *c)
{
    const char **values = NULL;

    if (c->kind == ATT_REQUIRE_EQUAL)
        return (c->value = att_arena_dup(a, att_str(c->value))) != NULL;
    if (c->kind != ATT_REQUIRE_ONE_OF)
        return true;
    values = att_arena_alloc(a, c->values_count, sizeof *values);
    for (size_t i = 0; values && i < c->values_count; i++) {
        values[i] = att_arena_dup(a, att_str(c->values[i]));
        if (!values[i])
            return false;
    }
    c->values = values;
    return values != NULL;
}

bool party_claims_copy(struct att_arena *a, const struct att_required_claim **io, size_t count,
                       struct att_err *err)
{
    struct att_required_claim *copies = NULL;

    if (count == 0)
        return true;
    copies = att_arena_alloc(a, count, sizeof *copies);
    if (!copies)
        return att_fail_memory(err, "options.claims");
    for (size_t i = 0; i < count; i++) {
        copies[i] = (*io)[i];
        copies[i].path = att_arena_dup(a, att_str(copies[i].path));
        if (!copies[i].path || !copy_values(a, &copies[i]))
            return att_fail_memory(err, "options.claims");
    }
    *io = copies;
    return true;
}
