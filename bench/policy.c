/* The policy language alone: the default policy over what an SGX quote gives, and a policy of version 1.2 over the event
 * log of a TPM. The log is made here: 2,000 events, a tenth of it of the kind that Windows measures. */
#include "bench.h"

#include "base/buf.h"
#include "codec/json.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>

enum {
    EVENTS = 2000,
    TAGGED_EVERY = 20,
    VARIABLES = 24,
    VARIABLE_BYTES = 4096,
    DEFAULT_RUNS = 4000,
    WINDOWS_RUNS = 20
};

/* Looks at the log in the ways of the published samples: filters, projections, queries put together from results. */
static const char windows_text[] =
    "version=1.2;\n"
    "configurationrules{ => issueproperty(type=\"required_pcr_mask\", value=15); };\n"
    "authorizationrules{\n"
    "  ![type==\"events\", issuer==\"AttestationService\"] => deny();\n"
    "  e:[type==\"events\", issuer==\"AttestationService\"] => add(type=\"vars\", value=JmesPath(e.value, "
    "\"Events[?EventTypeString=='EV_EFI_VARIABLE_DRIVER_CONFIG' && "
    "ProcessedData.VariableGuid=='GLOBAL']\"));\n"
    "  v:[type==\"vars\"] => add(type=\"secureBoot\", value=JsonToClaimValue(JmesPath(v.value, "
    "\"[?ProcessedData.UnicodeName=='SecureBoot'] | length(@)==`1` && "
    "@[0].ProcessedData.VariableData=='AQ'\")));\n"
    "  [type==\"secureBoot\", value==true] => permit();\n"
    "};\n"
    "issuancerules{\n"
    "  c:[type==\"secureBoot\"] => issue(type=\"secureBootEnabled\", value=c.value);\n"
    "  e:[type==\"events\"] => add(type=\"tags\", value=JmesPath(e.value, "
    "\"Events[?EventTypeString=='EV_EVENT_TAG' && "
    "(PcrIndex==`12` || PcrIndex==`13` || PcrIndex==`19` || "
    "PcrIndex==`20`)].ProcessedData.EVENT_TRUSTBOUNDARY\"));\n"
    "  t:[type==\"tags\"] => add(type=\"ci\", value=JsonToClaimValue(JmesPath(t.value, "
    "\"[*].EVENT_CODEINTEGRITY\")));\n"
    "  c:[type==\"ci\"] => issue(type=\"codeIntegrityEnabled\", value=ContainsOnlyValue(c.value, true));\n"
    "  t:[type==\"tags\"] => add(type=\"bd\", value=JsonToClaimValue(JmesPath(t.value, "
    "\"[*].EVENT_BOOTDEBUGGING\")));\n"
    "  c:[type==\"bd\"] => issue(type=\"bootDebuggingDisabled\", value=ContainsOnlyValue(c.value, false));\n"
    "  t:[type==\"tags\"] => add(type=\"kd\", value=JsonToClaimValue(JmesPath(t.value, "
    "\"[*].EVENT_OSKERNELDEBUG\")));\n"
    "  c:[type==\"kd\"] => issue(type=\"osKernelDebuggingDisabled\", value=ContainsOnlyValue(c.value, "
    "false));\n"
    "  t:[type==\"tags\"] => add(type=\"ts\", value=JsonToClaimValue(JmesPath(t.value, "
    "\"[*].EVENT_TESTSIGNING\")));\n"
    "  c:[type==\"ts\"] => issue(type=\"testSigningDisabled\", value=ContainsOnlyValue(c.value, false));\n"
    "  e:[type==\"events\"] => add(type=\"sep\", value=JmesPath(e.value, "
    "\"Events[?EventTypeString=='EV_SEPARATOR' && "
    "(PcrIndex==`12` || PcrIndex==`13`)] | [0].EventSeq\"));\n"
    "  s:[type==\"sep\", value!=\"null\"] => add(type=\"before\", "
    "value=AppendString(AppendString(\"Events[?EventSeq < `\", "
    "s.value), \"`\"));\n"
    "  b:[type==\"before\"] => add(type=\"svnQuery\", value=AppendString(b.value, \" && "
    "EventTypeString=='EV_EVENT_TAG' && "
    "PcrIndex==`12`].ProcessedData.EVENT_TRUSTBOUNDARY.EVENT_APPLICATION_SVN | [0]\"));\n"
    "  q:[type==\"svnQuery\"] && e:[type==\"events\"] => issue(type=\"bootMgrSvn\", "
    "value=JsonToClaimValue(JmesPath(e.value, q.value)));\n"
    "  t:[type==\"tags\"] => add(type=\"dep\", value=JsonToClaimValue(JmesPath(t.value, "
    "\"[*].EVENT_DATAEXECUTIONPREVENTION | [0]\")));\n"
    "  c:[type==\"dep\"] => issue(type=\"depPolicy\", value=c.value);\n"
    "  t:[type==\"tags\"] => add(type=\"elam\", value=JsonToClaimValue(JmesPath(t.value, "
    "\"[*].EVENT_LOADEDMODULE_AGGREGATION[] | [?EVENT_IMAGEVALIDATED==`true` && "
    "equals_ignore_case(EVENT_FILEPATH, "
    "'\\\\windows\\\\system32\\\\drivers\\\\guard.sys')] | length(@) > `0`\")));\n"
    "  c:[type==\"elam\"] => issue(type=\"driverLoaded\", value=c.value);\n"
    "  e:[type==\"events\"] => add(type=\"boot\", value=JmesPath(e.value, "
    "\"Events[?PcrIndex==`4`].EventTypeString\"));\n"
    "  e:[type==\"events\"] => issue(type=\"measuredFiles\", value=JsonToClaimValue(JmesPath(e.value, "
    "\"length(Events[?EventTypeString=='IMA_MEASUREMENT_EVENT'])\")));\n"
    "  e:[type==\"events\"] => add(type=\"modules\", value=JmesPath(e.value, \"Events[?PcrIndex==`10` && "
    "contains(ProcessedData.FileName, '/lib/modules/')].ProcessedData.FileName\"));\n"
    "  m:[type==\"modules\"] => issue(type=\"modulesSeen\", "
    "value=NegateBool(JsonToClaimValue(JmesPath(m.value, "
    "\"length(@)==`0`\"))));\n"
    "  ![type==\"driverLoaded\"] => issue(type=\"driverLoaded\", value=false);\n"
    "};\n";

