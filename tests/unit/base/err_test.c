/* layers: base */
/* Errors: the first wins, places are put together, whatever is in them is printable and cut, tables are complete. */
#include "base/err.h"
#include "support/cases.h"

#include <ctype.h>
#include <stdio.h>

static struct cases run = { .name = "unit.base.err" };

static void check_table(void)
{
    for (int code = 0; code < ATT_CODE_COUNT; code++) {
        const char *name = att_code_name((enum att_code)code);
        const char *text = att_code_text((enum att_code)code);
        enum att_class class_ = att_code_class((enum att_code)code);
        bool shaped = name[0] && text[0] && (class_ != ATT_CLASS_NONE) == (code != ATT_OK);
        for (const char *c = name; *c; c++)
            shaped = shaped && (isupper((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_');
        for (int other = 0; other < code; other++)
            shaped = shaped && strcmp(name, att_code_name((enum att_code)other)) != 0;
        cases_check(&run, shaped, "row %d: %s '%s'", code, name, text);
    }
    enum att_code absurd = (enum att_code)(ATT_CODE_COUNT + 5);
    cases_check(
        &run, strcmp(att_code_name(absurd), "INTERNAL") == 0 && att_code_class(absurd) == ATT_CLASS_INTERNAL,
        "a code that is none");
    static const char *const classes[] = { "none",  "evidence", "collateral", "policy",
                                           "token", "request",  "internal" };
    for (int c = ATT_CLASS_NONE; c <= ATT_CLASS_INTERNAL; c++)
        cases_check(&run, strcmp(att_class_name((enum att_class)c), classes[c]) == 0, "class %d", c);
    cases_check(&run, strcmp(att_class_name((enum att_class)99), "internal") == 0, "a class that is none");
}

static void check_fail(void)
{
    struct att_err err = { 0 };

    cases_check(&run, !att_fail(&err, ATT_JSON_RANGE, "a.b", "0 to 9", "%d", 12), "is false");
    cases_check(&run,
                err.code == ATT_JSON_RANGE && !strcmp(err.where, "a.b") && !strcmp(err.expected, "0 to 9") &&
                    !strcmp(err.found, "12") &&
                    !strcmp(err.text, "a JSON number is out of range: a.b is 12, expected 0 to 9"),
                "filled: %s", err.text);
    struct att_err before = err;
    cases_check(&run,
                !att_fail(&err, ATT_INTERNAL, "x", "y", "%s", "z") && memcmp(&before, &err, sizeof err) == 0,
                "the first wins");
    cases_check(&run, !att_fail_memory(&err, "x") && memcmp(&before, &err, sizeof err) == 0,
                "memory does not overwrite");
    cases_check(&run,
                !att_fail(NULL, ATT_INTERNAL, "x", "y", "%s", "z") && !att_fail_as(NULL, ATT_INTERNAL, "x"),
                "no error");
    att_err_text(NULL, "%d", 1);

    struct att_err bare = { 0 };
    cases_check(
        &run, !att_fail(&bare, ATT_JSON_SYNTAX, "j", "", "%s", "") && !strcmp(bare.text, "not valid JSON: j"),
        "without details: %s", bare.text);
    struct att_err memory = { 0 };
    cases_check(&run,
                !att_fail_memory(&memory, "q") && memory.code == ATT_OUT_OF_MEMORY &&
                    !strcmp(memory.where, "q"),
                "memory: %s", memory.text);
    att_err_text(&memory, "%s %d", "other", 5);
    cases_check(&run, !strcmp(memory.text, "other 5") && memory.code == ATT_OUT_OF_MEMORY,
                "another sentence");
}

static void check_cut(void)
{
    char many[2000];
    memset(many, 'w', sizeof many - 1);
    many[sizeof many - 1] = 0;
    struct att_err err = { 0 };

    cases_check(&run,
                !att_fail(&err, ATT_INTERNAL, many, many, "%s", many) &&
                    strlen(err.where) == sizeof err.where - 1 && strlen(err.found) == sizeof err.found - 1 &&
                    strlen(err.expected) == sizeof err.expected - 1 && strlen(err.text) < sizeof err.text,
                "cut to the room there is");
    cases_check(&run, !att_fail_as(&err, ATT_CRL_MALFORMED, many), "our own trouble stays");
    cases_check(&run, err.code == ATT_INTERNAL, "our own trouble stays: %s", att_code_name(err.code));
    err.code = ATT_JSON_SYNTAX;
    cases_check(&run, !att_fail_as(&err, ATT_CRL_MALFORMED, many) && strlen(err.where) < sizeof err.where,
                "long in long");
}

static void check_fail_as(void)
{
    static const struct {
        const char *outer, *inner, *want;
    } rows[] = {
        { "tcb", "json", "tcb.json" },
        { "", "json", "json" },
        { "tcb", "", "tcb" },
        { "", "", "" },
        { "sgx.quote", "certification.data.qe_report.certification.data.pck_chain.leaf.extension",
          "sgx.quote.certification.data.qe_report.certification.data.pck_chain.leaf.extension" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_err err = { 0 };
        (void)att_fail(&err, ATT_JSON_SYNTAX, rows[i].inner, "e", "%s",
                       "f"); /* false by contract, tested above */
        bool ok = att_fail_as(&err, ATT_TCB_INFO_MALFORMED, rows[i].outer);
        cases_check(&run,
                    !ok && err.code == ATT_TCB_INFO_MALFORMED && !strcmp(err.where, rows[i].want) &&
                        !strcmp(err.found, "f") &&
                        strstr(err.text, "the TCB info cannot be read") == err.text,
                    "'%s' in '%s': %s", rows[i].inner, rows[i].outer, err.text);
    }
    static const enum att_code ours[] = { ATT_OUT_OF_MEMORY, ATT_INTERNAL, ATT_CRYPTO_FAILED };
    for (size_t i = 0; i < 3; i++) {
        struct att_err err = { 0 };
        (void)att_fail(&err, ours[i], "x", "e", "%s", "f"); /* false by contract */
        cases_check(&run,
                    !att_fail_as(&err, ATT_CRL_MALFORMED, "y") && err.code == ours[i] &&
                        !strcmp(err.where, "x"),
                    "%s is not blamed on the input", att_code_name(ours[i]));
    }
}

static void check_shown(void)
{
    struct att_shown shown;
    uint8_t all[256];

    for (unsigned i = 0; i < 256; i++) {
        uint8_t c = (uint8_t)i;
        char want[8];
        bool plain = i >= 0x20 && i < 0x7f && i != '\\';
        (void)snprintf(want, sizeof want, plain ? "%c" : "\\x%02x", i);
        cases_check(&run, !strcmp(att_shown(&shown, att_span_of(&c, 1)), want), "byte %02x: %s", i,
                    shown.text);
        all[i] = c;
    }
    for (size_t len = 0; len <= 256; len++) {
        (void)att_shown(&shown, att_span_of(all, len));
        size_t n = strlen(shown.text);
        cases_check(
            &run, n < sizeof shown.text && (len < 18 ? n == 4 * len : strcmp(shown.text + n - 3, "...") == 0),
            "%zu bytes: %s", len, shown.text);
    }
    cases_check(&run, att_shown(&shown, (struct att_span){ 0 })[0] == 0, "nothing");
}

int main(void)
{
    check_table();
    check_fail();
    check_cut();
    check_fail_as();
    check_shown();
    return cases_report(&run);
}
