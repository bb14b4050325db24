/* layers: authority access keys base codec */
/* application/x-www-form-urlencoded: what is read, and the many things that are not. */
#include "authority/form.h"

#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>

static struct cases cases = { .name = "authority.form" };

struct row {
    const char *name;
    const char *form;
    size_t len; /* 0: strlen */
    enum att_code want;
    const char *parameter, *value; /* when it is taken */
};

static const struct row rows[] = {
    { "one parameter", "a=b", 0, ATT_OK, "a", "b" },
    { "two", "a=b&c=d", 0, ATT_OK, "c", "d" },
    { "none", "", 0, ATT_OK, "a", "" },
    { "no value is not sent", "a=&b=1", 0, ATT_OK, "a", "" },
    { "no sign is not sent", "a&b=1", 0, ATT_OK, "a", "" },
    { "a value with signs", "a=b=c==", 0, ATT_OK, "a", "b=c==" },
    { "plus is a space", "a=b+c", 0, ATT_OK, "a", "b c" },
    { "%2B is a plus", "a=b%2Bc", 0, ATT_OK, "a", "b+c" },
    { "either case of digits", "a=%2f%2F", 0, ATT_OK, "a", "//" },
    { "an escaped name", "%61=b", 0, ATT_OK, "a", "b" },
    { "escaped signs do not split", "a=b%26c%3Dd", 0, ATT_OK, "a", "b&c=d" },
    { "UTF-8", "a=%C3%A9", 0, ATT_OK, "a", "\xc3\xa9" },
    { "names have case", "A=1&a=2", 0, ATT_OK, "a", "2" },
    { "empty parts", "&&a=b&", 0, ATT_OK, "a", "b" },
    { "a parameter twice", "a=b&a=b", 0, ATT_REQUEST_MALFORMED, NULL, NULL },
    { "twice, one empty", "a=b&a=", 0, ATT_REQUEST_MALFORMED, NULL, NULL },
    { "twice, one without sign", "a&a=b", 0, ATT_REQUEST_MALFORMED, NULL, NULL },
    { "twice, one escaped", "a=b&%61=c", 0, ATT_REQUEST_MALFORMED, NULL, NULL },
    { "twice, far apart", "a=1&b=2&c=3&d=4&a=5", 0, ATT_REQUEST_MALFORMED, NULL, NULL },
    { "no name", "=b", 0, ATT_REQUEST_MALFORMED, NULL, NULL },
    { "a sign alone", "a=b&=", 0, ATT_REQUEST_MALFORMED, NULL, NULL },
    { "escape cut off", "a=%", 0, ATT_REQUEST_MALFORMED, NULL, NULL },
    { "escape cut off after a digit", "a=%4", 0, ATT_REQUEST_MALFORMED, NULL, NULL },
    { "escape cut off by the next", "a=%4&b=1", 0, ATT_REQUEST_MALFORMED, NULL, NULL },
    { "no hexadecimal digits", "a=%zz", 0, ATT_REQUEST_MALFORMED, NULL, NULL },
    { "a digit and a letter", "a=%4g", 0, ATT_REQUEST_MALFORMED, NULL, NULL },
    { "broken in a name", "%4=b", 0, ATT_REQUEST_MALFORMED, NULL, NULL },
    { "broken in a parameter that nobody reads", "a=b&x-client=%q", 0, ATT_REQUEST_MALFORMED, NULL, NULL },
    { "an escaped NUL", "a=b%00c", 0, ATT_REQUEST_MALFORMED, NULL, NULL },
    { "a NUL", "a=b\0c", 5, ATT_REQUEST_MALFORMED, NULL, NULL },
    { "not UTF-8", "a=%FF", 0, ATT_REQUEST_MALFORMED, NULL, NULL },
    { "an overlong form", "a=%C0%AF", 0, ATT_REQUEST_MALFORMED, NULL, NULL },
    { "half a character", "a=%C3", 0, ATT_REQUEST_MALFORMED, NULL, NULL },
};

static void check_row(const struct row *row)
{
    struct att_arena *arena = att_arena_new(1 << 20);
    struct form form = { .count = 99 };
    struct att_err err = { 0 };

    bool ok = form_parse(arena, att_span_of(row->form, row->len ? row->len : strlen(row->form)), &form, &err);
    cases_check(&cases, err.code == row->want && ok == (row->want == ATT_OK), "%s: %s", row->name, err.text);
    if (ok)
        cases_check(&cases, att_span_is(form_get(&form, row->parameter), row->value), "%s: another value",
                    row->name);
    else
        cases_check(&cases, form.count == 99 && err.where[0] && err.expected[0],
                    "%s: changed, or says nothing", row->name);
    att_arena_free(arena);
}

/* No value is in a refusal: it may be a secret. */
static void check_silent(void)
{
    struct att_arena *arena = att_arena_new(1 << 20);
    struct form form;
    struct att_err err = { 0 };

    bool ok = form_parse(arena, att_str("client_secret=hush%ZZ"), &form, &err);
    cases_check(&cases, !ok && !strstr(err.text, "hush") && !strstr(err.found, "hush"),
                "a value in a refusal");
    att_arena_free(arena);
}

static void check_many(size_t count, enum att_code want)
{
    struct att_arena *arena = att_arena_new(4 << 20);
    char *text = calloc(count + 1, 16);
    struct form form;
    struct att_err err = { 0 };
    size_t len = 0;

    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, 16, "&p%zu=1", i);
    bool ok = form_parse(arena, att_span_of(text, len), &form, &err);
    cases_check(&cases, err.code == want && ok == (want == ATT_OK), "%zu parameters: %s", count, err.text);
    free(text);
    att_arena_free(arena);
}

static void check_length(size_t value_len, size_t name_len, enum att_code want)
{
    struct att_arena *arena = att_arena_new(4 << 20);
    size_t len = name_len + 1 + value_len;
    char *text = malloc(len);
    struct form form;
    struct att_err err = { 0 };

    memset(text, 'x', len);
    text[name_len] = '=';
    bool ok = form_parse(arena, att_span_of(text, len), &form, &err);
    cases_check(&cases, err.code == want && ok == (want == ATT_OK), "name of %zu, value of %zu bytes: %s",
                name_len, value_len, err.text);
    free(text);
    att_arena_free(arena);
}

/* Cut off at every length: taken or refused, never read beyond. */
static void check_cuts(void)
{
    static const char whole[] =
        "grant_type=client_credentials&scope=https%3A%2F%2Fattest.azure.net%2F.default&x=%C3%A9";

    for (size_t len = 0; len < sizeof whole; len++) {
        char *copy = malloc(len + 1);
        struct att_arena *arena = att_arena_new(1 << 20);
        struct form form;
        struct att_err err = { 0 };
        memcpy(copy, whole, len);
        bool ok = form_parse(arena, att_span_of(copy, len), &form, &err);
        cases_check(&cases, ok == (err.code == ATT_OK), "cut at %zu", len);
        att_arena_free(arena);
        free(copy);
    }
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_row(&rows[i]);
    check_silent();
    check_cuts();
    check_many(64, ATT_OK);
    check_many(65, ATT_LIMIT_EXCEEDED);
    check_length(65534, 1, ATT_OK);
    check_length(65535, 1, ATT_LIMIT_EXCEEDED);
    check_length(1, 64, ATT_OK);
    check_length(1, 65, ATT_REQUEST_MALFORMED);
    return cases_report(&cases);
}
