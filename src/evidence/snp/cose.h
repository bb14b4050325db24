/* evidence/snp/cose.h - COSE_Sign1 (RFC 9052 4.2): one signature over a protected header and a payload that is in it.
 *
 * Reading says what is there, checking asks whether the key signed it; whose key that is, is the caller's question.
 *
 * Taken: tag 18 or none; algorithms ES256, ES384, PS256, PS384, PS512; x5chain (RFC 9360) of one to five certificates;
 * labels that are integers or texts, each once in both headers together. What is read here - algorithm, content type,
 * x5chain, x5t - is read from the protected header, and refused in the other. Refused: `crit`, a detached payload,
 * whatever is not CBOR as codec/cbor.h has it. Other labels of the unprotected header are not looked at: nobody signed
 * them.
 *
 * Example:
 *     struct cose_sign1 c;
 *     if (!cose_sign1_read(bytes, &c, err))
 *         return false;
 *     ... a key from c.x5chain[0] ...
 *     switch (cose_sign1_check(crypto, arena, &c, key)) ...
 *
 * Ownership: spans point into the bytes. Errors: CBOR_MALFORMED, places "protected.x5chain", "payload".
 */
#ifndef EVIDENCE_SNP_COSE_H
#define EVIDENCE_SNP_COSE_H

#include <attest/arena.h>

#include "codec/cbor.h"
#include "crypto/crypto.h"

enum { COSE_X5CHAIN_MAX = 5 }; /* real ones: 3; each costs a signature check */

/* Registered labels (IANA, COSE header parameters). */
enum cose_number {
    COSE_ALG = 1,
    COSE_CRIT = 2,
    COSE_CONTENT_TYPE = 3,
    COSE_CWT_CLAIMS = 15,
    COSE_X5CHAIN = 33,
    COSE_X5T = 34,
};

struct cose_sign1 {
    struct att_span protected_header; /* content of the byte string: one CBOR map */
    struct att_span payload;
    struct att_span signature;
    enum att_sig_alg alg;
    struct att_span content_type;              /* empty: absent, or a number */
    struct att_span x5chain[COSE_X5CHAIN_MAX]; /* DER, leaf first */
    size_t x5chain_count;
    struct att_span x5t; /* hash of the leaf; empty: absent */
    enum att_hash x5t_hash;
};

ATT_CHECK bool cose_sign1_read(struct att_span bytes, struct cose_sign1 *ret, struct att_err *err);
/* Is it signed by this key? What the signature covers is put together in the arena; FAILED when that has no room. */
enum att_sig cose_sign1_check(const struct att_crypto *crypto, struct att_arena *arena,
                              const struct cose_sign1 *c, const struct att_key *key);

/* One label of a header, for those who read more of it. */
struct cose_label {
    int64_t number;       /* when text is empty */
    struct att_span text; /* "iss" */
};
ATT_CHECK bool cose_label_take(struct att_cbor *c, const char *where, struct cose_label *ret,
                               struct att_err *err);

#endif
