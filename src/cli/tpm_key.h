/* cli/tpm_key.h - the key that signs a request: made for it alone, in software or in the TPM. */
#ifndef CLI_TPM_KEY_H
#define CLI_TPM_KEY_H

#include "cli/command.h"
#include "codec/json.h"
#include "tss/tss.h"

struct tpm_key {
    bool in_tpm;
    enum tss_key_type type;
    void *software; /* EVP_PKEY; freed by tpm_key_free */
    struct tss_public numbers;
    tss_loaded loaded;
    const char *alg;     /* "PS256", "ES256" */
    struct att_span jwk; /* exactly as it is sent: the quote is over these bytes */
};

/* `kind`: "software" (or NULL), "tpm", "tpm-ecc". USAGE, CRYPTO_FAILED, IO_FAILED. */
ATT_CHECK bool tpm_key_make(struct cli *c, const char *kind, struct tss *tpm, struct tpm_key *ret,
                            struct att_err *err);
/* A raw signature as JOSE wants it, in the arena. */
ATT_CHECK bool tpm_key_sign(struct cli *c, const struct tpm_key *k, struct tss *tpm, struct att_span input,
                            struct att_span *ret, struct att_err *err);
void tpm_key_free(struct tpm_key *k);

/* {"kty":...}: the members that a JWK must have. */
void tpm_key_put_jwk(struct att_json_writer *w, const struct tss_public *numbers);

#endif
