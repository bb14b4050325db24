/* A connection: opened, closed, and what it holds in the TPM. */
#include "tss/esys/esys.h"

#include <stdlib.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

bool esys_ok(TSS2_RC rc, const char *where, struct att_err *err)
{
    struct att_shown shown;

    return rc == TSS2_RC_SUCCESS || att_fail(err, ATT_IO_FAILED, where, "success", "%s (0x%08x)",
                                             att_shown(&shown, att_str(Tss2_RC_Decode(rc))), (unsigned)rc);
}

bool esys_keep(struct connection *t, ESYS_TR handle, const char *where, struct att_err *err)
{
    if (t->live_count == LIVE_MAX) {
        (void)Esys_FlushContext(t->esys, handle); /* refused anyway */
        return att_fail(err, ATT_INTERNAL, where, "at most 8 objects at a time", "one more");
    }
    t->live[t->live_count++] = handle;
    return true;
}

void esys_drop(struct connection *t, ESYS_TR handle)
{
    for (size_t i = 0; i < t->live_count; i++) {
        if (t->live[i] != handle)
            continue;
        (void)Esys_FlushContext(t->esys, handle); /* nothing better can be done about a failure */
        t->live[i] = t->live[--t->live_count];
        return;
    }
}

static void esys_close(struct tss *base)
{
    struct connection *t = connection_of(base);

    while (t->live_count > 0)
        esys_drop(t, t->live[t->live_count - 1]);
    Esys_Finalize(&t->esys);
    Tss2_TctiLdr_Finalize(&t->tcti);
    free(t);
}

static bool connect_to(struct connection *t, const char *tcti, struct att_err *err)
{
    struct att_shown shown;

    /* libtss2 writes its own view of every failure to standard error unless it is told not to; a user who set the
     * variable wants to read it. */
    (void)setenv("TSS2_LOG", "all+NONE", 0);
    if (Tss2_TctiLdr_Initialize(tcti, &t->tcti) != TSS2_RC_SUCCESS) {
        (void)att_fail(err, ATT_IO_FAILED, "tpm.connect",
                       "a TPM that answers there: is it running, and may you open it?", "none at '%s'",
                       att_shown(&shown, att_str(tcti)));
        return false;
    }
    return esys_ok(Esys_Initialize(&t->esys, t->tcti, NULL), "tpm.connect", err);
}

static bool esys_open(const char *tcti, struct tss **ret, struct att_err *err)
{
    struct connection *t = calloc(1, sizeof *t);

    if (!t)
        return att_fail_memory(err, "tpm");
    t->base.ops = &attestd_module_tss;
    t->root = ESYS_TR_NONE;
    if (!connect_to(t, tcti, err)) {
        esys_close(&t->base);
        return false;
    }
    *ret = &t->base;
    return true;
}

static bool esys_transients(struct tss *base, size_t *ret, struct att_err *err)
{
    static const UINT32 ranges[] = { TPM2_TRANSIENT_FIRST, TPM2_LOADED_SESSION_FIRST,
                                     TPM2_ACTIVE_SESSION_FIRST };
    struct connection *t = connection_of(base);
    size_t count = 0;

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        TPMS_CAPABILITY_DATA *data = NULL;
        TPMI_YES_NO more;
        if (!esys_ok(Esys_GetCapability(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES,
                                        ranges[i], TPM2_MAX_CAP_HANDLES, &more, &data),
                     "tpm.handles", err))
            return false;
        count += data->data.handles.count;
        Esys_Free(data);
    }
    *ret = count;
    return true;
}

const struct tss_ops attestd_module_tss = {
    .open = esys_open,
    .close = esys_close,
    .nv_read = esys_nv_read,
    .ek_chain = esys_ek_chain,
    .ek_public = esys_ek_public,
    .create = esys_create,
    .load = esys_load,
    .public_read = esys_public_read,
    .activate = esys_activate,
    .banks = esys_banks,
    .pcr_read = esys_pcr_read,
    .pcr_event = esys_pcr_event,
    .quote = esys_quote,
    .certify = esys_certify,
    .sign = esys_sign,
    .transients = esys_transients,
};
