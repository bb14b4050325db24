/* layers: attest makers base codec */
/* Requests of the TPM protocol: keys that are bound and certified, an enclave, all claims for a policy that looks at them. */
#include "torture/torture.h"

#include "unit/evidence/tpm/fixture.h"

static struct cases cases = { .name = "torture.tpm_request" };

/* Reads all claims that are costly to make. */
static const char policy_text[] =
    "version=1.2;configurationrules{=>issueproperty(type=\"required_pcr_mask\",value=16383);};"
    "authorizationrules{[type==\"events\"]&&[type==\"pcrs\"]=>permit();};"
    "issuancerules{c:[type==\"aikPubHash\"]=>issue(type=\"key\",value=c.value);};";

struct scene {
    const char *name;
    enum mk_os os;
    unsigned version;
    bool vbs, certified;
    enum mk_tpm_break broken;
    /* filled */
    struct mk_request_options options;
    struct mk_request_evidence ev;
    struct att_policy *policy;
    struct att_arena *arena;
    size_t claims; /* of the verdict of peace */
};
static struct rig rig;

static void fresh(void *state)
{
    struct scene *s = state;
    struct att_err err = { 0 };

    s->arena = att_arena_new(att_limits_default.arena_bytes_max);
    must(s->arena != NULL, &err);
}

static enum torture_answer right_or_not(struct scene *s, bool ok, const struct att_verdict *v)
{
    if (ok && s->broken != MK_TPM_BREAK_NONE)
        return torture_wrong("a broken request is accepted");
    if (!ok && (v->policy.authorized || v->policy.issued.count > 0))
        return torture_wrong("refused, and authorized or issued all the same");
    if (!ok)
        return s->broken != MK_TPM_BREAK_NONE && v->err.code == s->ev.expected_code ? TORTURE_RIGHT
                                                                                    : TORTURE_REFUSED;
    if (s->claims == 0)
        s->claims = v->claims.count;
    bool whole =
        v->claims.count == s->claims && v->policy.issued.count == 1 && bool_claim(v, "aikValidated", true) &&
        bool_claim(v, "secureBootEnabled", s->ev.secure_boot) && bool_claim(v, "vbsReportPresent", s->vbs);
    return whole ? TORTURE_RIGHT : torture_wrong("accepted with another content");
}

static enum torture_answer judged(void *state, struct att_err *err)
{
    struct scene *s = state;
    struct att_attest_in in =
        rig_in(&rig, mk_request_item(&s->ev, MK_REQUEST_JWS), s->options.challenge, s->policy);
    struct att_verdict v;

    in.describe = s->version == 2 && !s->vbs;
    bool ok = att_attest(rig.lib, s->arena, &in, &v);
    torture_rest();
    *err = v.err;
    enum torture_answer answer = right_or_not(s, ok, &v);
    att_arena_free(s->arena);
    s->arena = NULL;
    return answer;
}

static void make(struct scene *s)
{
    struct att_err err = { 0 };

    mk_request_defaults(&s->options, s->os, AT);
    s->options.version = s->version;
    s->options.vbs = s->vbs;
    s->options.pcr_mask = 0x3fff;
    s->options.broken = s->broken;
    if (s->certified) {
        s->options.binding = MK_BOUND_BY_CERTIFY;
        s->options.request_key = MK_TPM_APP_EC;
        s->options.other_keys[0] = MK_TPM_APP_2;
        s->options.other_key_count = 1;
    }
    must(mk_request_make(rig.tpm, &s->options, &s->ev, &err), &err);
    must(att_policy_compile(att_str(policy_text), NULL, &s->policy, NULL, &err), &err);
}

int main(void)
{
    struct scene scenes[] = {
        { "form 2, certified keys", MK_OS_LINUX, 2, false, true, MK_TPM_BREAK_NONE, .claims = 0 },
        { "form 1, enclave", MK_OS_WINDOWS, 1, true, false, MK_TPM_BREAK_NONE, .claims = 0 },
    };

    torture_start();
    rig_open(&rig);
    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
        struct scene *s = &scenes[i];
        make(s);
        torture_flow(&cases, &(struct torture_flow){ s->name, judged, fresh, s, false });
        att_policy_free(s->policy);
        mk_request_evidence_free(&s->ev);
    }
    rig_close(&rig);
    return cases_report(&cases);
}
