/* cli/tpm_state.h - the folder that keeps an attestation key between commands: blobs that only its TPM loads, and its
 * certificate.
 *
 * Files: aik.tpm2b_public, aik.tpm2b_private, aik_cert.der, aik_chain.pem (the certificate and its issuers), aik.pem (the public
 * key), ek.tpm2b_public, ek_cert.der, ek_chain.der. The folder is 0700 and the files 0600: who can read the blobs and reach the TPM
 * can quote in this machine's name.
 *
 * Errors: USAGE when nobody has enrolled there; IO_FAILED.
 */
#ifndef CLI_TPM_STATE_H
#define CLI_TPM_STATE_H

#include "cli/command.h"
#include "tss/tss.h"

struct tpm_state {
    const char *dir;
    bool has_key;
    struct tss_key aik;
    bool has_certificate;
    struct att_span certificate; /* DER */
};

/* --state, or the usual place; nothing there is no failure. */
ATT_CHECK bool tpm_state_read(struct cli *c, struct tpm_state *ret, struct att_err *err);
/* The same, with a key in it. */
ATT_CHECK bool tpm_state_need(struct cli *c, struct tpm_state *ret, struct att_err *err);
ATT_CHECK bool tpm_state_folder(const struct tpm_state *s, struct att_err *err);
/* A file of it, 0600; empty bytes: none. */
ATT_CHECK bool tpm_state_put(const struct tpm_state *s, const char *name, struct att_span bytes,
                             struct att_err *err);

#endif
