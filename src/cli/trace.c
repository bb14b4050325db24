#include "cli/trace.h"

#include "cli/answer.h"

static const char *const outcomes[] = {
    [ATT_TRACE_FIRED] = "fired",
    [ATT_TRACE_NOT_FIRED] = "not fired",
    [ATT_TRACE_SKIPPED] = "not reached",
    [ATT_TRACE_FAILED] = "failed",
};

static bool put_rules(struct cli *c, struct att_json_writer *w, const struct att_policy_result *result)
{
    struct att_limits limits = att_limits_default;
    struct att_json_options options = { .limits = &limits };
    struct att_span json;
    struct att_json doc;

    limits.json_nodes_max = limits.policy_json_nodes_max;
    if (!att_policy_explain_json(result, c->arena, &json, NULL) ||
        !att_json_parse(c->arena, json, &options, &doc, NULL))
        return false;
    return cli_put_json(w, c->arena, &doc, att_json_get(&doc, ATT_JSON_ROOT, "rules"));
}

void cli_trace_json(struct cli *c, struct att_json_writer *w, const struct att_policy_result *result)
{
    bool traced = result->sentence.len > 0;

    att_jw_key(w, "trace");
    if (!traced) {
        att_jw_array(w);
        att_jw_end_array(w);
    } else if (!put_rules(c, w, result)) {
        w->out->failed = true; /* memory ran out: no answer rather than half of one */
    }
    att_jw_key(w, "sentence");
    if (traced)
        att_jw_string(w, result->sentence);
    else
        att_jw_null(w);
}

static void put_span(struct att_buf *b, struct att_span printable)
{
    att_buf_put(b, printable);
    att_buf_putc(b, '\n');
}

void cli_trace_text(struct att_buf *b, const char *label, const struct att_policy_result *result)
{
    const char *section = NULL;

    if (result->sentence.len == 0)
        return;
    att_buf_puts(b, label);
    put_span(b, result->sentence);
    for (size_t i = 0; i < result->trace_count; i++) {
        const struct att_trace_row *row = &result->trace[i];
        if (section != row->section)
            att_buf_printf(b, "  %s\n", row->section);
        section = row->section;
        att_buf_printf(b, "    %-11s  line %-4u %-13s  ", outcomes[row->kind], row->line, row->action);
        put_span(b, row->reason);
    }
}
