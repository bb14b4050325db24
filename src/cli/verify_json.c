#include "cli/verify.h"

#include "base/timetext.h"
#include "cli/answer.h"
#include "cli/trace.h"

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

static void put_policy(struct att_json_writer *w, const struct cli_judgement *j)
{
    char hash[44];

    if (!j->policy) {
        att_jw_null(w);
        return;
    }
    att_jw_object(w);
    att_jw_key(w, "version");
    att_jw_str(w, att_policy_version(j->policy));
    att_jw_key(w, "hash");
    att_jw_str(w, att_policy_hash(j->policy_text, hash, NULL) ? hash : NULL);
    att_jw_key(w, "ran");
    att_jw_bool(w, j->verdict.policy_ran);
    att_jw_key(w, "authorized");
    att_jw_bool(w, j->verdict.policy.authorized);
    att_jw_key(w, "properties");
    cli_put_claims(w, &j->verdict.policy.properties, 0);
    att_jw_end_object(w);
}

void cli_verdict_json(struct cli *c, const struct cli_judgement *j)
{
    struct att_json_writer w = cli_writer(c);
    const struct att_verdict *v = &j->verdict;

    att_jw_object(&w);
    att_jw_key(&w, "verdict");
    att_jw_str(&w, v->accepted ? "accepted" : "refused");
    att_jw_key(&w, "error");
    cli_put_refusal(&w, &v->err);
    att_jw_key(&w, "tcb");
    put_tcb(&w, &v->tcb);
    att_jw_key(&w, "collateral_age_s");
    att_jw_int(&w, v->collateral_age_s);
    att_jw_key(&w, "test_root");
    att_jw_bool(&w, v->test_root);
    att_jw_key(&w, "evidence");
    cli_put_text(&w, c->arena, v->evidence_json);
    att_jw_key(&w, "claims");
    if (j->claims.len)
        att_jw_raw(&w, j->claims);
    else
        cli_put_claims(&w, &(struct att_claims){ 0 }, 0);
    att_jw_key(&w, "policy");
    put_policy(&w, j);
    cli_trace_json(c, &w, &v->policy);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}
