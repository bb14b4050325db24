/* layers: attest makers crypto codec base */
/* The claims of three real tokens of guests, whose evidence is not public: evidence is made with the values that the claims tell, and
 * what it says has the same names, types and values at every depth. What cannot be equal is compared by its form: numbers of keys that
 * were made here, and the hash of runtime claims that hold one. The token's own members and x-ms-policy-hash, whose text is not
 * public, are not the evidence's. Made logs have no record of an early-launch driver: that flag is compared as a flag. The identifier of the one trusted launch stands in a certificate that the makers do not write. */
#include "base/hex.h"
#include "crypto/crypto.h"
#include "support/cases.h"
#include "unit/evidence/guest/fixture.h"

static struct cases cases = { .name = "vectors.guest_tokens" };
static struct world world;

struct real {
    const char *name;
    struct att_arena *arena;
    struct att_json json;
    att_json_id claims, inside; /* x-ms-isolation-tee, or none */
};

static bool load(const char *vectors, const char *folder, struct real *r)
{
    static const char *const files[] = { "payload.json", "expected.json" };

    *r = (struct real){ .name = folder, .arena = att_arena_new(8 << 20) };
    for (size_t i = 0; i < 2; i++) {
        char *path = path_of(vectors, "maa-tokens/%s/%s", folder, files[i]);
        size_t len = 0;
        uint8_t *text = file_read(path, &len);
        free(path);
        if (!text)
            continue;
        char *copy = att_arena_dup(r->arena, att_span_of(text, len));
        free(text);
        if (!copy || !att_json_parse(r->arena, att_span_of(copy, len), NULL, &r->json, NULL))
            return false;
        r->claims = i == 0 ? ATT_JSON_ROOT : att_json_get(&r->json, ATT_JSON_ROOT, "claims");
        r->inside = att_json_get(&r->json, r->claims, "x-ms-isolation-tee");
        return r->claims != ATT_JSON_NONE;
    }
    return false;
}

static struct att_span text_of(const struct real *r, att_json_id obj, const char *name)
{
    struct att_span text = { 0 };

    need(att_json_string(&r->json, r->arena, att_json_get(&r->json, obj, name), &text), name, NULL);
    return text;
}

static const char *str_of(const struct real *r, const char *name)
{
    char *copy = att_arena_dup(r->arena, text_of(r, r->claims, name));

    need(copy != NULL, name, NULL);
    return copy;
}

static int64_t number_of(const struct real *r, att_json_id obj, const char *name)
{
    int64_t n = 0;

    need(att_json_i64(&r->json, att_json_get(&r->json, obj, name), &n), name, NULL);
    return n;
}

static bool flag_of(const struct real *r, const char *name)
{
    return att_json_true(&r->json, att_json_get(&r->json, r->claims, name));
}

static const char *source_of(const struct real *r, att_json_id id)
{
    char *copy = att_arena_dup(r->arena, att_json_source(&r->json, id));

    need(copy != NULL, "source", NULL);
    return copy;
}

/* -- evidence with these values ----------------------------------------------------------------------------------- */

static void hex_of(const struct real *r, const char *name, uint8_t *ret, size_t len)
{
    need(att_hex_read(text_of(r, r->inside, name), ret, len), name, NULL);
}

