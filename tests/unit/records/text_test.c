/* layers: records base codec */
/* A record as text: against an object written by hand, and against texts that mean harm. */
#include "records/text.h"

#include "base/buf.h"
#include "codec/json.h"
#include "codec/utf8.h"

#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cases cases = { .name = "records_text" };

static const struct record golden = {
    .category = RECORD_OPERATIONAL,
    .operation = "AttestSgxEnclave",
    .resource_id =
        "/subscriptions/S/resourceGroups/G/providers/Microsoft.Attestation/attestationProviders/lab",
    .region = "EastUS",
    .at_unix_us = 1700000000123456,
    .duration_us = 636999,
    .status = 400,
    .code = ATT_QUOTE_VERSION,
    .where = "sgx.quote.header.version",
    .found = "7",
    .expected = "3 or 4",
    .client = "24.17.183.201",
    .principal = "00000000-0000-0000-0000-000000000001",
    .name = "dev \"one\"",
    .client_id = "c-1",
    .issuer = "corp",
    .method = "POST",
    .uri = "https://lab.eus.attest.example:443/attest/SgxEnclave?api-version=2022-08-01",
    .user_agent = "curl/8",
    .content_type = "application/json",
    .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    .content_length = 4096,
    .header_count = 7,
    .cookie_count = 0,
    .request_id = "r-1",
    .tenant = "t-1",
};
static const char golden_text[] =
    "{\"Time\":\"2023-11-14T22:13:20.1234560Z\",\"resourceId\":\"/subscriptions/S/resourceGroups/G/providers/"
    "Microsoft.Attestation/attestationProviders/lab\",\"region\":\"EastUS\",\"location\":\"westus\","
    "\"operationName\":\"AttestSgxEnclave\",\"category\":\"Operational\",\"resultType\":\"Failed\","
    "\"resultSignature\":\"400\",\"durationMs\":636,\"callerIpAddress\":\"::ffff:24.17.183.201\","
    "\"traceContext\":\"{\\\"traceId\\\":\\\"0af7651916cd43dd8448eb211c80319c\\\",\\\"parentId\\\":"
    "\\\"b7ad6b7169203331\\\"}\",\"identity\":\"{\\\"callerAadUPN\\\":\\\"dev \\\\\\\"one\\\\\\\"\\\","
    "\\\"callerAadObjectId\\\":\\\"00000000-0000-0000-0000-000000000001\\\",\\\"callerId\\\":\\\"c-1\\\"}\","
    "\"uri\":\"https://lab.eus.attest.example:443/attest/"
    "SgxEnclave?api-version=2022-08-01\",\"level\":\"Error\","
    "\"properties\":{\"failureResourceId\":\"/subscriptions/S/resourceGroups/G/providers/"
    "Microsoft.Attestation/"
    "attestationProviders/lab\",\"failureCategory\":\"Request\",\"failureDetails\":\"QUOTE_VERSION: expected "
    "3 "
    "or 4, found 7\",\"infoDataReceived\":{\"Headers\":{\"User-Agent\":\"curl/8\"},\"HeaderCount\":7,"
    "\"ContentType\":\"application/json\",\"ContentLength\":4096,\"CookieCount\":0,\"TraceParent\":"
    "\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"},\"verdictCode\":\"QUOTE_VERSION\","
    "\"verdictWhere\":\"sgx.quote.header.version\",\"method\":\"POST\",\"issuer\":\"corp\",\"tenantId\":\"t-"
    "1\","
    "\"requestId\":\"r-1\",\"instance\":\"host:1\"}}";

static struct record_writer writer = { .location = "westus", .instance = "host:1" };

static void against_hand(void)
{
    struct att_span text = record_text(&writer, &golden);

    cases_check(&cases, att_span_is(text, golden_text), "the golden record:\n%.*s\nwanted\n%s", (int)text.len,
                (const char *)text.ptr, golden_text);
    text = record_text(&writer, &golden);
    cases_check(&cases, att_span_is(text, golden_text), "the same again from a used writer");
}

static void member_is(const char *name, const struct record *r, const char *member, bool in_properties,
                      const char *want)
{
    struct att_arena *arena = att_arena_new(1 << 20);
    struct att_json doc;
    struct att_err err = { 0 };
    struct att_span got = { 0 }, text = record_text(&writer, r);
    bool ok = att_json_parse(arena, text, NULL, &doc, &err);
    att_json_id of = ok && in_properties ? att_json_get(&doc, ATT_JSON_ROOT, "properties") : ATT_JSON_ROOT;

    ok = ok && att_json_want_string(&doc, arena, of, "r", member, &got, &err) && att_span_is(got, want);
    cases_check(&cases, ok, "%s: %s is '%.*s', wanted '%s' (%s)", name, member, (int)got.len,
                (const char *)got.ptr, want, err.text);
    att_arena_free(arena);
}

