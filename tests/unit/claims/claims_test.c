#include <attest/claims.h>

#include "base/buf.h"
#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cases cases = { .name = "claims" };

#define CHECK(ok, ...) cases_check(&cases, ok, __VA_ARGS__)

/* "type=value/issuer flags", one for each claim, joined with a space */
static const char *shown(const struct att_claims *set)
{
    static char text[2048];
    size_t at = 0;

    text[0] = '\0';
    for (size_t i = 0; i < set->count; i++) {
        const struct att_claim *c = &set->items[i];
        char value[256];
        if (c->value.kind == ATT_CLAIM_BOOL)
            (void)snprintf(value, sizeof value, "%s", c->value.boolean ? "true" : "false");
        else if (c->value.kind == ATT_CLAIM_INT)
            (void)snprintf(value, sizeof value, "%lld", (long long)c->value.integer);
        else
            (void)snprintf(value, sizeof value, "%s%.*s", c->value.kind == ATT_CLAIM_JSON ? "json:" : "'",
                           (int)c->value.text.len, (const char *)c->value.text.ptr);
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%.*s=%s/%c%u", i ? " " : "", (int)c->type.len,
                               (const char *)c->type.ptr, value,
                               att_issuer_name(c->issuer)[0] == 'C' ? 'C'
                               : c->issuer == ATT_ISSUER_POLICY     ? 'P'
                                                                    : 'S',
                               c->flags);
    }
    return text;
}

static void adding(void)
{
    struct att_arena *arena = att_arena_new(1 << 20);
    struct att_claims set;
    struct att_err err = { 0 };
    const uint8_t bytes[] = { 0x00, 0xab, 0xff };
    struct att_claim by_policy = { .type = att_str("i"),
                                   .value = { .kind = ATT_CLAIM_INT, .integer = 1 },
                                   .issuer = ATT_ISSUER_POLICY };

    att_claims_init(&set, arena, NULL);
    CHECK(att_claims_find(&set, "i", ATT_ISSUER_SERVICE) == NULL, "an empty set has nothing");
    CHECK(att_claims_add_int(&set, "i", 1, 0, &err) &&
              att_claims_add_int(&set, "i", 1, ATT_CLAIM_IN_TOKEN, &err) &&
              att_claims_add_int(&set, "i", 1, ATT_CLAIM_READ_ONLY, &err),
          "equal claims");
    CHECK(strcmp(shown(&set), "i=1/S3") == 0, "equal claims collapse, flags are joined: %s", shown(&set));
    CHECK(att_claims_add_text(&set, "i", att_str("1"), 0, &err) &&
              att_claims_add_bool(&set, "i", true, 0, &err) &&
              att_claims_add_json(&set, "i", att_str("1"), 0, &err) &&
              att_claims_add(&set, &by_policy, &err) && att_claims_add_int(&set, "ii", 1, 0, &err) &&
              att_claims_add_int(&set, "i", 2, 0, &err),
          "claims that differ in one thing");
    CHECK(strcmp(shown(&set), "i=1/S3 i='1/S0 i=true/S0 i=json:1/S0 i=1/P0 ii=1/S0 i=2/S0") == 0,
          "stay apart: %s", shown(&set));
    CHECK(att_claims_find(&set, "i", ATT_ISSUER_SERVICE) == &set.items[0] &&
              att_claims_find(&set, "i", ATT_ISSUER_POLICY) == &set.items[4] &&
              att_claims_find(&set, "i", ATT_ISSUER_CUSTOM) == NULL &&
              att_claims_find(&set, "I", ATT_ISSUER_SERVICE) == NULL,
          "found by type and issuer");
    CHECK(att_claims_add_hex(&set, "h", att_span_of(bytes, sizeof bytes), 0, &err) &&
              att_span_is(att_claims_find(&set, "h", ATT_ISSUER_SERVICE)->value.text, "00abff"),
          "hex is lower case");
    CHECK(att_claims_add_hex(&set, "e", (struct att_span){ 0 }, 0, &err) &&
              att_claims_find(&set, "e", ATT_ISSUER_SERVICE)->value.text.len == 0,
          "hex of nothing");
    CHECK(err.code == ATT_OK, "no error on success");
    att_arena_free(arena);
}