static void snp_options(const struct real *r, struct mk_snp_options *o)
{
    mk_snp_defaults(o, MK_AMD_GENOA, FIXTURE_NOW);
    o->guest_svn = (uint32_t)number_of(r, r->inside, "x-ms-sevsnpvm-guestsvn");
    o->policy = 0x1f | MK_SNP_POLICY_RESERVED_ONE | MK_SNP_POLICY_SMT;
    o->reported =
        (struct mk_snp_tcb){ .bootloader = (uint8_t)number_of(r, r->inside, "x-ms-sevsnpvm-bootloader-svn"),
                             .tee = (uint8_t)number_of(r, r->inside, "x-ms-sevsnpvm-tee-svn"),
                             .snp = (uint8_t)number_of(r, r->inside, "x-ms-sevsnpvm-snpfw-svn"),
                             .microcode = (uint8_t)number_of(r, r->inside, "x-ms-sevsnpvm-microcode-svn") };
    o->current = o->committed = o->launch = o->reported;
    o->vmpl = (uint32_t)number_of(r, r->inside, "x-ms-sevsnpvm-vmpl");
    hex_of(r, "x-ms-sevsnpvm-familyId", o->family_id, sizeof o->family_id);
    hex_of(r, "x-ms-sevsnpvm-imageId", o->image_id, sizeof o->image_id);
    hex_of(r, "x-ms-sevsnpvm-launchmeasurement", o->measurement, sizeof o->measurement);
    hex_of(r, "x-ms-sevsnpvm-hostdata", o->host_data, sizeof o->host_data);
    hex_of(r, "x-ms-sevsnpvm-idkeydigest", o->id_key_digest, sizeof o->id_key_digest);
    hex_of(r, "x-ms-sevsnpvm-authorkeydigest", o->author_key_digest, sizeof o->author_key_digest);
    hex_of(r, "x-ms-sevsnpvm-reportid", o->report_id, sizeof o->report_id);
}

static const char *const variables[4] = { "a platform key", "a key exchange key", "signers", "forbidden" };

static void boot_options(const struct real *r, struct mk_boot *b)
{
    mk_boot_defaults(b, flag_of(r, "x-ms-azurevm-is-windows") ? MK_OS_WINDOWS : MK_OS_LINUX);
    b->secure_boot = flag_of(r, "secureboot") ? MK_TRUE : MK_FALSE;
    b->pk = att_str(variables[0]);
    b->kek = att_str(variables[1]);
    b->db = att_str(variables[2]);
    b->dbx = att_str(variables[3]);
    b->flags[MK_FLAG_BOOT_DEBUGGING] = MK_FALSE;
    b->flags[MK_FLAG_KERNEL_DEBUG] = MK_FALSE;
    b->flags[MK_FLAG_TEST_SIGNING] = MK_FALSE;
    b->flags[MK_FLAG_FLIGHT_SIGNING] = MK_FALSE;
    b->flags[MK_FLAG_HYPERVISOR_DEBUG] = MK_FALSE;
    b->has_elam = flag_of(r, "x-ms-azurevm-elam-enabled");
    b->has_hvci = true;
    b->hvci = (uint32_t)number_of(r, r->claims, "x-ms-azurevm-hvci-policy");
}

static uint32_t pcrs_of(const struct real *r)
{
    att_json_id list = att_json_get(&r->json, r->claims, "x-ms-azurevm-attested-pcrs");
    uint32_t mask = 0;

    for (att_json_id id = att_json_first(&r->json, list); id != ATT_JSON_NONE;
         id = att_json_next(&r->json, id)) {
        int64_t n = 0;
        need(att_json_i64(&r->json, id, &n) && n >= 0 && n < 24, "attested-pcrs", NULL);
        mask |= 1u << n;
    }
    return mask;
}

static void words_set(const struct real *r, struct guest *g)
{
    static char versions[64];
    att_json_id payload =
        att_json_get(&r->json, att_json_get(&r->json, r->claims, "x-ms-runtime"), "client-payload");

    (void)snprintf(versions, sizeof versions, "\"OSVersionMajor\":%lld,\"OSVersionMinor\":%lld",
                   (long long)number_of(r, r->claims, "x-ms-azurevm-osversion-major"),
                   (long long)number_of(r, r->claims, "x-ms-azurevm-osversion-minor"));
    g->protocol = str_of(r, "x-ms-azurevm-attestation-protocol-ver");
    g->os_type = str_of(r, "x-ms-azurevm-ostype");
    g->os_distro = str_of(r, "x-ms-azurevm-osdistro");
    g->os_build = str_of(r, "x-ms-azurevm-osbuild");
    g->os_versions = versions;
    g->client_payload = payload == ATT_JSON_NONE ? NULL : source_of(r, payload);
}