static void members(void)
{
    struct record r = { .status = 200 };

    member_is("nothing known", &r, "resourceId", false, "");
    member_is("nothing known", &r, "Time", false, "1970-01-01T00:00:00.0000000Z");
    member_is("nothing known", &r, "traceContext", false, "{\"traceId\":\"\",\"parentId\":\"\"}");
    member_is("nothing known", &r, "resultType", false, "Succeeded");
    member_is("nothing known", &r, "failureCategory", true, "None");
    member_is("nothing known", &r, "verdictCode", true, "OK");
    static const struct {
        int status;
        const char *type, *category, *level, *signature;
    } rows[] = {
        { 200, "Succeeded", "None", "Informational", "200" },
        { 399, "Succeeded", "None", "Informational", "399" },
        { 400, "Failed", "Request", "Error", "400" },
        { 401, "Failed", "AzureAuthorization", "Error", "401" },
        { 403, "Failed", "AzureAuthorization", "Error", "403" },
        { 429, "Failed", "Request", "Error", "429" },
        { 500, "Failed", "Service", "Error", "500" },
        { 503, "Failed", "Service", "Error", "503" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        r.status = rows[i].status;
        member_is(rows[i].signature, &r, "resultType", false, rows[i].type);
        member_is(rows[i].signature, &r, "failureCategory", true, rows[i].category);
        member_is(rows[i].signature, &r, "level", false, rows[i].level);
        member_is(rows[i].signature, &r, "resultSignature", false, rows[i].signature);
    }
    static const struct {
        const char *client, *want;
    } clients[] = {
        { "192.0.2.1", "::ffff:192.0.2.1" },
        { "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
        { "2001:DB8::1", "2001:db8::1" },
        { "", "" },
        { "localhost", "" },
        { "1.2.3.4\" ", "" },
    };
    for (size_t i = 0; i < sizeof clients / sizeof clients[0]; i++) {
        r.client = clients[i].client;
        member_is(clients[i].client, &r, "callerIpAddress", false, clients[i].want);
    }
    r.category = RECORD_AUDIT;
    member_is("audit", &r, "category", false, "AuditEvent");
    r.category = RECORD_NOT_PROCESSED;
    member_is("not processed", &r, "category", false, "NotProcessed");
    r.category = (enum record_category)77;
    member_is("no category", &r, "category", false, "");
    r.at_unix_us = -5;
    member_is("before the epoch", &r, "Time", false, "1970-01-01T00:00:00.0000000Z");
    r.at_unix_us = INT64_MAX;
    cases_check(&cases, record_text(&writer, &r).len > 0, "a time that is out of range is still a record");
}

static void clean(const char *name, const char *text, const char *want)
{
    struct att_buf b = { 0 };

    record_clean(&b, text);
    cases_check(&cases, att_span_is(att_buf_span(&b), want), "%s: '%.*s', wanted '%s'", name, (int)b.len,
                (const char *)b.ptr, want);
    att_buf_free(&b);
}

#define JWT "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"

static void cleaning(void)
{
    static const struct {
        const char *name, *text, *want;
    } rows[] = {
        { "plain", "curl/8.1 (x)", "curl/8.1 (x)" },
        { "absent", NULL, "" },
        { "line ends", "a\r\nb\tc", "a??b?c" },
        { "escape", "\x1b[31mred", "?[31mred" },
        { "delete", "a\x7f", "a?" },
        { "letters of other scripts", "h\xc3\xa9llo \xe4\xb8\xad", "h\xc3\xa9llo \xe4\xb8\xad" },
        { "C1 control", "a\xc2\x85z", "a?z" },
        { "direction", "a\xe2\x80\xaez", "a?z" },
        { "line separator", "a\xe2\x80\xa8z", "a?z" },
        { "isolate", "a\xe2\x81\xa6z", "a?z" },
        { "byte order mark", "\xef\xbb\xbfz", "?z" },
        { "no UTF-8", "a\xff\xfez", "a??z" },
        { "overlong", "a\xc0\xafz", "a??z" },
        { "half a character", "a\xe4\xb8", "a??" },
        { "a token", JWT, "[token]" },
        { "a token in a query", "https://x/y?token=" JWT "&b=1", "https://x/y?token=[token]&b=1" },
        { "a token with white space in its header", "ewogICJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", "[token]" },
        { "a JWE of five parts", "eyJhbGciOiJSUzI1NiJ9.aaaa.bbbb.cccc.dddd", "[token]" },
        { "two parts", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0 x", "[token] x" },
        { "two tokens", JWT " " JWT, "[token] [token]" },
        { "bearer", "Authorization: Bearer abc.def/ghi+= x", "Authorization: [token] x" },
        { "BEARER", "BEARER opaque", "[token]" },
        { "bearer and a percent", "bearer%20opaque", "[token]" },
        { "a sentence of ours", "expected Bearer and a token, found none",
          "expected Bearer and a token, found none" },
        { "its beginning", "Bearer and a toke", "[token] a toke" },
        { "a word that is none", "bearers of news", "bearers of news" },
        { "a short word", "keyhole eyes", "keyhole eyes" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        clean(rows[i].name, rows[i].text, rows[i].want);
    /* What looks like one is taken for one: a text less in a log is no harm. */
    clean("a host name like a token", "https://eywhatever-host.example.org/", "https://[token]/");
}

/* Every length around the cut, with characters of every length across it: the end is always a whole character. */
static void cuts(void)
{
    static const char *const characters[] = { "a", "\xc3\xa9", "\xe4\xb8\xad", "\xf0\x9f\x98\x80" };
    char text[RECORD_TEXT_BYTES + 32];

    for (size_t c = 0; c < 4; c++) {
        for (size_t at = RECORD_TEXT_BYTES - 5; at <= RECORD_TEXT_BYTES + 1; at++) {
            struct att_buf b = { 0 };
            memset(text, 'x', at);
            (void)snprintf(text + at, sizeof text - at, "%sy", characters[c]);
            size_t whole = at + strlen(characters[c]) <= RECORD_TEXT_BYTES ? at + strlen(characters[c]) : at;
            whole = whole > RECORD_TEXT_BYTES ? RECORD_TEXT_BYTES : whole;
            whole += whole == at + strlen(characters[c]) && whole < RECORD_TEXT_BYTES;
            record_clean(&b, text);
            cases_check(&cases, b.len == whole && att_utf8_valid(att_buf_span(&b)),
                        "%zu bytes and a character of %zu: %zu, wanted %zu", at, strlen(characters[c]), b.len,
                        whole);
            att_buf_free(&b);
        }
    }
}

/* Every byte in every text: one line of JSON that parses, whatever came. */
static void any_bytes(void)
{
    char hostile[600];
    size_t n = 0;

    for (int round = 0; round < 2; round++)
        for (int c = 1; c < 256; c++)
            hostile[n++] = (char)(round ? 256 - c : c);
    hostile[n] = '\0';
    struct record r = golden;
    r.operation = r.resource_id = r.region = r.where = r.found = r.expected = r.client = r.principal =
        hostile;
    r.name = r.client_id = r.issuer = r.method = r.uri = r.user_agent = r.content_type = hostile;
    r.traceparent = r.request_id = r.tenant = hostile;
    struct att_span text = record_text(&writer, &r);
    struct att_arena *arena = att_arena_new(4 << 20);
    struct att_json doc;
    struct att_err err = { 0 };
    cases_check(&cases, text.len > 0 && att_json_parse(arena, text, NULL, &doc, &err), "every byte: %s",
                err.text);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            cases_check(&cases, false, "a control byte %02x at %zu", text.ptr[i], i);
    }
    att_arena_free(arena);
}

static void traces(void)
{
    static const char good[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    char trace[RECORD_TRACE_ID_CHARS + 1] = "", span[RECORD_SPAN_ID_CHARS + 1] = "", text[80];
    static const struct {
        const char *name, *text;
        bool want;
    } rows[] = {
        { "good", good, true },
        { "none", NULL, false },
        { "empty", "", false },
        { "upper case", "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false },
        { "no trace", "00-00000000000000000000000000000000-b7ad6b7169203331-01", false },
        { "no span", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false },
        { "version ff", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false },
        { "a later version with more", "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what", true },
        { "version 0 with more", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cases_check(&cases, record_trace(rows[i].text, trace, span) == rows[i].want, "traceparent: %s",
                    rows[i].name);
    cases_check(&cases,
                strcmp(trace, "0af7651916cd43dd8448eb211c80319c") == 0 &&
                    strcmp(span, "b7ad6b7169203331") == 0,
                "the numbers of a trace");
    for (size_t n = 0; n < sizeof good - 1; n++) {
        (void)snprintf(text, sizeof text, "%.*s", (int)n, good);
        cases_check(&cases, !record_trace(text, trace, span), "traceparent of %zu bytes", n);
        (void)snprintf(text, sizeof text, "%s", good);
        text[n] = 'g';
        cases_check(&cases, !record_trace(text, trace, span), "traceparent with a g at %zu", n);
    }
}

int main(void)
{
    against_hand();
    members();
    cleaning();
    cuts();
    any_bytes();
    traces();
    record_writer_free(&writer);
    return cases_report(&cases);
}
