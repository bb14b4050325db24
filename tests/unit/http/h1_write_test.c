/* Responses as bytes: the exact text, and everything that must not be written. */
#include "http/h1_write.h"

#include "base/buf.h"
#include "support/cases.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define JSON "application/json"

static struct att_span text(const char *s)
{
    return att_str(s);
}

static void check_text(struct cases *c, const char *name, const struct http_response *response, bool head,
                       bool close, const char *want)
{
    struct att_buf out = { 0 };
    struct h1_reply reply = { .date = DATE, .without_body = head, .close = close };

    bool ok = h1_write(&out, response, &reply);
    cases_check(c, ok && att_span_is(att_buf_span(&out), want), "%s: %.*s", name, (int)out.len,
                (const char *)out.ptr);
    att_buf_free(&out);
}

static void check_texts(struct cases *c)
{
    struct http_response ok = { .status = 200, .content_type = JSON, .body = text("{}") };
    struct http_response none = { .status = 204 };
    struct http_response extra = { .status = 503,
                                   .content_type = JSON,
                                   .extra = { { text("Retry-After"), text("5") },
                                              { text("x-ms-a"), text("") } },
                                   .extra_count = 2 };

    check_text(c, "body", &ok, false, false,
               "HTTP/1.1 200 OK\r\nDate: " DATE "\r\nContent-Type: " JSON "\r\nContent-Length: 2\r\n\r\n{}");
    check_text(c, "HEAD has the length but no body", &ok, true, false,
               "HTTP/1.1 200 OK\r\nDate: " DATE "\r\nContent-Type: " JSON "\r\nContent-Length: 2\r\n\r\n");
    check_text(c, "close", &ok, false, true,
               "HTTP/1.1 200 OK\r\nDate: " DATE "\r\nContent-Type: " JSON
               "\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
    check_text(c, "204 has no length", &none, false, false,
               "HTTP/1.1 204 No Content\r\nDate: " DATE "\r\n\r\n");
    check_text(c, "extra headers", &extra, false, false,
               "HTTP/1.1 503 Service Unavailable\r\nDate: " DATE "\r\nContent-Type: " JSON
               "\r\nContent-Length: 0\r\nRetry-After: 5\r\nx-ms-a: \r\n\r\n");
}

static void check_refused(struct cases *c)
{
    static const struct {
        const char *name;
        int status;
        const char *content_type, *body, *header, *value;
    } rows[] = {
        { "status 0", 0, JSON, "", NULL, NULL },
        { "status 100", 100, JSON, "", NULL, NULL },
        { "status 600", 600, JSON, "", NULL, NULL },
        { "no content type", 200, NULL, "a", NULL, NULL },
        { "no content type and no body", 200, NULL, "", NULL, NULL },
        { "empty content type", 200, "", "a", NULL, NULL },
        { "line break in the content type", 200, "a\r\nb: c", "a", NULL, NULL },
        { "body with 204", 204, JSON, "a", NULL, NULL },
        { "body with 304", 304, JSON, "a", NULL, NULL },
        { "CR LF in a value", 200, JSON, "", "a", "b\r\nc: d" },
        { "LF in a value", 200, JSON, "", "a", "b\nc" },
        { "DEL in a value", 200, JSON, "", "a", "\x7f" },
        { "colon in a name", 200, JSON, "", "a:", "b" },
        { "space in a name", 200, JSON, "", "a b", "b" },
        { "LF in a name", 200, JSON, "", "a\n", "b" },
        { "empty name", 200, JSON, "", "", "b" },
        { "own Content-Length", 200, JSON, "", "content-length", "0" },
        { "own Transfer-Encoding", 200, JSON, "", "Transfer-Encoding", "chunked" },
        { "own Connection", 200, JSON, "", "Connection", "close" },
        { "own Date", 200, JSON, "", "Date", "now" },
        { "own Content-Type", 200, JSON, "", "Content-type", "a" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_response r = { .status = rows[i].status,
                                   .content_type = rows[i].content_type,
                                   .body = text(rows[i].body) };
        struct att_buf out = { 0 };
        if (rows[i].header)
            r.extra[r.extra_count++] = (struct http_header){ text(rows[i].header), text(rows[i].value) };
        att_buf_puts(&out, "before");
        bool ok = h1_write(&out, &r, &(struct h1_reply){ .date = DATE });
        cases_check(c, !ok && att_span_is(att_buf_span(&out), "before"), "%s: was written", rows[i].name);
        att_buf_free(&out);
    }
}

static void check_limits(struct cases *c)
{
    struct http_response r = { .status = 200, .content_type = JSON, .body = text("0123456789") };
    struct att_buf small = { .max = 60 };

    cases_check(c,
                !h1_write(&small, &r, &(struct h1_reply){ .date = DATE }) && small.len == 0 && !small.failed,
                "a buffer that is too small is left as it was");
    att_buf_free(&small);

    struct att_buf out = { 0 };
    r.extra_count = HTTP_RESPONSE_HEADERS_MAX + 1;
    cases_check(c, !h1_write(&out, &r, &(struct h1_reply){ .date = DATE }),
                "more headers than there is room for");
    att_buf_free(&out);
}

static void check_dates(struct cases *c)
{
    static const struct {
        int64_t unix_s;
        const char *want;
    } rows[] = {
        { 784111777, DATE }, /* the example of RFC 9110 section 5.6.7 */
        { 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
        { 951827696, "Tue, 29 Feb 2000 12:34:56 GMT" },
        { 1798761599, "Thu, 31 Dec 2026 23:59:59 GMT" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_date room;
        cases_check(c, strcmp(http_date_text(&room, rows[i].unix_s), rows[i].want) == 0, "date %s: %s",
                    rows[i].want, room.text);
    }
    for (int status = 0; status < 700; status++)
        cases_check(c, h1_reason(status)[0] != '\0', "status %d has no reason", status);
}

int main(void)
{
    struct cases c = { .name = "http.h1_write" };

    check_texts(&c);
    check_refused(&c);
    check_limits(&c);
    check_dates(&c);
    return cases_report(&c);
}
