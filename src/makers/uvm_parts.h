/* makers/uvm_parts.h - keys, certificates and signatures of endorsements. Internal to uvm*.c. */
#ifndef MAKERS_UVM_PARTS_H
#define MAKERS_UVM_PARTS_H

#include "base/buf.h"
#include "makers/pki.h"
#include "makers/uvm.h"

enum { MK_UVM_LEAF, MK_UVM_CA, MK_UVM_ROOT, MK_UVM_CERTS };

/* How a leaf signs. */
struct mk_uvm_alg {
    const char *name;
    int64_t id;        /* IANA, COSE algorithms */
    const char *curve; /* NULL: RSA */
    const char *digest;
    size_t half_bytes; /* of r and of s */
};

struct mk_uvm_signer {
    const struct mk_uvm_alg *alg;
    EVP_PKEY *keys[MK_UVM_CERTS];
    EVP_PKEY *stranger; /* of the leaf's kind */
    X509 *root;
    char issuer[160];
};

struct mk_uvm_cert {
    const char *cn, *issuer_cn;
    EVP_PKEY *key, *signer;
    int64_t not_before, not_after;
    const char *constraints, *usage;
    const char *purpose; /* extended key usage; NULL: none */
    bool unknown_critical;
};

ATT_CHECK bool mk_uvm_cert_make(const struct mk_uvm_cert *spec, X509 **ret, struct att_err *err);
/* The certificate of a signer as it should be; the leaf's ends 100 days after the time of signing. */
struct mk_uvm_cert mk_uvm_cert_of(const struct mk_uvm_signer *s, unsigned which, int64_t signed_unix_s);
ATT_CHECK bool mk_uvm_sign(const struct mk_uvm_alg *alg, EVP_PKEY *key, struct att_span message,
                           struct att_buf *out, struct att_err *err);
/* "did:x509:0:sha256:", its fingerprint of the certificate, nothing behind it. */
ATT_CHECK bool mk_uvm_did_start(X509 *cert, struct att_buf *out, struct att_err *err);

#endif
