/* layers: records base codec files */
/* The journal on a real disk: what is written, what a crash leaves, what a stranger changed. */
#include "records/check.h"
#include "records/segment.h"
#include "world.h"

#include "base/buf.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/resource.h>

static struct cases cases = { .name = "records_journal" };

static const char first_name[] = "records-20231114-0001.jsonl", second_name[] = "records-20231114-0002.jsonl";

static bool check(struct records_checked *ret, struct att_err *err)
{
    return records_check(folder, &(struct records_check){ 0 }, ret, err);
}

static void holds(const char *name, uint64_t last, struct records_checked *ret)
{
    struct records_checked unused, *to = ret ? ret : &unused;
    struct att_err err = { 0 };
    bool ok = check(to, &err);

    cases_check(&cases, ok && to->last_seq == last, "%s: %s, last %" PRIu64 ", wanted %" PRIu64, name,
                err.text, to->last_seq, last);
}

static void broken(const char *name)
{
    struct records_checked ret;
    struct att_err err = { 0 };

    cases_check(&cases, !check(&ret, &err) && err.code == ATT_IO_FAILED && err.found[0] && err.expected[0],
                "%s: found out (%s)", name, err.text);
}

static void expects(const char *name, uint64_t seq, const char *hash, bool want)
{
    struct records_checked ret;
    struct att_err err = { 0 };
    const struct records_check what = { .expect_seq = seq, .expect_hash = hash };

    cases_check(&cases, records_check(folder, &what, &ret, &err) == want, "%s: %s", name, err.text);
}

/* A journal of so many records, closed. */
static void make(unsigned from, unsigned to, uint64_t segment_bytes)
{
    struct records *r = open_with(&(struct records_options){ .dir = folder, .segment_bytes = segment_bytes });

    for (unsigned i = from; i < to; i++) {
        push_some(r, i, i + 1, 0);
        if (segment_bytes) { /* a batch each */
            struct records_stats s = { 0 };
            UNTIL((records_stats(r, &s), s.journal_written == i - from + 1));
        }
    }
    records_close(r);
}

static void life(void)
{
    struct records_checked ret;
    struct stat st;
    size_t len = 0;

    folder_new();
    holds("an empty folder", 0, NULL);
    make(0, 20, 0);
    holds("twenty, and the line that begins", 21, &ret);
    cases_check(&cases, ret.first_seq == 1 && ret.begun == 1 && ret.segments == 1 && ret.repaired == 0,
                "what it says");
    expects("the last line", ret.last_seq, ret.last_hash, true);
    expects("a line that is to come", ret.last_seq + 1, ret.last_hash, false);
    expects("another hash", ret.last_seq, "00", false);
    cases_check(&cases, stat(in_folder(first_name), &st) == 0 && (st.st_mode & 0777) == 0640,
                "mode of a segment");
    make(20, 30, 0);
    holds("ten more behind a restart", 32, &ret);
    cases_check(&cases, ret.segments == 1, "in the same segment");
    char *text = file_get(first_name, &len);
    cases_check(&cases,
                strncmp(text, "{\"seq\":1,\"prev\":\"00000000", 24) == 0 &&
                    strstr(text, "\"journal\":\"begin\"") && strstr(text, "\"journal\":\"opened\"") &&
                    strstr(text, "\"requestId\":\"r-29\""),
                "its text");
    free(text);
    test_now += 86400;
    make(30, 31, 0);
    holds("another day", 34, &ret);
    cases_check(&cases, ret.segments == 2 && access(in_folder("records-20231115-0001.jsonl"), F_OK) == 0,
                "has its own file");
    test_now -= 2 * 86400;
    make(31, 32, 0);
    holds("a clock that went back", 36, &ret);
    cases_check(&cases, ret.segments == 2, "makes no older file");
    test_now += 86400;
    folder_remove();
}

