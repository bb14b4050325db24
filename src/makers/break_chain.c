/* Breaks of the certificates inside the quote and of the SGX extension in the first of them. */
#include "makers/plan.h"

/* Expired a second ago; still valid for a second is the neighbour that must pass. */
static void expire(struct mk_cert_spec *c, int64_t at)
{
    mk_reissue(c)->not_after = at - 1;
}

static void not_yet(struct mk_cert_spec *c, int64_t at)
{
    mk_reissue(c)->not_before = at + 1;
}

/* Another self-signed root of the same name, and `below` issued again under it. */
static void other_root(struct mk_cert_spec *root, struct mk_cert_spec *below, EVP_PKEY *stranger)
{
    mk_reissue(root)->subject_key = stranger;
    root->issuer_key = stranger;
    root->signer = stranger;
    mk_reissue(below)->issuer_key = stranger;
    below->signer = stranger;
}

static bool break_form(struct mk_plan *p)
{
    switch (p->o.broken) {
    case MK_BREAK_CHAIN_GARBAGE:
        p->quote.chain_form = MK_CHAIN_GARBAGE;
        return true;
    case MK_BREAK_CHAIN_EMPTY:
        p->quote.chain_form = MK_CHAIN_EMPTY;
        return true;
    case MK_BREAK_CHAIN_BASE64:
        p->quote.chain_form = MK_CHAIN_BAD_BASE64;
        return true;
    case MK_BREAK_CHAIN_DER:
        p->quote.chain_form = MK_CHAIN_BAD_DER_LENGTH;
        return true;
    case MK_BREAK_CHAIN_DER_TRAILING:
        p->quote.chain_form = MK_CHAIN_DER_TRAILING;
        return true;
    case MK_BREAK_CHAIN_ONE:
        p->chain_count = 1;
        return true;
    case MK_BREAK_CHAIN_TWO:
        p->chain_count = 2;
        return true;
    case MK_BREAK_CHAIN_FOUR:
        p->chain[p->chain_count++] = &p->root;
        return true;
    case MK_BREAK_CHAIN_ORDER:
        p->chain[0] = &p->ca;
        p->chain[1] = &p->pck;
        return true;
    default:
        return false;
    }
}

static bool break_links(struct mk_plan *p)
{
    switch (p->o.broken) {
    case MK_BREAK_PCK_NAME:
        p->pck.subject_cn = "Intel SGX Certificate";
        return true;
    case MK_BREAK_PCK_ISSUER_NAME:
        p->pck.issuer_cn = p->o.ca == MK_CA_PLATFORM ? MK_CN_PROCESSOR_CA : MK_CN_PLATFORM_CA;
        return true;
    case MK_BREAK_CA_NOT_CA:
        mk_reissue(&p->ca)->ca = false;
        return true;
    case MK_BREAK_CA_NO_CERT_SIGN:
        mk_reissue(&p->ca)->may_sign = false;
        return true;
    case MK_BREAK_PCK_SIGNATURE:
        p->pck.signer = p->hw->stranger;
        return true;
    case MK_BREAK_CA_SIGNATURE:
        mk_reissue(&p->ca)->signer = p->hw->stranger;
        return true;
    case MK_BREAK_ROOT_SIGNATURE:
        mk_reissue(&p->root)->signer = p->hw->stranger;
        return true;
    case MK_BREAK_OTHER_ROOT:
        other_root(&p->root, &p->ca, p->hw->stranger);
        return true;
    default:
        return false;
    }
}

static bool break_times(struct mk_plan *p)
{
    int64_t at = p->o.at_unix_s;

    switch (p->o.broken) {
    case MK_BREAK_PCK_EXPIRED:
        expire(&p->pck, at);
        return true;
    case MK_BREAK_CA_EXPIRED:
        expire(&p->ca, at);
        return true;
    case MK_BREAK_ROOT_EXPIRED:
        expire(&p->root, at);
        return true;
    case MK_BREAK_PCK_NOT_YET:
        not_yet(&p->pck, at);
        return true;
    case MK_BREAK_CA_NOT_YET:
        not_yet(&p->ca, at);
        return true;
    case MK_BREAK_ROOT_NOT_YET:
        not_yet(&p->root, at);
        return true;
    default:
        return false;
    }
}

bool mk_break_chain(struct mk_plan *p)
{
    return break_form(p) || break_links(p) || break_times(p);
}

