#include "jose/jwk.h"

#include "base/base64.h"
#include "base/err.h"
#include "crypto/x509.h"

#include <stdio.h>

enum { CERTS_MAX = 10, COORDINATE_BYTES_MAX = 66, WHERE_BYTES = 80, RSA_BYTES_MAX = 1024 };

/* What the small readers below share. */
struct reading {
    const struct att_crypto *c;
    struct att_arena *a;
    const struct att_limits *limits;
    const struct att_json *doc;
    att_json_id id;
    const char *where;
    struct att_err *err;
};

static bool refuse(const struct reading *r, const char *member, const char *expected, const char *found)
{
    char where[WHERE_BYTES];

    (void)snprintf(where, sizeof where, "%s.%s", r->where, member);
    return att_fail(r->err, ATT_TOKEN_KEY_INVALID, where, expected, "%s", found);
}

static bool has(const struct reading *r, const char *member)
{
    return att_json_get(r->doc, r->id, member) != ATT_JSON_NONE;
}

static bool text(const struct reading *r, const char *member, struct att_span *ret)
{
    if (!att_json_want_string(r->doc, r->a, r->id, r->where, member, ret, r->err))
        return att_fail_as(r->err, ATT_TOKEN_KEY_INVALID, "");
    return true;
}

/* A base64url member, decoded. */
static bool bytes(const struct reading *r, const char *member, struct att_span *ret)
{
    char where[WHERE_BYTES];
    struct att_span encoded = { 0 };

    (void)snprintf(where, sizeof where, "%s.%s", r->where, member);
    if (!text(r, member, &encoded))
        return false;
    if (!att_base64_decode(r->a, ATT_BASE64_STRICT, encoded, where, ret, r->err))
        return att_fail_as(r->err, ATT_TOKEN_KEY_INVALID, "");
    return true;
}

/* A private member in a set of public keys says that the key is no secret any more. */
static bool no_private_members(const struct reading *r)
{
    static const char *const names[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (has(r, names[i]))
            return refuse(r, names[i], "no private members", "one is present");
    }
    return true;
}

static bool meant_for_signatures(const struct reading *r)
{
    struct att_span use = { 0 };

    if (has(r, "use") && (!text(r, "use", &use) || !att_span_is(use, "sig")))
        return refuse(r, "use", "sig", "something else");
    if (!has(r, "key_ops"))
        return true;
    att_json_id ops = att_json_get(r->doc, r->id, "key_ops");
    if (att_json_type(r->doc, ops) != ATT_JSON_ARRAY)
        return refuse(r, "key_ops", "an array", "something else");
    for (att_json_id at = att_json_first(r->doc, ops); at != ATT_JSON_NONE; at = att_json_next(r->doc, at)) {
        struct att_span op = { 0 };
        if (att_json_type(r->doc, at) != ATT_JSON_STRING)
            return refuse(r, "key_ops", "strings", "something else");
        if (!att_json_string(r->doc, r->a, at, &op))
            return att_fail_memory(r->err, r->where);
        if (att_span_is(op, "verify"))
            return true;
    }
    return refuse(r, "key_ops", "verify among them", "it is missing");
}

/* RFC 7518 6.3.1.1: the minimum number of octets. */
static bool positive_integer(const struct reading *r, const char *member, struct att_span *ret)
{
    if (!bytes(r, member, ret))
        return false;
    if (ret->len == 0 || ret->len > RSA_BYTES_MAX || ret->ptr[0] == 0)
        return refuse(r, member, "a positive integer of at most 8192 bits without leading zeros",
                      "something else");
    return true;
}

static bool own_error(const struct reading *r, struct att_err *inner, const char *member)
{
    if (r->err && r->err->code == ATT_OK)
        *r->err = *inner;
    char where[WHERE_BYTES];
    (void)snprintf(where, sizeof where, "%s.%s", r->where, member);
    return att_fail_as(r->err, ATT_TOKEN_KEY_INVALID, where);
}

static bool rsa_key(const struct reading *r, struct att_key **ret)
{
    struct att_span n = { 0 }, e = { 0 };
    struct att_err inner = { 0 };

    if (!positive_integer(r, "n", &n) || !positive_integer(r, "e", &e))
        return false;
    if (!att_key_from_rsa(r->c, n, e, ret, &inner))
        return own_error(r, &inner, "n");
    return true;
}

