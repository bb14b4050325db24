/* Evidence of either kind: options checked, plan made and broken, everything built. */
#include "base/err.h"
#include "base/timetext.h"
#include "makers/plan.h"

#include <stdlib.h>

static const struct {
    const char *file;
    bool collateral;
} item_rows[MK_ITEM_COUNT] = {
    [MK_QUOTE] = { "quote.bin", false },
    [MK_REPORT] = { "report.bin", false },
    [MK_RUNTIME_DATA] = { "runtime_data.bin", false },
    [MK_INIT_TIME_DATA] = { "init_time_data.bin", false },
    [MK_PCK_CHAIN] = { "pck_chain.pem", false },
    [MK_TCB_INFO] = { "tcb_info.json", true },
    [MK_TCB_INFO_ISSUER_CHAIN] = { "tcb_info_issuer_chain.pem", true },
    [MK_QE_IDENTITY] = { "qe_identity.json", true },
    [MK_QE_IDENTITY_ISSUER_CHAIN] = { "qe_identity_issuer_chain.pem", true },
    [MK_PCK_CRL] = { "pck_crl.der", true },
    [MK_PCK_CRL_ISSUER_CHAIN] = { "pck_crl_issuer_chain.pem", true },
    [MK_ROOT_CA_CRL] = { "root_ca_crl.der", true },
    [MK_ROOT_CA] = { "root_ca.pem", false },
};

const char *mk_item_file(enum mk_item item)
{
    return item_rows[item].file;
}

bool mk_item_is_collateral(enum mk_item item)
{
    return item_rows[item].collateral;
}

void mk_dcap_defaults(struct mk_dcap_options *ret, int64_t at_unix_s)
{
    static const char data[] = "{\"hello\":\"synthetic enclave\"}";

    *ret = (struct mk_dcap_options){
        .at_unix_s = at_unix_s,
        .quote_version = 3,
        .ca = MK_CA_PROCESSOR,
        .platform = { .components = { 12, 12, 4, 4, 255, 128, 1 },
                      .pce_svn = 11,
                      .cpu_svn = { 12, 12, 4, 4, 255, 128, 1 },
                      .fmspc = { 0x7e, 0x57, 0x00, 0x00, 0x00, 0x01 } }, /* no real platform has it */
        .has_runtime_data = true,
        .runtime_data = att_span_of(data, sizeof data - 1),
        .tcb_info_version = 3,
        .evaluation_number = 17,
        .levels = { { { 12, 12, 4, 4, 255, 128, 1 },
                      11,
                      "UpToDate",
                      "2024-11-13T00:00:00Z",
                      NULL,
                      { 5, 0, 2 } },
                    { { 10, 10, 2, 2, 255, 1 },
                      9,
                      "OutOfDate",
                      "2022-11-09T00:00:00Z",
                      "TEST-SA-00002,TEST-SA-00003",
                      { 3, 0, 1 } },
                    { { 1, 1 },
                      5,
                      "OutOfDate",
                      "2018-01-04T00:00:00Z",
                      "TEST-SA-00001,TEST-SA-00002",
                      { 1 } } },
        .level_count = 3,
        .qe_isv_svn = 8,
        .qe_levels = { { 8, "UpToDate", "2024-11-13T00:00:00Z", NULL },
                       { 6, "OutOfDate", "2021-11-10T00:00:00Z", "TEST-SA-00004" },
                       { 4, "Revoked", "2019-11-13T00:00:00Z", NULL } },
        .qe_level_count = 3,
        .qe_auth_bytes = 32,
    };
    for (size_t i = 0; i < sizeof ret->platform.ppid; i++)
        ret->platform.ppid[i] = (uint8_t)(0xf0 + i);
}

static bool refuse(struct att_err *err, const char *where, const char *expected)
{
    return att_fail(err, ATT_PARAMETER_INVALID, where, expected, "another value");
}

static bool one_of(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; text && i < count; i++)
        if (strcmp(text, list[i]) == 0)
            return true;
    return false;
}

