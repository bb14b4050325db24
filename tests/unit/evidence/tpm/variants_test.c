/* layers: attest makers codec base */
/* Requests that must be accepted in all their forms, what they say then, and what a policy's configuration changes. */
#include "fixture.h"

#include <attest/token.h>

#include "base/base64.h"
#include "codec/json.h"

static struct cases cases = { .name = "evidence.tpm_variants" };
static struct rig rig;

static struct mk_request_options plain(enum mk_os os)
{
    struct mk_request_options o;

    mk_request_defaults(&o, os, AT);
    return o;
}

static struct mk_request_evidence made(const struct mk_request_options *o)
{
    struct mk_request_evidence ev = { 0 };
    struct att_err err = { 0 };

    must(mk_request_make(rig.tpm, o, &ev, &err), &err);
    return ev;
}

static struct att_policy *compiled(const char *text)
{
    struct att_policy *policy = NULL;
    struct att_err err = { 0 };

    must(att_policy_compile(att_str(text), NULL, &policy, NULL, &err), &err);
    return policy;
}

static bool text_claim(const struct att_verdict *v, const char *name, const char *want)
{
    const struct att_claim *c = att_claims_find(&v->claims, name, ATT_ISSUER_SERVICE);

    return c && c->value.kind == ATT_CLAIM_STRING && att_span_is(c->value.text, want);
}

static bool int_claim(const struct att_verdict *v, const char *name, int64_t want)
{
    const struct att_claim *c = att_claims_find(&v->claims, name, ATT_ISSUER_SERVICE);

    return c && c->value.kind == ATT_CLAIM_INT && c->value.integer == want;
}

static bool has_claim(const struct att_verdict *v, const char *name)
{
    return att_claims_find(&v->claims, name, ATT_ISSUER_SERVICE) != NULL;
}

static bool other_banks; /* of the next judgements */

/* Made and judged, by a policy that asks for the quoted registers, or by `policy`. */
static bool judged(const char *name, const struct mk_request_options *o, const char *policy, bool sha1,
                   enum att_code want, struct att_verdict *ret)
{
    struct mk_request_evidence ev = made(o);
    struct att_policy *p = policy ? compiled(policy) : mask_policy(ev.pcr_mask, "");
    static struct att_policy *last; /* verdicts point into it */
    static struct mk_request_evidence last_ev;
    struct att_attest_in in = rig_in(&rig, mk_request_item(&ev, MK_REQUEST_JWS), o->challenge, p);

    in.sha1_allowed = sha1;
    in.other_banks_allowed = other_banks;
    bool accepted = rig_judge(&rig, &in, ret);
    cases_check(&cases, ret->err.code == want && accepted == (want == ATT_OK), "%s: %s at %s (%s)", name,
                att_code_name(ret->err.code), ret->err.where, ret->err.text);
    att_policy_free(last);
    mk_request_evidence_free(&last_ev);
    last = p;
    last_ev = ev;
    return accepted;
}

/* -- keys and hashes ------------------------------------------------------------------------------------------ */

static void attestation_keys(void)
{
    static const struct {
        const char *name;
        enum mk_tpm_key aik;
        bool sha1;
        enum att_code want;
    } rows[] = {
        { "AIK with RSASSA", MK_TPM_AIK, false, ATT_OK },
        { "AIK with RSAPSS", MK_TPM_AIK_PSS, false, ATT_OK },
        { "AIK with ECDSA", MK_TPM_AIK_EC, false, ATT_OK },
        { "AIK with SHA-1", MK_TPM_AIK_SHA1, false, ATT_TPM_QUOTE_SIGNATURE_INVALID },
        { "AIK with SHA-1 where that is allowed", MK_TPM_AIK_SHA1, true, ATT_OK },
    };
    struct att_verdict v;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mk_request_options o = plain(MK_OS_LINUX);
        o.aik = rows[i].aik;
        if (judged(rows[i].name, &o, NULL, rows[i].sha1, rows[i].want, &v))
            cases_check(&cases, bool_claim(&v, "aikValidated", true) && int_claim(&v, "tpmVersion", 2),
                        "%s: claims", rows[i].name);
    }
}

