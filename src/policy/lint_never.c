/* A condition that no claim can meet: the reason, and what to do. */
#include "base/nearest.h"
#include "policy/lint.h"

#include <stdio.h>

/* Could a claim with this issuer meet it, whatever its type and value? `type`, when not NULL, is fixed. */
static bool could(struct lint *l, const struct policy_condition *c, enum att_claim_issuer issuer,
                  const struct att_span *type)
{
    struct lint_source s = { .any_type = type == NULL, .kinds = LINT_ANY_KIND, .issuer = issuer };

    if (type)
        s.type = *type;
    return lint_meet(&l->work, c, &s).may;
}

/* The claim of evidence of this type, or NULL. */
static const struct lint_source *service_source(const struct lint *l, struct att_span type)
{
    for (size_t i = 0; i < l->source_count; i++)
        if (!l->sources[i].any_type && !l->sources[i].maker && att_span_eq(l->sources[i].type, type))
            return &l->sources[i];
    return NULL;
}

static const char *kind_of(const struct lint_source *s)
{
    return s->kinds == LINT_BOOL ? "a Boolean" : s->kinds == LINT_INT ? "an Integer" : "a String";
}

/* "; did you mean x?" from the claims of this evidence and what earlier rules make. */
static void suggest(const struct lint *l, struct att_span type, char *room, size_t size)
{
    struct att_nearest near = { .wanted = type };
    struct lint_shown shown;

    for (size_t i = 0; i < l->source_count; i++)
        if (!l->sources[i].any_type)
            att_nearest_try(&near, l->sources[i].type);
    room[0] = '\0';
    if (near.best.len > 0)
        (void)snprintf(room, size, "; did you mean %s?", lint_shown(&shown, near.best));
}

static const char *consequence(const struct policy_condition *c)
{
    return c->negated ? "so its negation always holds" : "so the rule never fires";
}

/* Evidence has claims of this type: then it is the value that cannot be. */
static void explain_value(struct lint *l, const struct policy_condition *c, const struct lint_source *s)
{
    struct lint_shown type;

    if (s->kinds == LINT_NO_KIND)
        lint_note(l, LINT_WRONG_KIND, &c->at, "%s is JSON, which policies do not see, %s: test another claim",
                  lint_shown(&type, s->type), consequence(c));
    else
        lint_note(l, LINT_WRONG_KIND, &c->at,
                  "no value of %s, which is %s, meets these tests, %s: compare with a literal of that kind "
                  "(there is no conversion: \"1\" is not 1)",
                  lint_shown(&type, s->type), kind_of(s), consequence(c));
}

void lint_explain_never(struct lint *l, const struct policy_condition *c)
{
    const struct att_span *type = lint_type_of(c);
    struct lint_shown shown;
    char near[112];

    bool service = could(l, c, ATT_ISSUER_SERVICE, NULL);
    bool custom = could(l, c, ATT_ISSUER_CUSTOM, NULL);
    if (!service && !custom && !could(l, c, ATT_ISSUER_POLICY, NULL)) {
        lint_note(l, LINT_CONTRADICTION, &c->at,
                  "no claim can meet all tests of this condition at once, %s: put alternatives into rules of "
                  "their own",
                  consequence(c));
        return;
    }
    const struct lint_source *s = type ? service_source(l, *type) : NULL;
    if (s && service) {
        explain_value(l, c, s);
        return;
    }
    if (!service && !custom) {
        lint_note(l, LINT_NEVER_MADE, &c->at,
                  "no earlier rule that can fire makes such a claim%s%s, %s: add() it before, or test "
                  "another issuer",
                  type ? " of type " : "", type ? lint_shown(&shown, *type) : "", consequence(c));
        return;
    }
    if (!type) {
        lint_note(l, LINT_CONTRADICTION, &c->at,
                  "no claim of this evidence meets these tests, %s: test type and value", consequence(c));
        return;
    }
    suggest(l, *type, near, sizeof near);
    lint_note(l, LINT_UNKNOWN_CLAIM, &c->at,
              "no evidence of this type has a claim %s%s, and no earlier rule that can fire makes it, %s%s",
              lint_shown(&shown, *type), service ? "" : " of a client", consequence(c),
              near[0] ? near : ": check the name");
}
