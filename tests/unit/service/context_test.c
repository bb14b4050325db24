/* layers: service keys signer store store/memory site access attest base codec */
/* Contexts: sealed for one purpose, one provider, one time; any byte changed, and they do not open. */
#include "service/context.h"

#include "support/cases.h"
#include "unit/service/rig.h"

static struct cases cases = { .name = "service.context" };

static const uint8_t key[32] = { 7 }, other_key[32] = { 8 };

static bool opens(struct rig *r, const char *purpose, const struct site_provider *p, struct att_span text,
                  enum att_code *ret)
{
    struct context_opened opened = { 0 };
    struct att_err err = { 0 };
    bool ok = context_open(r->service, r->arena, purpose, p, text, &opened, &err);

    *ret = err.code;
    return ok && att_span_is(opened.content, "challenge") && strlen(opened.id) == 32;
}

static struct att_span sealed(struct rig *r, const struct site_provider *p, uint32_t life_s)
{
    struct att_span text = { 0 };
    struct att_err err = { 0 };

    rig_need(context_seal(r->service, r->arena, "test", p, att_str("challenge"), life_s, &text, &err), "seal",
             &err);
    return text;
}

static void check_life(struct rig *r, const struct site_provider *p)
{
    struct att_span text = sealed(r, p, 300);
    enum att_code code;

    cases_check(&cases, opens(r, "test", p, text, &code), "at once");
    r->now_unix_s += 299;
    cases_check(&cases, opens(r, "test", p, text, &code), "in its last second");
    r->now_unix_s += 1;
    cases_check(&cases, !opens(r, "test", p, text, &code) && code == ATT_TPM_CONTEXT_EXPIRED,
                "E-z: at its end");
    r->now_unix_s += 1000000;
    cases_check(&cases, !opens(r, "test", p, text, &code) && code == ATT_TPM_CONTEXT_EXPIRED, "long after");
    r->now_unix_s = RIG_NOW;
}

static void check_binding(struct rig *r, const struct site_provider *p)
{
    struct site_provider twin = *p;
    struct att_span text = sealed(r, p, 300);
    enum att_code code;

    twin.o.key = RIG_PROVIDERS "twin";
    cases_check(&cases, !opens(r, "test", &twin, text, &code) && code == ATT_TPM_CONTEXT_INVALID,
                "another provider's context");
    cases_check(&cases, !opens(r, "test2", p, text, &code) && code == ATT_TPM_CONTEXT_INVALID,
                "another purpose's context");
    cases_check(&cases, !opens(r, "", p, text, &code) && code == ATT_TPM_CONTEXT_INVALID, "no purpose");
}

/* E-c: what comes back is what was sent out, or nothing. */
static void check_bytes(struct rig *r, const struct site_provider *p)
{
    struct att_span text = sealed(r, p, 300);
    uint8_t *copy = att_arena_alloc(r->arena, text.len + 8, 1);
    enum att_code code;
    size_t opened = 0, other = 0;

    for (size_t len = 0; len < text.len; len++) {
        opened += opens(r, "test", p, att_span_of(text.ptr, len), &code);
        other += code != ATT_TPM_CONTEXT_INVALID;
    }
    cases_check(&cases, opened == 0 && other == 0, "a truncated context opens");
    opened = other = 0;
    for (size_t i = 0; i < text.len; i++) {
        memcpy(copy, text.ptr, text.len);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        /* A letter of a name in the JSON may change without harm to what is sealed: then the content is the same. */
        if (opens(r, "test", p, att_span_of(copy, text.len), &code))
            opened++;
        else
            other += code != ATT_TPM_CONTEXT_INVALID;
    }
    cases_check(&cases, other == 0, "a changed context is refused otherwise than as invalid");
    cases_check(&cases, opened < 120, "%zu changed letters do no harm: more than the key's name has", opened);
    memset(copy, 'A', 8);
    cases_check(&cases, !opens(r, "test", p, att_span_of(copy, 8), &code) && code == ATT_TPM_CONTEXT_INVALID,
                "eight letters");
    cases_check(&cases,
                !opens(r, "test", p, (struct att_span){ 0 }, &code) && code == ATT_TPM_CONTEXT_INVALID,
                "E-a: an empty context");
    cases_check(&cases,
                !opens(r, "test", p, att_str("@SERVICE_CONTEXT@"), &code) && code == ATT_TPM_CONTEXT_INVALID,
                "no base64url");
}

/* Another installation's service; two replicas with one key. */
static void check_keys(struct rig *r, const struct site_provider *p)
{
    struct att_span text = sealed(r, p, 300);
    struct service_options options = { .lib = r->lib,
                                       .signer = r->signer,
                                       .site = r->site,
                                       .keys = r->keys,
                                       .base_url = RIG_BASE,
                                       .location = "local",
                                       .now_unix_s = rig_now,
                                       .now_ctx = r };
    const struct {
        const uint8_t *key;
        enum att_code code;
    } rows[] = { { key, ATT_OK }, { other_key, ATT_TPM_CONTEXT_INVALID }, { NULL, ATT_SERVICE_UNAVAILABLE } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct context_opened opened = { 0 };
        struct service *s = NULL;
        struct att_err err = { 0 };
        options.context_key = rows[i].key;
        rig_need(service_new(&options, &s, &err), "service", &err);
        bool ok = context_open(s, r->arena, "test", p, text, &opened, &err);
        cases_check(&cases, ok == (rows[i].code == ATT_OK) && err.code == rows[i].code, "key %zu: %s", i,
                    att_code_name(err.code));
        service_free(s);
    }
}

int main(void)
{
    struct rig r;
    const struct rig_options options = { .context_key = key };

    rig_new(&r, &options);
    const struct site_provider *p = site_get(r.site, SITE_PROVIDER, RIG_DEFAULT_KEY);
    rig_need(p != NULL, "provider", NULL);
    check_life(&r, p);
    check_binding(&r, p);
    check_bytes(&r, p);
    check_keys(&r, p);
    struct att_span one = sealed(&r, p, 300), two = sealed(&r, p, 300);
    cases_check(&cases, !att_span_eq(one, two), "two contexts are the same");
    site_unref(p);
    rig_free(&r);
    return cases_report(&cases);
}
