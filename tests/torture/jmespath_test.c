/* layers: jmespath crypto codec base */
/* JMESPath: compiling, and searching with every kind of memory that a search takes. */
#include "torture/torture.h"

#include <attest/jmespath.h>

#include <stdio.h>

static struct cases cases = { .name = "torture.jmespath" };

struct scene {
    const char *query;
    const char *wanted;
    struct att_jmespath *compiled; /* kept between runs; NULL: compiled in each */
};

static const char json[] =
    "{\"n\":[3,1,2.50],\"s\":[\"b\\n\",\"\\u0061\"],\"o\":{\"k\\u0065y\":{\"deep\":[1]}}}";

static enum torture_answer search(void *state, struct att_err *err)
{
    struct scene *scene = state;
    struct att_arena *arena = att_arena_new((size_t)1 << 20);
    struct att_jmespath *mine = NULL;
    struct att_span found = { 0 };

    bool ok = arena &&
              (scene->compiled || att_jmespath_compile(att_str(scene->query), NULL, &mine, NULL, err)) &&
              att_jmespath_search(scene->compiled ? scene->compiled : mine, arena, att_str(json), NULL,
                                  &found, err);
    torture_rest();
    enum torture_answer answer = ok ? TORTURE_RIGHT : TORTURE_REFUSED;
    if (ok && !att_span_is(found, scene->wanted))
        answer = torture_wrong("%s gave %.*s", scene->query, (int)found.len, (const char *)found.ptr);
    if (!arena && !ok)
        *err = (struct att_err){ .code = ATT_OUT_OF_MEMORY, .where = "test", .text = "owned up to it" };
    att_jmespath_free(mine);
    att_arena_free(arena);
    return answer;
}

int main(void)
{
    static struct scene scenes[] = {
        { .query = "o.\"key\"", .wanted = "{\"deep\":[1]}" },
        { .query = "{a: n[?@ > `1`], b: 'it\\'s', c: `{\"x\":[1,\"\\`\"]}`, d: [s, keys(o)]}",
          .wanted =
              "{\"a\":[3,2.50],\"b\":\"it's\",\"c\":{\"x\":[1,\"`\"]},\"d\":[[\"b\\n\",\"a\"],[\"key\"]]}" },
        { .query = "[sort(n), reverse(s), join('', s), to_string(o), merge(o, {z: sum(n)}), n[::2], *.*[][]]",
          .wanted = "[[1,2.50,3],[\"a\",\"b\\n\"],\"b\\na\",\"{\\\"key\\\":{\\\"deep\\\":[1]}}\","
                    "{\"key\":{\"deep\":[1]},\"z\":6.5},[3,2.50],[{\"deep\":[1]}]]" },
    };

    torture_start();
    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
        struct att_err err = { 0 };
        char name[32];
        (void)snprintf(name, sizeof name, "query %zu", i);
        torture_flow(&cases, &(struct torture_flow){ .name = name, .run = search, .state = &scenes[i] });
        if (!att_jmespath_compile(att_str(scenes[i].query), NULL, &scenes[i].compiled, NULL, &err))
            cases_check(&cases, false, "%s: %s", scenes[i].query, err.text);
        (void)snprintf(name, sizeof name, "kept query %zu", i);
        torture_flow(&cases, &(struct torture_flow){
                                 .name = name, .run = search, .state = &scenes[i], .keeps = true });
        att_jmespath_free(scenes[i].compiled);
    }
    return cases_report(&cases);
}
