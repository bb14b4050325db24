/* A valid policy with one thing wrong: every token removed, doubled, swapped with the next; every truncation; every
 * byte replaced; sizes just over each limit. Each is refused with a place inside the text and a reason, or it is
 * still a policy and can be run. */
#include <attest/policy.h>

#include "base/buf.h"
#include "policy/lexer.h"
#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cases cases = { .name = "policy/mutation" };

static const char *const policies[] = {
    "version=1.0;authorizationrules{=>permit();};",
    "version=1.1;configurationrules{=>issueproperty(type=\"required_pcr_mask\",value=15);};"
    "authorizationrules{c:[type==\"a\",value>=-5] && [value==c.value, issuer!=\"x\", valueType==\"Integer\"] "
    "=> "
    "deny();=>permit();};issuancerules{d:[type==\"a\"]=>issue(claim=d);"
    "d:[type==\"a\"]=>issue(type=\"b\",value=d.value,valueType=\"Integer\");[]=>add(type=\"e\",value=false);}"
    ";",
    "version=1.2;authorizationrules{!x:[type==\"a\",value==JsonToClaimValue(\"[2,3]\")] && c:[] => "
    "deny();=>permit();};"
    "issuancerules{d:[type==\"a\"]=>issue(type=\"b\",value=IsSubsetOf(d.value,JmesPath(\"{}\",AppendString(d."
    "type,\"!\"))));};",
};
enum { POLICIES = sizeof policies / sizeof policies[0], TOKENS_MAX = 256 };

static unsigned line_count(struct att_span s)
{
    unsigned lines = 1;

    for (size_t i = 0; i < s.len; i++)
        lines += s.ptr[i] == '\n';
    return lines;
}

static bool printable(const char *s)
{
    for (; *s; s++)
        if ((*s < 0x20 && *s != '\n') || *s == 0x7f)
            return false;
    return true;
}

/* What a refusal must always be. */
static bool well_refused(struct att_span text, const struct att_err *err, struct att_policy_place place)
{
    return (err->code == ATT_POLICY_SYNTAX || err->code == ATT_POLICY_VERSION ||
            err->code == ATT_POLICY_RULE || err->code == ATT_POLICY_LIMIT) &&
           place.line >= 1 && place.line <= line_count(text) && place.column >= 1 &&
           place.column <= text.len + 1 && err->text[0] && err->expected[0] && err->found[0] &&
           printable(err->text) && printable(err->expected) && printable(err->found);
}

static bool run_it(const struct att_policy *policy)
{
    struct att_arena *arena = att_arena_new(1 << 20);
    struct att_claims incoming;
    struct att_policy_result result;
    struct att_err err = { 0 };

    att_claims_init(&incoming, arena, NULL);
    bool ok = att_claims_add_int(&incoming, "a", 1, 0, &err);
    bool yes = att_policy_eval(policy, arena, &incoming, NULL, &result, &err);
    ok = ok && yes == result.authorized && yes == (err.code == ATT_OK);
    att_arena_free(arena);
    return ok;
}

/* Compiles an exact-size copy; says whether it compiled, and checks what must hold in either case. */
static bool compile(const char *what, size_t number, struct att_span text)
{
    uint8_t *copy = malloc(text.len ? text.len : 1);
    struct att_policy *policy = NULL;
    struct att_policy_place place = { 0 };
    struct att_err err = { 0 };

    if (!copy)
        abort();
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    bool ok = att_policy_compile(att_span_of(copy, text.len), NULL, &policy, &place, &err);
    free(copy);
    if (ok)
        cases_check(&cases,
                    policy && err.code == ATT_OK && att_span_eq(att_policy_text(policy), text) &&
                        run_it(policy),
                    "%s %zu: compiled, but is no policy", what, number);
    else
        cases_check(&cases, !policy && well_refused(text, &err, place),
                    "%s %zu: badly refused: %s (%s) at %u:%u", what, number, err.text, err.expected,
                    place.line, place.column);
    att_policy_free(policy);
    return ok;
}

static size_t tokens_of(const char *text, struct policy_token *ret)
{
    struct policy_lexer lx = policy_lexer_of(att_str(text));
    size_t n = 0;

    while (n < TOKENS_MAX && (ret[n] = policy_lexer_next(&lx)).kind != TOK_EOF)
        n++;
    return n;
}

