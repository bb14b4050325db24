/* service/service.h - what attestd does, without HTTP: attestations, public documents and policies of many providers.
 *
 * A struct service is shared by all loop threads. It borrows what is in its options and the strings there; they outlive
 * it. Providers come from the site (site/site.h): whoever calls holds a reference for the time of the call. What is
 * derived from one - compiled policies, /certs, metadata - is made at its first use and kept in its attachment.
 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <attest/attest.h>

#include "base/histogram.h"
#include "site/site.h"

struct aik_authority;
struct keyring;
struct service;
struct store;
struct store_health;
struct signer;
struct supply;

#define SERVICE_DEFAULT_PROVIDER "default"

/* Kinds of records of a provider, as diagnostic settings choose among them. */
enum service_log { SERVICE_LOG_OPERATIONAL, SERVICE_LOG_AUDIT, SERVICE_LOG_NOT_PROCESSED, SERVICE_LOGS };

struct service_options {
    const struct att_lib *lib;
    struct supply *supply; /* the collateral service; NULL: nobody is asked for what is missing */
    struct signer *signer;
    struct site *site;
    struct keyring *keys; /* of tokens */
    /* TPM: a store of its own for what may happen once (used under a lock); NULL: TPM evidence is not taken (503). */
    struct store *once;
    const struct store_health *store_health; /* how the store is; NULL: nothing could be away */
    const uint8_t *context_key;              /* 32 bytes, the same in all replicas; NULL: as above */
    struct att_tpm_trust *aik_trust;         /* authorities of attestation keys, the site's own among them */
    struct att_tpm_trust *ek_trust;          /* manufacturers, for enrolment; NULL: nobody is enrolled */
    const struct aik_authority *aik_authority; /* this service's own; NULL: nobody is enrolled */
    uint32_t aik_lifetime_days;                /* of its certificates; 0: 365 */
    uint32_t tpm_challenge_lifetime_s;         /* 0: 300 */
    bool other_banks_allowed;                  /* of TPMs; as att_attest_in has it */
    bool sha1_allowed;                         /* of TPMs */
    const struct att_boot_hashes *boot_hashes; /* of Azure guests; NULL: none */
    const char *base_url;                      /* no trailing slash */
    const char *domain;          /* host style: https://NAME.REGION.DOMAIN; NULL: path style, BASE/p/NAME */
    const char *location;        /* of the default provider: "East US" */
    unsigned accepted_tcb;       /* ATT_TCB_BIT of each */
    uint32_t collateral_grace_s; /* past nextUpdate; 0: none */
    const struct att_compliance_row *compliance; /* which machines have which x-ms-compliance-status */
    size_t compliance_count;
    unsigned signer_rsa_bits_min; /* smallest RSA key of a policy signer; 0: 2048 */
    bool
        policy_tokens_fresh_only; /* signed policy tokens must say when and where they count, and count once */
    int64_t token_lifetime_max_s; /* a key stays published that long after it signed; 0: a year */
    bool evidence_time_set;       /* --dev: judge evidence at evidence_time_unix_s; never iat, nbf, exp */
    int64_t evidence_time_unix_s;
    /* Sinks of the configuration: the number of one (0 to 31; -1: there is none of that name), and their names for people, in
     * the arena. NULL: there are none. */
    int (*sink)(void *ctx, const char *name);
    const char *(*sink_names)(void *ctx, struct att_arena *arena);
    void *sink_ctx;
    int64_t (*now_unix_s)(void *ctx);
    void *now_ctx;
};

ATT_CHECK bool service_new(const struct service_options *options, struct service **ret, struct att_err *err);
void service_free(struct service *s); /* NULL is fine */

/* The store cannot be reached as far as anybody knows: who needs it is told so without a try. */
bool service_store_away(const struct service *s);

/* -- first start ------------------------------------------------------------------------------------------ */

/* A subscription that the configuration names, and its first Owner. */
struct service_seed {
    const char *subscription; /* GUID */
    const char *tenant;       /* GUID */
    const char *name;
    const char *owner; /* principal that becomes Owner when the subscription is made; NULL: nobody */
};
/* What is not there yet is made, each with its audit record ("configuration"): the subscriptions, an Owner for those that
 * are new, registration, and - in the first one - the group "attestd" with the default provider. What is there is left
 * as people have changed it; only a provider without a certificate for an ES256 key or for its address gets one. A
 * subscription of another tenant than the configuration says is refused (CONFIG_INVALID). */
ATT_CHECK bool service_install(struct service *s, const struct service_seed *seeds, size_t count,
                               struct att_err *err);

/* -- providers -------------------------------------------------------------------------------------------- */