static void request_keys(void)
{
    static const struct {
        const char *name;
        enum mk_tpm_key key;
        enum mk_binding binding;
        enum mk_hash hash;
        const char *begins; /* the policy's key object */
    } rows[] = {
        { "RSA, bound with SHA-256", MK_TPM_OUTSIDE, MK_BOUND_BY_QUOTE, MK_SHA256,
          "{\"info\":{\"tpm_quote\":{\"hash_alg\":\"sha-256\"}},\"jwk\":{\"e\":" },
        { "RSA, bound with SHA-384", MK_TPM_OUTSIDE, MK_BOUND_BY_QUOTE, MK_SHA384,
          "{\"info\":{\"tpm_quote\":{\"hash_alg\":\"sha-384\"}}," },
        { "RSA, bound with SHA-512", MK_TPM_OUTSIDE, MK_BOUND_BY_QUOTE, MK_SHA512,
          "{\"info\":{\"tpm_quote\":{\"hash_alg\":\"sha-512\"}}," },
        { "EC, bound", MK_TPM_OUTSIDE_EC, MK_BOUND_BY_QUOTE, MK_SHA256, "{\"info\":{\"tpm_quote\":" },
        { "RSA, certified", MK_TPM_APP, MK_BOUND_BY_CERTIFY, MK_SHA256,
          "{\"info\":{\"tpm_certify\":{\"name_alg\":11,\"obj_attr\":262258}},\"jwk\":{\"e\":" },
        { "EC, certified", MK_TPM_APP_EC, MK_BOUND_BY_CERTIFY, MK_SHA256,
          "{\"info\":{\"tpm_certify\":{\"name_alg\":11,\"obj_attr\":262258}},\"jwk\":{\"crv\":\"P-256\"," },
    };
    struct att_verdict v;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mk_request_options o = plain(MK_OS_LINUX);
        o.request_key = rows[i].key;
        o.binding = rows[i].binding;
        o.binding_hash = rows[i].hash;
        if (!judged(rows[i].name, &o, NULL, false, ATT_OK, &v))
            continue;
        const struct att_claim *text = att_claims_find(&v.claims, "x-ms-tpm-request-key", ATT_ISSUER_SERVICE);
        cases_check(&cases,
                    text && text->value.kind == ATT_CLAIM_STRING && text->flags == 0 &&
                        text->value.text.len > strlen(rows[i].begins) &&
                        memcmp(text->value.text.ptr, rows[i].begins, strlen(rows[i].begins)) == 0,
                    "%s: the policy's key object: %.*s", rows[i].name, text ? (int)text->value.text.len : 0,
                    text ? (const char *)text->value.text.ptr : "");
        /* The token has the same as an object. */
        cases_check(&cases,
                    text && text[1].value.kind == ATT_CLAIM_JSON && (text[1].flags & ATT_CLAIM_IN_TOKEN) &&
                        att_span_eq(text[1].type, text->type) &&
                        att_span_eq(text[1].value.text, text->value.text),
                    "%s: the token's", rows[i].name);
        const struct att_claim *cnf = att_claims_find(&v.claims, "cnf", ATT_ISSUER_SERVICE);
        cases_check(&cases,
                    cnf && cnf->value.kind == ATT_CLAIM_JSON && (cnf->flags & ATT_CLAIM_IN_TOKEN) &&
                        memcmp(cnf->value.text.ptr, "{\"jwk\":{\"", 9) == 0,
                    "%s: cnf", rows[i].name);
    }
}

static void other_keys(void)
{
    struct mk_request_options o = plain(MK_OS_LINUX);
    struct att_arena *arena = att_arena_new(1 << 20);
    struct att_err err = { 0 };
    struct att_json doc = { 0 };
    struct att_verdict v;

    o.other_keys[0] = MK_TPM_APP_2;
    o.other_keys[1] = MK_TPM_OUTSIDE_EC;
    o.other_key_count = 2;
    if (!judged("two other keys", &o, NULL, false, ATT_OK, &v))
        return;
    const struct att_claim *c = att_claims_find(&v.claims, "x-ms-tpm-other-keys", ATT_ISSUER_SERVICE);
    bool read = c && c->flags == 0 && att_json_parse(arena, c->value.text, NULL, &doc, &err);
    att_json_id first = read ? att_json_first(&doc, ATT_JSON_ROOT) : ATT_JSON_NONE;
    att_json_id second = att_json_next(&doc, first);
    cases_check(&cases,
                read &&
                    att_json_get(&doc, att_json_get(&doc, first, "info"), "tpm_certify") != ATT_JSON_NONE &&
                    att_json_get(&doc, second, "info") == ATT_JSON_NONE &&
                    att_json_get(&doc, second, "jwk") != ATT_JSON_NONE &&
                    att_json_next(&doc, second) == ATT_JSON_NONE,
                "other keys: %s", err.text);
    att_arena_free(arena);
}