static bool break_member_missing(struct mk_plan *p)
{
    struct mk_pck_extension *x = &p->pck.ext;

    switch (p->o.broken) {
    case MK_BREAK_EXT_NO_PPID:
        mk_ext_drop(&x->top, MK_EXT_PPID);
        return true;
    case MK_BREAK_EXT_NO_TCB:
        mk_ext_drop(&x->top, MK_EXT_TCB);
        return true;
    case MK_BREAK_EXT_NO_PCEID:
        mk_ext_drop(&x->top, MK_EXT_PCEID);
        return true;
    case MK_BREAK_EXT_NO_FMSPC:
        mk_ext_drop(&x->top, MK_EXT_FMSPC);
        return true;
    case MK_BREAK_EXT_NO_SGX_TYPE:
        mk_ext_drop(&x->top, MK_EXT_SGX_TYPE);
        return true;
    case MK_BREAK_EXT_NO_COMPONENT:
        mk_ext_drop(&x->tcb, 16);
        return true;
    case MK_BREAK_EXT_NO_PCESVN:
        mk_ext_drop(&x->tcb, MK_EXT_PCESVN);
        return true;
    case MK_BREAK_EXT_NO_CPUSVN:
        mk_ext_drop(&x->tcb, MK_EXT_CPUSVN);
        return true;
    default:
        return false;
    }
}

static bool break_member_value(struct mk_plan *p)
{
    struct mk_pck_extension *x = &p->pck.ext;
    struct mk_ext_member *first = mk_ext_find(&x->tcb, 1);

    switch (p->o.broken) {
    case MK_BREAK_EXT_COMPONENT_256:
        mk_ext_set_uint(first, 256);
        return true;
    case MK_BREAK_EXT_COMPONENT_NEGATIVE:
        first->value[0] = 0x80;
        first->len = 1;
        return true;
    case MK_BREAK_EXT_COMPONENT_PADDED:
        first->value[0] = 0x00;
        first->value[1] = p->o.platform.components[0] & 0x7f;
        first->len = 2;
        return true;
    case MK_BREAK_EXT_COMPONENT_TYPE:
        first->tag = 0x04;
        return true;
    case MK_BREAK_EXT_PCESVN_65536:
        mk_ext_set_uint(mk_ext_find(&x->tcb, MK_EXT_PCESVN), 65536);
        return true;
    case MK_BREAK_EXT_CPUSVN_SHORT:
        mk_ext_find(&x->tcb, MK_EXT_CPUSVN)->len--;
        return true;
    case MK_BREAK_EXT_PPID_SHORT:
        mk_ext_find(&x->top, MK_EXT_PPID)->len--;
        return true;
    case MK_BREAK_EXT_PCEID_LONG:
        mk_ext_find(&x->top, MK_EXT_PCEID)->len++;
        return true;
    case MK_BREAK_EXT_FMSPC_SHORT:
        mk_ext_find(&x->top, MK_EXT_FMSPC)->len--;
        return true;
    default:
        return false;
    }
}

bool mk_break_extension(struct mk_plan *p)
{
    struct mk_pck_extension *x = &p->pck.ext;

    switch (p->o.broken) {
    case MK_BREAK_EXT_ABSENT:
        p->pck.ext_copies = 0;
        return true;
    case MK_BREAK_EXT_TWICE:
        p->pck.ext_copies = 2;
        return true;
    case MK_BREAK_EXT_CUT:
        x->drop_tail = 1;
        return true;
    case MK_BREAK_EXT_TRAILING:
        x->extra_tail = 1;
        return true;
    case MK_BREAK_EXT_FMSPC_TWICE:
        mk_ext_repeat(&x->top, MK_EXT_FMSPC);
        return true;
    case MK_BREAK_EXT_COMPONENT_TWICE:
        mk_ext_repeat(&x->tcb, 1);
        return true;
    default:
        return break_member_missing(p) || break_member_value(p);
    }
}

bool mk_break_issuer_chain(struct mk_plan *p)
{
    struct mk_issuer_chain_plan *t = &p->tcb_chain, *q = &p->qe_chain;
    int64_t at = p->o.at_unix_s;

    switch (p->o.broken) {
    case MK_BREAK_TCB_CHAIN_GARBAGE:
        t->garbage = true;
        return true;
    case MK_BREAK_TCB_CHAIN_ONE:
        t->no_root = true;
        return true;
    case MK_BREAK_TCB_CHAIN_NAME:
        mk_reissue(&t->signer)->subject_cn = "Intel SGX Signing";
        return true;
    case MK_BREAK_TCB_CHAIN_SIGNATURE:
        mk_reissue(&t->signer)->signer = p->hw->stranger;
        return true;
    case MK_BREAK_TCB_CHAIN_OTHER_ROOT:
        other_root(&t->root, &t->signer, p->hw->stranger);
        return true;
    case MK_BREAK_TCB_CHAIN_EXPIRED:
        expire(&t->signer, at);
        return true;
    case MK_BREAK_TCB_CHAIN_NOT_YET:
        not_yet(&t->signer, at);
        return true;
    case MK_BREAK_TCB_ROOT_EXPIRED:
        expire(&t->root, at);
        return true;
    case MK_BREAK_QE_CHAIN_SIGNATURE:
        mk_reissue(&q->signer)->signer = p->hw->stranger;
        return true;
    case MK_BREAK_QE_CHAIN_OTHER_ROOT:
        other_root(&q->root, &q->signer, p->hw->stranger);
        return true;
    case MK_BREAK_QE_CHAIN_EXPIRED:
        expire(&q->signer, at);
        return true;
    default:
        return false;
    }
}
