/* makers/uvm.h - endorsements of utility VMs by a signer made for tests, whole or broken in one place.
 *
 * Example:
 *     struct mk_uvm_signer *signer;
 *     struct att_buf cose = { 0 };
 *     if (!mk_uvm_signer_new("ES384", &signer, err) ||
 *         !mk_uvm_make(signer, &(struct mk_uvm_options){ .measurement = m, .svn = 22, .signed_unix_s = t }, &cose, err))
 *         ...
 *     row.uvm_issuer = mk_uvm_issuer(signer), row.uvm_feed = MK_UVM_FEED;
 *
 * A signer is a root, a CA and a leaf with keys of their own, below a root that exists nowhere else.
 */
#ifndef MAKERS_UVM_H
#define MAKERS_UVM_H

#include <attest/error.h>

struct att_buf;
struct mk_uvm_signer;

#define MK_UVM_FEED  "TEST-UVM"
#define MK_UVM_USAGE "1.3.6.1.4.1.311.76.59.1.2" /* as production has it */

enum mk_uvm_break {
    MK_UVM_WHOLE,
#define X(symbol, name, where, text) MK_UVM_##symbol,
#include "makers/uvm_breaks.def"
#undef X
    MK_UVM_BREAK_COUNT
};

struct mk_uvm_break_row {
    const char *name;  /* "alg-absent" */
    const char *where; /* "protected.alg" */
    const char *text;
};
extern const struct mk_uvm_break_row mk_uvm_breaks[MK_UVM_BREAK_COUNT]; /* the first is empty */

enum mk_uvm_form {
    MK_UVM_TAGGED,   /* as production: tag 18, text labels */
    MK_UVM_UNTAGGED, /* the same without the tag */
    MK_UVM_CWT,      /* issuer, feed and time as claims instead of labels */
    MK_UVM_BOTH,     /* both, saying the same */
};

struct mk_uvm_options {
    const uint8_t *measurement; /* 48 bytes; NULL: zeros */
    uint64_t svn;
    const char *feed;      /* NULL: MK_UVM_FEED */
    int64_t signed_unix_s; /* between 2021 and 2048 */
    enum mk_uvm_form form;
    bool no_x5t;
    enum mk_uvm_break broken;
};

/* `alg`: "ES256", "ES384", "PS256", "PS384", "PS512". */
ATT_CHECK bool mk_uvm_signer_new(const char *alg, struct mk_uvm_signer **ret, struct att_err *err);
void mk_uvm_signer_free(struct mk_uvm_signer *s); /* NULL is fine */
/* "did:x509:0:sha256:...::eku:...". Borrowed. */
const char *mk_uvm_issuer(const struct mk_uvm_signer *s);
/* Appends a COSE_Sign1. */
ATT_CHECK bool mk_uvm_make(const struct mk_uvm_signer *s, const struct mk_uvm_options *o, struct att_buf *out,
                           struct att_err *err);

#endif
