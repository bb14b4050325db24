/* layers: makers base */
/* Every break changes exactly the facts that changes.def (for TDX: changes_tdx.def before it) names, and no other. */
#include "facts.h"
#include "makers/hardware.h"
#include "support/cases.h"

#define AT ((int64_t)1780000000) /* 2026-05-28T20:26:40Z */

static const char *const changes[MK_BREAK_COUNT] = {
    [MK_BREAK_NONE] = "",
#define X(id, facts) [MK_BREAK_##id] = facts,
#include "changes.def"
#undef X
};

static const char *const changes_tdx[MK_BREAK_COUNT] = {
    [MK_BREAK_NONE] = "",
#define X(id, facts) [MK_BREAK_##id] = facts,
#include "changes_tdx.def"
#undef X
};

/* Options of either kind; what both have is shared(). */
struct subject {
    enum att_tee tee;
    struct mk_sgx_options sgx;
    struct mk_tdx_options tdx;
};

static struct mk_dcap_options *shared(struct subject *s)
{
    return s->tee == ATT_TEE_SGX ? &s->sgx.dcap : &s->tdx.dcap;
}

static void subject_new(struct subject *ret, enum att_tee tee)
{
    ret->tee = tee;
    mk_sgx_defaults(&ret->sgx, AT);
    mk_tdx_defaults(&ret->tdx, AT);
}

static bool make_one(const struct mk_hardware *hw, const struct subject *s, struct mk_evidence *ret,
                     struct att_err *err)
{
    return s->tee == ATT_TEE_SGX ? mk_sgx_make(hw, &s->sgx, ret, err) : mk_tdx_make(hw, &s->tdx, ret, err);
}

/* What a break needs, so that its unbroken neighbour has it, too. */
static void suit(struct subject *s, const struct mk_break_row *row)
{
    struct mk_dcap_options *o = shared(s);

    if (row->quote_version > 0)
        o->quote_version = row->quote_version;
    if (s->tee == ATT_TEE_SGX)
        return;
    if (o->quote_version < 4)
        o->quote_version = 4;
    s->tdx.td.report_15 = row->td_15 || (s->tdx.td.report_15 && o->quote_version == 5);
    if (row->id == MK_BREAK_TD_BODY_TYPE_3)
        s->tdx.td.report_15 = false;
}

static struct cases cases = { .name = "makers.breaks" };

static size_t body_bytes(const struct subject *s, enum mk_break which)
{
    if (which == MK_BREAK_TDX_QUOTE)
        return 584;
    if (which == MK_BREAK_SGX_QUOTE || s->tee == ATT_TEE_SGX)
        return 384;
    return s->tdx.td.report_15 ? 648 : 584;
}

static void read_one(struct facts *f, const struct mk_evidence *ev, const struct known_keys *keys,
                     struct subject *s)
{
    const struct mk_dcap_options *o = shared(s);

    *f = (struct facts){ .keys = keys,
                         .ev = ev,
                         .form = o->quote_version,
                         .auth_bytes = o->qe_auth_bytes,
                         .trailing = o->trailing_zeros,
                         .body_bytes = body_bytes(s, ev->broken->id) };
    facts_read(f);
}

/* NULL: it is not there. */
static const char *line_in(const char *line, size_t n, const char *text)
{
    for (const char *at = text; *at; at = strchr(at, '\n') + 1)
        if (strncmp(at, line, n) == 0 && at[n] == '\n')
            return at;
    return NULL;
}

/* Does the token (up to ';') speak of this line? */
static bool token_covers(const char *token, size_t n, const char *line)
{
    const char *equals = memchr(token, '=', n);
    size_t name = equals ? (size_t)(equals - token) : n;

    if (name > 0 && token[name - 1] == '*')
        return strncmp(line, token, name - 1) == 0;
    return strncmp(line, token, name) == 0 && line[name] == '=';
}

static bool covered(const char *tokens, const char *line)
{
    for (const char *t = tokens; *t;) {
        size_t n = strcspn(t, ";");
        if (token_covers(t, n, line))
            return true;
        t += n + (t[n] == ';');
    }
    return false;
}

