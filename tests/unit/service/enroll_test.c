/* layers: service keys supply signer site access store store/memory fetch module makers relying attest collateral tpm crypto base codec */
/* Enrolment of attestation keys, with a TPM in software: who gets a certificate, and who does not. */
#include <attest/tpm.h>

#include "base/buf.h"
#include "collateral/context.h"
#include "makers/tpm.h"
#include "service/aik_authority.h"
#include "service/context.h"
#include "support/cases.h"
#include "tpm/trust.h"
#include "unit/service/rig.h"

#include <openssl/x509v3.h>

static struct cases c = { .name = "service.enroll" };
static struct rig rig;
static struct store *once;
static struct aik_authority *authority;
static struct mk_tpm_vendor *vendor;
static struct mk_tpm *tpm, *other_tpm;
static struct att_tpm_trust *ek_trust, *aik_trust;
static const struct site_provider *provider, *second;
static const uint8_t context_key[32] = { 3, 1 };
static struct att_err err;

static void need(bool ok, const char *what)
{
    rig_need(ok, what, &err);
}

static struct att_span kept(struct att_buf *b)
{
    struct att_span out = att_span_of(att_arena_dup(rig.arena, att_buf_span(b)), b->len);

    att_buf_free(b);
    return out;
}

/* TPM2B_PUBLIC */
static struct att_span public_of(struct mk_tpm *t, enum mk_tpm_key key)
{
    struct att_buf bare = { 0 }, sized = { 0 };

    need(mk_tpm_public(t, key, &bare, &err), "public area");
    mk_tpm2b(&sized, att_buf_span(&bare));
    att_buf_free(&bare);
    return kept(&sized);
}

static struct att_span name_of(struct mk_tpm *t, enum mk_tpm_key key)
{
    struct att_buf name = { 0 };

    need(mk_tpm_name(t, key, &name, &err), "name");
    return kept(&name);
}

static struct att_span ek_cert_of(struct mk_tpm *t)
{
    struct att_buf der = { 0 };

    need(mk_tpm_cert(t, MK_TPM_EK, RIG_NOW, &der, &err), "EK certificate");
    return kept(&der);
}

static struct service_enroll_in in_of(struct mk_tpm *t, enum mk_tpm_key aik)
{
    err = (struct att_err){ 0 };
    return (struct service_enroll_in){ .ek_certificate = ek_cert_of(t),
                                       .ek_public = public_of(t, MK_TPM_EK),
                                       .aik_public = public_of(t, aik) };
}

/* -- the service -------------------------------------------------------------------------------------------- */

static struct service_options options_of(void)
{
    return (struct service_options){
        .lib = rig.lib,
        .signer = rig.signer,
        .site = rig.site,
        .keys = rig.keys,
        .once = once,
        .context_key = context_key,
        .aik_trust = aik_trust,
        .ek_trust = ek_trust,
        .aik_authority = authority,
        .aik_lifetime_days = 30,
        .base_url = RIG_BASE,
        .location = "East US",
        .accepted_tcb = ATT_TCB_DEFAULT,
        .now_unix_s = rig_now,
        .now_ctx = &rig,
    };
}

static struct att_tpm_trust *trust_of(struct att_span root, struct att_span intermediate)
{
    const struct att_root roots[] = { { .pem = root } };
    const struct att_tpm_trust_in in = {
        .size = sizeof in, .roots = roots, .root_count = 1, .intermediates = intermediate
    };
    struct att_tpm_trust *t = NULL;

    need(att_tpm_trust_new(rig.lib, &in, &t, &err), "trust");
    return t;
}

static void start(void)
{
    struct att_buf root = { 0 }, ca = { 0 };

    rig_new(&rig, &(struct rig_options){ 0 });
    rig_provider(&rig, "second", NULL);
    provider = rig_ref(&rig, "default");
    second = rig_ref(&rig, "second");
    need(store_memory_open("", &once, &err), "store");
    const struct aik_authority_options o = {
        .store = rig.store, .signer = rig.signer, .host = "localhost", .now_unix_s = RIG_NOW
    };
    need(aik_authority_open(&o, &authority, &err), "authority");
    need(mk_tpm_vendor_new(RIG_NOW, &vendor, &err) && mk_tpm_new(vendor, MK_BANK(MK_SHA256), &tpm, &err) &&
             mk_tpm_new(vendor, MK_BANK(MK_SHA256), &other_tpm, &err) &&
             mk_tpm_ek_root_pem(vendor, &root, &err) && mk_tpm_ek_ca_pem(vendor, &ca, &err),
         "TPMs");
    ek_trust = trust_of(kept(&root), kept(&ca));
    aik_trust = trust_of(authority->pem, (struct att_span){ 0 });
    service_free(rig.service);
    const struct service_options options = options_of();
    need(service_new(&options, &rig.service, &err), "service");
}