static void limits(void)
{
    struct att_limits few = att_limits_default;
    struct att_arena *arena = att_arena_new(1 << 20);
    struct att_claims set;
    struct att_err err = { 0 };
    bool ok = true;

    few.policy_claims_max = 20;
    att_claims_init(&set, arena, &few);
    for (int i = 0; i < 20; i++)
        ok = ok && att_claims_add_int(&set, "i", i, 0, &err);
    CHECK(ok && set.count == 20, "20 fit");
    CHECK(att_claims_add_int(&set, "i", 7, 0, &err), "an equal one needs no room");
    CHECK(!att_claims_add_int(&set, "i", 20, 0, &err) && err.code == ATT_LIMIT_EXCEEDED && set.count == 20,
          "the 21st does not: %s", err.text);
    att_arena_free(arena);

    for (size_t ceiling = 0; ceiling < 8192; ceiling += 64) {
        arena = att_arena_new(ceiling);
        att_claims_init(&set, arena, NULL);
        err = (struct att_err){ 0 };
        int added = 0;
        while (added < 40 && att_claims_add_int(&set, "i", added, 0, &err))
            added++;
        ok = added == 40 ? err.code == ATT_OK : err.code == ATT_OUT_OF_MEMORY;
        for (int i = 0; i < added; i++)
            ok = ok && set.items[i].value.integer == i;
        CHECK(ok && set.count == (size_t)added, "%zu bytes: %s", ceiling, err.text);
        att_arena_free(arena);
    }
}

static const struct {
    const char *name;
    const char *json;
    const char *want; /* as shown() has it; NULL: refused */
    enum att_code code;
    const char *where;
} rows[] = {
    { "nothing", "[]", "", ATT_OK, "" },
    { "no members", "{}", "", ATT_OK, "" },
    { "a claim of each kind",
      "[{\"type\":\"a\",\"value\":true,\"issuer\":\"AttestationService\"},"
      "{\"type\":\"b\",\"value\":-5,\"issuer\":\"AttestationPolicy\"},{\"type\":\"c\",\"value\":\"x\","
      "\"issuer\":"
      "\"CustomClaim\"}]",
      "a=true/S0 b=-5/P0 c='x/C0", ATT_OK, "" },
    { "no issuer is the weakest", "[{\"type\":\"a\",\"value\":1}]", "a=1/C0", ATT_OK, "" },
    { "members in another order", "[{\"issuer\":\"AttestationService\",\"value\":1,\"type\":\"a\"}]",
      "a=1/S0", ATT_OK, "" },
    { "an array is several claims", "[{\"type\":\"a\",\"value\":[1,\"1\",true,1]}]",
      "a=1/C0 a='1/C0 a=true/C0", ATT_OK, "" },
    { "an empty array is none", "[{\"type\":\"a\",\"value\":[]}]", "", ATT_OK, "" },
    { "names and values", "{\"a\":1,\"b\":[\"x\",\"y\"],\"c\":false}", "a=1/C0 b='x/C0 b='y/C0 c=false/C0",
      ATT_OK, "" },
    { "escapes", "{\"\\u0061\":\"\\n\\\"\"}", "a='\n\"/C0", ATT_OK, "" },
    { "the least integer", "{\"a\":-9223372036854775808}", "a=-9223372036854775808/C0", ATT_OK, "" },
    { "a value type that agrees", "[{\"type\":\"a\",\"value\":1,\"valueType\":\"Integer\"}]", "a=1/C0",
      ATT_OK, "" },
    { "an empty string", "{\"a\":\"\"}", "a='/C0", ATT_OK, "" },

    { "no JSON", "", NULL, ATT_JSON_SYNTAX, "json" },
    { "a string", "\"a\"", NULL, ATT_JSON_TYPE, "claims" },
    { "null", "null", NULL, ATT_JSON_TYPE, "claims" },
    { "a fraction", "{\"a\":1.5}", NULL, ATT_JSON_RANGE, "claims[0].value" },
    { "a fraction of nothing", "{\"a\":1.0}", NULL, ATT_JSON_RANGE, "claims[0].value" },
    { "an exponent", "{\"a\":1e3}", NULL, ATT_JSON_RANGE, "claims[0].value" },
    { "too large", "{\"a\":9223372036854775808}", NULL, ATT_JSON_RANGE, "claims[0].value" },
    { "null value", "{\"a\":null}", NULL, ATT_JSON_TYPE, "claims[0].value" },
    { "an object as value", "{\"b\":1,\"a\":{}}", NULL, ATT_JSON_TYPE, "claims[1].value" },
    { "an array in an array", "{\"a\":[1,[2]]}", NULL, ATT_JSON_TYPE, "claims[0].value" },
    { "null in an array", "{\"a\":[1,null]}", NULL, ATT_JSON_TYPE, "claims[0].value" },
    { "the same name twice", "{\"a\":1,\"a\":2}", NULL, ATT_JSON_DUPLICATE, "json" },
    { "a claim that is no object", "[1]", NULL, ATT_JSON_TYPE, "claims[0]" },
    { "no type", "[{\"type\":\"b\",\"value\":1},{\"value\":1}]", NULL, ATT_JSON_MISSING, "claims[1].type" },
    { "no value", "[{\"type\":\"a\"}]", NULL, ATT_JSON_MISSING, "claims[0].value" },
    { "a type that is no string", "[{\"type\":1,\"value\":1}]", NULL, ATT_JSON_TYPE, "claims[0].type" },
    { "an unknown issuer", "[{\"type\":\"a\",\"value\":1,\"issuer\":\"Me\"}]", NULL, ATT_JSON_TYPE,
      "claims[0].issuer" },
    { "an issuer in another case", "[{\"type\":\"a\",\"value\":1,\"issuer\":\"customclaim\"}]", NULL,
      ATT_JSON_TYPE, "claims[0].issuer" },
    { "an issuer that is no string", "[{\"type\":\"a\",\"value\":1,\"issuer\":null}]", NULL, ATT_JSON_TYPE,
      "claims[0].issuer" },
    { "a misspelt member", "[{\"type\":\"a\",\"value\":1,\"isuer\":\"AttestationService\"}]", NULL,
      ATT_JSON_TYPE, "claims[0]" },
    { "a value type that does not agree", "[{\"type\":\"a\",\"value\":1,\"valueType\":\"String\"}]", NULL,
      ATT_JSON_TYPE, "claims[0].valueType" },
    { "agrees with one of two", "[{\"type\":\"a\",\"value\":[1,\"1\"],\"valueType\":\"Integer\"}]", NULL,
      ATT_JSON_TYPE, "claims[0].valueType" },
    { "does not agree, and equals an earlier claim",
      "[{\"type\":\"a\",\"value\":1},{\"type\":\"a\",\"value\":1,\"valueType\":\"Boolean\"}]", NULL,
      ATT_JSON_TYPE, "claims[1].valueType" },
    { "an unknown value type", "[{\"type\":\"a\",\"value\":1,\"valueType\":\"Int\"}]", NULL, ATT_JSON_TYPE,
      "claims[0].valueType" },
    { "trailing bytes", "[]x", NULL, ATT_JSON_SYNTAX, "json" },
};

