#include "server/config_table.h"

#include "base/err.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* NEVER and the others are short in the tables; a name of its own for each column of a row. */
#define S(name_, kind_, initial_, required_, min_, max_, help_)                                              \
    { .name = #name_,                                                                                        \
      .kind = CONFIG_##kind_,                                                                                \
      .at = offsetof(struct OF, name_),                                                                      \
      .initial = (initial_),                                                                                 \
      .required = CONFIG_##required_,                                                                        \
      .min = (min_),                                                                                         \
      .max = (max_),                                                                                         \
      .help = (help_) },
#define OF config
static const struct config_row attestd_rows[] = {
#include "server/config.def"
};
#undef OF
#define OF config_issuer
static const struct config_row issuer_rows[] = {
#include "server/issuer.def"
};
#undef OF
#define OF config_subscription
static const struct config_row subscription_rows[] = {
#include "server/subscription.def"
};
#undef OF
#undef S

#define ROWS(array) .rows = (array), .count = sizeof(array) / sizeof((array)[0])
_Static_assert(sizeof attestd_rows / sizeof attestd_rows[0] <= CONFIG_ROWS_MAX, "sets of rows have 64 bits");

const struct config_table config_tables[CONFIG_SECTIONS] = {
    [CONFIG_ATTESTD] = { .name = "attestd", .sample = "attestd", ROWS(attestd_rows) },
    [CONFIG_ISSUER] = { .name = "issuer",
                        .parameter = "NAME",
                        .sample = "issuer corp",
                        .about =
                            "An OpenID Connect issuer whose bearer tokens are taken. As many sections as "
                            "there are issuers, each with a name of its own.",
                        ROWS(issuer_rows) },
    [CONFIG_SUBSCRIPTION] = { .name = "subscription",
                              .parameter = "GUID",
                              .sample = "subscription 00000000-0000-0000-0000-000000000000",
                              .about =
                                  "A subscription that is made when it is not there; the first one holds the "
                                  "default provider. In production at least one is needed.",
                              ROWS(subscription_rows) },
};

typedef bool (*take_fn)(struct att_arena *, void *, const struct config_row *, const char *,
                        struct att_err *);
static const take_fn takes[] = {
#define K(kind, take, type) [CONFIG_##kind] = (take),
#include "server/kinds.def"
#undef K
};

static void *section_of(struct config *c, const struct config_place *place)
{
    switch (place->section) {
    case CONFIG_ISSUER:
        return &c->issuers[place->index];
    case CONFIG_SUBSCRIPTION:
        return &c->subscriptions[place->index];
    default:
        return c;
    }
}

static bool put(struct att_arena *arena, void *section, const struct config_row *row, const char *value,
                struct att_err *err)
{
    return takes[row->kind](arena, (char *)section + row->at, row, value, err);
}

static bool put_initial(struct att_arena *arena, void *section, const struct config_table *table,
                        struct att_err *err)
{
    for (size_t i = 0; i < table->count; i++) {
        if (!put(arena, section, &table->rows[i], table->rows[i].initial, err))
            return false;
    }
    return true;
}

const char *config_text(const void *section, const struct config_row *row)
{
    return *(const char *const *)(const void *)((const char *)section + row->at);
}

const struct config_row *config_row_of(enum config_section section, struct att_span name)
{
    const struct config_table *table = &config_tables[section];

    for (size_t i = 0; i < table->count; i++) {
        if (att_span_is(name, table->rows[i].name))
            return &table->rows[i];
    }
    return NULL;
}

bool config_defaults(struct att_arena *arena, struct config *ret, struct att_err *err)
{
    struct config c = { 0 };

    c.issuers = att_arena_alloc(arena, CONFIG_ISSUERS_MAX, sizeof *c.issuers);
    c.subscriptions = att_arena_alloc(arena, CONFIG_SUBSCRIPTIONS_MAX, sizeof *c.subscriptions);
    if (!c.issuers || !c.subscriptions)
        return att_fail_memory(err, "config");
    if (!put_initial(arena, &c, &config_tables[CONFIG_ATTESTD], err))
        return false;
    *ret = c;
    return true;
}

/* -- sections --------------------------------------------------------------------------------------------- */

static const char *issuer_name(struct att_arena *arena, struct att_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", text.ptr[i]) ||
            text.ptr[i] == '\0')
            return NULL;
    }
    return text.len > 0 && text.len <= 32 ? att_arena_dup(arena, text) : NULL;
}