/* Lines of `a` that are not in `b` must be covered. */
static void check_differences(const char *label, const char *a, const char *b, const char *tokens)
{
    const char *beside = b; /* where the next line of `a` stands, as long as the two agree */

    for (const char *at = a; *at; at = strchr(at, '\n') + 1) {
        size_t n = strcspn(at, "\n");
        if (strncmp(at, beside, n + 1) == 0) {
            beside += n + 1;
            continue;
        }
        const char *found = line_in(at, n, b);
        if (found)
            beside = found + n + 1;
        else
            cases_check(&cases, covered(tokens, at), "%s also changes %.*s", label, (int)n, at);
    }
}

static bool token_differs(const char *token, size_t n, const char *a, const char *b)
{
    for (const char *at = a; *at; at = strchr(at, '\n') + 1)
        if (token_covers(token, n, at) && !line_in(at, strcspn(at, "\n"), b))
            return true;
    return false;
}

/* Each token must be met: its value new in the broken one, or its name among the differences. */
static void check_tokens(const char *label, const char *good, const char *bad, const char *tokens,
                         bool values)
{
    for (const char *t = tokens; *t;) {
        size_t n = strcspn(t, ";");
        bool valued = values && memchr(t, '=', n) != NULL;
        bool met = valued ? line_in(t, n, bad) && !line_in(t, n, good)
                          : token_differs(t, n, good, bad) || token_differs(t, n, bad, good);
        cases_check(&cases, met, "%s does not change %.*s", label, (int)n, t);
        t += n + (t[n] == ';');
    }
}

/* From version 4 on there is an outer head to lose, and the header has no QE SVN any more; a trust domain's quote has no
 * Open Enclave form. */
static void tokens_for(struct subject *s, enum mk_break which, char *ret, size_t room)
{
    const char *tokens = changes[which];
    unsigned version = shared(s)->quote_version;
    bool cut = which >= MK_BREAK_CUT_ALL && which <= MK_BREAK_CUT_LAST;

    if (s->tee == ATT_TEE_TDX && changes_tdx[which])
        tokens = changes_tdx[which];
    if (version > 3 && which == MK_BREAK_QE_BELOW_ALL)
        tokens = strchr(tokens, ';') + 1;
    /* From the end of a TD report 1.5 on there is enough left for the reader to look at a body. */
    if (s->tee == ATT_TEE_TDX && version > 4 && which == MK_BREAK_CUT_SIGNATURE_LENGTH)
        tokens = changes_tdx[MK_BREAK_CUT_SIGNATURE];
    (void)snprintf(ret, room, "%s%s%s", tokens, version > 3 && cut ? ";outer.*" : "",
                   version > 4 && cut && which != MK_BREAK_CUT_LAST ? ";descriptor.*" : "");
}

/* The unbroken neighbour, made once for each form of quote. */
struct neighbour {
    bool there;
    struct facts facts;
};
struct neighbours {
    struct neighbour row[6]; /* versions 3, 4, 5, each without and with a TD report 1.5 */
};

static const char *neighbour_of(struct neighbours *all, const struct mk_hardware *hw, struct subject *s,
                                const struct known_keys *keys)
{
    unsigned version = shared(s)->quote_version;
    struct neighbour *n = &all->row[2 * (version - 3) + (s->tdx.td.report_15 && version == 5 ? 1 : 0)];
    struct mk_evidence good = { 0 };
    struct att_err err = { 0 };

    if (!n->there) {
        n->there = make_one(hw, s, &good, &err);
        cases_check(&cases, n->there, "unbroken evidence is not made: %s", err.text);
        if (!n->there)
            return "";
        cases_check(&cases, good.expected_code == ATT_OK && strcmp(good.expected_tcb_status, "UpToDate") == 0,
                    "unbroken evidence is expected to pass");
        read_one(&n->facts, &good, keys, s);
        mk_evidence_free(&good);
    }
    return (const char *)n->facts.text.ptr;
}

