/* What the operator's files give: kept as it came for the snapshot, and taken apart to know which platforms there are. */
#include "supply/internal.h"

#include "base/err.h"
#include "codec/json.h"

enum { FILES_ARENA_BYTES = 256 << 20 };

/* -- copies --------------------------------------------------------------------------------------------------- */

static bool copy(struct att_arena *a, struct att_span *span)
{
    if (span->len == 0)
        return true;
    char *bytes = att_arena_dup(a, *span);
    *span = att_span_of(bytes, bytes ? span->len : 0);
    return bytes;
}

static bool copy_name(struct att_arena *a, const char **name)
{
    if (!*name)
        return true;
    *name = att_arena_dup(a, att_str(*name));
    return *name;
}

static bool copy_dcap(struct att_arena *a, struct att_dcap_bundle *b)
{
    struct att_span *const parts[] = { &b->tcb_info,    &b->tcb_info_issuer_chain,
                                       &b->qe_identity, &b->qe_identity_issuer_chain,
                                       &b->pck_crl,     &b->pck_crl_issuer_chain,
                                       &b->root_ca_crl };

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!copy(a, parts[i]))
            return false;
    }
    return copy_name(a, &b->name);
}

static bool copy_amd(struct att_arena *a, struct att_amd_bundle *b)
{
    return copy(a, &b->vcek_crl) && copy(a, &b->vcek_chain) && copy(a, &b->vlek_crl) &&
           copy(a, &b->vlek_chain) && copy_name(a, &b->name);
}

static bool copy_item(struct att_arena *a, struct att_collateral_item *i)
{
    return copy(a, &i->body) && copy(a, &i->chain) && copy_name(a, &i->name);
}

static bool copy_all(const struct supply_options *from, struct supply_files_set *to)
{
    to->dcap = att_arena_alloc(to->arena, from->dcap_count + 1, sizeof *to->dcap);
    to->amd = att_arena_alloc(to->arena, from->amd_count + 1, sizeof *to->amd);
    to->items = att_arena_alloc(to->arena, from->item_count + 1, sizeof *to->items);
    if (!to->dcap || !to->amd || !to->items)
        return false;
    for (; to->dcap_count < from->dcap_count; to->dcap_count++) {
        to->dcap[to->dcap_count] = from->dcap[to->dcap_count];
        if (!copy_dcap(to->arena, &to->dcap[to->dcap_count]))
            return false;
    }
    for (; to->amd_count < from->amd_count; to->amd_count++) {
        to->amd[to->amd_count] = from->amd[to->amd_count];
        if (!copy_amd(to->arena, &to->amd[to->amd_count]))
            return false;
    }
    for (; to->item_count < from->item_count; to->item_count++) {
        to->items[to->item_count] = from->items[to->item_count];
        if (!copy_item(to->arena, &to->items[to->item_count]))
            return false;
    }
    return true;
}

/* -- what is in them ------------------------------------------------------------------------------------------ */

/* An item of a file beside what other files gave: the newest is shown. What cannot be used has no entry; it is in the rows of the
 * snapshot. */
static bool note(struct supply *s, const struct att_collateral_item *item)
{
    struct supply_bytes b = { 0 };
    struct att_err unused = { 0 };

    if (!att_item_check(s->options.lib, item, &b.facts, &unused))
        return false;
    b.body = supply_blob_new(item->body);
    b.chain = supply_blob_new(item->chain);
    supply_lock(s);
    struct supply_entry *e = b.body && b.chain ? supply_entry_of(s, &item->what) : NULL;
    if (e && (!e->file.body || e->file.facts.issued_unix_s < b.facts.issued_unix_s)) {
        supply_bytes_clear(&e->file);
        e->file = b;
        b = (struct supply_bytes){ 0 };
    }
    supply_unlock(s);
    supply_bytes_clear(&b);
    return true;
}

/* What a signed document says it is; the check tells whether that is so. */
static bool document_is(struct att_arena *a, struct att_span body, const char *member, enum att_tcb_set set,
                        struct att_collateral_want *ret)
{
    struct att_json j;
    struct att_err unused = { 0 };
    struct att_span id = { 0 };

    if (!att_json_parse(a, body, NULL, &j, &unused))
        return false;
    att_json_id in = att_json_get(&j, ATT_JSON_ROOT, member);
    int64_t number = 0;
    if (!att_json_i64(&j, att_json_get(&j, in, "tcbEvaluationDataNumber"), &number))
        return false;
    if (att_json_string(&j, a, att_json_get(&j, in, "id"), &id) &&
        (att_span_is(id, "TDX") || att_span_is(id, "TD_QE")))
        ret->tee = ATT_TEE_TDX;
    ret->set = set;
    ret->evaluation_number =
        set == ATT_SET_PINNED && number > 0 && number <= UINT32_MAX ? (uint32_t)number : 0;
    return ret->kind != ATT_ITEM_TCB_INFO ||
           att_json_want_hex(&j, a, in, member, "fmspc", ret->fmspc, sizeof ret->fmspc, &unused);
}

