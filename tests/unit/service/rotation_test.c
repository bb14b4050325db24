/* layers: service keys signer store store/memory site access attest base codec */
/* Tokens around a change of keys: whoever signed them, at whatever second, they verify against the /certs of another replica. */
#include "support/cases.h"
#include "unit/service/rig.h"

#include "keys/order.h"

enum { LEAD = 7260, KEEP = 29100 };

/* Two services on one store, each with its own view of it. */
struct pair {
    struct rig a, b;
    const struct site_provider *pa, *pb;
};

static void pair_new(struct pair *p, const char *alg)
{
    rig_new(&p->a, &(struct rig_options){ .alg = alg, .lead_s = LEAD, .keep_s = KEEP });
    rig_provider(&p->a, "contoso", NULL);
    rig_new(&p->b, &(struct rig_options){ .store = p->a.store, .alg = alg, .lead_s = LEAD, .keep_s = KEEP });
    p->pa = rig_ref(&p->a, "contoso");
    p->pb = rig_ref(&p->b, "contoso");
}

static void pair_free(struct pair *p)
{
    site_unref(p->pa);
    site_unref(p->pb);
    (void)rig_stop(&p->b);
    rig_free(&p->a);
}

static void order(struct store *store, int64_t activate_in_s, const char *retire)
{
    struct att_arena *a = att_arena_new(1 << 16);
    const struct key_order o = {
        .purpose = "attestation", .by = "unix:root", .activate_in_s = activate_in_s, .retire = retire
    };
    struct store_tx *tx = NULL;
    struct att_err err = { 0 };

    rig_need(store_begin(store, &tx, &err) && key_order_put(tx, a, &o, &err) && store_commit(tx, &err),
             "order", &err);
    att_arena_free(a);
}

static void at(struct rig *r, int64_t now)
{
    struct att_err err = { 0 };

    r->now_unix_s = now;
    rig_need(keyring_tick(r->keys, now, &err) && service_keys_changed(r->service, &err), "tick", &err);
}

/* A signed answer of one replica. */
static struct att_span token_of(struct rig *r, const struct site_provider *p)
{
    struct att_span token = { 0 };
    struct att_err err = { 0 };

    rig_need(service_policy_get(r->service, p, r->arena, "SgxEnclave", &token, &err), "token", &err);
    return token;
}

static bool good(struct rig *r, const struct site_provider *p, struct att_span token, struct att_err *err)
{
    struct att_token t = { 0 };

    *err = (struct att_err){ 0 };
    return rig_verify(r, p, RIG_BASE "/p/contoso", token, &t, err);
}

/* What one says, the other's clients believe: at every second around the change. */
static void across(struct cases *c, const char *alg)
{
    struct pair p;
    struct att_err err;
    char first[64];

    pair_new(&p, alg);
    (void)snprintf(first, sizeof first, "%s", rig_keys(&p.a)->keys[0].kid);
    struct att_span before = token_of(&p.a, p.pa);
    struct att_span old_certs = { 0 };
    rig_need(service_certs_json(p.b.service, p.pb, p.b.arena, &old_certs, &err), "certs", &err);
    order(p.a.store, KEY_ORDER_LEAD, NULL);
    at(&p.a, RIG_NOW + 1);
    cases_check(c, good(&p.a, p.pa, token_of(&p.b, p.pb), &err), "%s: the other has not looked yet: %s", alg,
                err.text);
    at(&p.b, RIG_NOW + 2);
    static const int64_t seconds[] = { 3, 1000, LEAD, LEAD + 1, LEAD + 2, LEAD + 100, LEAD + 3000 };
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        at(&p.a, RIG_NOW + seconds[i]);
        p.b.now_unix_s = p.a.now_unix_s; /* it looks a second later */
        struct att_span ta = token_of(&p.a, p.pa), tb = token_of(&p.b, p.pb);
        cases_check(c, good(&p.b, p.pb, ta, &err), "%s +%lld: a's at b: %s", alg, (long long)seconds[i],
                    err.text);
        cases_check(c, good(&p.a, p.pa, tb, &err), "%s +%lld: b's at a: %s", alg, (long long)seconds[i],
                    err.text);
        bool old = strcmp(keyset_signing(rig_keys(&p.a), p.a.now_unix_s)->kid, first) == 0;
        cases_check(c, old == (seconds[i] < LEAD + 1), "%s +%lld: the right key", alg, (long long)seconds[i]);
        at(&p.b, RIG_NOW + seconds[i] + 1);
        p.b.now_unix_s = p.a.now_unix_s;
        struct att_span ca = { 0 }, cb = { 0 };
        rig_need(service_certs_json(p.a.service, p.pa, p.a.arena, &ca, &err) &&
                     service_certs_json(p.b.service, p.pb, p.b.arena, &cb, &err),
                 "certs", &err);
        site_unref(p.pb);
        p.pb = rig_ref(&p.b, "contoso");
        cases_check(c, strcmp(alg, "RS256") != 0 || seconds[i] == LEAD || att_span_eq(ca, cb),
                    "%s +%lld: the same bytes from both", alg, (long long)seconds[i]);
    }
    p.b.now_unix_s = RIG_NOW + 3000;
    cases_check(c, good(&p.b, p.pb, before, &err), "%s: one from before the change: %s", alg, err.text);
    struct att_token t = { 0 };
    struct att_token_check kept = {
        .size = sizeof kept, .issuer = RIG_BASE "/p/contoso", .now_unix_s = p.a.now_unix_s, .jwks = old_certs
    };
    err = (struct att_err){ 0 };
    cases_check(c,
                !att_token_verify(p.a.arena, token_of(&p.a, p.pa), &kept, &t, &err) &&
                    err.code == ATT_TOKEN_KEY_UNKNOWN,
                "%s: keys from before the lead would not do: that is what the lead is for", alg);
    pair_free(&p);
}

