/* Sessions: a bounded pool, and what happens when the token was away. */
#include "signer/p11_internal.h"

#include "base/err.h"

#include <stdlib.h>

struct p11 {
    struct p11_module *module;
    CK_FUNCTION_LIST *f;
    char *token, *pin_file; /* pin_file may be NULL */
    pthread_mutex_t lock;   /* of all below */
    pthread_cond_t returned;
    struct p11_login login;
    bool logged_in, pin_wrong;
    uint64_t generation; /* counts logins; from 1 */
    size_t out;          /* sessions that are at work */
    size_t idle;
    CK_SESSION_HANDLE sessions[P11_SESSIONS_MAX];
};

/* -- with the lock held ----------------------------------------------------------------------------------- */

static void drop_idle(struct p11 *p)
{
    while (p->idle > 0)
        (void)p->f->C_CloseSession(p->sessions[--p->idle]); /* it may be gone already, which is as good */
}

static bool log_in(struct p11 *p, struct att_err *err)
{
    if (p->pin_wrong)
        return att_fail(err, ATT_PKCS11_FAILED, "pkcs11.C_Login", "the PIN of the token",
                        "a wrong one, which is not tried twice");
    if (!p11_token_login(p->f, p->token, p->pin_file, &p->login, &p->pin_wrong, err))
        return false;
    p->logged_in = true;
    p->generation++;
    return true;
}

/* A token that went and came back: everything that belonged to the old login is forgotten. */
static bool log_in_again(struct p11 *p, struct att_err *err)
{
    drop_idle(p);
    if (p->logged_in)
        (void)p->f->C_CloseSession(p->login.anchor);
    p->logged_in = false;
    return log_in(p, err);
}

/* -- the pool --------------------------------------------------------------------------------------------- */

static CK_RV take(struct p11 *p, struct p11_session *s)
{
    CK_RV rv = CKR_OK;

    pthread_mutex_lock(&p->lock);
    while (p->idle == 0 && p->out >= p->login.sessions_max)
        pthread_cond_wait(&p->returned, &p->lock);
    *s = (struct p11_session){ .f = p->f, .generation = p->generation, .call = "C_OpenSession" };
    if (!p->logged_in)
        rv = CKR_SESSION_HANDLE_INVALID; /* the last try failed: the next caller tries again */
    else if (p->idle > 0)
        s->handle = p->sessions[--p->idle];
    else
        rv = p->f->C_OpenSession(p->login.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s->handle);
    if (rv == CKR_OK)
        p->out++;
    pthread_mutex_unlock(&p->lock);
    return rv;
}

/* A session in which something failed may still have an operation open: it is not used again. */
static void give_back(struct p11 *p, const struct p11_session *s, bool again)
{
    pthread_mutex_lock(&p->lock);
    p->out--;
    if (again && s->generation == p->generation)
        p->sessions[p->idle++] = s->handle;
    else
        (void)p->f->C_CloseSession(s->handle); /* it may be gone already */
    pthread_cond_signal(&p->returned);
    pthread_mutex_unlock(&p->lock);
}

static bool lost(CK_RV rv)
{
    static const CK_RV reasons[] = {
        CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED,        CKR_DEVICE_REMOVED,
        CKR_DEVICE_ERROR,           CKR_TOKEN_NOT_PRESENT,     CKR_TOKEN_NOT_RECOGNIZED,
        CKR_USER_NOT_LOGGED_IN,     CKR_OBJECT_HANDLE_INVALID, CKR_KEY_HANDLE_INVALID,
        CKR_SLOT_ID_INVALID,
    };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (rv == reasons[i])
            return true;
    }
    return false;
}

/* Of many threads that lost their session one logs in; the others find it done. */
static bool back(struct p11 *p, uint64_t generation, struct att_err *err)
{
    pthread_mutex_lock(&p->lock);
    bool ok = (p->logged_in && p->generation != generation) || log_in_again(p, err);
    pthread_mutex_unlock(&p->lock);
    return ok;
}

bool p11_run(struct p11 *p, p11_work work, void *arg, struct att_err *err)
{
    struct p11_session s;

    for (int attempt = 0;; attempt++) {
        CK_RV rv = take(p, &s);
        if (rv == CKR_OK) {
            rv = work(&s, arg, err);
            give_back(p, &s, rv == CKR_OK);
        }
        if (rv == CKR_OK)
            return true;
        if (attempt > 0 || !lost(rv))
            return p11_refused(err, s.call, rv);
        if (!back(p, s.generation, err))
            return false;
    }
}

/* -- its life --------------------------------------------------------------------------------------------- */

static bool set_up(const struct p11_options *o, struct p11 *p, struct att_err *err)
{
    p->token = strdup(o->token);
    p->pin_file = o->pin_file ? strdup(o->pin_file) : NULL;
    if (!p->token || (o->pin_file && !p->pin_file))
        return att_fail_memory(err, "pkcs11");
    if (!p11_module_load(o->module, &p->module, err))
        return false;
    p->f = p11_module_functions(p->module);
    return log_in(p, err);
}

bool p11_open(const struct p11_options *o, struct p11 **ret, struct att_err *err)
{
    if (!o->module || !o->token)
        return att_fail(err, ATT_CONFIG_INVALID, o->module ? "pkcs11_token" : "pkcs11_module",
                        "a value: a key is said to be in a token", "none");
    struct p11 *p = calloc(1, sizeof *p);
    if (!p)
        return att_fail_memory(err, "pkcs11");
    if (pthread_mutex_init(&p->lock, NULL) != 0 || pthread_cond_init(&p->returned, NULL) != 0) {
        free(p);
        return att_fail_memory(err, "pkcs11");
    }
    if (!set_up(o, p, err)) {
        p11_close(p);
        return false;
    }
    *ret = p;
    return true;
}

void p11_close(struct p11 *p)
{
    if (!p)
        return;
    if (p->logged_in) {
        drop_idle(p);
        (void)p->f->C_CloseSession(p->login.anchor); /* and with the last session the login ends */
    }
    if (p->module)
        p11_module_release(p->module);
    pthread_cond_destroy(&p->returned);
    pthread_mutex_destroy(&p->lock);
    free(p->token);
    free(p->pin_file);
    free(p);
}
