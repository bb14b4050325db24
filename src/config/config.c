#include "config/config_table.h"

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
#include "config/config.def"
};
#undef OF
#define OF config_issuer
static const struct config_row issuer_rows[] = {
#include "config/issuer.def"
};
#undef OF
#define OF config_subscription
static const struct config_row subscription_rows[] = {
#include "config/subscription.def"
};
#undef OF
#define OF config_source
static const struct config_row source_rows[] = {
#include "config/source.def"
};
#undef OF
#define OF config_compliance
static const struct config_row compliance_rows[] = {
#include "config/compliance.def"
};
#undef OF
#define OF config_sink
static const struct config_row sink_rows[] = {
#include "config/sink.def"
};
#undef OF
#undef S

#define ROWS(array) .rows = (array), .count = sizeof(array) / sizeof((array)[0])
_Static_assert(sizeof attestd_rows / sizeof attestd_rows[0] <= CONFIG_ROWS_MAX, "room in sets of rows");

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
    [CONFIG_SOURCE] = { .name = "source",
                        .parameter = "NAME",
                        .sample = "source intel",
                        .about =
                            "Where collateral is fetched from, in the background. As many sections as there "
                            "are sources; those of a kind are asked in this order.",
                        ROWS(source_rows) },
    [CONFIG_COMPLIANCE] = { .name = "compliance",
                            .parameter = "NAME",
                            .sample = "compliance azure-cvm",
                            .about =
                                "Machines that this site calls compliant: the claim x-ms-compliance-status. "
                                "The first section that fits counts.",
                            ROWS(compliance_rows) },
    [CONFIG_SINK] = { .name = "sink",
                      .parameter = "NAME",
                      .sample = "sink siem",
                      .about =
                          "A place that records of requests go to: what diagnostic settings of a provider "
                          "may name. NAME is of a-z, 0-9 and -.",
                      ROWS(sink_rows) },
};

typedef bool (*take_fn)(struct att_arena *, void *, const struct config_row *, const char *,
                        struct att_err *);
static const take_fn takes[] = {
#define K(kind, take, type) [CONFIG_##kind] = (take),
#include "config/kinds.def"
#undef K
};

static void *section_of(struct config *c, const struct config_place *place)
{
    switch (place->section) {
    case CONFIG_ISSUER:
        return &c->issuers[place->index];
    case CONFIG_SUBSCRIPTION:
        return &c->subscriptions[place->index];
    case CONFIG_SOURCE:
        return &c->sources[place->index];
    case CONFIG_COMPLIANCE:
        return &c->compliance[place->index];
    case CONFIG_SINK:
        return &c->sinks[place->index];
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
    c.sources = att_arena_alloc(arena, CONFIG_SOURCES_MAX, sizeof *c.sources);
    c.compliance = att_arena_alloc(arena, CONFIG_COMPLIANCE_MAX, sizeof *c.compliance);
    c.sinks = att_arena_alloc(arena, CONFIG_SINKS_MAX, sizeof *c.sinks);
    if (!c.sinks || !c.issuers || !c.subscriptions || !c.sources || !c.compliance)
        return att_fail_memory(err, "config");
    if (!put_initial(arena, &c, &config_tables[CONFIG_ATTESTD], err))
        return false;
    *ret = c;
    return true;
}

/* -- sections --------------------------------------------------------------------------------------------- */

static const char *plain_name(struct att_arena *arena, struct att_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", text.ptr[i]) ||
            text.ptr[i] == '\0')
            return NULL;
    }
    return text.len > 0 && text.len <= 32 ? att_arena_dup(arena, text) : NULL;
}

/* As an ARM resource may name it: lower case, no "_". */
static char *sink_name(struct att_arena *arena, struct att_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\0' || !strchr("abcdefghijklmnopqrstuvwxyz0123456789-", text.ptr[i]))
            return NULL;
    }
    return text.len > 0 && text.len <= 32 ? att_arena_dup(arena, text) : NULL;
}

/* The kinds of sections that may stand more than once. `section` is the first member of each one's struct. */
static const struct repeated {
    enum config_section section;
    size_t items, count; /* offsets in struct config */
    size_t size, max;
    char *(*name)(struct att_arena *, struct att_span);
    const char *form, *too_many;
} repeated[] = {
    { CONFIG_ISSUER, offsetof(struct config, issuers), offsetof(struct config, issuer_count),
      sizeof(struct config_issuer), CONFIG_ISSUERS_MAX, NULL,
      "[issuer NAME], 1 to 32 letters, digits, - and _", "at most 16 issuers" },
    { CONFIG_SUBSCRIPTION, offsetof(struct config, subscriptions),
      offsetof(struct config, subscription_count), sizeof(struct config_subscription),
      CONFIG_SUBSCRIPTIONS_MAX, config_guid, "[subscription GUID], 8-4-4-4-12 hexadecimal digits",
      "at most 64 subscriptions" },
    { CONFIG_SOURCE, offsetof(struct config, sources), offsetof(struct config, source_count),
      sizeof(struct config_source), CONFIG_SOURCES_MAX, NULL,
      "[source NAME], 1 to 32 letters, digits, - and _", "at most 8 sources" },
    { CONFIG_COMPLIANCE, offsetof(struct config, compliance), offsetof(struct config, compliance_count),
      sizeof(struct config_compliance), CONFIG_COMPLIANCE_MAX, NULL,
      "[compliance NAME], 1 to 32 letters, digits, - and _", "at most 64 compliance sections" },
    { CONFIG_SINK, offsetof(struct config, sinks), offsetof(struct config, sink_count),
      sizeof(struct config_sink), CONFIG_SINKS_MAX, sink_name, "[sink NAME], 1 to 32 of a-z, 0-9 and -",
      "at most 32 sinks" },
};

static const char **name_at(const struct repeated *r, void *items, size_t index)
{
    return (const char **)(void *)((char *)items + index * r->size);
}

/* Found by its name, or made with its defaults. */
static bool open_repeated(struct att_arena *arena, struct config *c, const struct repeated *r,
                          struct att_span parameter, struct config_place *ret, struct att_err *err)
{
    const char *name = r->name ? r->name(arena, parameter) : plain_name(arena, parameter);
    void *items = *(void **)(void *)((char *)c + r->items);
    size_t *count = (size_t *)(void *)((char *)c + r->count);
    struct att_shown shown;

    if (!name)
        return att_fail(err, ATT_CONFIG_INVALID, "section", r->form, "%s", att_shown(&shown, parameter));
    *ret = (struct config_place){ r->section, 0 };
    for (; ret->index < *count; ret->index++) {
        if (strcmp(*name_at(r, items, ret->index), name) == 0)
            return true;
    }
    if (ret->index == r->max)
        return att_fail(err, ATT_CONFIG_INVALID, "section", r->too_many, "more");
    if (!put_initial(arena, name_at(r, items, *count), &config_tables[r->section], err))
        return false;
    *name_at(r, items, *count) = name;
    (*count)++;
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
    for (size_t i = 0; i < sizeof repeated / sizeof repeated[0]; i++) {
        if (att_span_is(name, config_tables[repeated[i].section].name))
            return open_repeated(arena, c, &repeated[i], parameter, ret, err);
    }
    return att_fail(
        err, ATT_CONFIG_INVALID, "section",
        "[attestd], [issuer NAME], [subscription GUID], [source NAME], [compliance NAME] or [sink NAME]",
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
                        "NAME or, of another section, issuer.NAME.NAME, source.NAME.NAME, ...",
                        "another form");
    return config_open(arena, c, att_str(header), &place, err) &&
           config_put(arena, c, &place, att_str(last + 1), value, err);
}
