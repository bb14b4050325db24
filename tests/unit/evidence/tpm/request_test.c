/* layers: evidence/tpm evidence/common tpm eventlog jose crypto codec base */
/* The form of requests: every member wrong in turn. Nothing is signed here: reading comes before any signature. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "evidence/tpm/request.h"
#include "support/cases.h"

static struct cases cases = { .name = "evidence.tpm_request" };
static struct att_arena *arena;

/* A TPMT_PUBLIC of a P-256 key: type, nameAlg, attributes, no policy, no symmetric, no scheme, curve, no KDF, x, y of 1 byte. */
#define PUBLIC "ACMACwAEAHIAAAAQABAAAwAQAAEBAAEC"
#define KEY    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\",\"y\":\"Ag\"}"
#define QUOTED "{\"jwk\":" KEY ",\"info\":{\"tpm_quote\":{\"hash_alg\":\"sha-256\"}}}"
#define CERTIFIED                                                                                            \
    "{\"jwk\":" KEY ",\"info\":{\"tpm_certify\":{\"public\":\"" PUBLIC                                       \
    "\",\"certification\":\"AA\",\"signature\":\"AA\"}}}"
#define PCR0 "{\"index\":0,\"digest\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"

static const char header_v1[] = "{\"alg\":\"PS256\",\"typ\":\"attReq\"}";
static const char header_v2[] = "{\"alg\":\"PS256\",\"typ\":\"attReqV2\"}";

static const char v2[] =
    "{\"att_type\":\"basic\",\"att_data\":{\"rp_id\":\"https://rp.example\",\"rp_data\":\"bm9uY2U\","
    "\"challenge\":\"Y2hhbGxlbmdl\",\"tpm_att_data\":{\"current_attestation\":{"
    "\"logs\":[{\"type\":\"TCG\",\"log\":\"AAAA\"},{\"type\":\"IMA\",\"log\":\"AAAA\"}],"
    "\"aik_cert\":\"AAAA\",\"aik_pub\":{},\"pcrs\":[{\"algorithm\":11,\"values\":[" PCR0
    "]}],\"quote\":\"AAAA\",\"signature\":\"AAAA\"}},\"request_key\":" QUOTED ",\"other_keys\":[" CERTIFIED
    ",{\"jwk\":{}}],\"custom_claims\":[{\"name\":\"role\",\"value\":\"edge\",\"value_type\":\"string\"}],"
    "\"service_context\":\"Y29udGV4dA\"}}";

static struct att_span jws_of(const char *header, const char *payload)
{
    struct att_buf b = { 0 };

    att_base64url_put(&b, att_str(header));
    att_buf_putc(&b, '.');
    att_base64url_put(&b, att_str(payload));
    att_buf_puts(&b, ".AAAA");
    char *copy = att_arena_dup(arena, att_buf_span(&b));
    struct att_span out = att_span_of(copy, b.len);
    att_buf_free(&b);
    return out;
}

/* The text with `old` replaced where it stands first. */
static const char *with(const char *text, const char *old, const char *new)
{
    struct att_buf b = { 0 };
    const char *at = strstr(text, old);

    if (!at) {
        fprintf(stderr, "not there: %s\n", old);
        exit(2);
    }
    att_buf_put(&b, att_span_of(text, (size_t)(at - text)));
    att_buf_puts(&b, new);
    att_buf_puts(&b, at + strlen(old));
    const char *copy = att_arena_dup(arena, att_buf_span(&b));
    att_buf_free(&b);
    return copy;
}

static bool read_request(struct att_span jws, struct tpm_request *q, struct att_err *err)
{
    return tpm_request_read(arena, &att_limits_default, jws, q, err);
}

/* -- one member wrong ---------------------------------------------------------------------------------------- */