/* Address of a provider: text in the arena. The default one's is the base URL. */
ATT_CHECK bool service_attest_uri(const struct service *s, struct att_arena *arena, const char *name,
                                  const char *location, const char **ret, struct att_err *err);
/* "East US" and "eastus" are one place: lower case, no spaces. PARAMETER_INVALID. */
ATT_CHECK bool service_location_of(struct att_arena *arena, struct att_span text, const char **ret,
                                   struct att_err *err);
/* The short code that stands in host names ("eus"), of a location as service_location_of gives it; the location itself
 * when it has none. */
const char *service_region_of(const char *location);
/* What is to be done when there is a new set of keys: ES256 certificates of all providers, of which each replica would make another
 * one. On the thread of changes. */
ATT_CHECK bool service_keys_changed(struct service *s, struct att_err *err);
/* One certificate for each key, for a provider that is about to be made. In the arena. */
ATT_CHECK bool service_certificates_make(const struct service *s, struct att_arena *arena, const char *name,
                                         const char *attest_uri, const struct site_certificate **ret,
                                         size_t *ret_count, struct att_err *err);
/* Does this host (lower case, without port) lie below the configured domain, so that it names a provider, there or not? */
bool service_host_is_provider(const struct service *s, const char *host);
/* By the host of a request (lower case, without port): the provider in host style, or NULL. A reference. */
const struct site_provider *service_provider_by_host(struct service *s, const char *host);

/* -- records ---------------------------------------------------------------------------------------------- */

/* What records of a provider say of it, and where its settings send them: bit N of each kind is the sink of that number. */
struct service_record_facts {
    const char *resource_id; /* as it was first written */
    uint32_t sinks[SERVICE_LOGS];
};
/* Borrowed from the provider. */
ATT_CHECK bool service_record_facts(struct service *s, const struct site_provider *p,
                                    const struct service_record_facts **ret, struct att_err *err);
/* The sinks alone, of the settings as they are now; none when they cannot be read. */
void service_sinks(struct service *s, const char *provider_key, uint32_t ret[SERVICE_LOGS]);

/* -- collateral ------------------------------------------------------------------------------------------- */

/* Takes the place of the collateral in use, whole; running attestations end with what they began with. The
 * service takes its own reference. */
void service_collateral_set(struct service *s, struct att_collateral *c);
/* One reference, for reading; NULL before the first set. */
struct att_collateral *service_collateral_ref(struct service *s);
/* Asks the collateral service for an item that an attestation lacked; `done` is called once, on any thread, in at most
 * SERVICE_COLLATERAL_WAIT_MS: with NULL when it is there now, else with the reason (COLLATERAL_MISSING: which item, from
 * where, what the source answered). */
enum { SERVICE_COLLATERAL_WAIT_MS = 2000 };
void service_collateral_want(struct service *s, const struct att_collateral_want *what,
                             void (*done)(void *ctx, const struct att_err *err), void *ctx);
/* {"tcbBaselines":[{"tcbIdentifier","tcbEvaluationDataNumber","tcbReleaseDate","isSelectedTcb"},...]} of a type as it
 * stands in a path ("SgxEnclave"); empty for types that have no evaluation sets. What this service holds: the current set
 * first, under the name azuredefault. */
ATT_CHECK bool service_tcb_baselines(struct service *s, const struct site_provider *p,
                                     struct att_arena *arena, const char *type, struct att_span *ret_json,
                                     struct att_err *err);

/* -- attestation ------------------------------------------------------------------------------------------ */

struct service_attest_in {
    const char *evidence_type; /* "sgx", "open-enclave", "tdx", "sev-snp", "tpm", "azure-guest" */
    struct att_span evidence;
    struct att_span cert_chain;              /* sev-snp, as att_attest_in has it; may be empty */
    const struct att_span *uvm_endorsements; /* sev-snp: each a COSE_Sign1 */
    size_t uvm_endorsement_count;
    bool newer_claims; /* sev-snp: the claims since api-version 2023-04-01-preview */
    struct att_bound_data runtime;
    struct att_bound_data init_time;
    bool has_draft_policy; /* then the token is unsecured (alg none) */
    struct att_span draft_policy;
    bool has_nonce;
    struct att_span nonce;
    bool explain; /* the caller may know why */
    /* tpm: the challenge that the request must answer, decoded, and what is remembered once it has been accepted */
    bool challenge_given;
    struct att_span challenge;
    const char *challenge_id;
    int64_t challenge_until_unix_s;
};
struct service_attest_out {
    struct att_span
        token; /* compact JWS, in the arena; empty when refused. azure-guest: sealed, base64url of JSON */
    struct att_span
        explanation; /* JSON, as att_policy_explain_json; empty unless asked for and a policy ran */
    /* JSON, as att_tcb_json, of an SGX or TDX quote whose level was looked at; empty unless asked for. */
    struct att_span tcb;
    /* With COLLATERAL_MISSING: what service_collateral_want may be asked for. Kind NONE: nobody could get it. */
    struct att_collateral_want missing;
};
/* `ret` is filled in every case. False with `err`: the reason. RESOURCE_NOT_FOUND: the provider was deleted before anything
 * was derived from it; STORE_FAILED: its stored policy or its certificates are not what was once put there. */
