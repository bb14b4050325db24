/* layers: attest base codec */
/* An Azure guest's attestation information: parsing alone, without a key or a certificate being looked at. Properties: the same answer
 * twice; a refusal has a code, a place and a reason; what is described is one JSON value. */
#include <attest/attest.h>

#include "codec/json.h"

static struct att_lib *lib;
static struct att_arena *arenas[3];

static void check(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static void make_all(void)
{
    if (lib)
        return;
    check(att_lib_new(NULL, &lib, NULL));
    for (int i = 0; i < 3; i++)
        check((arenas[i] = att_arena_new(att_limits_default.arena_bytes_max)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_span text = att_span_of(data, size), first = { 0 }, again = { 0 };
    struct att_err err = { 0 }, err_again = { 0 };
    struct att_json doc;

    if (size > 1 << 16)
        return 0;
    make_all();
    for (int i = 0; i < 3; i++)
        att_arena_reset(arenas[i]);
    bool ok = att_describe(lib, arenas[0], "azure-guest", text, &first, &err);
    check(ok == att_describe(lib, arenas[1], "azure-guest", text, &again, &err_again));
    check(memcmp(&err, &err_again, sizeof err) == 0);
    check(att_span_eq(first, again));
    if (ok)
        check(err.code == ATT_OK && att_json_parse(arenas[2], first, NULL, &doc, NULL));
    else
        check(err.code != ATT_OK && err.text[0] && err.where[0] && err.found[0] && err.expected[0] &&
              !first.ptr);
    return 0;
}
