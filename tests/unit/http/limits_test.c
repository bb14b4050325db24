/* What an overloaded loop says of a request's wait, and connections of one address. */
#include "unit/http/app.h"
#include "unit/http/client.h"

#include "support/cases.h"

#include <stdatomic.h>

#define ASK(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

static struct answer a;
static atomic_bool blocked;

enum { BLOCK_MS = 150, WORK_MS = 30 };

/* /block: keeps the loop busy until the others have asked; /work: busy for a while; the answer is how long it had waited. */
static void on_request(void *ctx, const struct http_request *r, struct http_response *ret)
{
    char *text = att_arena_alloc(r->arena, 16, 1);

    (void)ctx;
    if (!text)
        abort();
    (void)snprintf(text, 16, "%" PRIu32, r->waited_us);
    *ret = (struct http_response){ .status = 200, .content_type = "text/plain", .body = att_str(text) };
    if (att_span_is(r->path, "/block")) {
        atomic_store(&blocked, true);
        sleep_ms(BLOCK_MS);
    } else if (att_span_is(r->path, "/work")) {
        sleep_ms(WORK_MS);
    }
}

/* Two requests that are ready in the same turn of the loop: one of them has waited for the other's work. */
static void check_waited(struct cases *t)
{
    struct http_server_options o = { .app = {
                                         .on_head = app_head, .on_request = on_request, .on_bad = app_bad } };
    struct http_server *s = NULL;
    struct att_err err = { 0 };
    long waited[2] = { 0 };

    if (!http_server_start(&o, &s, &err))
        abort();
    struct client *block = client_open(http_server_port(s));
    struct client *work[2] = { client_open(http_server_port(s)), client_open(http_server_port(s)) };
    for (int i = 0; i < 2; i++) /* both are taken in before the loop is blocked */
        cases_check(t, client_ask(work[i], ASK("/hello"), &a) == 200, "hello %d", i);
    (void)client_say(block, ASK("/block"));
    WAIT_UNTIL(atomic_load(&blocked));
    for (int i = 0; i < 2; i++)
        (void)client_say(work[i], ASK("/work"));
    for (int i = 0; i < 2; i++) {
        cases_check(t, client_answer(work[i], &a, false) == 200, "work %d", i);
        waited[i] = atol(a.body);
    }
    long longer = waited[0] > waited[1] ? waited[0] : waited[1];
    cases_check(t, longer >= WORK_MS * 1000L * 9 / 10, "the second of two waited %ld us", longer);
    client_close(block);
    client_close(work[0]);
    client_close(work[1]);
    http_server_stop(s);
}

/* The third connection of an address is closed; another address, a trusted proxy and a newcomer after one has left are not. */
static void check_connections(struct cases *t)
{
    static const char *const proxies[] = { "127.0.0.9", NULL };
    struct http_server *s = app_start((struct http_server_options){
        .connections_max = 20, .connections_per_client_max = 2, .trusted_proxies = proxies });
    uint16_t port = http_server_port(s);
    struct http_counters n = { 0 };
    struct client *c[2];

    for (int i = 0; i < 2; i++) {
        c[i] = client_open(port);
        cases_check(t, client_ask(c[i], ASK("/hello"), &a) == 200, "connection %d", i);
    }
    struct client *third = client_open(port);
    cases_check(t, client_ask(third, ASK("/hello"), &a) == 0, "a third one is closed");
    client_close(third);
    http_server_counters(s, &n);
    cases_check(t, n.connections_refused == 1, "it is counted: %" PRIu64, n.connections_refused);
    struct client *other = client_open_from(port, "127.0.0.2");
    cases_check(t, client_ask(other, ASK("/hello"), &a) == 200, "another address");
    client_close(other);
    struct client *proxy[4];
    for (int i = 0; i < 4; i++) {
        proxy[i] = client_open_from(port, "127.0.0.9");
        cases_check(t, client_ask(proxy[i], ASK("/hello"), &a) == 200, "connection %d of a proxy", i);
    }
    for (int i = 0; i < 4; i++)
        client_close(proxy[i]);
    client_close(c[0]);
    int status = 0;
    for (int tries = 0; status != 200 && tries < 200; tries++) { /* until the server has noticed */
        struct client *again = client_open(port);
        status = client_ask(again, ASK("/hello"), &a);
        client_close(again);
        if (status != 200)
            sleep_ms(10);
    }
    cases_check(t, status == 200, "room again when one has left: %d", status);
    client_close(c[1]);
    http_server_stop(s);
}

int main(void)
{
    struct cases t = { .name = "http.limits" };

    check_waited(&t);
    check_connections(&t);
    return cases_report(&t);
}