static void reading(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *arena = att_arena_new(1 << 20);
        struct att_claims set;
        struct att_err err = { 0 };
        char *json = strdup(rows[i].json);

        att_claims_init(&set, arena, NULL);
        CHECK(att_claims_add_int(&set, "before", 1, 0, &err), "%s: ready", rows[i].name);
        bool ok = json && att_claims_read_json(&set, att_str(json), &err);
        if (json)
            memset(json, 'x', strlen(json)); /* the set must not borrow from it */
        free(json);
        char want[256];
        (void)snprintf(want, sizeof want, "before=1/S0%s%s", rows[i].want && rows[i].want[0] ? " " : "",
                       rows[i].want ? rows[i].want : "");
        CHECK(ok == (rows[i].want != NULL) && err.code == rows[i].code &&
                  strcmp(err.where, rows[i].where) == 0,
              "%s: %s at '%s'", rows[i].name, err.text, err.where);
        CHECK(strcmp(shown(&set), want) == 0, "%s: want %s, got %s", rows[i].name, want, shown(&set));
        att_arena_free(arena);
    }
}

/* Every truncation of a good text is refused and leaves the set alone; so does every arena that is too small. */
static void cutting(void)
{
    static const char json[] =
        "[{\"type\":\"a\",\"value\":[\"\\u00e9\",-12,true],\"issuer\":\"AttestationService\"},"
        "{\"type\":\"b\",\"value\":0,\"valueType\":\"Integer\"}]";

    for (size_t len = 0; len < sizeof json - 1; len++) {
        struct att_arena *arena = att_arena_new(1 << 20);
        struct att_claims set;
        struct att_err err = { 0 };
        att_claims_init(&set, arena, NULL);
        CHECK(!att_claims_read_json(&set, att_span_of(json, len), &err) && err.code != ATT_OK &&
                  set.count == 0,
              "cut at %zu: %s", len, err.text);
        att_arena_free(arena);
    }
    bool fits = false;
    for (size_t ceiling = 0; ceiling < 16384; ceiling += 16) {
        struct att_arena *arena = att_arena_new(ceiling);
        struct att_claims set;
        struct att_err err = { 0 };
        att_claims_init(&set, arena, NULL);
        bool ok = att_claims_read_json(&set, att_str(json), &err);
        CHECK(ok ? set.count == 4 : err.code == ATT_OUT_OF_MEMORY && set.count == 0, "%zu bytes: %s", ceiling,
              err.text);
        CHECK(!fits || ok, "%zu bytes were enough before", ceiling);
        fits = ok;
        att_arena_free(arena);
    }
    CHECK(fits, "16 kB are enough");
}

int main(void)
{
    adding();
    limits();
    reading();
    cutting();
    CHECK(strcmp(att_issuer_name(ATT_ISSUER_SERVICE), "AttestationService") == 0 &&
              strcmp(att_issuer_name(ATT_ISSUER_POLICY), "AttestationPolicy") == 0 &&
              strcmp(att_issuer_name(ATT_ISSUER_CUSTOM), "CustomClaim") == 0,
          "names of issuers");
    return cases_report(&cases);
}