/* A second implementation reads every line and follows the chain. */
static void by_python(void)
{
    char command[900];

    if (system("python3 -c pass >/dev/null 2>&1") != 0) {
        cases_skip(&cases, "no python3");
        return;
    }
    folder_new();
    make(0, 12, 3000);
    (void)snprintf(command, sizeof command,
                   "python3 -c \"\nimport json,hashlib,glob\nprev='0'*64\nseq=0\n"
                   "for f in sorted(glob.glob('%s/*.jsonl')):\n"
                   "  for line in open(f,'rb').read().split(b'\\n')[:-1]:\n"
                   "    o=json.loads(line)\n    assert o['seq']==seq+1 and o['prev']==prev,o\n"
                   "    if 'operationName' in o: json.loads(o['identity']); json.loads(o['traceContext'])\n"
                   "    seq+=1; prev=hashlib.sha256(line).hexdigest()\n"
                   "assert seq>12\n\"",
                   folder);
    cases_check(&cases, system(command) == 0, "python3 follows the chain");
    folder_remove();
}

static void rotation(void)
{
    struct records_checked ret;
    char *text = NULL;
    size_t len = 0;

    folder_new();
    make(0, 10, 2500);
    cases_check(&cases, folder_count(".jsonl") >= 4, "small segments: %u", folder_count(".jsonl"));
    holds("over segments", 10 + folder_count(".jsonl"), &ret);
    cases_check(&cases, ret.begun == ret.segments, "each begins with a line that says so");
    text = file_get(second_name, &len);
    cases_check(&cases, strstr(text, "\"before\":\"records-20231114-0001.jsonl\""),
                "and names the one before");
    free(text);
    expects("a line in the middle", ret.last_seq, ret.last_hash, true);
    must(rename(in_folder(second_name), in_folder("x")) == 0, "moving");
    broken("a segment in the middle is gone");
    must(rename(in_folder("x"), in_folder(second_name)) == 0, "moving");
    holds("back again", ret.last_seq, NULL);
    must(rename(in_folder(first_name), in_folder("x")) == 0, "moving");
    broken("the first segment is gone");
    must(rename(in_folder("x"), in_folder("records-20231114-9999.jsonl")) == 0, "moving");
    broken("segments in another order");
    folder_remove();
}

/* Written anew by somebody who knows the form, with right hashes and a number left out. */
static void numbers(void)
{
    struct chain_hasher h;
    struct chain_end end;
    struct att_err err = { 0 };
    struct records_checked ret;
    struct att_buf b = { 0 };

    must(chain_hasher_open(&h, &err), "hasher");
    for (unsigned skip = 0; skip < 2; skip++) {
        folder_new();
        chain_start(&end);
        att_buf_clear(&b);
        for (int i = 0; i < 4; i++) {
            size_t start = b.len;
            end.seq += i == 2 ? skip : 0;
            chain_put_head(&b, &end);
            att_buf_puts(&b, "\"Time\":\"\"}");
            must(chain_take(&h, &end, att_span_of(b.ptr + start, b.len - start)), "hash");
            att_buf_putc(&b, '\n');
        }
        file_put(first_name, b.ptr, b.len);
        if (skip)
            broken("a number is left out");
        else
            holds("four lines of another hand", 4, &ret);
        folder_remove();
    }
    att_buf_free(&b);
    chain_hasher_close(&h);
}

static void changed(const char *name, const char *text, size_t len)
{
    file_put(first_name, text, len);
    broken(name);
}

