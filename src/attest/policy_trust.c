/* Do we know who signed? Deny is the start: a token is trusted where a listed certificate vouches for it, by its key, by
 * standing in the chain, or by having issued the chain's end - and both it and what it vouches for are in their time and
 * strong enough. */
#include <attest/signers.h>

#include "attest/policy_parts.h"
#include "attest/signer_key.h"
#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/timetext.h"

#include <stdio.h>

static const char where_listed[] = "provider.signers";

/* -- the list ----------------------------------------------------------------------------------------------- */

struct listed {
    struct att_cert *certs[ATT_SIGNERS_MAX];
    size_t count;
};

static void listed_free(struct listed *l)
{
    for (size_t i = 0; i < l->count; i++)
        att_cert_free(l->certs[i]);
    l->count = 0;
}

/* What the store gives back was written by att_signers_read: anything else is our fault, and trusts nobody. */
static bool bad_list(struct att_err *err, const char *expected)
{
    return att_fail(err, ATT_INTERNAL, where_listed, expected, "something else");
}

static bool listed_read_one(const struct att_policy_judge *judge, const struct att_json *doc, att_json_id key,
                            struct listed *l, struct att_err *err)
{
    att_json_id first = att_json_first(doc, att_json_get(doc, key, "x5c"));
    struct att_span text = { 0 }, der = { 0 };

    if (l->count == ATT_SIGNERS_MAX || att_json_type(doc, first) != ATT_JSON_STRING)
        return bad_list(err, "at most 32 keys with certificates");
    if (!att_json_string(doc, judge->arena, first, &text))
        return att_fail_memory(err, where_listed);
    if (!att_base64_decode(judge->arena, ATT_BASE64_STANDARD, text, where_listed, &der, err) ||
        !att_cert_from_der(judge->crypto, der, judge->limits, &l->certs[l->count], err))
        return att_fail_as(err, ATT_INTERNAL, where_listed);
    l->count++;
    return true;
}

static bool listed_read(const struct att_policy_judge *judge, struct listed *l, struct att_err *err)
{
    const struct att_json_options options = { .limits = judge->limits };
    struct att_json doc;

    if (judge->options->signers.len == 0)
        return true;
    if (!att_json_parse(judge->arena, judge->options->signers, &options, &doc, err))
        return att_fail_as(err, ATT_INTERNAL, where_listed);
    att_json_id keys = att_json_get(&doc, ATT_JSON_ROOT, "keys");
    if (att_json_type(&doc, keys) != ATT_JSON_ARRAY)
        return bad_list(err, "a set of keys");
    for (att_json_id at = att_json_first(&doc, keys); at != ATT_JSON_NONE; at = att_json_next(&doc, at)) {
        if (!listed_read_one(judge, &doc, at, l, err))
            return false;
    }
    return true;
}

bool att_policy_lists(const struct att_policy_judge *judge, const struct att_cert *cert, bool *ret,
                      struct att_err *err)
{
    ATT_AUTO(listed_free) struct listed l = { .count = 0 };
    bool found = false;

    if (!listed_read(judge, &l, err))
        return false;
    for (size_t i = 0; i < l.count; i++)
        found = found || att_span_eq(att_cert_der(l.certs[i]), att_cert_der(cert));
    *ret = found;
    return true;
}

/* -- keys and dates -------------------------------------------------------------------------------------------------- */

/* The signer's own key was measured with its signature; those that vouch for it are no weaker. */
static bool strong(const struct att_policy_judge *judge, const struct att_cert *cert, const char *where,
                   struct att_err *err)
{
    const unsigned bits_min = att_signer_rsa_bits(judge->options->rsa_bits_min);
    const struct att_key *key = att_cert_key(cert);
    char expected[48];

    if (att_key_type(key) != ATT_KEY_RSA || att_key_bits(key) >= bits_min)
        return true;
    (void)snprintf(expected, sizeof expected, "an RSA key of at least %u bits", bits_min);
    return att_fail(err, ATT_KEY_INVALID, where, expected, "one of %u bits", att_key_bits(key));
}

static bool usable(const struct att_policy_judge *judge, const struct att_cert *cert, const char *where,
                   struct att_err *err)
{
    const int64_t now = judge->options->now_unix_s;
    struct att_time_text limit;
    struct att_time_text shown;

    if (!strong(judge, cert, where, err))
        return false;
    if (now > att_cert_not_after(cert) + ATT_POLICY_SKEW_S)
        return att_fail(err, ATT_CERT_EXPIRED, where, att_time_text(&shown, now), "valid until %s",
                        att_time_text(&limit, att_cert_not_after(cert)));
    if (now < att_cert_not_before(cert) - ATT_POLICY_SKEW_S)
        return att_fail(err, ATT_CERT_NOT_YET_VALID, where, att_time_text(&shown, now), "valid from %s",
                        att_time_text(&limit, att_cert_not_before(cert)));
    return true;
}

