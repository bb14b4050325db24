/* What shall be here, and when it is asked for. */
#include "supply/internal.h"

static bool served(const struct supply *s, const struct att_collateral_want *what)
{
    char path[SUPPLY_PATH_SIZE];

    for (size_t i = 0; i < s->host_count; i++) {
        if (supply_path(&s->hosts[i], what, path))
            return true;
    }
    return false;
}

/* Keeps an item fresh from now on. One that is not here yet is due at once. */
static void keep(struct supply *s, const struct att_collateral_want *what)
{
    if (!served(s, what))
        return;
    struct supply_entry *e = supply_entry_of(s, what);
    if (!e || e->planned)
        return;
    e->planned = true;
    if (e->next_ms == SUPPLY_NEVER)
        e->next_ms = supply_due_ms(s, e);
}

/* -- DCAP ----------------------------------------------------------------------------------------------------- */

static void keep_identity(struct supply *s, enum att_tee tee, enum att_tcb_set set, uint32_t number)
{
    keep(s, &(struct att_collateral_want){
                .kind = ATT_ITEM_QE_IDENTITY, .tee = tee, .set = set, .evaluation_number = number });
}

static void keep_lists(struct supply *s)
{
    keep(s, &(struct att_collateral_want){ .kind = ATT_ITEM_PCK_CRL, .platform_ca = true });
    keep(s, &(struct att_collateral_want){ .kind = ATT_ITEM_PCK_CRL });
    keep(s, &(struct att_collateral_want){ .kind = ATT_ITEM_ROOT_CA_CRL });
}

/* A platform family that is here: its current set, the one that will come next, and pinned ones as long as they are
 * published. */
static void keep_family(struct supply *s, const struct att_collateral_want *tcb_info)
{
    struct att_collateral_want w = *tcb_info;

    keep(s, &w);
    keep_identity(s, w.tee, w.set, w.evaluation_number);
    keep_lists(s);
    keep(s, &(struct att_collateral_want){ .kind = ATT_ITEM_TCB_NUMBERS, .tee = w.tee });
    if (w.set != ATT_SET_CURRENT)
        return;
    w.set = ATT_SET_EARLY;
    keep(s, &w);
    keep_identity(s, w.tee, ATT_SET_EARLY, 0);
}

/* -- AMD ------------------------------------------------------------------------------------------------------ */

/* Of every product, asked for or not: evidence that brings its own chain misses nothing, and would never ask for the list
 * that revokes it. */
static void keep_amd_lists(struct supply *s)
{
    static const char products[][8] = { "Milan", "Genoa", "Turin" };

    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
        struct att_collateral_want w = { .kind = ATT_ITEM_AMD_CRL, .signer = ATT_AMD_VCEK };
        memcpy(w.product, products[i], sizeof w.product);
        keep(s, &w);
        w.signer = ATT_AMD_VLEK;
        keep(s, &w);
    }
}

void supply_plan(struct supply *s)
{
    if (s->options.only_wanted)
        return;
    keep_amd_lists(s);
    /* Entries are added while we look: an index that is passed by one of them is looked at again. */
    for (size_t i = 0; i < s->entry_count; i++) {
        const struct supply_entry *e = s->entries[i];
        if (e->what.kind != ATT_ITEM_TCB_INFO || !(e->got.body || e->file.body))
            continue;
        size_t before = s->entry_count;
        const struct att_collateral_want what = e->what;
        keep_family(s, &what);
        i += s->entry_count - before; /* at most so far up has it moved */
        while (i > 0 && s->entries[i] != e)
            i--;
    }
}

static size_t add(struct att_collateral_want *list, size_t count, const struct att_collateral_want *what)
{
    char id[ATT_ITEM_ID_SIZE], other[ATT_ITEM_ID_SIZE];

    for (size_t i = 0; i < count; i++) {
        if (strcmp(att_item_id(&list[i], other), att_item_id(what, id)) == 0)
            return count;
    }
    list[count] = *what;
    return count + 1;
}

/* Evidence says one thing that it misses; what the same evidence would miss next is fetched in one go. */
size_t supply_group(const struct att_collateral_want *what, struct att_collateral_want *ret)
{
    struct att_collateral_want identity = *what;
    size_t n = 0;

    n = add(ret, n, what);
    if (what->kind == ATT_ITEM_VCEK || what->kind == ATT_ITEM_AMD_CRL || what->kind == ATT_ITEM_TCB_NUMBERS)
        return n;
    identity.kind = ATT_ITEM_QE_IDENTITY;
    memset(identity.fmspc, 0, sizeof identity.fmspc);
    if (what->kind == ATT_ITEM_TCB_INFO)
        n = add(ret, n, &identity);
    n = add(ret, n, &(struct att_collateral_want){ .kind = ATT_ITEM_PCK_CRL, .platform_ca = true });
    n = add(ret, n, &(struct att_collateral_want){ .kind = ATT_ITEM_PCK_CRL });
    return add(ret, n, &(struct att_collateral_want){ .kind = ATT_ITEM_ROOT_CA_CRL });
}

/* -- times ---------------------------------------------------------------------------------------------------- */

static int64_t refresh_in_s(const struct att_item_facts *facts, int64_t now_unix_s)
{
    int64_t life = facts->next_unix_s - facts->issued_unix_s, left = facts->next_unix_s - now_unix_s;
    int64_t lead = life / 3 > SUPPLY_DAY_S ? life / 3 : SUPPLY_DAY_S;
    int64_t in = left > lead ? left - lead : left / 2;

    if (in > SUPPLY_LOOK_AGAIN_S)
        in = SUPPLY_LOOK_AGAIN_S;
    return in > SUPPLY_RETRY_MIN_S ? in : SUPPLY_RETRY_MIN_S;
}

/* A day after the bytes came at the latest, whoever fetched them: a restart is no reason to ask again. */
int64_t supply_due_ms(const struct supply *s, const struct supply_entry *e)
{
    int64_t now_s = supply_now_s(s), now_ms = supply_now_ms(s);

    if (e->what.kind == ATT_ITEM_VCEK && e->got.body)
        return SUPPLY_NEVER; /* does not change */
    if (!e->got.body)
        return now_ms > e->not_before_ms ? now_ms : e->not_before_ms;
    int64_t age = now_s > e->got.fetched_unix_s ? now_s - e->got.fetched_unix_s : 0;
    int64_t in = refresh_in_s(&e->got.facts, now_s), look = SUPPLY_LOOK_AGAIN_S - age;
    in = look < in ? look : in;
    return now_ms + 1000 * (in > 0 ? in : 0);
}

int64_t supply_retry_in_s(struct supply *s, const struct supply_entry *e, int64_t now_unix_s)
{
    int64_t in = SUPPLY_RETRY_MIN_S;

    for (unsigned i = 1; i < e->failures && in < SUPPLY_RETRY_MAX_S; i++)
        in *= 2;
    if (in > SUPPLY_RETRY_MAX_S)
        in = SUPPLY_RETRY_MAX_S;
    if (e->got.body) { /* less patient when the end is near */
        int64_t left = e->got.facts.next_unix_s - now_unix_s,
                soon = left > 0 ? left / 4 : 5 * SUPPLY_RETRY_MIN_S;
        in = in < soon ? in : soon;
    }
    in = in > SUPPLY_RETRY_MIN_S ? in : SUPPLY_RETRY_MIN_S;
    return supply_jitter(in, supply_random(&s->random));
}