/* J19: a key that was retired; every replica stops to publish it, also one that did not do it. */
static void retired(struct cases *c)
{
    struct pair p;
    struct att_err err;
    char first[64];

    pair_new(&p, "ES256");
    (void)snprintf(first, sizeof first, "%s", rig_keys(&p.a)->keys[0].kid);
    struct att_span token = token_of(&p.a, p.pa);
    cases_check(c, good(&p.b, p.pb, token, &err), "good while the key is: %s", err.text);
    order(p.a.store, 0, first);
    at(&p.a, RIG_NOW + 1);
    at(&p.b, RIG_NOW + 1);
    cases_check(c, !good(&p.b, p.pb, token, &err) && err.code == ATT_TOKEN_KEY_UNKNOWN,
                "J19: a token of a retired key is not believed: %s", err.text);
    cases_check(c, !good(&p.a, p.pa, token, &err) && err.code == ATT_TOKEN_KEY_UNKNOWN, "J19: nor elsewhere");
    cases_check(c, good(&p.b, p.pb, token_of(&p.a, p.pa), &err), "the new one's is: %s", err.text);
    pair_free(&p);
}

/* Somebody who holds documents or the compiled policies keeps them while keys change. */
static void held(struct cases *c)
{
    struct rig r;
    struct att_err err = { 0 };
    struct att_span one = { 0 }, two = { 0 }, three = { 0 };

    rig_new(&r, &(struct rig_options){ .lead_s = LEAD, .keep_s = KEEP, .alg = "RS256" });
    const struct site_provider *p = rig_ref(&r, "default");
    rig_need(service_certs_json(r.service, p, r.arena, &one, &err), "certs", &err);
    struct site_attachment *attached = site_attachment_get(p);
    order(r.store, KEY_ORDER_LEAD, NULL);
    at(&r, RIG_NOW + 1);
    rig_need(service_certs_json(r.service, p, r.arena, &two, &err) &&
                 service_certs_json(r.service, p, r.arena, &three, &err),
             "certs", &err);
    cases_check(c, two.len > one.len + 1000 && att_span_eq(two, three), "two keys where there was one");
    cases_check(c, memcmp(one.ptr, two.ptr, one.len - 2) == 0, "the one that signs stands first");
    cases_check(c, site_attachment_get(p) == attached, "policies are not compiled again");
    at(&r, RIG_NOW + 1 + LEAD);
    rig_need(service_certs_json(r.service, p, r.arena, &three, &err), "certs", &err);
    cases_check(c, three.len == two.len && !att_span_eq(two, three), "then the other one does");
    site_unref(p);
    rig_free(&r);
}

int main(void)
{
    struct cases c = { .name = "unit_service_rotation" };

    across(&c, "ES256");
    across(&c, "RS256");
    retired(&c);
    held(&c);
    return cases_report(&c);
}