static void check_break(const struct mk_hardware *hw, struct neighbours *all, const struct subject *base,
                        enum mk_break which, const struct known_keys *keys, bool values)
{
    const struct mk_break_row *row = &mk_breaks[which];
    struct subject s = *base;
    struct mk_evidence bad = { 0 };
    struct facts f;
    struct att_err err = { 0 };
    char tokens[2048];

    suit(&s, row);
    const char *good = neighbour_of(all, hw, &s, keys);
    shared(&s)->broken = which;
    if (!make_one(hw, &s, &bad, &err)) {
        cases_check(&cases, false, "%s is not made: %s", row->name, err.text);
        return;
    }
    tokens_for(&s, which, tokens, sizeof tokens);
    read_one(&f, &bad, keys, &s);
    check_differences(row->name, good, (char *)f.text.ptr, tokens);
    check_differences(row->name, (char *)f.text.ptr, good, tokens);
    check_tokens(row->name, good, (char *)f.text.ptr, tokens, values);
    cases_check(&cases, bad.expected_code == row->expected_code, "%s: expected code %s", row->name,
                att_code_name(bad.expected_code));
    att_buf_free(&f.text);
    mk_evidence_free(&bad);
}

static void check_rows(const struct mk_hardware *hw, const struct subject *base,
                       const struct known_keys *keys, bool values)
{
    struct neighbours all = { 0 };

    for (enum mk_break b = MK_BREAK_NONE; b < MK_BREAK_COUNT; b++) {
        struct subject s = *base;
        struct mk_evidence none = { 0 };
        struct att_err err = { 0 };
        if (mk_break_is_for(&mk_breaks[b], base->tee)) {
            check_break(hw, &all, base, b, keys, values);
            continue;
        }
        shared(&s)->broken = b;
        cases_check(&cases, !make_one(hw, &s, &none, &err) && err.code == ATT_PARAMETER_INVALID,
                    "%s is made for the other kind", mk_breaks[b].name);
    }
    for (size_t i = 0; i < sizeof all.row / sizeof all.row[0]; i++)
        att_buf_free(&all.row[i].facts.text);
}

static void check_all(const struct mk_hardware *hw, enum att_tee tee)
{
    struct mk_evidence whole[2] = { 0 };
    struct known_keys keys = { 0 };
    struct subject s;
    struct att_err err = { 0 };
    bool made = true;

    subject_new(&s, tee);
    struct mk_dcap_options *o = shared(&s);
    for (enum mk_ca ca = MK_CA_PROCESSOR; ca <= MK_CA_PLATFORM; ca++) {
        o->ca = ca;
        made = make_one(hw, &s, &whole[ca], &err) && made;
    }
    cases_check(&cases, made, "whole evidence is not made: %s", err.text);
    if (!made)
        return;
    keys_learn(&keys, &whole[MK_CA_PROCESSOR], &whole[MK_CA_PLATFORM]);

    o->ca = MK_CA_PROCESSOR;
    check_rows(hw, &s, &keys, true);
    /* The other corner of the options: what changes is the same, its values are not. */
    o->ca = MK_CA_PLATFORM;
    o->quote_version = tee == ATT_TEE_SGX ? 4 : 5;
    o->qe_auth_bytes = 1000;
    s.sgx.enclave.kss = true;
    s.tdx.td.report_15 = true;
    check_rows(hw, &s, &keys, false);

    keys_forget(&keys);
    mk_evidence_free(&whole[0]);
    mk_evidence_free(&whole[1]);
}

