/* Claims written down as JSON, for files of cases and for what a client sends along. Spec: the claim model of
 * the policy language; a claim without an issuer is a CustomClaim, the weakest one. */
#include <attest/claims.h>

#include "base/err.h"
#include "codec/json.h"

#include <stdio.h>

struct reading {
    struct att_json doc;
    struct att_claims *set;
    struct att_err *err;
    size_t number; /* of the claim, from 0 */
};

enum { ANY_TYPE = -1 };

static const struct {
    const char *name;
    enum att_claim_kind kind;
} value_types[] = {
    { "String", ATT_CLAIM_STRING },
    { "Integer", ATT_CLAIM_INT },
    { "Boolean", ATT_CLAIM_BOOL },
};

static bool refuse(struct reading *r, enum att_code code, const char *member, const char *expected,
                   struct att_span found)
{
    char where[64];
    struct att_shown room;

    (void)snprintf(where, sizeof where, "claims[%zu]%s%s", r->number, member[0] ? "." : "", member);
    return att_fail(r->err, code, where, expected, "%s", att_shown(&room, found));
}

/* Text that outlives the JSON it was read from. */
static bool read_text(struct reading *r, att_json_id id, struct att_span *ret)
{
    struct att_span text;

    if (!att_json_string(&r->doc, r->set->arena, id, &text))
        return att_fail_memory(r->err, "claims");
    const char *copy = att_arena_dup(r->set->arena, text);
    if (!copy)
        return att_fail_memory(r->err, "claims");
    *ret = att_span_of(copy, text.len);
    return true;
}

static bool read_value(struct reading *r, att_json_id id, struct att_value *ret)
{
    struct att_value v = { 0 };

    switch (att_json_type(&r->doc, id)) {
    case ATT_JSON_BOOL:
        v.kind = ATT_CLAIM_BOOL;
        v.boolean = att_json_true(&r->doc, id);
        break;
    case ATT_JSON_NUMBER:
        v.kind = ATT_CLAIM_INT;
        if (!att_json_i64(&r->doc, id, &v.integer))
            return refuse(r, ATT_JSON_RANGE, "value", "an integer of 64 bits, without fraction or exponent",
                          att_json_source(&r->doc, id));
        break;
    case ATT_JSON_STRING:
        v.kind = ATT_CLAIM_STRING;
        if (!read_text(r, id, &v.text))
            return false;
        break;
    default:
        return refuse(r, ATT_JSON_TYPE, "value", "a string, an integer or a Boolean, or an array of these",
                      att_json_source(&r->doc, id));
    }
    *ret = v;
    return true;
}

/* One claim, or one for each element of an array. `declared` is the row of value_types that valueType named.
 */
static bool add_values(struct reading *r, struct att_claim claim, att_json_id value, int declared)
{
    bool many = att_json_type(&r->doc, value) == ATT_JSON_ARRAY;
    att_json_id id = many ? att_json_first(&r->doc, value) : value;

    for (; id != ATT_JSON_NONE; id = many ? att_json_next(&r->doc, id) : ATT_JSON_NONE) {
        if (!read_value(r, id, &claim.value))
            return false;
        if (declared != ANY_TYPE && value_types[declared].kind != claim.value.kind)
            return refuse(r, ATT_JSON_TYPE, "valueType", "the type of the value",
                          att_str(value_types[declared].name));
        if (!att_claims_add(r->set, &claim, r->err))
            return false;
    }
    return true;
}

static bool read_issuer(struct reading *r, att_json_id id, enum att_claim_issuer *ret)
{
    struct att_span name;

    if (id == ATT_JSON_NONE) {
        *ret = ATT_ISSUER_CUSTOM;
        return true;
    }
    if (att_json_type(&r->doc, id) == ATT_JSON_STRING) {
        if (!read_text(r, id, &name))
            return false;
        for (enum att_claim_issuer i = ATT_ISSUER_SERVICE; i <= ATT_ISSUER_CUSTOM; i++) {
            if (att_span_is(name, att_issuer_name(i))) {
                *ret = i;
                return true;
            }
        }
    }
    return refuse(r, ATT_JSON_TYPE, "issuer", "AttestationService, AttestationPolicy or CustomClaim",
                  att_json_source(&r->doc, id));
}

