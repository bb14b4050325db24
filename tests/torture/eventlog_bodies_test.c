/* layers: eventlog crypto codec base */
/* Facts and JSON of events of every kind: the same, or none. */
#include "torture/torture.h"

#include "unit/eventlog/made_events.h"

#include <stdio.h>

static struct cases cases = { .name = "torture.eventlog_bodies" };

struct scene {
    struct made made;
    char peace[4096];
};

static bool flow(struct made *m, char ret[4096], struct att_err *err)
{
    struct log_facts f;
    struct att_span text;

    if (!log_facts_read(&m->env, &m->set, &m->proven, &f, err) ||
        !log_events_json(&m->env, &m->set, &m->proven, &text, err))
        return false;
    (void)snprintf(ret, 4096, "%d%d%d%d %02x%02x %.*s", f.secure_boot, f.code_integrity, f.not_safe_mode,
                   f.has_db, f.db[0], f.db[31], (int)text.len, (const char *)text.ptr);
    return true;
}

static void fresh(void *state)
{
    struct scene *s = state;

    s->made.env.arena = att_arena_new((size_t)2 << 20);
    if (!s->made.env.arena)
        exit(2);
}

static enum torture_answer same(void *state, struct att_err *err)
{
    struct scene *s = state;
    char room[4096];
    bool ok = flow(&s->made, room, err);

    torture_rest();
    att_arena_free(s->made.env.arena);
    s->made.env.arena = NULL;
    if (!ok)
        return TORTURE_REFUSED;
    return strcmp(room, s->peace) == 0 ? TORTURE_RIGHT : torture_wrong("%s", room);
}

static void fill(struct made *m)
{
    static const char record[] = "0a000000"
                                 "7368613235363a00aabb"
                                 "09000000"
                                 "2e6d616368696e6500"
                                 "2a000000"
                                 "3028301da003020102020101300030003000300d310b30090603550403"
                                 "0c02414230000305"
                                 "0001020304";

    (void)made_add(m, 7, DRIVER_CONFIG, made_secure_boot(m, "01"));
    (void)made_add(m, 7, DRIVER_CONFIG, made_variable(m, SECURITY_GUID, "db", made_hex(m, "aa")));
    made_separator(m, 7);
    struct att_span name = made_variable(m, GLOBAL_GUID, "BootOrder", made_hex(m, "0100"));
    (void)made_add_as(m, 1, VARIABLE_BOOT, name, made_hex(m, "0100"));
    struct att_span path = made_item(m, 0x00070001, made_hex(m, "41004200"));
    (void)made_add(m, 12, TAG, made_boundary(m, made_join(m, made_bool(m, 0x00050002, 1), path)));
    struct log_event *e = made_add(m, 10, 0, made_hex(m, record));
    struct att_span body = e->body;
    *e = (struct log_event){ .seq = e->seq,
                             .pcr = 10,
                             .ima = true,
                             .extends = true,
                             .body = body,
                             .template_name = att_str("ima-buf") };
}

int main(void)
{
    static struct scene s;
    struct att_err err = { 0 };

    torture_start();
    made_start(&s.made);
    fill(&s.made);
    fresh(&s);
    if (!flow(&s.made, s.peace, &err) || !strstr(s.peace, "\"CertificateSubject\":\"CN=AB\"") ||
        strncmp(s.peace, "1111 ", 5) != 0) {
        fprintf(stderr, "%s %s\n", err.text, s.peace);
        return 2;
    }
    att_arena_free(s.made.env.arena);
    const struct torture_flow f = { .name = "facts and JSON", .run = same, .before = fresh, .state = &s };
    torture_flow(&cases, &f);
    made_end(&s.made);
    return cases_report(&cases);
}
