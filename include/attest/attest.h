/* attest/attest.h - judge one piece of evidence.
 *
 * Give it bytes, collateral, a time and maybe a policy; get claims and a verdict, or a reason. No I/O, no
 * clock, no globals: the same inputs give the same answer, years later. examples/verify_quote.c is a whole program.
 *
 * Example:
 *     struct att_attest_in in = { .size = sizeof in, .evidence_type = "sgx", .evidence = quote,
 *                                 .collateral = collateral, .now_unix_s = 1756530546,
 *                                 .accepted_tcb = ATT_TCB_ANY_BUT_REVOKED };
 *     struct att_verdict verdict;
 *     if (!att_attest(lib, arena, &in, &verdict))
 *         printf("%s: %s\n", att_code_name(verdict.err.code), verdict.err.text);
 *     else
 *         use(&verdict.claims);                       what the evidence says, now that it is believed
 *
 * Order: form of the evidence, binding of runtime and init-time data, certificate chain, collateral,
 * signatures, TCB level, acceptance of its status, claims, policy. The first check that fails is the reason.
 *
 * Units: times are seconds since 1970-01-01T00:00:00Z.
 * Ownership: everything in the verdict lives in the arena, or points into the inputs: keep evidence, data, policy,
 * collateral and arena as long as the verdict is read.
 * Errors: class EVIDENCE: the sender must change something; COLLATERAL: what surrounds the evidence; POLICY:
 * the policy says no; INTERNAL: our fault. docs/errors.md lists them.
 * Threads: any number at once, each with its own arena; library, collateral and policy are shared.
 * Spec: the README of a type's folder below src/evidence lists each check in order, with the formats it follows.
 */
#ifndef ATTEST_ATTEST_H
#define ATTEST_ATTEST_H

#include <attest/claims.h>
#include <attest/collateral.h>
#include <attest/compliance.h>
#include <attest/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

enum att_tcb_status {
    ATT_STATUS_UNKNOWN, /* the evidence was refused before its level was known */
    ATT_STATUS_UP_TO_DATE,
    ATT_STATUS_SW_HARDENING_NEEDED,
    ATT_STATUS_CONFIGURATION_NEEDED,
    ATT_STATUS_CONFIGURATION_AND_SW_HARDENING_NEEDED,
    /* TDX: out of date, but the machine already runs a newer TDX module: a relaunch of the TD is all it takes. */
    ATT_STATUS_TD_RELAUNCH_ADVISED,
    ATT_STATUS_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,
    ATT_STATUS_OUT_OF_DATE,
    ATT_STATUS_OUT_OF_DATE_CONFIGURATION_NEEDED,
    ATT_STATUS_REVOKED,
    ATT_STATUS_COUNT
};
#define ATT_TCB_BIT(status) (1u << (status))
/* What a server accepts unless told otherwise. */
#define ATT_TCB_DEFAULT                                                                                      \
    (ATT_TCB_BIT(ATT_STATUS_UP_TO_DATE) | ATT_TCB_BIT(ATT_STATUS_SW_HARDENING_NEEDED) |                      \
     ATT_TCB_BIT(ATT_STATUS_CONFIGURATION_NEEDED) |                                                          \
     ATT_TCB_BIT(ATT_STATUS_CONFIGURATION_AND_SW_HARDENING_NEEDED))
/* Evidence alone is judged, the status only reported. Revoked cannot be accepted. */
#define ATT_TCB_ANY_BUT_REVOKED                                                                              \
    (ATT_TCB_DEFAULT | ATT_TCB_BIT(ATT_STATUS_TD_RELAUNCH_ADVISED) |                                         \
     ATT_TCB_BIT(ATT_STATUS_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED) |                                      \
     ATT_TCB_BIT(ATT_STATUS_OUT_OF_DATE) | ATT_TCB_BIT(ATT_STATUS_OUT_OF_DATE_CONFIGURATION_NEEDED))

/* "UpToDate", ...; "" for UNKNOWN. */
ATT_API const char *att_tcb_status_name(enum att_tcb_status s);
/* UNKNOWN when the name is none. Case-sensitive, as Intel writes it. */
ATT_API enum att_tcb_status att_tcb_status_of(struct att_span name);

struct att_tcb_shortfall {
    const char *component; /* "sgxtcbcomp03", "tdxtcbcomp02", "pcesvn", "tdxmodule.isvsvn", "qe.isvsvn" */
    uint32_t has;
    uint32_t needs; /* of the nearest level with a better status: att_tcb.next */
};

/* What the same platform will be once the next evaluation set is the current one. */
struct att_tcb_early {
    bool known; /* the collateral holds an early set of this platform, with a higher number */
    uint32_t evaluation_number;
    enum att_tcb_status status; /* UNKNOWN: below every level of that set */
    const struct att_span *advisories;
    size_t advisory_count;
    const struct att_tcb_shortfall *shortfall;
    size_t shortfall_count;
    enum att_tcb_status next;
};

struct att_tcb {
    enum att_tcb_status status;        /* platform, TDX module and quoting enclave combined */
    enum att_tcb_status platform;      /* of the matched TCB level alone */
    enum att_tcb_status module;        /* TDX: of the TDX module alone; UNKNOWN elsewhere */
    enum att_tcb_status qe;            /* of the quoting enclave alone */
    int64_t date_unix_s;               /* tcbDate of the matched level; 0 when none */
    uint32_t evaluation_number;        /* the lower of TCB info's and QE identity's */
    const struct att_span *advisories; /* union, order kept */
    size_t advisory_count;
    const struct att_tcb_shortfall *shortfall; /* each component too low for the next better level */
    size_t shortfall_count;
    /* Status of the level that the shortfall is measured against; UNKNOWN when at the top. */
    enum att_tcb_status next;
    struct att_tcb_early early;
};

