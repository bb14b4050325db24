/* Credentials of a principal. A secret is shown once, in the answer that makes it; what is stored is its hash. */
#include "api/arm/roles.h"

#include "authority/authority.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/timetext.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <strings.h>

enum {
    CREDENTIALS_MAX = 32, /* as the rows of the site have room for */
    TYPE_BYTES_MAX = 32,
    TIME_BYTES_MAX = 32,
    X5C_BYTES_MAX = 32 * 1024,
};

bool principal_guid_new(struct att_arena *arena, const char **ret, struct att_err *err)
{
    uint8_t b[16];
    char text[37];

    if (RAND_bytes(b, sizeof b) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "credential.id", "random bytes", "a failure");
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40); /* RFC 9562 5.4 */
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    (void)snprintf(text, sizeof text, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                   b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
                   b[14], b[15]);
    *ret = att_arena_dup(arena, att_str(text));
    return *ret || att_fail_memory(err, "credential.id");
}

/* -- the request ------------------------------------------------------------------------------------------ */

static bool expires_read(struct api_call *call, const struct att_json *doc, struct site_credential *c,
                         struct att_err *err)
{
    const char *text = NULL;
    struct att_shown shown;

    if (!arm_member_text(call, doc, ATT_JSON_ROOT, "", "expires", TIME_BYTES_MAX, &text, err))
        return false;
    if (!text)
        return true;
    if (!att_time_read(att_str(text), &c->expires_unix_s))
        return att_fail(err, ATT_TIME_INVALID, "expires", "YYYY-MM-DDThh:mm:ssZ", "\"%s\"",
                        att_shown(&shown, att_str(text)));
    return c->expires_unix_s > call->now_unix_s ||
           att_fail(err, ATT_PARAMETER_INVALID, "expires", "a time to come", "%s", text);
}

/* A member that another type has is a mistake about what this one is. */
static bool none_of(const struct att_json *doc, const char *name, struct att_err *err)
{
    return att_json_get(doc, ATT_JSON_ROOT, name) == ATT_JSON_NONE ||
           att_fail(err, ATT_PARAMETER_INVALID, name, "nothing of the kind for this type", "one");
}

static bool certificate_read(struct api_call *call, const struct att_json *doc, struct site_credential *c,
                             struct att_err *err)
{
    struct authority_certificate certificate;
    att_json_id x5c = ATT_JSON_NONE;
    struct att_span text = { 0 };

    if (!none_of(doc, "uid", err) || !arm_member(doc, ATT_JSON_ROOT, "", "x5c", ATT_JSON_ARRAY, &x5c, err))
        return false;
    att_json_id first = att_json_first(doc, x5c);
    if (first == ATT_JSON_NONE || att_json_next(doc, first) != ATT_JSON_NONE ||
        !att_json_string(doc, call->arena, first, &text) || text.len > X5C_BYTES_MAX)
        return att_fail(err, ATT_PARAMETER_INVALID, "x5c", "an array of one certificate in base64",
                        "something else");
    if (!att_base64_decode(call->arena, ATT_BASE64_STANDARD, text, "x5c[0]", &c->certificate, err) ||
        !authority_certificate_read(call->arena, c->certificate, &certificate, err))
        return false;
    if (certificate.not_after_unix_s <= call->now_unix_s)
        return att_fail(err, ATT_CERT_EXPIRED, "x5c[0]", "a certificate that has not expired",
                        "one that has");
    if (c->expires_unix_s == 0 || c->expires_unix_s > certificate.not_after_unix_s)
        c->expires_unix_s = certificate.not_after_unix_s;
    return true;
}

/* (uid_t)-1 is nobody: the kernel's word for "no change". */
static bool uid_read(const struct att_json *doc, struct site_credential *c, struct att_err *err)
{
    return none_of(doc, "x5c", err) &&
           att_json_want_u32(doc, ATT_JSON_ROOT, "body", "uid", UINT32_MAX - 1, &c->uid, err);
}

/* Fills what `type` needs; a secret is made here and handed out. */
static bool kind_read(struct api_call *call, const struct att_json *doc, struct site_credential *c,
                      const char **ret_secret, struct att_err *err)
{
    const char *type = NULL;
    struct att_shown shown;

    if (!arm_member_text(call, doc, ATT_JSON_ROOT, "", "type", TYPE_BYTES_MAX, &type, err))
        return false;
    if (!type)
        return att_fail(err, ATT_PARAMETER_MISSING, "type", "secret, certificate or unixUser", "none");
    if (strcasecmp(type, "secret") == 0) {
        c->kind = SITE_SECRET;
        return none_of(doc, "x5c", err) && none_of(doc, "uid", err) &&
               authority_secret_new(call->arena, ret_secret, &c->hash, err);
    }
    if (strcasecmp(type, "certificate") == 0) {
        c->kind = SITE_CERTIFICATE;
        return certificate_read(call, doc, c, err);
    }
    if (strcasecmp(type, "unixUser") == 0) {
        c->kind = SITE_UNIX_USER;
        return uid_read(doc, c, err);
    }
    return att_fail(err, ATT_PARAMETER_INVALID, "type", "secret, certificate or unixUser", "\"%s\"",
                    att_shown(&shown, att_str(type)));
}