ATT_CHECK bool service_attest(struct service *s, const struct site_provider *p, struct att_arena *arena,
                              const struct service_attest_in *in, struct service_attest_out *ret,
                              struct att_err *err);
/* The TPM protocol. A challenge, and the context that the client must bring back with its answer: base64url texts. Without a store:
 * SERVICE_UNAVAILABLE; without a policy: POLICY_MISSING, before the client has its TPM sign anything. */
ATT_CHECK bool service_tpm_challenge(struct service *s, const struct site_provider *p,
                                     struct att_arena *arena, struct att_span *ret_challenge,
                                     struct att_span *ret_context, struct att_err *err);
/* Judges a request (a JWS) that answers one. Uses the store: not for a thread that serves connections. TPM_CONTEXT_INVALID,
 * TPM_CONTEXT_EXPIRED, TPM_CHALLENGE_USED, POLICY_MISSING, and what att_attest says. */
ATT_CHECK bool service_tpm_attest(struct service *s, const struct site_provider *p, struct att_arena *arena,
                                  struct att_span jws, bool explain, struct service_attest_out *ret,
                                  struct att_err *err);
/* -- enrolment of TPMs: attestation keys get certificates of this service's own authority ------------------- */

enum { SERVICE_AIK_LIFE_DAYS = 365 };
struct service_enroll_in {
    struct att_span ek_certificate; /* DER */
    struct att_span ek_public;      /* TPM2B_PUBLIC */
    struct att_span aik_public;     /* TPM2B_PUBLIC */
};
struct service_enroll_out {
    struct att_span id_object;        /* TPM2B_ID_OBJECT */
    struct att_span encrypted_secret; /* TPM2B_ENCRYPTED_SECRET */
    struct att_span context;          /* text: comes back with the secret, in five minutes, once */
};
/* A secret that only this TPM can read, if it is a trusted manufacturer's and holds the key. EK_UNTRUSTED, EK_MISMATCH, AIK_UNFIT;
 * SERVICE_UNAVAILABLE without a store or an authority. */
ATT_CHECK bool service_enroll_begin(struct service *s, const struct site_provider *p, struct att_arena *arena,
                                    const struct service_enroll_in *in, struct service_enroll_out *ret,
                                    struct att_err *err);
/* Who has answered with the secret. */
struct service_enrolled {
    struct att_span aik_spki; /* DER */
    struct att_span aik_name;
    const char *subject; /* for the audit trail: "ek=HEX aik=HEX manufacturer=..." */
};
/* Uses the context up. Not inside a change: it asks the store. TPM_CONTEXT_INVALID, TPM_CONTEXT_EXPIRED,
 * TPM_CREDENTIAL_INVALID, TPM_CHALLENGE_USED. */
ATT_CHECK bool service_enroll_take(struct service *s, const struct site_provider *p, struct att_arena *arena,
                                   struct att_span context, struct att_span secret,
                                   struct service_enrolled *ret, struct att_err *err);
/* Its certificate, DER in the arena. */
ATT_CHECK bool service_enroll_certify(struct service *s, struct att_arena *arena,
                                      const struct service_enrolled *who, struct att_span *ret_der,
                                      struct att_err *err);
/* The authority: the certificate that issues, and all that are trusted as PEM. Borrowed. SERVICE_UNAVAILABLE. */
ATT_CHECK bool service_aik_authority(struct service *s, struct att_span *ret_der, struct att_span *ret_pem,
                                     struct att_err *err);

/* Which TCB statuses are accepted from now on; ATT_TCB_BIT of each. */
void service_accept_tcb(struct service *s, unsigned accepted_tcb);

/* -- public documents: JSON texts in the arena, of the keys that are published now -------------------------- */

ATT_CHECK bool service_certs_json(struct service *s, const struct site_provider *p, struct att_arena *arena,
                                  struct att_span *ret, struct att_err *err);
ATT_CHECK bool service_openid_json(struct service *s, const struct site_provider *p, struct att_arena *arena,
                                   struct att_span *ret, struct att_err *err);

/* -- policies --------------------------------------------------------------------------------------------- */

