/* layers: attest makers crypto codec base */
/* What the boot of a guest gives in claims: Windows and Linux, with all of it proven, some or nothing; contents of Secure Boot's
 * variables against the operator's lists; the identifier in a certificate; floors for what is inside. */
#include <openssl/x509v3.h>

#include "crypto/crypto.h"
#include "support/cases.h"
#include "unit/evidence/guest/fixture.h"

static struct cases cases = { .name = "evidence/guest/boot" };
static struct world world;

static const struct att_claim *claim(const struct att_verdict *v, const char *name)
{
    return att_claims_find(&v->claims, name, ATT_ISSUER_SERVICE);
}

static int flag(const struct att_verdict *v, const char *name)
{
    const struct att_claim *c = claim(v, name);

    return c && c->value.kind == ATT_CLAIM_BOOL ? c->value.boolean : -1;
}

/* -- flags ---------------------------------------------------------------------------------------------------------- */

enum fault { WHOLE, NO_LOG, LOG_NOT_QUOTED, UNEXPLAINED };
static const struct row {
    const char *name;
    enum mk_os os;
    enum mk_boot_flag on; /* MK_FLAG_COUNT: none */
    enum mk_flag secure;
    enum fault fault;
    const char *os_type; /* NULL: as it is */
    int secureboot, windows, bootdebug, kerneldebug, testsigning, debuggersdisabled, signingdisabled;
} rows[] = {
    { "Linux", MK_OS_LINUX, MK_FLAG_COUNT, MK_TRUE, WHOLE, NULL, 1, 0, 0, 0, 0, 1, 1 },
    { "Linux without Secure Boot", MK_OS_LINUX, MK_FLAG_COUNT, MK_FALSE, WHOLE, NULL, 0, 0, 0, 0, 0, 1, 1 },
    { "firmware that says nothing of it", MK_OS_LINUX, MK_FLAG_COUNT, MK_ABSENT, WHOLE, NULL, 0, 0, 0, 0, 0,
      1, 1 },
    { "Linux without a log", MK_OS_LINUX, MK_FLAG_COUNT, MK_TRUE, NO_LOG, NULL, 0, 0, 0, 0, 0, 0, 0 },
    { "Linux, a quoted register beyond the log", MK_OS_LINUX, MK_FLAG_COUNT, MK_TRUE, UNEXPLAINED, NULL, 1, 0,
      0, 0, 0, 0, 0 },
    { "Linux that calls itself Windows", MK_OS_LINUX, MK_FLAG_COUNT, MK_TRUE, WHOLE, "Windows", 1, 0, 0, 0, 0,
      0, 0 },
    { "Windows", MK_OS_WINDOWS, MK_FLAG_COUNT, MK_TRUE, WHOLE, NULL, 1, 1, 0, 0, 0, 1, 1 },
    { "Windows that calls itself Linux", MK_OS_WINDOWS, MK_FLAG_COUNT, MK_TRUE, WHOLE, "Linux", 1, 1, 0, 0, 0,
      1, 1 },
    { "Windows, boot debugging", MK_OS_WINDOWS, MK_FLAG_BOOT_DEBUGGING, MK_TRUE, WHOLE, NULL, 1, 1, 1, 0, 0,
      0, 1 },
    { "Windows, kernel debugging", MK_OS_WINDOWS, MK_FLAG_KERNEL_DEBUG, MK_TRUE, WHOLE, NULL, 1, 1, 0, 1, 0,
      0, 1 },
    { "Windows, test signing", MK_OS_WINDOWS, MK_FLAG_TEST_SIGNING, MK_TRUE, WHOLE, NULL, 1, 1, 0, 0, 1, 1,
      0 },
    { "Windows, its registers not quoted", MK_OS_WINDOWS, MK_FLAG_KERNEL_DEBUG, MK_TRUE, LOG_NOT_QUOTED, NULL,
      1, 0, 0, 0, 0, 0, 0 },
    { "Windows without a log", MK_OS_WINDOWS, MK_FLAG_KERNEL_DEBUG, MK_TRUE, NO_LOG, NULL, 0, 0, 0, 0, 0, 0,
      0 },
};

