/* A log by itself, for people: nothing proves its digests, so nothing here decides anything. */
#include <attest/tpm.h>

#include "base/err.h"
#include "collateral/context.h"
#include "eventlog/body.h"

/* The bank whose digests tell which bodies are covered: the most usual of those that the log has. */
static enum att_hash bank_of(const struct log_events *set)
{
    static const enum att_hash order[] = { ATT_SHA256, ATT_SHA384, ATT_SHA512 };

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (set->banks & 1u << order[i])
            return order[i];
    }
    return ATT_SHA1;
}

/* A list of IMA in text begins with the number of a register in digits, a binary one with that number, which is below 24. */
static enum log_form form_of(bool ima, struct att_span log)
{
    if (!ima)
        return LOG_TCG;
    return log.len > 0 && log.ptr[0] >= ' ' ? LOG_IMA_ASCII : LOG_IMA;
}

bool att_event_log_json(const struct att_lib *lib, struct att_arena *arena, const char *form,
                        struct att_span log, struct att_span *ret_json, struct att_err *err)
{
    struct log_env env = { .crypto = lib->crypto, .arena = arena, .limits = &lib->limits };
    struct log_proven every = { .pcrs = (1u << LOG_PCRS) - 1 };
    struct log_events set = { 0 };
    bool ima = strcmp(form, "ima") == 0;
    struct att_shown shown;

    if (!ima && strcmp(form, "tcg") != 0)
        return att_fail(err, ATT_EVIDENCE_TYPE_UNKNOWN, "form", "tcg or ima", "%s",
                        att_shown(&shown, att_str(form)));
    if (!log_append(&env, form_of(ima, log), log, "log", &set, err))
        return false;
    every.bank = bank_of(&set);
    return log_events_json(&env, &set, &every, ret_json, err);
}
