#include "records/check.h"

#include "base/err.h"
#include "codec/json.h"
#include "records/segment.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

enum { LINE_ARENA_BYTES = 16 << 20 };

struct checking {
    const struct records_check *check;
    struct records_checked *ret;
    struct chain_hasher hasher;
    struct att_arena *arena; /* of one line */
    struct chain_end end, anchor;
    bool anchored, anchor_met, expect_met, refused;
};

/* A number in a mark, which is text of the journal's own and in this form alone; 0 when it is not there. */
static uint64_t number_behind(struct att_span line, const char *name)
{
    const void *at = memmem(line.ptr, line.len, name, strlen(name));
    uint64_t n = 0;

    if (!at)
        return 0;
    for (const uint8_t *p = (const uint8_t *)at + strlen(name);
         p < line.ptr + line.len && *p >= '0' && *p <= '9'; p++)
        n = n * 10 + (uint64_t)(*p - '0');
    return n;
}

/* Behind {"seq":N,"prev":"..", a mark has "journal" as its first member; a record has "Time". */
static void count_mark(struct records_checked *r, uint64_t seq, struct att_span line)
{
    char digits[24];
    size_t head = sizeof "{\"seq\":,\"prev\":\"\"," - 1 + CHAIN_HASH_SIZE - 1 +
                  (size_t)snprintf(digits, sizeof digits, "%" PRIu64, seq);
    static const char begin[] = "\"journal\":\"begin\"", repaired[] = "\"journal\":\"repaired\"",
                      lost[] = "\"journal\":\"lost\"";

    if (line.len <= head)
        return;
    struct att_span rest = att_span_of(line.ptr + head, line.len - head);
    if (rest.len > sizeof begin && memcmp(rest.ptr, begin, sizeof begin - 1) == 0)
        r->begun++;
    if (rest.len > sizeof lost && memcmp(rest.ptr, lost, sizeof lost - 1) == 0)
        r->lost += number_behind(rest, "\"records\":");
    if (rest.len > sizeof repaired && memcmp(rest.ptr, repaired, sizeof repaired - 1) == 0) {
        r->repaired++;
        r->cut_lines += number_behind(rest, "\"cutLines\":");
    }
}

/* The hash of this very line is in the scan's end when `each` is called; the anchor and what is expected are compared there. */
struct met {
    struct checking *c;
    const struct segment_scan *scan;
};

static bool look(struct met *m, uint64_t seq, struct att_span line, struct att_err *err)
{
    struct checking *c = m->c;
    const struct chain_end *end = &m->scan->end;
    struct att_json doc;

    /* One object: two lines that have become one would else pass for a line, if nothing stands behind them. */
    att_arena_reset(c->arena);
    if (!att_json_parse(c->arena, line, NULL, &doc, err))
        return att_fail_as(err, ATT_IO_FAILED, "records");
    if (c->ret->first_seq == 0)
        c->ret->first_seq = seq;
    c->ret->last_seq = seq;
    memcpy(c->ret->last_hash, end->hash, sizeof c->ret->last_hash);
    if (c->anchored && seq == c->anchor.seq) {
        if (strcmp(end->hash, c->anchor.hash) != 0)
            return att_fail(err, ATT_IO_FAILED, "anchor.json", "the hash of the line of its number",
                            "another");
        c->anchor_met = true;
    }
    if (seq == c->check->expect_seq) {
        if (strcasecmp(end->hash, c->check->expect_hash) != 0)
            return att_fail(err, ATT_IO_FAILED, "expect", "the hash that was kept elsewhere",
                            "%s for line %" PRIu64, end->hash, seq);
        c->expect_met = true;
    }
    count_mark(c->ret, seq, line);
    return !c->check->each || c->check->each(c->check->ctx, seq, line, err);
}

static bool on_line(void *ctx, uint64_t seq, struct att_span line, struct att_err *err)
{
    struct met *m = ctx;

    m->c->refused = !look(m, seq, line, err);
    return !m->c->refused;
}

