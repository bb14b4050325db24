#include "cli/policy_past.h"

#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"

#include <stdio.h>

enum { NUMBER_DIGITS_MAX = 10 };

bool past_number(const char *text, int64_t *ret)
{
    size_t len = strspn(text, "0123456789");
    int64_t n = 0;

    if (len == 0 || len > NUMBER_DIGITS_MAX || text[len])
        return false;
    for (size_t i = 0; i < len; i++)
        n = 10 * n + (text[i] - '0');
    *ret = n;
    return n > 0;
}

/* -- the service's answer --------------------------------------------------------------------------------- */

static bool event_of(struct members *m, att_json_id id, struct past_event *ret)
{
    struct past_event e = { 0 };

    if (!att_json_i64(m->doc, att_json_get(m->doc, id, "number"), &e.number) || e.number < 1 ||
        !att_json_string(m->doc, m->arena, att_json_get(m->doc, id, "token"), &e.token))
        return false;
    e.removed = strcmp(member_at(m, id, "result"), "Removed") == 0;
    e.time = member_at(m, id, "time");
    e.principal = member_at(m, id, "principal");
    e.signer = member_at(m, id, "signer");
    e.hash = member_at(m, id, "policyHash");
    *ret = e;
    return !m->failed;
}

/* Numbers go down without a gap, from below `before`: what is missing between two would be missed without a word, and what
 * comes again would come for ever. */
static bool page_of(struct remote *r, const struct remote_answer *a, int64_t before, struct past_page *ret)
{
    struct members m = remote_members(r, a);
    struct past_page page = { .doc = a->doc };
    att_json_id list = a->has_doc ? att_json_get(&a->doc, ATT_JSON_ROOT, "value") : ATT_JSON_NONE;
    att_json_id next = a->has_doc ? att_json_get(&a->doc, ATT_JSON_ROOT, "nextBefore") : ATT_JSON_NONE;

    if (list == ATT_JSON_NONE || att_json_type(&a->doc, list) != ATT_JSON_ARRAY)
        return false;
    page.events = att_arena_alloc(r->c->arena, (size_t)a->doc.nodes[list].count + 1, sizeof *page.events);
    if (!page.events)
        return false;
    for (att_json_id id = att_json_first(&a->doc, list); id != ATT_JSON_NONE;
         id = att_json_next(&a->doc, id), page.count++)
        if (!event_of(&m, id, &page.events[page.count]) ||
            (page.count > 0 && page.events[page.count].number != page.events[page.count - 1].number - 1))
            return false;
    if (before > 0 && page.count > 0 && page.events[0].number >= before)
        return false;
    if (att_json_type(&a->doc, next) != ATT_JSON_NULL &&
        (!att_json_i64(&a->doc, next, &page.next_before) || page.count == 0 ||
         page.next_before != page.events[page.count - 1].number))
        return false;
    *ret = page;
    return true;
}

bool past_page(struct policy_service *s, const char *type, int64_t before, struct past_page *ret)
{
    struct remote_request q = { .url = s->uri, .audience = AUDIENCE_DATA };
    struct remote_answer a = { 0 };
    struct att_err err = { 0 };

    if (!policy_path(&s->r, type, "/history", &q.path, &err))
        return remote_fail(&s->r, &err);
    if (before > 0)
        q.path = cli_text(s->r.c->arena, "%s&before=%lld", q.path, (long long)before);
    if (!q.path) {
        att_fail_memory(&err, "request");
        return remote_fail(&s->r, &err);
    }
    if (!remote_call(&s->r, &q, &a))
        return false;
    if (page_of(&s->r, &a, before, ret))
        return true;
    att_fail(&err, ATT_SERVICE_UNAVAILABLE, "answer", "a history of policies", "something else");
    return remote_fail(&s->r, &err);
}

bool past_event(struct policy_service *s, const char *type, int64_t number, struct past_event *ret)
{
    struct past_page page = { 0 };
    struct att_err err = { 0 };

    if (!past_page(s, type, number + 1, &page))
        return false;
    if (page.count > 0 && page.events[0].number == number) {
        *ret = page.events[0];
        return true;
    }
    att_fail(&err, ATT_USAGE, "number", "a number of the history (attestctl policy history)", "%lld",
             (long long)number);
    return remote_fail(&s->r, &err);
}

