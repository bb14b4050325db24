#include "client/https.h"

#include "base/auto.h"
#include "base/err.h"
#include "base/secret.h"

#include <curl/curl.h>
#include <stdio.h>
#include <strings.h>

enum { CLIENT_HEADER_BYTES_MAX = 32 << 10 };

ATT_AUTO_PTR(easy_free, CURL, curl_easy_cleanup)

/* One of the headers may be a credential. */
static void list_free(struct curl_slist **list)
{
    for (struct curl_slist *l = *list; l; l = l->next)
        att_wipe(l->data, strlen(l->data));
    curl_slist_free_all(*list);
    *list = NULL;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct att_buf *body = ctx;

    att_buf_put(body, att_span_of(bytes, size * count));
    return body->failed ? 0 : size * count; /* anything but the full count ends the transfer */
}

static bool is_https(const char *url)
{
    return strncasecmp(url, "https://", 8) == 0 && url[8] != '\0';
}

/* Without TLS to this machine alone: the admin listener of attestd speaks plain HTTP there. */
static bool is_plain_loopback(const char *url)
{
    static const char *const hosts[] = { "http://127.0.0.1", "http://[::1]", "http://localhost" };

    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        size_t len = strlen(hosts[i]);
        if (strncasecmp(url, hosts[i], len) == 0 && (url[len] == ':' || url[len] == '/' || url[len] == '\0'))
            return strchr(url, '@') == NULL;
    }
    return false;
}

/* A line end in a value would begin a header of somebody else's choice. */
static bool is_value(const char *text)
{
    for (const char *p = text; *p; p++)
        if (*p < 0x20 || *p > 0x7e)
            return false;
    return true;
}

static bool add_header(struct curl_slist **list, const char *name, const char *value, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf line = { .max = CLIENT_HEADER_BYTES_MAX };

    if (!value)
        return true;
    if (!is_value(value))
        return att_fail(err, ATT_USAGE, name, "visible ASCII characters and spaces", "another byte");
    att_buf_puts(&line, name);
    att_buf_puts(&line, value);
    att_buf_putc(&line, '\0');
    if (line.failed)
        return att_fail(err, ATT_USAGE, name, "at most 32 KiB", "more");
    struct curl_slist *more = curl_slist_append(*list, (const char *)line.ptr);
    if (!more)
        return att_fail_memory(err, "request");
    *list = more;
    return true;
}

static bool headers_of(const struct client_request *request, struct curl_slist **list, struct att_err *err)
{
    /* libcurl would call a body without a type a form, and would wait for 100-continue. */
    const char *type = request->content_type;

    return add_header(list, type ? "Content-Type: " : "Content-Type:", type ? type : "", err) &&
           add_header(list, "Expect:", "", err) &&
           add_header(list, "Authorization: Bearer ", request->bearer, err) &&
           add_header(list, "If-Match: ", request->if_match, err) &&
           add_header(list, "If-None-Match: ", request->if_none_match, err) &&
           add_header(list, "x-attestd-explain: ", request->explain, err);
}

static bool method_of(const struct client_request *request, const char **ret, struct att_err *err)
{
    static const char *const known[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
    const char *wanted = request->method ? request->method : request->body ? "POST" : "GET";

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(wanted, known[i]) == 0 && (i > 0 || !request->body)) {
            *ret = known[i];
            return true;
        }
    return att_fail(err, ATT_USAGE, "method", "POST, PUT, PATCH, DELETE, or GET without a body", "another");
}