/* -- the certificate ---------------------------------------------------------------------------------------------- */

static void certificates(void)
{
    static const char without[] =
        "version=1.1;configurationrules{=>issueproperty(type=\"required_pcr_mask\",value=32767);"
        "=>issueproperty(type=\"require_valid_aik_cert\",value=false);};"
        "authorizationrules{=>permit();};issuancerules{};";
    static const struct {
        enum mk_tpm_break broken;
        enum att_code want;
        bool validated;
    } rows[] = {
        { MK_TPM_BREAK_NONE, ATT_OK, true },
        { MK_TPM_BREAK_AIK_NO_CERT, ATT_OK, false },
        { MK_TPM_BREAK_AIK_STRANGER, ATT_OK, false },
        { MK_TPM_BREAK_AIK_EXPIRED, ATT_OK, false },
        { MK_TPM_BREAK_AIK_NO_USAGE, ATT_OK, false },
        { MK_TPM_BREAK_AIK_GARBAGE, ATT_AIK_UNTRUSTED, false },
        { MK_TPM_BREAK_AIK_OTHER_KEY, ATT_AIK_MISMATCH, false },
        { MK_TPM_BREAK_QUOTE_OTHER_AIK, ATT_TPM_QUOTE_SIGNATURE_INVALID, false },
    };
    struct att_verdict v;
    char name[64];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mk_request_options o = plain(MK_OS_LINUX);
        o.broken = rows[i].broken;
        (void)snprintf(name, sizeof name, "no certificate needed: %s", mk_tpm_breaks[o.broken].name);
        if (judged(name, &o, without, false, rows[i].want, &v))
            cases_check(&cases,
                        bool_claim(&v, "aikValidated", rows[i].validated) && v.test_root == rows[i].validated,
                        "%s: aikValidated", name);
    }
}

/* -- registers and masks ------------------------------------------------------------------------------------------- */

static const char mask_15[] =
    "version=1.1;configurationrules{=>issueproperty(type=\"required_pcr_mask\",value=15);};"
    "authorizationrules{=>permit();};issuancerules{};";

static void masks(void)
{
    struct mk_request_options o = plain(MK_OS_WINDOWS);
    struct att_verdict v;

    o.boot.secure_boot = MK_TRUE;
    o.pcr_mask = 0x7fff;
    (void)!judged("registers 0 to 14 where all are asked for", &o,
                  "version=1.2;authorizationrules{=>permit();};issuancerules{};", false, ATT_PCR_SELECTION,
                  &v);
    if (judged("a mask of four registers, all quoted", &o, mask_15, false, ATT_OK, &v)) {
        cases_check(&cases, bool_claim(&v, "secureBootEnabled", true),
                    "other registers count where the log explains them");
        cases_check(&cases, bool_claim(&v, "notSafeMode", true) && bool_claim(&v, "notWinPE", true),
                    "and those of Windows");
    }
    o.pcr_mask = 0xff; /* no register of Windows is quoted: whatever it measured could be hidden */
    if (judged("a mask that leaves Windows' registers out", &o, mask_15, false, ATT_OK, &v)) {
        static const char *const names[] = { "notSafeMode", "notWinPE", "bootDebuggingDisabled", "vbsEnabled",
                                             "iommuEnabled" };
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            cases_check(&cases, bool_claim(&v, names[i], false),
                        "%s from an event that is not there, in a register that "
                        "is not proven",
                        names[i]);
        cases_check(&cases, bool_claim(&v, "secureBootEnabled", true), "what is proven counts");
    }
    o = plain(MK_OS_LINUX);
    o.broken = MK_TPM_BREAK_IMA_ABSENT;
    (void)!judged("a register outside of the mask that no log explains", &o, mask_15, false, ATT_OK, &v);
    o.broken = MK_TPM_BREAK_LOG_DIGEST; /* of register 7 */
    if (judged("a register outside of the mask whose log lies", &o, mask_15, false, ATT_OK, &v))
        cases_check(&cases, bool_claim(&v, "secureBootEnabled", false),
                    "E-n: a claim from a register that is not proven");
}

