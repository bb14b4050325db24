/* The pipeline: configuration, form, binding and trust of the evidence, acceptance of its level, claims, policy. */
#include <attest/attest.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "evidence/registry.h"

#include <stdio.h>

enum { ALL_PCRS = 0xFFFFFF };

struct run {
    struct att_ctx ctx;
    const struct att_attest_in *in;
    const struct att_verifier *type;
    struct att_evidence *evidence;
    struct att_verdict *ret;
};

static void run_clear(struct run *r)
{
    if (r->type)
        r->type->destroy(r->evidence);
}

static bool type_find(const char *name, const struct att_verifier **ret, struct att_err *err)
{
    *ret = att_verifier_by_name(name);
    if (*ret)
        return true;
    return att_fail(err, ATT_EVIDENCE_TYPE_UNKNOWN, "evidence_type", att_verifier_names(), "\"%s\"",
                    att_shown(&(struct att_shown){ 0 }, att_str(name)));
}

static bool describe(struct att_ctx *ctx, const struct att_verifier *type, const struct att_evidence *ev,
                     struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };
    struct att_json_writer w = { .out = &b };

    att_jw_object(&w);
    type->describe(ctx, ev, &w);
    att_jw_end_object(&w);
    char *copy = b.failed ? NULL : att_arena_dup(ctx->arena, att_buf_span(&b));
    if (!copy)
        return att_fail_memory(err, "describe");
    *ret = att_span_of(copy, b.len);
    return true;
}

/* Which property names the evaluation set of which evidence; the other one means nothing to it. */
static const struct {
    const char *type;
    const char *property;
} set_properties[] = {
    { "sgx", "x-ms-sgx-tcbidentifier" },
    { "open-enclave", "x-ms-sgx-tcbidentifier" },
    { "tdx", "x-ms-tdx-tcbidentifier" },
};

/* "azuredefault" is the current set, 0; a number names exactly that set. */
static bool set_named(const struct att_value *v, uint32_t *ret)
{
    uint32_t n = 0;

    if (v->kind != ATT_CLAIM_STRING)
        return false;
    if (att_span_is(v->text, "azuredefault")) {
        *ret = 0;
        return true;
    }
    if (v->text.len == 0 || v->text.len > 6 || v->text.ptr[0] == '0')
        return false;
    for (size_t i = 0; i < v->text.len; i++) {
        if (v->text.ptr[i] < '0' || v->text.ptr[i] > '9')
            return false;
        n = n * 10 + (uint32_t)(v->text.ptr[i] - '0');
    }
    *ret = n;
    return true;
}

/* What the policy says of one property: every time the same, and what the caller asked for, if he did. */
static bool set_read(const struct att_claims *properties, const char *property, uint32_t *pinned,
                     struct att_err *err)
{
    char where[64], expected[64];
    bool found = false;
    uint32_t first = 0;

    (void)snprintf(where, sizeof where, "policy.configurationrules.%s", property);
    for (size_t i = 0; i < properties->count; i++) {
        const struct att_claim *p = &properties->items[i];
        uint32_t n = 0;
        if (!att_span_is(p->type, property))
            continue;
        if (!set_named(&p->value, &n))
            return att_fail(err, ATT_POLICY_EVALUATION, where, "\"azuredefault\" or a number as text", "%s",
                            att_shown(&(struct att_shown){ 0 }, p->value.text));
        if (found && n != first)
            return att_fail(err, ATT_POLICY_EVALUATION, where, "one evaluation set",
                            "two: %u and %u (0: the current)", first, n);
        found = true;
        first = n;
    }
    if (first == 0)
        return true;
    if (*pinned != 0 && *pinned != first) {
        (void)snprintf(expected, sizeof expected, "%u, to which the caller is bound", *pinned);
        return att_fail(err, ATT_POLICY_EVALUATION, where, expected, "%u", first);
    }
    *pinned = first;
    return true;
}

/* NULL: AMD publishes no evaluation sets, and no number of theirs is too low. */
static const char *set_property(const struct att_verifier *type)
{
    for (size_t i = 0; i < sizeof set_properties / sizeof set_properties[0]; i++)
        if (strcmp(set_properties[i].type, type->name) == 0)
            return set_properties[i].property;
    return NULL;
}

static bool sets_read(struct run *r, const struct att_claims *properties, struct att_err *err)
{
    const char *property = set_property(r->type);

    return !property || set_read(properties, property, &r->ctx.evaluation_number_pinned, err);
}

/* -- TPM: what the policy asks of registers and of the attestation key's certificate ---------------------------- */

