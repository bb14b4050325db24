/* attestctl collateral doctor: the way to a source, hop by hop, and what is wrong where it ends. */
#include "base/auto.h"
#include "base/err.h"
#include "base/timetext.h"
#include "cli/answer.h"
#include "cli/collateral.h"
#include "cli/collateral_source.h"
#include "cli/hop.h"
#include "cli/members.h"

#include <stdio.h>

enum { HOPS_MAX = 8, CHAIN_BYTES_MAX = 64 << 10 };

struct hop {
    const char *name;
    enum { HOP_GOOD, HOP_BAD, HOP_SKIPPED } state;
    char text[256];   /* what was seen */
    char advice[256]; /* what to do; "" when there is nothing */
};
struct examination {
    struct cli *c;
    struct att_lib *lib;
    struct coll_source source;
    struct hop hops[HOPS_MAX];
    size_t count;
};

static void examination_free(struct examination *e)
{
    coll_source_close(&e->source);
    att_lib_free(e->lib);
}

static struct hop *hop_new(struct examination *e, const char *name)
{
    struct hop *h = &e->hops[e->count++];

    *h = (struct hop){ .name = name };
    return h;
}

static bool good(struct hop *h, const char *text)
{
    (void)snprintf(h->text, sizeof h->text, "%s", text);
    return true;
}

static bool bad(struct hop *h, const char *text, const char *advice)
{
    h->state = HOP_BAD;
    (void)snprintf(h->text, sizeof h->text, "%s", text);
    (void)snprintf(h->advice, sizeof h->advice, "%s", advice);
    return false;
}

/* -- name and connection ---------------------------------------------------------------------------------- */

/* Of the proxy when there is one: the source's own name is then its business. */
static const char *first_peer(const struct examination *e)
{
    return e->source.fetch.proxy ? e->source.fetch.proxy : e->source.source.url;
}

static bool examine_name(struct examination *e)
{
    struct hop *h = hop_new(e, e->source.fetch.proxy ? "proxy's name" : "name");
    struct hop_peer peer;
    char text[192];

    if (!hop_peer_of(first_peer(e), &peer))
        return bad(h, "the address cannot be read", "give https://HOST[:PORT]");
    if (!hop_resolve(&peer, text, sizeof text))
        return bad(h, text, "check the name, and the resolver of this machine (/etc/resolv.conf)");
    return good(h, text);
}

static bool examine_connection(struct examination *e)
{
    struct hop *h = hop_new(e, e->source.fetch.proxy ? "connection to the proxy" : "connection");
    struct hop_peer peer;
    char text[192];

    if (!hop_peer_of(first_peer(e), &peer) || !hop_connect(&peer, text, sizeof text))
        return bad(h, text,
                   e->source.fetch.proxy ? "the proxy does not listen there, or a firewall is between"
                                         : "nothing listens there, or a firewall is between; where only a "
                                           "proxy gets out, give --proxy");
    return good(h, text);
}

/* -- TLS and HTTP ----------------------------------------------------------------------------------------- */

struct answered {
    struct supply_answer answer;
    struct att_err err;
    bool came;
};

static struct answered ask(struct examination *e, const char *path)
{
    struct answered a = { 0 };

    a.came = supply_fetch(&e->source.fetch, &e->source.source, path, e->c->arena, &a.answer, &a.err);
    return a;
}

/* A path of the API that needs no key and always has an answer. */
static const char *plain_path(const struct examination *e)
{
    return e->source.source.kind == SUPPLY_KDS ? "/vcek/v1/Milan/cert_chain"
                                               : "/sgx/certification/v4/qe/identity";
}

static bool examine_tls(struct examination *e, const struct answered *a)
{
    struct hop *h = hop_new(e, "TLS");

    if (a->came)
        return good(h, "the certificate is good for this name");
    if (strcmp(a->err.where, "fetch.tls") == 0)
        return bad(
            h, a->err.found,
            "a PCCS with its own certificate: give that with --ca; a proxy that opens TLS: give its CA");
    if (strcmp(a->err.where, "fetch.connect") == 0)
        return bad(h, a->err.found, "the proxy does not get there");
    if (strcmp(a->err.where, "fetch.time") == 0)
        return bad(h, a->err.found, "it is slow, or something swallows what is sent");
    return bad(h, a->err.found[0] ? a->err.found : a->err.text, "");
}

