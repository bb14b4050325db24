/* The running service: its admin listener, itself at base_url, what it holds of collateral. */
#include "base/auto.h"
#include "base/err.h"
#include "base/timetext.h"
#include "cli/collateral.h"
#include "cli/doctor.h"
#include "cli/members.h"
#include "client/https.h"
#include "codec/json.h"

#include <string.h>

enum { ASK_MS = 5000, CLOCK_WARN_S = 5, CLOCK_BAD_S = 60 };

const char *doctor_admin(struct doctor *d)
{
    static const char *const anywhere[][2] = { { "0.0.0.0:", "127.0.0.1" }, { "[::]:", "[::1]" } };
    static const char *const loopback[] = { "127.0.0.1:", "[::1]:", "localhost:" };
    const char *listen = d->config.admin_listen;

    for (size_t i = 0; i < sizeof anywhere / sizeof anywhere[0]; i++) {
        size_t len = strlen(anywhere[i][0]);
        if (strncmp(listen, anywhere[i][0], len) == 0)
            return cli_text(d->c->arena, "http://%s:%s", anywhere[i][1], listen + len);
    }
    for (size_t i = 0; i < sizeof loopback / sizeof loopback[0]; i++) {
        if (strncmp(listen, loopback[i], strlen(loopback[i])) == 0)
            return cli_text(d->c->arena, "http://%s", listen);
    }
    return NULL;
}

void doctor_ready(struct doctor *d)
{
    static const char check[] = "ready";
    const char *admin = doctor_admin(d);
    struct client_request request = { .plain_loopback = true,
                                      .connect_ms_max = ASK_MS,
                                      .total_ms_max = ASK_MS };
    ATT_AUTO(client_response_free) struct client_response answer = { 0 };
    struct att_err err = { 0 };

    if (!admin) {
        doctor_found(d, check, DOCTOR_WARN, "not asked: admin_listen %s is not on loopback",
                     d->config.admin_listen);
        doctor_advice(d, "curl http://%s/readyz from where it can be reached; it has no access control",
                      d->config.admin_listen);
        return;
    }
    request.url = cli_text(d->c->arena, "%s/readyz", admin);
    if (!request.url || !client_send(&request, &answer, &err)) {
        doctor_found(d, check, DOCTOR_BAD, "%s", err.text);
        doctor_advice(d, "systemctl start attestd; journalctl -u attestd -n 20 says why it ended");
    } else if (answer.status != 200) {
        doctor_found(d, check, DOCTOR_BAD, "the service says that it is not ready (HTTP %ld)", answer.status);
        doctor_advice(d, "it starts, or ends, or cannot reach its store: journalctl -u attestd -n 20");
    } else {
        doctor_found(d, check, DOCTOR_OK, "%s", request.url);
    }
}

/* -- as a client sees it ---------------------------------------------------------------------------------- */

static void examine_time(struct doctor *d, const struct client_response *answer)
{
    static const char check[] = "clock of the service";
    int64_t off = answer->date_unix_s - d->now_unix_s;

    if (answer->date_unix_s == 0 || cli_has(d->c, "at"))
        return;
    off = off < 0 ? -off : off;
    enum doctor_state state = off > CLOCK_BAD_S ? DOCTOR_BAD : off > CLOCK_WARN_S ? DOCTOR_WARN : DOCTOR_OK;
    doctor_found(d, check, state, "differs from this machine's by %lld s", (long long)off);
    if (state != DOCTOR_OK)
        doctor_advice(d, "synchronise both: replicas must agree on the time");
}

