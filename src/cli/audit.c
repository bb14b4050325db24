#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/role.h"
#include "cli/scope.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

static bool number_of(const char *text, int64_t *ret)
{
    char *end = NULL;

    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (errno != 0 || end == text || n < 0 || text[0] < '0' || text[0] > '9')
        return false;
    *ret = n;
    return *end == '\0' || *end == '&';
}

static void show_record(struct remote *r, struct members *m, att_json_id id)
{
    struct att_buf *b = &r->c->out;
    const char *name = member_at(m, id, "name");
    const char *refusal = member_at(m, id, "refusal.code");
    int64_t seq = 0;

    if (!att_json_i64(m->doc, att_json_get(m->doc, id, "seq"), &seq))
        seq = 0;
    att_buf_printf(b, "%" PRId64 "  ", seq);
    cli_put_plain(b, member_at(m, id, "at"));
    att_buf_puts(b, "  ");
    cli_put_plain(b, member_at(m, id, "outcome"));
    att_buf_puts(b, "  ");
    cli_put_plain(b, member_at(m, id, "operation"));
    att_buf_puts(b, "  by ");
    cli_put_plain(b, name[0] ? name : member_at(m, id, "principal"));
    att_buf_puts(b, "  on ");
    cli_put_plain(b, member_at(m, id, "scope"));
    att_buf_puts(b, refusal[0] ? "  " : "");
    cli_put_plain(b, refusal);
    att_buf_putc(b, '\n');
}

/* Where the next page begins; -1 when there is none. Only the number is taken from the link: a token goes to the service
 * that we logged in to, wherever an answer points. */
static bool after_next(struct members *m, int64_t after, int64_t *ret)
{
    const char *link = member_at(m, ATT_JSON_ROOT, "nextLink");
    const char *at = strstr(link, "after=");

    *ret = -1;
    if (!link[0])
        return true;
    return at && number_of(at + strlen("after="), ret) && *ret > after;
}

static enum cli_exit run_list(struct cli *c)
{
    struct att_json_writer w = { .out = &c->out };
    struct att_err err = { 0 };
    struct att_shown shown;
    struct remote r;
    const char *scope = NULL;
    const char *from = cli_value(c, "after");
    int64_t after = 0;
    bool lines = cli_has(c, "lines");

    if (!remote_open(c, &r))
        return r.exit;
    if (from && (!number_of(from, &after) || strchr(from, '&')))
        att_fail(&err, ATT_USAGE, "after", "the number of a record", "%s", att_shown(&shown, att_str(from)));
    if (lines && c->json)
        att_fail(&err, ATT_USAGE, "lines", "--lines or --json", "both");
    if (err.code != ATT_OK || !scope_of(&r, &scope, &err))
        return cli_refuse(c, &err);
    if (c->json) {
        att_jw_object(&w);
        att_jw_key(&w, "value");
        att_jw_array(&w);
    }
    while (after >= 0) {
        struct remote_answer a = { 0 };
        struct remote_request q = { .path = cli_text(c->arena,
                                                     "%s/providers/Microsoft.Attestation/"
                                                     "auditRecords?api-version=" VERSION_OWN "&after=%" PRId64
                                                     "&top=1000",
                                                     scope, after) };
        if (!q.path) {
            att_fail_memory(&err, "request");
            return cli_refuse(c, &err);
        }
        if (!remote_call(&r, &q, &a))
            return r.exit;
        struct members m = remote_members(&r, &a);
        att_json_id list = a.has_doc ? att_json_get(&a.doc, ATT_JSON_ROOT, "value") : ATT_JSON_NONE;
        if (att_json_type(&a.doc, list) != ATT_JSON_ARRAY || !after_next(&m, after, &after)) {
            att_fail(&err, ATT_SERVICE_UNAVAILABLE, "answer", "a page of audit records", "something else");
            return cli_refuse(c, &err);
        }
        for (att_json_id id = att_json_first(&a.doc, list); id != ATT_JSON_NONE;
             id = att_json_next(&a.doc, id)) {
            if (c->json || lines)
                att_jw_raw(&w, att_json_source(&a.doc, id));
            else
                show_record(&r, &m, id);
            if (lines) {
                att_buf_putc(&c->out, '\n');
                w = (struct att_json_writer){ .out = &c->out };
            }
        }
    }
    if (c->json) {
        att_jw_end_array(&w);
        att_jw_end_object(&w);
        att_buf_putc(&c->out, '\n');
    }
    return CLI_YES;
}

static const struct cli_option options[] = {
    OPTIONS_SCOPE,
    { .name = "after", .argument = "N", .help = "Only records behind number N." },
    { .name = "lines", .help = "One JSON object a line for each record, instead of a text line." },
    { 0 },
};

const struct cli_command cli_audit_list = {
    .name = "audit list",
    .summary = "list what was changed, by whom, and what was refused",
    .about = "All records of a scope and of what is below it, oldest first, over as many pages as there are; "
             "of the "
             "subscription if no scope is named.",
    .examples = "  attestctl audit list --after 120\n  attestctl audit list --group lab --lines\n",
    .options = options,
    .run = run_list,
};