static const struct {
    const char *name;
    enum att_key_type type;
    size_t coordinate_bytes;
} curves[] = {
    { "P-256", ATT_KEY_P256, 32 },
    { "P-384", ATT_KEY_P384, 48 },
    { "P-521", ATT_KEY_P521, 66 },
};
enum { CURVES = sizeof curves / sizeof curves[0] };

static bool ec_key(const struct reading *r, struct att_key **ret)
{
    struct att_span crv = { 0 }, x = { 0 }, y = { 0 };
    uint8_t point[2 * COORDINATE_BYTES_MAX];
    struct att_err inner = { 0 };
    size_t i = 0;

    if (!text(r, "crv", &crv) || !bytes(r, "x", &x) || !bytes(r, "y", &y))
        return false;
    while (i < CURVES && !att_span_is(crv, curves[i].name))
        i++;
    if (i == CURVES)
        return refuse(r, "crv", "P-256, P-384 or P-521", "another curve");
    size_t len = curves[i].coordinate_bytes;
    if (x.len != len || y.len != len)
        return refuse(r, "x", "coordinates as long as the curve's field (RFC 7518 6.2.1.2)",
                      "another length");
    memcpy(point, x.ptr, len);
    memcpy(point + len, y.ptr, len);
    if (!att_key_from_point(r->c, curves[i].type, att_span_of(point, 2 * len), ret, &inner))
        return own_error(r, &inner, "x");
    return true;
}

static bool decode_certificate(const struct reading *r, att_json_id at, struct att_span *ret)
{
    struct att_span encoded = { 0 };
    char where[WHERE_BYTES];

    (void)snprintf(where, sizeof where, "%s.x5c", r->where);
    if (att_json_type(r->doc, at) != ATT_JSON_STRING)
        return att_fail(r->err, ATT_TOKEN_KEY_INVALID, where, "strings", "something else");
    if (!att_json_string(r->doc, r->a, at, &encoded))
        return att_fail_memory(r->err, where);
    if (encoded.len > (r->limits->cert_bytes_max + 2) / 3 * 4)
        return att_fail(r->err, ATT_TOKEN_KEY_INVALID, where, "certificates within the size limit",
                        "%zu characters of base64", encoded.len);
    if (!att_base64_decode(r->a, ATT_BASE64_STANDARD, encoded, where, ret, r->err))
        return att_fail_as(r->err, ATT_TOKEN_KEY_INVALID, "");
    return true;
}

static bool x5c_key(const struct reading *r, att_json_id x5c, struct att_key **ret)
{
    struct att_span leaf = { 0 };
    struct att_cert *cert = NULL;
    struct att_err inner = { 0 };
    unsigned count = 0;

    if (att_json_type(r->doc, x5c) != ATT_JSON_ARRAY)
        return refuse(r, "x5c", "an array", "something else");
    for (att_json_id at = att_json_first(r->doc, x5c); at != ATT_JSON_NONE; at = att_json_next(r->doc, at)) {
        struct att_span der = { 0 };
        if (++count > CERTS_MAX)
            return refuse(r, "x5c", "at most 10 certificates", "more");
        if (!decode_certificate(r, at, &der))
            return false;
        if (count == 1)
            leaf = der;
    }
    if (count == 0)
        return refuse(r, "x5c", "at least one certificate", "none");
    if (!att_cert_from_der(r->c, leaf, r->limits, &cert, &inner))
        return own_error(r, &inner, "x5c[0]");
    struct att_key *key = att_key_ref((struct att_key *)(uintptr_t)att_cert_key(cert));
    att_cert_free(cert);
    if (!key)
        return refuse(r, "x5c[0]", "a usable public key", "none");
    *ret = key;
    return true;
}

bool att_jwk_x5c_key(const struct att_crypto *c, struct att_arena *a, const struct att_limits *limits,
                     const struct att_json *doc, att_json_id id, const char *where, struct att_key **ret,
                     struct att_err *err)
{
    const struct reading r = { c, a, limits ? limits : &att_limits_default, doc, ATT_JSON_NONE, where, err };
    struct att_key *key = NULL;

