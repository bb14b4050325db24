/* Claims of an Azure guest. Names, types and the pattern of their values are those of real tokens; what the log does not prove is
 * said as its unsafe value. */
#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "evidence/guest/guest.h"

#include <stdlib.h>
#include <strings.h>

#define CLAIM(tail) "x-ms-azurevm-" tail

enum { TOKEN = ATT_CLAIM_IN_TOKEN };

static bool json_add(struct att_claims *set, const char *name, const struct att_buf *text,
                     struct att_err *err)
{
    char *copy = text->failed ? NULL : att_arena_dup(set->arena, att_buf_span(text));

    if (!copy)
        return att_fail_memory(err, name);
    return att_claims_add_json(set, name, att_span_of(copy, text->len), TOKEN, err);
}

/* -- the guest's own words, for people ---------------------------------------------------------------------------- */

static bool word_claims(const struct guest_words *w, struct att_claims *set, struct att_err *err)
{
    const struct {
        const char *name;
        struct att_span text;
    } texts[] = {
        { CLAIM("attestation-protocol-ver"), w->protocol_version },
        { CLAIM("osbuild"), w->os_build },
        { CLAIM("osdistro"), w->os_distro },
        { CLAIM("ostype"), w->os_type },
    };
    const struct {
        const char *name;
        bool has;
        int64_t value;
    } numbers[] = {
        { CLAIM("osversion-major"), w->has_major, w->os_major },
        { CLAIM("osversion-minor"), w->has_minor, w->os_minor },
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].text.len > 0 && !att_claims_add_text(set, texts[i].name, texts[i].text, TOKEN, err))
            return false;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (numbers[i].has && !att_claims_add_int(set, numbers[i].name, numbers[i].value, TOKEN, err))
            return false;
    return true;
}

/* -- what was booted ---------------------------------------------------------------------------------------------- */

static bool listed(const uint8_t hash[32], bool has, const uint8_t (*list)[32], size_t count)
{
    for (size_t i = 0; has && i < count; i++)
        if (memcmp(hash, list[i], 32) == 0)
            return true;
    return false;
}

struct contents {
    bool db, dbx, keys;
};

/* Nobody publishes which contents Azure calls valid: the site's own lists count, and without them nothing is. */
static struct contents contents_of(const struct att_ctx *ctx, const struct log_facts *f)
{
    static const struct att_boot_hashes none = { 0 };
    const struct att_boot_hashes *b = ctx->in->boot_hashes ? ctx->in->boot_hashes : &none;

    return (struct contents){
        .db = listed(f->db, f->has_db, b->db, b->db_count),
        .dbx = listed(f->dbx, f->has_dbx, b->dbx, b->dbx_count),
        .keys =
            listed(f->pk, f->has_pk, b->pk, b->pk_count) && listed(f->kek, f->has_kek, b->kek, b->kek_count),
    };
}

static bool calls_itself_windows(const struct guest_words *w)
{
    static const char name[] = "windows";

    return w->os_type.len == sizeof name - 1 &&
           strncasecmp((const char *)w->os_type.ptr, name, sizeof name - 1) == 0;
}

/* Flags that Windows measures are meaningful once its measurements are there. Another system has none, which real tokens show as
 * "nothing enabled, debuggers and test signing disabled"; who calls itself Windows and shows nothing, or has registers that
 * the log does not explain, gets no such praise. */