static void tampering(void)
{
    struct records_checked ret;
    size_t len = 0;

    folder_new();
    make(0, 3, 0);
    holds("before", 4, &ret);
    char *good = file_get(first_name, &len), *bad = malloc(2 * len + 1);
    size_t last = len - 1;
    while (good[last - 1] != '\n')
        last--;
    /* Every byte, but for the text of the last line, behind which nothing stands: that one only what was kept shows. */
    for (size_t i = 0; i < len; i++) {
        struct records_checked now_is;
        struct att_err err = { 0 };
        const struct records_check what = { .expect_seq = ret.last_seq, .expect_hash = ret.last_hash };
        memcpy(bad, good, len);
        bad[i] ^= 1;
        file_put(first_name, bad, len);
        if (i < last && check(&now_is, &err))
            cases_check(&cases, false, "byte %zu changed", i);
        if (records_check(folder, &what, &now_is, &err))
            cases_check(&cases, false, "byte %zu changed, with what was kept", i);
    }
    cases_check(&cases, true, "every byte of %zu", len);
    const char *second = strchr(good, '\n') + 1, *third = strchr(second, '\n') + 1,
               *fourth = strchr(third, '\n') + 1;
    size_t a = (size_t)(second - good), b = (size_t)(third - second), c = (size_t)(fourth - third);
    changed("the first line is gone", second, len - a);
    memcpy(bad, good, a);
    memcpy(bad + a, third, len - a - b);
    changed("a line in the middle is gone", bad, len - b);
    memcpy(bad + a, third, c);
    memcpy(bad + a + c, second, b);
    memcpy(bad + a + c + b, fourth, len - a - b - c);
    changed("two lines changed places", bad, len);
    memcpy(bad, good, a + b);
    memcpy(bad + a + b, second, len - a);
    changed("a line stands twice", bad, len + b);
    memcpy(bad, good, len);
    memcpy(bad + len, "\n", 1);
    changed("an empty line at the end", bad, len + 1);
    memcpy(bad + len, "{}\n", 3);
    changed("a foreign line at the end", bad, len + 3);
    for (size_t n = 1; n < len - last; n++) {
        struct records_checked now_is;
        struct att_err err = { 0 };
        file_put(first_name, good, len - n);
        if (check(&now_is, &err))
            cases_check(&cases, false, "%zu bytes cut off", n);
    }
    file_put(first_name, good, last);
    holds("a whole line cut off at the end does not show by itself", 3, NULL);
    expects("but to who kept the last", ret.last_seq, ret.last_hash, false);
    free(good);
    free(bad);
    folder_remove();
}

/* A crash in the middle of a line, at every byte of it: the next start goes on behind the last whole line. */
static void torn(void)
{
    struct records_checked ret;
    size_t len = 0;

    folder_new();
    make(0, 2, 0);
    char *good = file_get(first_name, &len);
    size_t last = len - 1;
    while (good[last - 1] != '\n')
        last--;
    for (size_t cut = last + 1; cut < len; cut += cut + 90 < len ? 83 : 1) {
        file_put(first_name, good, cut);
        troubles = 0;
        make(7, 8, 0);
        holds("behind half a line", 5, &ret);
        cases_check(&cases, ret.repaired == 1 && ret.cut_lines == 0 && troubles == 1, "it is said, at %zu",
                    cut);
        cases_check(&cases, folder_count(".torn") == 1, "what was cut off is kept");
        (void)unlink(in_folder("records-20231114-0001.jsonl.torn"));
    }
    file_put(first_name, good, 17);
    make(7, 8, 0);
    holds("half of the first line", 3, &ret);
    file_put(first_name, good, 0);
    make(7, 8, 0);
    holds("an empty file", 2, NULL);
    file_put(first_name, good, len);
    must(truncate(in_folder(first_name), (off_t)len + 4096) == 0, "zeros");
    make(7, 8, 0);
    holds("zeros of a block that never came", 6, &ret);
    cases_check(&cases, ret.repaired == 1, "are said");
    free(good);
    folder_remove();

    folder_new();
    make(0, 8, 2500);
    holds("segments", 8 + folder_count(".jsonl"), &ret);
    file_put("records-20231114-0099.jsonl", "{\"se", 4);
    make(8, 9, 2500);
    holds("a last segment with nothing whole: the one before it is gone on with", ret.last_seq + 3, NULL);
    folder_remove();
}

