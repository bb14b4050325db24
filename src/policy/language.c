#include "policy/language.h"

#include "policy/functions/function.h"

#define IN(section) (1u << SECTION_##section)

const struct policy_section_row policy_sections[SECTION_COUNT] = {
    [SECTION_CONFIGURATION] = { "configurationrules", TOK_CONFIGURATION, "configurationRules",
                                "configurationRule" },
    [SECTION_AUTHORIZATION] = { "authorizationrules", TOK_AUTHORIZATION, "authorizationRules",
                                "authorizationRule" },
    [SECTION_ISSUANCE] = { "issuancerules", TOK_ISSUANCE, "issuanceRules", "issuanceRule" },
};

/* `issue` in authorizationrules is taken and works as `add` (A2 of the reference: a published sample does
 * it). */
const struct policy_action_row policy_actions[POLICY_ACTIONS] = {
    [ACTION_PERMIT] = { "permit", TOK_PERMIT, "permitAction", IN(AUTHORIZATION), false },
    [ACTION_DENY] = { "deny", TOK_DENY, "denyAction", IN(AUTHORIZATION), false },
    [ACTION_ADD] = { "add", TOK_ADD, "addAction", IN(AUTHORIZATION) | IN(ISSUANCE), true },
    [ACTION_ISSUE] = { "issue", TOK_ISSUE, "issueAction", IN(AUTHORIZATION) | IN(ISSUANCE), true },
    [ACTION_ISSUE_PROPERTY] = { "issueproperty", TOK_ISSUE_PROPERTY, "issuePropertyAction",
                                IN(CONFIGURATION) | IN(ISSUANCE), true },
};

static const char *const versions[] = { "1.0", "1.1", "1.2" };

bool policy_version_read(struct att_span text, unsigned *ret_minor)
{
    for (unsigned i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        if (!att_span_is(text, versions[i]))
            continue;
        *ret_minor = i;
        return true;
    }
    return false;
}

const char *policy_version_text(unsigned minor)
{
    return minor < sizeof versions / sizeof versions[0] ? versions[minor] : "";
}

unsigned policy_since(struct att_span word)
{
    static const struct {
        const char *word;
        unsigned minor;
    } rows[] = {
        { "configurationrules", 1 },
        { "!", 2 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (att_span_is(word, rows[i].word))
            return rows[i].minor;
    const struct policy_function *f = policy_function_find(word);
    return f ? f->since : 0;
}

const char *policy_property_name(enum policy_property p)
{
    static const char *const names[] = {
        [PROPERTY_TYPE] = "type",
        [PROPERTY_VALUE] = "value",
        [PROPERTY_VALUE_TYPE] = "valueType",
        [PROPERTY_ISSUER] = "issuer",
    };
    return names[p];
}

const char *policy_compare_text(enum policy_compare op)
{
    static const char *const texts[] = {
        [COMPARE_EQ] = "==", [COMPARE_NE] = "!=", [COMPARE_LT] = "<",
        [COMPARE_LE] = "<=", [COMPARE_GT] = ">",  [COMPARE_GE] = ">=",
    };
    return texts[op];
}

/* ATT_CLAIM_JSON has no name: policies never meet it. */
static const char *const kind_names[] = {
    [ATT_CLAIM_BOOL] = "Boolean",
    [ATT_CLAIM_INT] = "Integer",
    [ATT_CLAIM_STRING] = "String",
};

const char *policy_kind_name(enum att_claim_kind kind)
{
    return (size_t)kind < sizeof kind_names / sizeof kind_names[0] ? kind_names[kind] : "";
}

bool policy_kind_read(struct att_span name, enum att_claim_kind *ret)
{
    for (unsigned i = 0; i < sizeof kind_names / sizeof kind_names[0]; i++) {
        if (!att_span_is(name, kind_names[i]))
            continue;
        *ret = (enum att_claim_kind)i;
        return true;
    }
    return false;
}

bool policy_type_reserved(struct att_span type)
{
    static const char *const names[] = { "iss", "iat", "exp", "nbf", "jti", "nonce", "cnf", "rp_data" };
    static const char *const prefixes[] = { "x-ms-", "x-attestd-" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (att_span_is(type, names[i]))
            return true;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        size_t n = strlen(prefixes[i]);
        if (type.len >= n && memcmp(type.ptr, prefixes[i], n) == 0)
            return true;
    }
    return false;
}

static const struct policy_known_property properties[] = {
    { "require_valid_aik_cert", ATT_CLAIM_BOOL, 0, 0, "true or false" },
    { "required_pcr_mask", ATT_CLAIM_INT, 0, 0xffffff,
      "an integer from 0 to 16777215, one bit for each PCR" },
    { "x-ms-sgx-tcbidentifier", ATT_CLAIM_STRING, 10, 9999,
      "a string: \"azuredefault\" or the number of a baseline, \"10\" or more" },
    { "x-ms-tdx-tcbidentifier", ATT_CLAIM_STRING, 10, 9999,
      "a string: \"azuredefault\" or the number of a baseline, \"10\" or more" },
    { "report_validity_in_minutes", ATT_CLAIM_INT, 1, 525600,
      "an integer of minutes from 1 to 525600 (one year)" },
    { "omit_x5c", ATT_CLAIM_BOOL, 0, 0, "true or false" },
};

const struct policy_known_property *policy_known_property_at(size_t i)
{
    return i < sizeof properties / sizeof properties[0] ? &properties[i] : NULL;
}

const struct policy_known_property *policy_known_property(struct att_span name)
{
    for (size_t i = 0; i < sizeof properties / sizeof properties[0]; i++)
        if (att_span_is(name, properties[i].name))
            return &properties[i];
    return NULL;
}

/* A baseline: "azuredefault", or its number in decimal without zeros in front. New numbers come with the years. */
static bool names_baseline(const struct policy_known_property *p, struct att_span text)
{
    int64_t n = 0;

    if (att_span_is(text, "azuredefault"))
        return true;
    if (text.len == 0 || text.ptr[0] == '0')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || n > p->max)
            return false;
        n = n * 10 + (text.ptr[i] - '0');
    }
    return n >= p->min && n <= p->max;
}

bool policy_property_takes(const struct policy_known_property *p, const struct att_value *v)
{
    if (v->kind != p->kind)
        return false;
    if (v->kind == ATT_CLAIM_STRING)
        return names_baseline(p, v->text);
    return v->kind != ATT_CLAIM_INT || (v->integer >= p->min && v->integer <= p->max);
}
