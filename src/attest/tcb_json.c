/* The TCB part of a verdict as JSON: for attestctl verify and for callers who ask the service why. */
#include <attest/attest.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/timetext.h"
#include "codec/json.h"

static void put_status(struct att_json_writer *w, const char *name, enum att_tcb_status s)
{
    att_jw_key(w, name);
    att_jw_str(w, s == ATT_STATUS_UNKNOWN ? NULL : att_tcb_status_name(s));
}

static void put_advisories(struct att_json_writer *w, const struct att_span *list, size_t count)
{
    att_jw_key(w, "advisories");
    att_jw_array(w);
    for (size_t i = 0; i < count; i++)
        att_jw_string(w, list[i]);
    att_jw_end_array(w);
}

static void put_shortfall(struct att_json_writer *w, const struct att_tcb_shortfall *list, size_t count)
{
    att_jw_key(w, "shortfall");
    att_jw_array(w);
    for (size_t i = 0; i < count; i++) {
        att_jw_object(w);
        att_jw_key(w, "component");
        att_jw_str(w, list[i].component);
        att_jw_key(w, "has");
        att_jw_int(w, list[i].has);
        att_jw_key(w, "needs");
        att_jw_int(w, list[i].needs);
        att_jw_end_object(w);
    }
    att_jw_end_array(w);
}

/* null: no later evaluation set is known. */
static void put_early(struct att_json_writer *w, const struct att_tcb_early *early)
{
    if (!early->known) {
        att_jw_null(w);
        return;
    }
    att_jw_object(w);
    put_status(w, "status", early->status);
    put_advisories(w, early->advisories, early->advisory_count);
    att_jw_key(w, "evaluation_number");
    att_jw_int(w, early->evaluation_number);
    put_shortfall(w, early->shortfall, early->shortfall_count);
    put_status(w, "next", early->next);
    att_jw_end_object(w);
}

static void put_tcb(struct att_json_writer *w, const struct att_tcb *tcb)
{
    struct att_time_text date;

    att_jw_object(w);
    put_status(w, "status", tcb->status);
    att_jw_key(w, "date");
    att_jw_str(w, tcb->date_unix_s ? att_time_text(&date, tcb->date_unix_s) : NULL);
    put_advisories(w, tcb->advisories, tcb->advisory_count);
    att_jw_key(w, "evaluation_number");
    if (tcb->status == ATT_STATUS_UNKNOWN && tcb->evaluation_number == 0)
        att_jw_null(w);
    else
        att_jw_int(w, tcb->evaluation_number);
    put_shortfall(w, tcb->shortfall, tcb->shortfall_count);
    put_status(w, "next", tcb->next);
    put_status(w, "platform", tcb->platform);
    put_status(w, "module", tcb->module);
    put_status(w, "qe", tcb->qe);
    att_jw_key(w, "early");
    put_early(w, &tcb->early);
    att_jw_end_object(w);
}

bool att_tcb_json(struct att_arena *arena, const struct att_tcb *tcb, struct att_span *ret,
                  struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };
    struct att_json_writer w = { .out = &b };

    put_tcb(&w, tcb);
    const char *copy = b.failed ? NULL : att_arena_dup(arena, att_buf_span(&b));
    if (!copy)
        return att_fail_memory(err, "tcb");
    *ret = att_span_of(copy, b.len);
    return true;
}
