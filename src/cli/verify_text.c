#include "cli/verify.h"

#include "base/err.h"
#include "base/timetext.h"
#include "cli/answer.h"
#include "cli/trace.h"

static void tcb_lines(struct att_buf *b, const struct att_tcb *tcb)
{
    struct att_time_text date;
    struct att_shown shown;

    if (tcb->status == ATT_STATUS_UNKNOWN)
        return;
    att_buf_printf(b, "  TCB status  %s", att_tcb_status_name(tcb->status));
    if (tcb->date_unix_s)
        att_buf_printf(b, ", level of %s", att_time_text(&date, tcb->date_unix_s));
    att_buf_printf(b, ", evaluation number %u\n", tcb->evaluation_number);
    if (tcb->platform != tcb->qe && tcb->qe != ATT_STATUS_UNKNOWN)
        att_buf_printf(b, "              platform %s, quoting enclave %s\n",
                       att_tcb_status_name(tcb->platform), att_tcb_status_name(tcb->qe));
    for (size_t i = 0; i < tcb->advisory_count; i++)
        att_buf_printf(b, "%s%s%s", i ? " " : "  advisories  ", att_shown(&shown, tcb->advisories[i]),
                       i + 1 == tcb->advisory_count ? "\n" : "");
    for (size_t i = 0; i < tcb->shortfall_count; i++)
        att_buf_printf(b, "  too low     %s is %u, %s needs %u\n", tcb->shortfall[i].component,
                       tcb->shortfall[i].has, att_tcb_status_name(tcb->next), tcb->shortfall[i].needs);
}

static void early_lines(struct att_buf *b, const struct att_tcb_early *early)
{
    if (!early->known)
        return;
    att_buf_printf(b, "  next set    %s under evaluation number %u\n",
                   early->status == ATT_STATUS_UNKNOWN ? "below every level"
                                                       : att_tcb_status_name(early->status),
                   early->evaluation_number);
    for (size_t i = 0; i < early->shortfall_count; i++)
        att_buf_printf(b, "  then        %s is %u, %s needs %u\n", early->shortfall[i].component,
                       early->shortfall[i].has, att_tcb_status_name(early->next), early->shortfall[i].needs);
}

static void claims_lines(struct cli *c, const struct cli_judgement *j)
{
    struct att_buf *b = &c->out;
    struct att_json_writer w = { .out = b, .pretty = true };

    if (j->claims.len == 0)
        return;
    att_buf_puts(b, "claims ");
    cli_put_text(&w, c->arena, j->claims);
    att_buf_putc(b, '\n');
}

/* AMD publishes none, and for TPMs nobody does: there is no status to tell. */
static bool has_levels(const char *evidence_type)
{
    return strcmp(evidence_type, "sev-snp") != 0 && strcmp(evidence_type, "tpm") != 0;
}

void cli_verdict_text(struct cli *c, const struct cli_judgement *j)
{
    const struct att_verdict *v = &j->verdict;
    struct att_buf *b = &c->out;
    struct att_time_text now;

    if (v->accepted)
        att_buf_printf(b, "accepted: %s evidence, judged at %s\n", j->evidence_type,
                       att_time_text(&now, j->now_unix_s));
    else
        att_buf_printf(b, "refused: %s: %s\n", att_code_name(v->err.code), v->err.text);
    if (!v->accepted)
        cli_put_reason(b, &v->err, "  ");
    if (has_levels(j->evidence_type))
        tcb_lines(b, &v->tcb);
    early_lines(b, &v->tcb.early);
    if (v->collateral_age_s > 0)
        att_buf_printf(b, "  collateral  %u seconds past its next update\n", v->collateral_age_s);
    if (v->test_root)
        att_buf_puts(b,
                     "  test root   the chain ends in the root given with --trust-root: not real hardware\n");
    if (j->policy && v->policy_ran)
        att_buf_printf(b, "  policy      %s\n", v->policy.authorized ? "permits" : "does not permit");
    cli_trace_text(b, "  why         ", &v->policy);
    claims_lines(c, j);
}