static void banks(void)
{
    struct mk_request_options o = plain(MK_OS_LINUX);
    struct att_verdict v;

    o.quoted_banks = MK_BANK(MK_SHA1) | MK_BANK(MK_SHA256);
    (void)!judged("both banks quoted", &o, NULL, false, ATT_OK, &v);
    o.banks = MK_BANK(MK_SHA256) | MK_BANK(MK_SHA384);
    o.quoted_banks = o.banks;
    (void)!judged("SHA-384 and SHA-256", &o, NULL, false, ATT_OK, &v);
    /* CVE-2021-42299: a log of one's own for a bank that firmware left alone. */
    o.quoted_banks = MK_BANK(MK_SHA384);
    (void)!judged("E-p: the bank of SHA-384 alone", &o, NULL, false, ATT_PCR_SELECTION, &v);
    other_banks = true;
    (void)!judged("the bank of SHA-384 alone, where that is allowed", &o, NULL, false, ATT_OK, &v);
    other_banks = false;
    o.banks = MK_BANK(MK_SHA1) | MK_BANK(MK_SHA256);
    o.quoted_banks = MK_BANK(MK_SHA1);
    (void)!judged("E-p: the bank of SHA-1 alone", &o, NULL, false, ATT_PCR_SELECTION, &v);
    (void)!judged("E-p: the bank of SHA-1 alone, where that is allowed", &o, NULL, true, ATT_OK, &v);
}

static void properties(void)
{
    static const char *const wrong[] = {
        "=>issueproperty(type=\"required_pcr_mask\",value=15);=>issueproperty(type=\"required_pcr_mask\","
        "value=16);",
        "=>issueproperty(type=\"require_valid_aik_cert\",value=true);=>issueproperty(type=\"require_valid_"
        "aik_cert\",value=false);",
        "=>issueproperty(type=\"required_pcr_mask\",value=16777216);",
        "=>issueproperty(type=\"required_pcr_mask\",value=-1);",
        "=>issueproperty(type=\"required_pcr_mask\",value=\"15\");",
        "=>issueproperty(type=\"require_valid_aik_cert\",value=\"false\");",
        "=>issueproperty(type=\"require_valid_aik_cert\",value=0);",
    };
    struct mk_request_options o = plain(MK_OS_LINUX);
    struct mk_request_evidence ev = made(&o);

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct att_policy *policy = NULL;
        struct att_err err = { 0 };
        struct att_verdict v = { 0 };
        char text[512];
        (void)snprintf(text, sizeof text,
                       "version=1.1;configurationrules{%s};authorizationrules{=>permit();};issuancerules{};",
                       wrong[i]);
        bool ok = att_policy_compile(att_str(text), NULL, &policy, NULL, &err);
        const struct att_attest_in in =
            rig_in(&rig, mk_request_item(&ev, MK_REQUEST_JWS), o.challenge, policy);
        cases_check(&cases, !ok || (!rig_judge(&rig, &in, &v) && v.err.code == ATT_POLICY_EVALUATION),
                    "%s: %s", wrong[i], v.err.text);
        att_policy_free(policy);
    }
    mk_request_evidence_free(&ev);
}

/* -- challenges ------------------------------------------------------------------------------------------------------ */

