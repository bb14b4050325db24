/* Paths and queries: decoded once, and nothing that two decoders could read differently. */
#include "http/http.h"

#include "support/cases.h"

#include <stdlib.h>

/* want: segments joined by '|', a '/' at the end for a trailing slash; NULL: refused. */
static const struct {
    const char *name, *raw, *want;
} paths[] = {
    { "root", "/", "" },
    { "one", "/certs", "certs" },
    { "trailing slash", "/certs/", "certs/" },
    { "three", "/a/B/c", "a|B|c" },
    { "colon in the last segment", "/policies/SgxEnclave:reset", "policies|SgxEnclave:reset" },
    { "escaped colon in the last segment", "/policies/SgxEnclave%3Areset", "policies|SgxEnclave:reset" },
    { "escaped letter", "/%63erts", "certs" },
    { "escaped space", "/a%20b", "a b" },
    { "plus stays plus", "/a+b", "a+b" },
    { "UTF-8 of two bytes", "/%c3%a4", "\xc3\xa4" },
    { "UTF-8 of four bytes", "/%f0%9f%98%80", "\xf0\x9f\x98\x80" },
    { "three dots", "/...", "..." },
    { "dot inside", "/.well-known/openid-configuration", ".well-known|openid-configuration" },

    { "empty", "", NULL },
    { "no slash", "a", NULL },
    { "asterisk", "*", NULL },
    { "double slash first", "//a", NULL },
    { "double slash inside", "/a//b", NULL },
    { "double slash last", "/a//", NULL },
    { "double slash alone", "//", NULL },
    { "dot", "/./a", NULL },
    { "dot last", "/a/.", NULL },
    { "dots", "/a/../b", NULL },
    { "dots last", "/a/..", NULL },
    { "escaped dots", "/a/%2e%2e/b", NULL },
    { "half escaped dots", "/a/.%2E/b", NULL },
    { "escaped dot", "/%2e/b", NULL },
    { "escaped slash", "/a%2fb", NULL },
    { "escaped slash in capitals", "/a%2Fb", NULL },
    { "escaped backslash", "/a%5cb", NULL },
    { "backslash", "/a\\b", NULL },
    { "NUL", "/a%00", NULL },
    { "line break", "/a%0d%0a", NULL },
    { "DEL", "/a%7f", NULL },
    { "C1 control", "/a%c2%85", NULL },
    { "semicolon", "/a;b", NULL },
    { "escaped semicolon", "/a%3bb", NULL },
    { "escaped twice", "/a%252fb", NULL },
    { "colon before the last segment", "/a:b/c", NULL },
    { "escaped colon before the last segment", "/a%3ab/c", NULL },
    { "lone percent", "/a%", NULL },
    { "percent and one digit", "/a%2", NULL },
    { "percent and no digits", "/a%zz", NULL },
    { "percent and a sign", "/a%+1", NULL },
    { "percent at a segment's end", "/a%2/f", NULL },
    { "UTF-8 cut", "/%c3", NULL },
    { "UTF-8 continuation alone", "/%80", NULL },
    { "UTF-8 overlong slash", "/%c0%af", NULL },
    { "UTF-8 overlong of three bytes", "/%e0%80%af", NULL },
    { "UTF-8 overlong of four bytes", "/%f0%80%80%af", NULL },
    { "UTF-8 surrogate", "/%ed%a0%80", NULL },
    { "UTF-8 above U+10FFFF", "/%f4%90%80%80", NULL },
    { "UTF-8 lead byte f5", "/%f5%80%80%80", NULL },
    { "Latin-1", "/%e4", NULL },

    { "A10: %2f between provider and operation", "/attest%2fSgxEnclave", NULL },
    { "A10: %2F in capitals", "/attest%2FSgxEnclave", NULL },
    { "A10: %2f first", "/%2fattest", NULL },
    { "A10: %2f last", "/attest%2f", NULL },
    { "A10: %252f, for whom decodes twice", "/attest%252fSgxEnclave", NULL },
    { "A10: %5c", "/attest%5cSgxEnclave", NULL },
    { "A10: // first", "//attest/SgxEnclave", NULL },
    { "A10: // as an authority", "//other.example/attest/SgxEnclave", NULL },
    { "A10: // inside", "/attest//SgxEnclave", NULL },
    { "A10: // last", "/attest/SgxEnclave//", NULL },
    { "A10: ///", "///", NULL },
    { "A10: ; parameter", "/attest;v=1/SgxEnclave", NULL },
    { "A10: ; in the last segment", "/attest/SgxEnclave;a", NULL },
    { "A10: ..; as some servers take it", "/attest/..;/policies", NULL },
    { "A10: %3b", "/attest%3bv=1/SgxEnclave", NULL },
    { "A10: ..", "/providers/a/../b", NULL },
    { "A10: .. first", "/../b", NULL },
    { "A10: .. last", "/providers/a/..", NULL },
    { "A10: .. and a slash", "/providers/a/../", NULL },
    { "A10: .", "/providers/./b", NULL },
    { "A10: . and a slash", "/providers/./", NULL },
    { "A10: %2e%2e", "/providers/a/%2e%2e/b", NULL },
    { "A10: %2E%2E in capitals", "/providers/a/%2E%2E/b", NULL },
    { "A10: .%2e", "/providers/a/.%2e/b", NULL },
    { "A10: %2e.", "/providers/a/%2e./b", NULL },
    { "A10: %2e", "/providers/%2e/b", NULL },
    { "A10: %252e%252e, for whom decodes twice", "/providers/a/%252e%252e/b", NULL },
    { "A10: ..%2f", "/providers/a/..%2fb", NULL },
    { "A10: ..%5c", "/providers/a/..%5cb", NULL },
    { "A10: ..%00", "/providers/a/..%00/b", NULL },
    { "A10: %u002e, IIS's escapes", "/providers/%u002e%u002e/b", NULL },
    { "A10: overlong . of two bytes", "/providers/%c0%ae%c0%ae/b", NULL },
    { "A10: overlong . of three bytes", "/providers/%e0%80%ae/b", NULL },
    { "A10: overlong / of two bytes", "/providers%c0%afb", NULL },
    { "A10: overlong / of five bytes", "/providers%f8%80%80%80%afb", NULL },
    { "A10: overlong letter", "/%c1%a1ttest", NULL },
    { "A10: overlong NUL", "/attest%c0%80", NULL },
    { "A10: surrogates of one letter", "/%ed%a0%bd%ed%b8%80", NULL },
    { "A10: %0a", "/attest%0a/SgxEnclave", NULL },
    { "A10: a tab", "/attest%09", NULL },
    /* What follows gets through as other text: the application's comparison has to fail. */
    { "A10: case is kept for the application", "/Attest/sGXeNCLAVE", "Attest|sGXeNCLAVE" },
    { "A10: a segment of three dots is a name", "/providers/.../b", "providers|...|b" },
    { "A10: .a is a name", "/providers/..a/b", "providers|..a|b" },
    { "A10: fullwidth solidus is no /", "/attest%ef%bc%8fSgxEnclave", "attest\xef\xbc\x8fSgxEnclave" },
    { "A10: one dot leader is no .", "/%e2%80%a4%e2%80%a4/b", "\xe2\x80\xa4\xe2\x80\xa4|b" },
    { "A10: fullwidth letters are no letters", "/%ef%bd%81ttest", "\xef\xbd\x81ttest" },
    { "A10: a trailing slash is seen", "/attest/SgxEnclave/", "attest|SgxEnclave/" },
    { "A10: a space behind the name", "/attest%20/SgxEnclave", "attest |SgxEnclave" },
};