static bool examine_path(struct examination *e, const struct answered *a)
{
    struct hop *h = hop_new(e, "path of the API");
    char text[128];

    (void)snprintf(text, sizeof text, "HTTP %u at %s", a->answer.status, plain_path(e));
    switch (a->answer.status) {
    case 200:
        return good(h, text);
    case 401:
    case 403:
        return bad(h, text, "it wants a key, or this address is not allowed there: --api-key-file");
    case 404:
        return bad(h, text,
                   e->source.source.kind == SUPPLY_PCCS
                       ? "no API of version 4 here: an older PCCS, or another path in front of it"
                       : "no such API here: is --kind right, and the address without a path?");
    case 429:
    case 503:
        return bad(h, text, "it throttles or is down: attestd keeps to its pace and tries again by itself");
    default:
        return bad(h, text, "not an answer of this API: something else listens there");
    }
}

/* Only where a key was given: nothing that attestd asks for needs one. */
static void examine_key(struct examination *e)
{
    struct hop *h = hop_new(e, "subscription key");

    if (!e->source.source.api_key || e->source.source.kind != SUPPLY_PCS) {
        h->state = HOP_SKIPPED;
        (void)good(h, "none was given, and collateral needs none");
        return;
    }
    struct answered a = ask(e, "/sgx/certification/v4/pckcerts?encrypted_ppid=00&pceid=0000");
    if (a.came && (a.answer.status == 401 || a.answer.status == 403))
        (void)bad(h, "it is refused",
                  "get a new one from Intel's portal; keys end when their subscription does");
    else
        (void)good(h, a.came ? "it is taken" : "not tried: no answer");
}

/* -- a signed item ---------------------------------------------------------------------------------------- */

/* Headers carry PEM with %XX. */
static struct att_span unescaped(struct att_arena *arena, struct att_span text)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t *to = att_arena_alloc(arena, text.len + 1, 1);
    size_t n = 0;

    for (size_t i = 0; to && i < text.len; i++) {
        const char *high = i + 2 < text.len ? strchr(digits, text.ptr[i + 1] | 0x20) : NULL;
        const char *low = i + 2 < text.len ? strchr(digits, text.ptr[i + 2] | 0x20) : NULL;
        if (text.ptr[i] == '%' && high && low) {
            to[n++] = (uint8_t)((high - digits) * 16 + (low - digits));
            i += 2;
        } else {
            to[n++] = text.ptr[i];
        }
    }
    return att_span_of(to, to ? n : 0);
}

static bool examine_item(struct examination *e, const struct answered *a)
{
    struct hop *h = hop_new(e, "a signed item");
    struct att_collateral_item item = { .body = a->answer.body };
    struct att_item_facts facts = { 0 };
    struct att_err why = { 0 };
    struct att_time_text next;
    char text[256];

    if (e->source.source.kind == SUPPLY_KDS) {
        struct answered crl = ask(e, "/vcek/v1/Milan/crl");
        if (!crl.came || crl.answer.status != 200)
            return bad(h, "no revocation list at /vcek/v1/Milan/crl", "");
        item = (struct att_collateral_item){
            .what = { .kind = ATT_ITEM_AMD_CRL, .product = "Milan" },
            .body = crl.answer.body,
            .chain = a->answer.body,
        };
    } else if (a->answer.issuer_chain.len == 0) {
        return bad(h, "the answer has no chain of its signer in a header",
                   "a page of something in between (a login, a filter), or a proxy that drops headers");
    } else {
        item.what = (struct att_collateral_want){ .kind = ATT_ITEM_QE_IDENTITY, .tee = ATT_TEE_SGX };
        item.chain = unescaped(e->c->arena, a->answer.issuer_chain);
    }
    if (!att_item_check(e->lib, &item, &facts, &why)) {
        (void)snprintf(text, sizeof text, "%s: %s", att_code_name(why.code), why.found);
        return bad(h, text, "not what the vendor signed: something between changes or makes up answers");
    }
    (void)snprintf(text, sizeof text, "verified up to the vendor's root; next update %s",
                   att_time_text(&next, facts.next_unix_s));
    return good(h, text);
}

