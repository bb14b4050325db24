/* signer/p11_internal.h - what the files of the PKCS#11 layer share. Nobody else includes it. */
#ifndef SIGNER_P11_INTERNAL_H
#define SIGNER_P11_INTERNAL_H

#include "signer/p11.h"

#include <p11-kit/pkcs11.h>
#include <pthread.h>

/* -- p11_names.c -- */
/* PKCS11_FAILED at pkcs11.CALL, with the name of what came instead of CKR_OK. Always false. */
bool p11_refused(struct att_err *err, const char *call, CK_RV rv);

/* -- p11_module.c: a library, loaded and initialised once in this process however many tokens use it -- */
struct p11_module;
ATT_CHECK bool p11_module_load(const char *path, struct p11_module **ret, struct att_err *err);
CK_FUNCTION_LIST *p11_module_functions(struct p11_module *m);
void p11_module_release(struct p11_module *m);

/* -- p11_pin.c -- */
struct p11_pin {
    CK_UTF8CHAR text[P11_PIN_BYTES_MAX];
    size_t len;
};
ATT_CHECK bool p11_pin_read(const char *path, struct p11_pin *ret, struct att_err *err);

/* -- p11_token.c: the token with a label, and logging in -- */
struct p11_login {
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE anchor; /* stays open: a token forgets the login when the last session goes */
    size_t sessions_max;      /* beside the anchor */
};
/* *ret_pin_wrong: the PIN was the reason; it must not be tried again. */
ATT_CHECK bool p11_token_login(CK_FUNCTION_LIST *f, const char *label, const char *pin_file,
                               struct p11_login *ret, bool *ret_pin_wrong, struct att_err *err);

/* -- p11_session.c -- */
struct p11_session {
    CK_FUNCTION_LIST *f;
    CK_SESSION_HANDLE handle;
    uint64_t generation; /* which login it belongs to: handles of objects do not outlive one */
    const char *call;    /* what was called last, for the error */
};
/* A piece of work with one session. CKR_OK, or what the token said to s->call; a failure of another kind fills err and gives
 * CKR_FUNCTION_FAILED. It is run a second time, from its beginning, when the session was lost. */
typedef CK_RV (*p11_work)(struct p11_session *s, void *arg, struct att_err *err);
ATT_CHECK bool p11_run(struct p11 *p, p11_work work, void *arg, struct att_err *err);

#define P11_CALL(session, function, ...) ((session)->call = #function, (session)->f->function(__VA_ARGS__))

/* -- p11_object.c: keys by what they are called -- */
struct p11_object {
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE type;
    char label[P11_LABEL_BYTES_MAX + 1];
    uint8_t id[P11_ID_BYTES];
    bool has_id;
    pthread_mutex_t lock; /* of the two below */
    CK_OBJECT_HANDLE handle;
    uint64_t generation; /* 0: not looked for yet */
};
ATT_CHECK bool p11_object_new(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const char *label, const uint8_t *id,
                              struct p11_object **ret, struct att_err *err);
/* Its handle for this login; refused when there is none, more than one, or one that can leave the token. */
ATT_CHECK CK_RV p11_object_handle(struct p11_session *s, struct p11_object *o, CK_OBJECT_HANDLE *ret,
                                  struct att_err *err);

/* -- p11_spki.c -- */
ATT_CHECK CK_RV p11_spki_read(struct p11_session *s, CK_OBJECT_HANDLE public_key, CK_KEY_TYPE type,
                              struct att_arena *arena, struct att_span *ret, struct att_err *err);
/* KEY_INVALID unless the signature - as p11_key_sign gives it - is by the key. */
ATT_CHECK bool p11_spki_verifies(struct att_span spki, CK_KEY_TYPE type, struct att_span input,
                                 struct att_span signature, struct att_err *err);

#endif
