/* Single items out of made evidence. */
#ifndef TESTS_UNIT_COLLATERAL_ITEMS_FIXTURE_H
#define TESTS_UNIT_COLLATERAL_ITEMS_FIXTURE_H

#include "unit/attest/fixture.h"

static const uint8_t made_fmspc[6] = { 0x7e, 0x57, 0x00, 0x00, 0x00, 0x01 };

static inline struct att_collateral_item tcb_item(const struct mk_evidence *ev, enum att_tcb_set set,
                                                  uint32_t number)
{
    struct att_collateral_item item = {
        .what = { .kind = ATT_ITEM_TCB_INFO, .set = set, .evaluation_number = number },
        .body = mk_item(ev, MK_TCB_INFO),
        .chain = mk_item(ev, MK_TCB_INFO_ISSUER_CHAIN)
    };

    memcpy(item.what.fmspc, made_fmspc, sizeof made_fmspc);
    return item;
}

static inline struct att_collateral_item qe_item(const struct mk_evidence *ev, enum att_tcb_set set,
                                                 uint32_t number)
{
    return (struct att_collateral_item){
        .what = { .kind = ATT_ITEM_QE_IDENTITY, .set = set, .evaluation_number = number },
        .body = mk_item(ev, MK_QE_IDENTITY),
        .chain = mk_item(ev, MK_QE_IDENTITY_ISSUER_CHAIN)
    };
}

static inline struct att_collateral_item pck_crl_item(const struct mk_evidence *ev, bool platform)
{
    return (struct att_collateral_item){ .what = { .kind = ATT_ITEM_PCK_CRL, .platform_ca = platform },
                                         .body = mk_item(ev, MK_PCK_CRL),
                                         .chain = mk_item(ev, MK_PCK_CRL_ISSUER_CHAIN) };
}

static inline struct att_collateral_item root_crl_item(const struct mk_evidence *ev)
{
    return (struct att_collateral_item){ .what = { .kind = ATT_ITEM_ROOT_CA_CRL },
                                         .body = mk_item(ev, MK_ROOT_CA_CRL),
                                         .chain = mk_item(ev, MK_TCB_INFO_ISSUER_CHAIN) };
}

#endif