/* The first line of all, or the one behind what retention removed; or, if a removal was cut short, one before that end. */
static bool start_fits(struct checking *c, const char *name, const struct chain_end *begin,
                       struct att_err *err)
{
    struct chain_end first;

    chain_start(&first);
    if (begin->seq == 0 && strcmp(begin->hash, first.hash) == 0)
        return true;
    if (!c->anchored)
        return att_fail(err, ATT_IO_FAILED, name,
                        "line 1 first, or an anchor.json that says what was removed", "line %" PRIu64,
                        begin->seq + 1);
    if (begin->seq == c->anchor.seq && strcmp(begin->hash, c->anchor.hash) == 0) {
        c->anchor_met = true;
        return true;
    }
    return begin->seq < c->anchor.seq ||
           att_fail(err, ATT_IO_FAILED, name, "the line behind the last one that was removed",
                    "line %" PRIu64 " behind %" PRIu64, begin->seq + 1, c->anchor.seq);
}

static bool check_segment(struct checking *c, int dir_fd, const char *name, bool first, struct att_err *err)
{
    struct segment_scan scan = { .hasher = &c->hasher, .any_start = first, .end = c->end, .each = on_line };
    struct met met = { c, &scan };

    scan.ctx = &met;
    if (!segment_scan(&scan, dir_fd, name, err)) {
        c->ret->unreadable = !c->refused;
        return false;
    }
    if (scan.good_bytes != scan.bytes)
        return att_fail(err, ATT_IO_FAILED, name,
                        scan.bad_lines ? "a line that follows the one before it" : "lines that are whole",
                        "line %" PRIu64 " of the file, behind number %" PRIu64, scan.lines + 1, scan.end.seq);
    if (first && scan.lines > 0 && !start_fits(c, name, &scan.begin, err))
        return false;
    c->end = scan.end;
    c->ret->segments++;
    return true;
}

static bool check_all(struct checking *c, int dir_fd, const struct segments *list, struct att_err *err)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!check_segment(c, dir_fd, list->all[i].name, c->ret->first_seq == 0, err))
            return false;
    }
    if (c->anchored && c->ret->last_seq > 0 && !c->anchor_met)
        return att_fail(err, ATT_IO_FAILED, "anchor.json", "the line of its number", "none");
    if (!c->check->expect_seq || c->expect_met)
        return true;
    if (c->anchored && c->check->expect_seq <= c->anchor.seq)
        return att_fail(err, ATT_IO_FAILED, "expect", "a line that retention has not removed",
                        "one that it has");
    return att_fail(err, ATT_IO_FAILED, "expect", "the line that was kept elsewhere", "the last is %" PRIu64,
                    c->ret->last_seq);
}

/* False: it cannot be told. */
static bool prepare(struct checking *c, const char *dir, int *ret_fd, struct segments *list,
                    struct att_err *err)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    *ret_fd = fd;
    if (fd < 0)
        return att_fail(err, ATT_IO_FAILED, "records", "a folder that can be read", "%m");
    c->arena = att_arena_new(LINE_ARENA_BYTES);
    return (c->arena || att_fail_memory(err, "records")) && segments_list(dir, list, err) &&
           chain_hasher_open(&c->hasher, err);
}

bool records_check(const char *dir, const struct records_check *check, struct records_checked *ret,
                   struct att_err *err)
{
    struct records_checked out = { 0 };
    struct checking c = { .check = check, .ret = &out };
    struct segments list = { 0 };
    int fd = -1;

    chain_start(&c.end);
    bool ok = prepare(&c, dir, &fd, &list, err);
    out.unreadable = !ok;
    ok = ok && anchor_read(dir, &c.anchor, &c.anchored, err);
    out.removed_to = c.anchored ? c.anchor.seq : 0;
    ok = ok && check_all(&c, fd, &list, err);
    chain_hasher_close(&c.hasher);
    att_arena_free(c.arena);
    if (fd >= 0)
        (void)close(fd); /* opened for reading: nothing can be lost */
    free(list.all);
    *ret = out;
    return ok;
}
