#include "cli/trace.h"

#include "base/buf.h"
#include "base/err.h"

static const char *const outcomes[] = {
    [ATT_TRACE_FIRED] = "fired",
    [ATT_TRACE_NOT_FIRED] = "not fired",
    [ATT_TRACE_SKIPPED] = "skipped",
};

void cli_trace_json(struct att_json_writer *w, const struct att_policy_result *result)
{
    att_jw_array(w);
    for (size_t i = 0; result->trace && i < result->trace_count; i++) {
        const struct att_trace_row *row = &result->trace[i];
        att_jw_object(w);
        att_jw_key(w, "section");
        att_jw_str(w, row->section);
        att_jw_key(w, "line");
        att_jw_int(w, row->line);
        att_jw_key(w, "outcome");
        att_jw_str(w, outcomes[row->kind]);
        att_jw_key(w, "condition");
        if (row->kind == ATT_TRACE_NOT_FIRED)
            att_jw_int(w, row->condition);
        else
            att_jw_null(w);
        att_jw_key(w, "rule");
        att_jw_string(w, row->text);
        att_jw_key(w, "reason");
        att_jw_string(w, row->reason);
        att_jw_end_object(w);
    }
    att_jw_end_array(w);
}

void cli_trace_text(struct att_buf *b, const struct att_policy_result *result)
{
    for (size_t i = 0; result->trace && i < result->trace_count; i++) {
        const struct att_trace_row *row = &result->trace[i];
        struct att_shown rule;
        att_buf_printf(b, "  %-9s  line %u, %s: %s\n", outcomes[row->kind], row->line, row->section,
                       att_shown(&rule, row->text));
        if (row->reason.len == 0)
            continue;
        att_buf_puts(b, "             ");
        for (size_t k = 0; k < row->reason.len; k++) {
            uint8_t ch = row->reason.ptr[k];
            att_buf_putc(b, ch < 0x20 || ch == 0x7f ? '?' : (char)ch); /* claims may hold terminal escapes */
        }
        att_buf_putc(b, '\n');
    }
}