/* -- comparison --------------------------------------------------------------------------------------------------- */

static bool by_form_only(struct att_span name)
{
    return att_span_is(name, "n") || att_span_is(name, "x-ms-sevsnpvm-reportdata");
}

static bool same(const struct real *r, att_json_id want, const struct att_json *got, att_json_id have,
                 struct att_span name)
{
    struct att_span a = { 0 }, b = { 0 };

    if (have == ATT_JSON_NONE || att_json_type(&r->json, want) != att_json_type(got, have))
        return false;
    if (att_span_is(name, "x-ms-azurevm-elam-enabled"))
        return true;
    switch (att_json_type(&r->json, want)) {
    case ATT_JSON_STRING:
        return att_json_string(&r->json, r->arena, want, &a) && att_json_string(got, r->arena, have, &b) &&
               (by_form_only(name) ? a.len == b.len : att_span_eq(a, b));
    case ATT_JSON_ARRAY:
    case ATT_JSON_OBJECT:
        break;
    case ATT_JSON_NULL:
    case ATT_JSON_BOOL:
    case ATT_JSON_NUMBER:
        return att_span_eq(att_json_source(&r->json, want), att_json_source(got, have));
    }
    want = att_json_first(&r->json, want), have = att_json_first(got, have);
    for (; want != ATT_JSON_NONE; want = att_json_next(&r->json, want), have = att_json_next(got, have)) {
        bool named = att_json_key(&r->json, r->arena, want, &a);
        if (named && (have == ATT_JSON_NONE || !att_json_key_is(got, have, a)))
            return false;
        if (!same(r, want, got, have, a))
            return false;
    }
    return have == ATT_JSON_NONE;
}

/* A claim as the JSON value that a token has of it. */
static struct att_span value_of(const struct real *r, const struct att_value *v)
{
    struct att_buf b = { 0 };
    struct att_json_writer w = { .out = &b };

    switch (v->kind) {
    case ATT_CLAIM_BOOL:
        att_jw_bool(&w, v->boolean);
        break;
    case ATT_CLAIM_INT:
        att_jw_int(&w, v->integer);
        break;
    case ATT_CLAIM_STRING:
        att_jw_string(&w, v->text);
        break;
    case ATT_CLAIM_JSON:
        att_jw_raw(&w, v->text);
        break;
    }
    char *copy = att_arena_dup(r->arena, att_buf_span(&b));
    size_t len = b.len;
    att_buf_free(&b);
    return att_span_of(copy, len);
}