/* The one value of a property. True with *ret NULL: the policy says nothing. Two values that differ: nobody knows what is meant. */
static bool property_one(const struct att_claims *properties, const char *name, enum att_claim_kind kind,
                         const char *expected, const struct att_value **ret, struct att_err *err)
{
    char where[64];

    (void)snprintf(where, sizeof where, "policy.configurationrules.%s", name);
    *ret = NULL;
    for (size_t i = 0; i < properties->count; i++) {
        const struct att_claim *p = &properties->items[i];
        if (!att_span_is(p->type, name))
            continue;
        if (p->value.kind != kind)
            return att_fail(err, ATT_POLICY_EVALUATION, where, expected, "a value of another type");
        if (*ret && !att_value_eq(*ret, &p->value))
            return att_fail(err, ATT_POLICY_EVALUATION, where, "one value", "two that differ");
        *ret = &p->value;
    }
    return true;
}

static bool tpm_properties_read(struct run *r, const struct att_claims *properties, struct att_err *err)
{
    static const char mask_expected[] = "a whole number from 0 to 16777215, whose bit n is register n";
    const struct att_value *mask = NULL, *certificate = NULL;

    if (strcmp(r->type->name, "tpm") != 0 && strcmp(r->type->name, "azure-guest") != 0)
        return true; /* they mean nothing to others */
    if (!property_one(properties, "required_pcr_mask", ATT_CLAIM_INT, mask_expected, &mask, err) ||
        !property_one(properties, "require_valid_aik_cert", ATT_CLAIM_BOOL, "true or false", &certificate,
                      err))
        return false;
    if (mask && (mask->integer < 0 || mask->integer > ALL_PCRS))
        return att_fail(err, ATT_POLICY_EVALUATION, "policy.configurationrules.required_pcr_mask",
                        mask_expected, "%lld", (long long)mask->integer);
    if (mask)
        r->ctx.required_pcr_mask = (uint32_t)mask->integer;
    if (certificate)
        r->ctx.require_valid_aik = certificate->boolean;
    return true;
}

/* The older versions of the language do not know these claims, whatever they test. */
static unsigned wanted_of(const struct att_policy *policy)
{
    static const struct {
        const char *claim;
        unsigned bit;
    } rows[] = { { "events", ATT_WANT_EVENTS },
                 { "bootEvents", ATT_WANT_BOOT_EVENTS },
                 { "pcrs", ATT_WANT_PCRS } };
    const char *version = att_policy_version(policy);
    unsigned wanted = 0;

    if (strcmp(version, "1.0") == 0 || strcmp(version, "1.1") == 0)
        return 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (att_policy_reads(policy, rows[i].claim))
            wanted |= rows[i].bit;
    return wanted;
}

/* A caller may grant a policy less than the library's limits do, never more. */
static struct att_limits policy_limits(const struct run *r)
{
    struct att_limits limits = r->ctx.lib->limits;

    if (r->in->policy_steps_max > 0 && r->in->policy_steps_max < limits.policy_steps_max)
        limits.policy_steps_max = r->in->policy_steps_max;
    return limits;
}

static bool configure(struct run *r, struct att_err *err)
{
    struct att_claims incoming, properties;

    if (!r->in->policy)
        return true;
    r->ctx.wanted = wanted_of(r->in->policy);
    att_claims_init(&incoming, r->ctx.arena, &r->ctx.lib->limits);
    att_claims_init(&properties, r->ctx.arena, &r->ctx.lib->limits);
    const struct att_limits limits = policy_limits(r);
    return att_policy_configure(r->in->policy, r->ctx.arena, &incoming, &limits, &properties, err) &&
           sets_read(r, &properties, err) && tpm_properties_read(r, &properties, err);
}

static bool parse(struct run *r, struct att_err *err)
{
    r->ret->attestation_type = r->type->attestation_type;
    if (!r->type->parse(&r->ctx, r->in->evidence, &r->evidence, err))
        return false;
    return !r->in->describe || describe(&r->ctx, r->type, r->evidence, &r->ret->evidence_json, err);
}

static bool verify(struct run *r, struct att_err *err)
{
    bool ok = r->type->verify(&r->ctx, r->evidence, r->in->collateral, err);

    r->ret->tcb = r->evidence->tcb; /* how far behind, also for those who are refused */
    r->ret->test_root = r->evidence->test_root;
    if (err->code == ATT_COLLATERAL_MISSING) /* else it is not why, and fetching it would not help */
        r->ret->missing = r->evidence->missing;
    r->ret->collateral_age_s = r->evidence->collateral_age_s;
    if (r->evidence->attestation_type)
        r->ret->attestation_type = r->evidence->attestation_type;
    r->ret->seal_to = r->evidence->seal_to;
    return ok;
}

static void status_list(unsigned accepted, char *ret, size_t size)
{
    size_t at = 0;

    (void)snprintf(ret, size, "none");
    for (unsigned s = ATT_STATUS_UP_TO_DATE; s < ATT_STATUS_REVOKED && at < size; s++) {
        if (!(accepted & ATT_TCB_BIT(s)))
            continue;
        int n = snprintf(ret + at, size - at, "%s%s", at ? ", " : "",
                         att_tcb_status_name((enum att_tcb_status)s));
        at += n > 0 ? (size_t)n : 0;
    }
}