static void stop(void)
{
    site_unref(provider);
    site_unref(second);
    rig_free(&rig);
    store_close(once);
    aik_authority_free(authority);
    att_tpm_trust_free(ek_trust);
    att_tpm_trust_free(aik_trust);
    mk_tpm_free(tpm);
    mk_tpm_free(other_tpm);
    mk_tpm_vendor_free(vendor);
}

/* -- steps -------------------------------------------------------------------------------------------------- */

static bool begin(const struct service_enroll_in *in, struct service_enroll_out *ret)
{
    err = (struct att_err){ 0 };
    return service_enroll_begin(rig.service, provider, rig.arena, in, ret, &err);
}

/* As the machine's TPM opens it. */
static bool activate(struct mk_tpm *t, struct att_span name, const struct service_enroll_out *out,
                     struct att_span *ret)
{
    struct att_buf secret = { 0 };

    err = (struct att_err){ 0 };
    bool ok = mk_tpm_activate(t, name, out->id_object, out->encrypted_secret, &secret, &err);
    *ret = kept(&secret);
    return ok;
}

static bool take_at(const struct site_provider *p, struct att_span context, struct att_span secret,
                    struct service_enrolled *ret)
{
    err = (struct att_err){ 0 };
    return service_enroll_take(rig.service, p, rig.arena, context, secret, ret, &err);
}

static bool take(const struct service_enroll_out *out, struct att_span secret, struct service_enrolled *ret)
{
    return take_at(provider, out->context, secret, ret);
}

/* An open credential and its secret. */
static void opened(enum mk_tpm_key aik, struct service_enroll_out *out, struct att_span *secret)
{
    const struct service_enroll_in in = in_of(tpm, aik);

    need(begin(&in, out) && activate(tpm, name_of(tpm, aik), out, secret), "a credential");
}

/* -- cases -------------------------------------------------------------------------------------------------- */

static void a_certificate(const char *what, enum mk_tpm_key aik)
{
    struct service_enroll_out out = { 0 };
    struct service_enrolled who = { 0 };
    struct att_span secret = { 0 }, der = { 0 };
    EVP_PKEY *key = NULL;
    const struct service_enroll_in in = in_of(tpm, aik);

    cases_check(&c, begin(&in, &out), "%s: a credential: %s", what, err.text);
    cases_check(&c, activate(tpm, name_of(tpm, aik), &out, &secret) && secret.len == 32, "%s: opened: %s",
                what, err.text);
    cases_check(&c, take(&out, secret, &who), "%s: answered: %s", what, err.text);
    bool ok = service_enroll_certify(rig.service, rig.arena, &who, &der, &err);
    const uint8_t *p = der.ptr;
    X509 *cert = ok ? d2i_X509(NULL, &p, (long)der.len) : NULL;
    cases_check(&c, cert && mk_tpm_key(tpm, aik, &key, &err) && EVP_PKEY_eq(X509_get0_pubkey(cert), key) == 1,
                "%s: for its key: %s", what, err.text);
    cases_check(&c,
                cert && X509_cmp_time(X509_get0_notAfter(cert), &(time_t){ RIG_NOW + 30 * 86400 - 1 }) > 0 &&
                    X509_cmp_time(X509_get0_notAfter(cert), &(time_t){ RIG_NOW + 30 * 86400 + 1 }) < 0,
                "%s: for as long as the setting says", what);
    cases_check(&c, strstr(who.subject, "ek=") && strstr(who.subject, "aik=000b"), "%s: the trail: %s", what,
                who.subject);
    cases_check(&c, !memmem(out.context.ptr, out.context.len, secret.ptr, secret.len),
                "%s: the secret is not in the context", what);
    struct tpm_cert_facts facts = { .test_root = true };
    cases_check(&c,
                tpm_trust_check(aik_trust, rig.lib->crypto, att_lib_limits(rig.lib), der, TPM_CERT_AIK, "aik",
                                RIG_NOW, &facts, &err) &&
                    !facts.test_root,
                "%s: the verifier takes it: %s", what, err.text);
    tpm_cert_facts_clear(&facts);
    cases_check(&c,
                !tpm_trust_check(ek_trust, rig.lib->crypto, att_lib_limits(rig.lib), der, TPM_CERT_EK, "ek",
                                 RIG_NOW, &facts, &err),
                "%s: not as an EK", what);
    tpm_cert_facts_clear(&facts);
    X509_free(cert);
}

