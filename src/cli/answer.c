#include "cli/answer.h"

#include "base/err.h"
#include "cli/advice.h"

enum cli_exit cli_exit_of(enum att_code code)
{
    switch (att_code_class(code)) {
    case ATT_CLASS_NONE:
        return CLI_YES;
    case ATT_CLASS_REQUEST:
        return CLI_USAGE;
    case ATT_CLASS_INTERNAL:
        return CLI_UNKNOWN;
    case ATT_CLASS_EVIDENCE:
    case ATT_CLASS_COLLATERAL:
    case ATT_CLASS_POLICY:
    case ATT_CLASS_TOKEN:
        return CLI_NO;
    }
    return CLI_UNKNOWN;
}

static void put_error(struct att_json_writer *w, const struct att_err *err, enum att_class cls)
{
    if (err->code == ATT_OK) {
        att_jw_null(w);
        return;
    }
    att_jw_object(w);
    att_jw_key(w, "code");
    att_jw_str(w, att_code_name(err->code));
    att_jw_key(w, "class");
    att_jw_str(w, att_class_name(cls));
    att_jw_key(w, "where");
    att_jw_str(w, err->where);
    att_jw_key(w, "found");
    att_jw_str(w, err->found);
    att_jw_key(w, "expected");
    att_jw_str(w, err->expected);
    att_jw_key(w, "message");
    att_jw_str(w, err->text);
    att_jw_end_object(w);
}

void cli_put_error(struct att_json_writer *w, const struct att_err *err)
{
    put_error(w, err, att_code_class(err->code));
}

void cli_put_refusal(struct att_json_writer *w, const struct att_err *err)
{
    enum att_class cls = att_code_class(err->code);

    if (cls == ATT_CLASS_REQUEST || cls == ATT_CLASS_TOKEN)
        cls = ATT_CLASS_EVIDENCE;
    put_error(w, err, cls);
}

struct att_json_writer cli_writer(struct cli *c)
{
    return (struct att_json_writer){ .out = &c->out, .pretty = !c->json };
}

void cli_put_reason(struct att_buf *b, const struct att_err *err, const char *indent)
{
    const char *advice = cli_advice(err->code);

    if (err->where[0])
        att_buf_printf(b, "%swhere       %s\n", indent, err->where);
    if (err->found[0])
        att_buf_printf(b, "%sfound       %s\n", indent, err->found);
    if (err->expected[0])
        att_buf_printf(b, "%sexpected    %s\n", indent, err->expected);
    if (advice)
        att_buf_printf(b, "%swhat to do  %s\n", indent, advice);
}

enum cli_exit cli_refuse(struct cli *c, const struct att_err *err)
{
    if (c->json) {
        struct att_json_writer w = cli_writer(c);
        att_buf_clear(&c->out); /* half an answer would make two objects */
        att_jw_object(&w);
        att_jw_key(&w, "error");
        cli_put_error(&w, err);
        att_jw_end_object(&w);
        att_buf_putc(&c->out, '\n');
        return cli_exit_of(err->code);
    }
    att_buf_printf(&c->diagnostics, "attestctl: %s: %s\n", att_code_name(err->code), err->text);
    const char *advice = cli_advice(err->code);
    if (advice)
        att_buf_printf(&c->diagnostics, "  what to do  %s\n", advice);
    if (err->code == ATT_USAGE && c->command)
        att_buf_printf(&c->diagnostics, "  see attestctl %s --help\n", c->command->name);
    return cli_exit_of(err->code);
}

void cli_put_value(struct att_json_writer *w, const struct att_value *v)
{
    switch (v->kind) {
    case ATT_CLAIM_BOOL:
        att_jw_bool(w, v->boolean);
        return;
    case ATT_CLAIM_INT:
        att_jw_int(w, v->integer);
        return;
    case ATT_CLAIM_STRING:
        att_jw_string(w, v->text);
        return;
    case ATT_CLAIM_JSON:
        att_jw_raw(w, v->text);
        return;
    }
}

static bool taken(const struct att_claim *claim, unsigned flags)
{
    return flags == 0 || (claim->flags & flags) != 0;
}

static size_t values_of(const struct att_claims *set, struct att_span type, size_t end, unsigned flags)
{
    size_t n = 0;

    for (size_t i = 0; i < end; i++)
        n += taken(&set->items[i], flags) && att_span_eq(set->items[i].type, type);
    return n;
}

void cli_put_claims(struct att_json_writer *w, const struct att_claims *set, unsigned flags)
{
    att_jw_object(w);
    for (size_t i = 0; i < set->count; i++) {
        const struct att_claim *claim = &set->items[i];
        if (!taken(claim, flags) || values_of(set, claim->type, i, flags) > 0)
            continue;
        bool several = values_of(set, claim->type, set->count, flags) > 1;
        att_jw_key_span(w, claim->type);
        if (several)
            att_jw_array(w);
        for (size_t j = i; j < set->count; j++)
            if (taken(&set->items[j], flags) && att_span_eq(set->items[j].type, claim->type))
                cli_put_value(w, &set->items[j].value);
        if (several)
            att_jw_end_array(w);
    }
    att_jw_end_object(w);
}

bool cli_put_json(struct att_json_writer *w, struct att_arena *a, const struct att_json *doc, att_json_id id)
{
    enum att_json_type type = att_json_type(doc, id);
    struct att_span name;

    if (type != ATT_JSON_OBJECT && type != ATT_JSON_ARRAY) {
        att_jw_raw(w, att_json_source(doc, id));
        return true;
    }
    if (type == ATT_JSON_OBJECT)
        att_jw_object(w);
    else
        att_jw_array(w);
    for (att_json_id child = att_json_first(doc, id); child != ATT_JSON_NONE;
         child = att_json_next(doc, child)) {
        if (type == ATT_JSON_OBJECT) {
            if (!att_json_key(doc, a, child, &name))
                return false;
            att_jw_key_span(w, name);
        }
        if (!cli_put_json(w, a, doc, child))
            return false;
    }
    if (type == ATT_JSON_OBJECT)
        att_jw_end_object(w);
    else
        att_jw_end_array(w);
    return true;
}

void cli_put_text(struct att_json_writer *w, struct att_arena *a, struct att_span json)
{
    struct att_json doc;
    struct att_shown shown;

    if (json.len == 0) {
        att_jw_null(w);
        return;
    }
    if (!att_json_parse(a, json, NULL, &doc, NULL) || !cli_put_json(w, a, &doc, ATT_JSON_ROOT))
        att_jw_str(w, att_shown(&shown, json));
}