static void in_the_middle(void)
{
    struct records_checked ret;
    size_t len = 0;

    folder_new();
    make(0, 5, 0);
    char *text = file_get(first_name, &len);
    *strstr(text, "r-2") = 'x';
    file_put(first_name, text, len);
    free(text);
    make(5, 6, 0);
    holds("a changed line, and a restart", 7, &ret);
    cases_check(&cases, ret.repaired == 1 && ret.cut_lines == 2,
                "says that whole lines were cut off: %" PRIu64, ret.cut_lines);
    cases_check(&cases, folder_count(".torn") == 1, "and keeps them");
    folder_remove();
}

static void retention(void)
{
    struct records_checked ret;
    struct records_options o = { .dir = folder, .retention_days = 3 };
    struct records *r = NULL;

    folder_new();
    for (int day = 0; day < 6; day++) {
        r = open_with(&o);
        push_some(r, 0, 2, 0);
        records_close(r);
        test_now += 86400;
    }
    cases_check(&cases, folder_count(".jsonl") == 4, "three days and today: %u", folder_count(".jsonl"));
    holds("behind what was removed", 6 * 3, &ret);
    cases_check(&cases, ret.first_seq == 7 && ret.removed_to == 6, "from %" PRIu64, ret.first_seq);
    expects("the last one", ret.last_seq, ret.last_hash, true);
    expects("one that was removed", 3, ret.last_hash, false);
    size_t len = 0;
    char *anchor = file_get("anchor.json", &len);
    must(unlink(in_folder("anchor.json")) == 0, "anchor");
    broken("no anchor");
    for (size_t i = 0; i < len; i++) {
        struct records_checked now_is;
        struct att_err err = { 0 };
        char was = anchor[i];
        anchor[i] = was == '1' ? '2' : '1';
        file_put("anchor.json", anchor, len);
        anchor[i] = was;
        bool in_numbers = i < strlen("{\"seq\":6,\"hash\":\"") + 64;
        if (in_numbers && check(&now_is, &err))
            cases_check(&cases, false, "anchor with another byte %zu", i);
    }
    file_put("anchor.json", anchor, len);
    holds("the anchor again", ret.last_seq, NULL);
    must(unlink(in_folder("records-20231116-0001.jsonl")) == 0, "removing");
    broken("one more removed than the anchor says");
    free(anchor);
    folder_remove();

    test_now = 1700000000;
    /* The anchor is written, the segment is not removed: a crash between. */
    folder_new();
    make(0, 3, 1000);
    holds("before", 3 + folder_count(".jsonl"), &ret);
    struct chain_hasher h;
    struct att_err err = { 0 };
    must(chain_hasher_open(&h, &err), "hasher");
    struct segment_scan scan = { .hasher = &h, .any_start = true };
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(segment_scan(&scan, fd, first_name, &err) && anchor_write(folder, &scan.end, first_name, &err),
         "anchor");
    holds("anchored, and still there", ret.last_seq, NULL);
    scan.end.hash[0] ^= 1;
    must(anchor_write(folder, &scan.end, first_name, &err), "anchor");
    broken("anchored with another hash");
    close(fd);
    chain_hasher_close(&h);
    folder_remove();
}

static void lock(void)
{
    struct records_options o = { .dir = folder, .now_unix_s = now };

    folder_new();
    struct records *r = open_with(&o);
    open_refused("a second server", &o, ATT_CONFIG_INVALID, "records_dir");
    records_close(r);
    r = open_with(&o);
    records_close(r);
    o.dir = "/proc/nothing";
    open_refused("a folder that cannot be made", &o, ATT_IO_FAILED, "nothing");
    o.dir = NULL;
    o.fail_closed = true;
    open_refused("fail_closed without a journal", &o, ATT_CONFIG_INVALID, "records_fail_closed");
    folder_remove();
}

static void set_file_limit(rlim_t bytes)
{
    struct rlimit limit;

    must(getrlimit(RLIMIT_FSIZE, &limit) == 0, "limit");
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    must(setrlimit(RLIMIT_FSIZE, &limit) == 0, "limit");
}

