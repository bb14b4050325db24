/* layers: makers base */
/* Every break of SEV-SNP evidence changes exactly the facts that snp_changes.def names, and no other. */
#include "snp_facts.h"
#include "support/cases.h"

#define AT ((int64_t)1780000000) /* 2026-05-28T20:26:40Z */

static const char *const changes[MK_SNP_BREAK_COUNT] = {
    [MK_SNP_BREAK_NONE] = "",
#define X(id, facts) [MK_SNP_BREAK_##id] = facts,
#include "snp_changes.def"
#undef X
};

static struct cases cases = { .name = "makers.snp_breaks" };

static bool line_in(const char *line, size_t n, const char *text)
{
    for (const char *at = text; *at; at = strchr(at, '\n') + 1)
        if (strncmp(at, line, n) == 0 && at[n] == '\n')
            return true;
    return false;
}

/* Is the name of this line the token's, or does it begin with a token that ends in '*'? A token with a value must be the
 * whole line, where `values` says so. */
static bool token_covers(const char *token, size_t n, const char *line, bool values)
{
    size_t name = strcspn(line, "="), wanted = strcspn(token, "=;");

    if (n > 0 && token[n - 1] == '*')
        return strncmp(line, token, n - 1) == 0;
    if (values && wanted < n)
        return strcspn(line, "\n") == n && strncmp(line, token, n) == 0;
    return name == wanted && strncmp(line, token, wanted) == 0;
}

/* Lines of `a` that are not in `b` must be covered; marks the tokens that do. */
static void compare(const char *label, const char *a, const char *b, bool values, const char *tokens,
                    unsigned *met)
{
    for (const char *at = a; *at; at = strchr(at, '\n') + 1) {
        size_t n = strcspn(at, "\n");
        bool covered = false;
        unsigned index = 0;
        if (line_in(at, n, b))
            continue;
        for (const char *t = tokens; *t; index++) {
            size_t len = strcspn(t, ";");
            if (token_covers(t, len, at, values)) {
                covered = true;
                *met |= 1u << index;
            }
            t += len + (t[len] == ';');
        }
        cases_check(&cases, covered, "%s also changes %.*s", label, (int)n, at);
    }
}

static unsigned token_count(const char *tokens)
{
    unsigned count = *tokens ? 1 : 0;

    for (const char *c = tokens; *c; c++)
        count += *c == ';';
    return count;
}

/* `whole` are the facts of the unbroken neighbours, one for each signer. */
static void check_break(const struct mk_amd *amd, const struct mk_snp_options *base, enum mk_snp_break which,
                        const struct snp_facts whole[2])
{
    const struct mk_snp_break_row *row = &mk_snp_breaks[which];
    const char *tokens = changes[which] ? changes[which] : "";
    struct mk_snp_evidence bad = { 0 };
    struct mk_snp_options o = *base;
    struct snp_facts found;
    struct att_err err = { 0 };
    unsigned met = 0;

    o.broken = which;
    bool made = mk_snp_make(amd, &o, &bad, &err);
    cases_check(&cases, made, "%s is not made: %s", row->name, err.text);
    if (!made)
        return;
    const struct snp_facts *good = &whole[bad.options.signer];
    snp_facts_read(&found, &bad, good->known);
    compare(row->name, (char *)good->text.ptr, (char *)found.text.ptr, false, tokens, &met);
    compare(row->name, (char *)found.text.ptr, (char *)good->text.ptr, true, tokens, &met);
    cases_check(&cases, met == (1u << token_count(tokens)) - 1, "%s leaves some of: %s", row->name, tokens);
    cases_check(&cases, bad.expected_code == row->expected_code && bad.also_code == row->also_code,
                "%s: expected codes", row->name);
    cases_check(&cases, which != MK_SNP_BREAK_MALLEATED_S || snp_s_is_upper(&bad), "%s: S", row->name);
    att_buf_free(&found.text);
    mk_snp_evidence_free(&bad);
}