static void others_who_ask(void)
{
    const struct service_enroll_in good = in_of(tpm, MK_TPM_AIK);
    const struct mk_tpm_cert_spec specs[] = {
        { .ek = true, .stranger = true, .not_before = RIG_NOW - 86400, .not_after = RIG_NOW + 86400 },
        { .ek = true, .no_usage = true, .not_before = RIG_NOW - 86400, .not_after = RIG_NOW + 86400 },
        { .ek = false, .not_before = RIG_NOW - 86400, .not_after = RIG_NOW + 86400 },
        { .ek = true, .not_before = RIG_NOW - 86400, .not_after = RIG_NOW - 1 },
        { .ek = true, .not_before = RIG_NOW + 1, .not_after = RIG_NOW + 86400 },
    };
    static const char *const spec_names[] = { "another manufacturer", "no usage", "an AIK's certificate",
                                              "expired", "not yet valid" };
    struct service_enroll_out out = { 0 };
    EVP_PKEY *ek = NULL;

    need(mk_tpm_key(tpm, MK_TPM_EK, &ek, &err), "EK");
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        struct mk_tpm_cert_spec spec = specs[i];
        struct att_buf der = { 0 };
        struct service_enroll_in in = good;
        spec.key = ek;
        need(mk_tpm_cert_der(vendor, &spec, &der, &err), spec_names[i]);
        in.ek_certificate = kept(&der);
        cases_check(&c, !begin(&in, &out) && err.code == ATT_EK_UNTRUSTED && !out.context.ptr, "%s: %s",
                    spec_names[i], err.text);
    }
    const struct {
        const char *name;
        struct att_span cert, ek, aik;
        enum att_code want;
    } rows[] = {
        { "another TPM's EK", good.ek_certificate, public_of(other_tpm, MK_TPM_EK), good.aik_public,
          ATT_EK_MISMATCH },
        { "an AIK as EK", good.ek_certificate, good.aik_public, good.aik_public, ATT_EK_MISMATCH },
        { "an EK as AIK", good.ek_certificate, good.ek_public, good.ek_public, ATT_AIK_UNFIT },
        { "a key without restriction", good.ek_certificate, good.ek_public, public_of(tpm, MK_TPM_APP),
          ATT_AIK_UNFIT },
        { "a key of SHA-1", good.ek_certificate, good.ek_public, public_of(tpm, MK_TPM_AIK_SHA1),
          ATT_AIK_UNFIT },
        { "no EK certificate", { NULL, 0 }, good.ek_public, good.aik_public, ATT_EK_UNTRUSTED },
        { "no EK", good.ek_certificate, { NULL, 0 }, good.aik_public, ATT_EK_MISMATCH },
        { "no AIK", good.ek_certificate, good.ek_public, { NULL, 0 }, ATT_AIK_UNFIT },
        { "a certificate cut short", att_span_of(good.ek_certificate.ptr, good.ek_certificate.len - 1),
          good.ek_public, good.aik_public, ATT_EK_UNTRUSTED },
        { "an EK cut short", good.ek_certificate, att_span_of(good.ek_public.ptr, good.ek_public.len - 1),
          good.aik_public, ATT_EK_MISMATCH },
        { "an AIK cut short", good.ek_certificate, good.ek_public,
          att_span_of(good.aik_public.ptr, good.aik_public.len - 1), ATT_AIK_UNFIT },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct service_enroll_in in = { rows[i].cert, rows[i].ek, rows[i].aik };
        cases_check(&c, !begin(&in, &out) && err.code == rows[i].want && !out.context.ptr, "%s: %s",
                    rows[i].name, err.text);
    }
}

