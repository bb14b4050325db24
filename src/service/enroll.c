/* Enrolment of attestation keys: a credential that only the machine's TPM opens, then a certificate for who has opened it.
 * Nothing is remembered in between: what the second step must know travels sealed with the client. */
#include <attest/tpm.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hex.h"
#include "base/reader.h"
#include "base/secret.h"
#include "service/aik_authority.h"
#include "service/context.h"
#include "service/internal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

static const char purpose[] = "tpm-enroll";

enum {
    FORM = 1,
    SECRET_BYTES = 32,
    DIGEST_BYTES = 32,
    LIFE_S = 300,
    NAME_BYTES_MAX = 66,   /* algorithm, SHA-512 */
    SPKI_BYTES_MAX = 2048, /* RSA of 8192 bits fits */
    SUBJECT_SIZE = 320,
};

/* Evidence and the certificates about it are judged by one clock. */
static int64_t evidence_now(const struct service *s)
{
    return s->options.evidence_time_set ? s->options.evidence_time_unix_s : service_now_unix_s(s);
}

static bool ready(const struct service *s, struct att_err *err)
{
    if (!s->options.aik_authority || !s->options.once)
        return att_fail(err, ATT_SERVICE_UNAVAILABLE, "service", "an authority for attestation keys", "none");
    if (!s->options.ek_trust)
        return att_fail(err, ATT_EK_UNTRUSTED, "ekCertificate",
                        "a certificate of a manufacturer that the setting tpm_ek_roots names",
                        "any: the setting is empty, so nobody can enrol");
    return true;
}

/* -- what travels ----------------------------------------------------------------------------------------- */

static void put_sized(struct att_buf *b, struct att_span bytes)
{
    att_buf_putc(b, (char)(bytes.len >> 8));
    att_buf_putc(b, (char)(bytes.len & 0xff));
    att_buf_put(b, bytes);
}

static struct att_span take_sized(struct att_reader *r)
{
    return att_take(r, att_take_u16be(r));
}

static bool digest_of(struct att_span bytes, uint8_t ret[DIGEST_BYTES], struct att_err *err)
{
    return EVP_Digest(bytes.ptr, bytes.len, ret, NULL, EVP_sha256(), NULL) == 1 ||
           att_fail(err, ATT_CRYPTO_FAILED, "enroll", "a digest", "none");
}

static bool content_of(struct att_arena *arena, const struct att_tpm_enroll_facts *f, struct att_span secret,
                       struct att_span *ret, struct att_err *err)
{
    struct att_buf b = { 0 };
    uint8_t digest[DIGEST_BYTES];

    if (f->aik_name.len > NAME_BYTES_MAX || f->aik_spki.len > SPKI_BYTES_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "aikPublic", "a key of at most 8192 bits", "a larger one");
    if (!digest_of(secret, digest, err))
        return false;
    att_buf_putc(&b, FORM);
    att_buf_put(&b, att_span_of(digest, sizeof digest));
    att_buf_put(&b, att_span_of(f->ek_sha256, sizeof f->ek_sha256));
    put_sized(&b, f->aik_name);
    put_sized(&b, f->aik_spki);
    put_sized(&b, att_str(f->manufacturer));
    char *copy = b.failed ? NULL : att_arena_dup(arena, att_buf_span(&b));
    *ret = att_span_of(copy, b.len);
    att_buf_free(&b);
    return copy || att_fail_memory(err, "enroll");
}

struct content {
    struct att_span secret_sha256, ek_sha256, aik_name, aik_spki, manufacturer;
};

/* It was sealed here: another form is another release's, and the client starts again. */
static bool content_read(struct att_span bytes, struct content *ret, struct att_err *err)
{
    struct att_reader r = att_reader_of(bytes);
    uint8_t form = att_take_u8(&r);
    struct content c = { 0 };

    c.secret_sha256 = att_take(&r, DIGEST_BYTES);
    c.ek_sha256 = att_take(&r, DIGEST_BYTES);
    c.aik_name = take_sized(&r);
    c.aik_spki = take_sized(&r);
    c.manufacturer = take_sized(&r);
    if (r.failed || r.left > 0 || form != FORM)
        return att_fail(err, ATT_TPM_CONTEXT_INVALID, "context", "a context as this release makes it",
                        "another form");
    *ret = c;
    return true;
}

/* -- first: a credential ---------------------------------------------------------------------------------- */

static bool wrap(struct service *s, const struct site_provider *p, struct att_arena *arena,
                 const struct att_tpm_enroll_in *in, const struct att_tpm_enroll_facts *facts,
                 struct att_span secret, struct service_enroll_out *ret, struct att_err *err)
{
    struct att_tpm_credential credential = { 0 };
    struct att_span content = { 0 }, context = { 0 };

