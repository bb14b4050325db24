/* makers/amd.h - one made-up AMD: root (ARK), intermediates (ASK for VCEKs, ASVK for VLEKs) of one product line, and the
 * signing keys of one chip and one cloud provider.
 *
 * The certificates carry the vendor's production names (ARK-Milan, SEV-Milan, SEV-VLEK-Milan), because verifiers match on
 * names; what tells them apart is the key, and the serial, which begins with 54 45 53 54 ("TEST"). Leafs are made with
 * each piece of evidence: they hold what the report must hold. Immutable once made: share it between threads.
 *
 * Certificates are valid 2020-01-01 to 2050-01-01, or around `at_unix_s` where that lies outside.
 */
#ifndef MAKERS_AMD_H
#define MAKERS_AMD_H

#include <attest/error.h>

struct att_buf;
struct mk_amd;

enum mk_amd_product { MK_AMD_MILAN, MK_AMD_GENOA, MK_AMD_TURIN, MK_AMD_PRODUCT_COUNT };
/* "Milan"; also the name of the product's folder. */
const char *mk_amd_product_name(enum mk_amd_product product);

/* RSA bits of ARK, ASK and ASVK. AMD's have 4096; making three of those takes seconds, three of 2048 a third of one. */
enum { MK_AMD_BITS_REAL = 4096, MK_AMD_BITS_QUICK = 2048 };

/* Fresh random keys; `rsa_bits` from 2048 to 4096. The caller frees. */
ATT_CHECK bool mk_amd_new(enum mk_amd_product product, unsigned rsa_bits, int64_t at_unix_s,
                          struct mk_amd **ret, struct att_err *err);
void mk_amd_free(struct mk_amd *amd); /* NULL is fine */
enum mk_amd_product mk_amd_product(const struct mk_amd *amd);
/* Appends the ARK as PEM: what a relying party must be told to trust. */
ATT_CHECK bool mk_amd_ark_pem(const struct mk_amd *amd, struct att_buf *out, struct att_err *err);
/* Can evidence be made for this time under these certificates? */
bool mk_amd_covers(const struct mk_amd *amd, int64_t at_unix_s);

/* On disk, one folder for each product (DATA/dev/hardware/amd/Milan): ark.pem, ask.pem, asvk.pem, and a *.TEST-KEY.pem,
 * mode 0600, for each of them and for vcek and vlek. As mk_hardware_save, _load and _open (makers/folder.h); `dir` is the
 * folder that holds the products' ones, and what is made has MK_AMD_BITS_QUICK. */
ATT_CHECK bool mk_amd_save(const struct mk_amd *amd, const char *dir, struct att_err *err);
ATT_CHECK bool mk_amd_load(const char *dir, enum mk_amd_product product, struct mk_amd **ret,
                           struct att_err *err);
ATT_CHECK bool mk_amd_open(const char *dir, enum mk_amd_product product, int64_t at_unix_s,
                           struct mk_amd **ret, struct att_err *err);

#endif