static bool of_the_token(struct att_span name)
{
    static const char *const names[] = { "iss", "iat", "nbf", "exp", "jti", "x-ms-policy-hash" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (att_span_is(name, names[i]))
            return true;
    return false;
}

static void compare(const struct real *r, const struct att_verdict *v)
{
    size_t wanted = 0, ours = 0;
    struct att_span name = { 0 };
    char text[96];

    for (att_json_id id = att_json_first(&r->json, r->claims); id != ATT_JSON_NONE;
         id = att_json_next(&r->json, id)) {
        need(att_json_key(&r->json, r->arena, id, &name), "name", NULL);
        if (of_the_token(name) || (r->inside == ATT_JSON_NONE && att_span_is(name, "x-ms-azurevm-vmid")))
            continue;
        wanted++;
        (void)snprintf(text, sizeof text, "%.*s", (int)name.len, (const char *)name.ptr);
        const struct att_claim *found = NULL;
        for (size_t i = 0; i < v->claims.count; i++)
            if ((v->claims.items[i].flags & ATT_CLAIM_IN_TOKEN) && att_span_eq(v->claims.items[i].type, name))
                found = &v->claims.items[i];
        struct att_span value = found ? value_of(r, &found->value) : att_str("null");
        struct att_json got;
        cases_check(&cases,
                    att_json_parse(r->arena, value, NULL, &got, NULL) &&
                        same(r, id, &got, ATT_JSON_ROOT, name),
                    "%s: %s is %.*s", r->name, text, (int)(value.len < 200 ? value.len : 200),
                    (const char *)value.ptr);
    }
    for (size_t i = 0; i < v->claims.count; i++)
        ours += (v->claims.items[i].flags & ATT_CLAIM_IN_TOKEN) != 0;
    cases_check(&cases, wanted > 20 && ours == wanted, "%s: %zu claims, ours are %zu", r->name, wanted, ours);
}

static void judge(const struct real *r)
{
    struct att_crypto *crypto = att_crypto_new();
    struct guest_spec spec = { .isolation = r->inside == ATT_JSON_NONE ? "TrustedLaunch" : "SevSnp",
                               .os = MK_OS_WINDOWS,
                               .pcrs = pcrs_of(r),
                               .key_ops = "encrypt" };
    uint8_t hash[4][1][32];
    struct mk_snp_options snp;
    struct mk_boot boot;
    struct att_buf json = { 0 };
    struct att_verdict v;
    struct guest g;

    boot_options(r, &boot);
    spec.boot = &boot;
    if (r->inside != ATT_JSON_NONE) {
        att_json_id runtime = att_json_get(&r->json, r->inside, "x-ms-runtime");
        snp_options(r, &snp);
        spec.snp = &snp;
        spec.configuration = source_of(r, att_json_get(&r->json, runtime, "vm-configuration"));
    }
    for (size_t i = 0; i < 4; i++)
        need(crypto && att_digest(crypto, ATT_SHA256, att_str(variables[i]), hash[i][0]), "att_digest", NULL);
    guest_new(&world, &spec, &g);
    words_set(r, &g);
    guest_json(&g, &json);
    const struct att_boot_hashes known = { .pk = (const uint8_t(*)[32])hash[0],
                                           .pk_count = 1,
                                           .kek = (const uint8_t(*)[32])hash[1],
                                           .kek_count = 1,
                                           .db = (const uint8_t(*)[32])hash[2],
                                           .db_count = flag_of(r, "x-ms-azurevm-dbvalidated"),
                                           .dbx = (const uint8_t(*)[32])hash[3],
                                           .dbx_count = flag_of(r, "x-ms-azurevm-dbxvalidated") };
    const struct att_compliance_row azure = { .status = "azure-compliant-cvm",
                                              .evidence_type = "sev-snp",
                                              .id_key_digest = att_span_of(snp.id_key_digest, 48) };
    struct att_attest_in in = guest_in(&world, att_buf_span(&json));
    in.boot_hashes = &known;
    in.compliance = &azure;
    in.compliance_count = r->inside != ATT_JSON_NONE;
    bool ok = att_attest(world.lib, r->arena, &in, &v);
    cases_check(&cases, ok, "%s: %s", r->name, v.err.text);
    if (ok)
        compare(r, &v);
    att_buf_free(&json);
    guest_free(&g);
    att_crypto_free(crypto);
}

int main(void)
{
    static const char *const folders[] = { "azurevm-guest-2022", "azurevm-guest-payload-only",
                                           "azurevm-guest-windows" };
    const char *vectors = vectors_dir();
    struct real r;

    if (!vectors) {
        cases_skip(&cases, "no vectors");
        (void)cases_report(&cases);
        return TEST_SKIPPED;
    }
    world_new(&world);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (load(vectors, folders[i], &r))
            judge(&r);
        else
            cases_skip(&cases, "%s is not there", folders[i]);
        att_arena_free(r.arena);
    }
    world_free(&world);
    return cases_report(&cases);
}
