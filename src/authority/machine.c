/* Managed identities: a process is a principal because the kernel says which unix user it is. No secret, no network. */
#include "authority/internal.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

static void text(struct att_json_writer *w, const char *name, const char *value)
{
    att_jw_key(w, name);
    att_jw_str(w, value);
}

/* IMDS writes its numbers as texts. */
static void number(struct att_json_writer *w, const char *name, int64_t value)
{
    char digits[24];

    (void)snprintf(digits, sizeof digits, "%" PRId64, value);
    text(w, name, digits);
}

static void answer_token(struct att_arena *arena, const struct authority_issued *issued,
                         const char *client_id, const char *resource, struct authority_answer *ret)
{
    ATT_AUTO(att_buf_free) struct att_buf json = { 0 };
    struct att_json_writer w = { .out = &json };

    att_jw_object(&w);
    att_jw_key(&w, "access_token");
    att_jw_string(&w, issued->jwt);
    text(&w, "client_id", client_id);
    number(&w, "expires_in", issued->lifetime_s);
    number(&w, "expires_on", issued->issued_unix_s + issued->lifetime_s);
    number(&w, "ext_expires_in", issued->lifetime_s);
    number(&w, "not_before", issued->issued_unix_s);
    text(&w, "resource", resource);
    text(&w, "token_type", "Bearer");
    att_jw_end_object(&w);
    authority_answer_put(arena, 200, &json, ret);
}

static void refuse(struct att_arena *arena, const struct att_err *err, struct authority_answer *ret)
{
    ATT_AUTO(att_buf_free) struct att_buf json = { 0 };
    struct att_json_writer w = { .out = &json };
    bool internal = att_code_class(err->code) == ATT_CLASS_INTERNAL;

    att_jw_object(&w);
    text(&w, "error",
         internal                            ? "server_error"
         : err->code == ATT_AUDIENCE_UNKNOWN ? "invalid_resource"
                                             : "invalid_request");
    text(&w, "error_description", internal ? "The service failed" : err->text);
    att_jw_end_object(&w);
    ret->refusal = *err;
    authority_answer_put(arena, internal ? 500 : 400, &json, ret);
}

static bool bound_now(const struct site_principal *p, uint32_t uid, int64_t now)
{
    for (size_t i = 0; i < p->credential_count; i++) {
        const struct site_credential *c = &p->credentials[i];
        if (c->kind == SITE_UNIX_USER && c->uid == uid && (c->expires_unix_s == 0 || c->expires_unix_s > now))
            return true;
    }
    return false;
}

static bool token_for(struct authority *a, struct att_arena *arena, uint32_t uid, const char *client_id,
                      const char *resource, struct authority_answer *answer, struct att_err *err)
{
    const struct site_principal *p = site_principal_by_uid(a->options.site, uid);
    struct authority_issued issued;

    if (!p || !bound_now(p, uid, authority_now(a)) ||
        (client_id && strcasecmp(client_id, p->client_id) != 0)) {
        site_unref(p);
        return att_fail(err, ATT_RESOURCE_NOT_FOUND, "identity",
                        "a principal that is bound to this unix user", "none for uid %" PRIu32, uid);
    }
    const char *id = att_arena_dup(arena, att_str(p->client_id));
    bool ok = id ? authority_issue(a, arena, p, resource, &issued, err) : att_fail_memory(err, "identity");
    site_unref(p);
    if (!ok)
        return false;
    answer->client_id = id;
    answer->resource = resource;
    answer_token(arena, &issued, id, resource, answer);
    return true;
}

void authority_machine_token(struct authority *a, struct att_arena *arena, uint32_t uid,
                             struct att_span resource, const char *client_id, struct authority_answer *ret)
{
    const char *known = NULL;
    struct att_err err = { 0 };

    *ret = (struct authority_answer){ 0 };
    bool ok = resource.len > 0 || att_fail(&err, ATT_PARAMETER_MISSING, "resource", "a resource", "none");
    ok = ok && authority_resource_of(a, arena, resource, &known, &err) &&
         token_for(a, arena, uid, client_id, known, ret, &err);
    if (!ok)
        refuse(arena, &err, ret);
}