/* Each setting decides something about safety, so each result counts. */
static bool prepare(CURL *curl, const struct client_request *request, const char *method,
                    struct curl_slist *headers, struct client_response *answer, char *reason)
{
    long connect_ms = request->connect_ms_max ? request->connect_ms_max : CLIENT_CONNECT_MS_DEFAULT;
    long total_ms = request->total_ms_max ? request->total_ms_max : CLIENT_TOTAL_MS_DEFAULT;
    CURLcode all = CURLE_OK;

#define SET(option, value) all = all ? all : curl_easy_setopt(curl, option, value)
    SET(CURLOPT_ERRORBUFFER, reason);
    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_PROTOCOLS_STR, request->plain_loopback ? "http" : "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (request->plain_loopback) {
        SET(CURLOPT_PROXY, ""); /* one from the environment would be asked for its own loopback */
        SET(CURLOPT_NOPROXY, "*");
    }
    if (request->ca_file) {
        SET(CURLOPT_CAINFO, request->ca_file);
        SET(CURLOPT_CAPATH, NULL); /* else the system's folder of CAs would still count */
    }
    SET(CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    SET(CURLOPT_TIMEOUT_MS, total_ms);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_USERAGENT, "attestctl");
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, &answer->body);
    if (headers)
        SET(CURLOPT_HTTPHEADER, headers);
    if (request->body) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body->len);
        SET(CURLOPT_POSTFIELDS, request->body->len ? (const char *)request->body->ptr : "");
    }
    SET(CURLOPT_CUSTOMREQUEST, method); /* the word alone: what is sent was decided above */
#undef SET
    return all == CURLE_OK;
}

static bool fail_transfer(const struct client_request *request, const struct client_response *answer,
                          CURLcode code, const char *reason, struct att_err *err)
{
    struct att_shown url;
    struct att_shown why;

    att_shown(&url, att_str(request->url));
    if (code == CURLE_SSL_CACERT_BADFILE)
        return att_fail(err, ATT_USAGE, "ca", "a file of PEM certificates", "one that cannot be read");
    if (answer->body.failed) {
        att_fail(err, ATT_SERVICE_UNAVAILABLE, "answer", "an answer within the size limit", "a larger one");
        att_err_text(err, "the answer of %s is larger than %zu bytes", url.text, answer->body.max);
        return false;
    }
    att_shown(&why, att_str(reason[0] ? reason : curl_easy_strerror(code)));
    att_fail(err, ATT_SERVICE_UNAVAILABLE, "connection", "an answer over HTTPS", "%s", why.text);
    att_err_text(err, "no answer from %s: %s", url.text, why.text);
    return false;
}

static void note_answer(CURL *curl, struct client_response *answer)
{
    const char *type = NULL;

    if (curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status) != CURLE_OK)
        answer->status = 0;
    if (curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type)
        (void)snprintf(answer->content_type, sizeof answer->content_type, "%s", type);
    struct curl_header *etag = NULL;
    if (curl_easy_header(curl, "ETag", 0, CURLH_HEADER, -1, &etag) == CURLHE_OK &&
        strlen(etag->value) < sizeof answer->etag)
        memcpy(answer->etag, etag->value, strlen(etag->value) + 1);
    struct curl_header *date = NULL;
    if (curl_easy_header(curl, "Date", 0, CURLH_HEADER, -1, &date) == CURLHE_OK) {
        time_t at = curl_getdate(date->value, NULL);
        answer->date_unix_s = at > 0 ? (int64_t)at : 0;
    }
}

bool client_send(const struct client_request *request, struct client_response *ret, struct att_err *err)
{
    ATT_AUTO(client_response_free)
    struct client_response answer = {
        .body = { .max = request->body_bytes_max ? request->body_bytes_max : CLIENT_BODY_BYTES_DEFAULT }
    };
    ATT_AUTO(list_free) struct curl_slist *headers = NULL;
    char reason[CURL_ERROR_SIZE] = "";
    const char *method = NULL;
    struct att_shown shown;

    if (!(request->plain_loopback ? is_plain_loopback(request->url) : is_https(request->url)))
        return att_fail(err, ATT_USAGE, "url",
                        request->plain_loopback ? "http://127.0.0.1[:PORT]" : "https://HOST[:PORT]", "%s",
                        att_shown(&shown, att_str(request->url)));
    if (!method_of(request, &method, err) || !headers_of(request, &headers, err))
        return false;
    ATT_AUTO(easy_free) CURL *curl = curl_easy_init();
    if (!curl)
        return att_fail_memory(err, "request");
    if (!prepare(curl, request, method, headers, &answer, reason))
        return att_fail(err, ATT_INTERNAL, "request", "a libcurl that takes our settings", "%s", reason);
    CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK)
        return fail_transfer(request, &answer, code, reason, err);
    note_answer(curl, &answer);
    *ret = answer;
    answer = (struct client_response){ 0 };
    return true;
}

void client_response_free(struct client_response *r)
{
    att_buf_free(&r->body);
}
