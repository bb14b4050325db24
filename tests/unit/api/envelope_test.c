/* layers: api keys http access site service authority base codec */
/* Bodies of attestation requests: what is taken, what is refused and where. */
#include "api/internal.h"

#include "base/base64.h"
#include "base/buf.h"
#include "support/cases.h"

#include <stdio.h>

static bool read_body(struct att_arena *a, const char *body, size_t len, enum api_version version,
                      const char *name, struct service_attest_in *ret, struct att_err *err)
{
    struct api_envelope from = { .arena = a,
                                 .body = att_span_of(body, len),
                                 .limits = &att_limits_default,
                                 .version = version,
                                 .evidence_name = name };
    return api_envelope_read(&from, ret, err);
}

/* "-" is absent; JSON data is marked by a leading "j:". */
static bool data_is(const struct att_bound_data *d, const char *want)
{
    if (strcmp(want, "-") == 0)
        return !d->present;
    bool json = strncmp(want, "j:", 2) == 0;
    return d->present && d->json == json && att_span_is(d->bytes, want + (json ? 2 : 0));
}

static bool text_is(bool has, struct att_span text, const char *want)
{
    return strcmp(want, "-") == 0 ? !has : has && att_span_is(text, want);
}

static void good(struct cases *c)
{
    static const struct {
        const char *body, *evidence, *runtime, *init_time, *nonce, *draft;
        bool old;
    } rows[] = {
        { "{\"quote\":\"AQID\"}", "\1\2\3", "-", "-", "-", "-", false },
        { "{\"quote\":\"\"}", "", "-", "-", "-", "-", false },
        { "{\"QUOTE\":\"YWJj\",\"NONCE\":\"n\"}", "abc", "-", "-", "n", "-", false },
        { "{\"quote\":\"YWJj\",\"runtimeData\":{\"data\":\"eHk\"}}", "abc", "xy", "-", "-", "-", false },
        { "{\"quote\":\"YWJj\",\"runtimeData\":{\"data\":\"eHk=\",\"dataType\":\"\"}}", "abc", "xy", "-", "-",
          "-", false },
        { "{\"quote\":\"YWJj\",\"runtimeData\":{\"data\":\"eHk\",\"dataType\":\"Binary\"}}", "abc", "xy", "-",
          "-", "-", false },
        { "{\"quote\":\"YWJj\",\"runtimeData\":{\"data\":\"eHk\",\"dataType\":\"json\"}}", "abc", "j:xy", "-",
          "-", "-", false },
        { "{\"quote\":\"YWJj\",\"inittimeData\":{\"data\":\"eHk\",\"DATATYPE\":\"JSON\"}}", "abc", "-",
          "j:xy", "-", "-", false },
        { "{\"quote\":\"YWJj\",\"initTimeData\":{\"data\":\"\",\"dataType\":\"\"}}", "abc", "-", "-", "-",
          "-", false },
        { "{\"quote\":\"YWJj\",\"initTimeData\":{\"data\":\"\",\"dataType\":\"JSON\"}}", "abc", "-", "-", "-",
          "-", false },
        { "{\"quote\":\"YWJj\",\"initTimeData\":{}}", "abc", "-", "-", "-", "-", false },
        { "{\"quote\":\"YWJj\",\"runtimeData\":null,\"nonce\":null,\"draftPolicyForAttestation\":null}",
          "abc", "-", "-", "-", "-", false },
        { "{\"quote\":\"YWJj\",\"nonce\":18446744073709551615}", "abc", "-", "-", "18446744073709551615", "-",
          false },
        { "{\"quote\":\"YWJj\",\"nonce\":1e400}", "abc", "-", "-", "1e400", "-", false },
        { "{\"quote\":\"YWJj\",\"nonce\":\"\"}", "abc", "-", "-", "", "-", false },
        { "{\"quote\":\"YWJj\",\"nonce\":\"a\\u00e9\"}", "abc", "-", "-", "a\xc3\xa9", "-", false },
        { "{\"quote\":\"YWJj\",\"draftPolicyForAttestation\":\"version=1.0;\\n\"}", "abc", "-", "-", "-",
          "version=1.0;\n", false },
        { "{\"quote\":\"YWJj\",\"EnclaveHeldData\":\"eHk\"}", "abc", "-", "-", "-", "-", false },
        { "{\"Quote\":\"YWJj\",\"EnclaveHeldData\":\"eHk\"}", "abc", "xy", "-", "-", "-", true },
        { "{\"Quote\":\"YWJj\",\"EnclaveHeldData\":\"\"}", "abc", "-", "-", "-", "-", true },
        { "{\"Quote\":\"YWJj\",\"runtimeData\":{\"data\":\"eHk\"}}", "abc", "xy", "-", "-", "-", true },
        { " \r\n\t{ \"quote\" : \"YWJj\" , \"x\" : [ { } ] } \n", "abc", "-", "-", "-", "-", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *a = att_arena_new(1 << 20);
        struct att_err err = { 0 };
        struct service_attest_in in = { .evidence_type = "sgx" };
        enum api_version version = rows[i].old ? API_2018_09_01_PREVIEW : API_2022_08_01;
        bool ok = read_body(a, rows[i].body, strlen(rows[i].body), version, "quote", &in, &err);
        cases_check(c,
                    ok && att_span_is(in.evidence, rows[i].evidence) &&
                        strcmp(in.evidence_type, "sgx") == 0 && data_is(&in.runtime, rows[i].runtime) &&
                        data_is(&in.init_time, rows[i].init_time) &&
                        text_is(in.has_nonce, in.nonce, rows[i].nonce) &&
                        text_is(in.has_draft_policy, in.draft_policy, rows[i].draft),
                    "taken: %s: %s", rows[i].body, err.text);
        att_arena_free(a);
    }
}

static const struct bad {
    const char *body;
    enum att_code code;
    const char *where;
    bool old;
} bad_rows[] = {
    { "", ATT_REQUEST_MALFORMED, "body", false },
    { " ", ATT_JSON_SYNTAX, "json", false },
    { "[]", ATT_REQUEST_MALFORMED, "body", false },
    { "\"quote\"", ATT_REQUEST_MALFORMED, "body", false },
    { "null", ATT_REQUEST_MALFORMED, "body", false },
    { "{}", ATT_PARAMETER_MISSING, "quote", false },
    { "{\"report\":\"YWJj\"}", ATT_PARAMETER_MISSING, "quote", false },
    { "{\"quote\":null}", ATT_PARAMETER_MISSING, "quote", false },
    { "{\"quote\":1}", ATT_PARAMETER_INVALID, "quote", false },
    { "{\"quote\":false}", ATT_PARAMETER_INVALID, "quote", false },
    { "{\"quote\":[\"YWJj\"]}", ATT_PARAMETER_INVALID, "quote", false },
    { "{\"quote\":{\"data\":\"YWJj\"}}", ATT_PARAMETER_INVALID, "quote", false },
    { "{\"quote\":\"Y\"}", ATT_BASE64_INVALID, "quote", false },
    { "{\"quote\":\"YWJ!\"}", ATT_BASE64_INVALID, "quote", false },
    { "{\"quote\":\"YW=Jj\"}", ATT_BASE64_INVALID, "quote", false },
    { "{\"quote\":\"YWJj\\u0000\"}", ATT_BASE64_INVALID, "quote", false },
    { "{\"quote\":\"YWJj\",\"quote\":\"YWJj\"}", ATT_JSON_DUPLICATE, "json", false },
    { "{\"quote\":\"YWJj\",\"qUOTE\":null}", ATT_JSON_DUPLICATE, "json", false },
    { "{\"quote\":\"YWJj\",\"runtimeData\":\"eHk\"}", ATT_PARAMETER_INVALID, "runtimeData", false },
    { "{\"quote\":\"YWJj\",\"runtimeData\":[]}", ATT_PARAMETER_INVALID, "runtimeData", false },
    { "{\"quote\":\"YWJj\",\"runtimeData\":{\"data\":1}}", ATT_PARAMETER_INVALID, "runtimeData.data", false },
    { "{\"quote\":\"YWJj\",\"runtimeData\":{\"data\":\"(\"}}", ATT_BASE64_INVALID, "runtimeData.data",
      false },
    { "{\"quote\":\"YWJj\",\"runtimeData\":{\"data\":\"eHk\",\"dataType\":\"JSONX\"}}", ATT_PARAMETER_INVALID,
      "runtimeData.dataType", false },
    { "{\"quote\":\"YWJj\",\"runtimeData\":{\"data\":\"eHk\",\"dataType\":\"JSO\"}}", ATT_PARAMETER_INVALID,
      "runtimeData.dataType", false },
    { "{\"quote\":\"YWJj\",\"runtimeData\":{\"data\":\"eHk\",\"dataType\":[]}}", ATT_PARAMETER_INVALID,
      "runtimeData.dataType", false },
    { "{\"quote\":\"YWJj\",\"runtimeData\":{\"dataType\":\"JSON\"}}", ATT_PARAMETER_MISSING,
      "runtimeData.data", false },
    { "{\"quote\":\"YWJj\",\"initTimeData\":{\"data\":null,\"dataType\":\"Binary\"}}", ATT_PARAMETER_MISSING,
      "initTimeData.data", false },
    { "{\"quote\":\"YWJj\",\"nonce\":[]}", ATT_PARAMETER_INVALID, "nonce", false },
    { "{\"quote\":\"YWJj\",\"nonce\":{}}", ATT_PARAMETER_INVALID, "nonce", false },
    { "{\"quote\":\"YWJj\",\"nonce\":true}", ATT_PARAMETER_INVALID, "nonce", false },
    { "{\"quote\":\"YWJj\",\"nonce\":01}", ATT_JSON_SYNTAX, "json", false },
    { "{\"quote\":\"YWJj\",\"draftPolicyForAttestation\":{}}", ATT_PARAMETER_INVALID,
      "draftPolicyForAttestation", false },
    { "{\"quote\":\"YWJj\"}x", ATT_JSON_SYNTAX, "json", false },
    { "{\"quote\":\"YWJj\",\"x\":\"\xff\"}", ATT_UTF8_INVALID, "json", false },
    { "{\"Quote\":\"YWJj\",\"EnclaveHeldData\":1}", ATT_PARAMETER_INVALID, "EnclaveHeldData", true },
    { "{\"Quote\":\"YWJj\",\"EnclaveHeldData\":\"(\"}", ATT_BASE64_INVALID, "EnclaveHeldData", true },
    { "{\"Quote\":\"YWJj\",\"EnclaveHeldData\":\"eHk\",\"runtimeData\":{\"data\":\"eHk\"}}",
      ATT_PARAMETER_INVALID, "EnclaveHeldData", true },
};

static bool refused(const struct bad *row, struct att_err *err)
{
    struct att_arena *a = att_arena_new(1 << 20);
    struct service_attest_in in = { .evidence_type = "sgx", .has_nonce = true };
    enum api_version version = row->old ? API_2018_09_01_PREVIEW : API_2022_08_01;
    bool ok = read_body(a, row->body, strlen(row->body), version, "quote", &in, err);

    att_arena_free(a);
    return !ok && in.has_nonce; /* outputs change only on success */
}

static void bad(struct cases *c)
{
    for (size_t i = 0; i < sizeof bad_rows / sizeof bad_rows[0]; i++) {
        const struct bad *row = &bad_rows[i];
        struct att_err err = { 0 };
        bool said = refused(row, &err) && err.code == row->code && strcmp(err.where, row->where) == 0;
        cases_check(c, said && err.found[0] && err.expected[0], "refused: %s: %s at %s: %s", row->body,
                    att_code_name(err.code), err.where, err.text);
    }
}

/* A whole body cut anywhere is refused; a quote in hexadecimal is named as such from a length on where base64url
 * cannot look like it. */
static void cut_and_hex(struct cases *c)
{
    static const char body[] =
        "{\"quote\":\"YWJj\",\"runtimeData\":{\"data\":\"eHk\",\"dataType\":\"JSON\"},\"nonce\":\"n\"}";
    static const struct {
        size_t digits;
        enum att_code code;
    } rows[] = { { 4, ATT_OK },
                 { 64, ATT_OK },
                 { 124, ATT_OK },
                 { 128, ATT_BASE64_INVALID },
                 { 9264, ATT_BASE64_INVALID } };

    for (size_t len = 0; len < sizeof body - 1; len++) {
        struct att_arena *a = att_arena_new(1 << 20);
        struct att_err err = { 0 };
        struct service_attest_in in = { .evidence_type = "sgx" };
        bool ok = read_body(a, body, len, API_2022_08_01, "quote", &in, &err);
        cases_check(c, !ok && err.text[0], "cut after %zu bytes", len);
        att_arena_free(a);
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *a = att_arena_new(1 << 20);
        struct att_buf text = { 0 };
        struct att_err err = { 0 };
        struct service_attest_in in = { .evidence_type = "sgx" };
        att_buf_puts(&text, "{\"quote\":\"");
        for (size_t k = 0; k < rows[i].digits; k++)
            att_buf_putc(&text, "0123456789abcDEF"[k * 7 % 16]);
        att_buf_puts(&text, "\"}");
        bool ok = read_body(a, (const char *)text.ptr, text.len, API_2022_08_01, "quote", &in, &err);
        cases_check(c,
                    ok == (rows[i].code == ATT_OK) && err.code == rows[i].code &&
                        (ok || strstr(err.text, "hexadecimal")),
                    "%zu hexadecimal digits: %s", rows[i].digits, err.text);
        att_buf_free(&text);
        att_arena_free(a);
    }
}

/* -- SEV-SNP: two layers of JSON in base64url --------------------------------------------------------------- */

/* b(text) stands for the base64url of the text. */
static bool nest(const char *from, struct att_buf *out)
{
    for (const char *at = from; *at;) {
        const char *end = strncmp(at, "b(", 2) == 0 ? strchr(at, ')') : NULL;
        if (end)
            att_base64url_put(out, att_span_of(at + 2, (size_t)(end - at - 2)));
        else
            att_buf_putc(out, *at);
        at = end ? end + 1 : at + 1;
    }
    return !out->failed;
}

static const struct snp_row {
    const char *endorsements; /* NULL: no such member; else the inner JSON, b() in it */
    const char *report;       /* the outer JSON without it, b() in it */
    enum att_code code;
    const char *where, *evidence, *chain;
    size_t uvm;
} snp_rows[] = {
    { NULL, "\"SnpReport\":\"b(rep)\",\"VcekCertChain\":\"b(pem)\"", ATT_OK, "", "rep", "pem", 0 },
    { NULL, "\"snpreport\":\"b(rep)\"", ATT_OK, "", "rep", "", 0 },
    { NULL, "\"SnpReport\":\"b(rep)\",\"VcekCertChain\":null", ATT_OK, "", "rep", "", 0 },
    { NULL, "\"SnpReport\":\"b(rep)\",\"VcekCertChain\":\"\",\"Endorsements\":\"\"", ATT_OK, "", "rep", "",
      0 },
    { NULL, "\"SnpReport\":\"b(rep)\",\"Endorsements\":null", ATT_OK, "", "rep", "", 0 },
    { NULL, "\"SnpReport\":\"b(rep)\",\"Unknown\":{\"x\":[]}", ATT_OK, "", "rep", "", 0 },
    { "{}", "\"SnpReport\":\"b(rep)\"", ATT_OK, "", "rep", "", 0 },
    { "{\"Uvm\":null}", "\"SnpReport\":\"b(rep)\"", ATT_OK, "", "rep", "", 0 },
    { "{\"Uvm\":[]}", "\"SnpReport\":\"b(rep)\"", ATT_OK, "", "rep", "", 0 },
    { "{\"UVM\":[\"b(one)\"]}", "\"SnpReport\":\"b(rep)\"", ATT_OK, "", "rep", "", 1 },
    { "{\"Uvm\":[\"YQ\",\"YQ\",\"YQ\",\"YQ\",\"YQ\",\"YQ\",\"YQ\",\"YQ\"]}", "\"SnpReport\":\"b(rep)\"",
      ATT_OK, "", "rep", "", 8 },
    { "{\"Uvm\":[\"YQ\",\"YQ\",\"YQ\",\"YQ\",\"YQ\",\"YQ\",\"YQ\",\"YQ\",\"YQ\"]}",
      "\"SnpReport\":\"b(rep)\"", ATT_PARAMETER_INVALID, "report.Endorsements.Uvm", "", "", 0 },
    { "{\"Uvm\":\"YQ\"}", "\"SnpReport\":\"b(rep)\"", ATT_PARAMETER_INVALID, "report.Endorsements.Uvm", "",
      "", 0 },
    { "{\"Uvm\":{\"a\":\"YQ\"}}", "\"SnpReport\":\"b(rep)\"", ATT_PARAMETER_INVALID,
      "report.Endorsements.Uvm", "", "", 0 },
    { "{\"Uvm\":[\"YQ\",\"\"]}", "\"SnpReport\":\"b(rep)\"", ATT_PARAMETER_INVALID,
      "report.Endorsements.Uvm[1]", "", "", 0 },
    { "{\"Uvm\":[null]}", "\"SnpReport\":\"b(rep)\"", ATT_PARAMETER_INVALID, "report.Endorsements.Uvm[0]", "",
      "", 0 },
    { "{\"Uvm\":[[\"YQ\"]]}", "\"SnpReport\":\"b(rep)\"", ATT_PARAMETER_INVALID, "report.Endorsements.Uvm[0]",
      "", "", 0 },
    { "{\"Uvm\":[\"(\"]}", "\"SnpReport\":\"b(rep)\"", ATT_BASE64_INVALID, "report.Endorsements.Uvm[0]", "",
      "", 0 },
    { "{\"Uvm\":[],\"uvm\":[]}", "\"SnpReport\":\"b(rep)\"", ATT_REQUEST_MALFORMED,
      "report.Endorsements.json", "", "", 0 },
    { "[]", "\"SnpReport\":\"b(rep)\"", ATT_REQUEST_MALFORMED, "report.Endorsements", "", "", 0 },
    { "x", "\"SnpReport\":\"b(rep)\"", ATT_REQUEST_MALFORMED, "report.Endorsements.json", "", "", 0 },
    { NULL, "", ATT_PARAMETER_MISSING, "report.SnpReport", "", "", 0 },
    { NULL, "\"VcekCertChain\":\"b(pem)\"", ATT_PARAMETER_MISSING, "report.SnpReport", "", "", 0 },
    { NULL, "\"SnpReport\":\"\"", ATT_PARAMETER_MISSING, "report.SnpReport", "", "", 0 },
    { NULL, "\"SnpReport\":{\"a\":1}", ATT_PARAMETER_INVALID, "report.SnpReport", "", "", 0 },
    { NULL, "\"SnpReport\":\"(\"", ATT_BASE64_INVALID, "report.SnpReport", "", "", 0 },
    { NULL, "\"SnpReport\":\"b(rep)\",\"VcekCertChain\":[]", ATT_PARAMETER_INVALID, "report.VcekCertChain",
      "", "", 0 },
    { NULL, "\"SnpReport\":\"b(rep)\",\"Endorsements\":{\"Uvm\":[]}", ATT_PARAMETER_INVALID,
      "report.Endorsements", "", "", 0 },
    { NULL, "\"SnpReport\":\"b(rep)\",\"snpReport\":\"b(two)\"", ATT_REQUEST_MALFORMED, "report", "", "", 0 },
    { NULL, "\"SnpReport\":\"b(rep)\",", ATT_REQUEST_MALFORMED, "report", "", "", 0 },
};

static void snp_body(const struct snp_row *row, struct att_buf *ret)
{
    struct att_buf inner = { 0 }, outer = { 0 };

    att_buf_putc(&outer, '{');
    bool ok = nest(row->report, &outer);
    if (row->endorsements) {
        ok = ok && nest(row->endorsements, &inner);
        att_buf_puts(&outer, ",\"Endorsements\":\"");
        att_base64url_put(&outer, att_buf_span(&inner));
        att_buf_putc(&outer, '"');
    }
    att_buf_putc(&outer, '}');
    att_buf_puts(ret, "{\"report\":\"");
    att_base64url_put(ret, att_buf_span(&outer));
    att_buf_puts(ret, "\"}");
    ret->failed = ret->failed || !ok || inner.failed || outer.failed;
    att_buf_free(&inner);
    att_buf_free(&outer);
}

static void snp(struct cases *c)
{
    for (size_t i = 0; i < sizeof snp_rows / sizeof snp_rows[0]; i++) {
        const struct snp_row *row = &snp_rows[i];
        struct att_arena *a = att_arena_new(1 << 20);
        struct att_buf body = { 0 };
        struct att_err err = { 0 };
        struct service_attest_in in = { .evidence_type = "sev-snp" };
        snp_body(row, &body);
        bool ok = read_body(a, (const char *)body.ptr, body.len, API_2022_08_01, "report", &in, &err);
        bool same = ok ? att_span_is(in.evidence, row->evidence) && att_span_is(in.cert_chain, row->chain) &&
                             in.uvm_endorsement_count == row->uvm
                       : in.evidence.len == 0 && strcmp(err.where, row->where) == 0;
        cases_check(c, !body.failed && ok == (row->code == ATT_OK) && err.code == row->code && same,
                    "sev-snp: {%s} %s: %s at %s: %s", row->report, row->endorsements ? row->endorsements : "",
                    att_code_name(err.code), err.where, err.text);
        att_buf_free(&body);
        att_arena_free(a);
    }
}

int main(void)
{
    struct cases c = { .name = "unit_api_envelope" };

    good(&c);
    bad(&c);
    cut_and_hex(&c);
    snp(&c);
    return cases_report(&c);
}