static bool open_issuer(struct att_arena *arena, struct config *c, struct att_span parameter,
                        struct config_place *ret, struct att_err *err)
{
    const char *name = issuer_name(arena, parameter);
    struct att_shown shown;

    if (!name)
        return att_fail(err, ATT_CONFIG_INVALID, "section", "[issuer NAME], 1 to 32 letters, digits, - and _",
                        "%s", att_shown(&shown, parameter));
    *ret = (struct config_place){ CONFIG_ISSUER, 0 };
    for (; ret->index < c->issuer_count; ret->index++) {
        if (strcmp(c->issuers[ret->index].section, name) == 0)
            return true;
    }
    if (ret->index == CONFIG_ISSUERS_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "section", "at most 16 issuers", "more");
    struct config_issuer *made = &c->issuers[c->issuer_count];
    if (!put_initial(arena, made, &config_tables[CONFIG_ISSUER], err))
        return false;
    made->section = name;
    c->issuer_count++;
    return true;
}

static bool open_subscription(struct att_arena *arena, struct config *c, struct att_span parameter,
                              struct config_place *ret, struct att_err *err)
{
    const char *guid = config_guid(arena, parameter);
    struct att_shown shown;

    if (!guid)
        return att_fail(err, ATT_CONFIG_INVALID, "section",
                        "[subscription GUID], 8-4-4-4-12 hexadecimal digits", "%s",
                        att_shown(&shown, parameter));
    *ret = (struct config_place){ CONFIG_SUBSCRIPTION, 0 };
    for (; ret->index < c->subscription_count; ret->index++) {
        if (strcmp(c->subscriptions[ret->index].section, guid) == 0)
            return true;
    }
    if (ret->index == CONFIG_SUBSCRIPTIONS_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "section", "at most 64 subscriptions", "more");
    struct config_subscription *made = &c->subscriptions[c->subscription_count];
    if (!put_initial(arena, made, &config_tables[CONFIG_SUBSCRIPTION], err))
        return false;
    made->section = guid;
    c->subscription_count++;
    return true;
}

bool config_open(struct att_arena *arena, struct config *c, struct att_span header, struct config_place *ret,
                 struct att_err *err)
{
    const uint8_t *space = header.len ? memchr(header.ptr, ' ', header.len) : NULL;
    size_t len = space ? (size_t)(space - header.ptr) : header.len;
    struct att_span name = att_span_of(header.ptr, len);
    struct att_span parameter = space ? att_span_of(space + 1, header.len - len - 1) : (struct att_span){ 0 };
    struct att_shown shown;

    if (att_span_is(name, "attestd") && !space) {
        *ret = (struct config_place){ CONFIG_ATTESTD, 0 };
        return true;
    }
    if (att_span_is(name, "issuer"))
        return open_issuer(arena, c, parameter, ret, err);
    if (att_span_is(name, "subscription"))
        return open_subscription(arena, c, parameter, ret, err);
    return att_fail(err, ATT_CONFIG_INVALID, "section", "[attestd], [issuer NAME] or [subscription GUID]",
                    "[%s]", att_shown(&shown, header));
}

bool config_put(struct att_arena *arena, struct config *c, const struct config_place *place,
                struct att_span name, const char *value, struct att_err *err)
{
    struct att_shown shown;
    const struct config_row *row = config_row_of(place->section, name);

    if (!row)
        return att_fail(err, ATT_CONFIG_INVALID, "setting", "a setting of attestd.conf(5)", "%s",
                        att_shown(&shown, name));
    return put(arena, section_of(c, place), row, value, err);
}

/* "threads", "issuer.corp.url": the section's name and parameter have no dots. */
bool config_set(struct att_arena *arena, struct config *c, const char *name, const char *value,
                struct att_err *err)
{
    struct config_place place = { CONFIG_ATTESTD, 0 };
    const char *first = strchr(name, '.'), *last = strrchr(name, '.');
    char header[64];

    if (!first)
        return config_put(arena, c, &place, att_str(name), value, err);
    int len = snprintf(header, sizeof header, "%.*s %.*s", (int)(first - name), name,
                       first == last ? 0 : (int)(last - first - 1), first + 1);
    if (first == last || len < 0 || (size_t)len >= sizeof header)
        return att_fail(err, ATT_CONFIG_INVALID, "setting",
                        "NAME, issuer.NAME.NAME or subscription.GUID.NAME", "another form");
    return config_open(arena, c, att_str(header), &place, err) &&
           config_put(arena, c, &place, att_str(last + 1), value, err);
}