static bool boot_claims(const struct att_ctx *ctx, const struct guest_evidence *ev, struct att_claims *set,
                        struct att_err *err)
{
    const struct log_facts *f = &ev->facts;
    const struct contents contents = contents_of(ctx, f);
    bool bootdebug = f->windows && !f->boot_debugging_disabled;
    bool known = ev->measured && ev->all_explained && (f->windows || !calls_itself_windows(&ev->words));
    const struct {
        const char *name;
        bool value;
    } flags[] = {
        { "secureboot", f->secure_boot },
        { CLAIM("bootdebug-enabled"), bootdebug },
        { CLAIM("dbvalidated"), contents.db },
        { CLAIM("dbxvalidated"), contents.dbx },
        { CLAIM("debuggersdisabled"), known && !bootdebug && !f->kernel_debug && !f->hypervisor_debug },
        { CLAIM("default-securebootkeysvalidated"), contents.keys },
        { CLAIM("elam-enabled"), f->elam_loaded },
        { CLAIM("flightsigning-enabled"), f->flight_signing },
        { CLAIM("hypervisordebug-enabled"), f->hypervisor_debug },
        { CLAIM("is-windows"), f->windows },
        { CLAIM("kerneldebug-enabled"), f->kernel_debug },
        { CLAIM("signingdisabled"), known && !f->test_signing && !f->flight_signing },
        { CLAIM("testsigning-enabled"), f->test_signing },
    };

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (!att_claims_add_bool(set, flags[i].name, flags[i].value, TOKEN, err))
            return false;
    return att_claims_add_int(set, CLAIM("hvci-policy"), f->hvci_policy, TOKEN, err);
}

/* In tokens a list, also of one; for policies each number is a claim. */
static bool register_claims(const struct guest_evidence *ev, struct att_claims *set, struct att_err *err)
{
    static const char name[] = CLAIM("attested-pcrs");
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };
    struct att_json_writer w = { .out = &b };

    att_jw_array(&w);
    for (unsigned i = 0; i < TPM_PCRS; i++) {
        if (!(ev->quoted >> i & 1))
            continue;
        att_jw_int(&w, i);
        if (!att_claims_add_int(set, name, i, 0, err))
            return false;
    }
    att_jw_end_array(&w);
    return json_add(set, name, &b, err);
}

/* -- what isolates it --------------------------------------------------------------------------------------------- */

static int by_name(const void *left, const void *right)
{
    const struct att_claim *a = *(const struct att_claim *const *)left,
                           *b = *(const struct att_claim *const *)right;
    size_t len = a->type.len < b->type.len ? a->type.len : b->type.len;
    int order = len > 0 ? memcmp(a->type.ptr, b->type.ptr, len) : 0;

    return order ? order : (a->type.len > b->type.len) - (a->type.len < b->type.len);
}

static void value_put(struct att_json_writer *w, const struct att_value *v)
{
    switch (v->kind) {
    case ATT_CLAIM_BOOL:
        att_jw_bool(w, v->boolean);
        return;
    case ATT_CLAIM_INT:
        att_jw_int(w, v->integer);
        return;
    case ATT_CLAIM_STRING:
        att_jw_string(w, v->text);
        return;
    case ATT_CLAIM_JSON:
        att_jw_raw(w, v->text);
        return;
    }
}

/* Claims of the evidence inside, as its own token would have them, but for the version, which is said outside. */
static bool object_put(const struct att_claims *inner, struct att_arena *arena, struct att_json_writer *w,
                       struct att_err *err)
{
    const struct att_claim **sorted = att_arena_alloc(arena, inner->count + 1, sizeof *sorted);
    size_t count = 0;

    if (!sorted)
        return att_fail_memory(err, "x-ms-isolation-tee");
    for (size_t i = 0; i < inner->count; i++)
        if ((inner->items[i].flags & TOKEN) && !att_span_is(inner->items[i].type, "x-ms-ver"))
            sorted[count++] = &inner->items[i];
    qsort(sorted, count, sizeof *sorted, by_name);
    att_jw_object(w);
    for (size_t i = 0; i < count; i++) {
        att_jw_key_span(w, sorted[i]->type);
        value_put(w, &sorted[i]->value);
    }
    att_jw_end_object(w);
    return true;
}

/* Policies see no objects. For them alone the same stands beside it, under its own names: else no policy could refuse a guest whose
 * host may debug it. */
