/* Keys in the token, by what they are called: handles are good for one login only. */
#include "signer/p11_internal.h"

#include "base/err.h"

#include <stdlib.h>

bool p11_object_new(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const char *label, const uint8_t *id,
                    struct p11_object **ret, struct att_err *err)
{
    size_t len = strlen(label);

    if (len == 0 || len > P11_LABEL_BYTES_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "pkcs11.label", "1 to 64 bytes", "%zu", len);
    struct p11_object *o = calloc(1, sizeof *o);
    if (!o)
        return att_fail_memory(err, "pkcs11.key");
    if (pthread_mutex_init(&o->lock, NULL) != 0) {
        free(o);
        return att_fail_memory(err, "pkcs11.key");
    }
    o->class = class;
    o->type = type;
    memcpy(o->label, label, len + 1);
    o->has_id = id != NULL;
    if (id)
        memcpy(o->id, id, P11_ID_BYTES);
    *ret = o;
    return true;
}

void p11_object_free(struct p11_object *o)
{
    if (!o)
        return;
    pthread_mutex_destroy(&o->lock);
    free(o);
}

/* The template is not written to; the API of 1995 has no const. */
static CK_RV search(struct p11_session *s, struct p11_object *o, CK_OBJECT_HANDLE ret[2], CK_ULONG *ret_count)
{
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE want[] = {
        { CKA_CLASS, &o->class, sizeof o->class }, { CKA_KEY_TYPE, &o->type, sizeof o->type },
        { CKA_TOKEN, &yes, sizeof yes },           { CKA_LABEL, o->label, strlen(o->label) },
        { CKA_ID, o->id, sizeof o->id },
    };
    CK_ULONG count = sizeof want / sizeof want[0] - (o->has_id ? 0 : 1);

    CK_RV rv = P11_CALL(s, C_FindObjectsInit, s->handle, want, count);
    if (rv == CKR_OK)
        rv = P11_CALL(s, C_FindObjects, s->handle, ret, 2, ret_count);
    if (rv == CKR_OK)
        rv = P11_CALL(s, C_FindObjectsFinal, s->handle);
    return rv;
}

static CK_RV flag(struct p11_session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, bool *ret)
{
    CK_BBOOL value = CK_FALSE;
    CK_ATTRIBUTE want[] = { { type, &value, sizeof value } };

    CK_RV rv = P11_CALL(s, C_GetAttributeValue, s->handle, object, want, 1);
    *ret = value == CK_TRUE;
    return rv;
}

/* A key that its token hands out protects nothing: better to say so than to look safe. */
static CK_RV guarded(struct p11_session *s, CK_OBJECT_HANDLE object, struct att_err *err)
{
    bool sensitive = false, extractable = true;

    CK_RV rv = flag(s, object, CKA_SENSITIVE, &sensitive);
    if (rv == CKR_OK)
        rv = flag(s, object, CKA_EXTRACTABLE, &extractable);
    if (rv != CKR_OK)
        return rv;
    if (sensitive && !extractable)
        return CKR_OK;
    (void)att_fail(err, ATT_PKCS11_FAILED, "pkcs11.key", "a key that cannot leave its token",
                   "one that is extractable or not sensitive");
    return CKR_FUNCTION_FAILED;
}

static CK_RV look_for(struct p11_session *s, struct p11_object *o, CK_OBJECT_HANDLE *ret, struct att_err *err)
{
    CK_OBJECT_HANDLE found[2] = { 0 };
    CK_ULONG count = 0;

    CK_RV rv = search(s, o, found, &count);
    if (rv != CKR_OK)
        return rv;
    if (count != 1) {
        (void)att_fail(err, ATT_PKCS11_FAILED, "pkcs11.key", "one key of this kind and name in the token",
                       "%s", count == 0 ? "none" : "several");
        return CKR_FUNCTION_FAILED;
    }
    *ret = found[0];
    return guarded(s, found[0], err);
}

CK_RV p11_object_handle(struct p11_session *s, struct p11_object *o, CK_OBJECT_HANDLE *ret,
                        struct att_err *err)
{
    CK_OBJECT_HANDLE found = 0;

    pthread_mutex_lock(&o->lock);
    bool known = o->generation == s->generation;
    *ret = o->handle;
    pthread_mutex_unlock(&o->lock);
    if (known)
        return CKR_OK;
    CK_RV rv = look_for(s, o, &found, err);
    if (rv != CKR_OK)
        return rv;
    pthread_mutex_lock(&o->lock);
    if (o->generation < s->generation) { /* a session of an older login may come late */
        o->handle = found;
        o->generation = s->generation;
    }
    pthread_mutex_unlock(&o->lock);
    *ret = found;
    return CKR_OK;
}