/* No file may grow beyond what is there: as a full disk, with half a line written. */
static void full_disk(void)
{
    struct records_stats s = { 0 };
    struct records_checked ret;
    struct att_err err = { 0 };
    struct record one = record_of(9, 0);

    (void)signal(SIGXFSZ, SIG_IGN);
    for (int closed = 0; closed < 2; closed++) {
        folder_new();
        struct records *r =
            open_with(&(struct records_options){ .dir = folder, .fail_closed = closed, .queue_max = 64 });
        push_some(r, 0, 2, 0);
        UNTIL((records_stats(r, &s), s.journal_written == 2));
        troubles = 0;
        set_file_limit(3000);
        bool refused = false;
        for (unsigned i = 2; i < 400 && !refused; i++) {
            one = record_of(i, 0);
            refused = !records_push(r, &one, &err);
            pause_ms(refused ? 0 : i > 40 ? 1 : 0);
            if (!closed && i > 250)
                break;
        }
        UNTIL((records_stats(r, &s), s.journal_failed > 0));
        cases_check(&cases, s.journal_failed > 0 && troubles == 1, "failures are counted and said once: %u",
                    troubles);
        if (closed) {
            cases_check(&cases, s.waiting < 64, "refused for the failure, not for want of room: %zu",
                        s.waiting);
            cases_check(&cases, refused && err.code == ATT_RECORDS_FULL && !records_usable(r),
                        "a push is refused: %s", err.text);
        } else {
            cases_check(&cases, !refused && records_usable(r), "a push is not refused");
        }
        set_file_limit(RLIM_INFINITY);
        UNTIL((records_stats(r, &s), s.waiting == 0));
        cases_check(&cases, s.waiting == 0 && records_usable(r), "tried again when there is room");
        cases_check(&cases, closed ? s.journal_lost == 0 : s.journal_lost > 0, "lost: %" PRIu64,
                    s.journal_lost);
        push_some(r, 1, 2, 0);
        records_close(r);
        cases_check(&cases, check(&ret, &err), "the chain holds: %s", err.text);
        cases_check(&cases, closed || ret.lost > 0, "and says what was lost: %" PRIu64, ret.lost);
        cases_check(&cases, ret.repaired == 0, "nothing half was left");
        memset(&err, 0, sizeof err);
        folder_remove();
    }
}

static void names(void)
{
    static const char *const bad[] = { "",
                                       "records-20231114-0001.jsonl2",
                                       "records-20231114-0000.jsonl",
                                       "records-20231314-0001.jsonl",
                                       "records-2023111a-0001.jsonl",
                                       "records_20231114-0001.jsonl",
                                       "records-20231114-0001.jsonx",
                                       "records-20230229-0001.jsonl",
                                       "records-20231114-001.jsonll" };
    struct segment s;

    cases_check(&cases, segment_read_name(first_name, &s) && s.day == 20231114 && s.number == 1, "a name");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cases_check(&cases, !segment_read_name(bad[i], &s), "no name: '%s'", bad[i]);
}

static void each_push_and_none(void)
{
    struct record one = record_of(1, 0);
    struct att_err err = { 0 };
    struct records_stats s;

    cases_check(&cases,
                records_push(NULL, &one, &err) && records_usable(NULL) && records_sink(NULL, "x") == -1,
                "no records at all");
    records_stats(NULL, &s);
    records_reopen(NULL);
    records_close(NULL);
    struct records *r = open_with(&(struct records_options){ 0 });
    cases_check(&cases, records_push(r, &one, &err), "nowhere to write to");
    records_stats(r, &s);
    cases_check(&cases, s.journal_written == 0 && s.journal_lost == 0 && s.waiting == 0, "counts nothing");
    records_close(r);
}

int main(void)
{
    names();
    each_push_and_none();
    life();
    by_python();
    rotation();
    numbers();
    tampering();
    torn();
    in_the_middle();
    retention();
    lock();
    full_disk();
    return cases_report(&cases);
}
