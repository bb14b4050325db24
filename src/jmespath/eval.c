/* The tree applied to a value. Each kind of node is a function of the current value. The stack it needs is bounded:
 * by the height of the tree, and by the projections that are open, both limited by jmespath_depth_max. */
#include "jmespath/tree.h"

enum { ARGS_ON_STACK = 4 };

/* Projections
 * ------------------------------------------------------------------------------------------------ */

static bool project(struct jmes_search *s, const struct jmes_node *link, const struct jmes_value *current,
                    struct jmes_value *ret);

static bool is_projection(const struct jmes_node *n)
{
    return n->kind == JMES_EACH || n->kind == JMES_EACH_MEMBER || n->kind == JMES_FILTER;
}

/* The links of a chain, up to its end or its next []. */
static bool run_links(struct jmes_search *s, const struct jmes_node *link, const struct jmes_value *current,
                      struct jmes_value *ret)
{
    struct jmes_value v = *current;

    for (; link && link->kind != JMES_FLATTEN; link = link->next) {
        if (is_projection(link))
            return project(s, link, &v, ret);
        if (!jmes_eval(s, link, &v, &v))
            return false;
    }
    *ret = v;
    return true;
}

static bool keep(struct jmes_search *s, const struct jmes_node *link, const struct jmes_value *element,
                 bool *ret)
{
    struct jmes_value condition;

    *ret = true;
    if (link->kind != JMES_FILTER)
        return true;
    if (!jmes_eval(s, link->first, element, &condition))
        return false;
    *ret = jmes_truthy(&condition);
    return true;
}

static bool project_each(struct jmes_search *s, const struct jmes_node *link,
                         const struct jmes_value *container, struct jmes_value *ret)
{
    struct jmes_iter i = jmes_iter(container);
    struct jmes_list out = { 0 };
    struct jmes_value element;
    bool ok = true;

    while (jmes_next(s, &i, &element, &ok)) {
        bool kept = false;
        if (!keep(s, link, &element, &kept))
            return false;
        if (!kept)
            continue;
        if (!run_links(s, link->next, &element, &element))
            return false;
        if (element.type != ATT_JSON_NULL && !jmes_list_add(s, &out, &element))
            return false;
    }
    *ret = jmes_list_value(&out);
    return ok;
}

static bool project(struct jmes_search *s, const struct jmes_node *link, const struct jmes_value *current,
                    struct jmes_value *ret)
{
    enum att_json_type wanted = link->kind == JMES_EACH_MEMBER ? ATT_JSON_OBJECT : ATT_JSON_ARRAY;

    if (current->type != wanted) {
        *ret = jmes_null();
        return true;
    }
    if (s->projections >= s->limits->jmespath_depth_max)
        return jmes_too_deep(s);
    s->projections++;
    bool ok = project_each(s, link, current, ret);
    s->projections--;
    return ok;
}

static bool add_all(struct jmes_search *s, const struct jmes_value *array, struct jmes_list *out)
{
    struct jmes_iter i = jmes_iter(array);
    struct jmes_value element;
    bool ok = true;

    while (jmes_next(s, &i, &element, &ok))
        if (!jmes_list_add(s, out, &element))
            return false;
    return ok;
}

static bool flatten(struct jmes_search *s, const struct jmes_value *current, struct jmes_value *ret)
{
    struct jmes_iter i = jmes_iter(current);
    struct jmes_list out = { 0 };
    struct jmes_value element;
    bool ok = true;

    if (current->type != ATT_JSON_ARRAY) {
        *ret = jmes_null();
        return true;
    }
    while (jmes_next(s, &i, &element, &ok)) {
        bool inner = element.type == ATT_JSON_ARRAY;
        if (inner ? !add_all(s, &element, &out) : !jmes_list_add(s, &out, &element))
            return false;
    }
    *ret = jmes_list_value(&out);
    return ok;
}

static bool eval_chain(struct jmes_search *s, const struct jmes_node *chain, const struct jmes_value *current,
                       struct jmes_value *ret)
{
    const struct jmes_node *link = chain->first;
    struct jmes_value v = *current;

    for (;;) {
        if (!run_links(s, link, &v, &v))
            return false;
        while (link && link->kind != JMES_FLATTEN)
            link = link->next;
        if (!link)
            break;
        if (!flatten(s, &v, &v))
            return false;
        link = link->next;
    }
    *ret = v;
    return true;
}

/* Elements
 * --------------------------------------------------------------------------------------------------- */

