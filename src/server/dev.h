/* server/dev.h - what --dev puts into the data folder at the first start, and nobody else ever uses:
 *
 *   DATA/dev/ca.pem            the CA that clients must trust
 *   DATA/dev/server.pem, server-key.TEST-KEY.pem   certificate for localhost, 127.0.0.1 and ::1
 *   DATA/dev/kek.TEST-KEY      opens the sealed signing keys
 *   DATA/dev/hardware/         synthetic hardware roots and CAs, and collateral/ under them; amd/ the same of AMD,
 *                              tpm/ of a TPM's manufacturer and an authority of attestation keys
 *   DATA/dev/principals.TEST-KEY.json   tenant, subscription, principals with their secrets: made once
 *   DATA/dev/credentials.json  the same for clients, with the address of this run: written at each start
 *   DATA/dev/lock              held while these are made: two servers may start on one folder at once
 *
 * Files with secrets have mode 0600.
 */
#ifndef SERVER_DEV_H
#define SERVER_DEV_H

#include <attest/collateral.h>

#include "config/config.h"

enum { DEV_PRINCIPALS = 4, DEV_COLLATERAL = 8, DEV_AMD = 3 };

struct dev_principal {
    const char *name; /* "owner" */
    const char *role; /* "Owner", on the subscription; NULL: none */
    const char *client_id;
    const char *secret;
    const char *secret_hash;
};

struct dev {
    struct att_span root_pem; /* the test hardware root: trusted besides the real ones, and said in tokens */
    struct att_span amd_root_pems[DEV_AMD]; /* the same for AMD's, one for each product that is there */
    size_t amd_root_count;
    struct att_span
        tpm_ek_root_pem; /* made-up TPMs: root of their manufacturer, its CA between root and EK, */
    struct att_span tpm_ek_ca_pem;
    struct att_span tpm_aik_ca_pem; /* and the authority of their attestation keys; both are test roots */
    const char *collateral_dirs[DEV_COLLATERAL]; /* of the synthetic hardware, for the time of judgement */
    size_t collateral_count;
    const char *dir; /* DATA/dev */
    const char *tenant, *subscription;
    struct dev_principal principals[DEV_PRINCIPALS]; /* the first one is Owner */
};

/* Fills the settings of `c` that --dev provides (data_dir, tls_certificate, tls_key, key_encryption_key) unless they
 * are set. `at_unix_s` is the time that evidence is judged at: the synthetic collateral is made to be valid
 * then. */
ATT_CHECK bool dev_prepare(struct att_arena *arena, struct config *c, int64_t now_unix_s, int64_t at_unix_s,
                           struct dev *ret, struct att_err *err);
/* credentials.json: {"authority","tenant_id","subscription_id","ca","principals":[{"name","client_id","client_secret",
 * "roles":[...]}]}. */
ATT_CHECK bool dev_credentials_write(struct att_arena *arena, const struct dev *dev,
                                     const char *authority_url, struct att_err *err);

#endif
