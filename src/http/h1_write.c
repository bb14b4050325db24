#include "http/h1_write.h"

#include "base/buf.h"

#include <stdio.h>
#include <time.h>

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    { 200, "OK" },
    { 201, "Created" },
    { 202, "Accepted" },
    { 204, "No Content" },
    { 301, "Moved Permanently" },
    { 302, "Found" },
    { 304, "Not Modified" },
    { 307, "Temporary Redirect" },
    { 308, "Permanent Redirect" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 406, "Not Acceptable" },
    { 408, "Request Timeout" },
    { 409, "Conflict" },
    { 410, "Gone" },
    { 411, "Length Required" },
    { 412, "Precondition Failed" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 415, "Unsupported Media Type" },
    { 417, "Expectation Failed" },
    { 421, "Misdirected Request" },
    { 422, "Unprocessable Content" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
    { 505, "HTTP Version Not Supported" },
};

/* Written here, from what is known here; a second one from the application would contradict it. */
static const char *const own_headers[] = {
    "date", "content-type", "content-length", "transfer-encoding", "connection", "keep-alive", "trailer"
};

const char *h1_reason(int status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Unknown";
}

const char *http_date_text(struct http_date *room, int64_t unix_s)
{
    static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    struct tm t = { 0 };
    time_t when = (time_t)unix_s;

    if (!gmtime_r(&when, &t))
        t = (struct tm){ .tm_year = 70, .tm_mday = 1, .tm_wday = 4 };
    (void)snprintf(room->text, sizeof room->text, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
                   days[(unsigned)t.tm_wday % 7], (unsigned)t.tm_mday % 100, months[(unsigned)t.tm_mon % 12],
                   ((unsigned)t.tm_year + 1900) % 10000, (unsigned)t.tm_hour % 100, (unsigned)t.tm_min % 100,
                   (unsigned)t.tm_sec % 100);
    return room->text;
}

static bool name_ok(struct att_span name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_')
            return false;
    }
    for (size_t i = 0; i < sizeof own_headers / sizeof own_headers[0]; i++)
        if (http_text_is(name, own_headers[i]))
            return false;
    return name.len > 0;
}

static bool value_ok(struct att_span value)
{
    for (size_t i = 0; i < value.len; i++)
        if ((value.ptr[i] < 0x20 && value.ptr[i] != '\t') || value.ptr[i] == 0x7f)
            return false;
    return true;
}

static bool bodyless(int status)
{
    return status == 204 || status == 304;
}

static bool response_ok(const struct http_response *r)
{
    if (r->status < 200 || r->status > 599 || r->extra_count > HTTP_RESPONSE_HEADERS_MAX)
        return false;
    if (!bodyless(r->status) && (!r->content_type || !r->content_type[0]))
        return false;
    if (bodyless(r->status) && r->body.len > 0)
        return false;
    if (r->content_type && !value_ok(att_str(r->content_type)))
        return false;
    for (size_t i = 0; i < r->extra_count; i++)
        if (!name_ok(r->extra[i].name) || !value_ok(r->extra[i].value))
            return false;
    return true;
}

static void put_number(struct att_buf *out, uint64_t n)
{
    char text[20];
    size_t at = sizeof text;

    do {
        text[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    att_buf_put(out, att_span_of(text + at, sizeof text - at));
}

static void put_header(struct att_buf *out, struct att_span name, struct att_span value)
{
    att_buf_put(out, name);
    att_buf_puts(out, ": ");
    att_buf_put(out, value);
    att_buf_puts(out, "\r\n");
}

bool h1_write(struct att_buf *out, const struct http_response *r, const struct h1_reply *reply)
{
    size_t before = out->len;
    size_t body_bytes = reply->without_body ? 0 : r->body.len;

    if (!response_ok(r) || out->failed)
        return false;
    if (body_bytes < SIZE_MAX / 2)
        (void)att_buf_room(out, body_bytes + 512); /* one allocation in the common case; a failure sticks */
    att_buf_puts(out, "HTTP/1.1 ");
    put_number(out, (uint64_t)r->status);
    att_buf_putc(out, ' ');
    att_buf_puts(out, h1_reason(r->status));
    att_buf_puts(out, "\r\n");
    put_header(out, att_str("Date"), att_str(reply->date));
    if (r->content_type)
        put_header(out, att_str("Content-Type"), att_str(r->content_type));
    if (!bodyless(r->status)) {
        att_buf_puts(out, "Content-Length: ");
        put_number(out, r->body.len);
        att_buf_puts(out, "\r\n");
    }
    if (reply->close)
        att_buf_puts(out, "Connection: close\r\n");
    for (size_t i = 0; i < r->extra_count; i++)
        put_header(out, r->extra[i].name, r->extra[i].value);
    att_buf_puts(out, "\r\n");
    if (body_bytes > 0)
        att_buf_put(out, r->body);
    if (!out->failed)
        return true;
    out->len = before;
    out->failed = false;
    return false;
}
