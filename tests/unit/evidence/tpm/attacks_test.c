/* layers: attest makers base */
/* Requests that are signed throughout and should get somebody something that he does not deserve: logs that explain the quoted registers
 * and say something else than what happened, keys in other words, claims under borrowed names. */
#include "raw.h"

static struct cases cases = { .name = "evidence.tpm_attacks" };
static struct rig rig;

static const uint8_t global[16] = { 0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
                                    0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c };
enum { STATIC_MASK = 0x7fff, SAFEMODE = 0x00050005, BOUNDARY = 0x40010001 };

static struct raw started(void)
{
    mk_tpm_restart(rig.tpm, MK_BANK(MK_SHA1) | MK_BANK(MK_SHA256));
    return (struct raw){ .tpm = rig.tpm, .selections = { { MK_SHA256, STATIC_MASK } }, .selection_count = 1 };
}

static bool judged(struct raw *q, const struct att_policy *policy, struct att_verdict *ret)
{
    static struct att_buf jws; /* verdicts point into it */
    struct att_policy *p = mask_policy(STATIC_MASK, "");

    att_buf_clear(&jws);
    raw_jws(q, &jws);
    att_buf_free(&q->logs);
    const struct att_attest_in in =
        rig_in(&rig, att_buf_span(&jws), att_str(RAW_CHALLENGE), policy ? policy : p);
    bool ok = rig_judge(&rig, &in, ret);
    att_policy_free(p);
    return ok;
}

/* -- logs ---------------------------------------------------------------------------------------------------------- */

struct logs {
    struct mk_log tcg;
    struct att_buf ima;
};

static void secure_boot(struct logs *l, uint8_t value)
{
    mk_log_variable(&l->tcg, 7, MK_EV_VARIABLE_DRIVER_CONFIG, global, "SecureBoot", att_span_of(&value, 1),
                    false);
}
static void separator(struct logs *l, uint32_t pcr)
{
    mk_log_event(&l->tcg, pcr, MK_EV_SEPARATOR, att_span_of("\0\0\0\0", 4));
}
static void safe_mode(struct logs *l, bool on)
{
    struct att_buf part = { 0 }, whole = { 0 };

    mk_sipa_bool(&part, SAFEMODE, on);
    mk_sipa_put(&whole, BOUNDARY, att_buf_span(&part));
    mk_log_event(&l->tcg, 12, MK_EV_EVENT_TAG, att_buf_span(&whole));
    att_buf_free(&part);
    att_buf_free(&whole);
}

/* What was measured into this register so far - bodies whose digest is their hash - shown as records of IMA and not as events. */
static void as_records(struct logs *l, uint32_t pcr, const struct att_span *bodies, size_t count)
{
    uint8_t digest[MK_DIGEST_MAX];
    struct att_err err = { 0 };

    for (size_t i = 0; i < count; i++) {
        must(mk_hash(MK_SHA1, bodies[i], digest, &err), &err);
        att_buf_u32le(&l->ima, pcr);
        att_buf_put(&l->ima, att_span_of(digest, 20));
        att_buf_u32le(&l->ima, 7);
        att_buf_puts(&l->ima, "of-mine");
        att_buf_u32le(&l->ima, (uint32_t)bodies[i].len);
        att_buf_put(&l->ima, bodies[i]);
    }
}

/* Measured, and gone from the log: the bytes of its body are given back. */
static struct att_span taken_out(struct logs *l, struct att_buf *keep)
{
    struct att_span body = att_span_of(l->tcg.bytes.ptr + l->tcg.body_at, l->tcg.bytes.len - l->tcg.body_at);
    size_t at = keep->len;

    att_buf_put(keep, body);
    l->tcg.bytes.len = l->tcg.record_at;
    return att_span_of(keep->ptr + at, body.len);
}

static struct logs opened(void)
{
    struct logs l = { 0 };

    mk_log_begin(&l.tcg, rig.tpm, MK_LOG_AGILE);
    return l;
}

/* Records first: register by register that is the order of measurement. */
static bool finished(struct raw *q, struct logs *l, const struct att_policy *policy, struct att_verdict *ret)
{
    struct att_err err = { 0 };

    must(mk_log_end(&l->tcg, &err), &err);
    if (l->ima.len > 0)
        raw_log(q, "IMA", att_buf_span(&l->ima));
    raw_log(q, "TCG", att_buf_span(&l->tcg.bytes));
    bool ok = judged(q, policy, ret);
    att_buf_free(&l->ima);
    att_buf_free(&l->tcg.bytes);
    return ok;
}