#define REQUEST ATT_TPM_REQUEST_MALFORMED
static const struct {
    const char *old, *new;
    enum att_code code;
    const char *where;
} rows[] = {
    { "\"basic\"", "\"Basic\"", REQUEST, "tpm.att_type" },
    { "\"basic\"", "1", REQUEST, "tpm.att_type" },
    { "\"att_type\":\"basic\",", "", REQUEST, "tpm.att_type" },
    { "\"att_data\":{", "\"att_date\":{", REQUEST, "tpm.att_data" },
    { "\"basic\"", "\"vbs\"", REQUEST, "tpm.att_data.report_signed" },
    { "\"att_type\"", "\"att_type\":\"basic\",\"att_type\"", REQUEST, "tpm.payload.json" },
    { "\"rp_id\":", "\"rp_data\":", REQUEST, "tpm.payload.json" },
    { "\"https://rp.example\"", "7", REQUEST, "tpm.rp_id" },
    { "\"bm9uY2U\"", "\"bm9u)2U\"", REQUEST, "tpm.rp_data" },
    { "\"bm9uY2U\"", "null", REQUEST, "tpm.rp_data" },
    { "\"challenge\":\"Y2hhbGxlbmdl\",", "", REQUEST, "tpm.challenge" },
    { "\"Y2hhbGxlbmdl\"", "\"Y2hhb*xlbmdl\"", REQUEST, "tpm.challenge" },
    { "\"Y2hhbGxlbmdl\"", "[]", REQUEST, "tpm.challenge" },
    { "\"Y2hhbGxlbmdl\"",
      "\""
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
      REQUEST, "tpm.challenge" },
    { "\"Y29udGV4dA\"", "3", REQUEST, "tpm.service_context" },
    { "\"tpm_att_data\"", "\"tpm\"", REQUEST, "tpm.tpm_att_data" },
    { "\"current_attestation\"", "\"boot_attestation\"", REQUEST, "tpm.tpm_att_data.current_attestation" },
    { "\"logs\":[{\"type\":\"TCG\",\"log\":\"AAAA\"},{\"type\":\"IMA\",\"log\":\"AAAA\"}],", "", REQUEST,
      "tpm.current.logs" },
    { "\"TCG\"", "\"CEL\"", REQUEST, "tpm.current.logs[0].type" },
    { "\"IMA\"", "\"ima\"", REQUEST, "tpm.current.logs[1].type" },
    { "{\"type\":\"TCG\",\"log\":\"AAAA\"}", "{\"type\":\"TCG\"}", REQUEST, "tpm.current.logs[0].log" },
    { "{\"type\":\"TCG\",\"log\":\"AAAA\"}", "\"AAAA\"", REQUEST, "tpm.current.logs[0]" },
    { "\"aik_cert\":\"AAAA\"", "\"aik_cert\":[\"AAAA\"]", REQUEST, "tpm.current.aik_cert" },
    { "\"aik_pub\":{},", "", REQUEST, "tpm.current.aik_pub" },
    { "\"aik_pub\":{}", "\"aik_pub\":\"AAAA\"", REQUEST, "tpm.current.aik_pub" },
    { "\"algorithm\":11", "\"algorithm\":18", REQUEST, "tpm.current.pcrs[0].algorithm" },
    { "\"algorithm\":11", "\"algorithm\":\"11\"", REQUEST, "tpm.current.pcrs[0].algorithm" },
    { "\"algorithm\":11", "\"algorithm\":4", REQUEST, "tpm.current.pcrs[0].values[0].digest" },
    { "{\"algorithm\":11,\"values\":[" PCR0 "]}", "{\"algorithm\":11,\"values\":[" PCR0 "," PCR0 "]}",
      REQUEST, "tpm.current.pcrs[0].values[1].index" },
    { "{\"algorithm\":11,\"values\":[" PCR0 "]}",
      "{\"algorithm\":11,\"values\":[" PCR0 "]},{\"algorithm\":11,\"values\":[]}", REQUEST,
      "tpm.current.pcrs[1].algorithm" },
    { "\"index\":0", "\"index\":24", REQUEST, "tpm.current.pcrs[0].values[0].index" },
    { "\"index\":0", "\"index\":-1", REQUEST, "tpm.current.pcrs[0].values[0].index" },
    { "\"index\":0", "\"index\":0.0", REQUEST, "tpm.current.pcrs[0].values[0].index" },
    { "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", REQUEST,
      "tpm.current.pcrs[0].values[0].digest" },
    { "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", REQUEST,
      "tpm.current.pcrs[0].values[0].digest" },
    { "\"quote\":\"AAAA\",", "", REQUEST, "tpm.current.quote" },
    { ",\"signature\":\"AAAA\"}}", "}}", REQUEST, "tpm.current.signature" },
    { "\"request_key\"", "\"attest_key\"", REQUEST, "tpm.request_key" },
    { QUOTED, "{\"jwk\":" KEY "}", REQUEST, "tpm.request_key.info" },
    { QUOTED, "{\"jwk\":" KEY ",\"info\":{}}", REQUEST, "tpm.request_key.info" },
    { QUOTED, "{\"jwk\":" KEY ",\"info\":null}", REQUEST, "tpm.request_key.info" },
    { QUOTED, "{\"info\":{\"tpm_quote\":{\"hash_alg\":\"sha-256\"}}}", REQUEST, "tpm.request_key.jwk" },
    { "{\"hash_alg\":\"sha-256\"}", "{}", REQUEST, "tpm.request_key.info.tpm_quote.hash_alg" },
    { "\"sha-256\"", "\"sha-1\"", REQUEST, "tpm.request_key.info.tpm_quote.hash_alg" },
    { "\"sha-256\"", "\"SHA-256\"", REQUEST, "tpm.request_key.info.tpm_quote.hash_alg" },
    { "\"tpm_quote\":{", "\"vbs_ncrypt\":{", REQUEST, "tpm.request_key.info" },
    { "\"tpm_quote\":{\"hash_alg\":\"sha-256\"}", "\"tpm_quote\":\"sha-256\"", REQUEST,
      "tpm.request_key.info.tpm_quote" },
    { "\"tpm_quote\":{\"hash_alg\":\"sha-256\"}",
      "\"tpm_quote\":{\"hash_alg\":\"sha-256\"},\"vbs_ncrypt\":{}", REQUEST, "tpm.request_key.info" },
    { "\"kty\":\"EC\"", "\"kty\":\"EC\",\"d\":\"AA\"", REQUEST, "tpm.request_key.jwk" },
    { CERTIFIED, QUOTED, REQUEST, "tpm.other_keys[0]" },
    { CERTIFIED, "{}", REQUEST, "tpm.other_keys[0].jwk" },
    { CERTIFIED, "{\"jwk\":{\"p\":\"AA\"}}", REQUEST, "tpm.other_keys[0].jwk" },
    { CERTIFIED, "{\"jwk\":{}},{\"jwk\":{}}", REQUEST, "tpm.other_keys" },
    { "\"other_keys\":[", "\"other_keys\":{},\"some_keys\":[", REQUEST, "tpm.other_keys" },
    { "\"" PUBLIC "\"", "\"AAAA\"", ATT_KEY_CERTIFY_INVALID,
      "tpm.other_keys[0].info.tpm_certify.public.type" },
    { "\"certification\":\"AA\",", "", REQUEST, "tpm.other_keys[0].info.tpm_certify.certification" },
    { "\"name\":\"role\",", "", REQUEST, "tpm.custom_claims[0].name" },
    { "\"name\":\"role\"", "\"name\":\"\"", REQUEST, "tpm.custom_claims[0].name" },
    { "\"name\":\"role\"", "\"name\":\"aikValidated\"", REQUEST, "tpm.custom_claims[0].name" },
    { "\"name\":\"role\"", "\"name\":\"secureBootEnabled\"", REQUEST, "tpm.custom_claims[0].name" },
    { "\"name\":\"role\"", "\"name\":\"aik\\u0056alidated\"", REQUEST, "tpm.custom_claims[0].name" },
    { "\"name\":\"role\"", "\"name\":\"pcrs\"", REQUEST, "tpm.custom_claims[0].name" },
    { "\"name\":\"role\"", "\"name\":\"x-ms-tpm-request-key\"", REQUEST, "tpm.custom_claims[0].name" },
    { "\"value\":\"edge\"", "\"value\":1", REQUEST, "tpm.custom_claims[0].value" },
    { "\"value_type\":\"string\"", "\"value_type\":\"json\"", REQUEST, "tpm.custom_claims[0].value_type" },
    { ",\"value_type\":\"string\"", "", REQUEST, "tpm.custom_claims[0].value_type" },
    { "\"value_type\":\"string\"", "\"value_type\":\"integer\"", REQUEST, "tpm.custom_claims[0].value" },
    { "\"value_type\":\"string\"", "\"value_type\":\"boolean\"", REQUEST, "tpm.custom_claims[0].value" },
};