static void challenges(void)
{
    static const char other[] = "another challenge, as long: 32 o";
    struct mk_request_options o = plain(MK_OS_LINUX);
    struct mk_request_evidence ev = made(&o);
    struct att_policy *policy = mask_policy(ev.pcr_mask, "");
    const struct {
        const char *name;
        bool given;
        struct att_span challenge;
        enum att_code want;
    } rows[] = {
        { "the one that was sent out", true, o.challenge, ATT_OK },
        { "E-a: nothing was sent out: nothing matches", true, { 0 }, ATT_TPM_CHALLENGE_MISMATCH },
        { "E-b: an old request under a new challenge", true, att_span_of(other, 32),
          ATT_TPM_CHALLENGE_MISMATCH },
        { "E-c: a challenge of zeros is one like any other", true, att_span_of((const uint8_t[32]){ 0 }, 32),
          ATT_TPM_CHALLENGE_MISMATCH },
        { "E-b: one byte more", true, att_span_of(o.challenge.ptr, o.challenge.len + 1),
          ATT_TPM_CHALLENGE_MISMATCH },
        { "not compared, as nobody said", false, { 0 }, ATT_OK },
    };
    struct att_verdict v;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_attest_in in =
            rig_in(&rig, mk_request_item(&ev, MK_REQUEST_JWS), rows[i].challenge, policy);
        in.challenge_given = rows[i].given;
        (void)!rig_judge(&rig, &in, &v);
        cases_check(&cases, v.err.code == rows[i].want, "%s: %s", rows[i].name, att_code_name(v.err.code));
    }
    att_policy_free(policy);
    mk_request_evidence_free(&ev);
}

/* -- what the policy looks at ------------------------------------------------------------------------------------------ */

#define MASKED "configurationrules{=>issueproperty(type=\"required_pcr_mask\",value=32767);};"

static void wanted(void)
{
    static const struct {
        const char *name, *policy;
        bool events, boot_events, pcrs;
    } rows[] = {
        { "no claim", "version=1.2;" MASKED "authorizationrules{=>permit();};issuancerules{};", false, false,
          false },
        { "events",
          "version=1.2;" MASKED "authorizationrules{=>permit();};issuancerules{c:[type==\"events\"]=>add("
          "type=\"x\",value=\"y\");};",
          true, false, false },
        { "boot events",
          "version=1.2;" MASKED
          "authorizationrules{=>permit();};issuancerules{[type==\"bootEvents\"]=>add(type=\"x\",value=1);};",
          false, true, false },
        { "registers",
          "version=1.2;" MASKED "authorizationrules{![type==\"pcrs\"]=>deny();=>permit();};issuancerules{};",
          false, false, true },
        { "any claim", "version=1.2;" MASKED "authorizationrules{[value==true]=>permit();};issuancerules{};",
          true, true, true },
        { "another type than one",
          "version=1.2;" MASKED "authorizationrules{[type!=\"aikValidated\"]=>permit();};issuancerules{};",
          true, true, true },
        { "version 1.1 asks for events",
          "version=1.1;" MASKED
          "authorizationrules{[value==true]=>permit();[type==\"events\"]=>deny();};issuancerules{};",
          false, false, false },
    };
    struct att_verdict v;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mk_request_options o = plain(MK_OS_WINDOWS);
        o.boot_attestation = true;
        if (!judged(rows[i].name, &o, rows[i].policy, false, ATT_OK, &v))
            continue;
        cases_check(&cases,
                    has_claim(&v, "events") == rows[i].events &&
                        has_claim(&v, "bootEvents") == rows[i].boot_events &&
                        has_claim(&v, "pcrs") == rows[i].pcrs,
                    "%s: the costly claims", rows[i].name);
    }
}

static void registers_claim(void)
{
    static const char policy[] =
        "version=1.2;" MASKED "authorizationrules{[type==\"pcrs\"]=>permit();};issuancerules{};";
    static const char begins[] = "{\"PCRs\":[{\"Index\":0,\"Digests\":{\"SHA256\":\"";
    struct mk_request_options o = plain(MK_OS_LINUX);
    struct att_verdict v;

    if (!judged("registers", &o, policy, false, ATT_OK, &v))
        return;
    const struct att_claim *c = att_claims_find(&v.claims, "pcrs", ATT_ISSUER_SERVICE);
    cases_check(&cases,
                c && c->flags == ATT_CLAIM_READ_ONLY && c->value.text.len > sizeof begins + 64 &&
                    memcmp(c->value.text.ptr, begins, sizeof begins - 1) == 0,
                "registers: as published policies read them");
}

/* -- enclaves, the older form ---------------------------------------------------------------------------------------------- */