static void boot_of(const struct row *r, struct mk_boot *b)
{
    static const enum mk_boot_flag flags[] = { MK_FLAG_BOOT_DEBUGGING, MK_FLAG_KERNEL_DEBUG,
                                               MK_FLAG_TEST_SIGNING, MK_FLAG_FLIGHT_SIGNING,
                                               MK_FLAG_HYPERVISOR_DEBUG };

    mk_boot_defaults(b, r->os);
    b->secure_boot = r->secure;
    b->no_ima = true;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        b->flags[flags[i]] = flags[i] == r->on ? MK_TRUE : MK_FALSE;
}

static void judged(const struct guest *g, const struct att_attest_in *change, struct att_arena *arena,
                   struct att_verdict *ret)
{
    struct att_buf json = { 0 };

    guest_json(g, &json);
    struct att_attest_in in = guest_in(&world, (struct att_span){ 0 });
    if (change)
        in = *change;
    char *copy = att_arena_dup(arena, att_buf_span(&json));
    in.evidence = att_span_of(copy, json.len);
    (void)!att_attest(world.lib, arena, &in, ret);
    att_buf_free(&json);
}

static void run(const struct row *r)
{
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    struct guest_spec spec = { .isolation = "TrustedLaunch", .os = r->os };
    struct mk_boot boot;
    struct att_err err = { 0 };
    struct att_verdict v;
    struct guest g;

    boot_of(r, &boot);
    spec.boot = &boot;
    if (r->fault == LOG_NOT_QUOTED)
        spec.pcrs = FIRMWARE_MASK;
    guest_new(&world, &spec, &g);
    if (r->fault == NO_LOG)
        att_buf_clear(&g.part[LOGS]);
    if (r->fault == UNEXPLAINED) {
        need(mk_tpm_extend_data(world.tpm, 11, att_str("by the system"), &err), "mk_tpm_extend_data", &err);
        quote_make(&world, FIRMWARE_MASK | 1u << 11, MK_TPM_AIK, &g);
    }
    if (r->os_type)
        g.os_type = r->os_type;
    judged(&g, NULL, arena, &v);
    const struct {
        const char *name;
        int want;
    } flags[] = {
        { "secureboot", r->secureboot },
        { "x-ms-azurevm-is-windows", r->windows },
        { "x-ms-azurevm-bootdebug-enabled", r->bootdebug },
        { "x-ms-azurevm-kerneldebug-enabled", r->kerneldebug },
        { "x-ms-azurevm-testsigning-enabled", r->testsigning },
        { "x-ms-azurevm-debuggersdisabled", r->debuggersdisabled },
        { "x-ms-azurevm-signingdisabled", r->signingdisabled },
        { "x-ms-azurevm-dbvalidated", 0 },
        { "x-ms-azurevm-dbxvalidated", 0 },
        { "x-ms-azurevm-default-securebootkeysvalidated", 0 },
    };
    cases_check(&cases, v.accepted, "%s: %s", r->name, v.err.text);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        cases_check(&cases, flag(&v, flags[i].name) == flags[i].want, "%s: %s is %d", r->name, flags[i].name,
                    flag(&v, flags[i].name));
    guest_free(&g);
    att_arena_free(arena);
}

/* -- contents of variables ------------------------------------------------------------------------------------------ */

