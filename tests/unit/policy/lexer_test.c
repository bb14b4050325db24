/* Tokens and their places. What the parser makes of them is tested in tests/policies. */
#include "policy/lexer.h"

#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cases cases = { .name = "policy/lexer" };

#define TEXT(s) s, sizeof(s) - 1

/* Tokens as "NAME@line:column" */
static const struct {
    const char *name;
    const char *text;
    size_t len;
    const char *want;
} rows[] = {
    { "nothing", TEXT(""), "<EOF>@1:1" },
    { "white space", TEXT(" \t\r\n "), "<EOF>@2:2" },
    { "a comment without a line end", TEXT("// x"), "<EOF>@1:5" },
    { "a comment", TEXT("// x\n;"), "';'@2:1 <EOF>@2:2" },
    { "a carriage return ends no comment", TEXT("// x\r;"), "<EOF>@1:7" },
    { "longest first", TEXT("=>===>=<=<!=!"),
      "'=>'@1:1 '=='@1:3 '=>'@1:5 '='@1:7 '<='@1:8 '<'@1:10 '!='@1:11 '!'@1:13 <EOF>@1:14" },
    { "greater or equal", TEXT(">=>"), "'>='@1:1 '>'@1:3 <EOF>@1:4" },
    { "an arrow with a space is none", TEXT("= >"), "'='@1:1 '>'@1:3 <EOF>@1:4" },
    { "a word next to a number", TEXT("1a"), "INT@1:1 IDENT@1:2 <EOF>@1:3" },
    { "a version", TEXT("1.0;"), "VERSION@1:1 ';'@1:4 <EOF>@1:5" },
    { "an integer and a point", TEXT("1."), "INT@1:1 '.'@1:2 <EOF>@1:3" },
    { "two points", TEXT("1.2.3"), "VERSION@1:1 '.'@1:4 INT@1:5 <EOF>@1:6" },
    { "a sign", TEXT("-5"), "INT@1:1 <EOF>@1:3" },
    { "a sign alone", TEXT("-"), "<BAD>@1:1 <EOF>@1:2" },
    { "two signs", TEXT("--5"), "<BAD>@1:1 INT@1:2 <EOF>@1:4" },
    { "words", TEXT("version Version VERSION type Type issueproperty issuePropertys _ a1"),
      "'version'@1:1 'version'@1:9 'version'@1:17 'type'@1:25 IDENT@1:30 'issueproperty'@1:35 IDENT@1:49 "
      "IDENT@1:64 IDENT@1:66 <EOF>@1:68" },
    { "a longer word is another word", TEXT("permits"), "IDENT@1:1 <EOF>@1:8" },
    { "a string", TEXT("\"a\""), "STRING@1:1 <EOF>@1:4" },
    { "an empty string", TEXT("\"\""), "STRING@1:1 <EOF>@1:3" },
    { "an escaped quote", TEXT("\"\\\"\""), "STRING@1:1 <EOF>@1:5" },
    { "an escaped backslash", TEXT("\"\\\\\"\""), "STRING@1:1 <BAD>@1:5 <EOF>@1:6" },
    { "a comment sign in a string", TEXT("\"//\" x"), "STRING@1:1 IDENT@1:6 <EOF>@1:7" },
    { "a line break in a string", TEXT("\"a\nb\" x"), "STRING@1:1 IDENT@2:4 <EOF>@2:5" },
    { "columns are code points", TEXT("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\";"),
      "STRING@1:1 ';'@1:6 <EOF>@1:7" },
    { "a string without an end", TEXT("\"a"), "<BAD>@1:1 <EOF>@1:3" },
    { "a backslash as the last byte", TEXT("\"\\"), "<BAD>@1:1 <EOF>@1:3" },
    { "NUL", TEXT("a\0b"), "IDENT@1:1 <BAD>@1:2 IDENT@1:3 <EOF>@1:4" },
    { "NUL in a string", TEXT("\"a\0b\""), "<BAD>@1:3 IDENT@1:4 <BAD>@1:5 <EOF>@1:6" },
    { "NUL in a comment", TEXT("//\0"), "<BAD>@1:3 <EOF>@1:4" },
    { "an escaped NUL", TEXT("\"\\\0\""), "<BAD>@1:3 <BAD>@1:4 <EOF>@1:5" },
    { "NUL at the end", TEXT(";\0"), "';'@1:1 <BAD>@1:2 <EOF>@1:3" },
    { "a lone continuation byte", TEXT("\x80"), "<BAD>@1:1 <EOF>@1:2" },
    { "an overlong slash", TEXT("\xc0\xaf"), "<BAD>@1:1 <BAD>@1:2 <EOF>@1:3" },
    { "a surrogate", TEXT("\"\xed\xa0\x80\""), "<BAD>@1:2 <BAD>@1:3 <BAD>@1:4 <BAD>@1:5 <EOF>@1:6" },
    { "above U+10FFFF", TEXT("// \xf4\x90\x80\x80"), "<BAD>@1:4 <BAD>@1:5 <BAD>@1:6 <BAD>@1:7 <EOF>@1:8" },
    { "a cut sequence", TEXT("\"\xe2\x82"), "<BAD>@1:2 <BAD>@1:3 <EOF>@1:4" },
    { "0xff", TEXT("\xff;"), "<BAD>@1:1 ';'@1:2 <EOF>@1:3" },
    { "a byte order mark", TEXT("\xef\xbb\xbf;"), "<BAD>@1:1 ';'@1:2 <EOF>@1:3" },
    { "a byte order mark inside a string is text", TEXT("\"\xef\xbb\xbf\";"),
      "STRING@1:1 ';'@1:4 <EOF>@1:5" },
    { "unassigned signs", TEXT("@ ` ~ $"), "<BAD>@1:1 <BAD>@1:3 <BAD>@1:5 <BAD>@1:7 <EOF>@1:8" },
    { "signs of other languages", TEXT("|| | =~ !~ /* + '"),
      "<BAD>@1:1 <BAD>@1:4 <BAD>@1:6 <BAD>@1:9 <BAD>@1:12 <BAD>@1:15 <BAD>@1:17 <EOF>@1:18" },
};

static void run_row(size_t i)
{
    /* An exact-size copy, so that the address sanitizer sees a look past the end. */
    uint8_t *text = malloc(rows[i].len ? rows[i].len : 1);
    char got[1024] = "";
    size_t at = 0;

    if (!text)
        abort();
    memcpy(text, rows[i].text, rows[i].len);
    struct policy_lexer lx = policy_lexer_of(att_span_of(text, rows[i].len));
    for (unsigned n = 0; n < 64; n++) {
        struct policy_token t = policy_lexer_next(&lx);
        at += (size_t)snprintf(got + at, sizeof got - at, "%s%s@%u:%u", at ? " " : "",
                               policy_token_name(t.kind), t.at.line, t.at.column);
        if (t.kind == TOK_EOF)
            break;
    }
    cases_check(&cases, strcmp(got, rows[i].want) == 0, "%s:\n want %s\n got  %s", rows[i].name, rows[i].want,
                got);
    struct policy_token again = policy_lexer_next(&lx);
    cases_check(&cases, again.kind == TOK_EOF && again.at.text.len == 0, "%s: the end stays the end",
                rows[i].name);
    free(text);
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        run_row(i);
    return cases_report(&cases);
}
