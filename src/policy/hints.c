#include "policy/hints.h"

#include "base/err.h"
#include "policy/functions/function.h"
#include "policy/language.h"
#include "policy/lexer.h"

#include <stdio.h>

#define COMPARISONS (TOK_SET(EQ) | TOK_SET(NE) | TOK_SET(LT) | TOK_SET(LE) | TOK_SET(GT) | TOK_SET(GE))
#define EXPRESSIONS (TOK_SET(STRING) | TOK_SET(INT) | TOK_SET(TRUE) | TOK_SET(FALSE))
#define PROPERTIES  (TOK_SET(TYPE) | TOK_SET(VALUE) | TOK_SET(VALUE_TYPE) | TOK_SET(ISSUER))

/* A token met where any of `expected` was due. */
static const struct {
    enum policy_token_kind found;
    uint64_t expected;
    const char *hint;
} meetings[] = {
    { TOK_ASSIGN, COMPARISONS,
      "==: inside [ ] a property is compared with ==, a single = assigns in an action" },
    { TOK_EQ, TOK_SET(ASSIGN), "=: an action assigns with a single =, == compares inside [ ]" },
    { TOK_ARROW, COMPARISONS, ">=: greater or equal is written >=, => stands between conditions and action" },
    { TOK_LT, EXPRESSIONS,
      "a literal: a placeholder such as <product-id> is to be replaced by the value itself" },
    { TOK_VERSION, EXPRESSIONS, "an integer: numbers have no fraction" },
    { TOK_INT, TOK_SET(VERSION), "a version as MAJOR.MINOR: 1.0, 1.1 or 1.2" },
    { TOK_STRING, TOK_SET(VERSION), "a version without quotes: 1.0, 1.1 or 1.2" },
    { TOK_STRING, TOK_SET(CLAIM), "named arguments: type=\"...\", value=... or claim=NAME" },
    { TOK_STRING, PROPERTIES, "a property: [type==\"...\", value==...]" },
    { TOK_LEFT_PAREN, TOK_SET(LEFT_BRACKET) | TOK_SET(ARROW),
      "[ ]: conditions are not grouped with parentheses" },
    { TOK_LEFT_BRACKET, TOK_SET(ARROW), "&&: the conditions of a rule are joined with &&" },
    { TOK_COMMA, TOK_SET(ARROW),
      "&&: the conditions of a rule are joined with &&, tests inside [ ] with a comma" },
    { TOK_AND, TOK_SET(RIGHT_BRACKET),
      "a comma: tests inside [ ] are joined with a comma, conditions with &&" },
    { TOK_NOT, TOK_SET(LEFT_BRACKET), "[: a condition is negated before its name, from version 1.2 on" },
    { TOK_PERMIT, TOK_SET(ADD) | TOK_SET(ISSUE_PROPERTY), "permit() and deny() in authorizationrules only" },
    { TOK_DENY, TOK_SET(ADD) | TOK_SET(ISSUE_PROPERTY), "permit() and deny() in authorizationrules only" },
    { TOK_ADD, TOK_SET(ISSUE_PROPERTY), "issueproperty(...): configurationrules take no other action" },
    { TOK_ISSUE, TOK_SET(ISSUE_PROPERTY), "issueproperty(...): configurationrules take no other action" },
    { TOK_ISSUE_PROPERTY, TOK_SET(PERMIT), "issueproperty(...) in configurationrules or issuancerules only" },
    { TOK_CONFIGURATION, TOK_SET(EOF),
      "this order: version, configurationrules, authorizationrules, issuancerules, each once" },
    { TOK_AUTHORIZATION, TOK_SET(EOF),
      "this order: version, configurationrules, authorizationrules, issuancerules, each once" },
    { TOK_ISSUANCE, TOK_SET(AUTHORIZATION), "authorizationrules{...}; before issuancerules" },
};

/* A word, in any case, that other languages have; `expected` 0: wherever it is not taken. */
static const struct {
    const char *word;
    uint64_t expected;
    const char *hint;
} words[] = {
    { "exists", 0, "[...] alone: a condition holds when a claim meets it, there is no EXISTS" },
    { "not", 0, "[...]: there is no NOT EXISTS; `!` before a condition came with version 1.2" },
    { "count", 0,
      "[...]: claims are not counted; a condition holds when at least one claim meets it, ContainsOnlyValue "
      "(1.2) "
      "looks at all" },
    { "and", 0, "&& between conditions, a comma between the tests of one" },
    { "or", 0, "another rule: there is no OR, the rules of a section are the alternatives" },
    { "regexreplace", 0, "a literal or NAME.value: there are no regular expressions" },
    { "true", EXPRESSIONS, "true: Booleans are written in lower case" },
    { "false", EXPRESSIONS, "false: Booleans are written in lower case" },
    { "null", EXPRESSIONS, "a string, an integer, true or false: there is no null" },
    { "type", PROPERTIES, "type: property names are written in lower case" },
    { "value", PROPERTIES, "value: property names are written in lower case" },
    { "valuetype", PROPERTIES, "valueType: property names are written exactly so" },
    { "issuer", PROPERTIES, "issuer: property names are written in lower case" },
    { "permit", TOK_SET(PERMIT), "permit: actions are written in lower case" },
    { "deny", TOK_SET(DENY), "deny: actions are written in lower case" },
    { "add", TOK_SET(ADD), "add: actions are written in lower case" },
    { "issue", TOK_SET(ISSUE), "issue: actions are written in lower case" },
    { "issueproperty", TOK_SET(ISSUE_PROPERTY), "issueproperty: actions are written in lower case" },
};

