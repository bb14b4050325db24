/* eventlog/log.h - measured boot: logs read into one list of events, and held against the registers they explain.
 *
 * Forms: TCG logs (SHA-1 layout and crypto agile, with Windows' and DRTM events inside), Linux IMA lists (binary, or as text for
 * people's tools). All logs of an attestation go into one list, in the order in which they were given: that is the order of extension.
 *
 * A log is the attester's word. What makes an event believed is, first, that the replay ends in the quoted registers, which proves
 * the digests; second, that its body is what its digest was made of (eventlog/body.h). Its type and its number of register are
 * proven by neither alone: the type is covered by no digest at all.
 *
 * Spec: TCG PC Client Platform Firmware Profile 1.06 clauses 5 and 10; Linux Documentation/security/IMA-templates.
 */
#ifndef EVENTLOG_LOG_H
#define EVENTLOG_LOG_H

#include <attest/arena.h>
#include <attest/limits.h>

#include "crypto/crypto.h"

enum { LOG_PCRS = 24, LOG_DIGEST_BYTES_MAX = 64 };
enum log_form { LOG_TCG, LOG_IMA, LOG_IMA_ASCII };

struct log_event {
    uint32_t seq;  /* over all logs, from 0 */
    uint32_t pcr;  /* below LOG_PCRS where `extends`, any number else */
    uint32_t type; /* EV_...; of an IMA record 0 */
    bool ima;
    bool extends;       /* false: EV_NO_ACTION */
    bool ima_violation; /* extended as ff...ff whatever its body says: the body is proven by nothing */
    const uint8_t *
        digest[ATT_HASH_COUNT]; /* TCG: into the log, NULL: not in this bank. IMA: all NULL, made from body */
    /* TCG: Event. IMA: template data; of template "ima" as the binary list has them: digest[20], u32 length, name. */
    struct att_span body;
    struct att_span template_name;  /* IMA: "ima-ng"; covered by no digest */
    const uint8_t *template_digest; /* IMA: 20 bytes as the list has it; never believed */
};
struct log_events {
    struct log_event *items; /* in the arena */
    size_t count, capacity;
    unsigned banks; /* bit 1 << enum att_hash: banks that every TCG log has; all, when there is none */
    bool has_tcg, has_ima;
    uint8_t locality;   /* StartupLocality: last byte of PCR 0 before its first event */
    bool pcr0_extended; /* that event was there: another locality comes too late */
    size_t bytes;       /* of all logs so far, against the limit */
};
struct log_env {
    const struct att_crypto *crypto;
    struct att_arena *arena;
    const struct att_limits *limits; /* event_log_bytes_max, event_log_events_max */
};

/* Adds the events of one log. `where`: "tpm.current.logs[0]". EVENT_LOG_MALFORMED names record and offset; EVENT_LOG_LIMIT the
 * limit; IMA_LOG_MISMATCH a record whose template digest is not that of its data. Events point into `bytes` (of a text: into the
 * arena). On false `set` is not to be used any more. */
ATT_CHECK bool log_append(const struct log_env *env, enum log_form form, struct att_span bytes,
                          const char *where, struct log_events *set, struct att_err *err);

struct log_registers {
    uint32_t touched; /* bit n: some event extends PCR n */
    uint8_t value[LOG_PCRS][LOG_DIGEST_BYTES_MAX];
};
/* What the registers of one bank hold after these events; only those of `mask` are computed, the others keep their reset value.
 * `ima_padded`: IMA as kernels before 5.8 extended it, SHA-1 filled up with zeros. EVENT_LOG_MALFORMED when a log has no digests of
 * this bank; CRYPTO_FAILED. */
ATT_CHECK bool log_replay(const struct log_env *env, const struct log_events *set, enum att_hash bank,
                          uint32_t mask, bool ima_padded, struct log_registers *ret, struct att_err *err);

/* The quoted values of one bank. */
struct log_quoted {
    enum att_hash bank;
    uint32_t pcrs; /* bit n: value[n] is quoted */
    const uint8_t (*value)[LOG_DIGEST_BYTES_MAX];
};
/* Does the replay end in the quoted values, for every register of `mask` (all of which are quoted)? A register without events must
 * have its reset value. The padded form of IMA counts only when `sha1_allowed`. EVENT_LOG_REPLAY_MISMATCH names the register,
 * its value and the replayed one; IMA_LOG_MISMATCH for registers that IMA extends; EVENT_LOG_MALFORMED when a log has no digests of
 * this bank. */
ATT_CHECK bool log_matches(const struct log_env *env, const struct log_events *set,
                           const struct log_quoted *quoted, uint32_t mask, bool sha1_allowed,
                           const char *where, struct att_err *err);

const char *log_event_type_name(uint32_t type, char room[32]); /* "EV_SEPARATOR"; "EV_UNKNOWN_0x00001234" */

#endif
