#include "jmespath/value.h"

#include "base/err.h"

#include <stdio.h>

bool jmes_steps_gone(struct jmes_search *s)
{
    s->steps_left = 0;
    return jmes_complain(&s->complaint, ATT_JMESPATH_LIMIT, 0, "a search that ends within its steps",
                         "more work than there were steps left");
}

bool jmes_too_deep(struct jmes_search *s)
{
    char expected[64];

    (void)snprintf(expected, sizeof expected, "at most %zu levels of nesting", s->limits->jmespath_depth_max);
    return jmes_complain(&s->complaint, ATT_JMESPATH_LIMIT, 0, expected,
                         "a value or a projection nested deeper");
}

bool jmes_no_memory(struct jmes_search *s)
{
    return att_fail_memory(s->complaint.err, "jmespath");
}

void *jmes_alloc(struct jmes_search *s, size_t count, size_t size)
{
    size_t bytes = 0;

    if (__builtin_mul_overflow(count, size, &bytes)) {
        (void)jmes_no_memory(s);
        return NULL;
    }
    if (!jmes_spend(s, 1 + bytes / JMES_MEMORY_PER_STEP))
        return NULL;
    void *out = att_arena_alloc(s->arena, count, size);
    if (!out)
        (void)jmes_no_memory(s);
    return out;
}

struct jmes_value jmes_of_node(const struct att_json *doc, att_json_id id)
{
    const struct att_json_node *n = &doc->nodes[id];
    struct jmes_value v = { .type = n->type, .form = JMES_DOC, .count = n->count };

    switch ((enum att_json_type)n->type) {
    case ATT_JSON_NULL:
        return jmes_null();
    case ATT_JSON_BOOL:
        return jmes_bool(att_json_true(doc, id));
    case ATT_JSON_NUMBER:
        return jmes_number(att_json_source(doc, id));
    case ATT_JSON_STRING:
        if (!n->escaped)
            return jmes_string(att_span_of(doc->source.ptr + n->start + 1, n->end - n->start - 2));
        break;
    case ATT_JSON_ARRAY:
    case ATT_JSON_OBJECT:
        break;
    }
    v.u.node.doc = doc;
    v.u.node.id = id;
    return v;
}

bool jmes_list_add(struct jmes_search *s, struct jmes_list *list, const struct jmes_value *item)
{
    if (list->count == list->capacity) {
        uint32_t wanted = list->capacity ? list->capacity * 2 : 4;
        if (wanted < list->capacity)
            return jmes_no_memory(s);
        struct jmes_value *grown = jmes_alloc(s, wanted, sizeof *grown);
        if (!grown)
            return false;
        if (list->count > 0)
            memcpy(grown, list->items, list->count * sizeof *grown);
        list->items = grown;
        list->capacity = wanted;
    }
    list->items[list->count++] = *item;
    return true;
}

bool jmes_truthy(const struct jmes_value *v)
{
    switch ((enum att_json_type)v->type) {
    case ATT_JSON_NULL:
        return false;
    case ATT_JSON_BOOL:
        return v->truth;
    case ATT_JSON_STRING:
        return v->form == JMES_DOC || v->u.text.len > 0; /* one with escapes is not empty */
    case ATT_JSON_ARRAY:
    case ATT_JSON_OBJECT:
        return v->count > 0;
    case ATT_JSON_NUMBER:
        break;
    }
    return true;
}

const char *jmes_type_name(const struct jmes_value *v)
{
    static const char *const names[] = {
        [ATT_JSON_NULL] = "null",     [ATT_JSON_BOOL] = "boolean", [ATT_JSON_NUMBER] = "number",
        [ATT_JSON_STRING] = "string", [ATT_JSON_ARRAY] = "array",  [ATT_JSON_OBJECT] = "object",
    };

    return v->form == JMES_EXPR ? "expression" : names[v->type];
}