    if (!att_tpm_credential(s->options.lib, arena, in, facts, secret, &credential, err) ||
        !content_of(arena, facts, secret, &content, err) ||
        !context_seal(s, arena, purpose, p, content, LIFE_S, &context, err))
        return false;
    *ret = (struct service_enroll_out){ .id_object = credential.id_object,
                                        .encrypted_secret = credential.encrypted_secret,
                                        .context = context };
    return true;
}

bool service_enroll_begin(struct service *s, const struct site_provider *p, struct att_arena *arena,
                          const struct service_enroll_in *in, struct service_enroll_out *ret,
                          struct att_err *err)
{
    const struct att_tpm_enroll_in check = {
        .size = sizeof check,
        .ek_cert = in->ek_certificate,
        .ek_public = in->ek_public,
        .aik_public = in->aik_public,
        .ek_trust = s->options.ek_trust,
        .now_unix_s = evidence_now(s),
    };
    struct att_tpm_enroll_facts facts = { 0 };
    uint8_t secret[SECRET_BYTES];

    if (!ready(s, err) || !att_tpm_enroll_check(s->options.lib, arena, &check, &facts, err))
        return false;
    if (RAND_bytes(secret, sizeof secret) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "enroll", "random bytes", "none to be had");
    bool ok = wrap(s, p, arena, &check, &facts, att_span_of(secret, sizeof secret), ret, err);
    att_wipe(secret, sizeof secret);
    return ok;
}

/* -- then: a certificate ---------------------------------------------------------------------------------- */

static bool opened(const struct content *c, struct att_span secret, struct att_err *err)
{
    uint8_t digest[DIGEST_BYTES];

    if (!digest_of(secret, digest, err))
        return false;
    return CRYPTO_memcmp(digest, c->secret_sha256.ptr, sizeof digest) == 0 ||
           att_fail(err, ATT_TPM_CREDENTIAL_INVALID, "secret",
                    "the secret that the TPM found in the credential", "another");
}

/* For the audit trail: which machine got a certificate for which key. */
static bool subject_of(struct att_arena *arena, const struct content *c, const char **ret,
                       struct att_err *err)
{
    char ek[2 * DIGEST_BYTES + 1], name[2 * NAME_BYTES_MAX + 1], text[SUBJECT_SIZE];
    struct att_shown shown;

    att_hex_text(ek, c->ek_sha256);
    att_hex_text(name, c->aik_name);
    (void)snprintf(text, sizeof text, "ek=%s aik=%s manufacturer=%s", ek, name,
                   att_shown(&shown, c->manufacturer));
    *ret = att_arena_dup(arena, att_str(text));
    return *ret || att_fail_memory(err, "enroll");
}

/* The secret is looked at before the context is spent: a stranger who saw a context cannot use it up. */
bool service_enroll_take(struct service *s, const struct site_provider *p, struct att_arena *arena,
                         struct att_span context, struct att_span secret, struct service_enrolled *ret,
                         struct att_err *err)
{
    struct context_opened open = { 0 };
    struct content c = { 0 };
    struct service_enrolled out = { 0 };
    bool first = false;

    if (!ready(s, err) || !context_open(s, arena, purpose, p, context, &open, err) ||
        !content_read(open.content, &c, err) || !opened(&c, secret, err) ||
        !subject_of(arena, &c, &out.subject, err) ||
        !service_once(s, purpose, open.id, open.expires_unix_s, &first, err))
        return false;
    if (!first)
        return att_fail(err, ATT_TPM_CHALLENGE_USED, "context", "a credential that was not used yet",
                        "one that was");
    out.aik_name = c.aik_name;
    out.aik_spki = c.aik_spki;
    *ret = out;
    return true;
}

bool service_enroll_certify(struct service *s, struct att_arena *arena, const struct service_enrolled *who,
                            struct att_span *ret_der, struct att_err *err)
{
    const struct aik_request request = {
        .spki = who->aik_spki,
        .name = who->aik_name,
        .now_unix_s = evidence_now(s),
        .life_days = s->options.aik_lifetime_days ? s->options.aik_lifetime_days : SERVICE_AIK_LIFE_DAYS,
    };

    return ready(s, err) && aik_authority_issue(s->options.aik_authority, &request, arena, ret_der, err);
}

bool service_aik_authority(struct service *s, struct att_span *ret_der, struct att_span *ret_pem,
                           struct att_err *err)
{
    const struct aik_authority *a = s->options.aik_authority;

    if (!a)
        return att_fail(err, ATT_SERVICE_UNAVAILABLE, "service", "an authority for attestation keys", "none");
    *ret_der = a->certificate;
    *ret_pem = a->pem;
    return true;
}
