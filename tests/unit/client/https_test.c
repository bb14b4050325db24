/* layers: client base codec */
/* What client_send refuses before anything leaves the machine. Port 1 of this machine answers nobody, so that what passes
 * the checks ends in SERVICE_UNAVAILABLE; with a real server, tests/cli does the rest. */
#include "client/https.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#define NOBODY "https://127.0.0.1:1/"

static const struct att_span body = { (const uint8_t *)"{}", 2 };
static const struct att_span empty = { NULL, 0 };

struct row {
    const char *name;
    struct client_request request;
    enum att_code code;
};

static const struct row rows[] = {
    { "a plain GET", { .url = NOBODY }, ATT_SERVICE_UNAVAILABLE },
    { "POST by its body", { .url = NOBODY, .body = &body }, ATT_SERVICE_UNAVAILABLE },
    { "PUT", { .url = NOBODY, .method = "PUT", .body = &body }, ATT_SERVICE_UNAVAILABLE },
    { "PATCH", { .url = NOBODY, .method = "PATCH", .body = &body }, ATT_SERVICE_UNAVAILABLE },
    { "DELETE", { .url = NOBODY, .method = "DELETE" }, ATT_SERVICE_UNAVAILABLE },
    { "POST of nothing", { .url = NOBODY, .method = "POST", .body = &empty }, ATT_SERVICE_UNAVAILABLE },
    { "all headers",
      { .url = NOBODY,
        .bearer = "a.b.c",
        .if_match = "\"1\"",
        .if_none_match = "*",
        .content_type = "text/plain" },
      ATT_SERVICE_UNAVAILABLE },
    { "GET with a body", { .url = NOBODY, .method = "GET", .body = &body }, ATT_USAGE },
    { "an unknown method", { .url = NOBODY, .method = "TRACE" }, ATT_USAGE },
    { "a method in small letters", { .url = NOBODY, .method = "put" }, ATT_USAGE },
    { "a method with a line end", { .url = NOBODY, .method = "PUT / HTTP/1.1\r\nX: y" }, ATT_USAGE },
    { "an empty method", { .url = NOBODY, .method = "" }, ATT_USAGE },
    { "a token with CRLF", { .url = NOBODY, .bearer = "a\r\nX: y" }, ATT_USAGE },
    { "a token with LF", { .url = NOBODY, .bearer = "a\nX: y" }, ATT_USAGE },
    { "a token with DEL", { .url = NOBODY, .bearer = "a\x7f" }, ATT_USAGE },
    { "a token beyond ASCII", { .url = NOBODY, .bearer = "\xc3\xa4" }, ATT_USAGE },
    { "an ETag with CRLF", { .url = NOBODY, .if_match = "\"1\"\r\nX: y" }, ATT_USAGE },
    { "an ETag with a tab", { .url = NOBODY, .if_none_match = "\t" }, ATT_USAGE },
    { "a type with CRLF", { .url = NOBODY, .content_type = "text/plain\r\nX: y", .body = &body }, ATT_USAGE },
    { "http", { .url = "http://127.0.0.1:1/" }, ATT_USAGE },
    { "a file", { .url = "file:///etc/hostname" }, ATT_USAGE },
    { "no host", { .url = "https://" }, ATT_USAGE },
    { "nothing", { .url = "" }, ATT_USAGE },
};

static void each_is_refused_for_its_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct client_response answer = { .status = 7 };
        struct att_err err = { 0 };
        if (client_send(&rows[i].request, &answer, &err))
            fail_msg("%s: sent", rows[i].name);
        if (err.code != rows[i].code)
            fail_msg("%s: %s", rows[i].name, err.text);
        assert_int_equal(answer.status, 7);
        assert_null(strstr(err.text, "X: y")); /* raw input stays out of messages */
    }
}

static void a_header_of_any_length_is_bounded(void **state)
{
    (void)state;
    static char token[40001];
    struct client_response answer = { 0 };
    struct att_err err = { 0 };
    struct client_request request = { .url = NOBODY, .bearer = token };

    memset(token, 'a', 40000);
    assert_false(client_send(&request, &answer, &err));
    assert_int_equal(err.code, ATT_USAGE);
    token[30000] = '\0';
    err = (struct att_err){ 0 };
    assert_false(client_send(&request, &answer, &err));
    assert_int_equal(err.code, ATT_SERVICE_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_refused_for_its_reason),
        cmocka_unit_test(a_header_of_any_length_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