/* Each attribute that makes a key an attestation key, alone. */
static void attributes(void)
{
    static const struct {
        const char *name;
        unsigned bit;
    } rows[] = { { "fixedTPM", 1 },    { "fixedParent", 4 }, { "sensitiveDataOrigin", 5 },
                 { "restricted", 16 }, { "decrypt", 17 },    { "sign", 18 } };
    struct service_enroll_in in = in_of(tpm, MK_TPM_AIK);
    struct service_enroll_out out = { 0 };
    uint8_t *area = (uint8_t *)att_arena_dup(rig.arena, in.aik_public);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t *at = area + 2 + 2 + 2 + 3 - rows[i].bit / 8; /* length, type, nameAlg, then 32 bits */
        *at ^= (uint8_t)(1u << rows[i].bit % 8);
        in.aik_public = att_span_of(area, in.aik_public.len);
        cases_check(&c, !begin(&in, &out) && err.code == ATT_AIK_UNFIT, "%s is otherwise: %s", rows[i].name,
                    err.text);
        *at ^= (uint8_t)(1u << rows[i].bit % 8);
    }
    cases_check(&c, begin(&in, &out), "all as they must be: %s", err.text);
}

/* Whose TPM opens what. */
static void the_wrong_tpm(void)
{
    const struct service_enroll_in in = in_of(tpm, MK_TPM_AIK);
    struct service_enroll_out out = { 0 }, again = { 0 };
    struct att_span secret = { 0 }, second_secret = { 0 };

    need(begin(&in, &out) && begin(&in, &again), "credentials");
    cases_check(&c, !activate(other_tpm, name_of(tpm, MK_TPM_AIK), &out, &secret),
                "another TPM does not open it");
    cases_check(&c, !activate(tpm, name_of(tpm, MK_TPM_AIK_2), &out, &secret), "nor with another key");
    need(activate(tpm, name_of(tpm, MK_TPM_AIK), &out, &secret) &&
             activate(tpm, name_of(tpm, MK_TPM_AIK), &again, &second_secret),
         "opened");
    cases_check(&c, !att_span_eq(secret, second_secret), "each time another secret");
    struct service_enrolled who = { 0 };
    cases_check(&c,
                !take(&again, secret, &who) && err.code == ATT_TPM_CREDENTIAL_INVALID && !who.aik_spki.ptr,
                "the secret of another credential: %s", err.text);
}

static void wrong_secrets(void)
{
    struct service_enroll_out out = { 0 };
    struct service_enrolled who = { 0 };
    struct att_span secret = { 0 };
    uint8_t bytes[33] = { 0 };

    opened(MK_TPM_AIK, &out, &secret);
    for (size_t i = 0; i < secret.len; i++) {
        memcpy(bytes, secret.ptr, 32);
        bytes[i] ^= 1;
        cases_check(&c, !take(&out, att_span_of(bytes, 32), &who) && err.code == ATT_TPM_CREDENTIAL_INVALID,
                    "byte %zu changed: %s", i, err.text);
    }
    memcpy(bytes, secret.ptr, 32);
    cases_check(&c, !take(&out, att_span_of(bytes, 31), &who) && err.code == ATT_TPM_CREDENTIAL_INVALID,
                "a byte less");
    cases_check(&c, !take(&out, att_span_of(bytes, 33), &who) && err.code == ATT_TPM_CREDENTIAL_INVALID,
                "a byte more");
    cases_check(&c, !take(&out, (struct att_span){ 0 }, &who) && err.code == ATT_TPM_CREDENTIAL_INVALID,
                "none");
    cases_check(&c, !who.aik_spki.ptr, "nothing was given");
    cases_check(&c, take(&out, secret, &who), "guesses do not spend it: %s", err.text);
    cases_check(&c, !take(&out, secret, &who) && err.code == ATT_TPM_CHALLENGE_USED, "its use does: %s",
                err.text);
    cases_check(&c, !take(&out, att_span_of(bytes, 31), &who) && err.code == ATT_TPM_CREDENTIAL_INVALID,
                "and a guess learns nothing of that");
}