static bool eval_index(struct jmes_search *s, int64_t index, const struct jmes_value *current,
                       struct jmes_value *ret)
{
    if (index < 0)
        index += current->count;
    if (current->type != ATT_JSON_ARRAY || index < 0 || index >= current->count) {
        *ret = jmes_null();
        return true;
    }
    return jmes_element(s, current, (uint32_t)index, ret);
}

/* Specification, "Slices": what lies outside counts as the nearest end. */
static int64_t slice_end(int64_t at, int64_t count, bool backwards)
{
    if (at < 0)
        at += count;
    if (at < 0)
        return backwards ? -1 : 0;
    if (at >= count)
        return backwards ? count - 1 : count;
    return at;
}

/* How many elements lie on the way from start to before stop. */
static uint32_t slice_count(int64_t start, int64_t stop, int64_t step)
{
    int64_t way = step > 0 ? stop - start : start - stop;
    int64_t pace = step > 0 ? step : -step;

    return way > 0 ? (uint32_t)((way + pace - 1) / pace) : 0;
}

static bool eval_slice(struct jmes_search *s, const struct jmes_slice *slice,
                       const struct jmes_value *current, struct jmes_value *ret)
{
    int64_t count = current->count;
    bool backwards = slice->step < 0;
    int64_t start = slice->has_start ? slice_end(slice->start, count, backwards) : backwards ? count - 1 : 0;
    int64_t stop = slice->has_stop ? slice_end(slice->stop, count, backwards) : backwards ? -1 : count;
    struct jmes_iter i = jmes_iter(current);
    struct jmes_value element;
    bool ok = true;

    if (current->type != ATT_JSON_ARRAY) {
        *ret = jmes_null();
        return true;
    }
    uint32_t wanted = slice_count(start, stop, slice->step);
    struct jmes_value *items = jmes_alloc(s, wanted, sizeof *items);
    if (!items)
        return false;
    /* Elements of a document are a list: one walk forwards, and each is put where it belongs. */
    while (jmes_next(s, &i, &element, &ok)) {
        int64_t way = (int64_t)i.at - 1 - start;
        int64_t place = way / slice->step;
        if (way % slice->step == 0 && place >= 0 && place < wanted)
            items[place] = element;
    }
    *ret = jmes_array(items, wanted);
    return ok;
}

static bool eval_select_list(struct jmes_search *s, const struct jmes_node *n,
                             const struct jmes_value *current, struct jmes_value *ret)
{
    uint32_t count = 0;

    if (current->type == ATT_JSON_NULL) {
        *ret = jmes_null();
        return true;
    }
    struct jmes_value *items = jmes_alloc(s, n->children, sizeof *items);
    if (!items)
        return false;
    for (const struct jmes_node *c = n->first; c; c = c->next)
        if (!jmes_eval(s, c, current, &items[count++]))
            return false;
    *ret = jmes_array(items, count);
    return true;
}

/* A name that stands twice: the last one counts, in the place of the first. */
static struct jmes_member *place_of(struct jmes_member *members, uint32_t *count, struct att_span name)
{
    for (uint32_t i = 0; i < *count; i++)
        if (att_span_eq(members[i].name, name))
            return &members[i];
    members[*count].name = name;
    return &members[(*count)++];
}

static bool eval_select_hash(struct jmes_search *s, const struct jmes_node *n,
                             const struct jmes_value *current, struct jmes_value *ret)
{
    uint32_t count = 0;

    if (current->type == ATT_JSON_NULL) {
        *ret = jmes_null();
        return true;
    }
    struct jmes_member *members = jmes_alloc(s, n->children, sizeof *members);
    if (!members)
        return false;
    for (const struct jmes_node *c = n->first; c; c = c->next) {
        if (!jmes_spend(s, count) ||
            !jmes_eval(s, c->first, current, &place_of(members, &count, c->name)->value))
            return false;
    }
    *ret = jmes_object(members, count);
    return true;
}

/* Operators and calls
 * ---------------------------------------------------------------------------------------- */

static bool compare(struct jmes_search *s, uint8_t op, const struct jmes_value *a, const struct jmes_value *b,
                    struct jmes_value *ret)
{
    bool equal = false;
    int order = 0;

    if (op == JMES_EQ || op == JMES_NE) {
        if (!jmes_equal(s, a, b, &equal))
            return false;
        *ret = jmes_bool(equal == (op == JMES_EQ));
        return true;
    }
    if (a->type != ATT_JSON_NUMBER || b->type != ATT_JSON_NUMBER) {
        *ret = jmes_null(); /* only numbers have an order here */
        return true;
    }
    if (!jmes_order(s, a, b, &order))
        return false;
    *ret = jmes_bool(op == JMES_LT   ? order < 0
                     : op == JMES_LE ? order <= 0
                     : op == JMES_GT ? order > 0
                                     : order >= 0);
    return true;
}

