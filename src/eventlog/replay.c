/* What the registers hold after the events of a log, and whether the quote says the same. */
#include "base/err.h"
#include "base/hex.h"
#include "eventlog/ima.h"

#include <stdio.h>

enum { DRTM_FIRST = 17, DRTM_LAST = 22 };

static const uint32_t drtm_registers = ((1u << (DRTM_LAST + 1)) - 1) & ~((1u << DRTM_FIRST) - 1);

/* "SHA256", as policies name banks. */
static const char *const bank_names[ATT_HASH_COUNT] = {
    [ATT_SHA1] = "SHA1",
    [ATT_SHA256] = "SHA256",
    [ATT_SHA384] = "SHA384",
    [ATT_SHA512] = "SHA512",
};

static bool has_bank(const struct log_events *set, enum att_hash bank)
{
    return bank < ATT_HASH_COUNT && (!set->has_tcg || (set->banks >> bank & 1) != 0);
}

static bool no_bank(const char *where, enum att_hash bank, struct att_err *err)
{
    return att_fail(err, ATT_EVENT_LOG_MALFORMED, where, "digests of the quoted bank in every event",
                    "a log without those of %s", bank < ATT_HASH_COUNT ? bank_names[bank] : "an unknown one");
}

/* Registers that any of these events extend. */
static uint32_t extended_by(const struct log_events *set, bool only_ima)
{
    uint32_t touched = 0;

    for (size_t i = 0; i < set->count; i++) {
        const struct log_event *e = &set->items[i];
        if (e->extends && e->pcr < LOG_PCRS && (e->ima || !only_ima))
            touched |= 1u << e->pcr;
    }
    return touched;
}

/* Registers 17 to 22 hold ones until a dynamic launch sets them to zero; only after one can anything extend them. */
static void reset(const struct log_events *set, size_t size, struct log_registers *r)
{
    bool launched = (r->touched & drtm_registers) != 0;

    memset(r->value, 0, sizeof r->value);
    for (unsigned i = DRTM_FIRST; i <= DRTM_LAST && !launched; i++)
        memset(r->value[i], 0xff, size);
    r->value[0][size - 1] = set->locality;
}

/* The digest that a record of IMA extended this bank with. Kernels before 5.8 had SHA-1 only, and filled it up with zeros. */
static bool ima_digest(const struct log_env *env, const struct log_event *e, enum att_hash bank, bool padded,
                       uint8_t ret[LOG_DIGEST_BYTES_MAX])
{
    struct att_span parts[IMA_PARTS_MAX];
    enum att_hash made_with = padded ? ATT_SHA1 : bank;

    memset(ret, 0, LOG_DIGEST_BYTES_MAX);
    if (e->ima_violation) {
        memset(ret, 0xff, att_hash_size(made_with));
        return true;
    }
    return att_digest_parts(env->crypto, made_with, parts, ima_hashed(e, parts), ret);
}

static bool extend(const struct log_env *env, const struct log_event *e, enum att_hash bank, bool ima_padded,
                   uint8_t value[LOG_DIGEST_BYTES_MAX])
{
    size_t size = att_hash_size(bank);
    uint8_t made[LOG_DIGEST_BYTES_MAX];
    const uint8_t *digest = e->digest[bank];

    if (e->ima) {
        if (!ima_digest(env, e, bank, ima_padded, made))
            return false;
        digest = made;
    }
    if (!digest)
        return false;
    const struct att_span parts[] = { { value, size }, { digest, size } };
    return att_digest_parts(env->crypto, bank, parts, 2, value);
}

bool log_replay(const struct log_env *env, const struct log_events *set, enum att_hash bank, uint32_t mask,
                bool ima_padded, struct log_registers *ret, struct att_err *err)
{
    struct log_registers r;

    if (!has_bank(set, bank))
        return no_bank("log", bank, err);
    r.touched = extended_by(set, false);
    reset(set, att_hash_size(bank), &r);
    for (size_t i = 0; i < set->count; i++) {
        const struct log_event *e = &set->items[i];
        if (e->extends && e->pcr < LOG_PCRS && (mask >> e->pcr & 1) != 0 &&
            !extend(env, e, bank, ima_padded, r.value[e->pcr]))
            return att_fail(err, ATT_CRYPTO_FAILED, "log", bank_names[bank], "nothing");
    }
    *ret = r;
    return true;
}

/* The lowest register of the mask that differs; LOG_PCRS: none does. */
static unsigned differing(const struct log_quoted *quoted, uint32_t mask,
                          const struct log_registers *replayed)
{
    unsigned i = 0;

    while (i < LOG_PCRS && ((mask >> i & 1) == 0 ||
                            memcmp(quoted->value[i], replayed->value[i], att_hash_size(quoted->bank)) == 0))
        i++;
    return i;
}

static bool mismatch(const struct log_quoted *quoted, unsigned pcr, const struct log_registers *replayed,
                     bool ima, const char *where, struct att_err *err)
{
    size_t size = att_hash_size(quoted->bank);
    char found[2 * LOG_DIGEST_BYTES_MAX + 1], expected[2 * LOG_DIGEST_BYTES_MAX + 1], place[96];

    att_hex_text(found, att_span_of(replayed->value[pcr], size));
    att_hex_text(expected, att_span_of(quoted->value[pcr], size));
    (void)snprintf(place, sizeof place, "%s.pcrs[%u]", where, pcr);
    return att_fail(err, ima ? ATT_IMA_LOG_MISMATCH : ATT_EVENT_LOG_REPLAY_MISMATCH, place, expected,
                    "%s of the log: %s", bank_names[quoted->bank], found);
}

bool log_matches(const struct log_env *env, const struct log_events *set, const struct log_quoted *quoted,
                 uint32_t mask, bool sha1_allowed, const char *where, struct att_err *err)
{
    struct log_registers replayed, padded;
    uint32_t ima = extended_by(set, true);

    if (!has_bank(set, quoted->bank))
        return no_bank(where, quoted->bank, err);
    if ((mask & ~quoted->pcrs) != 0 || mask >> LOG_PCRS != 0)
        return att_fail(err, ATT_EVENT_LOG_REPLAY_MISMATCH, where, "a quoted value of each register",
                        "registers 0x%06x of 0x%06x", quoted->pcrs & mask, mask);
    if (!log_replay(env, set, quoted->bank, mask, false, &replayed, err))
        return false;
    unsigned pcr = differing(quoted, mask, &replayed);
    if (pcr < LOG_PCRS && (ima >> pcr & 1) != 0 && sha1_allowed && quoted->bank != ATT_SHA1) {
        if (!log_replay(env, set, quoted->bank, mask, true, &padded, err))
            return false;
        if (differing(quoted, mask, &padded) == LOG_PCRS)
            pcr = LOG_PCRS;
    }
    return pcr == LOG_PCRS || mismatch(quoted, pcr, &replayed, (ima >> pcr & 1) != 0, where, err);
}