bool past_text(struct policy_service *s, const struct past_event *e, struct att_span *ret)
{
    struct att_err err = { 0 };

    if (!e->removed)
        return policy_text(s->r.c, e->token, ret, &err) || remote_fail(&s->r, &err);
    *ret = (struct att_span){ 0 };
    return true;
}

/* -- history ---------------------------------------------------------------------------------------------- */

static void put_cell(struct att_buf *b, const char *text, int width)
{
    size_t from = b->len;

    cli_put_plain(b, text[0] ? text : "-");
    for (size_t n = b->len - from; n < (size_t)width + 2; n++)
        att_buf_putc(b, ' ');
}

static void put_row(struct att_buf *b, const char *number, const struct past_event *e)
{
    att_buf_printf(b, "%6s  ", number);
    put_cell(b, e->time, 20);
    put_cell(b, e->removed ? "Removed" : "Updated", 7);
    put_cell(b, e->hash, 43);
    put_cell(b, e->signer, 40);
    cli_put_plain(b, e->principal);
    att_buf_putc(b, '\n');
}

static void show_page(struct att_buf *b, const struct past_page *page)
{
    char number[24];

    for (size_t i = 0; i < page->count; i++) {
        (void)snprintf(number, sizeof number, "%lld", (long long)page->events[i].number);
        put_row(b, number, &page->events[i]);
    }
}

static bool put_page(struct att_json_writer *w, struct cli *c, const struct past_page *page)
{
    att_json_id list = att_json_get(&page->doc, ATT_JSON_ROOT, "value");

    for (att_json_id id = att_json_first(&page->doc, list); id != ATT_JSON_NONE;
         id = att_json_next(&page->doc, id))
        if (!cli_put_json(w, c->arena, &page->doc, id))
            return false;
    return true;
}

static enum cli_exit run_history(struct cli *c)
{
    struct att_json_writer w = cli_writer(c);
    struct policy_service s;
    struct past_page page = { 0 };
    bool more = true;

    if (!policy_open(c, &s))
        return s.r.exit;
    if (c->json) {
        att_jw_object(&w);
        att_jw_key(&w, "value");
        att_jw_array(&w);
    } else {
        att_buf_printf(&c->out, "%6s  %-20s  %-7s  %-43s  %-40s  %s\n", "number", "time", "result", "hash",
                       "signer", "by");
    }
    while (more) {
        if (!past_page(&s, c->operands[0], page.next_before, &page))
            return s.r.exit;
        if (c->json && !put_page(&w, c, &page)) {
            struct att_err err = { 0 };
            att_fail_memory(&err, "answer");
            return cli_refuse(c, &err);
        }
        if (!c->json)
            show_page(&c->out, &page);
        more = cli_has(c, "all") && page.next_before > 0;
    }
    if (!c->json) {
        if (page.next_before > 0)
            att_buf_puts(&c->diagnostics, "there are older ones: --all shows them\n");
        return CLI_YES;
    }
    att_jw_end_array(&w);
    att_jw_key(&w, "nextBefore");
    if (page.next_before > 0)
        att_jw_int(&w, page.next_before);
    else
        att_jw_null(&w);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
    return CLI_YES;
}

static const struct cli_option options_history[] = {
    OPTIONS_POLICY_SERVICE,
    { .name = "all", .help = "Ask until the oldest one; else only for the newest ones." },
    { 0 },
};

const struct cli_command cli_policy_history = {
    .name = "policy history",
    .operands = "TYPE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "show every policy that was set, and by whom",
    .about = "One line for each time that the policy of TYPE was set (Updated) or reset (Removed), newest "
             "first: its "
             "number, when, the policy's hash, the thumbprint of the certificate that signed it (- when "
             "nothing did), and who did it. Numbers are never used again. With --json the policy tokens are "
             "there, too.",
    .examples = "  attestctl policy history SgxEnclave --provider one --group lab\n",
    .options = options_history,
    .run = run_history,
};
