/* A token of the built-in authority, for the principals that `attestd --dev` makes. */
#include "runner.h"

#include "base/buf.h"
#include "codec/json.h"

#include <stdio.h>

static bool member(struct story *s, const struct att_json *j, att_json_id object, const char *name,
                   const char **ret)
{
    struct att_span text;

    if (!att_json_string(j, s->arena, att_json_get(j, object, name), &text))
        return fault(s, "the credentials have no %s", name);
    *ret = att_arena_dup(s->arena, text);
    return *ret || fault(s, "memory");
}

struct credentials {
    const char *tenant, *subscription, *client_id, *secret;
};

static bool look_up(struct story *s, const char *path, const char *principal, struct credentials *ret)
{
    bool found = false;
    struct att_span text = file_span(s, path, &found);
    struct att_json j;
    struct att_err err = { 0 };

    if (!found || !att_json_parse(s->arena, text, NULL, &j, &err))
        return fault(s, "%s cannot be read: %s", path, err.text);
    if (!member(s, &j, ATT_JSON_ROOT, "tenant_id", &ret->tenant) ||
        !member(s, &j, ATT_JSON_ROOT, "subscription_id", &ret->subscription))
        return false;
    att_json_id at = att_json_first(&j, att_json_get(&j, ATT_JSON_ROOT, "principals"));
    for (; at != ATT_JSON_NONE; at = att_json_next(&j, at)) {
        const char *name = NULL;
        if (!member(s, &j, at, "name", &name))
            return false;
        if (strcmp(name, principal) == 0)
            return member(s, &j, at, "client_id", &ret->client_id) &&
                   member(s, &j, at, "client_secret", &ret->secret);
    }
    return fault(s, "%s names no %s", path, principal);
}

/* RFC 3986 2.1: all but letters and digits. */
static void put_encoded(struct att_buf *b, const char *text)
{
    for (; *text; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                     (*text >= '0' && *text <= '9');
        if (plain)
            att_buf_putc(b, *text);
        else
            att_buf_printf(b, "%%%02X", (unsigned char)*text);
    }
}

/* In the escapes of `send`. */
static bool ask_token(struct story *s, const struct credentials *who, const char *resource)
{
    struct att_buf form = { 0 }, text = { 0 };

    att_buf_puts(&form, "grant_type=client_credentials&client_id=");
    put_encoded(&form, who->client_id);
    att_buf_puts(&form, "&client_secret=");
    put_encoded(&form, who->secret);
    att_buf_puts(&form, "&scope=");
    put_encoded(&form, resource);
    put_encoded(&form, "/.default");
    att_buf_printf(&text,
                   "POST /%s/oauth2/v2.0/token HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Type: "
                   "application/x-www-form-urlencoded\\r\\nContent-Length: %zu\\r\\n\\r\\n",
                   who->tenant, form.len);
    att_buf_put(&text, att_buf_span(&form));
    char *line = form.failed || text.failed ? NULL : att_arena_dup(s->arena, att_buf_span(&text));
    att_buf_free(&form);
    att_buf_free(&text);
    return (line || fault(s, "memory")) && verb_open(s, NULL) && verb_send(s, line) && verb_receive(s, NULL);
}

/* login VARIABLE PRINCIPAL data|control|URL [CREDENTIALS] : sets VARIABLE, and tenant, subscription */
bool verb_login(struct story *s, char *args)
{
    const char *variable = word(&args), *principal = word(&args), *resource = word(&args);
    const char *path = args[0] ? args : "data/dev/credentials.json";
    struct credentials who = { 0 };
    struct att_json j;
    struct att_err err = { 0 };
    struct att_span token;

    if (strcmp(resource, "data") == 0)
        resource = "https://attest.azure.net";
    if (strcmp(resource, "control") == 0)
        resource = "https://management.azure.com";
    if (!look_up(s, path, principal, &who) || !ask_token(s, &who, resource))
        return false;
    keep_untold(s, att_str(who.secret));
    if (s->reply.status != 200 || !att_json_parse(s->arena, s->reply.body, NULL, &j, &err) ||
        !att_json_string(&j, s->arena, att_json_get(&j, ATT_JSON_ROOT, "access_token"), &token))
        return fault(s, "no token: %d %.300s", s->reply.status, (const char *)s->reply.body.ptr);
    keep_untold(s, token);
    return var_set(s, variable, token) && var_set(s, "tenant", att_str(who.tenant)) &&
           var_set(s, "subscription", att_str(who.subscription));
}