static void contents(void)
{
    static const char *const values[4] = { "pk", "kek", "db", "dbx" };
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    struct att_crypto *crypto = att_crypto_new();
    struct guest_spec spec = { .isolation = "TrustedLaunch" };
    uint8_t hash[4][2][32] = { 0 };
    struct mk_boot boot;
    struct guest g;

    mk_boot_defaults(&boot, MK_OS_LINUX);
    boot.secure_boot = MK_TRUE;
    boot.no_ima = true;
    boot.pk = att_str(values[0]), boot.kek = att_str(values[1]), boot.db = att_str(values[2]);
    boot.dbx = att_str(values[3]);
    spec.boot = &boot;
    guest_new(&world, &spec, &g);
    for (size_t i = 0; i < 4; i++)
        need(att_digest(crypto, ATT_SHA256, att_str(values[i]), hash[i][1]), "att_digest", NULL);
    for (unsigned given = 0; given < 16; given++) { /* which of the four lists have the right hash, second */
        const struct att_boot_hashes known = {
            .pk = (const uint8_t(*)[32])hash[0],
            .pk_count = given & 1 ? 2 : 1,
            .kek = (const uint8_t(*)[32])hash[1],
            .kek_count = given & 2 ? 2 : 1,
            .db = (const uint8_t(*)[32])hash[2],
            .db_count = given & 4 ? 2 : 1,
            .dbx = (const uint8_t(*)[32])hash[3],
            .dbx_count = given & 8 ? 2 : 1,
        };
        struct att_attest_in in = guest_in(&world, (struct att_span){ 0 });
        struct att_verdict v;
        in.boot_hashes = &known;
        att_arena_reset(arena);
        judged(&g, &in, arena, &v);
        cases_check(&cases,
                    flag(&v, "x-ms-azurevm-dbvalidated") == (int)(given >> 2 & 1) &&
                        flag(&v, "x-ms-azurevm-dbxvalidated") == (int)(given >> 3 & 1) &&
                        flag(&v, "x-ms-azurevm-default-securebootkeysvalidated") == ((given & 3) == 3),
                    "lists %u", given);
    }
    guest_free(&g);
    att_crypto_free(crypto);
    att_arena_free(arena);
}

/* -- the identifier in a certificate -------------------------------------------------------------------------------- */

static X509 *certificate(EVP_PKEY *key, const char *cn, EVP_PKEY *issuer, const char *issuer_cn, bool ca)
{
    X509 *x = X509_new();
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, ca ? NID_basic_constraints : NID_ext_key_usage,
                                              ca ? "critical,CA:TRUE" : "2.23.133.8.3");
    bool ok = x && ext && X509_set_version(x, X509_VERSION_3) == 1 &&
              ASN1_INTEGER_set(X509_get_serialNumber(x), ca ? 1 : 2) == 1 &&
              ASN1_TIME_set(X509_getm_notBefore(x), (time_t)FIXTURE_NOW - 1000) &&
              ASN1_TIME_set(X509_getm_notAfter(x), (time_t)FIXTURE_NOW + 1000) &&
              X509_set_pubkey(x, key) == 1 &&
              X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const uint8_t *)cn,
                                         -1, -1, 0) &&
              X509_NAME_add_entry_by_txt(X509_get_issuer_name(x), "CN", MBSTRING_ASC,
                                         (const uint8_t *)issuer_cn, -1, -1, 0) &&
              X509_add_ext(x, ext, -1) == 1 && X509_sign(x, issuer, EVP_sha256()) > 0;

    need(ok, "a certificate", NULL);
    X509_EXTENSION_free(ext);
    return x;
}

static void put_der(const X509 *x, struct att_buf *out)
{
    uint8_t *der = NULL;
    int len = i2d_X509(x, &der);

    need(len > 0, "i2d_X509", NULL);
    att_buf_clear(out);
    att_buf_put(out, att_span_of(der, (size_t)len));
    OPENSSL_free(der);
}

static struct att_tpm_trust *trust_of(const X509 *ca)
{
    struct att_buf der = { 0 }, pem = { 0 };
    struct att_tpm_trust *trust = NULL;
    struct att_err err = { 0 };

    put_der(ca, &der);
    att_buf_puts(&pem, "-----BEGIN CERTIFICATE-----\n");
    att_base64_put(&pem, att_buf_span(&der));
    att_buf_puts(&pem, "\n-----END CERTIFICATE-----\n");
    const struct att_root root = { .pem = att_buf_span(&pem) };
    const struct att_tpm_trust_in in = { .size = sizeof in, .roots = &root, .root_count = 1 };
    need(att_tpm_trust_new(world.lib, &in, &trust, &err), "att_tpm_trust_new", &err);
    att_buf_free(&der);
    att_buf_free(&pem);
    return trust;
}