static bool body_read(struct api_call *call, struct site_credential *ret, const char **ret_secret,
                      struct att_err *err)
{
    struct site_credential c = { .hash = "" };
    struct att_json doc;

    if (!api_body_json(call, &doc, err) || !expires_read(call, &doc, &c, err) ||
        !kind_read(call, &doc, &c, ret_secret, err) || !principal_guid_new(call->arena, &c.id, err))
        return false;
    *ret = c;
    return true;
}

/* -- the change ------------------------------------------------------------------------------------------- */

static bool put_with(struct api_call *call, const struct site_principal *p,
                     const struct site_credential *credentials, size_t count, struct att_err *err)
{
    struct site_principal fresh = *p;

    fresh.credentials = credentials;
    fresh.credential_count = count;
    return api_precondition(call, p->o.version, err) &&
           site_put(call->change, &fresh, p->o.version, call->changed_by, err);
}

static bool is_listed(const struct site_principal *p, const struct site_credential *c)
{
    for (size_t i = 0; i < p->credential_count; i++) {
        const struct site_credential *o = &p->credentials[i];
        if (o->kind == c->kind &&
            (c->kind == SITE_CERTIFICATE ? att_span_eq(o->certificate, c->certificate)
                                         : c->kind == SITE_UNIX_USER && o->uid == c->uid))
            return true;
    }
    return false;
}

static bool add(struct api_call *call, const struct site_principal *p, const struct site_credential *c,
                struct att_err *err)
{
    if (p->credential_count >= CREDENTIALS_MAX)
        return att_fail(err, ATT_QUOTA_EXCEEDED, "credentials", "at most 32 of one principal", "%zu",
                        p->credential_count);
    if (is_listed(p, c))
        return att_fail(err, ATT_NAME_TAKEN, "credentials", "one that this principal does not have yet",
                        "in use");
    struct site_credential *all = att_arena_alloc(call->arena, p->credential_count + 1, sizeof *all);
    if (!all)
        return att_fail_memory(err, "credentials");
    if (p->credential_count > 0)
        memcpy(all, p->credentials, p->credential_count * sizeof *all);
    all[p->credential_count] = *c;
    return put_with(call, p, all, p->credential_count + 1, err);
}

static bool answer(struct api_call *call, const struct site_credential *c, const char *secret,
                   struct att_err *err)
{
    struct arm_out out;

    if (!arm_out_begin(call, &out, err))
        return false;
    att_jw_object(&out.w);
    principal_credential_members(&out, c);
    if (secret)
        arm_put(&out, "secret", secret);
    att_jw_end_object(&out.w);
    bool ok = arm_out_send(&out, 201, err);
    arm_out_end(&out);
    if (ok)
        api_answer_header(call, "Pragma", att_str("no-cache"));
    return ok;
}

bool principal_credential_add(struct api_call *call, struct att_err *err)
{
    const struct site_principal *p = NULL;
    struct site_credential c;
    const char *secret = NULL;

    if (!principal_find(call, &p, err))
        return false;
    bool ok = body_read(call, &c, &secret, err) && add(call, p, &c, err) && answer(call, &c, secret, err);
    site_unref(p);
    return ok;
}

bool principal_credential_remove(struct api_call *call, struct att_err *err)
{
    const char *id = api_param(call, "credentialId");
    const struct site_principal *p = NULL;
    size_t kept = 0;

    if (!principal_find(call, &p, err))
        return false;
    struct site_credential *all = att_arena_alloc(call->arena, p->credential_count + 1, sizeof *all);
    for (size_t i = 0; all && i < p->credential_count; i++) {
        if (strcasecmp(p->credentials[i].id, id) != 0)
            all[kept++] = p->credentials[i];
    }
    bool there = kept < p->credential_count;
    bool ok = all ? !there || put_with(call, p, all, kept, err) : att_fail_memory(err, "credentials");
    site_unref(p);
    if (ok)
        api_answer_empty(call, there ? 200 : 204);
    return ok;
}
