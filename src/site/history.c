/* What happened to policies, kept for ever: written in a change, read from the store when somebody asks. */
#include "base/err.h"
#include "base/hex.h"
#include "site/internal.h"

#include <stdio.h>

enum { TYPE_BYTES_MAX = 32 };

/* "PROVIDER-KEY/policies/TYPE/history", and room for a number behind it. */
struct place {
    char id[STORE_ID_BYTES_MAX + 1];
    size_t len;
};

static bool is_type_key(const char *type)
{
    size_t len = strnlen(type, TYPE_BYTES_MAX + 1);

    for (size_t i = 0; i < len; i++)
        if (!(type[i] >= 'a' && type[i] <= 'z') && !(type[i] >= '0' && type[i] <= '9'))
            return false;
    return len >= 1 && len <= TYPE_BYTES_MAX;
}

static bool too_long(struct att_err *err)
{
    return att_fail(err, ATT_LIMIT_EXCEEDED, "site.history", "an id of at most 1024 bytes", "a longer one");
}

static bool place_of(struct place *ret, const struct site_provider *p, const char *type, struct att_err *err)
{
    struct att_shown shown;

    if (!is_type_key(type))
        return att_fail(err, ATT_PARAMETER_INVALID, "site.history.type",
                        "1 to 32 letters and digits in lower case", "\"%s\"",
                        att_shown(&shown, att_str(type)));
    int len = snprintf(ret->id, sizeof ret->id, "%s/policies/%s/history", p->o.key, type);
    if (len < 0 || (size_t)len >= sizeof ret->id)
        return too_long(err);
    ret->len = (size_t)len;
    return true;
}

static bool place_number(struct place *at, uint64_t number, struct att_err *err)
{
    size_t room = sizeof at->id - at->len;
    int len = snprintf(at->id + at->len, room, "/%010llu", (unsigned long long)number);

    return (len > 0 && (size_t)len < room) || too_long(err);
}

/* The last number, and the version of the row that says so; 0 and 0 when nothing has happened yet. */
struct head {
    uint64_t last, version;
};

static bool read_head(struct store_tx *tx, struct att_arena *arena, const char *tenant, const char *id,
                      struct head *ret, struct att_err *err)
{
    struct store_doc doc = { 0 };
    bool found = false;

    *ret = (struct head){ 0 };
    if (!store_doc_get(tx, arena, tenant, SITE_ROW_HISTORY, id, &doc, &found, err))
        return false;
    if (!found)
        return true;
    ret->version = doc.version;
    return site_history_decode(&doc, arena, &ret->last, err) || site_row_broken(SITE_ROW_HISTORY, id, err);
}

/* -- writing ---------------------------------------------------------------------------------------------- */

/* The provider must be there in this change: nothing happens to the policies of one that somebody has deleted. */
static bool provider_is(const struct site_change *c, const struct site_provider *p, struct att_err *err)
{
    const struct site_object *o = site_view_get(&c->view, SITE_PROVIDER, p->o.key);

    if (o && strcmp(o->tenant, p->o.tenant) == 0)
        return true;
    return att_fail(err, ATT_RESOURCE_NOT_FOUND, "site.history", "a provider that is there", "none");
}

/* These rows stand beside the objects: the audit record names the policy's own row with the hash of its token, so theirs
 * are not among its changes. */
static bool put_row(struct site_change *c, const struct site_provider *p, const char *kind, const char *id,
                    struct att_span body, uint64_t replaces, struct att_err *err)
{
    const struct store_doc doc = {
        .tenant = p->o.tenant,
        .kind = kind,
        .id = id,
        .changed_unix_s = c->now_unix_s,
        .body = body,
    };

    c->wrote = true;
    c->kept = true;
    return store_doc_put(c->tx, &doc, replaces, err);
}

static bool put_head(struct site_change *c, const struct site_provider *p, const struct place *at,
                     const struct head *next, struct att_err *err)
{
    struct att_buf body = { .max = STORE_BODY_BYTES_MAX };

    bool done = site_history_encode(next->last, c->arena, &body, err) &&
                put_row(c, p, SITE_ROW_HISTORY, at->id, att_buf_span(&body), next->version, err);
    att_buf_free(&body);
    return done;
}

static bool put_event(struct site_change *c, const struct site_provider *p, const struct place *at,
                      const struct site_policy_event *event, struct att_err *err)
{
    struct att_buf body = { .max = STORE_BODY_BYTES_MAX };

    struct att_buf sealed = { .max = STORE_BODY_BYTES_MAX };
    bool seals = site_seals(c->site, SITE_ROW_EVENT);
    bool made = site_event_encode(event, c->arena, &body, err) &&
                (!seals || site_seal(c->site->row_key, SITE_ROW_EVENT, at->id, c->arena, att_buf_span(&body),
                                     &sealed, err));
    bool done = made && put_row(c, p, SITE_ROW_EVENT, at->id, att_buf_span(seals ? &sealed : &body), 0, err);
    att_buf_free(&body);
    att_buf_free(&sealed);
    /* Nobody else writes meanwhile: a row that is there already is behind the last number, where none may be. */
    return done ||
           (made && err && err->code == ATT_STORE_CONFLICT ? site_row_broken(SITE_ROW_EVENT, at->id, err)
                                                           : false);
}

