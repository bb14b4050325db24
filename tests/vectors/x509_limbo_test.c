/* layers: crypto codec base */
/* x509-limbo: the cases that speak about chains of keys. A case gives a bag of certificates and leaves the
 * order to the verifier; att_chain_check takes an ordered chain, so the search for one is here: every path
 * from the peer to a trusted certificate is tried, and the case succeeds when one of them holds at the case's
 * time. Trusted certificates become pinned keys. A refusal must also be for the right reason, written in the
 * table below.
 *
 * Not run, and counted as skipped by name: what a verifier of hardware and signer chains does not judge
 * (names of hosts, name constraints, extended key usage, key identifiers, and what the web adds to RFC 5280).
 */
#include "support/cases.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timetext.h"
#include "crypto/x509.h"

enum { BAG_MAX = 16, CASES = 135 };

/* Ids that must agree: whole, or as a prefix when they end in '*'. `why` is the reason a refusal must give.
 */
static const struct {
    const char *id;
    const char *why;
} rows[] = {
    { "pathlen::max-chain-depth-0-exhausted", "depth" },
    { "pathlen::max-chain-depth-1-exhausted", "depth" },
    { "pathlen::*", "not a CA" },
    { "pathological::*", "no path" },
    { "rfc5280::serial::too-long", "peer: certificate.serialNumber" },
    { "rfc5280::serial::zero", "link" },
    { "rfc5280::serial::negative", "peer: certificate.serialNumber" },
    { "rfc5280::validity::*", "validity" },
    { "rfc5280::unknown-critical-extension-*", "critical" },
    { "rfc5280::chain-untrusted-root", "no path" },
    { "rfc5280::intermediate-ca-without-ca-bit", "not a CA" },
    { "rfc5280::intermediate-ca-missing-basic-constraints", "no path" },
    { "rfc5280::ica-ku-keycertsign", "no path" },
    { "rfc5280::duplicate-extensions", "peer: certificate.extensions" },
    { "rfc5280::mismatching-signature-algorithm", "peer: certificate.signature" },
    { "webpki::forbidden-p192-spki-leaf", "peer: certificate.subjectPublicKeyInfo" },
    { "webpki::forbidden-dsa-spki-leaf", "peer: certificate.subjectPublicKeyInfo" },
    { "webpki::forbidden-signature-algorithm-in-root", "no path" },
    { "webpki::forbidden-signature-algorithm-in-leaf", "peer: certificate.subjectPublicKeyInfo" },
    { "webpki::v1-cert", "peer: certificate.version" },
    { "online::*", "none of these is a refusal" },
};

/* Where we refuse on purpose what the suite accepts, with the reason that the refusal must give. */
static const struct {
    const char *id;
    const char *why;
} stricter[] = {
    /* The roots of these three sign themselves with SHA-1, which is not taken anywhere, not even there. */
    { "online::akamai.com", "link" },
    { "online::facebook.com", "link" },
    { "online::cloudflare.com", "link" },
};

struct search {
    const struct att_crypto *c;
    struct att_cert *bag[BAG_MAX]; /* trusted ones first */
    size_t count, trusted;
    struct att_pinned_key pins[BAG_MAX];
    uint8_t digests[BAG_MAX][32];
    bool used[BAG_MAX];
    struct att_cert *path[BAG_MAX + 1];
    size_t length;
    int64_t now;
    int depth_max; /* below 0: no limit */
    char why[128];
};

static const char *text(struct json_object *o, const char *name)
{
    struct json_object *v = NULL;
    return json_object_object_get_ex(o, name, &v) ? json_object_get_string(v) : NULL;
}

static bool depth_holds(const struct search *s)
{
    int logical = 0;
    for (size_t i = 1; i + 1 < s->length; i++)
        logical += !att_span_eq(att_cert_subject(s->path[i]), att_cert_issuer(s->path[i]));
    return s->depth_max < 0 || logical <= s->depth_max;
}

static bool times_hold(const struct search *s)
{
    for (size_t i = 0; i < s->length; i++) {
        if (s->now < att_cert_not_before(s->path[i]) || s->now > att_cert_not_after(s->path[i]))
            return false;
    }
    return true;
}

static bool judge(struct search *s)
{
    static const char *const names[] = {
        [ATT_CHAIN_OK] = "ok",           [ATT_CHAIN_LINK] = "link",
        [ATT_CHAIN_NOT_CA] = "not a CA", [ATT_CHAIN_CRITICAL] = "critical",
        [ATT_CHAIN_ROOT] = "root",       [ATT_CHAIN_CRYPTO] = "crypto",
    };
    bool test_root = false;
    size_t at = 0;

    enum att_chain_fault fault =
        att_chain_check(s->c, s->path, s->length, s->pins, s->trusted, NULL, &at, &test_root);
    const char *why = fault != ATT_CHAIN_OK ? names[fault]
                      : !times_hold(s)      ? "validity"
                      : !depth_holds(s)     ? "depth"
                                            : NULL;
    if (why)
        (void)snprintf(s->why, sizeof s->why, "%s", why);
    return !why;
}

