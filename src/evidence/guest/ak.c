/* The attestation key: what the hardware's report vouches for, what the guest sends, and what its certificate is for must be one
 * key. The hardware's word outweighs a certificate: that one speaks for a virtual TPM only as far as its host is trusted. */
#include "base/auto.h"
#include "base/err.h"
#include "base/reader.h"
#include "evidence/guest/guest.h"
#include "jose/jwk.h"

ATT_AUTO_PTR(cert_auto, struct att_cert, att_cert_free)

enum { RSA_BITS_MIN = 2048, GUID_CHARACTERS = 36 };

static const char where_cert[] = "guest.TpmInfo.AikCert", where_pub[] = "guest.TpmInfo.AikPub";

/* NV indices are filled up with zeros behind the certificate. */
static struct att_span unpadded(struct att_span der)
{
    struct att_reader r = att_reader_of(der);
    uint16_t head = att_take_u16be(&r), len = att_take_u16be(&r);

    if (r.failed || head != 0x3082 || len > r.left)
        return der;
    struct att_span cert = att_span_of(der.ptr, 4 + (size_t)len);
    (void)att_take(&r, len);
    while (r.left > 0)
        if (att_take_u8(&r) != 0)
            return der;
    return cert;
}

static bool key_good(const struct att_key *key, struct att_err *err)
{
    return att_key_type(key) != ATT_KEY_RSA || att_key_bits(key) >= RSA_BITS_MIN ||
           att_fail(err, ATT_KEY_INVALID, where_pub, "at least 2048 bits", "%u", att_key_bits(key));
}

/* From the TPM's own structure; a report of the paravisor alone has the key in its claims. */
static bool key_take(struct att_ctx *ctx, struct guest_evidence *ev, struct att_err *err)
{
    struct tpm_public pub;

    if (ev->tpm.aik_pub.len == 0) {
        ev->ak = att_key_ref(ev->runtime.ak);
        return true;
    }
    return tpm_public_read_sized(ev->tpm.aik_pub, where_pub, ATT_GUEST_REQUEST_MALFORMED, &pub, err) &&
           tpm_public_key(ctx->lib->crypto, &pub, &ev->ak, err);
}

static bool cert_is_of(const struct att_key *certified, const struct att_key *ak, struct att_err *err)
{
    return att_jwk_same_key(certified, ak) ||
           att_fail(err, ATT_AIK_MISMATCH, where_cert, "a certificate of the attestation key",
                    "one of another key");
}

/* Azure calls the machine by its identifier in the subject: "GUID.TrustedVM.Azure". */
static bool vm_id_of_cert(struct att_ctx *ctx, const struct att_cert *cert, struct att_span *ret,
                          struct att_err *err)
{
    const char *cn = att_cert_subject_cn(cert);
    size_t len = strcspn(cn, ".");

    if (len != GUID_CHARACTERS || strspn(cn, "0123456789abcdefABCDEF-") != len)
        return true;
    char *upper = att_arena_dup(ctx->arena, att_span_of(cn, len));
    if (!upper)
        return att_fail_memory(err, where_cert);
    for (char *p = upper; *p; p++)
        if (*p >= 'a' && *p <= 'f')
            *p = (char)(*p - 'a' + 'A');
    *ret = att_span_of(upper, len);
    return true;
}

static bool cert_trusted(struct att_ctx *ctx, struct guest_evidence *ev, struct att_span der,
                         struct att_err *err)
{
    struct tpm_cert_facts facts = { 0 };
    bool ok = tpm_trust_check(ctx->in->aik_trust, ctx->lib->crypto, &ctx->lib->limits, der, TPM_CERT_AIK,
                              where_cert, ctx->now_unix_s, &facts, err) &&
              cert_is_of(facts.key, ev->ak, err);

    ev->base.test_root = ev->base.test_root || facts.test_root;
    tpm_cert_facts_clear(&facts);
    return ok;
}

/* Trusted launch: the certificate is all there is. Elsewhere it adds nothing, but a wrong one is no slip. */
static bool cert_good(struct att_ctx *ctx, struct guest_evidence *ev, struct att_err *err)
{
    struct att_span der = unpadded(ev->tpm.aik_cert);
    ATT_AUTO(cert_auto) struct att_cert *cert = NULL;
    bool needed = ev->isolation == GUEST_TRUSTED_LAUNCH;

    if (der.len == 0)
        return !needed ||
               att_fail(err, ATT_AIK_UNTRUSTED, where_cert,
                        "a certificate: nothing else vouches for the key of a trusted launch", "none");
    if (needed && !cert_trusted(ctx, ev, der, err))
        return false;
    if (!att_cert_from_der(ctx->lib->crypto, der, &ctx->lib->limits, &cert, err))
        return att_fail_as(err, ATT_CERT_MALFORMED, where_cert);
    if (!needed)
        return cert_is_of(att_cert_key(cert), ev->ak, err);
    return vm_id_of_cert(ctx, cert, &ev->vm_id, err);
}

bool guest_ak_bind(struct att_ctx *ctx, struct guest_evidence *ev, struct att_err *err)
{
    if (!key_take(ctx, ev, err) || !key_good(ev->ak, err))
        return false;
    if (ev->runtime.ak && !att_jwk_same_key(ev->runtime.ak, ev->ak))
        return att_fail(err, ATT_AK_MISMATCH, where_pub, "the key HCLAkPub of the runtime claims",
                        "another key");
    return cert_good(ctx, ev, err);
}
