/* layers: api/arm api records service keys signer store store/memory site access http attest base codec */
/* What the pipeline leaves of a request, and what becomes of answers of which no record can be kept. */
#include "base/err.h"
#include "codec/json.h"
#include "records/records.h"
#include "unit/api/arm/rig.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct cases cases = { .name = "api.record" };

/* -- routes of the test ----------------------------------------------------------------------------------- */

static struct records *records;
static unsigned handled;
static bool full_while_handled;

static void journal_fails(bool fails)
{
    /* Writing beyond this many bytes of a file is EFBIG: as good as a full disk. */
    const struct rlimit limit = { fails ? 1 : RLIM_INFINITY, RLIM_INFINITY };

    must(setrlimit(RLIMIT_FSIZE, &limit) == 0, "a limit");
}

static void wait_until(bool usable)
{
    const struct timespec pause = { .tv_nsec = 2000000 };
    const struct record r = { .operation = "filler", .status = 200 };

    for (int i = 0; i < 2500 && records_usable(records) != usable; i++) {
        if (!usable)
            (void)!records_push(records, &r, &(struct att_err){ 0 });
        (void)nanosleep(&pause, NULL);
    }
    must(records_usable(records) == usable, "the journal did not come to be so");
}

static bool gives_token(struct api_call *call, struct att_err *err)
{
    (void)err;
    handled++;
    if (full_while_handled) {
        journal_fails(true);
        wait_until(false);
    }
    api_answer_header(call, "ETag", att_str("\"1\""));
    api_answer_json(call, 200, att_str("{\"token\":\"the-token\"}"));
    return true;
}

static bool refuses(struct api_call *call, struct att_err *err)
{
    (void)call;
    handled++;
    return att_fail(err, ATT_QUOTE_LENGTH, "quote", "432 bytes", "7");
}

static const struct api_route attest = { .operation = "attest.x",
                                         .record = "AttestX",
                                         .method = "POST",
                                         .path = "/attest/x",
                                         .access = API_ANYONE,
                                         .handle = gives_token };
static const struct api_route bad = {
    .operation = "attest.y", .method = "POST", .path = "/attest/y", .access = API_ANYONE, .handle = refuses
};
static const struct api_route document = { .operation = "certs",
                                           .record = "GetSigningCertificates",
                                           .method = "GET",
                                           .path = "/certs",
                                           .access = API_ANYONE,
                                           .handle = gives_token };

struct given {
    int status;
    char body[1024];
    bool retry, etag;
};

static const struct http_header headers[] = {
    { { (const uint8_t *)"user-agent", 10 }, { (const uint8_t *)"test/1", 6 } },
    { { (const uint8_t *)"COOKIE", 6 }, { (const uint8_t *)"a=1; b=2", 8 } },
    { { (const uint8_t *)"Cookie", 6 }, { (const uint8_t *)"c=3", 3 } },
    { { (const uint8_t *)"Content-Type", 12 }, { (const uint8_t *)"application/json", 16 } },
    { { (const uint8_t *)"Content-Length", 14 }, { (const uint8_t *)"1234", 4 } },
    { { (const uint8_t *)"Authorization", 13 }, { (const uint8_t *)"Bearer of.bad.news", 18 } },
};

static struct given dispatch(struct rig *r, const struct api_route *route, const char *query)
{
    struct att_arena *arena = att_arena_new(1 << 20);
    struct http_response answer = { 0 };
    const struct http_request http = { .arena = arena,
                                       .method = att_str(route->method),
                                       .path = att_str(route->path),
                                       .query = att_str(query),
                                       .host = att_str("attest.test:8443"),
                                       .headers = headers,
                                       .header_count = sizeof headers / sizeof headers[0],
                                       .client = "192.0.2.1" };
    struct api_call call = { .api = &r->api,
                             .options = &r->api.options,
                             .service = r->service,
                             .site = r->site,
                             .route = route,
                             .http = &http,
                             .arena = arena,
                             .answer = &answer,
                             .provider = site_provider_by_name(r->site, "default"),
                             .now_unix_s = 1800000000,
                             .refresh = ACCESS_NO_REFRESH,
                             .request_id = "the-id" };
    struct given got = { 0 };

    must(arena && call.provider, "a call");
    call.resource = call.provider->o.key;
    api_dispatch(&call);
    got.status = answer.status;
    (void)snprintf(got.body, sizeof got.body, "%.*s", (int)answer.body.len, (const char *)answer.body.ptr);
    got.retry = rig_header(&answer, "Retry-After")[0] != '\0';
    got.etag = rig_header(&answer, "ETag")[0] != '\0';
    att_arena_free(arena);
    return got;
}

/* -- the journal ------------------------------------------------------------------------------------------ */

static char *folder(void)
{
    char *path = textf("/tmp/attestd-record-XXXXXX");

    must(mkdtemp(path) != NULL, "a folder");
    return path;
}

static void open_journal(struct rig *r, const char *dir, bool fail_closed)
{
    const struct records_options options = { .dir = dir,
                                             .fail_closed = fail_closed,
                                             .queue_max = 16,
                                             .location = "here",
                                             .instance = "test",
                                             .now_unix_s = rig_now };
    struct att_err err = { 0 };

    rig_must(records_open(&options, &records, &err), "records", &err);
    r->api.options.records = records;
}