    if (!x5c_key(&r, id, &key))
        return false;
    if (att_key_type(key) == ATT_KEY_RSA && att_jwk_roca(att_key_rsa_n(key))) {
        att_key_free(key);
        return refuse(&r, "x5c[0]", "a modulus without the mark of CVE-2017-15361", "one with it");
    }
    *ret = key;
    return true;
}

/* The key in the members, in the certificate, or in both. */
static bool read_key(const struct reading *r, struct att_key **ret)
{
    struct att_span kty = { 0 };
    struct att_key *named = NULL, *certified = NULL;

    if (!text(r, "kty", &kty))
        return false;
    bool rsa = att_span_is(kty, "RSA");
    if (!rsa && !att_span_is(kty, "EC"))
        return refuse(r, "kty", "RSA or EC", "another key type");
    bool in_members = rsa ? has(r, "n") || has(r, "e") : has(r, "crv") || has(r, "x") || has(r, "y");
    if (!in_members && !has(r, "x5c"))
        return refuse(r, rsa ? "n" : "x", "the key, or a certificate in x5c", "neither");
    if (in_members && !(rsa ? rsa_key(r, &named) : ec_key(r, &named)))
        return false;
    if (has(r, "x5c") && !x5c_key(r, att_json_get(r->doc, r->id, "x5c"), &certified)) {
        att_key_free(named);
        return false;
    }
    bool agree = !named || !certified || att_jwk_same_key(named, certified);
    struct att_key *key = named ? named : certified;
    if (named)
        att_key_free(certified);
    const char *fault = NULL;
    if (!agree)
        fault = "the same key as in the other members";
    else if ((att_key_type(key) == ATT_KEY_RSA) != rsa)
        fault = "a key of the type that kty names";
    else if (rsa && att_jwk_roca(att_key_rsa_n(key)))
        fault = "a modulus without the mark of CVE-2017-15361";
    if (fault) {
        att_key_free(key);
        return refuse(r, agree && named ? "n" : "x5c[0]", fault, "another");
    }
    *ret = key;
    return true;
}

static bool read_alg(const struct reading *r, struct att_jwk *jwk)
{
    struct att_span name = { 0 };

    if (!has(r, "alg"))
        return true;
    if (!text(r, "alg", &name))
        return false;
    if (!att_alg_of(name, &jwk->alg) || !att_alg_fits(jwk->alg, att_key_type(jwk->key)))
        return refuse(r, "alg", "a signature algorithm for this key's type and curve", "another");
    jwk->has_alg = true;
    return true;
}

bool att_jwk_read(const struct att_crypto *c, struct att_arena *a, const struct att_limits *limits,
                  const struct att_json *doc, att_json_id id, const char *where, struct att_jwk *ret,
                  struct att_err *err)
{
    const struct reading r = { c, a, limits ? limits : &att_limits_default, doc, id, where, err };
    struct att_jwk jwk = { 0 };

    if (att_json_type(doc, id) != ATT_JSON_OBJECT)
        return att_fail(err, ATT_TOKEN_KEY_INVALID, where, "a JSON object", "another JSON value");
    if (has(&r, "kid")) {
        if (!text(&r, "kid", &jwk.kid))
            return false;
        jwk.has_kid = true;
    }
    if (!no_private_members(&r) || !meant_for_signatures(&r) || !read_key(&r, &jwk.key))
        return false;
    if (!read_alg(&r, &jwk)) {
        att_key_free(jwk.key);
        return false;
    }
    *ret = jwk;
    return true;
}

void att_jwk_free(struct att_jwk *jwk)
{
    if (!jwk)
        return;
    att_key_free(jwk->key);
    jwk->key = NULL;
}

bool att_jwk_same_key(const struct att_key *a, const struct att_key *b)
{
    return att_key_type(a) == att_key_type(b) && att_span_eq(att_key_point(a), att_key_point(b)) &&
           att_span_eq(att_key_rsa_n(a), att_key_rsa_n(b)) && att_span_eq(att_key_rsa_e(a), att_key_rsa_e(b));
}
