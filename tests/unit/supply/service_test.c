/* layers: supply attest makers store/memory store base codec */
/* The collateral service with one source and no store: what it asks for, when, and what it does with the answers. */
#include "world.h"

static struct cases cases = { .name = "supply.service" };
static struct lab lab;

static void first_want(void)
{
    struct att_collateral_want missing, what = want_sgx();
    struct world w;

    world_init(&w, &lab);
    (void)world_add(&w, SUPPLY_PCS, "https://pcs.test");
    world_open(&w);
    cases_check(&cases, w.gets[0] == 0, "nothing is known: nobody is asked, %u", w.gets[0]);
    cases_check(&cases, w.snapshots == 1 && world_attest(&w, &missing) == ATT_COLLATERAL_MISSING,
                "nothing is there");
    cases_check(&cases, missing.kind == ATT_ITEM_TCB_INFO && memcmp(missing.fmspc, what.fmspc, 6) == 0,
                "the attestation says what it misses");
    struct answer a = world_want(&w, &missing, 2000);
    cases_check(&cases, a.calls == 1 && a.good, "the item comes: %s", a.err.text);
    enum att_code code = world_attest(&w, NULL);
    cases_check(&cases, code == ATT_OK, "and with it all that the evidence needs: %s", att_code_name(code));
    cases_check(&cases, w.gets[0] == 8, "one GET for each of the eight items of a platform: %u", w.gets[0]);
    static const char *const ids[] = { "dcap/tcb-info/sgx/7e5700000001/current",
                                       "dcap/tcb-info/sgx/7e5700000001/early",
                                       "dcap/qe-identity/sgx/current",
                                       "dcap/qe-identity/sgx/early",
                                       "dcap/tcb-numbers/sgx",
                                       "dcap/pck-crl/platform",
                                       "dcap/pck-crl/processor",
                                       "dcap/root-ca-crl" };
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct looking l = world_look(&w, ids[i]);
        cases_check(&cases, l.found && l.item.held && l.item.last.code == ATT_OK && l.item.last_status == 200,
                    "%s: held %d, %u %s", ids[i], l.item.held, l.item.last_status, l.item.last.text);
    }
    struct looking l = world_look(&w, ids[0]);
    cases_check(&cases, l.count == 8 && l.ordered && strcmp(l.source, "https://pcs.test") == 0,
                "in order of ids, %u", l.count);
    cases_check(&cases, l.item.facts.evaluation_number == 17, "number %u", l.item.facts.evaluation_number);
    world_close(&w);
    printf("%s", "");
}

int main(void)
{
    lab_open(&lab, false);
    first_want();
    lab_close(&lab);
    return cases_report(&cases);
}
