/* Keys: the endorsement keys and the root, made from seeds; those of ours, made under the root; credentials. */
#include "base/auto.h"
#include "base/secret.h"
#include "tss/esys/esys.h"

static void public_free(TPM2B_PUBLIC **p)
{
    Esys_Free(*p);
}
static void private_free(TPM2B_PRIVATE **p)
{
    Esys_Free(*p);
}

bool esys_put_public(const TPM2B_PUBLIC *from, struct att_arena *arena, struct att_span *ret,
                     struct att_err *err)
{
    uint8_t *room = att_arena_alloc(arena, 1, sizeof *from);
    size_t len = 0;

    if (!room)
        return att_fail_memory(err, "tpm");
    if (!esys_ok(Tss2_MU_TPM2B_PUBLIC_Marshal(from, room, sizeof *from, &len), "tpm.public", err))
        return false;
    *ret = att_span_of(room, len);
    return true;
}

static bool put_private(const TPM2B_PRIVATE *from, struct att_arena *arena, struct att_span *ret,
                        struct att_err *err)
{
    uint8_t *room = att_arena_alloc(arena, 1, sizeof *from);
    size_t len = 0;

    if (!room)
        return att_fail_memory(err, "tpm");
    if (!esys_ok(Tss2_MU_TPM2B_PRIVATE_Marshal(from, room, sizeof *from, &len), "tpm.private", err))
        return false;
    *ret = att_span_of(room, len);
    return true;
}

static bool primary(struct connection *t, ESYS_TR hierarchy, const TPM2B_PUBLIC *template, const char *where,
                    ESYS_TR *ret, TPM2B_PUBLIC **ret_public, struct att_err *err)
{
    static const TPM2B_SENSITIVE_CREATE nothing;
    static const TPM2B_DATA no_data;
    static const TPML_PCR_SELECTION no_pcrs;
    ESYS_TR handle = ESYS_TR_NONE;

    if (!esys_ok(Esys_CreatePrimary(t->esys, hierarchy, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                    &nothing, template, &no_data, &no_pcrs, &handle, ret_public, NULL, NULL,
                                    NULL),
                 where, err) ||
        !esys_keep(t, handle, where, err))
        return false;
    *ret = handle;
    return true;
}

bool esys_ek(struct connection *t, enum tss_key_type type, ESYS_TR *ret, TPM2B_PUBLIC **ret_public,
             struct att_err *err)
{
    return primary(t, ESYS_TR_RH_ENDORSEMENT, &esys_ek_templates[type], "tpm.ek", ret, ret_public, err);
}

static bool root(struct connection *t, struct att_err *err)
{
    return t->root != ESYS_TR_NONE ||
           primary(t, ESYS_TR_RH_OWNER, &esys_root_template, "tpm.root", &t->root, NULL, err);
}

bool esys_ek_public(struct tss *base, enum tss_key_type type, struct att_arena *arena, struct att_span *ret,
                    struct att_err *err)
{
    struct connection *t = connection_of(base);
    ATT_AUTO(public_free) TPM2B_PUBLIC *found = NULL;
    ESYS_TR ek = ESYS_TR_NONE;

    if (!esys_ek(t, type, &ek, &found, err))
        return false;
    esys_drop(t, ek);
    return esys_put_public(found, arena, ret, err);
}

bool esys_create(struct tss *base, enum tss_key_use use, enum tss_key_type type, struct att_arena *arena,
                 struct tss_key *ret, struct att_err *err)
{
    static const TPM2B_SENSITIVE_CREATE nothing;
    static const TPM2B_DATA no_data;
    static const TPML_PCR_SELECTION no_pcrs;
    struct connection *t = connection_of(base);
    const TPM2B_PUBLIC *template =
        use == TSS_USE_AIK ? &esys_aik_templates[type] : &esys_request_templates[type];
    ATT_AUTO(public_free) TPM2B_PUBLIC *made = NULL;
    ATT_AUTO(private_free) TPM2B_PRIVATE *hidden = NULL;
    struct tss_key key = { 0 };

    if (!root(t, err) ||
        !esys_ok(Esys_Create(t->esys, t->root, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &nothing,
                             template, &no_data, &no_pcrs, &hidden, &made, NULL, NULL, NULL),
                 "tpm.create", err) ||
        !esys_put_public(made, arena, &key.public_area, err) ||
        !put_private(hidden, arena, &key.private_area, err))
        return false;
    *ret = key;
    return true;
}

/* Blobs come from files: nothing behind the last field. */
static bool read_key(const struct tss_key *key, TPM2B_PUBLIC *ret_public, TPM2B_PRIVATE *ret_private,
                     struct att_err *err)
{
    size_t at = 0, at_private = 0;

