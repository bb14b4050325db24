#include "server/dev_principals.h"

#include "authority/authority.h"
#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"
#include "files/files.h"
#include "server/guid.h"

#include <limits.h>
#include <stdlib.h>

static const char file_name[] = "principals.TEST-KEY.json";

static const struct {
    const char *name;
    const char *role;
} rows[DEV_PRINCIPALS] = {
    { "owner", "Owner" },
    { "contributor", "Attestation Contributor" },
    { "reader", "Attestation Reader" },
    { "nobody", NULL },
};

/* -- making ----------------------------------------------------------------------------------------------- */

static const char *guid_make(struct att_arena *arena, bool (*made)(char ret[GUID_SIZE], struct att_err *err),
                             struct att_err *err)
{
    char guid[GUID_SIZE];

    if (!made(guid, err))
        return NULL;
    const char *copy = att_arena_dup(arena, att_str(guid));
    if (!copy)
        att_fail_memory(err, "dev.principals");
    return copy;
}

static bool make(struct att_arena *arena, struct dev *ret, struct att_err *err)
{
    ret->tenant = guid_make(arena, guid_new, err);
    ret->subscription = guid_make(arena, guid_new, err);
    if (!ret->tenant || !ret->subscription)
        return false;
    for (size_t i = 0; i < DEV_PRINCIPALS; i++) {
        struct dev_principal *p = &ret->principals[i];
        *p = (struct dev_principal){ .name = rows[i].name, .role = rows[i].role };
        p->client_id = guid_make(arena, guid_principal_new, err);
        if (!p->client_id || !authority_secret_new(arena, &p->secret, &p->secret_hash, err))
            return false;
    }
    return true;
}

static void put_member(struct att_json_writer *w, const char *name, const char *value)
{
    att_jw_key(w, name);
    att_jw_str(w, value);
}

static bool save(const char *path, const struct dev *dev, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
    struct att_json_writer w = { .out = &text, .pretty = true };

    att_jw_object(&w);
    put_member(&w, "tenant_id", dev->tenant);
    put_member(&w, "subscription_id", dev->subscription);
    att_jw_key(&w, "principals");
    att_jw_array(&w);
    for (size_t i = 0; i < DEV_PRINCIPALS; i++) {
        const struct dev_principal *p = &dev->principals[i];
        att_jw_object(&w);
        put_member(&w, "name", p->name);
        put_member(&w, "client_id", p->client_id);
        put_member(&w, "client_secret", p->secret);
        put_member(&w, "secret_hash", p->secret_hash);
        att_jw_end_object(&w);
    }
    att_jw_end_array(&w);
    att_jw_end_object(&w);
    att_buf_putc(&text, '\n');
    return text.failed ? att_fail_memory(err, file_name) : file_store(path, att_buf_span(&text), 0600, err);
}

/* -- reading ---------------------------------------------------------------------------------------------- */

static bool take(const struct att_json *j, struct att_arena *arena, att_json_id object, const char *name,
                 const char **ret, struct att_err *err)
{
    struct att_span text;

    if (!att_json_want_string(j, arena, object, "principal", name, &text, err))
        return false;
    *ret = att_arena_dup(arena, text);
    return *ret || att_fail_memory(err, file_name);
}

static bool take_principal(const struct att_json *j, struct att_arena *arena, att_json_id object, size_t i,
                           struct dev_principal *ret, struct att_err *err)
{
    const char *name = NULL;
    struct dev_principal p = { .name = rows[i].name, .role = rows[i].role };

    if (!take(j, arena, object, "name", &name, err) ||
        !take(j, arena, object, "client_id", &p.client_id, err) ||
        !take(j, arena, object, "client_secret", &p.secret, err) ||
        !take(j, arena, object, "secret_hash", &p.secret_hash, err))
        return false;
    if (strcmp(name, p.name) != 0)
        return att_fail(err, ATT_CONFIG_INVALID, file_name, p.name, "another principal in its place");
    *ret = p;
    return true;
}

static bool read_all(struct att_arena *arena, struct att_span text, struct dev *ret, struct att_err *err)
{
    struct att_json j;
    att_json_id list = ATT_JSON_NONE;

    if (!att_json_parse(arena, text, NULL, &j, err) ||
        !take(&j, arena, ATT_JSON_ROOT, "tenant_id", &ret->tenant, err) ||
        !take(&j, arena, ATT_JSON_ROOT, "subscription_id", &ret->subscription, err) ||
        !att_json_want(&j, ATT_JSON_ROOT, file_name, "principals", ATT_JSON_ARRAY, &list, err))
        return false;
    att_json_id at = att_json_first(&j, list);
    for (size_t i = 0; i < DEV_PRINCIPALS; i++, at = att_json_next(&j, at)) {
        if (!take_principal(&j, arena, at, i, &ret->principals[i], err))
            return false;
    }
    return at == ATT_JSON_NONE ||
           att_fail(err, ATT_CONFIG_INVALID, file_name, "four principals", "more of them");
}

bool dev_principals_open(struct att_arena *arena, const char *dir, struct dev *ret, struct att_err *err)
{
    char *path = file_path(arena, dir, file_name);
    struct att_span text = { 0 };
    struct dev dev = *ret;

    if (!path)
        return att_fail_memory(err, file_name);
    if (!file_load_optional(arena, path, &text, err))
        return false;
    if (text.len == 0 && !(make(arena, &dev, err) && save(path, &dev, err)))
        return false;
    if (text.len > 0 && !read_all(arena, text, &dev, err))
        return att_fail_as(err, ATT_CONFIG_INVALID, file_name);
    *ret = dev;
    return true;
}

/* -- for clients ------------------------------------------------------------------------------------------ */

bool dev_credentials_write(struct att_arena *arena, const struct dev *dev, const char *authority_url,
                           struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
    struct att_json_writer w = { .out = &text, .pretty = true };
    char folder[PATH_MAX];

    if (!realpath(dev->dir, folder))
        return att_fail(err, ATT_IO_FAILED, "dev", "a folder", "%m");
    char *ca = file_path(arena, folder, "ca.pem");
    char *path = file_path(arena, dev->dir, "credentials.json");
    if (!ca || !path)
        return att_fail_memory(err, "credentials.json");
    att_jw_object(&w);
    put_member(&w, "authority", authority_url);
    put_member(&w, "tenant_id", dev->tenant);
    put_member(&w, "subscription_id", dev->subscription);
    put_member(&w, "ca", ca);
    att_jw_key(&w, "principals");
    att_jw_array(&w);
    for (size_t i = 0; i < DEV_PRINCIPALS; i++) {
        const struct dev_principal *p = &dev->principals[i];
        att_jw_object(&w);
        put_member(&w, "name", p->name);
        put_member(&w, "client_id", p->client_id);
        put_member(&w, "client_secret", p->secret);
        att_jw_key(&w, "roles");
        att_jw_array(&w);
        if (p->role)
            att_jw_str(&w, p->role);
        att_jw_end_array(&w);
        att_jw_end_object(&w);
    }
    att_jw_end_array(&w);
    att_jw_end_object(&w);
    att_buf_putc(&text, '\n');
    return text.failed ? att_fail_memory(err, "credentials.json")
                       : file_store(path, att_buf_span(&text), 0600, err);
}
