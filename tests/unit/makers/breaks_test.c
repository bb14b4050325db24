/* layers: makers base */
/* Every break changes exactly the facts that changes.def names, and no other. */
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

static struct cases cases = { .name = "makers.breaks" };

static void read_one(struct facts *f, const struct mk_evidence *ev, const struct known_keys *keys,
                     const struct mk_sgx_options *o)
{
    unsigned wanted = ev->broken->quote_version;
    *f = (struct facts){ .keys = keys,
                         .ev = ev,
                         .form = wanted ? wanted : o->quote_version,
                         .auth_bytes = o->qe_auth_bytes,
                         .trailing = o->trailing_zeros,
                         .body_bytes = ev->broken->id == MK_BREAK_TDX_QUOTE ? 584 : 384 };
    facts_read(f);
}

static bool line_in(const char *line, size_t n, const char *text)
{
    for (const char *at = text; *at; at = strchr(at, '\n') + 1)
        if (strncmp(at, line, n) == 0 && at[n] == '\n')
            return true;
    return false;
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
    for (const char *at = a; *at; at = strchr(at, '\n') + 1) {
        size_t n = strcspn(at, "\n");
        if (!line_in(at, n, b))
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

/* From version 4 on there is an outer head to lose, and the header has no QE SVN any more. */
static void tokens_for(enum mk_break which, unsigned version, char *ret, size_t room)
{
    const char *tokens = changes[which];
    bool cut = which >= MK_BREAK_CUT_ALL && which <= MK_BREAK_CUT_LAST;

    if (version > 3 && which == MK_BREAK_QE_BELOW_ALL)
        tokens = strchr(tokens, ';') + 1;
    (void)snprintf(ret, room, "%s%s", tokens, version > 3 && cut ? ";outer.*" : "");
}

static void check_break(const struct mk_hardware *hw, const struct mk_sgx_options *base, enum mk_break which,
                        const struct known_keys *keys, bool values)
{
    struct mk_sgx_options o = *base;
    struct mk_evidence good = { 0 }, bad = { 0 };
    struct facts fg, fb;
    struct att_err err = { 0 };

    if (mk_breaks[which].quote_version)
        o.quote_version = mk_breaks[which].quote_version;
    bool made = mk_sgx_make(hw, &o, &good, &err);
    o.broken = which;
    made = made && mk_sgx_make(hw, &o, &bad, &err);
    cases_check(&cases, made, "%s is not made: %s", mk_breaks[which].name, err.text);
    if (made) {
        char tokens[2048];
        tokens_for(which, o.quote_version, tokens, sizeof tokens);
        read_one(&fg, &good, keys, &o);
        read_one(&fb, &bad, keys, &o);
        check_differences(mk_breaks[which].name, (char *)fg.text.ptr, (char *)fb.text.ptr, tokens);
        check_differences(mk_breaks[which].name, (char *)fb.text.ptr, (char *)fg.text.ptr, tokens);
        check_tokens(mk_breaks[which].name, (char *)fg.text.ptr, (char *)fb.text.ptr, tokens, values);
        cases_check(&cases, good.expected_code == ATT_OK && strcmp(good.expected_tcb_status, "UpToDate") == 0,
                    "%s: the unbroken neighbour is expected to pass", mk_breaks[which].name);
        cases_check(&cases, bad.expected_code == mk_breaks[which].expected_code, "%s: expected code %s",
                    mk_breaks[which].name, att_code_name(bad.expected_code));
        att_buf_free(&fg.text);
        att_buf_free(&fb.text);
    }
    mk_evidence_free(&good);
    mk_evidence_free(&bad);
}

static void check_all(const struct mk_hardware *hw)
{
    struct mk_evidence whole[2] = { 0 };
    struct known_keys keys = { 0 };
    struct mk_sgx_options o;
    struct att_err err = { 0 };
    bool made = true;

    mk_sgx_defaults(&o, AT);
    for (enum mk_ca ca = MK_CA_PROCESSOR; ca <= MK_CA_PLATFORM; ca++) {
        o.ca = ca;
        made = mk_sgx_make(hw, &o, &whole[ca], &err) && made;
    }
    cases_check(&cases, made, "whole evidence is not made: %s", err.text);
    if (!made)
        return;
    keys_learn(&keys, &whole[MK_CA_PROCESSOR], &whole[MK_CA_PLATFORM]);

    o.ca = MK_CA_PROCESSOR;
    for (enum mk_break b = MK_BREAK_NONE; b < MK_BREAK_COUNT; b++)
        check_break(hw, &o, b, &keys, true);
    /* The other corner of the options: what changes is the same, its values are not. */
    o.ca = MK_CA_PLATFORM;
    o.quote_version = 4;
    o.qe_auth_bytes = 1000;
    o.enclave.kss = true;
    for (enum mk_break b = MK_BREAK_NONE; b < MK_BREAK_COUNT; b++)
        check_break(hw, &o, b, &keys, false);

    keys_forget(&keys);
    mk_evidence_free(&whole[0]);
    mk_evidence_free(&whole[1]);
}

static void check_table(void)
{
    /* every code of the reference's table that SGX evidence and its collateral can reach */
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
        cases_check(&cases, changes[b] != NULL && (b == MK_BREAK_NONE || changes[b][0] != '\0'),
                    "%s is missing from changes.def", row->name);
    }
    cases_check(&cases, mk_break_by_name("quote") == NULL && mk_break_by_name("") == NULL, "no such name");
}

int main(void)
{
    struct mk_hardware *hw = NULL;
    struct att_err err = { 0 };

    cases_check(&cases, mk_hardware_new(AT, &hw, &err), "hardware is not made: %s", err.text);
    check_table();
    if (hw)
        check_all(hw);
    mk_hardware_free(hw);
    return cases_report(&cases);
}