/* attest/tpm.h: whose certificates of attestation keys count. */
struct att_tpm_trust;

/* Azure guests: contents of Secure Boot's variables that are known to be good, each the SHA-256 of a whole variable. */
struct att_boot_hashes {
    const uint8_t (*pk)[32];
    size_t pk_count;
    const uint8_t (*kek)[32];
    size_t kek_count;
    const uint8_t (*db)[32];
    size_t db_count;
    const uint8_t (*dbx)[32];
    size_t dbx_count;
};

/* Data that the attester bound into its evidence. */
struct att_bound_data {
    bool present; /* absent data is not compared, and gives no claim */
    bool json;    /* must be a JSON object: becomes x-ms-runtime or x-ms-inittime; else echoed as held data */
    struct att_span bytes; /* as sent: this is what is hashed, white space and all */
};

struct att_attest_in {
    size_t size; /* sizeof(struct att_attest_in) */
    /* "sgx", "open-enclave", "tdx", "sev-snp"; "tpm": the JWS of a request; "azure-guest": the attestation information, JSON */
    const char *evidence_type;
    struct att_span evidence;
    /* sev-snp: PEM, leaf first: VCEK or VLEK, ASK or ASVK, ARK. Empty: taken from a certificate table behind the report
     * when there is one; else COLLATERAL_MISSING, with what is missing. Others: not read. */
    struct att_span cert_chain;
    /* sev-snp: endorsements of the utility VM, each a COSE_Sign1. Others: not read. */
    const struct att_span *uvm_endorsements;
    size_t uvm_endorsement_count;
    struct att_bound_data runtime;
    struct att_bound_data init_time;
    const struct att_collateral *collateral; /* NULL: COLLATERAL_MISSING once it is needed */
    int64_t now_unix_s;                      /* every validity check uses it */
    unsigned accepted_tcb;                   /* ATT_TCB_BIT of each status that is accepted; 0 accepts none */
    uint32_t evaluation_number_min;          /* collateral below it: TCB_EVAL_NUMBER_TOO_LOW; 0: no floor */
    /* sgx, tdx: judge with the evaluation set of exactly this number; 0: the current one. A policy may name one, too:
     * x-ms-sgx-tcbidentifier, x-ms-tdx-tcbidentifier. */
    uint32_t evaluation_number_pinned;
    /* Seconds past nextUpdate for which collateral may still be used; 0: none. verdict.collateral_age_s tells. */
    uint32_t collateral_grace_s;
    const struct att_compliance_row
        *compliance; /* attest/compliance.h: first row that fits gives the claim */
    size_t compliance_count;
    bool newer_claims; /* sev-snp: the claims that tokens have since api-version 2023-04-01-preview, too */
    /* tpm, azure-guest */
    const struct att_tpm_trust *aik_trust; /* NULL: no certificate of an attestation key is trusted */
    bool challenge_given;      /* tpm: the request must answer `challenge`; else it is not compared */
    struct att_span challenge; /* as it was sent out, decoded; an empty one matches nothing */
    /* tpm: registers of SHA-384 or SHA-512 count without those of SHA-256. Only where it is known that the machines' firmware
     * extends these banks: one that it leaves alone, whoever runs the machine fills as he likes. */
    bool other_banks_allowed;
    bool sha1_allowed; /* signatures and register banks of SHA-1 count, where there is nothing better */
    const struct att_boot_hashes *boot_hashes; /* azure-guest; NULL: none is known to be good */
    const struct att_policy *policy;           /* NULL: evidence alone is judged */
    size_t policy_steps_max;                   /* work of this policy; 0: as much as the limits allow */
    bool trace;                                /* fill policy.trace */
    bool describe; /* for people: fill evidence_json, and tcb even if bound data differ */
};

struct att_verdict {
    bool accepted; /* starts false; set on the last line, after every check */
    struct att_err err;
    struct att_tcb tcb;
    const char *attestation_type;       /* claim value: "sgx", "tdxvm", "sevsnpvm", "tpm", "azurevm" */
    bool test_root;                     /* the chain ended in a root made for tests */
    struct att_collateral_want missing; /* what COLLATERAL_MISSING would have taken; kind NONE otherwise */
    uint32_t collateral_age_s; /* how far the oldest item is past its nextUpdate, under grace; 0: none is */
    struct att_claims claims;  /* incoming set: from evidence, and what the policy added */
    bool policy_ran;
    struct att_policy_result policy;
    struct att_span
        seal_to; /* azure-guest: TPMT_PUBLIC of the verified key that the answer is for: att_guest_seal */
    struct att_span evidence_json; /* decoded fields, one JSON object; empty unless asked for and parsed */
};

/* verdict->accepted. `ret` is filled in every case. */
ATT_API ATT_CHECK bool att_attest(const struct att_lib *lib, struct att_arena *arena,
                                  const struct att_attest_in *in, struct att_verdict *ret);

/* The TCB part of a verdict, accepted or not, as one JSON object in the arena: {"status","date","advisories",
 * "evaluation_number","shortfall":[{"component","has","needs"}],"next","platform","module","qe","early"}; what is not known is
 * null. "early" has status, advisories, evaluation_number, shortfall and next under the next evaluation set. */
ATT_API ATT_CHECK bool att_tcb_json(struct att_arena *arena, const struct att_tcb *tcb,
                                    struct att_span *ret_json, struct att_err *err);

/* Decodes evidence without judging it: one JSON object, in the arena. Nothing in it is to be believed. */
ATT_API ATT_CHECK bool att_describe(const struct att_lib *lib, struct att_arena *arena,
                                    const char *evidence_type, struct att_span evidence,
                                    struct att_span *ret_json, struct att_err *err);

#ifdef __cplusplus
}
#endif
#endif