static void refused(const char *name, struct att_span jws, enum att_code code, const char *where)
{
    struct tpm_request q = { .outside.version = 77 };
    struct att_err err = { 0 };
    bool ok = read_request(jws, &q, &err);

    cases_check(&cases, !ok && err.code == code && strcmp(err.where, where) == 0, "%s: %s at %s (%s)", name,
                att_code_name(err.code), err.where, err.text);
    cases_check(&cases, ok || (err.found[0] && err.expected[0] && q.outside.version == 77),
                "%s: says too little, or changes its result", name);
}

static void members(void)
{
    char name[256];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(name, sizeof name, "%.80s -> %.120s", rows[i].old, rows[i].new);
        refused(name, jws_of(header_v2, with(v2, rows[i].old, rows[i].new)), rows[i].code, rows[i].where);
    }
}

/* -- the header ----------------------------------------------------------------------------------------------- */

static void headers(void)
{
    static const struct {
        const char *header;
        enum att_code code;
        const char *where;
    } wrong[] = {
        { "{\"alg\":\"PS256\"}", REQUEST, "tpm.header.typ" },
        { "{\"alg\":\"PS256\",\"typ\":\"JWT\"}", REQUEST, "tpm.header.typ" },
        { "{\"alg\":\"PS256\",\"typ\":\"attreqv2\"}", REQUEST, "tpm.header.typ" },
        { "{\"alg\":\"PS256\",\"typ\":2}", REQUEST, "tpm.header.typ" },
        { "{\"alg\":\"RS256\",\"typ\":\"attReqV2\"}", REQUEST, "tpm.header.alg" },
        { "{\"alg\":\"HS256\",\"typ\":\"attReqV2\"}", REQUEST, "tpm.header.alg" },
        { "{\"alg\":\"PS384\",\"typ\":\"attReqV2\"}", REQUEST, "tpm.header.alg" },
        { "{\"typ\":\"attReqV2\"}", ATT_TOKEN_MALFORMED, "token.header.alg" },
        { "{\"alg\":\"PS256\",\"alg\":\"PS256\",\"typ\":\"attReqV2\"}", ATT_TOKEN_MALFORMED,
          "token.header.json" },
        { "{\"alg\":\"PS256\",\"typ\":\"attReqV2\",\"crit\":[\"x\"]}", ATT_TOKEN_CRITICAL,
          "token.header.crit" },
        { "[]", ATT_TOKEN_MALFORMED, "token.header" },
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refused(wrong[i].header, jws_of(wrong[i].header, v2), wrong[i].code, wrong[i].where);
    refused("a payload of form 2 under form 1", jws_of(header_v1, v2), REQUEST, "tpm.tpm_att_data.aik_pub");
    refused("an array", jws_of(header_v2, "[]"), REQUEST, "tpm.payload");
    refused("E-m: trailing data behind the payload",
            jws_of(header_v2, with(v2, "\"Y29udGV4dA\"}}", "\"\"}} x")), REQUEST, "tpm.payload.json");
    refused("no bytes", (struct att_span){ 0 }, ATT_TOKEN_MALFORMED, "token");
}

/* -- what may be ------------------------------------------------------------------------------------------------ */

static struct tpm_request accepted(const char *name, const char *payload)
{
    struct tpm_request q = { 0 };
    struct att_err err = { 0 };
    bool ok = read_request(jws_of(header_v2, payload), &q, &err);

    cases_check(&cases, ok, "%s: %s at %s", name, err.text, err.where);
    return q;
}

static void taken(void)
{
    struct tpm_request q = accepted("plain", v2);

    cases_check(&cases,
                q.outside.version == 2 && !q.outside.vbs && att_span_is(q.outside.challenge, "challenge") &&
                    att_span_is(q.outside.service_context, "Y29udGV4dA") && att_span_is(q.rp_data, "bm9uY2U"),
                "plain: the outside");
    cases_check(&cases,
                q.current.present && !q.boot.present && q.current.log_count == 2 &&
                    q.current.logs[0].form == LOG_TCG && q.current.logs[1].form == LOG_IMA &&
                    q.current.aik_cert.len == 3 && q.current.pcrs->bank[ATT_SHA256].pcrs == 1,
                "plain: the attestation");
    cases_check(&cases,
                q.key.binding == TPM_BOUND_BY_QUOTE && q.key.quote_hash == ATT_SHA256 &&
                    q.other_key_count == 2 && q.other_keys[0].binding == TPM_CERTIFIED &&
                    q.other_keys[0].pub.ecc && q.other_keys[1].binding == TPM_UNBOUND,
                "plain: the keys");
    cases_check(&cases, att_span_is(att_json_source(&q.outside.doc, q.key.jwk), KEY),
                "plain: the key's octets");
    q = accepted("octets of a key with white space", with(v2, "{\"kty\"", "{ \"kty\""));
    cases_check(&cases,
                att_span_is(att_json_source(&q.outside.doc, q.key.jwk),
                            "{ "
                            "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\",\"y\":\"Ag\"}"),
                "white space belongs to the octets");
    q = accepted("unknown members", with(v2, "\"rp_id\":", "\"later\":{\"a\":[1,2]},\"rp_id\":"));
    q = accepted("no custom claims", with(v2, "\"custom_claims\"", "\"other_claims\""));
    cases_check(&cases, q.custom_count == 0, "no custom claims: none");
    q = accepted("no certificate", with(v2, "\"aik_cert\":\"AAAA\",", ""));
    cases_check(&cases, q.current.aik_cert.len == 0, "no certificate: none");
    q = accepted("an empty certificate", with(v2, "\"aik_cert\":\"AAAA\"", "\"aik_cert\":\"\""));
    cases_check(&cases, q.current.aik_cert.len == 0, "an empty certificate is none");
    q = accepted("E-a: an empty challenge is read, and refused when it is compared",
                 with(v2, "\"Y2hhbGxlbmdl\"", "\"\""));
    cases_check(&cases, q.outside.challenge.len == 0, "an empty challenge");
    q = accepted("standard base64 with padding", with(v2, "\"Y2hhbGxlbmdl\"", "\"+/+/AQ==\""));
    cases_check(&cases, q.outside.challenge.len == 4 && q.outside.challenge.ptr[0] == 0xfb,
                "standard base64");
    q = accepted("no context", with(v2, ",\"service_context\":\"Y29udGV4dA\"", ""));
    cases_check(&cases, q.outside.service_context.len == 0, "no context: empty");
}

static void custom(void)
{
    static const struct {
        const char *value, *type;
        bool ok;
        struct att_value want;
    } values[] = {
        { "edge", "String", true, { .kind = ATT_CLAIM_STRING, .text = { (const uint8_t *)"edge", 4 } } },
        { "", "string", true, { .kind = ATT_CLAIM_STRING } },
        { "9223372036854775807", "Integer", true, { .kind = ATT_CLAIM_INT, .integer = INT64_MAX } },
        { "-9223372036854775808", "INTEGER", true, { .kind = ATT_CLAIM_INT, .integer = INT64_MIN } },
        { "007", "integer", true, { .kind = ATT_CLAIM_INT, .integer = 7 } },
        { "9223372036854775808", "integer", false, { 0 } },
        { "-9223372036854775809", "integer", false, { 0 } },
        { "-", "integer", false, { 0 } },
        { "+1", "integer", false, { 0 } },
        { " 1", "integer", false, { 0 } },
        { "1.0", "integer", false, { 0 } },
        { "", "integer", false, { 0 } },
        { "true", "boolean", true, { .kind = ATT_CLAIM_BOOL, .boolean = true } },
        { "False", "Boolean", true, { .kind = ATT_CLAIM_BOOL } },
        { "1", "boolean", false, { 0 } },
        { "", "boolean", false, { 0 } },
        { "true", "bool", false, { 0 } },
        { "true", "", false, { 0 } },
    };
    char text[160];

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct tpm_request q = { 0 };
        struct att_err err = { 0 };
        (void)snprintf(text, sizeof text, "\"value\":\"%s\",\"value_type\":\"%s\"", values[i].value,
                       values[i].type);
        bool ok = read_request(
            jws_of(header_v2, with(v2, "\"value\":\"edge\",\"value_type\":\"string\"", text)), &q, &err);
        cases_check(&cases, ok == values[i].ok, "custom claim \"%s\" as %s: %s", values[i].value,
                    values[i].type, err.text);
        cases_check(&cases, !ok || att_value_eq(&q.custom[0].value, &values[i].want),
                    "custom claim \"%s\" as %s: value", values[i].value, values[i].type);
    }
}