static const char *word_hint(const struct policy_token *t, uint64_t expected)
{
    if (t->kind != TOK_IDENT)
        return NULL;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (policy_same_word(t->at.text, words[i].word) &&
            (!words[i].expected || words[i].expected & expected))
            return words[i].hint;
    return NULL;
}

/* "0x10" is an integer and a word without a space between. */
static bool looks_hexadecimal(const struct policy_token *before, const struct policy_token *now)
{
    return before->kind == TOK_INT && now->kind == TOK_IDENT &&
           before->at.text.ptr + before->at.text.len == now->at.text.ptr &&
           (now->at.text.ptr[0] == 'x' || now->at.text.ptr[0] == 'X');
}

static const char *curly_hint(struct policy_hint *room, const struct policy_token *string)
{
    (void)snprintf(room->text, sizeof room->text,
                   "straight quotes \" (U+0022): the string that begins at %u:%u holds a curly quote "
                   "(U+201C or U+201D), which does not end it",
                   string->at.line, string->at.column);
    return room->text;
}

/* What ends with a semicolon, told by what stands before the place where it is missing. */
static const char *semicolon_hint(const struct policy_token *before)
{
    if (before->kind == TOK_RIGHT_PAREN)
        return "';': every rule ends with one, behind its action";
    if (before->kind == TOK_RIGHT_BRACE)
        return "';': every section ends with };";
    return "';' behind the version";
}

/* A function named without its arguments was taken for the name of a condition. */
static const char *call_hint(struct policy_hint *room, const struct policy_token *name)
{
    const struct policy_function *f = policy_function_find(name->at.text);

    if (!f)
        return NULL;
    (void)snprintf(room->text, sizeof room->text, "(: a function is called as %s(...)", f->name);
    return room->text;
}

const char *policy_hint_function(struct policy_hint *room, struct att_span name, unsigned minor)
{
    const struct policy_function *near = policy_function_near(name);
    size_t at = 0;

    if (policy_same_word(name, "RegexReplace"))
        return "a literal, NAME.value or a function: there are no regular expressions";
    if (near && near->since <= minor) {
        (void)snprintf(room->text, sizeof room->text, "another name: did you mean %s?", near->name);
        return room->text;
    }
    for (size_t i = 0; policy_function_at(i); i++)
        if (policy_function_at(i)->since <= minor && at < sizeof room->text)
            at +=
                (size_t)snprintf(room->text + at, sizeof room->text - at, "%s%s",
                                 at ? ", " : "a literal, NAME.value or one of ", policy_function_at(i)->name);
    return at ? room->text : "a literal or NAME.value";
}

const char *policy_hint_for(struct policy_hint *room, const struct policy_token *before,
                            const struct policy_token *now, uint64_t expected)
{
    if (now->curly)
        return curly_hint(room, now);
    if (before->curly)
        return curly_hint(room, before);
    if (now->kind == TOK_BAD)
        return now->hint;
    const char *hint = word_hint(now, expected);
    /* A word where a literal was due was taken for a name, of which a property should follow. */
    if (!hint)
        hint = word_hint(before, expected == TOK_SET(DOT) ? EXPRESSIONS : 0);
    if (hint)
        return hint;
    if (expected == TOK_SET(DOT))
        hint = call_hint(room, before);
    if (hint)
        return hint;
    if (looks_hexadecimal(before, now))
        return "a decimal integer: there is no hexadecimal";
    if ((before->kind == TOK_LEFT_PAREN) && expected == TOK_SET(RIGHT_PAREN))
        return "): permit() and deny() take no arguments";
    for (size_t i = 0; i < sizeof meetings / sizeof meetings[0]; i++)
        if (meetings[i].found == now->kind && meetings[i].expected & expected)
            return meetings[i].hint;
    return expected == TOK_SET(SEMICOLON) ? semicolon_hint(before) : NULL;
}