/* -- all of it -------------------------------------------------------------------------------------------- */

static void examine(struct examination *e)
{
    if (!examine_name(e) || !examine_connection(e))
        return;
    struct answered a = ask(e, plain_path(e));
    if (!examine_tls(e, &a) || !examine_path(e, &a))
        return;
    examine_key(e);
    (void)examine_item(e, &a);
}

static void put_text(struct cli *c, const struct examination *e)
{
    static const char *const states[] = { "ok  ", "BAD ", "-   " };

    cli_put_plain(&c->out, e->source.source.url);
    att_buf_putc(&c->out, '\n');
    for (size_t i = 0; i < e->count; i++) {
        const struct hop *h = &e->hops[i];
        att_buf_printf(&c->out, "  %s%-24s", states[h->state], h->name);
        cli_put_plain(&c->out, h->text);
        if (h->advice[0])
            att_buf_printf(&c->out, "\n      %s", h->advice);
        att_buf_putc(&c->out, '\n');
    }
}

static void put_json(struct cli *c, const struct examination *e)
{
    static const char *const states[] = { "good", "bad", "skipped" };
    struct att_json_writer w = cli_writer(c);

    att_jw_object(&w);
    att_jw_key(&w, "url");
    att_jw_str(&w, e->source.source.url);
    att_jw_key(&w, "hops");
    att_jw_array(&w);
    for (size_t i = 0; i < e->count; i++) {
        const struct hop *h = &e->hops[i];
        att_jw_object(&w);
        att_jw_key(&w, "hop");
        att_jw_str(&w, h->name);
        att_jw_key(&w, "state");
        att_jw_str(&w, states[h->state]);
        att_jw_key(&w, "found");
        att_jw_str(&w, h->text);
        att_jw_key(&w, "advice");
        att_jw_str(&w, h->advice[0] ? h->advice : NULL);
        att_jw_end_object(&w);
    }
    att_jw_end_array(&w);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

static enum cli_exit run_doctor(struct cli *c)
{
    ATT_AUTO(examination_free) struct examination e = { .c = c };
    struct att_err err = { 0 };
    bool all = true;

    if (!coll_lib(c, &e.lib, &err) || !coll_source_open(c, &e.source, &err))
        return cli_refuse(c, &err);
    examine(&e);
    for (size_t i = 0; i < e.count; i++)
        all = all && e.hops[i].state != HOP_BAD;
    if (c->json)
        put_json(c, &e);
    else
        put_text(c, &e);
    return all ? CLI_YES : CLI_NO;
}

static const struct cli_option options[] = {
    COLL_SOURCE_OPTIONS,
    { .name = "trust-root",
      .argument = "PEM",
      .repeats = true,
      .help = "Trust the key of this certificate as a vendor's root, too. For tests." },
    { 0 },
};

const struct cli_command cli_collateral_doctor = {
    .name = "collateral doctor",
    .summary = "find what is wrong on the way to a source of collateral",
    .about =
        "Goes the way to a source hop by hop: its name (or the proxy's), the connection, TLS, the path and "
        "version of the API, the subscription key when one is given, and a signed item up to the vendor's "
        "root. The first hop that fails ends it, with what was found there and what to do. The exit status "
        "is "
        "then 1.",
    .examples = "  attestctl collateral doctor\n"
                "  attestctl collateral doctor --kind kds\n"
                "  attestctl collateral doctor --kind pccs --url https://pccs.example:8081 --ca pccs.pem\n",
    .options = options,
    .run = run_doctor,
};