static void note_document(struct supply *s, struct att_arena *a, enum att_item_kind kind,
                          const struct att_dcap_bundle *b)
{
    bool info = kind == ATT_ITEM_TCB_INFO;
    struct att_collateral_item item = {
        .what = { .kind = kind },
        .body = info ? b->tcb_info : b->qe_identity,
        .chain = info ? b->tcb_info_issuer_chain : b->qe_identity_issuer_chain,
    };

    att_arena_reset(a);
    if (item.body.len > 0 &&
        document_is(a, item.body, info ? "tcbInfo" : "enclaveIdentity", b->set, &item.what))
        (void)note(s, &item);
}

static void note_dcap(struct supply *s, struct att_arena *a, const struct att_dcap_bundle *b)
{
    struct att_collateral_item list = { .what = { .kind = ATT_ITEM_PCK_CRL },
                                        .body = b->pck_crl,
                                        .chain = b->pck_crl_issuer_chain };

    note_document(s, a, ATT_ITEM_TCB_INFO, b);
    note_document(s, a, ATT_ITEM_QE_IDENTITY, b);
    for (unsigned platform = 0; list.body.len > 0 && platform < 2; platform++) {
        list.what.platform_ca = platform > 0;
        if (note(s, &list))
            break;
    }
    list =
        (struct att_collateral_item){ .what = { .kind = ATT_ITEM_ROOT_CA_CRL },
                                      .body = b->root_ca_crl,
                                      .chain = b->pck_crl_issuer_chain.len > 0 ? b->pck_crl_issuer_chain
                                                                               : b->tcb_info_issuer_chain };
    if (list.body.len > 0)
        (void)note(s, &list);
}

static void note_amd(struct supply *s, struct att_span list, struct att_span chain,
                     enum att_amd_signer signer)
{
    static const char products[][8] = { "Milan", "Genoa", "Turin" };
    struct att_collateral_item item = { .what = { .kind = ATT_ITEM_AMD_CRL, .signer = signer },
                                        .body = list,
                                        .chain = chain };

    for (size_t i = 0; list.len > 0 && i < sizeof products / sizeof products[0]; i++) {
        memcpy(item.what.product, products[i], sizeof item.what.product);
        if (note(s, &item))
            return;
    }
}

static void note_all(struct supply *s, struct att_arena *a)
{
    const struct supply_files_set *f = &s->files;

    for (size_t i = 0; i < f->dcap_count; i++)
        note_dcap(s, a, &f->dcap[i]);
    for (size_t i = 0; i < f->amd_count; i++) {
        note_amd(s, f->amd[i].vcek_crl, f->amd[i].vcek_chain, ATT_AMD_VCEK);
        note_amd(s, f->amd[i].vlek_crl, f->amd[i].vlek_chain, ATT_AMD_VLEK);
    }
    for (size_t i = 0; i < f->item_count; i++)
        (void)note(s, &f->items[i]);
}

/* What a bundle's maker has seen counts as if it had been seen here. */
static bool raise_floors(struct supply *s, const struct supply_options *from)
{
    bool ok = true;

    supply_lock(s);
    for (size_t i = 0; ok && i < from->floor_count; i++)
        ok = supply_floor_raise(s, from->floors[i].tee, from->floors[i].fmspc,
                                from->floors[i].evaluation_number);
    supply_unlock(s);
    return ok;
}

bool supply_files_take(struct supply *s, const struct supply_options *from, struct att_err *err)
{
    ATT_AUTO(supply_arena_auto) struct att_arena *work = att_arena_new(SUPPLY_ARENA_BYTES);
    struct supply_files_set set = { .arena = att_arena_new(FILES_ARENA_BYTES) };

    if (!work || !set.arena || !copy_all(from, &set)) {
        att_arena_free(set.arena);
        return att_fail_memory(err, "collateral.files");
    }
    struct supply_files_set old = s->files;
    s->files = set;
    supply_lock(s);
    for (size_t i = 0; i < s->entry_count; i++)
        supply_bytes_clear(&s->entries[i]->file);
    supply_mark_dirty(s);
    supply_unlock(s);
    supply_files_free(&old);
    if (!raise_floors(s, from))
        return att_fail_memory(err, "collateral.files");
    note_all(s, work);
    supply_lock(s);
    supply_plan(s);
    supply_unlock(s);
    return true;
}

void supply_files_free(struct supply_files_set *f)
{
    att_arena_free(f->arena);
    *f = (struct supply_files_set){ 0 };
}
