/* From a payload whose signature holds to who is calling. Names are exact, types are exact; what is not as it should be
 * is refused and never guessed. What only decorates records (names) is taken when it is usable. */
#include "access/internal.h"

#include "base/err.h"
#include "codec/json.h"

#include <stdio.h>

enum { AUDIENCES_OF_TOKEN_MAX = 64, WHERE_BYTES = 96 };

struct reading {
    struct att_arena *a;
    const struct access_issuer *issuer;
    const struct att_json *doc;
    struct att_err *err;
};

static const char *place(char room[WHERE_BYTES], const char *claim)
{
    (void)snprintf(room, WHERE_BYTES, "token.payload.%s", claim);
    return room;
}

static bool has(const struct reading *r, const char *claim)
{
    return att_json_get(r->doc, ATT_JSON_ROOT, claim) != ATT_JSON_NONE;
}

/* -- typ ------------------------------------------------------------------------------------------------------ */

/* RFC 8725 3.11: a token made for something else says so in its typ. RFC 9068 2.1 for at+jwt; no typ at all and plain
 * JWT are what most issuers write. */
bool access_header_read(struct att_arena *a, struct att_span header, struct att_err *err)
{
    static const char *const types[] = { "JWT", "at+jwt", "application/at+jwt" };
    struct att_span typ = { 0 };
    struct att_shown shown;
    struct att_json doc;

    if (!att_json_parse(a, header, NULL, &doc, err))
        return att_fail_as(err, ATT_TOKEN_MALFORMED, "token.header");
    if (att_json_get(&doc, ATT_JSON_ROOT, "typ") == ATT_JSON_NONE)
        return true;
    if (!att_json_want_string(&doc, a, ATT_JSON_ROOT, "token.header", "typ", &typ, err))
        return att_fail_as(err, ATT_TOKEN_MALFORMED, "");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (access_text_same(typ, att_str(types[i])))
            return true;
    }
    return att_fail(err, ATT_TOKEN_CLAIM, "token.header.typ", "JWT, at+jwt or none", "'%s'",
                    att_shown(&shown, typ));
}

/* An operator may name this service's own key set as an issuer's, by mistake or for an experiment. What it signs for
 * others is still no credential here. */
static bool no_attestation(const struct reading *r)
{
    static const char *const marks[] = { "x-ms-ver",          "x-ms-attestation-type", "x-ms-policy-hash",
                                         "AttestationPolicy", "maa-policyCertificate", "policyCertificate" };
    char where[WHERE_BYTES];

    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (has(r, marks[i]))
            return att_fail(r->err, ATT_TOKEN_CLAIM, place(where, marks[i]),
                            "no such claim in an access token", "present");
    }
    return true;
}

/* -- aud ------------------------------------------------------------------------------------------------------ */

/* One slash at the end makes no difference; two do. */
static struct att_span without_slash(struct att_span s)
{
    if (s.len > 0 && s.ptr[s.len - 1] == '/')
        s.len--;
    return s;
}

static bool listed(const char *const *list, struct att_span audience)
{
    for (; list && *list; list++) {
        if (att_span_eq(without_slash(att_str(*list)), without_slash(audience)))
            return true;
    }
    return false;
}

static bool check_audience(const struct reading *r, enum access_audience plane)
{
    const char *const *list = r->issuer->audiences[plane];
    const char *expected = list && list[0] ? list[0] : "none: this issuer's tokens are not taken here";
    att_json_id aud = att_json_get(r->doc, ATT_JSON_ROOT, "aud");
    bool array = att_json_type(r->doc, aud) == ATT_JSON_ARRAY;
    struct att_span first = { 0 };
    struct att_shown shown;
    bool found = false;
    size_t count = 0;

    for (att_json_id at = array ? att_json_first(r->doc, aud) : aud; at != ATT_JSON_NONE;
         at = array ? att_json_next(r->doc, at) : ATT_JSON_NONE) {
        struct att_span one = { 0 };
        if (att_json_type(r->doc, at) != ATT_JSON_STRING || ++count > AUDIENCES_OF_TOKEN_MAX)
            return att_fail(r->err, ATT_ACCESS_AUDIENCE, "token.payload.aud",
                            "a string or at most 64 of them", "another value");
        if (!att_json_string(r->doc, r->a, at, &one))
            return att_fail_memory(r->err, "token.payload.aud");
        first = count == 1 ? one : first;
        found = found || listed(list, one);
    }
    if (count == 0)
        return att_fail(r->err, ATT_ACCESS_AUDIENCE, "token.payload.aud", expected, "no audience");
    return found ? true
                 : att_fail(r->err, ATT_ACCESS_AUDIENCE, "token.payload.aud", expected, "'%s'",
                            att_shown(&shown, first));
}

/* -- who ------------------------------------------------------------------------------------------------------ */

static bool check_tenant(const struct reading *r)
{
    struct att_span tid = { 0 };
    struct att_shown shown;

    if (!has(r, "tid"))
        return true;
    if (!att_json_want_string(r->doc, r->a, ATT_JSON_ROOT, "token.payload", "tid", &tid, r->err))
        return att_fail_as(r->err, ATT_ACCESS_TENANT, "");
    if (!access_text_same(tid, att_str(r->issuer->tenant)))
        return att_fail(r->err, ATT_ACCESS_TENANT, "token.payload.tid", r->issuer->tenant, "'%s'",
                        att_shown(&shown, tid));
    return true;
}