/* want NULL: absent; "!": refused. */
static const struct {
    const char *name, *query, *want;
} queries[] = {
    { "empty query", "", NULL },
    { "alone", "api-version=2020-10-01", "2020-10-01" },
    { "second", "a=b&api-version=1", "1" },
    { "first", "api-version=1&a=b", "1" },
    { "other case", "API-Version=1", "1" },
    { "escaped name", "api%2dversion=1", "1" },
    { "escaped value", "api-version=%31%20+", "1  " },
    { "empty value", "api-version=", "" },
    { "without equals", "api-version", "" },
    { "equals in the value", "api-version=a=b", "a=b" },
    { "absent", "a=b", NULL },
    { "prefix of the name", "api-versio=1", NULL },
    { "name with a tail", "api-versions=1", NULL },
    { "empty pairs", "&&api-version=1&", "1" },
    { "question mark is data", "?api-version=1", NULL },
    { "semicolon does not separate", "a;api-version=1", NULL },

    { "twice", "api-version=1&api-version=2", "!" },
    { "twice, equal", "api-version=1&api-version=1", "!" },
    { "twice, in two cases", "api-version=1&Api-Version=1", "!" },
    { "twice, one escaped", "api-version=1&api%2Dversion=1", "!" },
    { "twice, one without value", "api-version&api-version=1", "!" },
    { "broken escape in the value", "api-version=%1", "!" },
    { "broken escape elsewhere", "api-version=1&a=%zz", "!" },
    { "NUL in the value", "api-version=1%00", "!" },
    { "NUL in a name", "a%00b=1", "!" },
    { "line break in the value", "api-version=1%0a", "!" },
    { "not UTF-8", "api-version=%ff", "!" },
};

