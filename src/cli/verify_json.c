#include "cli/verify.h"

#include "cli/answer.h"
#include "cli/trace.h"

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
    struct att_span tcb = { 0 };
    struct att_err ignored = { 0 }; /* null is shown when memory is out */
    (void)!att_tcb_json(c->arena, &v->tcb, &tcb, &ignored);

    att_jw_object(&w);
    att_jw_key(&w, "verdict");
    att_jw_str(&w, v->accepted ? "accepted" : "refused");
    att_jw_key(&w, "error");
    cli_put_refusal(&w, &v->err);
    att_jw_key(&w, "tcb");
    cli_put_text(&w, c->arena, tcb);
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
