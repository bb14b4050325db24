/* NV indices: the certificates that a manufacturer left. */
#include "base/auto.h"
#include "tss/esys/esys.h"

enum {
    PIECE_BYTES = 512, /* every TPM gives at least so many at a time */
    NV_BYTES_MAX = 64 * 1024,
    CHAIN_FIRST = 0x01c00100,
    CHAIN_LAST = 0x01c001ff,
};

/* Defined indices from `first` on, as many as one answer holds. */
static bool indices(struct connection *t, uint32_t first, TPML_HANDLE *ret, struct att_err *err)
{
    TPMS_CAPABILITY_DATA *data = NULL;
    TPMI_YES_NO more;

    if (!esys_ok(Esys_GetCapability(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES,
                                    first, TPM2_MAX_CAP_HANDLES, &more, &data),
                 "tpm.nv", err))
        return false;
    *ret = data->data.handles;
    Esys_Free(data);
    return true;
}

static bool read_pieces(struct connection *t, ESYS_TR nv, ESYS_TR who, size_t size, struct att_buf *out,
                        struct att_err *err)
{
    for (size_t at = 0; at < size;) {
        size_t n = size - at < PIECE_BYTES ? size - at : PIECE_BYTES;
        TPM2B_MAX_NV_BUFFER *piece = NULL;
        if (!esys_ok(Esys_NV_Read(t->esys, who, nv, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, (UINT16)n,
                                  (UINT16)at, &piece),
                     "tpm.nv", err))
            return false;
        bool whole = piece->size == n;
        att_buf_put(out, att_span_of(piece->buffer, piece->size));
        Esys_Free(piece);
        if (!whole)
            return att_fail(err, ATT_IO_FAILED, "tpm.nv", "as many bytes as asked for", "fewer");
        at += n;
    }
    return !out->failed || att_fail(err, ATT_LIMIT_EXCEEDED, "tpm.nv", "at most 64 KiB", "more");
}

static bool read_index(struct connection *t, uint32_t index, struct att_buf *out, struct att_err *err)
{
    ESYS_TR nv = ESYS_TR_NONE;
    TPM2B_NV_PUBLIC *found = NULL;

    if (!esys_ok(Esys_TR_FromTPMPublic(t->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &nv),
                 "tpm.nv", err))
        return false;
    bool done =
        esys_ok(Esys_NV_ReadPublic(t->esys, nv, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &found, NULL),
                "tpm.nv", err);
    if (done) {
        /* Anybody may read with the index's own authorisation, which is empty; else the owner may. */
        bool own = (found->nvPublic.attributes & TPMA_NV_AUTHREAD) != 0;
        done = read_pieces(t, nv, own ? nv : ESYS_TR_RH_OWNER, found->nvPublic.dataSize, out, err);
        Esys_Free(found);
    }
    (void)Esys_TR_Close(t->esys, &nv); /* ours alone: the TPM keeps nothing for it */
    return done;
}

static bool copy_out(const struct att_buf *from, struct att_arena *arena, struct att_span *ret,
                     struct att_err *err)
{
    char *copy = att_arena_dup(arena, att_buf_span(from));

    if (!copy)
        return att_fail_memory(err, "tpm.nv");
    *ret = att_span_of(copy, from->len);
    return true;
}

bool esys_nv_read(struct tss *base, uint32_t index, struct att_arena *arena, struct att_span *ret,
                  struct att_err *err)
{
    struct connection *t = connection_of(base);
    ATT_AUTO(att_buf_free) struct att_buf out = { .max = NV_BYTES_MAX };
    TPML_HANDLE defined;

    if (!indices(t, index, &defined, err))
        return false;
    if (defined.count == 0 || defined.handle[0] != index) {
        *ret = (struct att_span){ 0 };
        return true;
    }
    return read_index(t, index, &out, err) && copy_out(&out, arena, ret, err);
}

bool esys_ek_chain(struct tss *base, struct att_arena *arena, struct att_span *ret, struct att_err *err)
{
    struct connection *t = connection_of(base);
    ATT_AUTO(att_buf_free) struct att_buf out = { .max = NV_BYTES_MAX };
    TPML_HANDLE defined;

    if (!indices(t, CHAIN_FIRST, &defined, err))
        return false;
    for (size_t i = 0; i < defined.count && defined.handle[i] <= CHAIN_LAST; i++)
        if (!read_index(t, defined.handle[i], &out, err))
            return false;
    return copy_out(&out, arena, ret, err);
}