/* As many as there may be, and one more. */
static void counts(void)
{
    struct att_buf b = { 0 };

    for (size_t i = 0; i < TPM_CUSTOM_MAX; i++)
        att_buf_printf(&b, "{\"name\":\"n%zu\",\"value\":\"\",\"value_type\":\"string\"},", i);
    att_buf_putc(&b, 0);
    const char *more = with(v2, "\"custom_claims\":[", "\"custom_claims\":[#");
    refused("65 custom claims", jws_of(header_v2, with(more, "#", (const char *)b.ptr)), REQUEST,
            "tpm.custom_claims[64]");
    const char *last = "{\"name\":\"role\",\"value\":\"edge\",\"value_type\":\"string\"}";
    b.ptr[b.len - 2] = 0; /* without the last comma */
    struct tpm_request q = accepted("64 custom claims", with(with(more, last, ""), "#", (const char *)b.ptr));
    cases_check(&cases, q.custom_count == TPM_CUSTOM_MAX, "64 custom claims: %zu", q.custom_count);
    att_buf_clear(&b);
    for (size_t i = 0; i < TPM_LOGS_MAX - 2; i++)
        att_buf_puts(&b, "{\"type\":\"TCG\",\"log\":\"\"},");
    att_buf_putc(&b, 0);
    q = accepted("8 logs", with(with(v2, "\"logs\":[", "\"logs\":[#"), "#", (const char *)b.ptr));
    cases_check(&cases, q.current.log_count == TPM_LOGS_MAX, "8 logs: %zu", q.current.log_count);
    const char *nine =
        with(with(v2, "\"logs\":[", "\"logs\":[{\"type\":\"TCG\",\"log\":\"\"},#"), "#", (const char *)b.ptr);
    refused("9 logs", jws_of(header_v2, nine), REQUEST, "tpm.current.logs[8]");
    att_buf_free(&b);
}