static void plain_boot(void)
{
    for (unsigned on = 0; on < 2; on++) {
        struct raw q = started();
        struct logs l = opened();
        struct att_verdict v;
        secure_boot(&l, (uint8_t)on);
        separator(&l, 7);
        safe_mode(&l, !on);
        bool ok = finished(&q, &l, NULL, &v);
        cases_check(&cases,
                    ok && bool_claim(&v, "secureBootEnabled", on) && bool_claim(&v, "notSafeMode", on),
                    "a boot by hand, Secure Boot %u: %s at %s (%s)", on, att_code_name(v.err.code),
                    v.err.where, v.err.text);
    }
}

/* The machine runs without Secure Boot; its administrator measures a second start behind the first. */
static void firmware_as_records(void)
{
    struct raw q = started();
    struct logs l = opened();
    struct att_buf keep = { 0 };
    struct att_span bodies[2];
    struct att_verdict v;

    att_buf_fill(&keep, 0, 4096); /* so that it does not move */
    att_buf_clear(&keep);
    secure_boot(&l, 0);
    bodies[0] = taken_out(&l, &keep);
    separator(&l, 7);
    bodies[1] = taken_out(&l, &keep);
    as_records(&l, 7, bodies, 2);
    secure_boot(&l, 1);
    separator(&l, 7);
    bool ok = finished(&q, &l, NULL, &v);
    cases_check(&cases, !ok || bool_claim(&v, "secureBootEnabled", false),
                "E-n: the firmware's word shown as records of IMA, and a better one behind it");
    att_buf_free(&keep);
}

static void windows_as_records(void)
{
    struct raw q = started();
    struct logs l = opened();
    struct att_buf keep = { 0 };
    struct att_span body;
    struct att_verdict v;

    safe_mode(&l, true);
    body = taken_out(&l, &keep);
    as_records(&l, 12, &body, 1);
    bool ok = finished(&q, &l, NULL, &v);
    cases_check(&cases, !ok || bool_claim(&v, "notSafeMode", false),
                "E-n: safe mode shown as a record of IMA");
    att_buf_free(&keep);
}

/* A second log is read behind the first, as if its events had come there. */
static void two_logs(void)
{
    struct raw q = started();
    struct logs first = opened(), second;
    struct att_verdict v;
    struct att_err err = { 0 };

    secure_boot(&first, 0);
    separator(&first, 7);
    must(mk_log_end(&first.tcg, &err), &err);
    raw_log(&q, "TCG", att_buf_span(&first.tcg.bytes));
    second = opened();
    secure_boot(&second, 1);
    separator(&second, 7);
    bool ok = finished(&q, &second, NULL, &v);
    cases_check(&cases, ok && bool_claim(&v, "secureBootEnabled", false),
                "E-p: a better start in a second log: %s", v.err.text);
    att_buf_free(&first.tcg.bytes);
}

/* A machine that runs for weeks has tens of thousands of records; a policy that looks at them must not be refused for that. */
static void long_list(void)
{
    enum { RECORDS = 25000 };
    static const char text[] =
        "version=1.2;configurationrules{=>issueproperty(type=\"required_pcr_mask\",value=32767);};"
        "authorizationrules{c:[type==\"events\"]=>add(type=\"last\",value=JsonToClaimValue("
        "JmesPath(c.value,\"Events[-1].EventSeq\")));[type==\"last\",value==24999]=>permit();};"
        "issuancerules{};";
    struct raw q = started();
    struct att_buf fields = { 0 }, list = { 0 };
    struct att_policy *policy = NULL;
    struct att_verdict v;
    struct att_err err = { 0 };

    must(mk_ima_digest_field(&fields, att_str("a program"), &err) &&
             att_policy_compile(att_str(text), NULL, &policy, NULL, &err),
         &err);
    mk_ima_field(&fields, att_span_of("/usr/bin/program", 17));
    for (int i = 0; i < RECORDS; i++)
        must(mk_ima_record(&list, q.tpm, "ima-ng", att_buf_span(&fields), false, &err), &err);
    raw_log(&q, "IMA", att_buf_span(&list));
    bool ok = judged(&q, policy, &v);
    cases_check(&cases, ok, "25,000 records of IMA, and a policy that reads them: %s at %s (%s)",
                att_code_name(v.err.code), v.err.where, v.err.text);
    att_policy_free(policy);
    att_buf_free(&fields);
    att_buf_free(&list);
}