/* All lines of the folder; closes the journal. */
static char *close_journal(struct rig *r, const char *dir)
{
    static char text[1 << 20];
    size_t len = 0;

    records_close(records);
    r->api.options.records = records = NULL;
    DIR *d = opendir(dir);
    must(d != NULL, "the folder");
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        char *path = textf("%s/%s", dir, e->d_name);
        FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (!f)
            continue;
        len += fread(text + len, 1, sizeof text - 1 - len, f);
        (void)fclose(f);
        (void)unlink(path);
    }
    (void)closedir(d);
    (void)rmdir(dir);
    text[len] = '\0';
    return text;
}

static void has(const char *text, const char *what)
{
    cases_check(&cases, strstr(text, what) != NULL, "%s is in %s", what, text);
}

static void has_not(const char *text, const char *what)
{
    cases_check(&cases, strstr(text, what) == NULL, "%s is not in %s", what, text);
}

/* -- cases ------------------------------------------------------------------------------------------------ */

static void nothing_recorded(struct rig *r)
{
    struct given got = dispatch(r, &attest, "");

    cases_check(&cases, got.status == 200 && strstr(got.body, "the-token"), "without records: %d",
                got.status);
}

static void one_record(struct rig *r)
{
    char *dir = folder();

    open_journal(r, dir, false);
    cases_check(&cases, dispatch(r, &attest, "api-version=2022-08-01").status == 200, "an attestation");
    const char *text = close_journal(r, dir);
    has(text, "\"operationName\":\"AttestX\",\"category\":\"Operational\"");
    has(text, "\"resultType\":\"Succeeded\",\"resultSignature\":\"200\"");
    has(text, "/resourceGroups/attestd/providers/Microsoft.Attestation/attestationProviders/default\"");
    has(text, "\"uri\":\"https://attest.test:8443/attest/x?api-version=2022-08-01\"");
    has(text, "\"User-Agent\":\"test/1\"");
    has(text,
        "\"HeaderCount\":6,\"ContentType\":\"application/json\",\"ContentLength\":1234,\"CookieCount\":3");
    has(text, "\"callerIpAddress\":\"::ffff:192.0.2.1\"");
    has(text, "\"requestId\":\"the-id\"");
    has(text, "\"tenantId\":\"" RIG_TENANT "\"");
    has_not(text, "bad.news");
    has_not(text, "the-token");
    has_not(text, "a=1");
}

static void a_refusal(struct rig *r)
{
    char *dir = folder();

    open_journal(r, dir, false);
    cases_check(&cases, dispatch(r, &bad, "").status == 400, "a refusal");
    const char *text = close_journal(r, dir);
    has(text, "\"operationName\":\"attest.y\"");
    has(text, "\"resultType\":\"Failed\",\"resultSignature\":\"400\"");
    has(text, "\"verdictCode\":\"QUOTE_LENGTH\",\"verdictWhere\":\"quote\"");
}

static const struct {
    const char *query, *shown;
} queries[] = {
    { "api-version=2022-08-01", "?api-version=2022-08-01\"" },
    { "API-Version=1&x", "?API-Version=1&...\"" },
    { "token=eyJhbGciOi", "?token=...\"" },
    { "token=", "?token=...\"" },
    { "eyJhbGciOi", "?...\"" },
    { "a=1&api-version=2&b=3&", "?a=...&api-version=2&b=...&\"" },
    { "&&=x", "?...&...&=...\"" },
    { "$filter=x%20eq", "?$filter=x%20eq\"" },
    { "%61pi-version=secret", "?%61pi-version=...\"" },
};

static void addresses(struct rig *r)
{
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        char *dir = folder();
        open_journal(r, dir, false);
        (void)dispatch(r, &attest, queries[i].query);
        has(close_journal(r, dir), queries[i].shown);
    }
}

/* The two doors of fail_closed: before work is done, and before what it has made leaves. */
static void closed(struct rig *r)
{
    char *dir = folder();

    open_journal(r, dir, true);
    struct given got = dispatch(r, &attest, "");
    cases_check(&cases, got.status == 200 && handled == 1, "while records are kept: %d", got.status);

    journal_fails(true);
    wait_until(false);
    handled = 0;
    got = dispatch(r, &attest, "");
    cases_check(&cases, got.status == 503 && handled == 0 && got.retry && strstr(got.body, "RECORDS_FULL"),
                "no work is done: %d, %u, %s", got.status, handled, got.body);
    got = dispatch(r, &document, "");
    cases_check(&cases, got.status == 200 && handled == 1, "public documents are answered: %d", got.status);
    journal_fails(false);
    wait_until(true);

    handled = 0;
    full_while_handled = true;
    got = dispatch(r, &attest, "");
    full_while_handled = false;
    cases_check(&cases,
                got.status == 503 && handled == 1 && got.retry && !got.etag &&
                    strstr(got.body, "RECORDS_FULL") && !strstr(got.body, "the-token"),
                "what was made does not leave: %d, %u, %s", got.status, handled, got.body);
    journal_fails(false);
    wait_until(true);
    got = dispatch(r, &attest, "");
    cases_check(&cases, got.status == 200, "and it goes on: %d", got.status);
    (void)close_journal(r, dir);
}

static void open_door(struct rig *r)
{
    char *dir = folder();

    open_journal(r, dir, false);
    journal_fails(true);
    for (int i = 0; i < 40; i++) /* more than wait */
        cases_check(&cases, dispatch(r, &attest, "").status == 200, "without fail_closed answers go out");
    journal_fails(false);
    (void)close_journal(r, dir);
}

int main(void)
{
    struct rig r;

    (void)signal(SIGXFSZ, SIG_IGN);
    rig_new(&r);
    nothing_recorded(&r);
    one_record(&r);
    a_refusal(&r);
    addresses(&r);
    handled = 0;
    closed(&r);
    open_door(&r);
    rig_free(&r);
    return cases_report(&cases);
}
