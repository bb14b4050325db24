/* Collateral as the use-cases see it: asking for what is missing, and which evaluation sets there are. */
#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/timetext.h"
#include "codec/json.h"
#include "service/internal.h"
#include "supply/supply.h"

#include <stdio.h>
#include <stdlib.h>

enum { SETS_MAX = 64, ROWS_MAX = 4096 };

void service_collateral_want(struct service *s, const struct att_collateral_want *what,
                             void (*done)(void *ctx, const struct att_err *err), void *ctx)
{
    struct att_err err = { 0 };

    if (s->options.supply && what->kind != ATT_ITEM_NONE) {
        supply_want(s->options.supply, what, SERVICE_COLLATERAL_WAIT_MS, done, ctx);
        return;
    }
    (void)att_fail(&err, ATT_COLLATERAL_MISSING, "collateral", "a source of collateral",
                   "none is configured");
    done(ctx, &err);
}

/* -- evaluation sets ---------------------------------------------------------------------------------------- */

struct sets {
    enum att_tee tee;
    struct att_arena *arena;
    struct {
        uint32_t number;
        int64_t date_unix_s; /* 0: not known */
    } item[SETS_MAX];
    size_t count;
    uint32_t current; /* highest number of a current set; 0: none */
};

static void note(struct sets *s, uint32_t number, int64_t date_unix_s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->item[i].number != number)
            continue;
        if (s->item[i].date_unix_s == 0)
            s->item[i].date_unix_s = date_unix_s;
        return;
    }
    if (s->count == SETS_MAX)
        return;
    size_t at = s->count++;
    for (; at > 0 && s->item[at - 1].number > number; at--)
        s->item[at] = s->item[at - 1];
    s->item[at].number = number;
    s->item[at].date_unix_s = date_unix_s;
}

/* Intel's own list, with the dates of the sets. */
static void note_published(void *ctx, const struct supply_item *item)
{
    struct sets *s = ctx;
    const struct att_tcb_number *numbers = NULL;
    size_t count = 0;
    struct att_err ignored = { 0 }; /* a list that cannot be read adds nothing */

    if (!item->held || item->facts.is.kind != ATT_ITEM_TCB_NUMBERS || item->facts.is.tee != s->tee ||
        !att_tcb_numbers_read(s->arena, item->body, &numbers, &count, &ignored))
        return;
    for (size_t i = 0; i < count; i++)
        note(s, numbers[i].number, numbers[i].tcb_date_unix_s);
}

/* What a verdict can be made with. */
static bool note_held(struct service *service, struct sets *s, struct att_err *err)
{
    struct att_collateral *c = service_collateral_ref(service);
    struct att_collateral_row *rows = att_arena_alloc(s->arena, ROWS_MAX, sizeof *rows);
    const char *tee = s->tee == ATT_TEE_SGX ? "SGX " : "TDX ";
    size_t count = c && rows ? att_collateral_rows(c, rows, ROWS_MAX) : 0;

    for (size_t i = 0; i < count && i < ROWS_MAX; i++) {
        const struct att_collateral_row *row = &rows[i];
        if (row->refusal.code != ATT_OK || strcmp(row->item, "tcb_info") != 0 ||
            strncmp(row->subject, tee, 4) != 0)
            continue;
        note(s, row->evaluation_number, 0);
        if (row->set == ATT_SET_CURRENT && row->evaluation_number > s->current)
            s->current = row->evaluation_number;
    }
    att_collateral_free(c);
    return rows || att_fail_memory(err, "tcbBaselines");
}

static void put_date(struct att_json_writer *w, int64_t unix_s)
{
    struct att_time_text text;
    char date[32];

    /* The protocol writes this date without a zone. */
    (void)snprintf(date, sizeof date, "%.19s", att_time_text(&text, unix_s));
    att_jw_key(w, "tcbReleaseDate");
    att_jw_str(w, unix_s ? date : NULL);
}

static void put_set(struct att_json_writer *w, const char *name, uint32_t number, int64_t date_unix_s,
                    bool selected)
{
    att_jw_object(w);
    att_jw_key(w, "isSelectedTcb");
    att_jw_bool(w, selected);
    att_jw_key(w, "tcbEvaluationDataNumber");
    att_jw_int(w, number);
    att_jw_key(w, "tcbIdentifier");
    att_jw_str(w, name);
    put_date(w, date_unix_s);
    att_jw_end_object(w);
}

