/* Collateral: what the folders and bundle files hold, and the service that fetches the rest. */
#include "server/server.h"

#include "base/err.h"
#include "base/hex.h"
#include "fetch/fetch.h"
#include "files/files.h"
#include "server/collateral_folder.h"
#include "server/log.h"
#include "supply/supply.h"
#include "supply/supply_fetch.h"

#include <attest/collateral_bundle.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { COLLATERAL_ARENA_BYTES = 512 << 20, KEY_BYTES_MAX = 256, ROWS_MAX = 1024 };

/* What files hold. All of it lives in `work`. */
struct files {
    struct att_arena *work;
    struct att_dcap_bundle *dcap;
    struct att_amd_bundle *amd;
    struct att_collateral_item *items;
    struct att_tcb_floor *floors;
    size_t dcap_count, amd_count, item_count, floor_count;
};

/* -- folders ---------------------------------------------------------------------------------------------- */

static bool load_folder(struct files *f, const char *dir, struct att_err *err)
{
    bool any = false;

    if (!collateral_folder_load(f->work, dir, &f->dcap[f->dcap_count], err) ||
        !collateral_folder_load_amd(f->work, dir, &f->amd[f->amd_count], &any, err))
        return false;
    const struct att_dcap_bundle *b = &f->dcap[f->dcap_count];
    f->amd_count += any;
    /* A folder with AMD's lists alone is no platform of Intel's that lacks everything. */
    f->dcap_count +=
        !any || b->tcb_info.len > 0 || b->qe_identity.len > 0 || b->pck_crl.len > 0 || b->root_ca_crl.len > 0;
    return true;
}

static bool load_folders(const struct server *s, struct files *f, struct att_err *err)
{
    const struct config_list *dirs = &s->options->config.collateral_dirs;
    size_t most = dirs->count + s->dev.collateral_count;

    f->dcap = att_arena_alloc(f->work, most + 1, sizeof *f->dcap);
    f->amd = att_arena_alloc(f->work, most + 1, sizeof *f->amd);
    if (!f->dcap || !f->amd)
        return att_fail_memory(err, "collateral");
    for (size_t i = 0; i < dirs->count; i++) {
        if (!load_folder(f, dirs->item[i], err))
            return false;
    }
    for (size_t i = 0; i < s->dev.collateral_count; i++) {
        if (!load_folder(f, s->dev.collateral_dirs[i], err))
            return false;
    }
    return true;
}

/* -- bundle files: DATA/collateral/NAME.bundle, by keys of DATA/collateral/trusted.json -------------------- */

static bool grow(struct files *f, const struct att_bundle *b, struct att_err *err)
{
    struct att_collateral_item *items =
        att_arena_alloc(f->work, f->item_count + b->item_count + 1, sizeof *items);
    struct att_tcb_floor *floors =
        att_arena_alloc(f->work, f->floor_count + b->floor_count + 1, sizeof *floors);

    if (!items || !floors)
        return att_fail_memory(err, "collateral");
    if (f->item_count)
        memcpy(items, f->items, f->item_count * sizeof *items);
    if (f->floor_count)
        memcpy(floors, f->floors, f->floor_count * sizeof *floors);
    for (size_t i = 0; i < b->item_count; i++)
        items[f->item_count++] = b->items[i];
    for (size_t i = 0; i < b->floor_count; i++)
        floors[f->floor_count++] = b->floors[i];
    f->items = items;
    f->floors = floors;
    return true;
}

static bool load_bundle(const struct server *s, struct files *f, const char *dir, const char *name,
                        struct att_span keys, struct att_err *err)
{
    char *path = file_path(f->work, dir, name);
    struct att_span text = { 0 };
    struct att_bundle b = { 0 };

    if (!path)
        return att_fail_memory(err, "collateral");
    return file_load(f->work, path, &text, err) &&
           att_bundle_read(f->work, text, keys, att_lib_limits(s->lib), &b, err) && grow(f, &b, err);
}

static bool load_bundles(const struct server *s, struct files *f, struct att_err *err)
{
    const char *data = s->options->config.data_dir;
    const char **names = NULL;
    size_t count = 0;
    struct att_span keys = { 0 };
    char *dir = data[0] ? file_path(f->work, data, "collateral") : NULL;

    if (!dir)
        return data[0] == '\0' || att_fail_memory(err, "collateral");
    char *trusted = file_path(f->work, dir, "trusted.json");
    if (!trusted)
        return att_fail_memory(err, "collateral");
    if (!folder_list(f->work, dir, ".bundle", &names, &count, err) ||
        !file_load_optional(f->work, trusted, &keys, err))
        return false;
    if (count > 0 && keys.len == 0)
        return att_fail(err, ATT_CONFIG_INVALID, "collateral/trusted.json",
                        "the keys that bundle files are signed with, beside them", "no such file");
    for (size_t i = 0; i < count; i++) {
        if (!load_bundle(s, f, dir, names[i], keys, err))
            return false;
    }
    return true;
}