/* valueType says nothing that the JSON value does not say; if it is there it must say the same. */
static bool read_value_type(struct reading *r, att_json_id id, int *ret)
{
    struct att_span name;

    if (id == ATT_JSON_NONE) {
        *ret = ANY_TYPE;
        return true;
    }
    if (att_json_type(&r->doc, id) == ATT_JSON_STRING) {
        if (!read_text(r, id, &name))
            return false;
        for (size_t i = 0; i < sizeof value_types / sizeof value_types[0]; i++) {
            if (att_span_is(name, value_types[i].name)) {
                *ret = (int)i;
                return true;
            }
        }
    }
    return refuse(r, ATT_JSON_TYPE, "valueType", "String, Integer or Boolean", att_json_source(&r->doc, id));
}

/* A misspelt "issuer" would silently turn a service claim into a client's: unknown members are refused. */
static bool check_members(struct reading *r, att_json_id object)
{
    static const char *const known[] = { "type", "value", "valueType", "issuer" };

    for (att_json_id id = att_json_first(&r->doc, object); id != ATT_JSON_NONE;
         id = att_json_next(&r->doc, id)) {
        struct att_span key;
        bool found = false;
        if (!att_json_key(&r->doc, r->set->arena, id, &key))
            return att_fail_memory(r->err, "claims");
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            found = found || att_span_is(key, known[i]);
        if (!found)
            return refuse(r, ATT_JSON_TYPE, "", "the members type, value, valueType and issuer only", key);
    }
    return true;
}

static bool read_claim(struct reading *r, att_json_id object)
{
    struct att_claim claim = { 0 };
    int declared = ANY_TYPE;

    if (att_json_type(&r->doc, object) != ATT_JSON_OBJECT)
        return refuse(r, ATT_JSON_TYPE, "", "an object with type, value and issuer",
                      att_json_source(&r->doc, object));
    if (!check_members(r, object))
        return false;
    att_json_id type = att_json_get(&r->doc, object, "type");
    att_json_id value = att_json_get(&r->doc, object, "value");
    if (type == ATT_JSON_NONE || value == ATT_JSON_NONE)
        return refuse(r, ATT_JSON_MISSING, type == ATT_JSON_NONE ? "type" : "value", "a value",
                      att_str("missing"));
    if (att_json_type(&r->doc, type) != ATT_JSON_STRING)
        return refuse(r, ATT_JSON_TYPE, "type", "a string", att_json_source(&r->doc, type));
    return read_text(r, type, &claim.type) &&
           read_issuer(r, att_json_get(&r->doc, object, "issuer"), &claim.issuer) &&
           read_value_type(r, att_json_get(&r->doc, object, "valueType"), &declared) &&
           add_values(r, claim, value, declared);
}

static bool read_member(struct reading *r, att_json_id id)
{
    struct att_claim claim = { .issuer = ATT_ISSUER_CUSTOM };
    struct att_span key;

    if (!att_json_key(&r->doc, r->set->arena, id, &key))
        return att_fail_memory(r->err, "claims");
    const char *copy = att_arena_dup(r->set->arena, key);
    if (!copy)
        return att_fail_memory(r->err, "claims");
    claim.type = att_span_of(copy, key.len);
    return add_values(r, claim, id, ANY_TYPE);
}

static bool read_all(struct reading *r)
{
    enum att_json_type shape = att_json_type(&r->doc, ATT_JSON_ROOT);

    if (shape != ATT_JSON_ARRAY && shape != ATT_JSON_OBJECT)
        return att_fail(r->err, ATT_JSON_TYPE, "claims",
                        "an array of claims or an object of names and values", "another JSON value");
    for (att_json_id id = att_json_first(&r->doc, ATT_JSON_ROOT); id != ATT_JSON_NONE;
         id = att_json_next(&r->doc, id)) {
        if (shape == ATT_JSON_ARRAY ? !read_claim(r, id) : !read_member(r, id))
            return false;
        r->number++;
    }
    return true;
}

bool att_claims_read_json(struct att_claims *set, struct att_span json, struct att_err *err)
{
    struct reading r = { .set = set, .err = err };
    size_t before = set->count;

    if (!att_json_parse(set->arena, json, NULL, &r.doc, err))
        return false;
    if (!read_all(&r)) {
        set->count = before;
        return false;
    }
    return true;
}
