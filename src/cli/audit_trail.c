#include "cli/audit_trail.h"

#include "base/err.h"
#include "base/hex.h"
#include "base/timetext.h"
#include "cli/answer.h"
#include "cli/operator.h"
#include "codec/json.h"
#include "records/check.h"
#include "site/site.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

enum { LINE_ARENA_BYTES = 16 << 20 };

struct reading {
    const struct audit_reading *how;
    struct audit_end *end;
    struct att_arena *arena; /* of one line */
    bool met, asker_failed;
};

static bool hand_on(struct reading *r, struct att_span text, int64_t at_unix_s, struct att_err *err)
{
    r->asker_failed = r->how->each && !r->how->each(r->how->ctx, text, at_unix_s, err);
    return !r->asker_failed;
}

/* -- the store ------------------------------------------------------------------------------------------------ */

static bool on_row(void *ctx, const struct site_audit_row *row, const struct site_audit_end *end,
                   struct att_err *err)
{
    struct reading *r = ctx;

    r->end->seq = end->seq;
    att_hex_text(r->end->hash, att_span_of(end->sha256, sizeof end->sha256));
    if (row->seq == r->how->expect_seq) {
        r->met = strcasecmp(r->end->hash, r->how->expect_hash) == 0;
        if (!r->met)
            return att_fail(err, ATT_STORE_FAILED, "audit.expect", "the hash that was kept elsewhere", "%s",
                            r->end->hash);
    }
    return hand_on(r, row->body, row->at_unix_s, err);
}

static enum cli_exit read_store(struct cli *c, struct reading *r, struct att_err *err)
{
    struct config config;
    struct store *store = NULL;
    struct site_audit_end end = { 0 };

    if (!operator_config(c, &config, err))
        return cli_exit_of(err->code);
    bool ok = operator_store(&config, &store, err) && site_audit_walk(store, on_row, r, &end, err);
    store_close(store);
    if (ok && r->how->expect_seq && !r->met)
        ok = att_fail(err, ATT_STORE_FAILED, "audit.expect", "the record that was kept elsewhere",
                      "the last is %" PRIu64, end.seq);
    if (ok)
        return CLI_YES;
    return !r->asker_failed && strncmp(err->where, "audit.", 6) == 0 ? CLI_NO : cli_exit_of(err->code);
}

/* -- the journal ---------------------------------------------------------------------------------------------- */

/* Of a record or a mark; both have a Time. */
static bool time_of(struct reading *r, struct att_span line, int64_t *ret, struct att_err *err)
{
    struct att_json doc;
    struct att_span text = { 0 };
    char seconds[21];

    att_arena_reset(r->arena);
    if (!att_json_parse(r->arena, line, NULL, &doc, err) ||
        !att_json_want_string(&doc, r->arena, ATT_JSON_ROOT, "records", "Time", &text, err))
        return false;
    (void)snprintf(seconds, sizeof seconds, "%.*sZ", (int)(text.len < 19 ? text.len : 19),
                   (const char *)text.ptr);
    return att_time_read(att_str(seconds), ret) ||
           att_fail(err, ATT_IO_FAILED, "records.Time", "a time", "another text");
}

static bool on_line(void *ctx, uint64_t seq, struct att_span line, struct att_err *err)
{
    struct reading *r = ctx;
    int64_t at = 0;

    (void)seq;
    if (!r->how->each)
        return true;
    return time_of(r, line, &at, err) && hand_on(r, line, at, err);
}

static enum cli_exit read_journal(struct cli *c, struct reading *r, const char *dir, struct att_err *err)
{
    struct records_checked got = { 0 };
    struct records_check how = {
        .expect_seq = r->how->expect_seq, .expect_hash = r->how->expect_hash, .each = on_line, .ctx = r
    };

    if (cli_has(c, "config")) {
        (void)att_fail(err, ATT_USAGE, "records", "--config or --records", "both");
        return CLI_USAGE;
    }
    bool ok = records_check(dir, &how, &got, err);
    *r->end = (struct audit_end){ .seq = got.last_seq,
                                  .first_seq = got.first_seq,
                                  .repaired = got.repaired,
                                  .cut_lines = got.cut_lines,
                                  .lost = got.lost };
    memcpy(r->end->hash, got.last_hash, sizeof r->end->hash);
    if (ok)
        return CLI_YES;
    return got.unreadable || r->asker_failed ? CLI_UNKNOWN : CLI_NO;
}

enum cli_exit audit_read(struct cli *c, const struct audit_reading *how, struct audit_end *ret,
                         struct att_err *err)
{
    struct reading r = { .how = how, .end = ret, .arena = att_arena_new(LINE_ARENA_BYTES) };
    const char *dir = cli_value(c, "records");

    if (!r.arena) {
        (void)att_fail_memory(err, "audit");
        return CLI_UNKNOWN;
    }
    enum cli_exit exit = dir ? read_journal(c, &r, dir, err) : read_store(c, &r, err);
    att_arena_free(r.arena);
    return exit;
}
