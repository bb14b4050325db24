/* layers: attest base codec */
/* A set of policy signers as a client sends it. Properties: a refusal says why and changes nothing; what is taken is
 * read as itself when it is read again, with as many keys, and holds no member but the four that are kept. */
#include <attest/signers.h>

#include "codec/json.h"

static void check(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static void check_kept(struct att_arena *a, struct att_span kept, size_t count)
{
    struct att_json doc;
    att_json_id keys = ATT_JSON_NONE;

    check(att_json_parse(a, kept, NULL, &doc, NULL));
    keys = att_json_get(&doc, ATT_JSON_ROOT, "keys");
    check(att_json_type(&doc, keys) == ATT_JSON_ARRAY && doc.nodes[keys].count == count);
    for (att_json_id at = att_json_first(&doc, keys); at != ATT_JSON_NONE; at = att_json_next(&doc, at)) {
        check(doc.nodes[at].count == 4);
        check(doc.nodes[att_json_get(&doc, at, "x5c")].count > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_span kept = { 0 }, again = { 0 };
    struct att_err err = { 0 };
    size_t count = 4711, count_again = 0;

    if (size > 1 << 16)
        return 0;
    struct att_arena *a = att_arena_new(8 << 20);
    check(a != NULL);
    if (att_signers_read(a, att_span_of(data, size), NULL, &kept, &count, &err)) {
        check(err.code == ATT_OK && count <= ATT_SIGNERS_MAX);
        check_kept(a, kept, count);
        check(att_signers_read(a, kept, NULL, &again, &count_again, &err));
        check(count_again == count && att_span_eq(kept, again));
    } else {
        check(err.code != ATT_OK && err.text[0] && err.expected[0] && err.found[0]);
        check(!kept.ptr && count == 4711);
    }
    att_arena_free(a);
    return 0;
}