static void limits(void)
{
    struct att_limits small = att_limits_default;
    struct att_span jws = jws_of(header_v2, v2);
    struct tpm_request q;
    struct att_err err = { 0 };

    small.tpm_request_bytes_max = jws.len - 1;
    cases_check(&cases, !tpm_request_read(arena, &small, jws, &q, &err) && err.code == ATT_LIMIT_EXCEEDED,
                "a byte too long: %s", err.text);
    small.tpm_request_bytes_max = jws.len;
    small.token_bytes_max = 16;
    err = (struct att_err){ 0 };
    cases_check(&cases, tpm_request_read(arena, &small, jws, &q, &err), "exactly as long as may be: %s",
                err.text);
    small.event_log_bytes_max = 2;
    err = (struct att_err){ 0 };
    cases_check(&cases, !tpm_request_read(arena, &small, jws, &q, &err) && err.code == REQUEST,
                "E-k: a log of 3 bytes where 2 may be: %s", err.text);
}

/* Every truncation of the JSON, inside a whole JWS. */
static void truncations(void)
{
    size_t len = strlen(v2), read = 0;

    for (size_t i = 0; i < len; i++) {
        struct tpm_request q;
        struct att_err err = { 0 };
        char *cut = att_arena_dup(arena, att_span_of(v2, i));
        read += read_request(jws_of(header_v2, cut), &q, &err) ? 1 : 0;
    }
    cases_check(&cases, read == 0, "%zu truncated payloads were read", read);
}