static bool shown_to_policies(const struct att_claims *inner, struct att_claims *set, struct att_err *err)
{
    for (size_t i = 0; i < inner->count; i++) {
        struct att_claim c = inner->items[i];
        if (!(c.flags & TOKEN) || c.value.kind == ATT_CLAIM_JSON || att_span_is(c.type, "x-ms-ver") ||
            att_span_is(c.type, "x-ms-attestation-type"))
            continue;
        c.flags = 0;
        if (!att_claims_add(set, &c, err))
            return false;
    }
    return true;
}

static bool isolation_claims(struct att_ctx *ctx, const struct guest_evidence *ev, struct att_claims *set,
                             struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };
    struct att_json_writer w = { .out = &b };
    struct att_ctx inner_ctx = ev->inner_ctx;
    struct att_claims inner;

    if (!ev->inner)
        return true;
    att_claims_init(&inner, ctx->arena, &ctx->lib->limits);
    return ev->inner_type->claims(&inner_ctx, ev->inner, &inner, err) &&
           object_put(&inner, ctx->arena, &w, err) && json_add(set, "x-ms-isolation-tee", &b, err) &&
           shown_to_policies(&inner, set, err);
}

/* -- what it holds ------------------------------------------------------------------------------------------------ */

static void base64url_member(struct att_json_writer *w, const char *name, struct att_span bytes)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    att_base64url_put(&text, bytes);
    w->out->failed = w->out->failed || text.failed;
    att_jw_key(w, name);
    att_jw_string(w, att_buf_span(&text));
}

static void enc_key_put(struct att_json_writer *w, const struct tpm_public *key)
{
    uint8_t e[4] = { (uint8_t)(key->exponent >> 24), (uint8_t)(key->exponent >> 16),
                     (uint8_t)(key->exponent >> 8), (uint8_t)key->exponent };
    size_t zeros = 0;

    while (zeros < sizeof e - 1 && e[zeros] == 0)
        zeros++;
    att_jw_object(w);
    base64url_member(w, "e", att_span_of(e + zeros, sizeof e - zeros));
    att_jw_key(w, "key_ops");
    att_jw_array(w);
    att_jw_str(w, "encrypt");
    att_jw_end_array(w);
    att_jw_key(w, "kid");
    att_jw_str(w, "TpmEphemeralEncryptionKey");
    att_jw_key(w, "kty");
    att_jw_str(w, "RSA");
    base64url_member(w, "n", key->modulus);
    att_jw_end_object(w);
}

static bool runtime_claims(const struct guest_evidence *ev, struct att_claims *set, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };
    struct att_json_writer w = { .out = &b };

    if (!ev->has_enc_key)
        return true;
    att_jw_object(&w);
    if (ev->words.client_payload.len > 0) {
        att_jw_key(&w, "client-payload");
        att_jw_raw(&w, ev->words.client_payload);
    }
    att_jw_key(&w, "keys");
    att_jw_array(&w);
    enc_key_put(&w, &ev->enc_key);
    att_jw_end_array(&w);
    att_jw_end_object(&w);
    return json_add(set, "x-ms-runtime", &b, err);
}

static bool common_claims(const struct guest_evidence *ev, struct att_claims *set, struct att_err *err)
{
    return att_claims_add_text(set, "x-ms-ver", att_str("1.0"), TOKEN, err) &&
           att_claims_add_text(set, "x-ms-attestation-type", att_str(GUEST_ATTESTATION_TYPE), TOKEN, err) &&
           (ev->vm_id.len == 0 || att_claims_add_text(set, CLAIM("vmid"), ev->vm_id, TOKEN, err));
}

bool guest_claims(struct att_ctx *ctx, const struct att_evidence *base, struct att_claims *set,
                  struct att_err *err)
{
    const struct guest_evidence *ev = (const struct guest_evidence *)base; /* first member */

    return common_claims(ev, set, err) && word_claims(&ev->words, set, err) &&
           boot_claims(ctx, ev, set, err) && (ev->tpm.quote.len == 0 || register_claims(ev, set, err)) &&
           isolation_claims(ctx, ev, set, err) && runtime_claims(ev, set, err);
}
