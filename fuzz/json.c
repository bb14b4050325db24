/* layers: codec base */
/* Any bytes as JSON. What is taken has nodes that lie inside each other in order, comes back from its sorted text,
 * and that text is a fixed point; what is refused says why. */
#include "codec/json.h"
#include "base/buf.h"
#include "codec/utf8.h"

#define MUST(x)                                                                                              \
    do {                                                                                                     \
        if (!(x))                                                                                            \
            __builtin_trap();                                                                                \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_refusal(const struct att_err *err, size_t size)
{
    MUST(err->code == ATT_JSON_SYNTAX || err->code == ATT_UTF8_INVALID || err->code == ATT_JSON_DEPTH ||
         err->code == ATT_JSON_DUPLICATE ||
         ((err->code == ATT_JSON_LIMIT || err->code == ATT_OUT_OF_MEMORY) && size > 10000));
    MUST(err->text[0] && err->found[0] && err->expected[0]);
    for (const char *c = err->text; *c; c++)
        MUST(*c >= 0x20 && *c < 0x7f);
}

/* Every child lies behind its elder sibling and inside its parent, and its name (in an object only) before it. */
static void check_nodes(const struct att_json *j, struct att_arena *a)
{
    uint32_t reached = 1;

    for (att_json_id id = 0; id < j->count; id++) {
        const struct att_json_node *n = &j->nodes[id];
        bool object = n->type == ATT_JSON_OBJECT;
        uint32_t at = n->start + 1;
        uint32_t children = 0;
        struct att_span text;
        int64_t number = 0;
        MUST(n->start < n->end && n->end <= j->source.len);
        for (att_json_id c = att_json_first(j, id); c != ATT_JSON_NONE; c = att_json_next(j, c)) {
            const struct att_json_node *child = &j->nodes[c];
            MUST(c > id && child->start >= at && child->end < n->end && (child->key != 0) == object);
            if (object) {
                MUST(child->key > at - 1 && child->key + child->keylen < child->start);
                MUST(att_json_key(j, a, c, &text) && att_utf8_valid(text) && text.len <= child->keylen);
            }
            at = child->end;
            children++;
        }
        MUST(children == n->count);
        reached += children;
        MUST(att_json_string(j, a, id, &text) == (n->type == ATT_JSON_STRING));
        if (n->type == ATT_JSON_STRING)
            MUST(att_utf8_valid(text) && text.len + 2 <= n->end - n->start);
        MUST(!att_json_i64(j, id, &number) || n->type == ATT_JSON_NUMBER);
    }
    MUST(reached == j->count);
}

static void check_sorted(const struct att_json *j, struct att_arena *a)
{
    struct att_buf once = { 0 };
    struct att_buf twice = { 0 };
    struct att_json again;
    struct att_err err = { 0 };

    MUST(att_json_put_sorted(j, a, ATT_JSON_ROOT, &once));
    MUST(once.len <= att_json_source(j, ATT_JSON_ROOT).len);
    MUST(att_json_parse(a, att_buf_span(&once), NULL, &again, &err));
    MUST(again.count == j->count);
    MUST(att_json_put_sorted(&again, a, ATT_JSON_ROOT, &twice));
    MUST(att_span_eq(att_buf_span(&once), att_buf_span(&twice)));
    att_buf_free(&once);
    att_buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct att_json_options fold = { .fold_case = true };
    struct att_arena *a = att_arena_new(64 << 20);
    struct att_json doc;
    struct att_json folded;
    struct att_err err = { 0 };
    struct att_err fold_err = { 0 };

    if (!a)
        return 0;
    bool exact = att_json_parse(a, att_span_of(data, size), NULL, &doc, &err);
    bool in_any_case = att_json_parse(a, att_span_of(data, size), &fold, &folded, &fold_err);
    MUST(exact || !in_any_case); /* folding only ever refuses more */
    if (exact && !in_any_case)
        MUST(fold_err.code == ATT_JSON_DUPLICATE);
    if (exact) {
        check_nodes(&doc, a);
        check_sorted(&doc, a);
    } else {
        check_refusal(&err, size);
    }
    att_arena_free(a);
    return 0;
}