/* -- the log ----------------------------------------------------------------------------------------------- */

static void event_head(struct att_json_writer *w, int seq, int pcr, const char *type)
{
    att_jw_object(w);
    att_jw_key(w, "EventSeq");
    att_jw_int(w, seq);
    att_jw_key(w, "PcrIndex");
    att_jw_int(w, pcr);
    att_jw_key(w, "EventTypeString");
    att_jw_str(w, type);
}

static void member(struct att_json_writer *w, const char *name, const char *value)
{
    att_jw_key(w, name);
    att_jw_str(w, value);
}

static void variable(struct att_json_writer *w, int seq)
{
    char data[VARIABLE_BYTES + 1];

    memset(data, 'Q', VARIABLE_BYTES);
    data[VARIABLE_BYTES] = '\0';
    event_head(w, seq, 7, "EV_EFI_VARIABLE_DRIVER_CONFIG");
    att_jw_key(w, "ProcessedData");
    att_jw_object(w);
    member(w, "VariableGuid", seq % 2 ? "GLOBAL" : "IMAGES");
    member(w, "UnicodeName", seq == 1 ? "SecureBoot" : "db");
    member(w, "VariableData", seq == 1 ? "AQ" : data);
    att_jw_end_object(w);
    att_jw_end_object(w);
}

static void tag(struct att_json_writer *w, int seq)
{
    static const char *const flags[] = { "EVENT_BOOTDEBUGGING", "EVENT_OSKERNELDEBUG", "EVENT_TESTSIGNING",
                                         "EVENT_FLIGHTSIGNING", "EVENT_SAFEMODE",      "EVENT_WINPE" };

    event_head(w, seq, 12 + seq / TAGGED_EVERY % 2, "EV_EVENT_TAG");
    att_jw_key(w, "ProcessedData");
    att_jw_object(w);
    att_jw_key(w, "EVENT_TRUSTBOUNDARY");
    att_jw_object(w);
    att_jw_key(w, "EVENT_APPLICATION_SVN");
    att_jw_int(w, 1);
    att_jw_key(w, "EVENT_CODEINTEGRITY");
    att_jw_bool(w, true);
    att_jw_key(w, "EVENT_DATAEXECUTIONPREVENTION");
    att_jw_int(w, 1);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        att_jw_key(w, flags[i]);
        att_jw_bool(w, false);
    }
    att_jw_key(w, "EVENT_LOADEDMODULE_AGGREGATION");
    att_jw_array(w);
    for (int i = 0; i < 4; i++) {
        att_jw_object(w);
        member(w, "EVENT_FILEPATH", "\\Windows\\System32\\drivers\\something.sys");
        att_jw_key(w, "EVENT_IMAGEVALIDATED");
        att_jw_bool(w, true);
        member(w, "EVENT_AUTHORITYPUBLISHER", "Somebody Who Signs Drivers");
        member(w, "EVENT_AUTHORITYSHA1THUMBPRINT", "AAAAAAAAAAAAAAAAAAAAAAAAAAA");
        att_jw_end_object(w);
    }
    att_jw_end_array(w);
    att_jw_end_object(w);
    att_jw_end_object(w);
    att_jw_end_object(w);
}