/* An identifier: a GUID in lower case, anything else as it is, since `sub` is case-sensitive (OpenID Connect Core 2). */
static bool read_id(const struct reading *r, const char *claim, att_json_id id, enum att_code code,
                    const char **ret)
{
    struct att_span text = { 0 };
    char where[WHERE_BYTES];

    if (att_json_type(r->doc, id) == ATT_JSON_STRING && !att_json_string(r->doc, r->a, id, &text))
        return att_fail_memory(r->err, place(where, claim));
    if (!access_text_plain(text, ACCESS_ID_BYTES_MAX))
        return att_fail(r->err, code, place(where, claim), "a string of 1 to 128 visible ASCII characters",
                        id == ATT_JSON_NONE ? "missing" : "another value");
    const char *copy = access_text_id(r->a, text);
    if (!copy)
        return att_fail_memory(r->err, place(where, claim));
    *ret = copy;
    return true;
}

static bool read_principal(const struct reading *r, const char **ret)
{
    const char *claim = r->issuer->principal_claim;

    if (!claim)
        claim = has(r, "oid") ? "oid" : "sub";
    return read_id(r, claim, att_json_get(r->doc, ATT_JSON_ROOT, claim), ATT_ACCESS_PRINCIPAL, ret);
}

static bool read_application(const struct reading *r, const char **ret)
{
    const char *claim = has(r, "appid") ? "appid" : "azp";

    if (!has(r, claim))
        return true;
    return read_id(r, claim, att_json_get(r->doc, ATT_JSON_ROOT, claim), ATT_TOKEN_CLAIM, ret);
}

/* Entra leaves out the groups of somebody who is in very many and says so instead; asking its directory is not done
 * here, so such a caller has the rights of no group. */
static bool groups_elsewhere(const struct reading *r)
{
    att_json_id names = att_json_get(r->doc, ATT_JSON_ROOT, "_claim_names");

    return has(r, "hasgroups") || att_json_get(r->doc, names, r->issuer->groups_claim) != ATT_JSON_NONE;
}

static bool read_groups(const struct reading *r, struct access_identity *ret)
{
    const char *claim = r->issuer->groups_claim;
    att_json_id id = att_json_get(r->doc, ATT_JSON_ROOT, claim);
    char where[WHERE_BYTES];
    size_t count = 0;

    if (id == ATT_JSON_NONE || groups_elsewhere(r))
        return true;
    if (att_json_type(r->doc, id) != ATT_JSON_ARRAY)
        return att_fail(r->err, ATT_TOKEN_CLAIM, place(where, claim), "an array of strings", "another value");
    if (r->doc->nodes[id].count > ACCESS_GROUPS_MAX)
        return att_fail(r->err, ATT_TOKEN_CLAIM, place(where, claim), "at most 256 groups", "%u",
                        r->doc->nodes[id].count);
    const char **groups = att_arena_alloc(r->a, r->doc->nodes[id].count + 1u, sizeof *groups);
    if (!groups)
        return att_fail_memory(r->err, place(where, claim));
    for (att_json_id at = att_json_first(r->doc, id); at != ATT_JSON_NONE; at = att_json_next(r->doc, at)) {
        if (!read_id(r, claim, at, ATT_TOKEN_CLAIM, &groups[count++]))
            return false;
    }
    ret->groups = groups;
    ret->group_count = count;
    return true;
}

/* For records only: no decision hangs on it, so the first that is a string is taken, made printable and cut. */
static bool read_name(const struct reading *r, struct access_identity *ret)
{
    static const char *const claims[] = { "upn", "preferred_username", "app_displayname" };
    struct att_span text = { 0 };
    struct att_shown shown;

    ret->name = ret->principal;
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        att_json_id id = att_json_get(r->doc, ATT_JSON_ROOT, claims[i]);
        if (att_json_type(r->doc, id) != ATT_JSON_STRING)
            continue;
        if (!att_json_string(r->doc, r->a, id, &text))
            return att_fail_memory(r->err, "token.payload");
        if (text.len == 0)
            continue;
        ret->name = att_arena_dup(r->a, att_str(att_shown(&shown, text)));
        return ret->name ? true : att_fail_memory(r->err, "token.payload");
    }
    return true;
}

bool access_claims_read(struct att_arena *a, const struct access_issuer *issuer,
                        enum access_audience audience, struct att_span payload, struct access_identity *ret,
                        struct att_err *err)
{
    struct access_identity who = { 0 };
    struct att_json doc;
    const struct reading r = { a, issuer, &doc, err };

    if (!att_json_parse(a, payload, NULL, &doc, err))
        return att_fail_as(err, ATT_TOKEN_MALFORMED, "token.payload");
    if (!att_json_i64(&doc, att_json_get(&doc, ATT_JSON_ROOT, "exp"), &who.expires_unix_s))
        return att_fail(err, ATT_TOKEN_CLAIM, "token.payload.exp", "an end of validity", "none");
    who.issuer_name = att_arena_dup(a, att_str(issuer->name));
    who.tenant = att_arena_dup(a, att_str(issuer->tenant));
    if (!who.issuer_name || !who.tenant)
        return att_fail_memory(err, "token.payload");
    if (!no_attestation(&r) || !check_audience(&r, audience) || !check_tenant(&r) ||
        !read_principal(&r, &who.principal) || !read_application(&r, &who.application) ||
        !read_groups(&r, &who) || !read_name(&r, &who))
        return false;
    *ret = who;
    return true;
}
