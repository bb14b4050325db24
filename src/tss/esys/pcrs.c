/* Registers: which banks there are, values, events. */
#include "tss/esys/esys.h"

bool esys_banks(struct tss *base, struct tss_banks *ret, struct att_err *err)
{
    struct connection *t = connection_of(base);
    TPMS_CAPABILITY_DATA *data = NULL;
    struct tss_banks banks = { 0 };
    TPMI_YES_NO more;

    if (!esys_ok(Esys_GetCapability(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_PCRS, 0, 1,
                                    &more, &data),
                 "tpm.banks", err))
        return false;
    const TPML_PCR_SELECTION *all = &data->data.assignedPCR;
    for (size_t i = 0; i < all->count && banks.count < TSS_SELECTIONS_MAX; i++) {
        unsigned any = 0;
        for (size_t k = 0; k < all->pcrSelections[i].sizeofSelect; k++)
            any |= all->pcrSelections[i].pcrSelect[k];
        if (any) /* a bank that is off is listed without registers */
            banks.alg[banks.count++] = all->pcrSelections[i].hash;
    }
    Esys_Free(data);
    *ret = banks;
    return true;
}

void esys_put_selection(TPML_PCR_SELECTION *to, const struct tss_selection *from)
{
    TPMS_PCR_SELECTION *s = &to->pcrSelections[to->count++];

    *s = (TPMS_PCR_SELECTION){ .hash = from->alg, .sizeofSelect = 3 };
    for (unsigned i = 0; i < 3; i++)
        s->pcrSelect[i] = (BYTE)(from->pcrs >> (8 * i));
}

/* Appends what one answer holds, and takes it off the selection. */
static bool take_values(const TPML_PCR_SELECTION *read, const TPML_DIGEST *digests,
                        struct tss_selection *left, struct tss_values *out, struct att_err *err)
{
    size_t taken = 0;

    for (unsigned pcr = 0; pcr < TSS_PCRS && read->count == 1 && taken < digests->count; pcr++) {
        const TPM2B_DIGEST *d = &digests->digests[taken];
        if (!(read->pcrSelections[0].pcrSelect[pcr / 8] & (1u << pcr % 8)))
            continue;
        if (out->count == TSS_VALUES_MAX || d->size == 0 || d->size > TSS_DIGEST_BYTES_MAX ||
            !(left->pcrs & (1u << pcr)))
            return att_fail(err, ATT_IO_FAILED, "tpm.pcrs", "the registers that were asked for", "others");
        struct tss_value *v = &out->item[out->count++];
        *v = (struct tss_value){ .alg = left->alg, .pcr = (uint8_t)pcr, .len = (uint8_t)d->size };
        memcpy(v->digest, d->buffer, d->size);
        left->pcrs &= ~(1u << pcr);
        taken++;
    }
    return taken > 0 || att_fail(err, ATT_IO_FAILED, "tpm.pcrs",
                                 "registers that the TPM has: are the bank and the numbers right?",
                                 "none of bank 0x%04x", left->alg);
}

/* A TPM gives at most eight values an answer. */
static bool read_bank(struct connection *t, struct tss_selection left, struct tss_values *out,
                      struct att_err *err)
{
    while (left.pcrs != 0) {
        TPML_PCR_SELECTION wanted = { 0 }, *read = NULL;
        TPML_DIGEST *digests = NULL;
        esys_put_selection(&wanted, &left);
        if (!esys_ok(Esys_PCR_Read(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &wanted, NULL, &read,
                                   &digests),
                     "tpm.pcrs", err))
            return false;
        bool taken = take_values(read, digests, &left, out, err);
        Esys_Free(read);
        Esys_Free(digests);
        if (!taken)
            return false;
    }
    return true;
}

bool esys_pcr_read(struct tss *base, const struct tss_selection *selections, size_t count,
                   struct tss_values *ret, struct att_err *err)
{
    struct tss_values out = { 0 };

    for (size_t i = 0; i < count; i++)
        if (!read_bank(connection_of(base), selections[i], &out, err))
            return false;
    *ret = out;
    return true;
}

static uint8_t digest_len(uint16_t alg)
{
    switch (alg) {
    case TSS_SHA1:
        return 20;
    case TSS_SHA256:
        return 32;
    case TSS_SHA384:
        return 48;
    case TSS_SHA512:
        return 64;
    default:
        return 0;
    }
}

bool esys_pcr_event(struct tss *base, unsigned pcr, struct att_span event, struct tss_values *ret,
                    struct att_err *err)
{
    struct connection *t = connection_of(base);
    TPML_DIGEST_VALUES *digests = NULL;
    TPM2B_EVENT data = { .size = (UINT16)event.len };
    struct tss_values out = { 0 };

    if (event.len > TSS_EVENT_BYTES_MAX || event.len > sizeof data.buffer || pcr >= TSS_PCRS)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "tpm.event", "at most 1024 bytes, for a register below 24",
                        "%zu bytes for %u", event.len, pcr);
    if (event.len > 0)
        memcpy(data.buffer, event.ptr, event.len);
    if (!esys_ok(Esys_PCR_Event(t->esys, ESYS_TR_PCR0 + pcr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                &data, &digests),
                 "tpm.event", err))
        return false;
    for (size_t i = 0; i < digests->count && out.count < TSS_SELECTIONS_MAX; i++) {
        const TPMT_HA *d = &digests->digests[i];
        struct tss_value *v = &out.item[out.count];
        *v = (struct tss_value){ .alg = d->hashAlg, .pcr = (uint8_t)pcr, .len = digest_len(d->hashAlg) };
        memcpy(v->digest, &d->digest, v->len);
        out.count += v->len > 0;
    }
    Esys_Free(digests);
    *ret = out;
    return true;
}
