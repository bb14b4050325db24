/* tests/unit/access/harness.h - what the tests of access/ share: two issuers with keys made for the test, a count of
 * cases by attack number. A case whose name begins with "J12: " counts for J12; attacks_report prints one row for each. */
#ifndef TESTS_UNIT_ACCESS_HARNESS_H
#define TESTS_UNIT_ACCESS_HARNESS_H

#include "access/access.h"
#include "support/cases.h"
#include "support/tokens.h"

#include <stdio.h>
#include <stdlib.h>

#define HARNESS __attribute__((unused)) static

#define ISSUER_A "https://login.example/11111111-1111-4111-8111-111111111111/v2.0"
#define TENANT_A "11111111-1111-4111-8111-11111111abcd"
#define ISSUER_B "https://sts.example/22222222-2222-4222-8222-222222222222/"
#define TENANT_B "22222222-2222-4222-8222-222222222222"
#define OID      "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
#define DATA     "https://attest.example"
#define CONTROL  "https://management.example/"
#define NOW      1800000000

static struct cases cases;
enum { ATTACKS = 32 };
static unsigned attack_cases[2][ATTACKS]; /* J and A */

/* One case, counted for the attack that its name begins with. */
HARNESS __attribute__((format(printf, 3, 4))) void attack(const char *name, bool ok, const char *format, ...)
{
    char text[1024];
    unsigned number = 0;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if ((name[0] == 'J' || name[0] == 'A') && sscanf(name + 1, "%u:", &number) == 1 && number < ATTACKS)
        attack_cases[name[0] == 'A'][number]++;
    cases_check(&cases, ok, "%s: %s", name, text);
}

HARNESS int attacks_report(void)
{
    for (unsigned i = 0; i < 2 * ATTACKS; i++) {
        if (attack_cases[i / ATTACKS][i % ATTACKS] > 0)
            printf("attack %c%u cases %u\n", i < ATTACKS ? 'J' : 'A', i % ATTACKS,
                   attack_cases[i / ATTACKS][i % ATTACKS]);
    }
    return cases_report(&cases);
}

static const char *const data_audiences[] = { DATA, "dddddddd-0000-4000-8000-00000000da7a", NULL };
static const char *const control_audiences[] = { CONTROL, "https://core.example/", NULL };

/* An issuer with a local key set, to be changed by the test. */
HARNESS struct access_issuer issuer_with(const char *keys_json)
{
    return (struct access_issuer){
        .name = "a",
        .issuer = ISSUER_A,
        .tenant = TENANT_A,
        .keys_json = att_str(keys_json),
        .audiences = { [ACCESS_CONTROL] = control_audiences, [ACCESS_DATA] = data_audiences }
    };
}

HARNESS struct access *access_with(const struct access_issuer *issuers, size_t count)
{
    const struct access_options options = { .issuers = issuers, .issuer_count = count };
    struct access *a = NULL;
    struct att_err err = { 0 };

    if (!access_new(&options, &a, &err)) {
        fprintf(stderr, "access_new: %s\n", err.text);
        exit(2);
    }
    return a;
}

/* Claims of issuer A's good data-plane token, and `more` in front of them: "\"x\":1,". */
HARNESS char *good_claims(const char *more)
{
    return test_text("{%s\"aud\":\"" DATA "\",\"exp\":%d,\"iat\":%d,\"iss\":\"" ISSUER_A
                     "\",\"nbf\":%d,\"oid\":\"" OID "\",\"tid\":\"" TENANT_A "\"}",
                     more, NOW + 3600, NOW - 60, NOW - 60);
}

/* The same with one part left out and another text in its place: aud, exp, iat, iss, nbf, oid or tid. */
HARNESS char *claims_but(const char *part, const char *instead)
{
    static const char *const names[] = { "aud", "exp", "iat", "iss", "nbf", "oid", "tid" };
    const char *values[] = { "\"" DATA "\"",     test_text("%d", NOW + 3600), test_text("%d", NOW - 60),
                             "\"" ISSUER_A "\"", test_text("%d", NOW - 60),   "\"" OID "\"",
                             "\"" TENANT_A "\"" };
    char *text = test_text("%s", instead);

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], part) != 0)
            text = test_text("%s%s\"%s\":%s", text, *text ? "," : "", names[i], values[i]);
    }
    return test_text("{%s}", text);
}

struct verdict {
    bool good;
    struct att_err err;
    size_t refresh;
    struct access_identity who; /* texts live in the arena, which lives to the end of the program */
};

HARNESS struct verdict check_at(struct access *a, const char *token, enum access_audience plane, int64_t now)
{
    struct att_arena *arena = att_arena_new((size_t)4 << 20);
    const struct access_check in = { .token = att_str(token), .audience = plane, .now_unix_s = now };
    static const struct access_identity untouched = { .issuer_name = "untouched" };
    struct verdict v = { .who = untouched };
    char *name = NULL;

    v.good = access_token_check(a, arena, &in, &v.who, &v.refresh, &v.err);
    cases_check(&cases, v.good == (v.err.code == ATT_OK), "a refusal has a code, a yes has none: %s",
                v.err.text);
    cases_check(&cases, v.good || (v.err.where[0] && v.err.expected[0] && v.err.text[0]),
                "a refusal says where, why and what instead: %s", v.err.text);
    cases_check(&cases, v.good || memcmp(&v.who, &untouched, sizeof untouched) == 0,
                "the identity changes only on success");
    if (v.good) { /* keep the texts beyond the arena */
        v.who.issuer_name = test_text("%s", v.who.issuer_name);
        v.who.tenant = test_text("%s", v.who.tenant);
        v.who.principal = test_text("%s", v.who.principal);
        v.who.application = v.who.application ? test_text("%s", v.who.application) : NULL;
        v.who.name = name = test_text("%s", v.who.name);
        const char **groups = test_kept(calloc(v.who.group_count + 1, sizeof *groups));
        for (size_t i = 0; i < v.who.group_count; i++)
            groups[i] = test_text("%s", v.who.groups[i]);
        v.who.groups = groups;
    }
    att_arena_free(arena);
    return v;
}

HARNESS struct verdict check(struct access *a, const char *token)
{
    return check_at(a, token, ACCESS_DATA, NOW);
}

/* One attack: this token is refused with this code (ATT_OK: it is good). */
HARNESS void expect(struct access *a, const char *name, const char *token, enum att_code want)
{
    struct verdict v = check(a, token);
    attack(name, v.err.code == want, "got %s (%s), wanted %s", att_code_name(v.err.code), v.err.text,
           att_code_name(want));
}

#endif