/* The tokens with a space between, but `at` left out, doubled, or swapped with the next. */
enum change { REMOVED, DOUBLED, SWAPPED };
static void write_changed(struct att_buf *b, const struct policy_token *t, size_t n, size_t at,
                          enum change change)
{
    for (size_t i = 0; i < n; i++) {
        size_t k = change == SWAPPED && i == at ? at + 1 : change == SWAPPED && i == at + 1 ? at : i;
        if (i == at && change == REMOVED)
            continue;
        for (int times = i == at && change == DOUBLED ? 2 : 1; times > 0; times--) {
            att_buf_put(b, t[k].at.text);
            att_buf_putc(b, ' ');
        }
    }
}

static void change_tokens(const char *text)
{
    static const char *const names[] = { "removed", "doubled", "swapped" };
    struct policy_token t[TOKENS_MAX];
    size_t n = tokens_of(text, t);

    for (enum change change = REMOVED; change <= SWAPPED; change++) {
        for (size_t at = 0; at < n - (change == SWAPPED); at++) {
            struct att_buf b = { 0 };
            if (change == REMOVED && t[at].kind == TOK_NOT) /* the opposite, and as well formed */
                continue;
            if (change == SWAPPED && att_span_eq(t[at].at.text, t[at + 1].at.text))
                continue;
            write_changed(&b, t, n, at, change);
            cases_check(&cases, !compile(names[change], at, att_buf_span(&b)),
                        "%s %zu (%.*s) must be refused", names[change], at, (int)t[at].at.text.len,
                        (const char *)t[at].at.text.ptr);
            att_buf_free(&b);
        }
    }
}

/* Only a cut between the sections can leave a policy: issuancerules may be absent. */
static void truncate_it(const char *text)
{
    const char *issuance = strstr(text, "issuancerules");
    size_t boundary = issuance ? (size_t)(issuance - text) : strlen(text);

    for (size_t len = 0; len <= strlen(text); len++) {
        bool want = len == boundary || len == strlen(text);
        cases_check(&cases, compile("cut", len, att_span_of(text, len)) == want, "cut at %zu", len);
    }
}

static void replace_bytes(const char *text)
{
    static const uint8_t bytes[] = { 0,   1,   ' ', '"', '\\', '/',  '[',  '}', ';',
                                     '=', '!', '0', 'a', 0x7f, 0x80, 0xc3, 0xff };
    size_t len = strlen(text);
    char *work = strdup(text);

    if (!work)
        abort();
    for (size_t at = 0; at < len; at++) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            work[at] = (char)bytes[i];
            (void)compile("byte", at * 256 + bytes[i], att_span_of(work, len));
        }
        for (unsigned bit = 0; bit < 8; bit++) {
            work[at] = (char)((uint8_t)text[at] ^ 1u << bit);
            (void)compile("bit", at * 8 + bit, att_span_of(work, len));
        }
        work[at] = text[at];
    }
    free(work);
}

/* `head`, `count` times `part`, `tail` */
static struct att_buf repeated(const char *head, const char *part, size_t count, const char *tail)
{
    struct att_buf b = { 0 };

    att_buf_puts(&b, head);
    for (size_t i = 0; i < count; i++)
        att_buf_puts(&b, part);
    att_buf_puts(&b, tail);
    return b;
}

static void check_code(const char *name, struct att_buf b, enum att_code want, unsigned line, unsigned column)
{
    struct att_policy *policy = NULL;
    struct att_policy_place place = { 0 };
    struct att_err err = { 0 };

    bool ok = att_policy_compile(att_buf_span(&b), NULL, &policy, &place, &err);
    cases_check(&cases,
                err.code == want && ok == (want == ATT_OK) && place.line == line && place.column == column,
                "%s: %s at %u:%u (%s)", name, att_code_name(err.code), place.line, place.column, err.text);
    att_policy_free(policy);
    att_buf_free(&b);
}

/* The default limits, reached and passed by one. Every shape also shows that the tree of the densest text fits the
 * memory that a policy is given. */