static void examine_issuer(struct doctor *d, const struct client_response *answer)
{
    static const char check[] = "service";
    struct att_err err = { 0 };
    struct att_json j;

    if (answer->status != 200) {
        doctor_found(d, check, DOCTOR_BAD, "HTTP %ld at %s", answer->status, d->config.base_url);
        doctor_advice(d, "is it this service that listens there, or a proxy without a backend?");
        return;
    }
    if (!att_json_parse(d->c->arena, att_buf_span(&answer->body), NULL, &j, &err)) {
        doctor_found(d, check, DOCTOR_BAD, "no JSON at %s: something else listens there", d->config.base_url);
        doctor_advice(d, "what does base_url lead to?");
        return;
    }
    struct members m = { .arena = d->c->arena, .doc = &j };
    const char *issuer = member_text(&m, ATT_JSON_ROOT, "issuer");
    if (!issuer || strcmp(issuer, d->config.base_url) != 0) {
        doctor_found(d, check, DOCTOR_BAD, "another service answers at base_url: its issuer is %s",
                     issuer ? issuer : "none");
        doctor_advice(d, "restart it if base_url was changed; else mend base_url, DNS or the proxy");
        return;
    }
    doctor_found(d, check, DOCTOR_OK, "answers at %s", d->config.base_url);
}

void doctor_service(struct doctor *d)
{
    struct client_request request = {
        .url = cli_text(d->c->arena, "%s/.well-known/openid-configuration", d->config.base_url),
        .ca_file = cli_value(d->c, "ca"),
        .connect_ms_max = ASK_MS,
        .total_ms_max = 2 * ASK_MS,
    };
    ATT_AUTO(client_response_free) struct client_response answer = { 0 };
    struct att_err err = { 0 };

    if (!request.url || !client_send(&request, &answer, &err)) {
        doctor_found(d, "service", DOCTOR_BAD, "%s", err.text);
        doctor_advice(d, strstr(err.text, "certificate")
                             ? "with a CA of your own: --ca FILE; else see the lines about tls"
                             : "does base_url lead here from this machine (DNS, proxy, "
                               "listen)?");
        return;
    }
    examine_issuer(d, &answer);
    examine_time(d, &answer);
}

/* -- collateral ------------------------------------------------------------------------------------------- */

struct tally {
    size_t held, expired, missing, aging;
    const char *worst; /* id of one that is to be looked at */
};

static struct tally tally_of(const struct coll_list *list)
{
    struct tally t = { 0 };

    for (size_t n = 0; n < list->count; n++) {
        const struct coll_item *i = &list->items[n];
        bool expired = i->held && i->next_unix_s != 0 && i->next_unix_s < list->now_unix_s;
        t.held += i->held;
        t.missing += !i->held;
        t.expired += expired;
        t.aging += i->held && !expired && i->aging;
        if (expired || !t.worst)
            t.worst = expired || !i->held || i->aging ? i->id : t.worst;
    }
    return t;
}

void doctor_collateral(struct doctor *d)
{
    static const char check[] = "collateral";
    const char *admin = doctor_admin(d);
    struct coll_list list = { 0 };
    struct att_err err = { 0 };

    if (!admin)
        return; /* told by `ready` */
    if (!coll_read_admin(d->c, admin, false, &list, &err)) {
        doctor_found(d, check, DOCTOR_UNKNOWN, "%s", err.text[0] ? err.text : err.found);
        doctor_advice(d, "start the service first");
        return;
    }
    struct tally t = tally_of(&list);
    bool none = d->config.source_count == 0 && d->config.collateral_dirs.count == 0;
    if (t.expired > 0) {
        doctor_found(d, check, DOCTOR_BAD, "%zu of %zu items are past their next update: %s", t.expired,
                     list.count, t.worst);
        doctor_advice(d, "attestctl collateral show; attestctl collateral doctor goes the way to a source");
    } else if (t.aging + t.missing > 0) {
        doctor_found(d, check, DOCTOR_WARN, "%zu held, %zu aging, %zu missing: %s", t.held, t.aging,
                     t.missing, t.worst);
        doctor_advice(d, "attestctl collateral show; attestctl collateral doctor goes the way to a source");
    } else if (t.held == 0 && none) {
        doctor_found(d, check, DOCTOR_WARN,
                     "none, and nowhere to have it from: evidence of SGX and TDX is refused");
        doctor_advice(d, "add a [source NAME] section, or collateral_dirs, to %s, unless only others attest",
                      d->path);
    } else {
        doctor_found(d, check, DOCTOR_OK, "%zu items, all in time%s", t.held,
                     t.held == 0 ? " (asked for with the first evidence)" : "");
    }
}
