/* Collateral from folders: all of it or, when a folder cannot be read, what was there before. */
#include "server/server.h"

#include "base/err.h"
#include "server/files.h"
#include "server/log.h"

#include <stdlib.h>

enum { COLLATERAL_ROWS_MAX = 512, COLLATERAL_ARENA_BYTES = 256 << 20, DEV_BUNDLES = 4 };

static void log_rows(const struct att_collateral *c)
{
    struct att_collateral_row *rows = calloc(COLLATERAL_ROWS_MAX, sizeof *rows);
    size_t count = rows ? att_collateral_rows(c, rows, COLLATERAL_ROWS_MAX) : 0;

    for (size_t i = 0; i < count && i < COLLATERAL_ROWS_MAX; i++) {
        bool usable = rows[i].refusal.code == ATT_OK;
        log_event(usable ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
                  usable ? "collateral.loaded" : "collateral.refused", "bundle", rows[i].bundle, "item",
                  rows[i].item, "subject", rows[i].subject, "code", att_code_name(rows[i].refusal.code),
                  "found", rows[i].refusal.found, (const char *)NULL);
    }
    free(rows);
}

bool collateral_load(struct server *s, struct att_collateral **ret, struct att_err *err)
{
    const struct config_list *dirs = &s->options->config.collateral_dirs;
    struct att_dcap_bundle bundles[CONFIG_LIST_MAX + DEV_BUNDLES];
    struct att_arena *work = att_arena_new(COLLATERAL_ARENA_BYTES);
    size_t count = 0;
    bool ok = work || att_fail_memory(err, "collateral");

    for (size_t i = 0; ok && i < dirs->count; i++)
        ok = collateral_folder_load(work, dirs->item[i], &bundles[count++], err);
    static const char *const dev_parts[DEV_BUNDLES] = { "processor", "platform", "processor-tdx",
                                                        "platform-tdx" };
    for (size_t i = 0; ok && s->dev.collateral_dir && i < DEV_BUNDLES; i++) {
        char *path = file_path(work, s->dev.collateral_dir, dev_parts[i]);
        ok = path ? collateral_folder_load(work, path, &bundles[count++], err)
                  : att_fail_memory(err, "collateral");
    }
    const struct att_collateral_in in = { .size = sizeof in, .dcap = bundles, .dcap_count = count };
    ok = ok && att_collateral_new(s->lib, &in, ret, err);
    att_arena_free(work);
    if (ok)
        log_rows(*ret);
    return ok;
}
