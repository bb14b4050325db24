/* layers: policy claims codec base */
/* One usual form: what becomes of white space and comments. Each expected text must itself come out unchanged. */
#include <attest/policy.h>

#include "support/cases.h"

#include <stdio.h>

static struct cases cases = { .name = "unit/policy/format" };

#define CHECK(ok, ...) cases_check(&cases, ok, __VA_ARGS__)

#define HEAD "version=1.2;\n\n"
#define LONG "\"0123456789012345678901234567890123456789012345678901234567890123456789\""

static const struct {
    const char *name;
    const char *text;
    const char *want;
} rows[] = {
    { "one line becomes many", "version= 1.0;authorizationrules{=>permit();};issuancerules{};",
      "version=1.0;\n\nauthorizationrules {\n    => permit();\n};\n\nissuancerules {\n};\n" },
    { "words keep their case", "VERSION = 1.1 ; ConfigurationRules { } ; authorizationRULES { } ;",
      "VERSION=1.1;\n\nConfigurationRules {\n};\n\nauthorizationRULES {\n};\n" },
    { "a sign that is apart from its number is refused",
      HEAD
      "authorizationrules {\n! c : [ type==\"a\" ,value >= - 5 ]&&[]=>add ( type = \"x\" , value=1 ) ;\n};",
      NULL },
    { "negation, names, tests, calls",
      HEAD "authorizationrules{c :[ type ==\"a\" ,value>= -5 ]&& ! [ value != true]\n=>add ( type = \"x\" , "
           "value = "
           "JsonToClaimValue ( AppendString(c . value,\"]\") ) ) ;};",
      HEAD "authorizationrules {\n"
           "    c:[type==\"a\", value>=-5] &&\n"
           "    ![value!=true]\n"
           "        => add(type=\"x\", value=JsonToClaimValue(AppendString(c.value, \"]\")));\n};\n" },
    { "too long by far",
      HEAD "authorizationrules { [type==" LONG ",value==1]&&[type==\"b\"] => permit(); => deny(); };",
      HEAD "authorizationrules {\n    [type==" LONG
           ", value==1] &&\n    [type==\"b\"]\n        => permit();\n"
           "    => deny();\n};\n" },
    { "width is in characters, not in bytes",
      HEAD "authorizationrules { "
           "[type==\"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
           "0123456789012345678901234567890123456789\", value==1] => permit(); };",
      HEAD "authorizationrules {\n    "
           "[type==\"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
           "\xc3\xa4"
           "0123456789012345678901234567890123456789\", value==1] => permit();\n};\n" },
    { "strings are not touched", HEAD "authorizationrules{=>add(type=\" a  //b\\\"\n\t;}\",value=\"\\.\");};",
      HEAD "authorizationrules {\n    => add(type=\" a  //b\\\"\n\t;}\", value=\"\\.\");\n};\n" },
    { "empty lines between rules stay, one of them",
      HEAD "authorizationrules {\n\n\n=> deny();\n\n \n\n=> permit();\n=> permit();\n\n};\n\n\n\n",
      HEAD "authorizationrules {\n    => deny();\n\n    => permit();\n    => permit();\n};\n" },
    { "comments before, behind, between",
      "// head  \r\n\n//second\nversion=1.2;// v\n// c\nauthorizationrules // a\n{ // b\n//x\n\n=> permit(); "
      "//y\n"
      "\n\n// z\n}\n; // e\n// t",
      "// head\n\n//second\nversion=1.2;  // v\n\n// c\nauthorizationrules  // a\n{  // b\n    //x\n\n"
      "    => permit();  //y\n\n    // z\n};  // e\n// t\n" },
    { "a comment inside a rule breaks it",
      HEAD "authorizationrules { [type==\"a\"] && // first\n // second\n [type==\"b\", // in it\nvalue==1] "
           "=> deny(); };",
      HEAD
      "authorizationrules {\n    [type==\"a\"] &&  // first\n    // second\n    [type==\"b\",  // in it\n"
      "        value==1]\n        => deny();\n};\n" },
    { "comments only", HEAD "authorizationrules {\n  // none\n\n  // yet\n\n};",
      HEAD "authorizationrules {\n    // none\n\n    // yet\n};\n" },
    { "an empty comment", "version=1.0;//\nauthorizationrules{}//\n;//",
      "version=1.0;  //\n\nauthorizationrules {\n}  //\n    ;  //\n" },
    { "no text", "", NULL },
    { "no policy", "version=1.0", NULL },
    { "a rule that is refused", "version=1.0; authorizationrules { => add(type=\"a\"); };", NULL },
};

