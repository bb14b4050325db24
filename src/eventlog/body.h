/* eventlog/body.h - what the bodies of events say, once it is proven that they are what was measured.
 *
 * Call these with a bank whose replay matched (log_matches) and with the registers for which it did: events of other registers are
 * passed over, and so is every body that its digest does not cover.
 */
#ifndef EVENTLOG_BODY_H
#define EVENTLOG_BODY_H

#include "eventlog/log.h"

enum log_cover {
    LOG_NOT_COVERED, /* the body could say anything */
    LOG_COVERED_DATA, /* EFI variables: the value alone is measured, its name is not: good for display, never for a decision */
    LOG_COVERED,
};

/* Which events may be believed. */
struct log_proven {
    enum att_hash bank;
    uint32_t pcrs; /* registers whose replay matched the quote */
};

/* How much of the event's body its digest in this bank covers. IMA: the record
 * is what was replayed, so all of it; but of a violation nothing, which extends a constant. */
enum log_cover log_event_cover(const struct log_env *env, const struct log_event *e, enum att_hash bank);

/* What decisions need; each starts as the unsafe value where an event is missing, as the rule table of policy 1.2 has it. */
struct log_facts {
    bool secure_boot;             /* PCR 7, the one SecureBoot variable is 01 */
    bool boot_debugging_disabled; /* BOOTDEBUGGING only false, and there */
    bool not_safe_mode;           /* SAFEMODE only false, or not there */
    bool not_winpe;               /* WINPE only false, or not there */
    bool vbs_enabled;             /* VBS_VSM_REQUIRED or VBS_MANDATORY_ENFORCEMENT, and only true */
    bool iommu_enabled;           /* VBS_IOMMU_REQUIRED only true, and there */
    bool windows;                 /* there is a SIPA trust boundary */
    /* For the claims of Azure guests. */
    bool kernel_debug, test_signing, flight_signing, hypervisor_debug, code_integrity, elam_loaded;
    uint32_t hvci_policy;
    /* SHA-256 of the value of PK, KEK, db, dbx (PCR 7; the last one counts); has_ false: not there, or not covered. */
    bool has_pk, has_kek, has_db, has_dbx;
    uint8_t pk[32], kek[32], db[32], dbx[32];
    /* VSM_IDKS_INFO: the key that signs reports of VBS enclaves. The same key may stand there more than once; two different
     * ones: not there. */
    bool has_idks;
    struct att_span idks_n, idks_e; /* big-endian, into the log */
};
ATT_CHECK bool log_facts_read(const struct log_env *env, const struct log_events *set,
                              const struct log_proven *proven, struct log_facts *ret, struct att_err *err);

/* The claim `events` of policies 1.2: {"Events":[...]}, compact, in the arena. EVENT_LOG_LIMIT. Every event is there; only covered
 * bodies have ProcessedData. `pcrs` of `proven` are those that matched: events of other registers have no ProcessedData. */
ATT_CHECK bool log_events_json(const struct log_env *env, const struct log_events *set,
                               const struct log_proven *proven, struct att_span *ret, struct att_err *err);

#endif