static void join(const struct http_path *p, char *ret, size_t max)
{
    size_t at = 0;

    for (size_t i = 0; i < p->count; i++) {
        if (i > 0 && at < max)
            ret[at++] = '|';
        for (size_t k = 0; k < p->segments[i].len && at < max; k++)
            ret[at++] = (char)p->segments[i].ptr[k];
    }
    if (p->trailing_slash && at < max)
        ret[at++] = '/';
    ret[at < max ? at : max - 1] = '\0';
}

static void check_paths(struct cases *c)
{
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct att_arena *arena = att_arena_new(1 << 16);
        struct http_path path = { .count = 77 };
        struct att_err err = { 0 };
        char got[256] = "";

        bool ok = http_path_split(arena, att_str(paths[i].raw), &path, &err);
        if (ok)
            join(&path, got, sizeof got);
        if (paths[i].want)
            cases_check(c, ok && strcmp(got, paths[i].want) == 0, "path %s: %s (%s)", paths[i].name, got,
                        err.text);
        else
            cases_check(c, !ok && err.code == ATT_REQUEST_MALFORMED && path.count == 77,
                        "path %s: accepted as %s", paths[i].name, got);
        att_arena_free(arena);
    }
}

static void check_queries(struct cases *c)
{
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        struct att_arena *arena = att_arena_new(1 << 16);
        struct att_span value = { 0 };
        bool present = false;
        struct att_err err = { 0 };
        const char *want = queries[i].want;

        bool ok = http_query_get(arena, att_str(queries[i].query), "api-version", &present, &value, &err);
        if (want && strcmp(want, "!") == 0)
            cases_check(c, !ok && err.code == ATT_REQUEST_MALFORMED, "query %s: accepted", queries[i].name);
        else
            cases_check(c, ok && present == (want != NULL) && (!want || att_span_is(value, want)),
                        "query %s: %s", queries[i].name, ok ? "another value" : err.text);
        att_arena_free(arena);
    }
}

static void check_limits(struct cases *c)
{
    char raw[2 * HTTP_PATH_SEGMENTS_MAX + 4];
    struct http_path path;
    struct att_err err = { 0 };
    struct att_arena *arena = att_arena_new(1 << 16);
    struct att_arena *small = att_arena_new(4);

    for (size_t i = 0; i < sizeof raw; i++)
        raw[i] = i % 2 ? 'a' : '/';
    cases_check(c,
                http_path_split(arena, att_span_of(raw, 2 * HTTP_PATH_SEGMENTS_MAX), &path, &err) &&
                    path.count == HTTP_PATH_SEGMENTS_MAX,
                "32 segments: %s", err.text);
    cases_check(c, !http_path_split(arena, att_span_of(raw, 2 * HTTP_PATH_SEGMENTS_MAX + 2), &path, &err),
                "33 segments were accepted");
    err = (struct att_err){ 0 };
    cases_check(c,
                !http_path_split(small, att_str("/abcdefgh"), &path, &err) && err.code == ATT_OUT_OF_MEMORY,
                "no memory: %s", err.text);
    att_arena_free(small);
    att_arena_free(arena);
}

static void check_names(struct cases *c)
{
    struct http_header headers[] = { { att_str("Content-TYPE"), att_str("a") },
                                     { att_str("x-a"), att_str("1") },
                                     { att_str("X-A"), att_str("2") } };
    struct http_request request = { .headers = headers, .header_count = 3 };

    cases_check(c, http_header_find(&request, "content-type") == &headers[0], "header in another case");
    cases_check(c, http_header_find(&request, "x-a") == &headers[1], "the first of two headers");
    cases_check(c, http_header_find(&request, "x") == NULL && http_header_find(&request, "x-ab") == NULL,
                "part of a name");
    cases_check(
        c, http_text_is(att_str("SgxEnclave"), "sgxenclave") && !http_text_is(att_str("SgxEnclave"), "sgx"),
        "without case");
    cases_check(c,
                !http_text_is(att_span_of("a\0b", 3), "a") && !http_text_is(att_str("\xc3\x84"), "\xc3\xa4"),
                "NUL and letters beyond ASCII");
    cases_check(c, !http_text_is(att_str("["), "{") && !http_text_is(att_str("@"), "`"),
                "only letters have a case");
}

int main(void)
{
    struct cases c = { .name = "http.path" };

    check_paths(&c);
    check_queries(&c);
    check_limits(&c);
    check_names(&c);
    return cases_report(&c);
}
