/* A value again, compact and with sorted members: what tokens carry, and what x-ms-runtime is made of. Levels
 * are a list in the arena, not recursion: the caller's depth limit may be any. */
#include "base/buf.h"
#include "codec/json_text.h"

struct level {
    struct level *outer;
    const att_json_id *sorted; /* members in order; NULL in an array */
    att_json_id next;          /* next element of an array */
    uint32_t written;
    uint32_t count;
};

static bool sort_members(const struct att_json *j, struct att_arena *a, att_json_id obj,
                         const att_json_id **ret)
{
    size_t count = j->nodes[obj].count;
    att_json_id *ids = att_arena_alloc(a, count, 2 * sizeof *ids);
    if (!ids)
        return false;
    size_t n = 0;
    for (att_json_id id = att_json_first(j, obj); id != ATT_JSON_NONE; id = att_json_next(j, id))
        ids[n++] = id;
    *ret = json_names_sort(j->source, j->nodes, ids, ids + count, n, false);
    return true;
}

static bool put_text(struct att_arena *a, struct att_buf *b, struct att_span inside, bool escaped)
{
    struct att_span text = inside;

    if (escaped && !json_unescape(a, inside, &text))
        return false;
    att_json_put_string(b, text); /* the one spelling of a string, however it was escaped */
    return true;
}

static bool put_scalar(const struct att_json *j, struct att_arena *a, att_json_id id, struct att_buf *b)
{
    struct att_span text = att_json_source(j, id);

    if (j->nodes[id].type == ATT_JSON_STRING)
        return put_text(a, b, att_span_of(text.ptr + 1, text.len - 2), j->nodes[id].escaped);
    att_buf_put(b, text);
    return true;
}

/* Opens a container on top of *top, or closes it at once when it is empty. */
static bool put_start(const struct att_json *j, struct att_arena *a, att_json_id id, struct att_buf *b,
                      struct level **top)
{
    const struct att_json_node *n = &j->nodes[id];
    bool object = n->type == ATT_JSON_OBJECT;

    att_buf_puts(b, n->count == 0 ? (object ? "{}" : "[]") : (object ? "{" : "["));
    if (n->count == 0)
        return true;
    struct level *inner = att_arena_alloc(a, 1, sizeof *inner);
    if (!inner)
        return false;
    *inner = (struct level){ .outer = *top, .next = att_json_first(j, id), .count = n->count };
    if (object && !sort_members(j, a, id, &inner->sorted))
        return false;
    *top = inner;
    return true;
}

/* The next child of a level, its comma and its name written. */
static bool put_before_child(const struct att_json *j, struct att_arena *a, struct level *l,
                             struct att_buf *b, att_json_id *ret)
{
    if (l->written > 0)
        att_buf_putc(b, ',');
    att_json_id id = l->sorted ? l->sorted[l->written] : l->next;
    l->written++;
    l->next = att_json_next(j, id);
    if (l->sorted) {
        struct json_name name = json_name_of(j->source, &j->nodes[id]);
        if (!put_text(a, b, name.text, name.escaped))
            return false;
        att_buf_putc(b, ':');
    }
    *ret = id;
    return true;
}

static bool put_value(const struct att_json *j, struct att_arena *a, att_json_id id, struct att_buf *b)
{
    struct level *top = NULL;

    for (;;) {
        bool container = j->nodes[id].type == ATT_JSON_OBJECT || j->nodes[id].type == ATT_JSON_ARRAY;
        if (!(container ? put_start(j, a, id, b, &top) : put_scalar(j, a, id, b)))
            return false;
        while (top && top->written == top->count) {
            att_buf_putc(b, top->sorted ? '}' : ']');
            top = top->outer;
        }
        if (!top)
            return true;
        if (!put_before_child(j, a, top, b, &id))
            return false;
    }
}

bool att_json_put_sorted(const struct att_json *j, struct att_arena *a, att_json_id id, struct att_buf *b)
{
    size_t before = b->len;

    if (id < j->count && put_value(j, a, id, b) && !b->failed)
        return true;
    b->len = before; /* no half of a value */
    return false;
}
