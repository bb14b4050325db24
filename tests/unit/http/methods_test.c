/* Methods: each reaches the application as it was sent, with and without a body, and nothing overrides it. */
#include "unit/http/app.h"
#include "unit/http/client.h"

#include "support/cases.h"

#define HOST "Host: localhost\r\n"
#define END  "\r\n"

static struct answer a; /* too large for the stack of a sanitizer build */

/* What a method means is decided by the application, so it must get the one that was sent. */
static void check_methods(struct cases *t, struct http_server *s)
{
    static const char *const methods[] = {
        "GET", "PUT", "PATCH", "DELETE", "OPTIONS", "POST", "TRACE", "X-Y"
    };
    static const char *const bodies[] = {
        "",
        "Content-Length: 0\r\n",
        "Content-Length: 4\r\n",
        "Transfer-Encoding: chunked\r\n",
    };
    static const char *const sent[] = { "", "", "body", "4\r\nbody\r\n0\r\n\r\n" };
    struct client *c = client_open(http_server_port(s));

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        for (size_t k = 0; k < sizeof bodies / sizeof bodies[0]; k++) {
            char text[256];
            (void)snprintf(text, sizeof text, "%s /info HTTP/1.1\r\n" HOST "%s" END "%s", methods[i],
                           bodies[k], sent[k]);
            int status = client_ask(c, text, &a);
            size_t len = strlen(methods[i]);
            cases_check(t, status == 200 && strncmp(a.body, methods[i], len) == 0 && a.body[len] == '\n',
                        "A13: method %s, body %zu: %d %s", methods[i], k, status, a.body);
            (void)snprintf(text, sizeof text, "%s /echo HTTP/1.1\r\n" HOST "%s" END "%s", methods[i],
                           bodies[k], sent[k]);
            status = client_ask(c, text, &a);
            cases_check(t, status == 200 && strcmp(a.body, k < 2 ? "" : "body") == 0,
                        "A13: the body of %s, %zu: %d %s", methods[i], k, status, a.body);
        }
    for (size_t k = 0; k < 2; k++) {
        char text[256];
        (void)snprintf(text, sizeof text, "HEAD /info HTTP/1.1\r\n" HOST "%s" END, bodies[k]);
        (void)client_say(c, text);
        /* The body is left out, its length is that of /info's: "HEAD" is one letter longer than "GET". */
        int status = client_answer(c, &a, true);
        char *length = strcasestr(a.head, "\r\nContent-Length: ");
        unsigned long of_head = length ? strtoul(length + 18, NULL, 10) : 0;
        cases_check(t, status == 200 && client_ask(c, "GET /info HTTP/1.1\r\n" HOST END, &a) == 200,
                    "A13: HEAD");
        cases_check(t, of_head == a.body_bytes + 1, "A13: HEAD reaches the application as HEAD: %lu",
                    of_head);
    }
    cases_check(t,
                client_ask(c, "OPTIONS * HTTP/1.1\r\n" HOST END, &a) == 200 && strcmp(a.body, "hello") == 0,
                "A13: OPTIONS *");
    client_close(c);
}

/* Nothing but the request line says what the method is. */
static void check_override(struct cases *t, struct http_server *s)
{
    static const char *const rows[] = {
        "X-HTTP-Method-Override: DELETE\r\n", "X-HTTP-Method: DELETE\r\n",  "X-Method-Override: DELETE\r\n",
        "X-Original-Method: DELETE\r\n",      "X-Original-URL: /close\r\n", "X-Rewrite-URL: /close\r\n",
    };
    struct client *c = client_open(http_server_port(s));

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "POST /info?_method=DELETE HTTP/1.1\r\n" HOST "%s" END, rows[i]);
        int status = client_ask(c, text, &a);
        cases_check(t, status == 200 && !a.close && strncmp(a.body, "POST\n/info\n_method=DELETE\n", 25) == 0,
                    "A13: %s: %s", rows[i], a.body);
    }
    client_close(c);
}

int main(void)
{
    struct cases t = { .name = "http.methods" };
    struct http_server *s = app_start((struct http_server_options){ .threads = 1 });

    check_methods(&t, s);
    check_override(&t, s);
    http_server_stop(s);
    return cases_report(&t);
}