static void identifiers(void)
{
    static const struct {
        const char *cn, *want;
    } names[] = {
        { "f7cea813-4c44-436c-8537-5701999C4589.TrustedVM.Azure", "F7CEA813-4C44-436C-8537-5701999C4589" },
        { "f7cea813-4c44-436c-8537-5701999c4589", "F7CEA813-4C44-436C-8537-5701999C4589" },
        { "f7cea813-4c44-436c-8537-5701999c458.TrustedVM.Azure", NULL },
        { "f7cea813-4c44-436c-8537-5701999c45890.TrustedVM.Azure", NULL },
        { "g7cea813-4c44-436c-8537-5701999c4589.TrustedVM.Azure", NULL },
        { "some machine", NULL },
    };
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    struct guest_spec spec = { .isolation = "TrustedLaunch" };
    EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *aik = NULL;
    struct att_err err = { 0 };
    struct guest g;

    need(ca_key && mk_tpm_key(world.tpm, MK_TPM_AIK, &aik, &err), "keys", &err);
    X509 *ca = certificate(ca_key, "CA", ca_key, "CA", true);
    struct att_tpm_trust *trust = trust_of(ca);
    guest_new(&world, &spec, &g);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        X509 *leaf = certificate(aik, names[i].cn, ca_key, "CA", false);
        struct att_attest_in in = guest_in(&world, (struct att_span){ 0 });
        struct att_verdict v;
        put_der(leaf, &g.part[AIK_CERT]);
        in.aik_trust = trust;
        att_arena_reset(arena);
        judged(&g, &in, arena, &v);
        const struct att_claim *id = v.accepted ? claim(&v, "x-ms-azurevm-vmid") : NULL;
        cases_check(&cases, v.accepted && !v.test_root, "%s: %s", names[i].cn, v.err.text);
        cases_check(&cases, names[i].want ? id && att_span_is(id->value.text, names[i].want) : !id,
                    "%s: identifier", names[i].cn);
        X509_free(leaf);
    }
    guest_free(&g);
    att_tpm_trust_free(trust);
    X509_free(ca);
    EVP_PKEY_free(ca_key);
    att_arena_free(arena);
}

/* -- what is inside --------------------------------------------------------------------------------------------------- */

static void floors(void)
{
    static const struct {
        const char *name, *isolation;
        uint32_t floor;
        enum att_code want;
    } levels[] = {
        { "TDX above its floor", "Tdx", 1, ATT_OK },
        { "TDX under its floor", "Tdx", 1000000, ATT_TCB_EVAL_NUMBER_TOO_LOW },
        { "SNP has no numbers", "SevSnp", 1000000, ATT_OK },
    };
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);

    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        struct guest_spec spec = { .isolation = levels[i].isolation };
        struct att_verdict v;
        struct guest g;
        guest_new(&world, &spec, &g);
        struct att_attest_in in = guest_in(&world, (struct att_span){ 0 });
        struct att_collateral *c = guest_collateral(&world, &g);
        in.collateral = c;
        in.evaluation_number_min = levels[i].floor;
        /* Bound to another guest's data: nobody looks there, the evidence has its own. */
        in.runtime = (struct att_bound_data){ .present = true, .bytes = att_str("something else") };
        att_arena_reset(arena);
        judged(&g, &in, arena, &v);
        cases_check(&cases, v.err.code == levels[i].want, "%s: %s", levels[i].name, v.err.text);
        att_collateral_free(c);
        guest_free(&g);
    }
    att_arena_free(arena);
}

int main(void)
{
    world_new(&world);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        run(&rows[i]);
    contents();
    identifiers();
    floors();
    world_free(&world);
    return cases_report(&cases);
}