static void check_table(void)
{
    /* every code of the reference's table that evidence and its collateral can reach */
    static const enum att_code reachable[] = {
        ATT_OE_HEADER_VERSION,
        ATT_OE_REPORT_TYPE,
        ATT_OE_REPORT_SIZE,
        ATT_QUOTE_LENGTH,
        ATT_QUOTE_VERSION,
        ATT_ATTESTATION_KEY_TYPE,
        ATT_TEE_TYPE,
        ATT_QE_VENDOR_ID,
        ATT_BODY_TYPE,
        ATT_BODY_SIZE,
        ATT_TEE_BODY_MISMATCH,
        ATT_TEE_MISMATCH,
        ATT_CERT_DATA_TYPE,
        ATT_CERT_DATA_TYPE_UNSUPPORTED,
        ATT_RUNTIME_DATA_MISMATCH,
        ATT_INIT_TIME_DATA_MISMATCH,
        ATT_PCK_CHAIN_MALFORMED,
        ATT_PCK_EXTENSION_MALFORMED,
        ATT_PCK_CHAIN_SIGNATURE_INVALID,
        ATT_ROOT_UNTRUSTED,
        ATT_PCK_CERT_EXPIRED,
        ATT_PCK_CERT_NOT_YET_VALID,
        ATT_CRL_MALFORMED,
        ATT_CRL_ISSUER_MISMATCH,
        ATT_CRL_SIGNATURE_INVALID,
        ATT_CRL_EXPIRED,
        ATT_CRL_NOT_YET_VALID,
        ATT_PCK_REVOKED,
        ATT_INTERMEDIATE_CA_REVOKED,
        ATT_TCB_SIGNING_CERT_REVOKED,
        ATT_COLLATERAL_MISSING,
        ATT_TCB_SIGNING_CHAIN_INVALID,
        ATT_TCB_SIGNING_CERT_EXPIRED,
        ATT_TCB_SIGNING_CERT_NOT_YET_VALID,
        ATT_TCB_INFO_MALFORMED,
        ATT_TCB_INFO_SIGNATURE_INVALID,
        ATT_TCB_INFO_EXPIRED,
        ATT_TCB_INFO_NOT_YET_VALID,
        ATT_TCB_INFO_MISMATCH,
        ATT_QE_IDENTITY_MALFORMED,
        ATT_QE_IDENTITY_SIGNATURE_INVALID,
        ATT_QE_IDENTITY_EXPIRED,
        ATT_QE_IDENTITY_NOT_YET_VALID,
        ATT_QE_IDENTITY_MISMATCH,
        ATT_QE_SVN_NOT_SUPPORTED,
        ATT_QE_REPORT_SIGNATURE_INVALID,
        ATT_QE_REPORT_DATA_MISMATCH,
        ATT_ATTESTATION_KEY_INVALID,
        ATT_QUOTE_SIGNATURE_INVALID,
        ATT_TCB_NOT_SUPPORTED,
        ATT_TCB_REVOKED,
        ATT_TDX_MODULE_MISMATCH,
    };

    for (size_t c = 0; c < sizeof reachable / sizeof reachable[0]; c++) {
        bool found = false;
        for (enum mk_break b = MK_BREAK_NONE; b < MK_BREAK_COUNT; b++)
            found = found || mk_breaks[b].expected_code == reachable[c];
        cases_check(&cases, found, "no break leads to %s", att_code_name(reachable[c]));
    }
    for (enum mk_break b = MK_BREAK_NONE; b < MK_BREAK_COUNT; b++) {
        const struct mk_break_row *row = &mk_breaks[b];
        cases_check(&cases, row->id == b && row->words[0] && mk_break_by_name(row->name) == row,
                    "row %d is out of place or shares its name", (int)b);
        const char *tokens = row->sgx || changes[b] ? changes[b] : changes_tdx[b];
        cases_check(&cases, tokens != NULL && (b == MK_BREAK_NONE || tokens[0] != '\0'),
                    "%s is missing from changes.def", row->name);
        cases_check(&cases, row->sgx || row->tdx, "%s is for nothing", row->name);
    }
    cases_check(&cases, mk_break_by_name("quote") == NULL && mk_break_by_name("") == NULL, "no such name");
}

int main(void)
{
    struct mk_hardware *hw = NULL;
    struct att_err err = { 0 };

    cases_check(&cases, mk_hardware_new(AT, &hw, &err), "hardware is not made: %s", err.text);
    check_table();
    if (hw) {
        check_all(hw, ATT_TEE_SGX);
        check_all(hw, ATT_TEE_TDX);
    }
    mk_hardware_free(hw);
    return cases_report(&cases);
}