/* -- keys ------------------------------------------------------------------------------------------------------------ */

static char *key_text(enum mk_tpm_key key)
{
    struct att_buf b = { 0 };
    struct att_err err = { 0 };

    must(mk_tpm_jwk(rig.tpm, key, &b, &err), &err);
    att_buf_putc(&b, 0);
    char *text = strdup((const char *)b.ptr);
    att_buf_free(&b);
    return text;
}

/* `old` in the text is replaced where it stands first. */
static char *swapped(const char *text, const char *old, const char *new)
{
    const char *at = strstr(text, old);
    char *out = malloc(strlen(text) + strlen(new) + 1);

    if (!at || !out)
        abort();
    (void)sprintf(out, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
    return out;
}

static void request_keys(void)
{
    static const struct {
        const char *name, *old, *new;
        enum att_code want;
        bool rebound; /* the quote binds the text before it was changed */
    } rows[] = {
        { "white space, bound as sent", "{", "{ \n\t", ATT_OK, false },
        { "an escaped name, bound as sent", "\"kty\"", "\"\\u006bty\"", ATT_OK, false },
        { "an escaped letter, bound as sent", "\"RSA\"", "\"R\\u0053A\"", ATT_OK, false },
        { "a member more, bound as sent", "{", "{\"kid\":\"1\",", ATT_OK, false },
        { "white space that the quote has not", "{", "{ ", ATT_TPM_EXTRA_DATA_MISMATCH, true },
        { "white space behind that the quote has not", "}", " }", ATT_TPM_EXTRA_DATA_MISMATCH, true },
        { "a member more that the quote has not", "{", "{\"x\":1,", ATT_TPM_EXTRA_DATA_MISMATCH, true },
        { "a name escaped that the quote has not", "\"kty\"", "\"\\u006bty\"", ATT_TPM_EXTRA_DATA_MISMATCH,
          true },
        { "a byte order mark", "{", "\xef\xbb\xbf{", ATT_TPM_REQUEST_MALFORMED, false },
        { "its kind twice", "{", "{\"kty\":\"RSA\",", ATT_TPM_REQUEST_MALFORMED, false },
        { "its modulus twice, once escaped", "{", "{\"\\u006e\":\"AQAB\",", ATT_TPM_REQUEST_MALFORMED,
          false },
        { "its exponent 1", "\"AQAB\"", "\"AQ\"", ATT_TPM_REQUEST_MALFORMED, false },
        { "its exponent with a zero before", "\"AQAB\"", "\"AAEAAQ\"", ATT_TPM_REQUEST_MALFORMED, false },
        { "another exponent", "\"AQAB\"", "\"Aw\"", ATT_TPM_REQUEST_SIGNATURE_INVALID, false },
        { "for another algorithm", "{", "{\"alg\":\"RS256\",", ATT_TPM_REQUEST_SIGNATURE_INVALID, false },
        { "for encryption", "{", "{\"use\":\"enc\",", ATT_TPM_REQUEST_MALFORMED, false },
        { "a secret", "{", "{\"d\":\"AQAB\",", ATT_TPM_REQUEST_MALFORMED, false },
    };
    char *plain = key_text(MK_TPM_OUTSIDE);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct raw q = started();
        struct logs l = opened();
        struct att_verdict v;
        char *jwk = swapped(plain, rows[i].old, rows[i].new);
        q.jwk = jwk;
        q.bound = rows[i].rebound ? plain : NULL;
        separator(&l, 7);
        bool ok = finished(&q, &l, NULL, &v);
        cases_check(&cases, ok == (rows[i].want == ATT_OK) && v.err.code == rows[i].want,
                    "request key, %s: %s at %s (%s)", rows[i].name, att_code_name(v.err.code), v.err.where,
                    v.err.text);
        free(jwk);
    }
    free(plain);
}