bool jmes_text(struct jmes_search *s, const struct jmes_value *v, struct att_span *ret)
{
    if (v->form == JMES_TEXT) {
        *ret = v->u.text;
        return true;
    }
    const struct att_json *doc = v->u.node.doc;
    if (!jmes_spend(s, 1 + att_json_source(doc, v->u.node.id).len / JMES_MEMORY_PER_STEP))
        return false;
    return att_json_string(doc, s->arena, v->u.node.id, ret) || jmes_no_memory(s);
}

static bool member_of_node(struct jmes_search *s, const struct jmes_value *object, struct att_span name,
                           struct jmes_value *ret)
{
    const struct att_json *doc = object->u.node.doc;
    att_json_id id = att_json_first(doc, object->u.node.id);

    for (; id != ATT_JSON_NONE; id = doc->nodes[id].next) {
        const struct att_json_node *n = &doc->nodes[id];
        if (!jmes_spend(s, 1))
            return false;
        if (!n->key_escaped && n->keylen != name.len)
            continue;
        if (!jmes_spend(s, n->keylen / JMES_TEXT_PER_STEP))
            return false;
        if (att_json_key_is(doc, id, name)) {
            *ret = jmes_of_node(doc, id);
            return true;
        }
    }
    *ret = jmes_null();
    return true;
}

bool jmes_member(struct jmes_search *s, const struct jmes_value *object, struct att_span name,
                 struct jmes_value *ret)
{
    if (object->form == JMES_DOC)
        return member_of_node(s, object, name, ret);
    for (uint32_t i = 0; i < object->count; i++) {
        const struct jmes_member *m = &object->u.members[i];
        if (!jmes_spend_text(s, m->name.len))
            return false;
        if (att_span_eq(m->name, name)) {
            *ret = m->value;
            return true;
        }
    }
    *ret = jmes_null();
    return true;
}

bool jmes_element(struct jmes_search *s, const struct jmes_value *array, uint32_t index,
                  struct jmes_value *ret)
{
    if (index >= array->count) {
        *ret = jmes_null();
        return true;
    }
    if (array->form == JMES_ITEMS) {
        *ret = array->u.items[index];
        return true;
    }
    const struct att_json *doc = array->u.node.doc;
    att_json_id id = att_json_first(doc, array->u.node.id);
    if (!jmes_spend(s, index))
        return false;
    for (uint32_t i = 0; i < index; i++)
        id = doc->nodes[id].next;
    *ret = jmes_of_node(doc, id);
    return true;
}

struct jmes_iter jmes_iter(const struct jmes_value *container)
{
    struct jmes_iter i = { .of = *container, .id = ATT_JSON_NONE, .current = ATT_JSON_NONE };

    if (container->form == JMES_DOC)
        i.id = att_json_first(container->u.node.doc, container->u.node.id);
    return i;
}

bool jmes_next(struct jmes_search *s, struct jmes_iter *i, struct jmes_value *ret, bool *ok)
{
    if (i->at >= i->of.count)
        return false;
    if (!jmes_spend(s, 1)) {
        *ok = false;
        return false;
    }
    uint32_t at = i->at++;
    if (i->of.form == JMES_ITEMS) {
        *ret = i->of.u.items[at];
        return true;
    }
    if (i->of.form == JMES_MEMBERS) {
        *ret = i->of.u.members[at].value;
        return true;
    }
    const struct att_json *doc = i->of.u.node.doc;
    i->current = i->id;
    i->id = doc->nodes[i->id].next;
    *ret = jmes_of_node(doc, i->current);
    return true;
}

bool jmes_name(struct jmes_search *s, const struct jmes_iter *i, struct att_span *ret)
{
    if (i->of.form == JMES_MEMBERS) {
        *ret = i->of.u.members[i->at - 1].name;
        return true;
    }
    const struct att_json *doc = i->of.u.node.doc;
    const struct att_json_node *n = &doc->nodes[i->current];
    if (n->key_escaped && !jmes_spend(s, 1 + n->keylen / JMES_MEMORY_PER_STEP))
        return false;
    return att_json_key(doc, s->arena, i->current, ret) || jmes_no_memory(s);
}