static void wrong_contexts(void)
{
    struct service_enroll_out out = { 0 };
    struct service_enrolled who = { 0 };
    struct att_span secret = { 0 }, other = { 0 };
    struct context_opened mine;

    opened(MK_TPM_AIK, &out, &secret);
    cases_check(&c, !take_at(second, out.context, secret, &who) && err.code == ATT_TPM_CONTEXT_INVALID,
                "at another provider: %s", err.text);
    err = (struct att_err){ 0 };
    need(context_open(rig.service, rig.arena, "tpm-enroll", provider, out.context, &mine, &err) &&
             context_seal(rig.service, rig.arena, "tpm-challenge", provider, mine.content, 300, &other, &err),
         "a challenge");
    cases_check(&c, !take_at(provider, other, secret, &who) && err.code == ATT_TPM_CONTEXT_INVALID,
                "a challenge's context: %s", err.text);
    err = (struct att_err){ 0 };
    need(context_seal(rig.service, rig.arena, "tpm-enroll", provider, att_str("\x02 of another release"), 300,
                      &other, &err),
         "another form");
    cases_check(&c, !take_at(provider, other, secret, &who) && err.code == ATT_TPM_CONTEXT_INVALID,
                "another release's context: %s", err.text);
    cases_check(
        &c, !take_at(provider, (struct att_span){ 0 }, secret, &who) && err.code == ATT_TPM_CONTEXT_INVALID,
        "none");
    char *text = att_arena_dup(rig.arena, out.context);
    unsigned taken = 0;
    for (size_t i = 0; i < out.context.len; i += 7) {
        char before = text[i];
        text[i] = before == 'A' ? 'B' : 'A';
        taken += take_at(provider, att_span_of(text, out.context.len), secret, &who);
        taken += err.code != ATT_TPM_CONTEXT_INVALID;
        text[i] = before;
    }
    cases_check(&c, taken == 0, "every seventh character changed: %u were not refused as such", taken);
    for (size_t cut = 1; cut < out.context.len; cut += 13)
        taken += take_at(provider, att_span_of(text, out.context.len - cut), secret, &who);
    cases_check(&c, taken == 0, "cut short: %u were taken", taken);
    for (size_t cut = 1; cut < out.context.len; cut += 13)
        taken += take_at(provider, att_span_of(text + cut, out.context.len - cut), secret, &who);
    cases_check(&c, taken == 0, "without its beginning: %u were taken", taken);
    rig.now_unix_s = RIG_NOW + 299;
    cases_check(&c, take(&out, secret, &who), "in its last second: %s", err.text);
    opened(MK_TPM_AIK, &out, &secret);
    rig.now_unix_s += 300;
    cases_check(&c, !take(&out, secret, &who) && err.code == ATT_TPM_CONTEXT_EXPIRED, "too late: %s",
                err.text);
    rig.now_unix_s = RIG_NOW;
}

/* What the setting, the store or the key would give is missing. */
static void without(void)
{
    const struct service_enroll_in in = in_of(tpm, MK_TPM_AIK);
    struct service_enroll_out out = { 0 };
    struct att_span der = { 0 }, pem = { 0 };

    for (int i = 0; i < 4; i++) {
        struct service_options o = options_of();
        struct service *s = NULL;
        if (i == 0)
            o.ek_trust = NULL;
        if (i == 1)
            o.aik_authority = NULL;
        if (i == 2)
            o.once = NULL;
        if (i == 3)
            o.context_key = NULL;
        need(service_new(&o, &s, &err), "service");
        err = (struct att_err){ 0 };
        bool ok = service_enroll_begin(s, provider, rig.arena, &in, &out, &err);
        cases_check(&c, !ok && err.code == (i == 0 ? ATT_EK_UNTRUSTED : ATT_SERVICE_UNAVAILABLE),
                    "without %d: %s", i, err.text);
        cases_check(&c, i != 0 || strstr(err.text, "tpm_ek_roots"), "the setting is named: %s", err.text);
        cases_check(&c, service_aik_authority(s, &der, &pem, &err) == (i != 1), "the authority %d", i);
        service_free(s);
    }
    cases_check(
        &c, service_aik_authority(rig.service, &der, &pem, &err) && att_span_eq(der, authority->certificate),
        "the authority's certificate");
}

int main(void)
{
    start();
    a_certificate("RSA", MK_TPM_AIK);
    a_certificate("RSAPSS", MK_TPM_AIK_PSS);
    a_certificate("P-256", MK_TPM_AIK_EC);
    others_who_ask();
    attributes();
    the_wrong_tpm();
    wrong_secrets();
    wrong_contexts();
    without();
    stop();
    return cases_report(&c);
}