/* The certificate is for a number and an exponent. */
static void attestation_keys(void)
{
    static const struct {
        const char *name, *old, *new;
        enum att_code want;
    } rows[] = {
        { "exponent 3 for the same modulus", "\"AQAB\"", "\"Aw\"", ATT_AIK_MISMATCH },
        { "exponent 1", "\"AQAB\"", "\"AQ\"", ATT_TPM_REQUEST_MALFORMED },
        { "exponent with a zero before", "\"AQAB\"", "\"AAEAAQ\"", ATT_TPM_REQUEST_MALFORMED },
        { "modulus with a zero before", "\"n\":\"", "\"n\":\"AAAA", ATT_TPM_REQUEST_MALFORMED },
        { "modulus longer by a factor", "\"n\":\"", "\"n\":\"AQAA", ATT_AIK_MISMATCH },
    };
    char *plain = key_text(MK_TPM_AIK);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct raw q = started();
        struct logs l = opened();
        struct att_verdict v;
        char *jwk = swapped(plain, rows[i].old, rows[i].new);
        q.aik_pub = jwk;
        separator(&l, 7);
        (void)!finished(&q, &l, NULL, &v);
        cases_check(&cases, v.err.code == rows[i].want, "AIK, %s: %s at %s (%s)", rows[i].name,
                    att_code_name(v.err.code), v.err.where, v.err.text);
        free(jwk);
    }
    free(plain);
}

/* -- claims ------------------------------------------------------------------------------------------------------------ */

/* Published policies test names without an issuer. */
static void borrowed_names(void)
{
    static const char text[] =
        "version=1.2;configurationrules{=>issueproperty(type=\"required_pcr_mask\",value=32767);};"
        "authorizationrules{[type==\"secureBootEnabled\",value==true]=>permit();};issuancerules{};";
    static const char *const names[] = {
        "secureBootEnabled",        "SecureBootEnabled",
        "secureBootEnabled\\u0000", "\\u0073ecureBootEnabled",
        " secureBootEnabled",       "secureBootEnabled ",
        "secureBootEnabled\\u200b", "secureBootEnable\\u0064",
        "\\uff53ecureBootEnabled",  "events",
        "x-ms-sgx-is-debuggable",
    };
    struct att_policy *policy = NULL;
    struct att_err err = { 0 };

    must(att_policy_compile(att_str(text), NULL, &policy, NULL, &err), &err);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct raw q = started();
        struct logs l = opened();
        struct att_verdict v;
        char more[256];
        (void)snprintf(more, sizeof more,
                       ",\"custom_claims\":[{\"name\":\"%s\",\"value\":\"true\",\"value_type\":\"boolean\"}]",
                       names[i]);
        q.more = more;
        separator(&l, 7);
        cases_check(&cases, !finished(&q, &l, policy, &v), "a custom claim called %s", names[i]);
    }
    att_policy_free(policy);
}

/* -- registers ---------------------------------------------------------------------------------------------------------- */

static void registers(void)
{
    static const struct {
        const char *name, *policy;
        struct mk_tpm_selection selections[2];
        size_t count;
        enum att_code want;
    } rows[] = {
        { "nothing asked for, nothing selected", "0", { { 0 } }, 0, ATT_PCR_SELECTION },
        { "nothing asked for, a bank without registers", "0", { { MK_SHA256, 0 } }, 1, ATT_PCR_SELECTION },
        { "nothing asked for, a register that anybody resets", "0", { { MK_SHA256, 1u << 16 } }, 1, ATT_OK },
        { "what is asked for is spread over two banks",
          "128",
          { { MK_SHA256, 1u << 16 }, { MK_SHA1, 1u << 7 } },
          2,
          ATT_PCR_SELECTION },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct raw q = started();
        struct logs l = opened();
        struct att_verdict v;
        struct att_policy *policy = mask_policy((uint32_t)atoi(rows[i].policy), "");
        memcpy(q.selections, rows[i].selections, sizeof rows[i].selections);
        q.selection_count = rows[i].count;
        secure_boot(&l, 1);
        separator(&l, 7);
        bool ok = finished(&q, &l, policy, &v);
        cases_check(&cases, v.err.code == rows[i].want, "E-p: %s: %s at %s (%s)", rows[i].name,
                    att_code_name(v.err.code), v.err.where, v.err.text);
        cases_check(&cases, !ok || bool_claim(&v, "secureBootEnabled", false), "E-p: %s: no claim of it",
                    rows[i].name);
        att_policy_free(policy);
    }
}

int main(void)
{
    rig_open(&rig);
    plain_boot();
    firmware_as_records();
    windows_as_records();
    two_logs();
    long_list();
    request_keys();
    attestation_keys();
    borrowed_names();
    registers();
    rig_close(&rig);
    return cases_report(&cases);
}