static bool put(struct site_change *c, const struct site_provider *p, const char *type_key,
                const struct site_policy_event *event, struct att_err *err)
{
    struct place at;
    struct head head;
    struct site_policy_event numbered = *event;

    if (!provider_is(c, p, err) || !place_of(&at, p, type_key, err) ||
        !read_head(c->tx, c->arena, p->o.tenant, at.id, &head, err))
        return false;
    head.last++;
    numbered.number = head.last;
    numbered.at_unix_s = c->now_unix_s;
    return put_head(c, p, &at, &head, err) && place_number(&at, head.last, err) &&
           put_event(c, p, &at, &numbered, err);
}

bool site_history_put(struct site_change *c, const struct site_provider *p, const char *type_key,
                      const struct site_policy_event *event, struct att_err *err)
{
    att_arena_reset(c->arena);
    bool done = put(c, p, type_key, event, err);
    c->failed = c->failed || !done;
    return done;
}

static bool use(struct site_change *c, const struct site_provider *p, const uint8_t sha256[32], bool *ret_new,
                struct att_err *err)
{
    struct store_doc doc = { 0 };
    char hex[65];
    char id[STORE_ID_BYTES_MAX + 1];
    bool found = false;

    att_hex_text(hex, att_span_of(sha256, 32));
    int len = snprintf(id, sizeof id, "%s/tokens/%s", p->o.key, hex);
    if (len < 0 || (size_t)len >= sizeof id)
        return too_long(err);
    if (!provider_is(c, p, err) ||
        !store_doc_get(c->tx, c->arena, p->o.tenant, SITE_ROW_USED, id, &doc, &found, err))
        return false;
    /* That there is a row is all it says. */
    if (!found && !put_row(c, p, SITE_ROW_USED, id, att_str("{}"), 0, err))
        return false;
    *ret_new = !found;
    return true;
}

bool site_token_use(struct site_change *c, const struct site_provider *p, const uint8_t sha256[32],
                    bool *ret_new, struct att_err *err)
{
    att_arena_reset(c->arena);
    bool done = use(c, p, sha256, ret_new, err);
    c->failed = c->failed || !done;
    return done;
}

/* -- reading ---------------------------------------------------------------------------------------------- */

struct list {
    struct site_policy_event *events;
    size_t count;
};

static bool read_event(const struct site *s, struct store_tx *tx, struct att_arena *arena, const char *tenant,
                       struct place *at, uint64_t number, struct site_policy_event *ret, struct att_err *err)
{
    struct store_doc doc = { 0 };
    bool found = false;

    if (!place_number(at, number, err) ||
        !store_doc_get(tx, arena, tenant, SITE_ROW_EVENT, at->id, &doc, &found, err))
        return false;
    if (!found) {
        att_fail(err, ATT_PARAMETER_INVALID, "site." SITE_ROW_EVENT, "numbers without a gap", "no such row");
        return site_row_broken(SITE_ROW_EVENT, at->id, err);
    }
    struct store_doc plain = doc;
    if (site_seals(s, SITE_ROW_EVENT) && !site_unseal(s->row_key, arena, &doc, &plain, err))
        return site_row_broken(SITE_ROW_EVENT, at->id, err);
    return site_event_decode(&plain, number, arena, ret, err) || site_row_broken(SITE_ROW_EVENT, at->id, err);
}

static bool list(const struct site *s, struct store_tx *tx, struct att_arena *arena,
                 const struct site_provider *p, const char *type_key, uint64_t before, size_t max,
                 struct list *ret, struct att_err *err)
{
    struct place at;
    struct head head;
    struct list l = { 0 };
    size_t bytes = 0;

    if (!place_of(&at, p, type_key, err) || !read_head(tx, arena, p->o.tenant, at.id, &head, err))
        return false;
    uint64_t next = before > 0 && before <= head.last ? before - 1 : head.last;
    size_t room = next < max ? (size_t)next : max;
    l.events = att_arena_alloc(arena, room + 1, sizeof *l.events);
    if (!l.events)
        return att_fail_memory(err, "site.history");
    for (; l.count < room && bytes < SITE_HISTORY_BYTES; next--, l.count++) {
        if (!read_event(s, tx, arena, p->o.tenant, &at, next, &l.events[l.count], err))
            return false;
        bytes += l.events[l.count].token.len;
    }
    *ret = l;
    return true;
}

bool site_history_list(struct site *s, struct att_arena *arena, const struct site_provider *p,
                       const char *type_key, uint64_t before, size_t max, struct site_policy_event **ret,
                       size_t *ret_count, struct att_err *err)
{
    struct store_tx *tx = NULL;
    struct list l = { 0 };

    if (s->changing)
        return att_fail(err, ATT_INTERNAL, "site.history", "no change that is open", "one");
    if (!store_begin(s->store, &tx, err))
        return false;
    bool done = list(s, tx, arena, p, type_key, before, max, &l, err);
    store_rollback(tx);
    if (!done)
        return false;
    *ret = l.events;
    *ret_count = l.count;
    return true;
}