    if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(key->public_area.ptr, key->public_area.len, &at, ret_public) !=
            TSS2_RC_SUCCESS ||
        at != key->public_area.len)
        return att_fail(err, ATT_IO_FAILED, "tpm.key.public", "a TPM2B_PUBLIC", "%zu other bytes",
                        key->public_area.len);
    if (Tss2_MU_TPM2B_PRIVATE_Unmarshal(key->private_area.ptr, key->private_area.len, &at_private,
                                        ret_private) != TSS2_RC_SUCCESS ||
        at_private != key->private_area.len)
        return att_fail(err, ATT_IO_FAILED, "tpm.key.private", "a TPM2B_PRIVATE", "%zu other bytes",
                        key->private_area.len);
    return true;
}

bool esys_load(struct tss *base, const struct tss_key *key, tss_loaded *ret, struct att_err *err)
{
    struct connection *t = connection_of(base);
    TPM2B_PUBLIC made = { 0 };
    TPM2B_PRIVATE hidden = { 0 };
    ESYS_TR handle = ESYS_TR_NONE;

    if (!read_key(key, &made, &hidden, err) || !root(t, err) ||
        !esys_ok(Esys_Load(t->esys, t->root, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &hidden, &made,
                           &handle),
                 "tpm.load", err) ||
        !esys_keep(t, handle, "tpm.load", err))
        return false;
    *ret = handle;
    return true;
}

/* -- credentials ------------------------------------------------------------------------------------------- */

/* What an EK asks before it is used: who knows the authorisation of the endorsement hierarchy. */
static bool endorsement_session(struct connection *t, ESYS_TR *ret, struct att_err *err)
{
    static const TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };
    static const TPM2B_NONCE no_nonce;
    static const TPM2B_DIGEST no_digest;
    ESYS_TR session = ESYS_TR_NONE;

    if (!esys_ok(Esys_StartAuthSession(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                       ESYS_TR_NONE, NULL, TPM2_SE_POLICY, &none, TPM2_ALG_SHA256, &session),
                 "tpm.session", err) ||
        !esys_keep(t, session, "tpm.session", err))
        return false;
    *ret = session;
    return esys_ok(Esys_PolicySecret(t->esys, ESYS_TR_RH_ENDORSEMENT, session, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                     ESYS_TR_NONE, &no_nonce, &no_digest, &no_nonce, 0, NULL, NULL),
                   "tpm.session", err);
}

static bool read_credential(struct att_span id_object, struct att_span encrypted_secret, TPM2B_ID_OBJECT *ret,
                            TPM2B_ENCRYPTED_SECRET *ret_secret, struct att_err *err)
{
    size_t at = 0, at_secret = 0;

    if (Tss2_MU_TPM2B_ID_OBJECT_Unmarshal(id_object.ptr, id_object.len, &at, ret) != TSS2_RC_SUCCESS ||
        at != id_object.len)
        return att_fail(err, ATT_IO_FAILED, "tpm.credential", "a TPM2B_ID_OBJECT", "%zu other bytes",
                        id_object.len);
    if (Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(encrypted_secret.ptr, encrypted_secret.len, &at_secret,
                                                 ret_secret) != TSS2_RC_SUCCESS ||
        at_secret != encrypted_secret.len)
        return att_fail(err, ATT_IO_FAILED, "tpm.credential", "a TPM2B_ENCRYPTED_SECRET", "%zu other bytes",
                        encrypted_secret.len);
    return true;
}

static bool open_credential(struct connection *t, tss_loaded aik, ESYS_TR ek, const TPM2B_ID_OBJECT *id,
                            const TPM2B_ENCRYPTED_SECRET *secret, TPM2B_DIGEST **ret, struct att_err *err)
{
    ESYS_TR session = ESYS_TR_NONE;
    bool done = endorsement_session(t, &session, err) &&
                esys_ok(Esys_ActivateCredential(t->esys, aik, ek, ESYS_TR_PASSWORD, session, ESYS_TR_NONE, id,
                                                secret, ret),
                        "tpm.activate", err);

    if (session != ESYS_TR_NONE)
        esys_drop(t, session);
    return done;
}

bool esys_activate(struct tss *base, tss_loaded aik, enum tss_key_type type, struct att_span id_object,
                   struct att_span encrypted_secret, struct att_arena *arena, struct att_span *ret,
                   struct att_err *err)
{
    struct connection *t = connection_of(base);
    TPM2B_ID_OBJECT id = { 0 };
    TPM2B_ENCRYPTED_SECRET secret = { 0 };
    TPM2B_DIGEST *opened = NULL;
    ESYS_TR ek = ESYS_TR_NONE;

    if (!read_credential(id_object, encrypted_secret, &id, &secret, err) || !esys_ek(t, type, &ek, NULL, err))
        return false;
    bool done = open_credential(t, aik, ek, &id, &secret, &opened, err);
    esys_drop(t, ek);
    if (!done)
        return false;
    char *copy = att_arena_dup(arena, att_span_of(opened->buffer, opened->size));
    *ret = att_span_of(copy, opened->size);
    att_wipe(opened, sizeof *opened);
    Esys_Free(opened);
    return copy || att_fail_memory(err, "tpm.activate");
}
