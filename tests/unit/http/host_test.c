/* The name a Host header is for: one key for one host, and no spelling that another decoder would take for another. */
#include "http/http.h"

#include "support/cases.h"

#include <ctype.h>
#include <stdlib.h>

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L61 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
_Static_assert(sizeof L63 == 64 && sizeof L61 == 62, "lengths of the labels");

/* want NULL: refused. */
static const struct {
    const char *name, *host, *want;
} rows[] = {
    { "name", "attest.example", "attest.example" },
    { "name and port", "attest.example:8443", "attest.example" },
    { "one label", "localhost", "localhost" },
    { "A10: upper case", "Tenant1.Attest.EXAMPLE:443", "tenant1.attest.example" },
    { "digits and hyphens", "a-1.2-b.xn--p1ai", "a-1.2-b.xn--p1ai" },
    { "IPv4", "127.0.0.1:8443", "127.0.0.1" },
    { "IPv6", "[::1]", "[::1]" },
    { "IPv6 and port", "[2001:DB8::1]:8443", "[2001:db8::1]" },
    { "IPv6 with IPv4 in it", "[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]" },
    { "a label of 63 bytes", L63 ".example", L63 ".example" },
    { "253 bytes", L63 "." L63 "." L63 "." L61, L63 "." L63 "." L63 "." L61 },
    { "253 bytes and a port", L63 "." L63 "." L63 "." L61 ":65535", L63 "." L63 "." L63 "." L61 },

    { "A10: empty", "", NULL },
    { "A10: trailing dot", "attest.example.", NULL },
    { "A10: trailing dot and port", "attest.example.:443", NULL },
    { "A10: two trailing dots", "attest.example..", NULL },
    { "A10: leading dot", ".attest.example", NULL },
    { "A10: empty label", "attest..example", NULL },
    { "A10: only a dot", ".", NULL },
    { "A10: only a port", ":443", NULL },
    { "A10: a port without digits", "attest.example:", NULL },
    { "A10: a port of letters", "attest.example:https", NULL },
    { "A10: two ports", "attest.example:443:443", NULL },
    { "A10: a port of six digits", "attest.example:123456", NULL },
    { "A10: a port with a sign", "attest.example:+443", NULL },
    { "A10: user before the host", "attest@attest.example", NULL },
    { "A10: path behind the host", "attest.example/", NULL },
    { "A10: backslash", "attest.example\\x", NULL },
    { "A10: query", "attest.example?x", NULL },
    { "A10: fragment", "attest.example#x", NULL },
    { "A10: two hosts", "attest.example,other.example", NULL },
    { "A10: two hosts with a space", "attest.example other.example", NULL },
    { "A10: space first", " attest.example", NULL },
    { "A10: space last", "attest.example ", NULL },
    { "A10: tab", "attest\t.example", NULL },
    { "A10: line break", "attest.example\r\nx", NULL },
    { "A10: percent", "attest%2eexample", NULL },
    { "A10: percent in UTF-8", "attest.ex%C3%A4mple", NULL },
    { "A10: Unicode letter", "attest.ex\xc3\xa4mple", NULL },
    { "A10: Unicode fullwidth letters", "\xef\xbd\x81ttest.example", NULL },
    { "A10: Unicode ideographic full stop",
      "attest\xe3\x80\x82"
      "example",
      NULL },
    { "A10: Unicode Kelvin sign",
      "\xe2\x84\xaa"
      "elvin.example",
      NULL },
    { "A10: Unicode dotless i",
      "m\xc4\xb1"
      "crosoft.example",
      NULL },
    { "A10: Unicode zero-width joiner", "attest\xe2\x80\x8d.example", NULL },
    { "A10: Latin-1", "attest.ex\xe4mple", NULL },
    { "A10: underscore", "attest_1.example", NULL },
    { "A10: semicolon", "attest.example;x", NULL },
    { "A10: asterisk", "*.example", NULL },
    { "A10: a label of 64 bytes", L63 "a.example", NULL },
    { "A10: 254 bytes", L63 "." L63 "." L63 "." L61 "a", NULL },
    { "A10: brackets without an address", "[]", NULL },
    { "A10: brackets without an end", "[::1", NULL },
    { "A10: an end without brackets", "::1]", NULL },
    { "A10: IPv6 without brackets", "::1", NULL },
    { "A10: a zone", "[fe80::1%25eth0]", NULL },
    { "A10: brackets around a name", "[attest.example]", NULL },
    { "A10: text behind the brackets", "[::1]x", NULL },
    { "A10: a dot behind the brackets", "[::1].", NULL },
    { "A10: brackets inside", "attest[.example", NULL },
};

static void check_rows(struct cases *c)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *arena = att_arena_new(1 << 12);
        const char *got = "untouched";
        struct att_err err = { 0 };

        bool ok = http_host_name(arena, att_str(rows[i].host), &got, &err);
        if (rows[i].want)
            cases_check(c, ok && strcmp(got, rows[i].want) == 0, "%s: %s", rows[i].name, ok ? got : err.text);
        else
            cases_check(c,
                        !ok && err.code == ATT_REQUEST_MALFORMED && strcmp(got, "untouched") == 0 &&
                            strcmp(err.where, "http.header.host") == 0 && err.found[0] && err.expected[0],
                        "%s: accepted as %s", rows[i].name, got);
        att_arena_free(arena);
    }
}

/* Every byte in the middle of a name. */
static void check_bytes(struct cases *c)
{
    for (unsigned b = 0; b < 256; b++) {
        struct att_arena *arena = att_arena_new(1 << 12);
        const char *got = NULL;
        uint8_t host[] = { 'a', (uint8_t)b, 'c' };
        bool letter = b < 0x80 && isalnum((int)b);
        bool want = letter || b == '-' || b == '.';

        bool ok = http_host_name(arena, att_span_of(host, sizeof host), &got, NULL);
        cases_check(
            c, ok == want && (!ok || (strlen(got) == 3 && got[1] == (letter ? tolower((int)b) : (int)b))),
            "A10: byte 0x%02x", b);
        att_arena_free(arena);
    }
}

static void check_memory(struct cases *c)
{
    struct att_arena *small = att_arena_new(1);
    const char *got = "untouched";
    struct att_err err = { 0 };

    cases_check(c,
                !http_host_name(small, att_str("attest.example"), &got, &err) &&
                    err.code == ATT_OUT_OF_MEMORY && strcmp(got, "untouched") == 0,
                "no memory");
    cases_check(c, !http_host_name(small, (struct att_span){ 0 }, &got, NULL), "no host at all");
    att_arena_free(small);
}

int main(void)
{
    struct cases c = { .name = "http.host" };

    check_rows(&c);
    check_bytes(&c);
    check_memory(&c);
    return cases_report(&c);
}