static void check_product(enum mk_amd_product product, enum mk_snp_signer signer, bool all)
{
    struct mk_snp_evidence whole[2] = { 0 };
    struct snp_known known = { 0 };
    struct mk_snp_options o;
    struct mk_amd *amd = NULL;
    struct att_err err = { 0 };
    bool made = mk_amd_new(product, MK_AMD_BITS_QUICK, AT, &amd, &err);

    mk_snp_defaults(&o, product, AT);
    o.has_init_time_data = true;
    o.init_time_data = att_str("package policy");
    for (enum mk_snp_signer s = MK_SNP_VCEK; made && s <= MK_SNP_VLEK; s++) {
        o.signer = s;
        made = mk_snp_make(amd, &o, &whole[s], &err);
    }
    cases_check(&cases, made, "%s: whole evidence is not made: %s", mk_amd_product_name(product), err.text);
    if (made) {
        struct snp_facts facts[2];
        snp_known_learn(&known, &whole[MK_SNP_VCEK], &whole[MK_SNP_VLEK]);
        for (size_t s = 0; s < 2; s++)
            snp_facts_read(&facts[s], &whole[s], &known);
        o.signer = signer;
        for (enum mk_snp_break b = MK_SNP_BREAK_NONE; b < MK_SNP_BREAK_COUNT; b++)
            if (mk_snp_break_fits(b, product) && (all || mk_snp_breaks[b].needs == MK_SNP_NEEDS_TURIN))
                check_break(amd, &o, b, facts);
        for (size_t s = 0; s < 2; s++)
            att_buf_free(&facts[s].text);
        snp_known_forget(&known);
    }
    mk_snp_evidence_free(&whole[0]);
    mk_snp_evidence_free(&whole[1]);
    mk_amd_free(amd);
}

static void check_table(void)
{
    /* every code that SEV-SNP evidence and its lists can reach */
    static const enum att_code reachable[] = {
        ATT_SNP_LENGTH,
        ATT_SNP_VERSION,
        ATT_SNP_RESERVED,
        ATT_SNP_POLICY,
        ATT_SNP_SIGNATURE_ALGO,
        ATT_SNP_SIGNING_KEY,
        ATT_SNP_SIGNATURE_RANGE,
        ATT_SNP_SIGNATURE_INVALID,
        ATT_SNP_TCB_ORDER,
        ATT_SNP_CERT_TABLE,
        ATT_VCEK_CHAIN_MALFORMED,
        ATT_VCEK_CHAIN_SIGNATURE_INVALID,
        ATT_VCEK_EXTENSION_MALFORMED,
        ATT_VCEK_CERT_EXPIRED,
        ATT_VCEK_CERT_NOT_YET_VALID,
        ATT_VCEK_REVOKED,
        ATT_CHIP_ID_MISMATCH,
        ATT_TCB_MISMATCH,
        ATT_PRODUCT_MISMATCH,
        ATT_ROOT_UNTRUSTED,
        ATT_RUNTIME_DATA_MISMATCH,
        ATT_INIT_TIME_DATA_MISMATCH,
        ATT_COLLATERAL_MISSING,
        ATT_CRL_MALFORMED,
        ATT_CRL_ISSUER_MISMATCH,
        ATT_CRL_SIGNATURE_INVALID,
        ATT_CRL_EXPIRED,
        ATT_CRL_NOT_YET_VALID,
    };

    for (size_t c = 0; c < sizeof reachable / sizeof reachable[0]; c++) {
        bool found = false;
        for (enum mk_snp_break b = MK_SNP_BREAK_NONE; b < MK_SNP_BREAK_COUNT; b++)
            found = found || mk_snp_breaks[b].expected_code == reachable[c];
        cases_check(&cases, found, "no break leads to %s", att_code_name(reachable[c]));
    }
    for (enum mk_snp_break b = MK_SNP_BREAK_NONE; b < MK_SNP_BREAK_COUNT; b++) {
        const struct mk_snp_break_row *row = &mk_snp_breaks[b];
        cases_check(&cases, row->id == b && row->words[0] && mk_snp_break_by_name(row->name) == row,
                    "row %d is out of place or shares its name", (int)b);
        cases_check(&cases,
                    changes[b] != NULL &&
                        (b == MK_SNP_BREAK_NONE || b == MK_SNP_BREAK_MALLEATED_S || changes[b][0] != '\0'),
                    "%s is missing from snp_changes.def", row->name);
    }
}

int main(void)
{
    check_table();
    check_product(MK_AMD_MILAN, MK_SNP_VCEK, true);
    check_product(MK_AMD_TURIN, MK_SNP_VCEK, false);
    return cases_report(&cases);
}