static void file(struct att_json_writer *w, int seq)
{
    char name[64];

    (void)snprintf(name, sizeof name, "/usr/%s/part-%d.so", seq % 50 ? "lib/x86_64-linux-gnu" : "lib/modules",
                   seq);
    event_head(w, seq, 10, "IMA_MEASUREMENT_EVENT");
    att_jw_key(w, "ProcessedData");
    att_jw_object(w);
    member(w, "TemplateName", "ima-sig");
    member(w, "FileName", name);
    att_jw_end_object(w);
    att_jw_end_object(w);
}

static void make_log(struct att_buf *b)
{
    struct att_json_writer w = { .out = b };

    att_jw_object(&w);
    att_jw_key(&w, "Events");
    att_jw_array(&w);
    for (int seq = 0; seq < EVENTS; seq++) {
        if (seq < VARIABLES) {
            variable(&w, seq);
        } else if (seq == EVENTS - 2) {
            event_head(&w, seq, 12, "EV_SEPARATOR");
            att_jw_end_object(&w);
        } else if (seq % TAGGED_EVERY == 0) {
            tag(&w, seq);
        } else {
            file(&w, seq);
        }
    }
    att_jw_end_array(&w);
    att_jw_end_object(&w);
}

/* -- measuring ----------------------------------------------------------------------------------------------- */

static struct att_policy *compiled(struct att_span text)
{
    struct att_policy *policy = NULL;
    struct att_err err = { 0 };

    bench_must(att_policy_compile(text, NULL, &policy, NULL, &err), "policy", &err);
    return policy;
}

static double time_default(const struct att_policy *policy)
{
    static const char *const texts[] = {
        "x-ms-sgx-mrsigner",      "x-ms-sgx-mrenclave",    "$sgx-mrsigner", "$sgx-mrenclave",
        "x-ms-policy-hash",       "x-ms-attestation-type", "$tee",          "x-ms-sgx-config-id",
        "x-ms-sgx-isv-family-id", "x-ms-sgx-ehd",          "x-ms-ver",      "x-ms-policy-signer"
    };
    static const char *const numbers[] = { "x-ms-sgx-product-id", "x-ms-sgx-svn",       "$product-id", "$svn",
                                           "x-ms-sgx-config-svn", "x-ms-sgx-tcb-number" };
    double sum = 0;

    for (int run = 0; run < DEFAULT_RUNS; run++) {
        struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
        struct att_claims incoming;
        struct att_policy_result result;
        struct att_err err = { 0 };
        bool ok = true;
        att_claims_init(&incoming, arena, NULL);
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
            ok = ok && att_claims_add_text(&incoming, texts[i], att_str(texts[i]), ATT_CLAIM_IN_TOKEN, &err);
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
            ok = ok && att_claims_add_int(&incoming, numbers[i], (int64_t)i, ATT_CLAIM_IN_TOKEN, &err);
        ok = ok && att_claims_add_bool(&incoming, "x-ms-sgx-is-debuggable", false, ATT_CLAIM_IN_TOKEN, &err);
        double started = bench_cpu_s();
        ok = ok && att_policy_eval(policy, arena, &incoming, NULL, &result, &err);
        sum += bench_cpu_s() - started;
        bench_must(ok && result.issued.count == 6, "default policy", &err);
        att_arena_free(arena);
    }
    return sum / DEFAULT_RUNS;
}

static double time_windows(const struct att_policy *policy, struct att_span log)
{
    double sum = 0;

    for (int run = 0; run < WINDOWS_RUNS; run++) {
        struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
        struct att_claims incoming;
        struct att_policy_result result;
        struct att_err err = { 0 };
        att_claims_init(&incoming, arena, NULL);
        bool ok = att_claims_add_text(&incoming, "events", log, 0, &err);
        double started = bench_cpu_s();
        ok = ok && att_policy_eval(policy, arena, &incoming, NULL, &result, &err);
        sum += bench_cpu_s() - started;
        bench_must(ok && result.issued.count == 10, "policy over the log", &err);
        att_arena_free(arena);
    }
    return sum / WINDOWS_RUNS;
}

