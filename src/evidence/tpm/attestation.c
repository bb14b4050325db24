/* One quote and its logs: signature, freshness, selection, values, replay. */
#include "base/err.h"
#include "base/hex.h"
#include "evidence/tpm/tpm.h"

static bool quote_signed(const struct att_ctx *ctx, const struct tpm_attestation *a,
                         const struct att_key *aik, enum att_hash *ret_hash, struct att_err *err)
{
    struct tpm_path path;
    const struct tpm_signature_rules rules = {
        .where = tpm_path(&path, a->where, "signature"),
        .malformed = ATT_TPM_QUOTE_MALFORMED,
        .invalid = ATT_TPM_QUOTE_SIGNATURE_INVALID,
        .sha1_allowed = ctx->in->sha1_allowed,
    };

    return tpm_signature_verify(ctx->lib->crypto, aik, a->signature, a->quote, &rules, ret_hash, err);
}

/* Whole and not empty: nothing is fresh because nothing was asked. */
static bool is_fresh(const struct tpm_attestation *a, struct att_span found, const struct att_span *expected,
                     struct att_err *err)
{
    char want[2 * TPM_DIGEST_BYTES_MAX + 1] = "", got[2 * TPM_DIGEST_BYTES_MAX + 1] = "";
    struct tpm_path path;

    if (!expected || (expected->len > 0 && att_span_eq(found, *expected)))
        return true;
    if (expected->len <= TPM_DIGEST_BYTES_MAX)
        att_hex_text(want, *expected);
    if (found.len <= TPM_DIGEST_BYTES_MAX)
        att_hex_text(got, found);
    return att_fail(err, ATT_TPM_EXTRA_DATA_MISMATCH, tpm_path(&path, a->where, "quote.extraData"), want,
                    "%zu bytes: %s", found.len, got);
}

/* A form that always sends whole banks sends more than was quoted: the rest is nobody's word. */
static void drop_unquoted(const struct tpm_attestation *a, const struct tpm_attest *quote)
{
    if (!a->pcrs_whole_bank)
        return;
    for (size_t i = 0; i < quote->selection_count; i++)
        a->pcrs->bank[quote->selections[i].bank].pcrs &= quote->selections[i].pcrs;
}

static bool values_quoted(const struct att_ctx *ctx, const struct tpm_attestation *a,
                          const struct tpm_attest *quote, enum att_hash digest_hash, enum att_hash *ret_bank,
                          struct att_err *err)
{
    struct tpm_path path;
    const char *where = tpm_path(&path, a->where, "pcrs");

    drop_unquoted(a, quote);
    const struct tpm_bank_rules banks = { .others_allowed = ctx->in->other_banks_allowed,
                                          .sha1_allowed = ctx->in->sha1_allowed };
    return tpm_pcrs_bank(quote, ctx->required_pcr_mask, &banks, where, ret_bank, err) &&
           tpm_pcrs_quoted(ctx->lib->crypto, quote, digest_hash, a->pcrs, where, err);
}

static struct log_quoted quoted_bank(const struct tpm_attestation *a, enum att_hash bank)
{
    return (struct log_quoted){ .bank = bank,
                                .pcrs = a->pcrs->bank[bank].pcrs,
                                .value = (const uint8_t(*)[LOG_DIGEST_BYTES_MAX])a->pcrs->bank[bank].value };
}
_Static_assert((int)TPM_DIGEST_BYTES_MAX == (int)LOG_DIGEST_BYTES_MAX && (int)TPM_PCRS == (int)LOG_PCRS,
               "the two folders count registers alike");

/* Registers that the policy does not ask for are believed as well where the log explains them; where it does not, they are no
 * reason to refuse. */
static bool others_proven(const struct log_env *env, const struct log_events *set,
                          const struct log_quoted *quoted, uint32_t mask, uint32_t *ret, struct att_err *err)
{
    uint32_t rest = quoted->pcrs & ~mask;
    struct log_registers replayed = { 0 };

    *ret = 0;
    if (rest == 0)
        return true;
    if (!log_replay(env, set, quoted->bank, rest, false, &replayed, err))
        return false;
    for (unsigned n = 0; n < LOG_PCRS; n++)
        if (rest >> n & 1 && memcmp(replayed.value[n], quoted->value[n], att_hash_size(quoted->bank)) == 0)
            *ret |= 1u << n;
    return true;
}

/* The bank that counts, and every other quoted one for which the log has digests: a log may not say one thing to one bank and
 * another thing to the next. */
static bool logs_match(const struct att_ctx *ctx, const struct tpm_attestation *a, enum att_hash bank,
                       struct tpm_state *s, struct att_err *err)
{
    const struct log_env env = { ctx->lib->crypto, ctx->arena, &ctx->lib->limits };
    const struct log_quoted main = quoted_bank(a, bank);
    struct tpm_path path;
    const char *where = tpm_path(&path, a->where, "logs");
    uint32_t mask = ctx->required_pcr_mask, others = 0;

    if (!log_matches(&env, &s->events, &main, mask, ctx->in->sha1_allowed, where, err))
        return false;
    for (unsigned h = 0; h < ATT_HASH_COUNT; h++) {
        const struct log_quoted q = quoted_bank(a, (enum att_hash)h);
        if (h == (unsigned)bank || q.pcrs == 0 || !(s->events.banks & 1u << h))
            continue;
        if (!log_matches(&env, &s->events, &q, mask & q.pcrs, ctx->in->sha1_allowed, where, err))
            return false;
    }
    if (!others_proven(&env, &s->events, &main, mask, &others, err))
        return false;
    s->proven = (struct log_proven){ bank, mask | others };
    return log_facts_read(&env, &s->events, &s->proven, &s->facts, err);
}

static bool logs_read(const struct att_ctx *ctx, const struct tpm_attestation *a, struct log_events *ret,
                      struct att_err *err)
{
    const struct log_env env = { ctx->lib->crypto, ctx->arena, &ctx->lib->limits };
    struct tpm_path path;

    for (size_t i = 0; i < a->log_count; i++)
        if (!log_append(&env, a->logs[i].form, a->logs[i].bytes, tpm_path_item(&path, a->where, "logs", i),
                        ret, err))
            return false;
    return true;
}

bool tpm_attestation_verify(const struct att_ctx *ctx, const struct tpm_attestation *a,
                            const struct att_key *aik, const struct att_span *extra_data,
                            struct tpm_state *ret, struct att_err *err)
{
    enum att_hash digest_hash = ATT_SHA256, bank = ATT_SHA256;
    struct tpm_state s = { 0 };
    struct tpm_path path;

    if (!tpm_attest_read(a->quote, TPM_QUOTE, tpm_path(&path, a->where, "quote"), &s.quote, err) ||
        !quote_signed(ctx, a, aik, &digest_hash, err) || !is_fresh(a, s.quote.extra_data, extra_data, err) ||
        !values_quoted(ctx, a, &s.quote, digest_hash, &bank, err) || !logs_read(ctx, a, &s.events, err) ||
        !logs_match(ctx, a, bank, &s, err))
        return false;
    *ret = s;
    return true;
}
