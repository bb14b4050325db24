/* layers: makers base */
/* What the vendor publishes: dates, numbers, signers and chains, read with OpenSSL and json-c. */
#include "facts.h"
#include "makers/hardware.h"
#include "makers/vendor.h"
#include "support/cases.h"

#define AT ((int64_t)1780000000) /* 2026-05-28T20:26:40Z */

static struct cases cases = { .name = "makers.vendor" };

typedef bool (*publish_fn)(const struct mk_hardware *, const struct mk_vendor_options *,
                           struct mk_published *, struct att_err *);

enum { ROWS_MAX = 12 };
static const struct {
    const char *name;
    publish_fn publish;
    const char *text; /* member of the envelope; NULL: a list */
    const char *facts[ROWS_MAX];
} rows[] = {
    { "TCB info",
      mk_vendor_tcb_info,
      "tcbInfo",
      { "x.json=success", "x.compact=yes", "x.signed_by=tcb", "x.issueDate=\"2026-05-28T19:26:40Z\"",
        "x.nextUpdate=\"2026-05-29T20:26:40Z\"", "x.tcbEvaluationDataNumber=19", "x.fmspc=\"00606a000000\"",
        "chain.count=2", "chain[0].key=tcb", "chain[1].key=root" } },
    { "QE identity",
      mk_vendor_qe_identity,
      "enclaveIdentity",
      { "x.json=success", "x.compact=yes", "x.signed_by=tcb", "x.issueDate=\"2026-05-28T19:26:40Z\"",
        "x.nextUpdate=\"2026-05-29T20:26:40Z\"", "x.tcbEvaluationDataNumber=19", "chain.count=2",
        "chain[0].key=tcb", "chain[1].key=root" } },
    { "numbers",
      mk_vendor_tcb_numbers,
      "tcbEvaluationDataNumbers",
      { "x.json=success", "x.compact=yes", "x.signed_by=tcb", "x.version=1",
        "x.issueDate=\"2026-05-28T19:26:40Z\"", "x.tcbEvalNumbers.count=2",
        "x.tcbEvalNumbers[0].tcbEvaluationDataNumber=17",
        "x.tcbEvalNumbers[1].tcbRecoveryEventDate=\"2024-03-12T00:00:00Z\"",
        "x.tcbEvalNumbers[1].tcbDate=\"2024-03-13T00:00:00Z\"", "chain[0].key=tcb", "chain[1].key=root",
        "x.order=id version issueDate nextUpdate tcbEvalNumbers " } },
    { "PCK CRL",
      mk_vendor_pck_crl,
      NULL,
      { "x.der=whole", "x.signed_by=platform", "x.authority=platform", "x.this_update=2026-05-28T19:26:40Z",
        "x.next_update=2026-05-29T20:26:40Z", "x.entries=-1", "chain.count=2", "chain[0].key=platform",
        "chain[1].key=root" } },
    { "root CRL",
      mk_vendor_root_crl,
      NULL,
      { "x.der=whole", "x.signed_by=root", "x.authority=root", "x.this_update=2026-05-28T19:26:40Z",
        "x.next_update=2026-05-29T20:26:40Z", "x.entries=-1", "chain.count=1", "chain[0].key=root" } },
};

static void options_new(struct mk_vendor_options *o, enum att_tee tee)
{
    static const uint8_t fmspc[6] = { 0x00, 0x60, 0x6a };

    mk_vendor_defaults(o, tee, AT);
    o->dcap.ca = MK_CA_PLATFORM;
    o->dcap.evaluation_number = 19;
    memcpy(o->dcap.platform.fmspc, fmspc, sizeof fmspc);
    o->issued_unix_s = AT - 3600;
    o->next_unix_s = AT + 86400;
}

static void read_item(struct facts *f, const struct known_keys *keys, const struct mk_published *item,
                      const char *text)
{
    /* text_facts reads from evidence: the body stands there as TCB info. */
    struct mk_evidence ev = { .present[MK_TCB_INFO] = true };

    ev.items[MK_TCB_INFO] = item->body;
    *f = (struct facts){ .keys = keys, .ev = &ev };
    if (text)
        text_facts(f, "x", text, MK_TCB_INFO);
    else
        crl_facts(f, "x", att_buf_span(&item->body));
    chain_facts(f, "chain", att_buf_span(&item->chain));
    att_buf_putc(&f->text, '\0');
}

