/* service/internal.h - what the files of this folder share; nobody else includes it. */
#ifndef SERVICE_INTERNAL_H
#define SERVICE_INTERNAL_H

#include "keys/keyring.h"
#include "service/service.h"
#include "signer/signer.h"

#include <pthread.h>
#include <stdatomic.h>

/* Evidence that can be judged here. */
enum service_type {
    SERVICE_SGX,
    SERVICE_OPEN_ENCLAVE,
    SERVICE_TDX,
    SERVICE_SEV_SNP,
    SERVICE_TPM,
    SERVICE_AZURE_GUEST,
    SERVICE_TYPE_COUNT
};

/* An attestation type: what stands in a path, and the evidence type of the library; NULL: not judged here yet. */
struct service_type_row {
    const char *name;     /* "SgxEnclave" */
    const char *key;      /* in ids, lower case: "sgxenclave" */
    const char *evidence; /* "sgx" */
    const char *policy;   /* whose default text it has, by att_policy_default; NULL: there is none */
};
/* The first SERVICE_TYPE_COUNT rows are those of enum service_type; an empty row ends. */
extern const struct service_type_row service_types[];

struct service {
    struct service_options options;
    atomic_uint accepted_tcb;                        /* begins as that of the options; a reload changes it */
    struct att_policy *defaults[SERVICE_TYPE_COUNT]; /* NULL: the type has none */
    pthread_mutex_t once_lock;                       /* held while options.once is asked */
    pthread_mutex_t collateral_lock;                 /* held for a reference count, never for work */
    struct att_collateral *collateral;
    atomic_ulong verdicts[SERVICE_TYPE_COUNT][ATT_CODE_COUNT];
    struct att_histogram took[SERVICE_TYPE_COUNT][SERVICE_OUTCOMES];
    atomic_ulong early[SERVICE_TYPE_COUNT][ATT_STATUS_COUNT][ATT_STATUS_COUNT]; /* today, early */
};

/* -- addresses and certificates --------------------------------------------------------------------------- */

/* As many bytes as the site's rows take, with the NUL. */
enum { SERVICE_URI_SIZE = 257 };
/* service_attest_uri without an arena. */
ATT_CHECK bool service_uri_of(const struct service *s, const char *name, const char *location,
                              char ret[SERVICE_URI_SIZE], struct att_err *err);
bool service_is_default(const char *name);
/* The provider's certificate of a key for an address, or NULL. */
const struct site_certificate *service_certificate_of(const struct site_provider *p, const char *kid,
                                                      const char *attest_uri);
/* The certificate to show for a key: the kept one, or one that is derived. DER in the arena, or the provider's. */
ATT_CHECK bool service_certificate_for(const struct service *s, const struct keyset_key *key,
                                       const struct site_provider *p, const char *attest_uri,
                                       struct att_arena *arena, struct att_span *ret, struct att_err *err);
/* Makes what providers lack; changes nothing when they lack nothing. */
ATT_CHECK bool service_certificates_renew(struct service *s, struct att_err *err);
/* A copy that does not own anything: for a change of one member. Its attachment is none. */
struct site_provider service_provider_copy(const struct site_provider *p);

/* -- policies --------------------------------------------------------------------------------------------- */

/* PROVIDER-KEY "/policies/TYPE", in the arena. */
ATT_CHECK bool service_policy_key(struct att_arena *arena, const char *provider_key, const char *type_key,
                                  const char **ret, struct att_err *err);

/* -- derived from a provider: its attachment -------------------------------------------------------------- */

struct service_policy {
    const struct att_policy *compiled; /* NULL: what stands in the store is no policy */
    struct att_policy *own;            /* NULL: the service's default */
    bool is_default;
    const struct site_policy *set; /* a reference: who signed it; NULL: nothing was set */
};
/* The public documents of a provider under one set of keys, and the certificates in them. Nobody changes one. */
struct service_docs_certificate {
    const char *kid;
    struct att_span der;
};
struct service_docs {
    atomic_uint refs;
    struct att_arena *arena;
    uint64_t number; /* of the set of keys */
    struct att_span certs_json;
    struct att_span openid_json;
    struct service_docs_certificate *certificates;
    size_t count;
};
struct service_derived {
    struct site_attachment base; /* first: the site frees it by this */
    struct service_policy policies[SERVICE_TYPE_COUNT];
    pthread_mutex_t lock;      /* over `docs`; held for a reference count, never for work */
    struct service_docs *docs; /* NULL: nobody has asked yet */
    const char *attest_uri;
    struct service_record_facts records;
};
/* Made at its first use; lives as long as the provider object. RESOURCE_NOT_FOUND when the provider was deleted
 * before anything was derived from it. */
ATT_CHECK bool service_derive(struct service *s, const struct site_provider *p,
                              const struct service_derived **ret, struct att_err *err);
/* Of the set of keys that is in use now, or of a newer one: a reference. Made at its first use and when the set is another one. */
ATT_CHECK bool service_docs_get(struct service *s, const struct site_provider *p, struct service_docs **ret,
                                struct att_err *err);
void service_docs_unref(struct service_docs *d); /* NULL is fine */

struct att_buf;
/* The two public documents: certificates and /certs, in the arena of `d`; metadata, appended. */
ATT_CHECK bool service_compose_certs(struct service *s, const struct keyset *keys,
                                     const struct site_provider *p, const char *attest_uri,
                                     struct service_docs *d, struct att_err *err);
void service_compose_openid(const char *attest_uri, const char *alg, struct att_buf *out);

/* Is there a policy, stored or by default? POLICY_MISSING. */
ATT_CHECK bool service_policy_there(const struct service_policy *stored, struct att_err *err);
/* A token for an Azure guest: under the key that its evidence names, as base64url of JSON. GUEST_REQUEST_MALFORMED: it names none. */
ATT_CHECK bool service_guest_seal(const struct service *s, struct att_arena *arena,
                                  const struct att_verdict *verdict, struct att_span token,
                                  struct att_span *ret, struct att_err *err);
/* Counts a verdict. */
void service_count(struct service *s, enum service_type type, enum att_code code);
/* How long it took, whichever it was. */
void service_took(struct service *s, enum service_type type, enum att_code code, int64_t took_ns);
/* Uses the challenge of a request up that was accepted; TPM_CHALLENGE_USED. */
ATT_CHECK bool service_tpm_take(struct service *s, const struct service_attest_in *in, struct att_err *err);

#endif