/* -- form 1, and enclaves -------------------------------------------------------------------------------------- */

static const char v1[] =
    "{\"att_type\":\"basic\",\"att_data\":{\"rp_data\":\"\",\"challenge\":\"AA\",\"tpm_att_data\":{"
    "\"srtm_boot_log\":\"AAAA\",\"drtm_boot_log\":\"\",\"aik_cert\":\"\",\"aik_pub\":{},"
    "\"current_claim\":\"#\",\"boot_claim\":\"\"},\"attest_key\":{},\"service_context\":\"\"}}";

/* Signature and quote of one byte, all registers of SHA-256. */
static const char *claim_text(size_t pcr_bytes)
{
    struct att_buf b = { 0 }, text = { 0 };

    att_buf_puts(&b, "ALPT");
    att_buf_u32le(&b, 0);
    att_buf_u32le(&b, 11);
    att_buf_u32le(&b, 1);
    att_buf_u32le(&b, 1);
    att_buf_u32le(&b, (uint32_t)pcr_bytes);
    att_buf_fill(&b, 7, 2 + pcr_bytes);
    att_base64url_put(&text, att_buf_span(&b));
    const char *copy = att_arena_dup(arena, att_buf_span(&text));
    att_buf_free(&b);
    att_buf_free(&text);
    return copy;
}