/* The first `used` certificates of the chain. */
static bool chain_usable(const struct att_policy_judge *judge, const struct att_x5c *x5c, size_t used,
                         struct att_err *err)
{
    char where[ATT_X5C_CERT_WHERE_BYTES];

    for (size_t i = 0; i < used; i++) {
        (void)snprintf(where, sizeof where, "%s.x5c[%zu]", x5c->where, i);
        if (!usable(judge, x5c->certs[i], where, err))
            return false;
    }
    return true;
}

/* -- who vouches -------------------------------------------------------------------------------------------- */

enum way { BY_KEY, BY_PLACE, BY_ISSUING, WAYS };
enum vouch { VOUCH_FAILED = 0, VOUCH_NO, VOUCH_YES };

static enum vouch by_place(const struct att_x5c *x5c, const struct att_cert *listed, size_t *ret_used)
{
    for (size_t i = 1; i < x5c->count; i++) {
        if (att_cert_is_ca(listed) && att_span_eq(att_cert_der(x5c->certs[i]), att_cert_der(listed))) {
            *ret_used = i + 1;
            return VOUCH_YES;
        }
    }
    return VOUCH_NO;
}

static enum vouch by_issuing(const struct att_policy_judge *judge, const struct att_x5c *x5c,
                             struct att_cert *listed, size_t *ret_used)
{
    struct att_cert *chain[ATT_X5C_MAX + 1];
    size_t at = 0;

    if (x5c->count == 0)
        return VOUCH_NO;
    memcpy(chain, x5c->certs, x5c->count * sizeof *chain);
    chain[x5c->count] = listed;
    switch (att_chain_links(judge->crypto, chain, x5c->count + 1, att_x5c_known_critical, &at)) {
    case ATT_CHAIN_OK:
        *ret_used = x5c->count;
        return VOUCH_YES;
    case ATT_CHAIN_LINK:
    case ATT_CHAIN_NOT_CA:
    case ATT_CHAIN_CRITICAL:
        return VOUCH_NO;
    case ATT_CHAIN_ROOT:
    case ATT_CHAIN_CRYPTO:
        break;
    }
    return VOUCH_FAILED;
}

/* *ret_used: how many certificates of x5c, from the leaf on, the answer rests on. */
static enum vouch vouches(const struct att_policy_judge *judge, enum way way, struct att_cert *listed,
                          const struct att_key *key, const struct att_x5c *x5c, size_t *ret_used)
{
    switch (way) {
    case BY_KEY:
        *ret_used = x5c->count > 0;
        return att_jwk_same_key(att_cert_key(listed), key) ? VOUCH_YES : VOUCH_NO;
    case BY_PLACE:
        return by_place(x5c, listed, ret_used);
    case BY_ISSUING:
        return by_issuing(judge, x5c, listed, ret_used);
    case WAYS:
        break;
    }
    return VOUCH_FAILED;
}

static bool unknown(const struct att_x5c *x5c, struct att_err *err)
{
    struct att_shown shown;

    if (x5c->count == 0)
        return att_fail(err, ATT_POLICY_SIGNER_UNKNOWN, ATT_POLICY_HEADER ".jwk",
                        "the key of one of the provider's policy signers", "another key");
    if (!att_x5c_ends_in_ca(x5c, err))
        return false;
    return att_fail(err, ATT_POLICY_SIGNER_UNKNOWN, ATT_POLICY_HEADER ".x5c",
                    "a chain that leads to one of the provider's policy signers", "one of CN=%s",
                    att_shown(&shown, att_str(att_cert_subject_cn(x5c->certs[0]))));
}

/* Somebody who vouches but is past its time is remembered: that says more than "unknown". */
static bool known(const struct att_policy_judge *judge, const struct listed *l, const struct att_key *key,
                  const struct att_x5c *x5c, struct att_err *err)
{
    struct att_err late = { 0 };

    for (enum way way = BY_KEY; way < WAYS; way++) {
        for (size_t i = 0; i < l->count; i++) {
            size_t used = 0;
            enum vouch answer = vouches(judge, way, l->certs[i], key, x5c, &used);
            if (answer == VOUCH_NO)
                continue;
            if (answer != VOUCH_YES)
                return att_fail(err, ATT_CRYPTO_FAILED, ATT_POLICY_HEADER ".x5c", "a verdict", "a failure");
            if (chain_usable(judge, x5c, used, &late) && usable(judge, l->certs[i], where_listed, &late))
                return true;
        }
    }
    if (late.code == ATT_OK)
        return unknown(x5c, err);
    if (err && err->code == ATT_OK)
        *err = late;
    return false;
}

bool att_policy_trusts(const struct att_policy_judge *judge, const struct att_key *key,
                       const struct att_x5c *x5c, struct att_err *err)
{
    ATT_AUTO(listed_free) struct listed l = { .count = 0 };

    if (!att_x5c_holds(judge->crypto, x5c, err))
        return false;
    if (!judge->options->isolated)
        return chain_usable(judge, x5c, x5c->count, err);
    return listed_read(judge, &l, err) && known(judge, &l, key, x5c, err);
}