static bool accept_level(const struct run *r, struct att_err *err)
{
    const struct att_tcb *tcb = &r->ret->tcb;
    char expected[192], shortfall[160] = "";
    size_t at = 0;

    /* The caller's own floor: below it nothing is judged, pinned or not. */
    if (set_property(r->type) && tcb->evaluation_number < r->in->evaluation_number_min) {
        (void)snprintf(expected, sizeof expected, "%u or more", r->in->evaluation_number_min);
        return att_fail(err, ATT_TCB_EVAL_NUMBER_TOO_LOW, "collateral.tcbEvaluationDataNumber", expected,
                        "%u", tcb->evaluation_number);
    }
    /* Revoked and unknown are refused by the verifier; here once more, whatever the mask says. */
    if (tcb->status > ATT_STATUS_UNKNOWN && tcb->status < ATT_STATUS_REVOKED &&
        (r->in->accepted_tcb & ATT_TCB_BIT(tcb->status)))
        return true;
    status_list(r->in->accepted_tcb, expected, sizeof expected);
    for (size_t i = 0; i < tcb->shortfall_count && at < sizeof shortfall; i++) {
        const struct att_tcb_shortfall *s = &tcb->shortfall[i];
        int n = snprintf(shortfall + at, sizeof shortfall - at, "; %s is %u, needs %u for %s", s->component,
                         s->has, s->needs, att_tcb_status_name(tcb->next));
        at += n > 0 ? (size_t)n : 0;
    }
    return att_fail(err, ATT_TCB_STATUS_NOT_ACCEPTED, "tcb.status", expected, "%s%s",
                    att_tcb_status_name(tcb->status), shortfall);
}

static bool policy(struct run *r, struct att_err *err)
{
    const struct att_limits limits = policy_limits(r);
    const struct att_policy_options options = { .limits = &limits, .trace = r->in->trace };

    if (!r->in->policy)
        return true;
    r->ret->policy_ran = true;
    return att_policy_eval(r->in->policy, r->ctx.arena, &r->ret->claims, &options, &r->ret->policy, err) &&
           r->ret->policy.authorized;
}

/* Claims come before acceptance of the level, though acceptance is judged first: whoever is refused for the level alone
 * may still see what the evidence says. */
static bool judge(struct run *r, struct att_err *err)
{
    if (!type_find(r->in->evidence_type, &r->type, err) || !configure(r, err) || !parse(r, err) ||
        !verify(r, err))
        return false;
    bool accepted = accept_level(r, err);
    return r->type->claims(&r->ctx, r->evidence, &r->ret->claims, err) && accepted && policy(r, err);
}

bool att_attest(const struct att_lib *lib, struct att_arena *arena, const struct att_attest_in *in,
                struct att_verdict *ret)
{
    *ret = (struct att_verdict){ .accepted = false };
    att_claims_init(&ret->claims, arena, &lib->limits);
    /* Before any other member is read: a caller of another version may have fewer. */
    if (in->size != sizeof *in)
        return att_fail(&ret->err, ATT_PARAMETER_INVALID, "in.size", "sizeof(struct att_attest_in)", "%zu",
                        in->size);
    ATT_AUTO(run_clear)
    struct run r = {
        .ctx = { .lib = lib,
                 .arena = arena,
                 .in = in,
                 .evaluation_number_pinned = in->evaluation_number_pinned,
                 .now_unix_s = in->now_unix_s,
                 .required_pcr_mask = ALL_PCRS,
                 .require_valid_aik = true,
                 .verifier = att_verifier_by_name,
                 .runtime = &in->runtime,
                 .init_time = &in->init_time,
                 .diagnose = in->describe },
        .in = in,
        .ret = ret,
    };
    bool ok = judge(&r, &ret->err);

    if (!ok && ret->err.code == ATT_OK) /* a no without a reason would be our own fault */
        (void)att_fail(&ret->err, ATT_INTERNAL, "attest", "a reason", "none");
    ret->accepted = ok && ret->err.code == ATT_OK;
    return ret->accepted;
}

bool att_describe(const struct att_lib *lib, struct att_arena *arena, const char *evidence_type,
                  struct att_span evidence, struct att_span *ret_json, struct att_err *err)
{
    static const struct att_bound_data none = { 0 };
    static const struct att_attest_in nothing = { 0 };
    ATT_AUTO(run_clear)
    struct run r = {
        .ctx = { .lib = lib,
                 .arena = arena,
                 .in = &nothing,
                 .runtime = &none,
                 .init_time = &none,
                 .verifier = att_verifier_by_name },
    };

    return type_find(evidence_type, &r.type, err) && r.type->parse(&r.ctx, evidence, &r.evidence, err) &&
           describe(&r.ctx, r.type, r.evidence, ret_json, err);
}