static void form_1(void)
{
    const char *plain = with(v1, "#", claim_text(24 * 32));
    struct tpm_request q = { 0 };
    struct att_err err = { 0 };
    bool ok = read_request(jws_of(header_v1, plain), &q, &err);

    cases_check(&cases,
                ok && q.outside.version == 1 && q.current.present && !q.boot.present &&
                    q.current.log_count == 1 && q.current.quote.len == 1 &&
                    q.current.pcrs->bank[ATT_SHA256].pcrs == 0xffffff && q.key.binding == TPM_UNBOUND,
                "form 1: %s at %s", err.text, err.where);
    const char *resumed = with(plain, "\"drtm_boot_log\":\"\"", "\"srtm_resume_log\":\"AAAAAA\"");
    ok = read_request(jws_of(header_v1, resumed), &q, &err);
    cases_check(
        &cases, ok && q.current.log_count == 1 && q.current.logs[0].bytes.len == 4 && q.boot.log_count == 0,
        "form 1: after resumption its log explains the registers, and nothing proves that of the start");
    const char *both =
        with(resumed, "\"boot_claim\":\"\"", with("\"boot_claim\":\"#\"", "#", claim_text(24 * 32)));
    ok = read_request(jws_of(header_v1, both), &q, &err);
    cases_check(&cases,
                ok && q.boot.present && q.boot.log_count == 1 && q.boot.logs[0].bytes.len == 3 &&
                    q.current.logs[0].bytes.len == 4,
                "form 1: each claim has its own logs");
    refused("form 1 without a claim", jws_of(header_v1, with(v1, "#", "")), REQUEST,
            "tpm.tpm_att_data.current_claim");
    refused("form 1, a register too few", jws_of(header_v1, with(v1, "#", claim_text(23 * 32))),
            ATT_TPM_QUOTE_MALFORMED, "tpm.tpm_att_data.current_claim");
    refused("form 1 without a key", jws_of(header_v1, with(plain, "\"attest_key\":{},", "")), REQUEST,
            "tpm.attest_key");
    refused("form 1, key of form 2",
            jws_of(header_v1, with(plain, "\"attest_key\":{}", "\"attest_key\":\"AA\"")), REQUEST,
            "tpm.attest_key");
    refused("form 1 under form 2", jws_of(header_v2, plain), REQUEST, "tpm.tpm_att_data.current_attestation");
}

static void enclaves(void)
{
    const char *data = strstr(v2, "\"att_data\":") + strlen("\"att_data\":");
    struct att_buf b = { 0 };
    struct tpm_envelope e = { 0 };
    struct att_err err = { 0 };

    att_buf_printf(
        &b,
        "{\"att_type\":\"vsm\",\"att_data\":{\"report_signed\": %.*s , \"vsm_report\":{\"enclave\":"
        "{\"report\":\"AAAA\"}}}}",
        (int)(strlen(data) - 1), data);
    const char *payload = att_arena_dup(arena, att_buf_span(&b));
    bool ok = tpm_envelope_read(arena, &att_limits_default, jws_of(header_v2, payload), &e, &err);
    cases_check(&cases, ok && e.vbs && att_span_eq(e.report_signed, att_span_of(data, strlen(data) - 1)),
                "report_signed: its octets, braces included and nothing around: %s", err.text);
    refused("a report of three bytes", jws_of(header_v2, payload), ATT_VBS_REPORT_MALFORMED, "vbs.header");
    refused("form 2 with a report as text",
            jws_of(header_v2, with(payload, "{\"enclave\":{\"report\":\"AAAA\"}}", "\"AAAA\"")), REQUEST,
            "tpm.att_data.vsm_report");
    refused("no report", jws_of(header_v2, with(payload, "\"vsm_report\"", "\"report\"")), REQUEST,
            "tpm.att_data.vsm_report");
    refused("another kind of report", jws_of(header_v2, with(payload, "\"enclave\":", "\"machine\":")),
            REQUEST, "tpm.vsm_report.enclave");
    att_buf_free(&b);
}

int main(void)
{
    arena = att_arena_new((size_t)256 << 20);
    members();
    headers();
    taken();
    custom();
    counts();
    limits();
    truncations();
    form_1();
    enclaves();
    att_arena_free(arena);
    return cases_report(&cases);
}
