/* Is the configuration of an issuer usable? Told at start-up, field by field, instead of at the first token. */
#include "access/internal.h"

#include "base/err.h"

#include <stdio.h>

enum {
    NAME_BYTES_MAX = 64,
    ISSUER_BYTES_MAX = ACCESS_URL_BYTES_MAX,
    CLAIM_NAME_BYTES_MAX = 128,
    AUDIENCES_MAX = 16,
    AUDIENCE_BYTES_MAX = 512,
    LEEWAY_MAX_S = 300,
};

/* Signatures only: a MAC under a published key proves nothing, and "none" less. */
static const char *const algorithms_known[] = { "RS256", "RS384", "RS512", "PS256", "PS384",
                                                "PS512", "ES256", "ES384", "ES512", NULL };

static bool refuse(const struct access_issuer *is, const char *field, const char *expected, const char *found,
                   struct att_err *err)
{
    char where[96];
    struct att_shown shown;

    (void)snprintf(where, sizeof where, "issuer.%s.%s", att_shown(&shown, att_str(is->name)), field);
    return att_fail(err, ATT_CONFIG_INVALID, where, expected, "%s", found);
}

static bool algorithms_usable(const struct access_issuer *is, struct att_err *err)
{
    for (const char *at = is->algorithms; at; at += *at ? 1 : 0) {
        size_t len = strcspn(at, " ");
        const char *const *known = algorithms_known;
        struct att_shown shown;
        while (*known && !att_span_is(att_span_of(at, len), *known))
            known++;
        if (!*known)
            return refuse(is, "algorithms", "names such as RS256, one space between",
                          att_shown(&shown, att_span_of(at, len)), err);
        at += len;
        if (*at == '\0')
            break;
    }
    return true;
}

static bool audiences_usable(const struct access_issuer *is, struct att_err *err)
{
    size_t total = 0;

    for (size_t plane = 0; plane < ACCESS_AUDIENCES; plane++) {
        const char *const *list = is->audiences[plane];
        size_t count = 0;
        for (; list && *list; list++) {
            if (!access_text_plain(att_str(*list), AUDIENCE_BYTES_MAX) || strcmp(*list, "/") == 0)
                return refuse(is, "audiences", "1 to 512 visible characters", "another text", err);
            if (++count > AUDIENCES_MAX)
                return refuse(is, "audiences", "at most 16 for each plane", "more", err);
        }
        total += count;
    }
    return total > 0 || refuse(is, "audiences", "at least one", "none", err);
}

static bool claim_name_usable(const char *name)
{
    return !name || access_text_plain(att_str(name), CLAIM_NAME_BYTES_MAX);
}

static bool keys_usable(const struct access_options *options, const struct access_issuer *is,
                        struct att_err *err)
{
    if (!is->metadata_url)
        return true;
    if (!access_url_https(att_str(is->metadata_url)))
        return refuse(is, "metadata_url", "an https URL without user name and fragment", "another text", err);
    if (is->keys_json.ptr)
        return refuse(is, "metadata_url", "either a discovery document or a local key set", "both", err);
    return options->fetch || refuse(is, "metadata_url", "a way to fetch it", "none", err);
}

static bool unique(const struct access_options *options, size_t i, struct att_err *err)
{
    const struct access_issuer *is = &options->issuers[i];

    for (size_t j = 0; j < i; j++) {
        if (strcmp(is->name, options->issuers[j].name) == 0)
            return refuse(is, "name", "a name of its own", "that of another issuer", err);
        if (strcmp(is->issuer, options->issuers[j].issuer) == 0)
            return refuse(is, "issuer", "a value of its own", "that of another issuer", err);
    }
    return true;
}

bool access_issuer_usable(const struct access_options *options, size_t i, struct att_err *err)
{
    const struct access_issuer *is = &options->issuers[i];

    if (!is->name || !access_text_plain(att_str(is->name), NAME_BYTES_MAX))
        return refuse(is, "name", "1 to 64 visible characters", "another text", err);
    if (!is->issuer || !access_text_plain(att_str(is->issuer), ISSUER_BYTES_MAX))
        return refuse(is, "issuer", "the value of iss, 1 to 2000 visible characters", "another text", err);
    if (!is->tenant || !access_text_guid(att_str(is->tenant)))
        return refuse(is, "tenant", "a GUID", "another text", err);
    if (is->leeway_s < 0 || is->leeway_s > LEEWAY_MAX_S)
        return refuse(is, "leeway", "0 to 300 seconds", "another number", err);
    if (!claim_name_usable(is->principal_claim) || !claim_name_usable(is->groups_claim))
        return refuse(is, "principal_claim", "claim names of 1 to 128 visible characters", "another text",
                      err);
    return keys_usable(options, is, err) && algorithms_usable(is, err) && audiences_usable(is, err) &&
           unique(options, i, err);
}