static bool format(struct att_arena *arena, const char *text, struct att_span *ret, struct att_err *err)
{
    return att_policy_format(att_str(text), NULL, arena, ret, err);
}

static void check_row(size_t i)
{
    struct att_arena *arena = att_arena_new((size_t)1 << 20);
    struct att_err err = { 0 };
    struct att_span got = { 0 };
    struct att_span again = { 0 };

    bool ok = format(arena, rows[i].text, &got, &err);
    if (!rows[i].want) {
        CHECK(!ok && got.len == 0 && err.text[0] && strncmp(err.where, "policy:", 7) == 0,
              "%s: was formatted", rows[i].name);
    } else {
        CHECK(ok && att_span_is(got, rows[i].want), "%s: want\n%s\ngot %s\n%.*s", rows[i].name, rows[i].want,
              err.text, (int)got.len, (const char *)got.ptr);
        ok = att_policy_format(got, NULL, arena, &again, &err);
        CHECK(ok && att_span_eq(got, again), "%s: a second time gives\n%.*s", rows[i].name, (int)again.len,
              (const char *)again.ptr);
    }
    att_arena_free(arena);
}

/* "[]&&[]&&..." grows when each condition gets a line. */
static void check_growth(void)
{
    struct att_arena *arena = att_arena_new((size_t)1 << 20);
    struct att_limits limits = att_limits_default;
    struct att_err err = { 0 };
    struct att_span got = { 0 };
    const char *text =
        "version=1.0;authorizationrules{[]&&[]&&[]&&[]&&[]&&[]&&[]&&[]&&[]&&[]&&[]&&[]&&[]&&[]=>"
        "permit();};";

    limits.policy_bytes_max = strlen(text);
    CHECK(!att_policy_format(att_str(text), &limits, arena, &got, &err) && err.code == ATT_POLICY_LIMIT,
          "what would be too long to compile is given out: %s", err.text);
    att_arena_free(arena);
}

/* A rule of 100 columns, its indent counted, stays on its line; one column more does not. */
static void check_width(void)
{
    for (int columns = 99; columns <= 101; columns++) {
        struct att_arena *arena = att_arena_new((size_t)1 << 20);
        struct att_err err = { 0 };
        struct att_span got = { 0 };
        char text[256];
        int name = columns - (int)strlen("    [type==\"\"] => permit();");

        (void)snprintf(text, sizeof text,
                       "version=1.0;\n\nauthorizationrules {\n    [type==\"%0*d\"] => permit();\n};\n", name,
                       0);
        bool ok = format(arena, text, &got, &err);
        CHECK(ok && att_span_is(got, text) == (columns <= 100), "%d columns: %.*s", columns, (int)got.len,
              (const char *)got.ptr);
        att_arena_free(arena);
    }
}

static void check_no_room(void)
{
    struct att_arena *arena = att_arena_new(16);
    struct att_err err = { 0 };
    struct att_span got = { 0 };

    CHECK(!format(arena, "version=1.0;authorizationrules{};", &got, &err) && err.code == ATT_OUT_OF_MEMORY,
          "no memory: %s", err.text);
    att_arena_free(arena);
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_row(i);
    check_width();
    check_growth();
    check_no_room();
    return cases_report(&cases);
}
