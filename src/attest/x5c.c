#include "attest/x5c.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"

#include <stdio.h>

const char *const att_x5c_known_critical[] = { "2.5.29.17", "2.5.29.32", "2.5.29.37", NULL };

void att_x5c_free(struct att_x5c *x5c)
{
    for (size_t i = 0; i < x5c->count; i++)
        att_cert_free(x5c->certs[i]);
    x5c->count = 0;
}

static const char *where_cert(const struct att_x5c *x5c, size_t at, char room[ATT_X5C_CERT_WHERE_BYTES])
{
    (void)snprintf(room, ATT_X5C_CERT_WHERE_BYTES, "%s.x5c[%zu]", x5c->where, at);
    return room;
}

static bool read_cert(const struct att_crypto *c, struct att_arena *arena, const struct att_limits *limits,
                      const struct att_json *doc, att_json_id at, struct att_x5c *x5c, struct att_err *err)
{
    char where[ATT_X5C_CERT_WHERE_BYTES];
    struct att_span text = { 0 }, der = { 0 };

    where_cert(x5c, x5c->count, where);
    if (x5c->count == ATT_X5C_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, where, "at most 10 certificates", "more");
    if (att_json_type(doc, at) != ATT_JSON_STRING)
        return att_fail(err, ATT_JSON_TYPE, where, "a string", "something else");
    if (!att_json_string(doc, arena, at, &text))
        return att_fail_memory(err, where);
    if (text.len > (limits->cert_bytes_max + 2) / 3 * 4)
        return att_fail(err, ATT_LIMIT_EXCEEDED, where, "a certificate within the size limit",
                        "%zu characters of base64", text.len);
    if (!att_base64_decode(arena, ATT_BASE64_STANDARD, text, where, &der, err))
        return false;
    if (!att_cert_from_der(c, der, limits, &x5c->certs[x5c->count], err))
        return att_fail_as(err, ATT_CERT_MALFORMED, where);
    x5c->count++;
    return true;
}

bool att_x5c_read(const struct att_crypto *c, struct att_arena *arena, const struct att_limits *limits,
                  const struct att_json *doc, att_json_id id, const char *where, struct att_x5c *ret,
                  struct att_err *err)
{
    ATT_AUTO(att_x5c_free) struct att_x5c x5c = { .count = 0 };
    char where_first[ATT_X5C_CERT_WHERE_BYTES];
    att_json_id list = ATT_JSON_NONE;

    (void)snprintf(x5c.where, sizeof x5c.where, "%s", where);
    if (!att_json_want(doc, id, where, "x5c", ATT_JSON_ARRAY, &list, err))
        return false;
    for (att_json_id at = att_json_first(doc, list); at != ATT_JSON_NONE; at = att_json_next(doc, at)) {
        if (!read_cert(c, arena, limits, doc, at, &x5c, err))
            return false;
    }
    if (x5c.count == 0)
        return att_fail(err, ATT_JSON_MISSING, where_cert(&x5c, 0, where_first), "a certificate", "none");
    *ret = x5c;
    x5c.count = 0; /* the references leave */
    return true;
}

/* The text that clients and their manuals know for a chain that does not hold. */
static bool no_issuer(const struct att_x5c *x5c, size_t at, const char *expected, const char *found,
                      struct att_err *err)
{
    char where[ATT_X5C_CERT_WHERE_BYTES];
    struct att_shown shown;

    if (!err || err->code != ATT_OK)
        return false;
    att_fail(err, ATT_CERT_CHAIN_INVALID, where_cert(x5c, at, where), expected, "%s", found);
    att_err_text(
        err,
        "The requested item is not found    Msg:[Unable to find issuer certificate CN=%s]: %s is %s, "
        "expected %s",
        att_shown(&shown, att_str(att_cert_subject_cn(x5c->certs[at]))), where, found, expected);
    return false;
}

static bool no_ca(const struct att_x5c *x5c, size_t at, struct att_err *err)
{
    return no_issuer(x5c, at,
                     "a certificate with basic constraints CA:TRUE that may sign certificates, at this "
                     "length of path",
                     "none", err);
}

bool att_x5c_holds(const struct att_crypto *c, const struct att_x5c *x5c, struct att_err *err)
{
    char where[ATT_X5C_CERT_WHERE_BYTES];
    size_t at = 0;

    if (x5c->count < 2)
        return true;
    switch (att_chain_links(c, x5c->certs, x5c->count, att_x5c_known_critical, &at)) {
    case ATT_CHAIN_OK:
        return true;
    case ATT_CHAIN_LINK:
        return no_issuer(x5c, at, "a certificate issued and signed by the next one", "another's", err);
    case ATT_CHAIN_NOT_CA:
        return no_ca(x5c, at, err);
    case ATT_CHAIN_CRITICAL:
        return att_fail(err, ATT_CERT_CHAIN_INVALID, where_cert(x5c, at, where),
                        "no critical extension that is not understood", "one");
    case ATT_CHAIN_ROOT:
    case ATT_CHAIN_CRYPTO:
        break;
    }
    return att_fail(err, ATT_CRYPTO_FAILED, where_cert(x5c, at, where), "a verdict", "a failure");
}

bool att_x5c_ends_in_ca(const struct att_x5c *x5c, struct att_err *err)
{
    return att_cert_is_ca(x5c->certs[x5c->count - 1]) || no_ca(x5c, x5c->count - 1, err);
}