static void enclaves(void)
{
    struct att_verdict v;

    for (unsigned version = 1; version <= 2; version++) {
        struct mk_request_options o = plain(MK_OS_WINDOWS);
        o.version = version;
        o.vbs = true;
        o.enclave.flags = 5;
        if (!judged("an enclave", &o, NULL, false, ATT_OK, &v))
            continue;
        cases_check(&cases,
                    text_claim(&v, "enclaveOwnerId", "EBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBA") &&
                        text_claim(&v, "enclaveAuthorId", "EhISEhISEhISEhISEhISEhISEhISEhISEhISEhISEhI") &&
                        text_claim(&v, "enclaveFamilyId", "ExMTExMTExMTExMTExMTEw") &&
                        text_claim(&v, "enclaveImageId", "FBQUFBQUFBQUFBQUFBQUFA"),
                    "form %u: who the enclave is", version);
        cases_check(&cases,
                    int_claim(&v, "enclaveSvn", 3) && int_claim(&v, "enclavePlatformSvn", 5) &&
                        int_claim(&v, "enclaveFlags", 5),
                    "form %u: its numbers", version);
        cases_check(&cases,
                    text_claim(&v, "x-ms-attestation-type", "vbs") &&
                        has_claim(&v, "x-ms-tpm-request-key") == (version == 2),
                    "form %u: type", version);
    }
}

static void custom(void)
{
    struct mk_request_options o = plain(MK_OS_LINUX);
    struct att_verdict v;

    o.custom[0] = (struct mk_custom_claim){ "role", "edge", "string" };
    o.custom[1] = (struct mk_custom_claim){ "rank", "7", "Integer" };
    o.custom[2] = (struct mk_custom_claim){ "aas-ehd", "true", "boolean" };
    o.custom_count = 3;
    if (judged("custom claims", &o, NULL, false, ATT_OK, &v)) {
        const struct att_claim *c = att_claims_find(&v.claims, "rank", ATT_ISSUER_CUSTOM);
        cases_check(&cases, c && c->flags == 0 && c->value.integer == 7,
                    "a custom claim is no claim of the token");
        cases_check(&cases, !has_claim(&v, "role") && !has_claim(&v, "rank"), "nor one of the service");
    }
    o.custom[1].name = "secureBootEnabled";
    o.custom[1].type = "boolean";
    o.custom[1].value = "true";
    (void)!judged("a claim of the service's name", &o, NULL, false, ATT_TPM_REQUEST_MALFORMED, &v);
}

/* -- the whole as bytes ----------------------------------------------------------------------------------------------------- */

/* Every truncation, and every seventh letter changed: nobody signed that. */
static void cut_and_flipped(void)
{
    struct mk_request_options o = plain(MK_OS_WINDOWS);
    struct mk_request_evidence ev = made(&o);
    struct att_policy *policy = mask_policy(ev.pcr_mask, "");
    struct att_span jws = mk_request_item(&ev, MK_REQUEST_JWS);
    struct att_attest_in in = rig_in(&rig, jws, o.challenge, policy);
    size_t accepted = 0, silent = 0;
    struct att_verdict v;

    for (size_t i = 0; i < jws.len; i++) {
        in.evidence.len = i;
        accepted += rig_judge(&rig, &in, &v) ? 1 : 0;
        silent += v.err.where[0] == '\0' || v.claims.count > 0 ? 1 : 0;
    }
    cases_check(&cases, accepted == 0 && silent == 0, "%zu truncations accepted, %zu without a reason",
                accepted, silent);
    uint8_t *bytes = malloc(jws.len);
    in.evidence = att_span_of(bytes, jws.len);
    for (size_t i = 0; bytes && i < jws.len; i += 7) {
        memcpy(bytes, jws.ptr, jws.len);
        bytes[i] = bytes[i] == 'A' ? 'B' : 'A';
        accepted += rig_judge(&rig, &in, &v) ? 1 : 0;
    }
    cases_check(&cases, accepted == 0, "%zu changed requests accepted", accepted);
    free(bytes);
    att_policy_free(policy);
    mk_request_evidence_free(&ev);
}

