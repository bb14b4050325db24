/* Tokens: client credentials (RFC 6749 4.4) at the authority that its discovery document names. */
#include "base/auto.h"
#include "base/err.h"
#include "base/secret.h"
#include "cli/remote.h"
#include "client/https.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* A token that ends within the request helps nobody, and clocks differ. */
enum { EXPIRES_SOON_S = 120, TOKEN_SECONDS_MAX = 24 * 3600 };

static bool dev_secret(struct cli *c, const struct profile *p, const char **ret, struct att_err *err)
{
    struct att_json doc;
    struct members m = { .arena = c->arena, .doc = &doc };
    struct att_span text;

    if (!private_read(c, "secret", p->secret_path, &text, err) ||
        !att_json_parse(c->arena, text, NULL, &doc, err))
        return false;
    att_json_id list = att_json_get(&doc, ATT_JSON_ROOT, "principals");
    for (att_json_id id = att_json_first(&doc, list); id != ATT_JSON_NONE; id = att_json_next(&doc, id))
        if (strcmp(member_at(&m, id, "name"), p->secret_name) == 0 &&
            strcmp(member_at(&m, id, "client_id"), p->client_id) == 0) {
            *ret = member_at(&m, id, "client_secret");
            return true;
        }
    return att_fail(err, ATT_USAGE, "secret", "the principal that logged in",
                    "it is not in credentials.json");
}

static bool file_secret(struct cli *c, const struct profile *p, const char **ret, struct att_err *err)
{
    struct att_span text;

    if (!private_read(c, "secret", p->secret_path, &text, err))
        return false;
    while (text.len > 0 && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r'))
        text.len--;
    if (text.len == 0 || memchr(text.ptr, 0, text.len))
        return att_fail(err, ATT_USAGE, "secret", "a secret in one line", "%s",
                        text.len ? "a zero byte" : "an empty file");
    *ret = att_arena_dup(c->arena, text);
    return *ret || att_fail_memory(err, "secret");
}

static bool secret_of(struct cli *c, const struct profile *p, const char **ret, struct att_err *err)
{
    const char *text = getenv("ATTESTCTL_CLIENT_SECRET");

    if (p->from == SECRET_DEV)
        return dev_secret(c, p, ret, err);
    if (p->from == SECRET_FILE)
        return file_secret(c, p, ret, err);
    if (!text || !text[0])
        return att_fail(err, ATT_USAGE, "secret", "ATTESTCTL_CLIENT_SECRET", "it is not set");
    *ret = text;
    return true;
}

static void put_form(struct att_buf *b, const char *name, const char *value)
{
    if (b->len > 0)
        att_buf_putc(b, '&');
    att_buf_puts(b, name);
    att_buf_putc(b, '=');
    for (const unsigned char *p = (const unsigned char *)value; *p; p++)
        if (isalnum(*p) || strchr("-_.~", *p))
            att_buf_putc(b, (char)*p);
        else
            att_buf_printf(b, "%%%02X", *p);
}

static bool same_origin(const char *a, const char *b)
{
    size_t len = strlen("https://");

    len += strcspn(a + len, "/");
    return strncmp(a, b, len) == 0 && (b[len] == '/' || b[len] == '\0');
}

static bool fetch(struct cli *c, const struct client_request *request, struct remote_answer *ret,
                  struct att_err *err)
{
    ATT_AUTO(client_response_free) struct client_response answer = { 0 };
    struct remote_answer a = { 0 };

    if (!client_send(request, &answer, err))
        return false;
    const char *copy = att_arena_dup(c->arena, att_buf_span(&answer.body));
    if (!copy)
        return att_fail_memory(err, "answer");
    a.status = answer.status;
    a.body = att_span_of(copy, answer.body.len);
    a.has_doc = a.body.len > 0 && att_json_parse(c->arena, a.body, NULL, &a.doc, NULL);
    *ret = a;
    return true;
}

static bool not_understood(struct att_err *err, const char *where, const char *wanted)
{
    return att_fail(err, ATT_SERVICE_UNAVAILABLE, where, wanted, "something else");
}

static bool discover(struct cli *c, const struct profile *p, const char **ret, struct remote_answer *answer,
                     struct att_err *err)
{
    const char *url =
        cli_text(c->arena, "%s/%s/v2.0/.well-known/openid-configuration", p->authority, p->tenant);
    struct client_request request = { .url = url, .ca_file = p->ca };
    struct remote_answer a = { 0 };

    if (!url)
        return att_fail_memory(err, "authority");
    if (!fetch(c, &request, &a, err))
        return false;
    if (a.status != 200) {
        *answer = a;
        return false;
    }
    struct members m = { .arena = c->arena, .doc = &a.doc };
    const char *endpoint = a.has_doc ? member_at(&m, ATT_JSON_ROOT, "token_endpoint") : "";
    if (!endpoint[0])
        return not_understood(err, "authority.discovery", "a document with token_endpoint");
    /* The secret goes to whom the user named, and to nobody whom a document names. */
    if (!same_origin(p->authority, endpoint))
        return not_understood(err, "authority.token_endpoint", "an endpoint of the authority itself");
    *ret = endpoint;
    return true;
}

static bool keep(struct cli *c, struct profile *p, enum audience audience, const struct remote_answer *a,
                 struct att_err *err)
{
    struct members m = { .arena = c->arena, .doc = &a->doc };
    int64_t seconds = 0;

    if (!a->has_doc)
        return not_understood(err, "authority.token", "JSON");
    const char *token = member_at(&m, ATT_JSON_ROOT, "access_token");
    att_json_id expires = att_json_get(&a->doc, ATT_JSON_ROOT, "expires_in");
    if (!token[0] ||
        token[strspn(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=")])
        return not_understood(err, "authority.token", "access_token");
    if (!att_json_i64(&a->doc, expires, &seconds) || seconds < 0)
        return not_understood(err, "authority.token", "expires_in");
    p->tokens[audience].text = token;
    p->tokens[audience].expires_unix_s =
        (int64_t)time(NULL) + (seconds < TOKEN_SECONDS_MAX ? seconds : TOKEN_SECONDS_MAX);
    return true;
}

bool remote_token(struct cli *c, struct profile *p, enum audience audience, const char **ret,
                  struct remote_answer *answer, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf form = { .max = 64 << 10 };
    const char *secret = NULL;
    const char *endpoint = NULL;
    struct remote_answer a = { 0 };

    if (p->tokens[audience].text &&
        p->tokens[audience].expires_unix_s > (int64_t)time(NULL) + EXPIRES_SOON_S) {
        *ret = p->tokens[audience].text;
        return true;
    }
    if (!secret_of(c, p, &secret, err) || !discover(c, p, &endpoint, answer, err))
        return false;
    put_form(&form, "grant_type", "client_credentials");
    put_form(&form, "client_id", p->client_id);
    put_form(&form, "client_secret", secret);
    put_form(&form, "scope", audience_names[audience]);
    att_buf_puts(&form, "%2F.default");
    if (form.failed)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "secret", "a short one", "more than 64 KiB");
    struct att_span body = att_buf_span(&form);
    struct client_request request = {
        .url = endpoint, .ca_file = p->ca, .content_type = "application/x-www-form-urlencoded", .body = &body
    };
    if (!fetch(c, &request, &a, err))
        return false;
    if (a.status != 200) {
        *answer = a;
        return false;
    }
    if (!keep(c, p, audience, &a, err) || !profile_write(p, err))
        return false;
    *ret = p->tokens[audience].text;
    return true;
}