static void files_free(struct files *f)
{
    att_arena_free(f->work);
}

static bool files_load(const struct server *s, struct files *ret, struct att_err *err)
{
    struct files f = { .work = att_arena_new(COLLATERAL_ARENA_BYTES) };

    if (!f.work)
        return att_fail_memory(err, "collateral");
    if (!load_folders(s, &f, err) || !load_bundles(s, &f, err)) {
        files_free(&f);
        return false;
    }
    *ret = f;
    return true;
}

static void into_options(const struct files *f, struct supply_options *o)
{
    o->dcap = f->dcap;
    o->dcap_count = f->dcap_count;
    o->amd = f->amd;
    o->amd_count = f->amd_count;
    o->items = f->items;
    o->item_count = f->item_count;
    o->floors = f->floors;
    o->floor_count = f->floor_count;
}

/* -- the service ------------------------------------------------------------------------------------------ */

static int64_t evidence_now(void *ctx)
{
    const struct server *s = ctx;

    return s->options->evidence_time_set ? s->options->evidence_time_unix_s : server_clock(NULL);
}

static int64_t elapsed_ms(void *ctx)
{
    struct timespec t;

    (void)ctx;
    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void on_changed(void *ctx, struct att_collateral *snapshot)
{
    struct server *s = ctx;

    service_collateral_set(s->service, snapshot);
}

static void on_event(void *ctx, const char *event, const char *item, const char *source,
                     const struct att_err *why)
{
    (void)ctx;
    bool good = !why || why->code == ATT_OK;
    log_event(good ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, event, "item", item ? item : "", "source",
              source ? source : "", "code", att_code_name(good ? ATT_OK : why->code), "found",
              good ? "" : why->found, (const char *)NULL);
}

/* The key stays in the server's own arena; it never stands in a log or an error. */
static bool read_key(struct server *s, const char *path, const char **ret, struct att_err *err)
{
    struct att_span text = { 0 };

    if (path[0] == '\0')
        return true;
    if (!file_load(s->arena, path, &text, err))
        return false;
    size_t len = 0;
    while (len < text.len && text.ptr[len] > 0x20 && text.ptr[len] < 0x7f)
        len++;
    if (len == 0 || len > KEY_BYTES_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "source.api_key_file",
                        "a key of 1 to 256 visible characters", "%zu", len);
    *ret = att_arena_dup(s->arena, att_span_of(text.ptr, len));
    return *ret || att_fail_memory(err, "source.api_key_file");
}

static enum supply_source_kind kind_of(const char *name)
{
    return strcmp(name, "kds") == 0 ? SUPPLY_KDS : strcmp(name, "pccs") == 0 ? SUPPLY_PCCS : SUPPLY_PCS;
}

static bool sources_of(struct server *s, struct supply_options *o, struct att_err *err)
{
    const struct config *c = &s->options->config;
    struct supply_source *all = att_arena_alloc(s->arena, c->source_count + 1, sizeof *all);

    if (!all)
        return att_fail_memory(err, "source");
    for (size_t i = 0; i < c->source_count; i++) {
        const struct config_source *from = &c->sources[i];
        all[i] = (struct supply_source){ .kind = kind_of(from->kind),
                                         .url = from->url,
                                         .ca_file = from->ca[0] ? from->ca : NULL,
                                         .per_minute = (unsigned)from->per_minute };
        if (from->ca[0] && access(from->ca, R_OK) != 0)
            return att_fail(err, ATT_CONFIG_INVALID, "source.ca", "a file that can be read", "%m");
        if (!read_key(s, from->api_key_file, &all[i].api_key, err))
            return false;
    }
    o->sources = all;
    o->source_count = c->source_count;
    return true;
}

bool collateral_check(struct server *s, struct att_err *err)
{
    struct supply_options o = { 0 };
    struct files f = { 0 };

    if (!sources_of(s, &o, err) || !files_load(s, &f, err))
        return false;
    const struct att_collateral_in in = { .size = sizeof in,
                                          .dcap = f.dcap,
                                          .dcap_count = f.dcap_count,
                                          .amd = f.amd,
                                          .amd_count = f.amd_count,
                                          .items = f.items,
                                          .item_count = f.item_count };
    struct att_collateral *c = NULL;
    bool ok = att_collateral_new(s->lib, &in, &c, err);
    att_collateral_free(c);
    files_free(&f);
    return ok;
}

/* libcurl is in the process only when somebody is asked. */
static bool fetch_for(struct server *s, struct supply_options *o, struct att_err *err)
{
    if (o->source_count == 0)
        return true;
    if (!fetch_open(&s->collateral_fetch, err))
        return false;
    s->supply_fetch = (struct supply_fetch){
        .fetch = s->collateral_fetch,
        .proxy = s->options->config.fetch_proxy[0] ? s->options->config.fetch_proxy : NULL,
    };
    o->get = supply_fetch;
    o->get_ctx = &s->supply_fetch;
    return true;
}

bool collateral_open(struct server *s, struct att_err *err)
{
    struct supply_options o = {
        .lib = s->lib,
        .store = s->collateral_store,
        .now_unix_s = evidence_now,
        .elapsed_ms = elapsed_ms,
        .clock_ctx = s,
        .changed = on_changed,
        .event = on_event,
        .ctx = s,
    };
    struct files f = { 0 };

    if (!sources_of(s, &o, err) || !fetch_for(s, &o, err) || !files_load(s, &f, err))
        return false;
    into_options(&f, &o);
    bool ok = supply_new(&o, &s->supply, err);
    files_free(&f);
    return ok;
}

/* What became of each item in use: said once at the start and after SIGHUP, not with each that is fetched. */
static void log_rows(struct server *s)
{
    struct att_collateral *c = service_collateral_ref(s->service);
    struct att_collateral_row *rows = calloc(ROWS_MAX, sizeof *rows);
    size_t count = rows && c ? att_collateral_rows(c, rows, ROWS_MAX) : 0;

    for (size_t i = 0; i < count && i < ROWS_MAX; i++) {
        bool usable = rows[i].refusal.code == ATT_OK;
        log_event(usable ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
                  usable ? "collateral.loaded" : "collateral.refused", "bundle", rows[i].bundle, "item",
                  rows[i].item, "subject", rows[i].subject, "code", att_code_name(rows[i].refusal.code),
                  "found", rows[i].refusal.found, (const char *)NULL);
    }
    free(rows);
    att_collateral_free(c);
}

bool collateral_start(struct server *s, struct att_err *err)
{
    if (!supply_start(s->supply, err))
        return false;
    log_rows(s);
    return true;
}

bool collateral_reload(struct server *s, struct att_err *err)
{
    struct supply_options o = { 0 };
    struct files f = { 0 };

    if (!files_load(s, &f, err))
        return false;
    into_options(&f, &o);
    bool ok = supply_files(s->supply, &o, err);
    files_free(&f);
    if (ok)
        log_rows(s);
    return ok;
}

/* -- compliance ------------------------------------------------------------------------------------------- */

static bool bytes_of(struct att_arena *arena, const char *hex, struct att_span *ret, struct att_err *err)
{
    size_t len = strlen(hex) / 2;

    if (len == 0)
        return true;
    uint8_t *bytes = att_arena_alloc(arena, len, 1);
    if (!bytes)
        return att_fail_memory(err, "compliance");
    if (!att_hex_read(att_str(hex), bytes, len))
        return att_fail(err, ATT_INTERNAL, "compliance", "hexadecimal digits, as the settings were",
                        "others");
    *ret = att_span_of(bytes, len);
    return true;
}

static const char *text_of(const char *setting)
{
    return setting[0] ? setting : NULL;
}

bool compliance_of(struct server *s, const struct att_compliance_row **ret, size_t *ret_count,
                   struct att_err *err)
{
    const struct config *c = &s->options->config;
    struct att_compliance_row *rows = att_arena_alloc(s->arena, c->compliance_count + 1, sizeof *rows);

    if (!rows)
        return att_fail_memory(err, "compliance");
    for (size_t i = 0; i < c->compliance_count; i++) {
        const struct config_compliance *from = &c->compliance[i];
        rows[i] = (struct att_compliance_row){ .status = from->status,
                                               .evidence_type = from->type,
                                               .guest_svn_min = (uint32_t)from->guest_svn_min,
                                               .uvm_issuer = text_of(from->uvm_issuer),
                                               .uvm_feed = text_of(from->uvm_feed),
                                               .uvm_svn_min = from->uvm_svn_min };
        if (!bytes_of(s->arena, from->id_key_digest, &rows[i].id_key_digest, err) ||
            !bytes_of(s->arena, from->family_id, &rows[i].family_id, err) ||
            !bytes_of(s->arena, from->image_id, &rows[i].image_id, err) ||
            !bytes_of(s->arena, from->measurement, &rows[i].measurement, err) ||
            !bytes_of(s->arena, from->mrseam, &rows[i].mrseam, err))
            return false;
    }
    *ret = rows;
    *ret_count = c->compliance_count;
    return true;
}
