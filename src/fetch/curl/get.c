/* One GET or POST with libcurl, a handle of its own for each: nothing is shared between requests, not even a connection. */
#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "fetch/module.h"

#include <curl/curl.h>
#include <limits.h>
#include <pthread.h>
#include <strings.h>

enum { HEADER_BYTES_MAX = 64 * 1024, STATUS_WANTED = 200, ERROR_BODY_BYTES_MAX = 4096 };

ATT_AUTO_PTR(easy_auto, CURL, curl_easy_cleanup)
ATT_AUTO_PTR(list_auto, struct curl_slist, curl_slist_free_all)

struct answer {
    CURL *curl;
    struct att_buf body; /* its ceiling is the request's */
    const char *const *wanted;
    struct att_buf values[FETCH_WANTED_MAX]; /* of the wanted headers */
    bool any_status;
    bool post;
    size_t header_bytes;
    bool too_large;
    bool framed; /* the headers tell where the body ends */
};

static CURLcode global;

static void set_up(void)
{
    global = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static long status_of(CURL *curl)
{
    long status = 0;

    return curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK ? status : 0;
}

/* The first words of an error explain it; the rest is not waited for. */
static size_t on_error_body(struct answer *a, struct att_span bytes)
{
    size_t room = ERROR_BODY_BYTES_MAX - a->body.len, n = bytes.len < room ? bytes.len : room;

    att_buf_put(&a->body, att_span_of(bytes.ptr, n));
    return a->body.failed || n < bytes.len ? 0 : bytes.len;
}

/* Anything but the full count ends the transfer: the bounds hold while the bytes come, whatever was announced. */
static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct answer *a = ctx;

    if (a->post || status_of(a->curl) != STATUS_WANTED)
        return a->any_status ? on_error_body(a, att_span_of(bytes, size * count)) : 0;
    att_buf_put(&a->body, att_span_of(bytes, size * count));
    a->too_large = a->too_large || a->body.failed;
    return a->body.failed ? 0 : size * count;
}

/* A body that ends with the connection could be cut short by anybody on the way: libcurl takes an end that TLS did not
 * announce for a good one. */
static bool tells_length(struct att_span line)
{
    static const char *const names[] = { "Content-Length:", "Transfer-Encoding:" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (line.len > strlen(names[i]) &&
            strncasecmp((const char *)line.ptr, names[i], strlen(names[i])) == 0)
            return true;
    }
    return false;
}

/* "Name: value" of a header that is wanted; the first one of a name counts. */
static void keep_wanted(struct answer *a, struct att_span line)
{
    for (size_t i = 0; a->wanted && a->wanted[i]; i++) {
        size_t len = strlen(a->wanted[i]);
        if (line.len <= len || line.ptr[len] != ':' || a->values[i].len > 0 ||
            strncasecmp((const char *)line.ptr, a->wanted[i], len) != 0)
            continue;
        struct att_span value = { line.ptr + len + 1, line.len - len - 1 };
        while (value.len > 0 && (value.ptr[0] == ' ' || value.ptr[0] == '\t')) {
            value.ptr++;
            value.len--;
        }
        while (value.len > 0 && value.ptr[value.len - 1] <= ' ')
            value.len--;
        att_buf_put(&a->values[i], value);
    }
}

/* A status line: what came with an earlier one, 1xx or a proxy's, was not the answer. */
static void begin(struct answer *a)
{
    a->framed = false;
    for (size_t i = 0; i < FETCH_WANTED_MAX; i++)
        att_buf_clear(&a->values[i]);
}

static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct answer *a = ctx;
    struct att_span line = att_span_of(bytes, size * count);

    if (line.len > 5 && memcmp(line.ptr, "HTTP/", 5) == 0)
        begin(a);
    a->framed = a->framed || tells_length(line);
    keep_wanted(a, line);
    a->header_bytes += size * count; /* libcurl bounds one line, and older ones not their number */
    a->too_large = a->too_large || a->header_bytes > HEADER_BYTES_MAX;
    return a->too_large ? 0 : size * count;
}

/* The body is sent as it is and at once: no "Expect: 100-continue" that a receiver could let us wait for. */
static CURLcode prepare_post(CURL *curl, const struct fetch_request *request)
{
    CURLcode all = curl_easy_setopt(curl, CURLOPT_POST, 1L);

    all = all ? all : curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->post.len);
    return all ? all : curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)request->post.ptr);
}

static long milliseconds(unsigned ms)
{
    return ms > INT_MAX ? (long)INT_MAX : (long)ms;
}

/* Each setting decides something about safety, so each result counts. */
static bool prepare(CURL *curl, const struct fetch_request *request, struct curl_slist *headers,
                    struct answer *answer, char *reason)
{
    CURLcode all = CURLE_OK;

#define SET(option, value) all = all ? all : curl_easy_setopt(curl, option, value)
    SET(CURLOPT_ERRORBUFFER, reason);
    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_PROTOCOLS_STR, "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (request->ca_file) {
        SET(CURLOPT_CAINFO, request->ca_file);
        SET(CURLOPT_CAPATH, NULL); /* else the system's folder of CAs would still count */
    }
    /* A proxy named by https_proxy in the environment would be one that no configuration of this server shows. */
    SET(CURLOPT_PROXY, request->proxy ? request->proxy : "");
    SET(CURLOPT_NOPROXY, request->proxy ? "" : "*");
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request->connect_ms));
    SET(CURLOPT_TIMEOUT_MS, milliseconds(request->total_ms));
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_USERAGENT, "attestd");
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, answer);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, answer);
#undef SET
    if (request->post.ptr)
        all = all ? all : prepare_post(curl, request);
    return all == CURLE_OK;
}

