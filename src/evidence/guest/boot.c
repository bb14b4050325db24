/* What the guest booted: quote, register values, log. All of it is compared before the first signature is computed; nothing of it
 * counts before the last one holds. */
#include "base/err.h"
#include "evidence/guest/guest.h"

enum {
    FIRMWARE_PCRS = 0xFF, /* 0 to 7: firmware, its settings, Secure Boot. The log must lead there */
    SYSTEM_PCRS = 0xFF00, /* 8 to 15: loaders and systems extend them, not all of them with a log */
};

static const char where_quote[] = "guest.TpmInfo.PcrQuote", where_log[] = "guest.TcgLogs";

static uint32_t quoted_registers(const struct tpm_attest *q, enum att_hash bank)
{
    uint32_t pcrs = 0;

    for (size_t i = 0; i < q->selection_count; i++)
        if (q->selections[i].bank == bank)
            pcrs |= q->selections[i].pcrs;
    return pcrs;
}

static bool quote_read(struct att_ctx *ctx, struct guest_evidence *ev, struct att_err *err)
{
    enum att_hash bank = ATT_SHA256;

    /* The values are of SHA-256, so whatever else was selected is refused for having none. */
    if (!tpm_attest_read(ev->tpm.quote, TPM_QUOTE, where_quote, &ev->quote, err) ||
        !tpm_pcrs_bank(&ev->quote, FIRMWARE_PCRS, &(struct tpm_bank_rules){ 0 }, where_quote, &bank, err) ||
        !tpm_pcrs_quoted(ctx->lib->crypto, &ev->quote, ATT_SHA256, ev->tpm.pcrs, "guest.TpmInfo.PCRs", err))
        return false;
    ev->quoted = quoted_registers(&ev->quote, ATT_SHA256);
    return true;
}

/* Which registers of the mask hold what the log leads to. */
static bool explained(const struct log_env *env, const struct guest_evidence *ev,
                      const struct log_events *events, uint32_t mask, uint32_t *ret, struct att_err *err)
{
    const struct tpm_bank *bank = &ev->tpm.pcrs->bank[ATT_SHA256];
    struct log_registers r;

    *ret = 0;
    if (!log_replay(env, events, ATT_SHA256, mask, false, &r, err))
        return false;
    for (unsigned i = 0; i < LOG_PCRS; i++)
        if ((mask >> i & 1) && memcmp(r.value[i], bank->value[i], att_hash_size(ATT_SHA256)) == 0)
            *ret |= 1u << i;
    return true;
}

static bool log_read(struct att_ctx *ctx, struct guest_evidence *ev, struct att_err *err)
{
    const struct log_env env = { ctx->lib->crypto, ctx->arena, &ctx->lib->limits };
    const struct log_quoted quoted = {
        ATT_SHA256, ev->quoted, (const uint8_t(*)[LOG_DIGEST_BYTES_MAX])ev->tpm.pcrs->bank[ATT_SHA256].value
    };
    struct log_events events = { 0 };
    uint32_t system = ev->quoted & SYSTEM_PCRS, matched = 0;

    if (!log_append(&env, LOG_TCG, ev->logs, where_log, &events, err) ||
        !log_matches(&env, &events, &quoted, FIRMWARE_PCRS, false, where_log, err) ||
        !explained(&env, ev, &events, system, &matched, err))
        return false;
    const struct log_proven proven = { ATT_SHA256, FIRMWARE_PCRS | matched };
    ev->measured = true;
    ev->all_explained = matched == system;
    return log_facts_read(&env, &events, &proven, &ev->facts, err);
}

/* No log: nothing is known of the boot but its registers, and every fact stays the unsafe one. */
bool guest_boot_read(struct att_ctx *ctx, struct guest_evidence *ev, struct att_err *err)
{
    if (ev->tpm.quote.len == 0)
        return true;
    return quote_read(ctx, ev, err) && (ev->logs.len == 0 || log_read(ctx, ev, err));
}