static bool eval_compare(struct jmes_search *s, const struct jmes_node *n, const struct jmes_value *current,
                         struct jmes_value *ret)
{
    struct jmes_value left;
    struct jmes_value right;

    if (!jmes_eval(s, n->first, current, &left))
        return false;
    for (const struct jmes_node *c = n->first->next; c; c = c->next)
        if (!jmes_eval(s, c, current, &right) || !compare(s, c->op, &left, &right, &left))
            return false;
    *ret = left;
    return true;
}

/* The first operand that decides, or the last one: an operand, not a boolean. */
static bool eval_logic(struct jmes_search *s, const struct jmes_node *n, bool decides,
                       const struct jmes_value *current, struct jmes_value *ret)
{
    struct jmes_value v = jmes_null();

    for (const struct jmes_node *c = n->first; c; c = c->next) {
        if (!jmes_eval(s, c, current, &v))
            return false;
        if (jmes_truthy(&v) == decides)
            break;
    }
    *ret = v;
    return true;
}

static bool eval_call(struct jmes_search *s, const struct jmes_node *n, const struct jmes_value *current,
                      struct jmes_value *ret)
{
    struct jmes_value few[ARGS_ON_STACK];
    struct jmes_value *args = few;
    size_t count = 0;

    if (n->children > ARGS_ON_STACK)
        args = jmes_alloc(s, n->children, sizeof *args);
    if (!args)
        return false;
    for (const struct jmes_node *c = n->first; c; c = c->next)
        if (!jmes_eval(s, c, current, &args[count++]))
            return false;
    const struct jmes_call call = { n->u.function, args, count, n };
    return jmes_function_types(s, &call) && n->u.function->run(s, &call, ret);
}

static bool eval_not(struct jmes_search *s, const struct jmes_node *n, const struct jmes_value *current,
                     struct jmes_value *ret)
{
    struct jmes_value v;

    if (!jmes_eval(s, n->first, current, &v))
        return false;
    *ret = jmes_bool(!jmes_truthy(&v));
    return true;
}

static bool eval_pipe(struct jmes_search *s, const struct jmes_node *n, const struct jmes_value *current,
                      struct jmes_value *ret)
{
    struct jmes_value v = *current;

    for (const struct jmes_node *c = n->first; c; c = c->next)
        if (!jmes_eval(s, c, &v, &v))
            return false;
    *ret = v;
    return true;
}

static bool eval_field(struct jmes_search *s, const struct jmes_node *n, const struct jmes_value *current,
                       struct jmes_value *ret)
{
    if (current->type == ATT_JSON_OBJECT)
        return jmes_member(s, current, n->name, ret);
    *ret = jmes_null();
    return true;
}

bool jmes_eval(struct jmes_search *s, const struct jmes_node *n, const struct jmes_value *current,
               struct jmes_value *ret)
{
    if (!jmes_spend(s, 1))
        return false;
    switch ((enum jmes_node_kind)n->kind) {
    case JMES_CURRENT:
        *ret = *current;
        return true;
    case JMES_LITERAL:
        *ret = n->u.literal;
        return true;
    case JMES_CHAIN:
        return eval_chain(s, n, current, ret);
    case JMES_FIELD:
        return eval_field(s, n, current, ret);
    case JMES_INDEX:
        return eval_index(s, n->u.index, current, ret);
    case JMES_SLICE:
        return eval_slice(s, &n->u.slice, current, ret);
    case JMES_SELECT_LIST:
        return eval_select_list(s, n, current, ret);
    case JMES_SELECT_HASH:
        return eval_select_hash(s, n, current, ret);
    case JMES_CALL:
        return eval_call(s, n, current, ret);
    case JMES_EXPREF:
        *ret = (struct jmes_value){ .form = JMES_EXPR, .u.expr = n->first };
        return true;
    case JMES_NOT:
        return eval_not(s, n, current, ret);
    case JMES_AND:
        return eval_logic(s, n, false, current, ret);
    case JMES_OR:
        return eval_logic(s, n, true, current, ret);
    case JMES_PIPE:
        return eval_pipe(s, n, current, ret);
    case JMES_COMPARE:
        return eval_compare(s, n, current, ret);
    case JMES_FLATTEN:
    case JMES_EACH:
    case JMES_EACH_MEMBER:
    case JMES_FILTER:
    case JMES_PAIR:
        break; /* links of a chain, and parts of { }: never alone */
    }
    *ret = jmes_null();
    return true;
}