/* The step at which a transfer failed, for `where`. */
static const char *step_of(CURLcode code)
{
    switch (code) {
    case CURLE_URL_MALFORMAT:
        return "fetch.url";
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return "fetch.connect";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
        return "fetch.tls";
    case CURLE_OPERATION_TIMEDOUT:
        return "fetch.time";
    default:
        return "fetch.answer";
    }
}

static bool refuse_transfer(const struct fetch_request *request, const struct answer *answer, CURLcode code,
                            const char *reason, struct att_err *err)
{
    struct att_shown why, url;

    if (answer->too_large)
        return att_fail(err, ATT_FETCH_FAILED, "fetch.size", "a body and headers within their limits",
                        "more than %zu bytes from %s", request->body_bytes_max,
                        att_shown(&url, att_str(request->url)));
    return att_fail(err, ATT_FETCH_FAILED, step_of(code), "an answer over HTTPS", "%s from %s",
                    att_shown(&why, att_str(reason[0] ? reason : curl_easy_strerror(code))),
                    att_shown(&url, att_str(request->url)));
}

static void answer_free(struct answer *a)
{
    att_buf_free(&a->body);
    for (size_t i = 0; i < FETCH_WANTED_MAX; i++)
        att_buf_free(&a->values[i]);
}

/* A status other than the wanted one explains more than the transfer that we broke off because of it. */
static bool answered(const struct fetch_request *request, const struct answer *answer, CURLcode code,
                     const char *reason, struct att_err *err)
{
    long status = status_of(answer->curl);
    struct att_shown url;
    bool ours = code == CURLE_OK || code == CURLE_WRITE_ERROR; /* we broke off, not the connection */

    if (answer->any_status && status >= 200 && (answer->post || status != STATUS_WANTED) &&
        !answer->too_large && ours)
        return true;
    if (!answer->any_status && status != 0 && status != STATUS_WANTED && !answer->too_large)
        return att_fail(err, ATT_FETCH_FAILED, "fetch.status", "200", "%ld from %s", status,
                        att_shown(&url, att_str(request->url)));
    if (code != CURLE_OK)
        return refuse_transfer(request, answer, code, reason, err);
    if (status != STATUS_WANTED || !answer->framed)
        return att_fail(err, ATT_FETCH_FAILED, "fetch.answer",
                        "a status, and a length or chunks that tell the body's end", "none from %s",
                        att_shown(&url, att_str(request->url)));
    return true;
}

static bool headers_of(const struct fetch_request *request, struct curl_slist **ret)
{
    for (const char *const *h = request->headers; h && *h; h++) {
        struct curl_slist *longer = curl_slist_append(*ret, *h);
        if (!longer)
            return false;
        *ret = longer;
    }
    struct curl_slist *longer = request->post.ptr ? curl_slist_append(*ret, "Expect:") : *ret;
    if (request->post.ptr && !longer)
        return false;
    *ret = longer;
    return true;
}

static bool copy_out(const struct answer *answer, struct att_arena *arena, struct fetch_answer *ret)
{
    struct fetch_answer out = { .status = (unsigned)status_of(answer->curl) };
    curl_off_t wait = 0;
    char *body = att_arena_dup(arena, att_buf_span(&answer->body));

    out.body = att_span_of(body, answer->body.len);
    for (size_t i = 0; body && answer->wanted && answer->wanted[i]; i++) {
        char *value = att_arena_dup(arena, att_buf_span(&answer->values[i]));
        if (!value || answer->values[i].failed)
            return false;
        out.wanted[i] = att_span_of(value, answer->values[i].len);
    }
    if (curl_easy_getinfo(answer->curl, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0)
        out.retry_after_s = wait < INT_MAX ? (unsigned)wait : (unsigned)INT_MAX;
    if (body)
        *ret = out;
    return body;
}

static bool curl_get(const struct fetch_request *request, bool any_status, struct att_arena *arena,
                     struct fetch_answer *ret, struct att_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char reason[CURL_ERROR_SIZE] = "";

    if (pthread_once(&once, set_up) != 0 || global != CURLE_OK)
        return att_fail(err, ATT_INTERNAL, "fetch", "a libcurl that works", "one that does not start");
    ATT_AUTO(list_auto) struct curl_slist *headers = NULL;
    ATT_AUTO(easy_auto) CURL *curl = curl_easy_init();
    if (!curl || !headers_of(request, &headers))
        return att_fail_memory(err, "fetch");
    ATT_AUTO(answer_free)
    struct answer answer = { .curl = curl,
                             .body = { .max = request->body_bytes_max },
                             .wanted = request->wanted,
                             .any_status = any_status,
                             .post = request->post.ptr };
    if (!prepare(curl, request, headers, &answer, reason))
        return att_fail(err, ATT_INTERNAL, "fetch", "a libcurl that takes our settings", "'%s'", reason);
    if (!answered(request, &answer, curl_easy_perform(curl), reason, err))
        return false;
    return copy_out(&answer, arena, ret) || att_fail_memory(err, "fetch");
}

const struct fetch_module attestd_module_fetch = { .get = curl_get };