/* Depth first over certificates whose subject is the issuer of the last one; none is used twice. */
static bool extend(struct search *s)
{
    const struct att_cert *last = s->path[s->length - 1];

    for (size_t i = 0; i < s->count; i++) {
        if (s->used[i] || !att_span_eq(att_cert_subject(s->bag[i]), att_cert_issuer(last)))
            continue;
        s->used[i] = true;
        s->path[s->length++] = s->bag[i];
        bool found = i < s->trusted ? judge(s) : extend(s);
        s->length--;
        s->used[i] = false;
        if (found)
            return true;
    }
    return false;
}

/* Adds all that can be read; what cannot be is no certificate to build with. */
static void fill(struct search *s, struct json_object *pems)
{
    for (size_t i = 0; i < json_object_array_length(pems); i++) {
        const char *pem = json_object_get_string(json_object_array_get_idx(pems, i));
        size_t got = 0;
        struct att_err err = { .code = ATT_OK };
        if (s->count == BAG_MAX)
            abort();
        if (att_certs_from_pem(s->c, att_str(pem), NULL, &s->bag[s->count], 1, &got, &err))
            s->count += got;
    }
}

static void pin(struct search *s)
{
    s->trusted = s->count;
    for (size_t i = 0; i < s->trusted; i++) {
        if (!att_cert_spki_sha256(s->c, s->bag[i], s->digests[i]))
            abort();
        s->pins[i].spki_sha256 = att_span_of(s->digests[i], 32);
    }
}

static int64_t time_of(struct json_object *test)
{
    const char *at = text(test, "validation_time"); /* "2016-09-01T00:00:00+00:00" */
    char zulu[32];
    int64_t now = 0;

    (void)snprintf(zulu, sizeof zulu, "%.19sZ", at ? at : "2026-06-01T00:00:00");
    if (!att_time_read(att_str(zulu), &now))
        abort();
    return now;
}

static bool run(const struct att_crypto *c, struct json_object *test, char why[128])
{
    struct search s = { .c = c, .depth_max = -1, .why = "no path", .now = time_of(test) };
    struct json_object *v = NULL;
    struct att_err err = { .code = ATT_OK };
    size_t got = 0;
    bool ok = false;

    if (json_object_object_get_ex(test, "max_chain_depth", &v) && v)
        s.depth_max = json_object_get_int(v);
    if (json_object_object_get_ex(test, "trusted_certs", &v))
        fill(&s, v);
    pin(&s);
    if (json_object_object_get_ex(test, "untrusted_intermediates", &v))
        fill(&s, v);
    if (att_certs_from_pem(c, att_str(text(test, "peer_certificate")), NULL, &s.path[0], 1, &got, &err)) {
        s.length = 1;
        ok = extend(&s);
        att_cert_free(s.path[0]);
    } else {
        const char *dot = strchr(err.where, '.');
        (void)snprintf(s.why, sizeof s.why, "peer: %s", dot ? dot + 1 : err.where);
    }
    for (size_t i = 0; i < s.count; i++)
        att_cert_free(s.bag[i]);
    memcpy(why, s.why, sizeof s.why);
    return ok;
}

static const char *row_of(const char *id)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = strlen(rows[i].id);
        bool prefix = rows[i].id[n - 1] == '*';
        if (prefix ? strncmp(id, rows[i].id, n - 1) == 0 : strcmp(id, rows[i].id) == 0)
            return rows[i].why;
    }
    return NULL;
}

static const char *stricter_why(const char *id)
{
    for (size_t i = 0; i < sizeof stricter / sizeof stricter[0]; i++) {
        if (strcmp(id, stricter[i].id) == 0)
            return stricter[i].why;
    }
    return NULL;
}

static void run_case(struct cases *cases, const struct att_crypto *c, struct json_object *test)
{
    const char *id = text(test, "id");
    const char *want_why = row_of(id);
    char why[128];

    if (!want_why) {
        cases_skip(cases, "%s", id);
        return;
    }
    bool want = strcmp(text(test, "expected_result"), "SUCCESS") == 0;
    if (stricter_why(id)) {
        want = false;
        want_why = stricter_why(id);
    }
    bool got = run(c, test, why);
    cases_check(cases, want == got, "%s: %s, wanted %s (%s)", id, got ? "accepted" : "refused",
                want ? "accepted" : "refused", why);
    if (!want && !got)
        cases_check(cases, strncmp(why, want_why, strlen(want_why)) == 0,
                    "%s: refused for \"%s\", not for \"%s\"", id, why, want_why);
}

int main(void)
{
    struct cases cases = { .name = "x509_limbo" };
    struct json_object *tests = NULL;

    if (!vectors_dir()) {
        cases_skip(&cases, "no vectors folder");
        return cases_report(&cases);
    }
    char *path = path_of(vectors_dir(), "x509-limbo/limbo.json");
    struct json_object *root = json_object_from_file(path);
    struct att_crypto *c = att_crypto_new();
    free(path);
    if (!c || !root || !json_object_object_get_ex(root, "testcases", &tests))
        return 1;
    for (size_t i = 0; i < json_object_array_length(tests); i++)
        run_case(&cases, c, json_object_array_get_idx(tests, i));
    cases_check(&cases, json_object_array_length(tests) == CASES, "%zu cases, the edition has %d",
                json_object_array_length(tests), CASES);
    json_object_put(root);
    att_crypto_free(c);
    return cases_report(&cases);
}