/* The attestation type as it stands in a path, in any case ("sgxenclave"): "SgxEnclave", or NULL. */
const char *service_policy_type(struct att_span segment);
/* What a client has sent to change one, and who it is. */
struct service_sent {
    struct att_span body;
    const char *by;         /* principal */
    const char *request_id; /* "" when there is none */
};
/* Answers are JWS of the provider: {"exp","iat","iss","nbf",...}, good for an hour, without jti. */
/* The answer to GET /policies/TYPE: x-ms-policy is the JWS that was set, or an unsecured one with the default text (with
 * an empty payload for a type that has no default). */
ATT_CHECK bool service_policy_get(struct service *s, const struct site_provider *p, struct att_arena *arena,
                                  const char *type, struct att_span *ret_token, struct att_err *err);
/* Checks, compiles and puts a policy inside a change: x-ms-policy-result "Updated", x-ms-policy-token-hash, and
 * x-ms-policy-signer when it was signed. What is taken from whom: attest/policy_token.h. The provider counts as the change
 * sees it, not as `p` has it: RESOURCE_NOT_FOUND when it is gone. POLICY_TOKEN_USED: it counts once, and has. */
ATT_CHECK bool service_policy_set(struct service *s, struct site_change *change,
                                  const struct site_provider *p, struct att_arena *arena, const char *type,
                                  const struct service_sent *sent, struct att_span *ret_token,
                                  struct att_err *err);
/* Back to the default: x-ms-policy-result "Removed". The same when none was set. */
ATT_CHECK bool service_policy_reset(struct service *s, struct site_change *change,
                                    const struct site_provider *p, struct att_arena *arena, const char *type,
                                    const struct service_sent *sent, struct att_span *ret_token,
                                    struct att_err *err);
/* All that was ever set, newest first: {"value":[{"number","result","time","principal","signer","policyHash","token"}],
 * "nextBefore"}. At most SERVICE_HISTORY_PAGE with numbers below `before` (0: the newest). On the thread of changes. */
enum { SERVICE_HISTORY_PAGE = 50 };
ATT_CHECK bool service_policy_history(struct service *s, const struct site_provider *p,
                                      struct att_arena *arena, const char *type, uint64_t before,
                                      struct att_span *ret_json, struct att_err *err);

/* -- policy signers --------------------------------------------------------------------------------------- */

/* The answer to GET /certificates: x-ms-policy-certificates {"keys":[...]}, of each key alg, kty, use and x5c. */
ATT_CHECK bool service_signers_get(struct service *s, const struct site_provider *p, struct att_arena *arena,
                                   struct att_span *ret_token, struct att_err *err);
/* Adds or removes the certificate that a signer's token names: x-ms-certificate-thumbprint and
 * x-ms-policycertificates-result "IsPresent" or "IsAbsent". What is so already stays so. POLICY_NOT_ISOLATED,
 * POLICY_SIGNER_LAST, and what att_policy_token_read refuses. */
ATT_CHECK bool service_signers_change(struct service *s, struct site_change *change,
                                      const struct site_provider *p, struct att_arena *arena, bool add,
                                      const struct service_sent *sent, struct att_span *ret_token,
                                      struct att_err *err);

/* -- what others ask -------------------------------------------------------------------------------------- */

struct site *service_site(const struct service *s);
const char *service_base_url(const struct service *s);
const char *service_location(const struct service *s);
const struct att_limits *service_limits(const struct service *s);
int64_t service_now_unix_s(const struct service *s);

/* Verdicts so far, for metrics: calls `each` for every pair that occurred. ATT_OK counts tokens issued. */
void service_verdicts(const struct service *s,
                      void (*each)(void *ctx, const char *evidence_type, enum att_code code,
                                   unsigned long count),
                      void *ctx);

/* For measuring only: no judgement depends on it. */
int64_t service_monotonic_ns(void);
/* How attestations ended: with a token, with a reason that is not ours, with a fault of ours. */
enum service_outcome { SERVICE_TOKEN, SERVICE_REFUSED, SERVICE_FAULT, SERVICE_OUTCOMES };
/* How long judging took, signing with it, for each pair that occurred. */
void service_durations(const struct service *s,
                       void (*each)(void *ctx, const char *evidence_type, enum service_outcome outcome,
                                    const struct att_histogram *took),
                       void *ctx);

/* The same for foresight: how often a status today went with one under the early evaluation set (UNKNOWN: below all of
 * its levels), where that set is known. */
void service_early_verdicts(const struct service *s,
                            void (*each)(void *ctx, const char *evidence_type, enum att_tcb_status status,
                                         enum att_tcb_status early, unsigned long count),
                            void *ctx);
/* Keys with tables in the library, and the bytes of these. */
void service_key_tables(const struct service *s, size_t *ret_count, size_t *ret_bytes);

#endif