/* These strings go into JSON as they are. */
static bool plain(const char *text)
{
    for (const char *c = text ? text : ""; *c; c++)
        if (!((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || *c == '-' ||
              *c == ','))
            return false;
    return true;
}

static bool check_tcb_levels(const struct mk_request *o, struct att_err *err)
{
    static const char *const statuses[] = { "UpToDate",
                                            "OutOfDate",
                                            "Revoked",
                                            "SWHardeningNeeded",
                                            "ConfigurationNeeded",
                                            "ConfigurationAndSWHardeningNeeded",
                                            "OutOfDateConfigurationNeeded" };
    int64_t when;

    if (o->level_count < 1 || o->level_count > MK_LEVELS_MAX)
        return refuse(err, "levels", "1 to 4 levels");
    for (size_t i = 0; i < o->level_count; i++) {
        const struct mk_tcb_level *l = &o->levels[i];
        if (!one_of(l->status, statuses, 7))
            return refuse(err, "levels.status", "a status of TCB info");
        if (!att_time_read(att_str(l->date), &when) || !plain(l->advisories))
            return refuse(err, "levels", "a date, and advisories of letters, digits and dashes");
    }
    return true;
}

static bool check_svn_levels(const struct mk_svn_level *levels, size_t count, const char *where,
                             struct att_err *err)
{
    static const char *const statuses[] = { "UpToDate", "OutOfDate", "Revoked" };
    int64_t when;

    if (count < 1 || count > MK_LEVELS_MAX)
        return refuse(err, where, "1 to 4 levels");
    for (size_t i = 0; i < count; i++) {
        if (!one_of(levels[i].status, statuses, 3))
            return refuse(err, where, "status UpToDate, OutOfDate or Revoked");
        if (!att_time_read(att_str(levels[i].date), &when) || !plain(levels[i].advisories))
            return refuse(err, where, "a date, and advisories of letters, digits and dashes");
    }
    return true;
}

static bool check_tdx(const struct mk_request *o, struct att_err *err)
{
    if (o->quote_version < 4 || o->quote_version > 5)
        return refuse(err, "quote_version", "4 or 5");
    if (o->tcb_info_version != 3)
        return refuse(err, "tcb_info_version", "3");
    if (o->td.report_15 && o->quote_version != 5)
        return refuse(err, "td.report_15", "quote version 5");
    if (o->tdx.module_count > MK_MODULES_MAX)
        return refuse(err, "tdx.modules", "at most 4 modules");
    for (size_t i = 0; i < o->tdx.module_count; i++)
        if (!check_svn_levels(o->tdx.modules[i].levels, o->tdx.modules[i].level_count, "tdx.modules", err))
            return false;
    return true;
}

static bool check_sgx(const struct mk_request *o, struct att_err *err)
{
    if (o->quote_version < 3 || o->quote_version > 5)
        return refuse(err, "quote_version", "3, 4 or 5");
    if (o->tcb_info_version != 2 && o->tcb_info_version != 3)
        return refuse(err, "tcb_info_version", "2 or 3");
    if (o->broken == MK_BREAK_TCB_INFO_TDX && o->tcb_info_version != 3)
        return refuse(err, "tcb_info_version", "3, since version 2 has no id");
    return true;
}

bool mk_dcap_check(const struct mk_hardware *hw, const struct mk_request *o, struct att_err *err)
{
    if ((size_t)o->broken >= MK_BREAK_COUNT)
        return refuse(err, "broken", "a row of breaks.def");
    if (!mk_break_is_for(&mk_breaks[o->broken], o->tee))
        return refuse(err, "broken", o->tee == ATT_TEE_SGX ? "a row for SGX" : "a row for TDX");
    if (o->trailing_zeros > 65536)
        return refuse(err, "trailing_zeros", "at most 65536");
    if (!mk_hardware_covers(hw, o->at_unix_s))
        return refuse(err, "at", "a time at which the hardware's certificates are valid");
    return check_tcb_levels(o, err) && check_svn_levels(o->qe_levels, o->qe_level_count, "qe_levels", err) &&
           (o->tee == ATT_TEE_SGX ? check_sgx(o, err) : check_tdx(o, err));
}

static bool put_data(const struct mk_plan *p, struct mk_evidence *ev)
{
    struct att_buf *runtime = &ev->items[MK_RUNTIME_DATA], *init = &ev->items[MK_INIT_TIME_DATA];

    ev->present[MK_RUNTIME_DATA] = p->o.has_runtime_data || p->runtime_data_longer;
    ev->present[MK_INIT_TIME_DATA] = p->o.has_init_time_data || p->init_time_data_longer;
    if (p->o.has_runtime_data)
        att_buf_put(runtime, p->o.runtime_data);
    if (p->runtime_data_longer)
        att_buf_putc(runtime, '\0'); /* trailing zero bytes count */
    if (p->o.has_init_time_data)
        att_buf_put(init, p->o.init_time_data);
    if (p->init_time_data_longer)
        att_buf_putc(init, '\0');
    return !runtime->failed && !init->failed;
}

static bool put_evidence(const struct mk_plan *p, struct mk_evidence *ev, struct att_err *err)
{
    struct att_buf *chain = &ev->items[MK_PCK_CHAIN], *quote = &ev->items[MK_QUOTE];

    if (!mk_chain_put(p, chain, err) || !mk_quote_put(p, att_buf_span(chain), quote, err))
        return false;
    if (chain->len > 0 && chain->ptr[chain->len - 1] == '\0')
        chain->len--; /* the terminator belongs to the quote, not to the text */
    ev->present[MK_REPORT] = p->o.tee == ATT_TEE_SGX;
    if (ev->present[MK_REPORT])
        mk_oe_put(&p->oe, att_buf_span(quote), &ev->items[MK_REPORT]);
    if (!put_data(p, ev) || ev->items[MK_REPORT].failed)
        return att_fail_memory(err, "makers.evidence");
    ev->present[MK_PCK_CHAIN] = ev->present[MK_QUOTE] = true;
    return true;
}

static bool put_crls(const struct mk_plan *p, struct mk_evidence *ev, struct att_err *err)
{
    const struct mk_issuer_chain_plan ca = { .signer = p->true_ca, .root = p->true_root };

    ev->present[MK_PCK_CRL] = !p->pck_crl.absent;
    ev->present[MK_ROOT_CA_CRL] = !p->root_crl.absent;
    ev->present[MK_PCK_CRL_ISSUER_CHAIN] = ev->present[MK_ROOT_CA] = true;
    return (p->pck_crl.absent || mk_crl_make(&p->pck_crl, &ev->items[MK_PCK_CRL], err)) &&
           (p->root_crl.absent || mk_crl_make(&p->root_crl, &ev->items[MK_ROOT_CA_CRL], err)) &&
           mk_issuer_chain_put(&ca, &ev->items[MK_PCK_CRL_ISSUER_CHAIN], err) &&
           mk_hardware_root_pem(p->hw, &ev->items[MK_ROOT_CA], err);
}

static bool put_texts(const struct mk_plan *p, struct mk_evidence *ev, struct att_err *err)
{
    bool tcb = !p->tcb_info.envelope.absent, qe = !p->qe_identity.envelope.absent;

    ev->present[MK_TCB_INFO] = tcb;
    ev->present[MK_QE_IDENTITY] = qe;
    ev->present[MK_TCB_INFO_ISSUER_CHAIN] = ev->present[MK_QE_IDENTITY_ISSUER_CHAIN] = true;
    return (!tcb || mk_tcb_info_put(p, &ev->items[MK_TCB_INFO], err)) &&
           (!qe || mk_qe_identity_put(p, &ev->items[MK_QE_IDENTITY], err)) &&
           mk_issuer_chain_put(&p->tcb_chain, &ev->items[MK_TCB_INFO_ISSUER_CHAIN], err) &&
           mk_issuer_chain_put(&p->qe_chain, &ev->items[MK_QE_IDENTITY_ISSUER_CHAIN], err);
}

static void set_expectation(const struct mk_request *o, struct mk_evidence *ev)
{
    const struct mk_break_row *row = &mk_breaks[o->broken];

    ev->tee = o->tee;
    ev->at_unix_s = o->at_unix_s;
    ev->broken = row;
    mk_expect(o, &ev->expected_code, &ev->expected_tcb_status);
    ev->also_code = ev->expected_code;
    if (row->scope == MK_IN_TCB)
        return; /* the levels decide, as they do when nothing is broken */
    if (row->expected_code == ATT_OK) {
        ev->also_code = row->also_code == ATT_OK ? ev->expected_code : row->also_code;
        return;
    }
    ev->expected_code = row->expected_code;
    ev->also_code = row->also_code;
    ev->expected_tcb_status = NULL;
}

/* A break that needs another quote gets it. */
static void suit_break(struct mk_request *o)
{
    const struct mk_break_row *row = &mk_breaks[o->broken];
    unsigned least = o->tee == ATT_TEE_TDX ? 4 : 3;

    if (row->quote_version > 0)
        o->quote_version = row->quote_version > least ? row->quote_version : least;
    if (row->quote_version > 0 && o->quote_version < 5)
        o->td.report_15 = false;
    if (row->td_15)
        o->td.report_15 = true;
    if (o->broken == MK_BREAK_TD_BODY_TYPE_3)
        o->td.report_15 = false; /* of which type 3 is the right one */
}

bool mk_dcap_make(const struct mk_hardware *hw, const struct mk_request *request, struct mk_evidence *ret,
                  struct att_err *err)
{
    struct mk_request o = *request;
    struct mk_evidence ev = { 0 };

    if (!mk_dcap_check(hw, &o, err))
        return false;
    suit_break(&o);
    if (!mk_break_levels(&o, err))
        return false;
    struct mk_plan *p = calloc(1, sizeof *p); /* large; its pieces point into it, so it never moves */
    if (!p)
        return att_fail_memory(err, "makers.dcap");
    bool made = mk_plan_fill(hw, &o, p, err) && mk_plan_break(p, err) && put_evidence(p, &ev, err) &&
                put_crls(p, &ev, err) && put_texts(p, &ev, err);
    free(p);
    if (!made) {
        mk_evidence_free(&ev);
        return false;
    }
    set_expectation(&o, &ev);
    *ret = ev;
    return true;
}

void mk_evidence_free(struct mk_evidence *ev)
{
    for (size_t i = 0; i < MK_ITEM_COUNT; i++)
        att_buf_free(&ev->items[i]);
    *ev = (struct mk_evidence){ 0 };
}

static void put_quoted(struct att_buf *out, const char *text)
{
    if (text)
        att_buf_printf(out, "\"%s\"", text);
    else
        att_buf_puts(out, "null");
}

bool mk_expected_json(const struct mk_evidence *ev, const char *name, struct att_buf *out,
                      struct att_err *err)
{
    struct att_time_text at;
    bool good = ev->expected_code == ATT_OK;

    if (!plain(name))
        return refuse(err, "name", "letters, digits and dashes");
    att_buf_printf(out, "{\n \"name\": \"%s\",\n \"tee\": \"%s\",\n \"at\": \"%s\",\n \"at_unix\": %lld,\n",
                   name, ev->tee == ATT_TEE_SGX ? "sgx" : "tdx", att_time_text(&at, ev->at_unix_s),
                   (long long)ev->at_unix_s);
    att_buf_printf(out, " \"synthetic\": true,\n \"trust_root\": \"%s\",\n \"expected_verdict\": \"%s\",\n",
                   mk_item_file(MK_ROOT_CA), good ? "accept_crypto" : "reject");
    att_buf_puts(out, " \"expected_error\": ");
    put_quoted(out, good ? NULL : att_code_name(ev->expected_code));
    att_buf_puts(out, ",\n \"also_acceptable_errors\": [");
    if (ev->also_code != ev->expected_code)
        put_quoted(out, att_code_name(ev->also_code));
    att_buf_puts(out, "],\n \"expected_tcb_status\": ");
    put_quoted(out, ev->expected_tcb_status);
    att_buf_puts(out, ",\n \"note\": ");
    put_quoted(out, ev->broken->words);
    att_buf_puts(out, "\n}\n");
    return !out->failed || att_fail_memory(err, "makers.expected");
}