/* The least step limit with which the policy comes to its end. */
static size_t steps_needed(const struct att_policy *policy, struct att_span log)
{
    struct att_limits limits = att_limits_default;
    size_t too_few = 0;
    size_t enough = limits.policy_steps_max;

    while (enough - too_few > 1) {
        struct att_arena *arena = att_arena_new(limits.arena_bytes_max);
        struct att_claims incoming;
        struct att_policy_result result;
        struct att_err err = { 0 };
        limits.policy_steps_max = too_few + (enough - too_few) / 2;
        att_claims_init(&incoming, arena, NULL);
        if (att_claims_add_text(&incoming, "events", log, 0, &err) &&
            att_policy_eval(policy, arena, &incoming, &(struct att_policy_options){ .limits = &limits },
                            &result, &err))
            enough = limits.policy_steps_max;
        else
            too_few = limits.policy_steps_max;
        att_arena_free(arena);
    }
    return enough;
}

static double time_sha256(struct att_span log)
{
    uint8_t digest[32];
    double started = bench_cpu_s();

    for (int run = 0; run < WINDOWS_RUNS; run++)
        bench_must(EVP_Digest(log.ptr, log.len, digest, NULL, EVP_sha256(), NULL) == 1, "SHA-256", NULL);
    return (bench_cpu_s() - started) / WINDOWS_RUNS;
}

static double time_verify(EVP_PKEY *key, struct att_span signature, struct att_span message)
{
    double started = bench_cpu_s();

    for (int run = 0; run < WINDOWS_RUNS; run++) {
        EVP_MD_CTX *c = EVP_MD_CTX_new();
        bench_must(c && EVP_DigestVerifyInit(c, NULL, EVP_sha256(), NULL, key) == 1 &&
                       EVP_DigestVerify(c, signature.ptr, signature.len, message.ptr, message.len) == 1,
                   "P-256", NULL);
        EVP_MD_CTX_free(c);
    }
    return (bench_cpu_s() - started) / WINDOWS_RUNS;
}

void bench_policy(void)
{
    const struct att_span message = att_str("what is signed");
    struct att_policy *plain = compiled(att_policy_default("sgx"));
    struct att_policy *windows = compiled(att_str(windows_text));
    struct att_buf log = { 0 };
    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    uint8_t bytes[128];
    size_t len = sizeof bytes;
    double defaults[ROUNDS], logs[ROUNDS], default_ratio[ROUNDS], log_ratio[ROUNDS];

    make_log(&log);
    bench_must(key && c && EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, key) == 1 &&
                   EVP_DigestSign(c, bytes, &len, message.ptr, message.len) == 1,
               "P-256", NULL);
    const struct att_span signature = { bytes, len };
    (void)time_windows(windows, att_buf_span(&log)); /* warm up, uncounted */
    for (int i = 0; i < ROUNDS; i++) {
        double verify = time_verify(key, signature, message);
        double hash = time_sha256(att_buf_span(&log));
        defaults[i] = time_default(plain);
        logs[i] = time_windows(windows, att_buf_span(&log));
        default_ratio[i] = defaults[i] / ((verify + time_verify(key, signature, message)) / 2);
        log_ratio[i] = logs[i] / ((hash + time_sha256(att_buf_span(&log))) / 2);
    }
    printf("policy.default_us %.2f\n", bench_median(defaults, ROUNDS) * 1e6);
    printf("policy.log_2000_events_us %.0f\n", bench_median(logs, ROUNDS) * 1e6);
    printf("policy.log_2000_events_bytes %zu\n", log.len);
    printf("policy.log_2000_events_steps %zu (of %zu)\n", steps_needed(windows, att_buf_span(&log)),
           att_limits_default.policy_steps_max);
    printf("ratio policy.default_vs_p256_verify %.4f\n", bench_median(default_ratio, ROUNDS));
    printf("ratio policy.log_vs_sha256_of_log %.2f\n", bench_median(log_ratio, ROUNDS));
    EVP_MD_CTX_free(c);
    EVP_PKEY_free(key);
    att_buf_free(&log);
    att_policy_free(plain);
    att_policy_free(windows);
}