static void sizes(void)
{
    const char *auth = "version=1.0;authorizationrules{";
    const size_t auth_len = strlen(auth);
    const size_t bytes = att_limits_default.policy_bytes_max;
    const size_t fixed = strlen("version=1.0;//\nauthorizationrules{};");

    check_code("all the rules", repeated(auth, "=>deny();", 1000, "};"), ATT_OK, 0, 0);
    check_code("one rule more", repeated(auth, "=>deny();", 1001, "};"), ATT_POLICY_LIMIT, 1,
               (unsigned)(auth_len + 9 * 1000 + 1));
    check_code("all the conditions", repeated(auth, "[]&&", 99, "[]=>deny();};"), ATT_OK, 0, 0);
    check_code("one condition more", repeated(auth, "[]&&", 100, "[]=>deny();};"), ATT_POLICY_LIMIT, 1,
               (unsigned)(auth_len + 4 * 100 + 1));
    check_code("all the bytes", repeated("version=1.0;//", "x", bytes - fixed, "\nauthorizationrules{};"),
               ATT_OK, 0, 0);
    check_code("one byte more", repeated("version=1.0;//", "x", bytes - fixed + 1, "\nauthorizationrules{};"),
               ATT_POLICY_LIMIT, 1, 1);
    check_code("many tests", repeated(auth, "", 0, "["), ATT_POLICY_SYNTAX, 1, (unsigned)auth_len + 2);
    check_code("as many tests as the bytes allow",
               repeated("version=1.0;authorizationrules{[value<1", ",value<1", 15000, "]=>permit();};"),
               ATT_OK, 0, 0);
    check_code("as many assignments",
               repeated("version=1.0;authorizationrules{=>add(type=\"a\"", ",type=1", 15000, ");};"),
               ATT_POLICY_RULE, 1, 47);
    check_code("a line of opening brackets", repeated(auth, "[", 100000, ""), ATT_POLICY_SYNTAX, 1,
               (unsigned)auth_len + 2);
    check_code("a line of names", repeated(auth, "a:", 50000, ""), ATT_POLICY_SYNTAX, 1,
               (unsigned)auth_len + 3);
    check_code("calls as deep as they may be",
               repeated("version=1.2;authorizationrules{[value==", "NegateBool(", 64, "1"), ATT_POLICY_SYNTAX,
               1, 40 + 11 * 64 + 1);
    check_code("one deeper", repeated("version=1.2;authorizationrules{[value==", "NegateBool(", 65, ""),
               ATT_POLICY_LIMIT, 1, 40 + 11 * 64 + 10);
    check_code("ten thousand deep",
               repeated("version=1.2;authorizationrules{[value==", "NegateBool(", 10000, ""),
               ATT_POLICY_LIMIT, 1, 40 + 11 * 64 + 10);
    check_code("as many calls as the bytes allow",
               repeated("version=1.2;authorizationrules{[value==1", ",value==IsSubsetOf(1,2)", 5000,
                        "]=>permit();};"),
               ATT_OK, 0, 0);
    check_code("as many queries",
               repeated("version=1.2;authorizationrules{[value==1", ",value==JmesPath(\"1\",\"a\")", 4300,
                        "]=>permit();};"),
               ATT_OK, 0, 0);
    check_code(
        "as many arguments",
        repeated("version=1.2;authorizationrules{[value==IsSubsetOf(1", ",1", 50000, ")]=>permit();};"),
        ATT_POLICY_RULE, 1, 55);
    check_code("a line of exclamation marks", repeated(auth, "!", 100000, ""), ATT_POLICY_VERSION, 1,
               (unsigned)auth_len + 1);
    check_code("a string of backslashes", repeated(auth, "\\", 100000, ""), ATT_POLICY_SYNTAX, 1,
               (unsigned)auth_len + 1);
    check_code("a string of escapes",
               repeated("version=1.0;authorizationrules{[type==\"", "\\\\", 50000, "\"]=>deny();};"), ATT_OK,
               0, 0);
    check_code("a name of 100000 letters", repeated(auth, "a", 100000, ":[]=>deny();};"), ATT_OK, 0, 0);
    check_code("a number of 100000 digits",
               repeated("version=1.0;authorizationrules{[value==", "9", 100000, "]=>deny();};"),
               ATT_POLICY_SYNTAX, 1, 40);
}

int main(void)
{
    for (size_t i = 0; i < POLICIES; i++) {
        cases_check(&cases, compile("as it is", i, att_str(policies[i])), "policy %zu must compile", i);
        change_tokens(policies[i]);
        truncate_it(policies[i]);
        replace_bytes(policies[i]);
    }
    sizes();
    return cases_report(&cases);
}
