#include "cli/remote.h"

#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "client/https.h"

#include <stdio.h>

/* A list of ten thousand providers is some 6 MB. */
enum { ANSWER_BYTES_MAX = 48 << 20, ANSWER_NODES_MAX = 2 << 20 };

bool remote_fail(struct remote *r, const struct att_err *err)
{
    r->exit = cli_refuse(r->c, err);
    return false;
}

bool remote_open(struct cli *c, struct remote *ret)
{
    struct att_err err = { 0 };

    *ret = (struct remote){ .c = c, .exit = CLI_UNKNOWN };
    return profile_read(c, &ret->profile, &err) || remote_fail(ret, &err);
}

static bool keep_answer(struct cli *c, const struct client_response *from, struct remote_answer *ret,
                        struct att_err *err)
{
    struct att_limits limits = att_limits_default;
    struct att_json_options options = { .limits = &limits };
    struct remote_answer a = { .status = from->status };

    limits.json_nodes_max = ANSWER_NODES_MAX;
    const char *copy = att_arena_dup(c->arena, att_buf_span(&from->body));
    if (!copy)
        return att_fail_memory(err, "answer");
    a.body = att_span_of(copy, from->body.len);
    memcpy(a.etag, from->etag, sizeof a.etag);
    a.has_doc = a.body.len > 0 && att_json_parse(c->arena, a.body, &options, &a.doc, NULL);
    *ret = a;
    return true;
}

bool remote_send(struct remote *r, const struct remote_request *q, struct remote_answer *ret,
                 struct att_err *err)
{
    ATT_AUTO(client_response_free) struct client_response answer = { 0 };
    struct remote_answer refused = { 0 };
    const char *token = NULL;
    const char *base = q->url ? q->url : r->profile.url;

    if (!remote_token(r->c, &r->profile, q->audience, &token, &refused, err)) {
        if (refused.status == 0)
            return false;
        *ret = refused;
        return true;
    }
    const char *url = cli_text(r->c->arena, "%s%s", base, q->path);
    if (!url)
        return att_fail_memory(err, "request");
    struct client_request request = {
        .url = url,
        .ca_file = r->profile.ca,
        .method = q->method,
        .bearer = token,
        .if_match = q->if_match,
        .if_none_match = q->if_none_match,
        .content_type = !q->body          ? NULL
                        : q->content_type ? q->content_type
                                          : "application/json",
        .body = q->body,
        .body_bytes_max = ANSWER_BYTES_MAX,
    };
    return client_send(&request, &answer, err) && keep_answer(r->c, &answer, ret, err);
}

bool remote_call(struct remote *r, const struct remote_request *q, struct remote_answer *ret)
{
    struct att_err err = { 0 };
    struct remote_answer a = { 0 };

    if (!remote_send(r, q, &a, &err))
        return remote_fail(r, &err);
    if (!remote_done(&a)) {
        r->exit = remote_refuse(r->c, &a);
        return false;
    }
    if (a.body.len > 0 && !a.has_doc) {
        att_fail(&err, ATT_SERVICE_UNAVAILABLE, "answer", "JSON", "something else");
        return remote_fail(r, &err);
    }
    *ret = a;
    return true;
}

enum cli_exit remote_exit_of(const struct remote_answer *a)
{
    bool clear = a->status >= 400 && a->status < 500 && a->status != 408 && a->status != 429;

    return clear ? CLI_NO : CLI_UNKNOWN;
}

/* The control plane says {"error":{...}}; the authority {"error":"...","error_description":"..."}. */
void remote_put_refusal(struct att_json_writer *w, struct cli *c, const struct remote_answer *a)
{
    att_json_id error = a->has_doc ? att_json_get(&a->doc, ATT_JSON_ROOT, "error") : ATT_JSON_NONE;

    if (att_json_type(&a->doc, error) == ATT_JSON_STRING)
        error = ATT_JSON_ROOT;
    att_jw_object(w);
    att_jw_key(w, "status");
    att_jw_int(w, a->status);
    att_jw_key(w, "error");
    if (error == ATT_JSON_NONE || !cli_put_json(w, c->arena, &a->doc, error))
        cli_put_text(w, c->arena, a->body);
    att_jw_end_object(w);
}

static void line(struct att_buf *b, const char *name, const char *value)
{
    if (!value[0])
        return;
    att_buf_printf(b, "  %-11s ", name);
    cli_put_plain(b, value);
    att_buf_putc(b, '\n');
}

void remote_show_refusal(struct att_buf *b, struct cli *c, const struct remote_answer *a)
{
    struct members m = { .arena = c->arena, .doc = &a->doc };
    struct att_shown shown;

    if (!a->has_doc || att_json_get(&a->doc, ATT_JSON_ROOT, "error") == ATT_JSON_NONE) {
        att_buf_printf(b, "refused with status %ld%s%s\n", a->status, a->body.len ? ": " : "",
                       a->body.len ? att_shown(&shown, a->body) : "");
        return;
    }
    att_json_id error = att_json_get(&a->doc, ATT_JSON_ROOT, "error");
    bool oauth = att_json_type(&a->doc, error) == ATT_JSON_STRING;
    att_buf_printf(b, "refused with status %ld: ", a->status);
    cli_put_plain(b, oauth ? member_at(&m, ATT_JSON_ROOT, "error") : member_at(&m, error, "code"));
    att_buf_puts(b, ": ");
    cli_put_plain(b, oauth ? member_at(&m, ATT_JSON_ROOT, "error_description")
                           : member_at(&m, error, "message"));
    att_buf_putc(b, '\n');
    if (oauth)
        return;
    att_json_id details = att_json_get(&a->doc, error, "details");
    for (att_json_id d = att_json_first(&a->doc, details); d != ATT_JSON_NONE;
         d = att_json_next(&a->doc, d)) {
        line(b, "detail", member_at(&m, d, "code"));
        line(b, "where", member_at(&m, d, "target"));
        line(b, "found", member_at(&m, d, "found"));
        line(b, "expected", member_at(&m, d, "expected"));
    }
}

enum cli_exit remote_refuse(struct cli *c, const struct remote_answer *a)
{
    if (c->json) {
        struct att_json_writer w = cli_writer(c);
        att_buf_clear(&c->out); /* half an answer would make two objects */
        remote_put_refusal(&w, c, a);
        att_buf_putc(&c->out, '\n');
    } else {
        att_buf_puts(&c->diagnostics, "attestctl: ");
        remote_show_refusal(&c->diagnostics, c, a);
    }
    return remote_exit_of(a);
}

void remote_put_json(struct cli *c, const struct remote_answer *a)
{
    struct att_json_writer w = cli_writer(c);

    if (!a->has_doc || !cli_put_json(&w, c->arena, &a->doc, ATT_JSON_ROOT)) {
        att_jw_object(&w);
        att_jw_key(&w, "status");
        att_jw_int(&w, a->status);
        att_jw_end_object(&w);
    }
    att_buf_putc(&c->out, '\n');
}
