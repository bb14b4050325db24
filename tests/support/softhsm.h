/* support/softhsm.h - SoftHSM's tokens for a test: a folder of their own, PIN "1234 not a secret", gone at the end.
 *
 * SoftHSM reads its folder from the environment, once in a process. */
#ifndef SUPPORT_SOFTHSM_H
#define SUPPORT_SOFTHSM_H

#include <p11-kit/pkcs11.h>
#include <stdbool.h>

#define SOFTHSM_MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define SOFTHSM_PIN    "1234 not a secret"

struct softhsm {
    CK_FUNCTION_LIST *f;
    char dir[64];
    char pin_file[128];
};

/* False: SoftHSM is not installed. Everything that fails otherwise ends the program. */
bool softhsm_start(struct softhsm *ret);
void softhsm_stop(struct softhsm *h);
/* Another token. */
void softhsm_token(const struct softhsm *h, const char *label);
/* A session of it that is logged in; with it the login ends. */
CK_SESSION_HANDLE softhsm_session(const struct softhsm *h, const char *token);
/* An AES key in the token. */
void softhsm_aes(const struct softhsm *h, const char *token, const char *label, unsigned long bytes,
                 bool sensitive, bool extractable);
/* All sessions of this process are lost, as when a token is pulled out and put back. */
void softhsm_restart(const struct softhsm *h);

#endif
