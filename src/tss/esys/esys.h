/* tss/esys/esys.h - what the files of the module share: one connection, and refusals in words. */
#ifndef TSS_ESYS_ESYS_H
#define TSS_ESYS_ESYS_H

#include "base/buf.h"
#include "base/err.h"
#include "tss/module.h"

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>

/* A TPM without a resource manager has room for three keys: root, AIK, one more. */
enum { LIVE_MAX = 8 };

struct connection {
    struct tss base;
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
    ESYS_TR root; /* storage root key; ESYS_TR_NONE until it is needed */
    ESYS_TR
    live[LIVE_MAX]; /* what the TPM holds for us: taken back at the latest when the connection closes */
    size_t live_count;
};

static inline struct connection *connection_of(struct tss *t)
{
    return (struct connection *)t;
}

/* True for success; else IO_FAILED with the response in words. */
ATT_CHECK bool esys_ok(TSS2_RC rc, const char *where, struct att_err *err);
/* Notes a handle; when there is no room it is flushed and refused. */
ATT_CHECK bool esys_keep(struct connection *t, ESYS_TR handle, const char *where, struct att_err *err);
void esys_drop(struct connection *t, ESYS_TR handle);

/* -- keys -------------------------------------------------------------------------------------------------- */

ATT_CHECK bool esys_ek(struct connection *t, enum tss_key_type type, ESYS_TR *ret, TPM2B_PUBLIC **ret_public,
                       struct att_err *err);
/* Into the arena, as it goes over the wire. */
ATT_CHECK bool esys_put_public(const TPM2B_PUBLIC *from, struct att_arena *arena, struct att_span *ret,
                               struct att_err *err);

/* Appends one bank. */
void esys_put_selection(TPML_PCR_SELECTION *to, const struct tss_selection *from);

extern const TPM2B_PUBLIC esys_root_template, esys_ek_templates[2], esys_aik_templates[2],
    esys_request_templates[2];

/* -- the table's functions ----------------------------------------------------------------------------------- */

ATT_CHECK bool esys_nv_read(struct tss *t, uint32_t index, struct att_arena *arena, struct att_span *ret,
                            struct att_err *err);
ATT_CHECK bool esys_ek_chain(struct tss *t, struct att_arena *arena, struct att_span *ret,
                             struct att_err *err);
ATT_CHECK bool esys_ek_public(struct tss *t, enum tss_key_type type, struct att_arena *arena,
                              struct att_span *ret, struct att_err *err);
ATT_CHECK bool esys_create(struct tss *t, enum tss_key_use use, enum tss_key_type type,
                           struct att_arena *arena, struct tss_key *ret, struct att_err *err);
ATT_CHECK bool esys_load(struct tss *t, const struct tss_key *key, tss_loaded *ret, struct att_err *err);
ATT_CHECK bool esys_public_read(struct att_span public_area, struct att_arena *arena, struct tss_public *ret,
                                struct att_err *err);
ATT_CHECK bool esys_activate(struct tss *t, tss_loaded aik, enum tss_key_type ek, struct att_span id_object,
                             struct att_span encrypted_secret, struct att_arena *arena, struct att_span *ret,
                             struct att_err *err);
ATT_CHECK bool esys_banks(struct tss *t, struct tss_banks *ret, struct att_err *err);
ATT_CHECK bool esys_pcr_read(struct tss *t, const struct tss_selection *selections, size_t count,
                             struct tss_values *ret, struct att_err *err);
ATT_CHECK bool esys_pcr_event(struct tss *t, unsigned pcr, struct att_span event, struct tss_values *ret,
                              struct att_err *err);
ATT_CHECK bool esys_quote(struct tss *t, tss_loaded aik, const struct tss_selection *selections, size_t count,
                          struct att_span qualifying, struct att_arena *arena, struct tss_attested *ret,
                          struct att_err *err);
ATT_CHECK bool esys_certify(struct tss *t, tss_loaded aik, tss_loaded key, struct att_span qualifying,
                            struct att_arena *arena, struct tss_attested *ret, struct att_err *err);
ATT_CHECK bool esys_sign(struct tss *t, tss_loaded key, enum tss_key_type type, const uint8_t sha256[32],
                         struct att_arena *arena, struct att_span *ret, struct att_err *err);

#endif
