/* First row that fits. Deny is the starting value twice over: a row has to state something before it can fit, and a
 * condition on what the evidence does not have never holds. */
#include "evidence/common/compliance.h"

/* Conditions of one row: how many there are, and whether all hold. */
struct tally {
    unsigned stated;
    bool hold;
};

static void demand(struct tally *t, bool stated, bool holds)
{
    if (!stated)
        return;
    t->stated++;
    t->hold = t->hold && holds;
}

static void demand_bytes(struct tally *t, struct att_span wanted, struct att_span found)
{
    demand(t, wanted.len > 0, att_span_eq(wanted, found));
}

/* All conditions of a row on one endorsement, which must be for what the report measured. */
static bool endorsed(const struct att_compliance_row *row, const struct att_compliance_facts *facts)
{
    for (size_t i = 0; i < facts->uvm_count; i++) {
        const struct att_compliance_uvm *u = &facts->uvm[i];
        if (u->measurement.len == 0 || !att_span_eq(u->measurement, facts->measurement))
            continue;
        if (row->uvm_issuer && !att_span_is(u->issuer, row->uvm_issuer))
            continue;
        if (row->uvm_feed && !att_span_is(u->feed, row->uvm_feed))
            continue;
        if (u->svn >= row->uvm_svn_min)
            return true;
    }
    return false;
}

/* Anybody can endorse with a CA of his own: a row that asks for an endorsement has to say whose. */
static bool endorsement_holds(const struct att_compliance_row *row, const struct att_compliance_facts *facts)
{
    return row->uvm_issuer && row->uvm_issuer[0] && endorsed(row, facts);
}

static bool fits(const struct att_compliance_row *row, const struct att_compliance_facts *facts)
{
    struct tally t = { .hold = true };

    if (!row->status || !row->evidence_type || strcmp(row->evidence_type, facts->evidence_type) != 0)
        return false;
    demand_bytes(&t, row->id_key_digest, facts->id_key_digest);
    demand_bytes(&t, row->family_id, facts->family_id);
    demand_bytes(&t, row->image_id, facts->image_id);
    demand_bytes(&t, row->measurement, facts->measurement);
    demand_bytes(&t, row->mrseam, facts->mrseam);
    demand(&t, row->guest_svn_min > 0, facts->guest_svn >= row->guest_svn_min);
    demand(&t, row->uvm_issuer || row->uvm_feed || row->uvm_svn_min > 0, endorsement_holds(row, facts));
    return t.stated > 0 && t.hold;
}

const char *att_compliance_status(const struct att_ctx *ctx, const struct att_compliance_facts *facts)
{
    if (facts->debug || !facts->evidence_type)
        return NULL;
    for (size_t i = 0; i < ctx->in->compliance_count; i++)
        if (fits(&ctx->in->compliance[i], facts))
            return ctx->in->compliance[i].status;
    return NULL;
}