static void peeked(void)
{
    struct att_err err = { 0 };

    for (unsigned version = 1; version <= 2; version++) {
        struct mk_request_options o = plain(MK_OS_WINDOWS);
        struct att_tpm_request r = { .version = 77 };
        o.version = version;
        o.vbs = version == 1;
        o.service_context = "Y29udGV4dA";
        struct mk_request_evidence ev = made(&o);
        struct att_span jws = mk_request_item(&ev, MK_REQUEST_JWS);
        att_arena_reset(rig.arena);
        bool ok = att_tpm_request_peek(rig.lib, rig.arena, jws, &r, &err);
        cases_check(&cases,
                    ok && r.version == version && r.vbs == o.vbs && att_span_eq(r.challenge, o.challenge) &&
                        att_span_is(r.service_context, "Y29udGV4dA"),
                    "form %u: what is known before anything is verified: %s", version, err.text);
        r.version = 77;
        jws.len /= 2;
        cases_check(&cases,
                    !att_tpm_request_peek(rig.lib, rig.arena, jws, &r, &err) && r.version == 77 &&
                        err.code == ATT_TOKEN_MALFORMED,
                    "form %u, half of it: %s", version, err.text);
        err = (struct att_err){ 0 };
        mk_request_evidence_free(&ev);
    }
}

/* The token has what the protocol promises, whatever the policy issues. */
static void token(void)
{
    static const uint8_t jti[32];
    struct mk_request_options o = plain(MK_OS_LINUX);
    const struct att_token_in in = { .size = sizeof in,
                                     .issuer = att_str("https://here"),
                                     .iat_unix_s = AT,
                                     .lifetime_s = 60,
                                     .jti = att_span_of(jti, sizeof jti),
                                     .policy_text = att_str("") };
    struct att_span text = { 0 }, payload = { 0 };
    struct att_err err = { 0 };
    struct att_json doc = { 0 };
    struct att_verdict v;

    if (!judged("a token", &o, NULL, false, ATT_OK, &v))
        return;
    bool ok = att_token_input(rig.arena, &v, &in, &text, &err);
    const uint8_t *dot = ok ? memchr(text.ptr, '.', text.len) : NULL;
    ok = ok &&
         att_base64_decode(rig.arena, ATT_BASE64_STRICT,
                           att_span_of(dot + 1, text.len - (size_t)(dot + 1 - text.ptr)), "payload", &payload,
                           &err) &&
         att_json_parse(rig.arena, payload, NULL, &doc, &err);
    cases_check(&cases, ok, "a token: %s", err.text);
    att_json_id cnf = att_json_get(&doc, att_json_get(&doc, ATT_JSON_ROOT, "cnf"), "jwk");
    att_json_id key = att_json_get(&doc, att_json_get(&doc, ATT_JSON_ROOT, "x-ms-tpm-request-key"), "jwk");
    cases_check(&cases,
                ok && cnf != ATT_JSON_NONE && key != ATT_JSON_NONE &&
                    att_span_eq(att_json_source(&doc, att_json_get(&doc, cnf, "n")),
                                att_json_source(&doc, att_json_get(&doc, key, "n"))),
                "a token: the key");
    cases_check(&cases,
                ok && att_json_get(&doc, ATT_JSON_ROOT, "nonce") != ATT_JSON_NONE &&
                    att_json_get(&doc, ATT_JSON_ROOT, "rp_data") != ATT_JSON_NONE &&
                    att_json_get(&doc, ATT_JSON_ROOT, "x-ms-ver") != ATT_JSON_NONE &&
                    att_json_get(&doc, ATT_JSON_ROOT, "aikValidated") == ATT_JSON_NONE,
                "a token: nonce, and nothing that only policies see");
}

static void others_evidence(void)
{
    struct att_attest_in in = rig_in(&rig, att_str("not a request"), att_str("x"), NULL);
    struct att_verdict v;

    cases_check(&cases, !rig_judge(&rig, &in, &v) && v.err.code == ATT_TOKEN_MALFORMED,
                "E-x: something else: %s", v.err.text);
    in.evidence_type = "sgx";
    cases_check(&cases, !rig_judge(&rig, &in, &v), "E-x: under another type");
}

int main(void)
{
    rig_open(&rig);
    attestation_keys();
    request_keys();
    other_keys();
    certificates();
    masks();
    banks();
    properties();
    challenges();
    wanted();
    registers_claim();
    enclaves();
    custom();
    cut_and_flipped();
    peeked();
    token();
    others_evidence();
    rig_close(&rig);
    return cases_report(&cases);
}