static void check_one(const struct mk_hardware *hw, const struct known_keys *keys, size_t at,
                      enum att_tee tee)
{
    struct mk_vendor_options o;
    struct mk_published item = { 0 };
    struct facts f;
    struct att_err err = { 0 };

    options_new(&o, tee);
    bool made = rows[at].publish(hw, &o, &item, &err);
    cases_check(&cases, made, "%s is not made: %s", rows[at].name, err.text);
    if (!made)
        return;
    read_item(&f, keys, &item, rows[at].text);
    for (size_t i = 0; i < ROWS_MAX && rows[at].facts[i]; i++)
        cases_check(&cases, has_fact(&f, rows[at].facts[i]), "%s: not %s", rows[at].name, rows[at].facts[i]);
    if (rows[at].text) {
        const char *ids[2][2] = { { "x.id=\"SGX\"", "x.id=\"QE\"" }, { "x.id=\"TDX\"", "x.id=\"TD_QE\"" } };
        cases_check(&cases, has_fact(&f, ids[tee == ATT_TEE_TDX][strcmp(rows[at].name, "QE identity") == 0]),
                    "%s: another id", rows[at].name);
    }
    att_buf_free(&f.text);
    mk_published_free(&item);

    o.other_key = true;
    made = rows[at].publish(hw, &o, &item, &err);
    read_item(&f, keys, &item, rows[at].text);
    cases_check(&cases, made && has_fact(&f, "x.signed_by=nobody known"), "%s: signed by the right key",
                rows[at].name);
    att_buf_free(&f.text);
    mk_published_free(&item);
}

static void check_revoked(const struct mk_hardware *hw, const struct known_keys *keys)
{
    struct mk_vendor_options o;
    struct mk_published item = { 0 };
    struct facts f;
    struct att_err err = { 0 };

    options_new(&o, ATT_TEE_SGX);
    o.revoked = keys->row[1].serial; /* the platform CA */
    bool made = mk_vendor_root_crl(hw, &o, &item, &err);
    read_item(&f, keys, &item, NULL);
    cases_check(&cases, made && has_fact(&f, "x.entries=1") && has_fact(&f, "x.revoked[0]=platform"),
                "the root CRL does not list the CA");
    att_buf_free(&f.text);
    mk_published_free(&item);
}

static void check_refusals(const struct mk_hardware *hw)
{
    for (int wrong = 0; wrong < 6; wrong++) {
        struct mk_vendor_options o;
        struct mk_published item = { 0 };
        struct att_err err = { 0 };
        options_new(&o, ATT_TEE_TDX);
        o.issued_unix_s = wrong == 0 ? o.next_unix_s + 1 : o.issued_unix_s;
        o.next_unix_s = wrong == 1 ? INT64_MAX : o.next_unix_s;
        o.number_count = wrong == 2 ? 0 : wrong == 3 ? MK_NUMBERS_MAX + 1 : 2;
        o.numbers[1].tcb_date = wrong == 4 ? "2024-13-01T00:00:00Z" : o.numbers[1].tcb_date;
        o.dcap.level_count = wrong == 5 ? 0 : o.dcap.level_count;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            err = (struct att_err){ 0 };
            cases_check(&cases,
                        !rows[i].publish(hw, &o, &item, &err) && err.code == ATT_PARAMETER_INVALID &&
                            !item.body.ptr && !item.chain.ptr,
                        "%s: wrong option %d", rows[i].name, wrong);
        }
    }
}

int main(void)
{
    struct mk_hardware *hw = NULL;
    struct mk_evidence ev = { 0 };
    struct known_keys keys = { 0 };
    struct mk_sgx_options o;
    struct att_err err = { 0 };

    mk_sgx_defaults(&o, AT);
    o.ca = MK_CA_PLATFORM;
    bool made = mk_hardware_new(AT, &hw, &err) && mk_sgx_make(hw, &o, &ev, &err);
    cases_check(&cases, made, "hardware is not made: %s", err.text);
    if (made) {
        keys_learn(&keys, NULL, &ev);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            check_one(hw, &keys, i, ATT_TEE_SGX);
            check_one(hw, &keys, i, ATT_TEE_TDX);
        }
        check_revoked(hw, &keys);
        check_refusals(hw);
        keys_forget(&keys);
    }
    mk_evidence_free(&ev);
    mk_hardware_free(hw);
    return cases_report(&cases);
}