/* The number that the provider's policy asks for; 0: the current set. A policy that cannot be evaluated selects nothing,
 * and says so when evidence is attested. */
static uint32_t selected(struct service *s, const struct service_policy *policy, struct att_arena *arena,
                         const char *property)
{
    struct att_claims incoming, properties;
    struct att_err ignored = { 0 };
    uint32_t n = 0;

    att_claims_init(&incoming, arena, service_limits(s));
    att_claims_init(&properties, arena, service_limits(s));
    if (!policy->compiled ||
        !att_policy_configure(policy->compiled, arena, &incoming, service_limits(s), &properties, &ignored))
        return 0;
    for (size_t i = 0; i < properties.count; i++) {
        const struct att_claim *p = &properties.items[i];
        if (!att_span_is(p->type, property) || p->value.kind != ATT_CLAIM_STRING || p->value.text.len > 6)
            continue;
        n = 0;
        for (size_t k = 0; k < p->value.text.len; k++) {
            uint8_t c = p->value.text.ptr[k];
            if (c < '0' || c > '9')
                return 0;
            n = n * 10 + (uint32_t)(c - '0');
        }
    }
    return n;
}

static void put_sets(struct att_json_writer *w, const struct sets *s, uint32_t wanted)
{
    int64_t date = 0;
    char name[16];

    for (size_t i = 0; i < s->count; i++)
        date = s->item[i].number == s->current ? s->item[i].date_unix_s : date;
    if (s->current)
        put_set(w, "azuredefault", s->current, date, wanted == 0);
    for (size_t i = 0; i < s->count; i++) {
        (void)snprintf(name, sizeof name, "%u", s->item[i].number);
        put_set(w, name, s->item[i].number, s->item[i].date_unix_s, wanted == s->item[i].number);
    }
}

/* Which evidence a type's sets are about; false: it has none. */
static bool sets_of(const char *type, enum service_type *ret_type, enum att_tee *ret_tee,
                    const char **ret_property)
{
    static const struct {
        enum service_type type;
        enum att_tee tee;
        const char *property;
    } rows[] = {
        { SERVICE_SGX, ATT_TEE_SGX, "x-ms-sgx-tcbidentifier" },
        { SERVICE_OPEN_ENCLAVE, ATT_TEE_SGX, "x-ms-sgx-tcbidentifier" },
        { SERVICE_TDX, ATT_TEE_TDX, "x-ms-tdx-tcbidentifier" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(service_types[rows[i].type].name, type) != 0)
            continue;
        *ret_type = rows[i].type;
        *ret_tee = rows[i].tee;
        *ret_property = rows[i].property;
        return true;
    }
    return false;
}

static bool write_sets(struct service *s, const struct site_provider *p, struct att_arena *arena,
                       const char *type, struct att_json_writer *w, struct att_err *err)
{
    struct sets sets = { .arena = arena };
    enum service_type which = SERVICE_SGX;
    const char *property = NULL;
    const struct service_derived *d = NULL;

    if (!sets_of(type, &which, &sets.tee, &property))
        return true;
    if (!service_derive(s, p, &d, err) || !note_held(s, &sets, err))
        return false;
    if (s->options.supply)
        supply_each(s->options.supply, note_published, &sets);
    put_sets(w, &sets, selected(s, &d->policies[which], arena, property));
    return true;
}

bool service_tcb_baselines(struct service *s, const struct site_provider *p, struct att_arena *arena,
                           const char *type, struct att_span *ret_json, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
    struct att_json_writer w = { .out = &text };

    att_jw_object(&w);
    att_jw_key(&w, "tcbBaselines");
    att_jw_array(&w);
    if (!write_sets(s, p, arena, type, &w, err))
        return false;
    att_jw_end_array(&w);
    att_jw_end_object(&w);
    const char *copy = text.failed ? NULL : att_arena_dup(arena, att_buf_span(&text));
    if (!copy)
        return att_fail_memory(err, "tcbBaselines");
    *ret_json = att_span_of(copy, text.len);
    return true;
}
