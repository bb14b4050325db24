/* layers: jmespath codec base */
/* A query, NUL, JSON. What is answered is JSON that our strict reader takes, the same each time; with fewer steps it is
 * the same or JMESPATH_LIMIT; "@" gives the compact input, which is a fixed point; what is refused says where and why. */
#include <attest/jmespath.h>

#include "codec/json.h"
#include "codec/utf8.h"
#include "jmespath/search.h"

#define MUST(x)                                                                                              \
    do {                                                                                                     \
        if (!(x))                                                                                            \
            __builtin_trap();                                                                                \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS = 100 * 1000, ARENA_BYTES = 16 << 20 };

static void check_refusal(const struct att_err *err)
{
    MUST(err->code != ATT_OK && err->where[0] && err->text[0] && err->found[0] && err->expected[0]);
    for (const char *c = err->text; *c; c++)
        MUST(*c >= 0x20 && *c < 0x7f);
}

static void check_compile_refusal(const struct att_err *err, unsigned column, size_t len)
{
    check_refusal(err);
    MUST(err->code == ATT_JMESPATH_SYNTAX || err->code == ATT_JMESPATH_FUNCTION_UNKNOWN ||
         err->code == ATT_JMESPATH_ARITY || err->code == ATT_JMESPATH_VALUE ||
         err->code == ATT_JMESPATH_LIMIT);
    MUST(column >= 1 && column <= len + 1 && strncmp(err->where, "jmespath:", 9) == 0);
}

struct outcome {
    bool ok;
    size_t steps_used;
    struct att_span result;
    struct att_err err;
};

static struct outcome search(const struct att_jmespath *query, struct att_arena *a,
                             const struct att_json *doc, size_t steps)
{
    struct outcome o = { 0 };
    size_t left = steps;

    o.ok = jmespath_search_doc(query, a, doc, NULL, &left, &o.result, &o.err);
    MUST(left <= steps);
    o.steps_used = steps - left;
    if (o.ok) {
        MUST(o.err.code == ATT_OK);
        return o;
    }
    check_refusal(&o.err);
    MUST(o.err.code == ATT_JMESPATH_TYPE || o.err.code == ATT_JMESPATH_VALUE ||
         o.err.code == ATT_JMESPATH_LIMIT || o.err.code == ATT_OUT_OF_MEMORY);
    return o;
}

static bool same(const struct outcome *a, const struct outcome *b)
{
    return a->ok == b->ok && a->err.code == b->err.code && strcmp(a->err.text, b->err.text) == 0 &&
           (!a->ok || att_span_eq(a->result, b->result));
}

static void check_search(const struct att_jmespath *query, const struct att_json *doc)
{
    struct att_arena *a = att_arena_new(ARENA_BYTES);
    struct att_arena *b = att_arena_new(ARENA_BYTES);
    struct att_json again;
    struct att_err err = { 0 };

    struct outcome first = search(query, a, doc, STEPS);
    struct outcome second = search(query, b, doc, STEPS);
    MUST(same(&first, &second) && first.steps_used == second.steps_used);
    if (first.ok) {
        MUST(att_json_parse(b, first.result, NULL, &again, &err));
        MUST(att_utf8_valid(first.result));
    }
    struct outcome enough = search(query, b, doc, first.steps_used);
    struct outcome fewer = search(query, b, doc, first.steps_used / 2);
    MUST(enough.err.code == ATT_OUT_OF_MEMORY || same(&first, &enough));
    MUST(first.steps_used < 2 || fewer.err.code == ATT_JMESPATH_LIMIT || fewer.err.code == ATT_OUT_OF_MEMORY);
    att_arena_free(a);
    att_arena_free(b);
}

/* "@" of the text, and "@" of that again. */
static void check_identity(struct att_span json)
{
    struct att_arena *a = att_arena_new(ARENA_BYTES);
    struct att_jmespath *query = NULL;
    struct att_span once = { 0 };
    struct att_span twice = { 0 };
    struct att_err err = { 0 };

    MUST(att_jmespath_compile(att_str("@"), NULL, &query, NULL, &err));
    if (att_jmespath_search(query, a, json, NULL, &once, &err)) {
        MUST(att_jmespath_search(query, a, once, NULL, &twice, &err));
        MUST(att_span_eq(once, twice) && once.len <= json.len);
    } else {
        check_refusal(&err);
    }
    att_jmespath_free(query);
    att_arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    struct att_span text = att_span_of(data, nul ? (size_t)(nul - data) : size);
    struct att_span json = nul ? att_span_of(nul + 1, size - text.len - 1) : att_str("{}");
    struct att_arena *a = att_arena_new(ARENA_BYTES);
    struct att_jmespath *query = NULL;
    struct att_json doc;
    struct att_err err = { 0 };
    unsigned column = 0;

    bool compiled = att_jmespath_compile(text, NULL, &query, &column, &err);
    MUST(compiled == (query != NULL));
    if (!compiled)
        check_compile_refusal(&err, column, text.len);
    err = (struct att_err){ 0 };
    if (compiled && att_json_parse(a, json, NULL, &doc, &err))
        check_search(query, &doc);
    check_identity(json);
    att_jmespath_free(query);
    att_arena_free(a);
    return 0;
}
