/* collateral/dcap_document.h - one of Intel's signed documents with the chain of its signer: everything but what it says. */
#ifndef COLLATERAL_DCAP_DOCUMENT_H
#define COLLATERAL_DCAP_DOCUMENT_H

#include "collateral/dcap_issuer.h"
#include "collateral/dcap_signed.h"

struct dcap_document { /* TCB info, QE identity or the list of evaluation numbers, beside its content */
    struct att_err refusal;
    struct dcap_issuer issuer;
    uint8_t text_sha256[32];  /* of the text and one NUL: claims tcbinfohash, qeidhash */
    uint8_t chain_sha256[32]; /* of the chain as PEM and one NUL: tcbinfocertshash, qeidcertshash */
};

/* What is read, and for whom. */
struct dcap_source {
    const struct att_lib *lib;
    struct att_arena *scratch;
    const char *name; /* of the bundle or item */
};

/* COLLATERAL_MISSING when the item is empty. */
ATT_CHECK bool dcap_present(const struct dcap_source *s, struct att_span item, const char *where,
                            struct att_err *err);
/* Form, chain to a pinned root, signature. False: doc->refusal says why. `ret` lives in the scratch arena. */
ATT_CHECK bool dcap_document_read(const struct dcap_source *s, const struct dcap_signed_kind *kind,
                                  const struct dcap_issuer_kind *issuer, struct att_span text,
                                  struct att_span chain, struct dcap_document *doc, struct dcap_signed *ret);
void dcap_document_clear(struct dcap_document *doc);

#endif
