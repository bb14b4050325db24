#include "cli/tpm_service.h"

#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/files.h"
#include "client/https.h"

bool tpm_service_fail(struct tpm_service *s, const struct att_err *err)
{
    s->exit = cli_refuse(s->c, err);
    return false;
}

static bool open_anonymous(struct tpm_service *s)
{
    const char *url = cli_value(s->c, "url");
    size_t len = url ? strlen(url) : 0;
    struct att_err err = { 0 };
    struct att_shown shown;

    while (len > 0 && url[len - 1] == '/')
        len--;
    if (len <= 8 || strncmp(url, "https://", 8) != 0 || strpbrk(url, "?#@\\ ")) {
        att_fail(&err, ATT_USAGE, "url", "https://HOST[:PORT][/PATH] beside --anonymous", "'%s'",
                 att_shown(&shown, att_str(url)));
        return tpm_service_fail(s, &err);
    }
    if (!cli_is_readable(s->c, "ca", &err))
        return tpm_service_fail(s, &err);
    s->url = att_arena_dup(s->c->arena, att_span_of(url, len));
    if (s->url)
        return true;
    att_fail_memory(&err, "url");
    return tpm_service_fail(s, &err);
}

/* For the provider alone: the token comes from the authority as the login has it, and the profile stays as it is. */
static bool other_ca(struct tpm_service *s)
{
    struct remote *r = &s->logged_in.r;
    struct remote_answer refused = { 0 };
    struct att_err err = { 0 };
    const char *token = NULL;

    if (!cli_is_readable(s->c, "ca", &err))
        return tpm_service_fail(s, &err);
    if (!remote_token(s->c, &r->profile, AUDIENCE_DATA, &token, &refused, &err)) {
        if (refused.status == 0)
            return tpm_service_fail(s, &err);
        s->exit = remote_refuse(s->c, &refused);
        return false;
    }
    r->profile.ca = cli_value(s->c, "ca");
    return true;
}

bool tpm_service_open(struct cli *c, struct tpm_service *ret)
{
    *ret = (struct tpm_service){ .c = c, .anonymous = cli_has(c, "anonymous"), .exit = CLI_UNKNOWN };
    if (ret->anonymous)
        return open_anonymous(ret);
    if (!policy_open(c, &ret->logged_in)) {
        ret->exit = ret->logged_in.r.exit;
        return false;
    }
    return !cli_has(c, "ca") || other_ca(ret);
}

static bool send_anonymous(struct tpm_service *s, const char *path, struct att_span body,
                           struct remote_answer *ret, struct att_err *err)
{
    ATT_AUTO(client_response_free) struct client_response answer = { 0 };
    const char *url = cli_text(s->c->arena, "%s%s", s->url, path);
    struct remote_answer a = { 0 };

    if (!url)
        return att_fail_memory(err, "request");
    struct client_request q = {
        .url = url, .ca_file = cli_value(s->c, "ca"), .content_type = "application/json", .body = &body
    };
    if (!client_send(&q, &answer, err))
        return false;
    const char *copy = att_arena_dup(s->c->arena, att_buf_span(&answer.body));
    if (!copy)
        return att_fail_memory(err, "answer");
    a.status = answer.status;
    a.body = att_span_of(copy, answer.body.len);
    a.has_doc = a.body.len > 0 && att_json_parse(s->c->arena, a.body, NULL, &a.doc, NULL);
    *ret = a;
    return true;
}

bool tpm_service_post(struct tpm_service *s, const char *path, const struct att_buf *body,
                      struct att_json *ret)
{
    struct att_span sent = att_buf_span(body);
    struct remote_request q = {
        .url = s->logged_in.uri, .path = path, .audience = AUDIENCE_DATA, .method = "POST", .body = &sent
    };
    struct remote_answer a = { 0 };
    struct att_err err = { 0 };

    if (body->failed)
        return att_fail(&err, ATT_LIMIT_EXCEEDED, "request", "at most 64 MiB", "more") ||
               tpm_service_fail(s, &err);
    if (!(s->anonymous ? send_anonymous(s, path, sent, &a, &err)
                       : remote_send(&s->logged_in.r, &q, &a, &err)))
        return tpm_service_fail(s, &err);
    if (!remote_done(&a)) {
        s->exit = remote_refuse(s->c, &a);
        return false;
    }
    if (!a.has_doc)
        return att_fail(&err, ATT_SERVICE_UNAVAILABLE, "answer", "JSON", "something else") ||
               tpm_service_fail(s, &err);
    *ret = a.doc;
    return true;
}
