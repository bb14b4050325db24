/* The trace as JSON, for programs: one shape for attestctl and REST. */
#include <attest/policy.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"

enum {
    TEXT_BYTES_MAX = 240,
    NAME_BYTES_MAX = 80,
    EXPLAIN_BYTES_MAX = 4 << 20, /* a thousand rules with all their claims: 3 MB */
};

static const char *const outcomes[] = {
    [ATT_TRACE_FIRED] = "fired",
    [ATT_TRACE_NOT_FIRED] = "not-fired",
    [ATT_TRACE_SKIPPED] = "not-reached",
    [ATT_TRACE_FAILED] = "failed",
};

/* Not in the middle of a character. */
static size_t cut_at(struct att_span text, size_t max)
{
    size_t n = max;

    while (n > 0 && (text.ptr[n] & 0xc0) == 0x80)
        n--;
    return n;
}

static void put_cut(struct att_json_writer *w, struct att_span text, size_t max)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };

    if (text.len <= max) {
        att_jw_string(w, text);
        return;
    }
    att_buf_put(&b, att_span_of(text.ptr, cut_at(text, max)));
    att_buf_printf(&b, "... (%zu bytes)", text.len);
    w->out->failed = w->out->failed || b.failed;
    att_jw_string(w, att_buf_span(&b));
}

static void put_value(struct att_json_writer *w, const struct att_value *v)
{
    switch (v->kind) {
    case ATT_CLAIM_BOOL:
        att_jw_bool(w, v->boolean);
        return;
    case ATT_CLAIM_INT:
        att_jw_int(w, v->integer);
        return;
    case ATT_CLAIM_STRING:
    case ATT_CLAIM_JSON:
        put_cut(w, v->text, NAME_BYTES_MAX);
        return;
    }
}

static void put_claims(struct att_json_writer *w, const char *name, const struct att_claim *claims,
                       size_t count)
{
    if (count == 0)
        return;
    att_jw_key(w, name);
    att_jw_array(w);
    for (size_t i = 0; i < count; i++) {
        att_jw_object(w);
        att_jw_key(w, "type");
        put_cut(w, claims[i].type, NAME_BYTES_MAX);
        att_jw_key(w, "value");
        put_value(w, &claims[i].value);
        att_jw_key(w, "issuer");
        att_jw_str(w, att_issuer_name(claims[i].issuer));
        att_jw_end_object(w);
    }
    att_jw_end_array(w);
}

static void put_texts(struct att_json_writer *w, const struct att_trace_row *row)
{
    att_jw_key(w, "text");
    put_cut(w, row->text, TEXT_BYTES_MAX);
    att_jw_key(w, "reason");
    att_jw_string(w, row->reason); /* the trace has cut what is in it */
    if (row->kind == ATT_TRACE_NOT_FIRED) {
        att_jw_key(w, "condition");
        att_jw_int(w, row->condition);
    }
    if (row->failed_test.len > 0) {
        att_jw_key(w, "failed_test");
        put_cut(w, row->failed_test, TEXT_BYTES_MAX);
    }
    put_claims(w, "nearest", row->nearest, row->nearest_count);
    put_claims(w, "made", row->made, row->made_count);
}

static void put_row(struct att_json_writer *w, const struct att_trace_row *row)
{
    att_jw_object(w);
    att_jw_key(w, "section");
    att_jw_str(w, row->section);
    att_jw_key(w, "line");
    att_jw_int(w, row->line);
    att_jw_key(w, "action");
    att_jw_str(w, row->action);
    att_jw_key(w, "outcome");
    att_jw_str(w, outcomes[row->kind]);
    if (w->out->len < EXPLAIN_BYTES_MAX)
        put_texts(w, row);
    att_jw_end_object(w);
}

bool att_policy_explain_json(const struct att_policy_result *result, struct att_arena *arena,
                             struct att_span *ret_json, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };
    struct att_json_writer w = { .out = &b };

    if (result->sentence.len == 0)
        return att_fail(err, ATT_INTERNAL, "policy.trace", "an evaluation with a trace", "one without");
    att_jw_object(&w);
    att_jw_key(&w, "authorized");
    att_jw_bool(&w, result->authorized);
    att_jw_key(&w, "sentence");
    att_jw_string(&w, result->sentence);
    att_jw_key(&w, "rules");
    att_jw_array(&w);
    for (size_t i = 0; i < result->trace_count; i++)
        put_row(&w, &result->trace[i]);
    att_jw_end_array(&w);
    att_jw_end_object(&w);
    char *copy = b.failed ? NULL : att_arena_dup(arena, att_buf_span(&b));
    if (!copy)
        return att_fail_memory(err, "policy.trace");
    *ret_json = att_span_of(copy, b.len);
    return true;
}
