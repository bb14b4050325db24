/* layers: records base codec files fetch */
/* Sinks: real files, sockets and an HTTPS receiver, in working order, slow, and gone. */
#include "fetch/fetch.h"
#include "records/outlet.h"
#include "world.h"

#include "base/buf.h"
#include "codec/json.h"

#include "support/tls_peer.h"
#include "support/tokens.h"

#include <inttypes.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct cases cases = { .name = "records_sinks" };
static struct fetch *door;

static struct records *with_sinks(const struct record_sink *sinks, size_t count)
{
    return open_with(
        &(struct records_options){ .sinks = sinks, .sink_count = count, .fetch = door, .queue_max = 500 });
}

static struct record_sink_stats stats_of(struct records *r, size_t i)
{
    struct records_stats s;

    records_stats(r, &s);
    return s.sinks[i];
}

/* -- files ------------------------------------------------------------------------------------------------ */

static void file_sink(void)
{
    size_t len = 0;

    folder_new();
    const struct record_sink sinks[] = {
        { .name = "plain", .kind = RECORD_SINK_FILE, .path = in_folder("plain.jsonl") },
        { .name = "small",
          .kind = RECORD_SINK_FILE,
          .path = in_folder("small.jsonl"),
          .rotate_bytes = 4096,
          .keep_files = 2 },
    };
    struct records *r = with_sinks(sinks, 2);
    cases_check(&cases,
                records_sink(r, "plain") == 0 && records_sink(r, "small") == 1 &&
                    records_sink(r, "none") == -1,
                "numbers of sinks");
    push_some(r, 0, 5, 1);
    UNTIL(stats_of(r, 0).written == 5);
    char *text = file_get("plain.jsonl", &len);
    cases_check(&cases, lines_of(text) == 5 && strncmp(text, "{\"Time\":", 8) == 0, "five lines");
    free(text);
    cases_check(&cases, stats_of(r, 1).written == 0, "not of its mask");

    must(rename(in_folder("plain.jsonl"), in_folder("moved")) == 0, "moving");
    push_some(r, 5, 6, 1);
    UNTIL(stats_of(r, 0).written == 6);
    cases_check(&cases, access(in_folder("plain.jsonl"), F_OK) != 0,
                "who renames the file has it until it is reopened");
    records_reopen(r);
    push_some(r, 6, 7, 1);
    UNTIL(stats_of(r, 0).written == 7);
    text = file_get("plain.jsonl", &len);
    cases_check(&cases, lines_of(text) == 1, "then it is a new one");
    free(text);

    for (unsigned i = 0; i < 30; i++) {
        push_some(r, i, i + 1, 2);
        UNTIL(stats_of(r, 1).written == i + 1);
    }
    cases_check(&cases,
                access(in_folder("small.jsonl.2"), F_OK) == 0 &&
                    access(in_folder("small.jsonl.3"), F_OK) != 0,
                "files turn over, two are kept");
    records_close(r);
    text = file_get("small.jsonl.1", &len);
    cases_check(&cases, len >= 4096 && len < 4096 + 2000 && text[len - 1] == '\n', "%zu bytes in an old one",
                len);
    free(text);
    folder_remove();
}

static void refused_sinks(void)
{
    static const struct {
        const char *name;
        struct record_sink sink;
        enum att_code code;
        const char *where;
    } rows[] = {
        { "no name", { .name = "", .path = "/tmp/x" }, ATT_CONFIG_INVALID, "sink" },
        { "upper case", { .name = "A", .path = "/tmp/x" }, ATT_CONFIG_INVALID, "sink" },
        { "33 letters",
          { .name = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", .path = "/tmp/x" },
          ATT_CONFIG_INVALID,
          "sink" },
        { "no path", { .name = "a" }, ATT_CONFIG_INVALID, "sink.path" },
        { "relative", { .name = "a", .path = "x" }, ATT_CONFIG_INVALID, "sink.path" },
        { "no folder", { .name = "a", .path = "/nonexistent/x" }, ATT_IO_FAILED, "x" },
        { "a folder", { .name = "a", .path = "/tmp" }, ATT_IO_FAILED, "tmp" },
        { "a device", { .name = "a", .path = "/dev/null" }, ATT_IO_FAILED, "null" },
        { "http",
          { .name = "a", .kind = RECORD_SINK_OTLP, .url = "http://x/" },
          ATT_CONFIG_INVALID,
          "sink.url" },
        { "no url", { .name = "a", .kind = RECORD_SINK_WEBHOOK }, ATT_CONFIG_INVALID, "sink.url" },
        { "a kind of none",
          { .name = "a", .kind = (enum record_sink_kind)9 },
          ATT_CONFIG_INVALID,
          "sink.kind" },
        { "a relative socket",
          { .name = "a", .kind = RECORD_SINK_SYSLOG, .path = "log" },
          ATT_CONFIG_INVALID,
          "sink.path" },
        { "a long socket",
          { .name = "a",
            .kind = RECORD_SINK_JOURNAL,
            .path = "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                    "aaaaaaaaaaaaaaaaaaaa"
                    "aaa" },
          ATT_CONFIG_INVALID,
          "sink.path" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct records_options o = {
            .sinks = &rows[i].sink, .sink_count = 1, .fetch = door, .now_unix_s = now
        };
        open_refused(rows[i].name, &o, rows[i].code, rows[i].where);
    }
    const struct record_sink web = { .name = "a", .kind = RECORD_SINK_WEBHOOK, .url = "https://x/" };
    open_refused("nothing to fetch with", &(struct records_options){ .sinks = &web, .sink_count = 1 },
                 ATT_CONFIG_INVALID, "sink.kind");
    const struct record_sink twice[] = { { .name = "a", .kind = RECORD_SINK_SYSLOG },
                                         { .name = "a", .kind = RECORD_SINK_SYSLOG } };
    open_refused("twice", &(struct records_options){ .sinks = twice, .sink_count = 2 }, ATT_CONFIG_INVALID,
                 "sink");
    open_refused("too many", &(struct records_options){ .sinks = twice, .sink_count = 33 },
                 ATT_CONFIG_INVALID, "sink");
}

/* -- sockets ---------------------------------------------------------------------------------------------- */

static int socket_bound(const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    memcpy(at.sun_path, path, strlen(path) + 1);
    must(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0, "a socket");
    return fd;
}

static size_t receive(int fd, char *to, size_t size)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    ssize_t n = poll(&p, 1, 5000) == 1 ? recv(fd, to, size - 1, 0) : 0;

    to[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

static void sockets(void)
{
    static char got[65536];

    folder_new();
    const struct record_sink sinks[] = {
        { .name = "syslog", .kind = RECORD_SINK_SYSLOG, .path = in_folder("log") },
        { .name = "systemd", .kind = RECORD_SINK_JOURNAL, .path = in_folder("journal") },
    };
    int log = socket_bound(sinks[0].path), journal = socket_bound(sinks[1].path);
    struct records *r = with_sinks(sinks, 2);
    push_some(r, 3, 5, 3); /* 3 failed, 4 did not */
    cases_check(&cases,
                receive(log, got, sizeof got) > 0 &&
                    strncmp(got, "<83>1 2023-11-14T22:13:20.000003Z ", 34) == 0 && strstr(got, " attestd ") &&
                    strstr(got, " record - {\"Time\":"),
                "syslog of a failure: %.80s", got);
    cases_check(&cases, receive(log, got, sizeof got) > 0 && strncmp(got, "<86>1 ", 6) == 0,
                "of a success: %.60s", got);
    cases_check(&cases,
                receive(journal, got, sizeof got) > 0 &&
                    strncmp(got, "PRIORITY=3\nSYSLOG_IDENTIFIER=attestd\n", 37) == 0 &&
                    strstr(got, "\nMESSAGE=AttestSgxEnclave 400 QUOTE_VERSION\n") &&
                    strstr(got, "\nATTESTD_VERDICT=QUOTE_VERSION\n") &&
                    strstr(got, "\nATTESTD_REQUEST_ID=r-3\n") && strstr(got, "\nATTESTD_RECORD={\"Time\":") &&
                    got[strlen(got) - 1] == '\n',
                "systemd: %.300s", got);
    cases_check(&cases, receive(journal, got, sizeof got) > 0 && strncmp(got, "PRIORITY=6\n", 11) == 0,
                "systemd, good");

    close(log);
    must(unlink(sinks[0].path) == 0, "socket");
    troubles = 0;
    push_some(r, 6, 9, 3);
    UNTIL(stats_of(r, 1).written == 5);
    UNTIL(stats_of(r, 0).failed > 1);
    cases_check(&cases, stats_of(r, 1).written == 5 && stats_of(r, 0).waiting == 3 && troubles == 1,
                "a socket that is gone holds up nobody else");
    log = socket_bound(sinks[0].path);
    UNTIL(stats_of(r, 0).written == 5);
    cases_check(&cases, stats_of(r, 0).written == 5 && stats_of(r, 0).lost == 0,
                "and has all when it is back");
    records_close(r);
    close(log);
    close(journal);
    folder_remove();
}

/* -- HTTPS ------------------------------------------------------------------------------------------------ */

#define OK_EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

static bool text_at(const struct att_json *d, att_json_id of, const char *name, const char *want)
{
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_span got = { 0 };
    struct att_err err = { 0 };
    bool ok = att_json_want_string(d, a, of, "x", name, &got, &err) && att_span_is(got, want);

    att_arena_free(a);
    return ok;
}

static att_json_id first_of(const struct att_json *d, att_json_id of, const char *name)
{
    return att_json_first(d, att_json_get(d, of, name));
}

static void otlp_body(const char *body)
{
    struct att_arena *arena = att_arena_new(8 << 20);
    struct att_json d;
    struct att_err err = { 0 };
    bool ok = att_json_parse(arena, att_str(body), NULL, &d, &err);

    cases_check(&cases, ok, "OTLP is JSON: %s", err.text);
    if (!ok)
        return;
    att_json_id resource = first_of(&d, ATT_JSON_ROOT, "resourceLogs");
    att_json_id record = first_of(&d, first_of(&d, resource, "scopeLogs"), "logRecords");
    cases_check(&cases, text_at(&d, record, "timeUnixNano", "1700000000000003000"), "time");
    cases_check(&cases,
                text_at(&d, record, "traceId", "0af7651916cd43dd8448eb211c80319c") &&
                    text_at(&d, record, "spanId", "b7ad6b7169203331"),
                "trace");
    cases_check(&cases, text_at(&d, record, "severityText", "Error"), "severity");
    att_json_id attribute = first_of(&d, record, "attributes");
    cases_check(&cases,
                text_at(&d, attribute, "key", "azure.operation_name") &&
                    text_at(&d, att_json_get(&d, attribute, "value"), "stringValue", "AttestSgxEnclave"),
                "attributes");
    cases_check(&cases,
                strstr(body, "\"http.response.status_code\",\"value\":{\"intValue\":\"400\"}") != NULL,
                "a number");
    cases_check(&cases,
                strstr(body, "\"service.instance.id\",\"value\":{\"stringValue\":\"host:1\"}") != NULL,
                "the instance");
    att_arena_free(arena);
}

static struct record_sink http_sink(enum record_sink_kind kind, struct tls_peer *peer,
                                    const char *header_file)
{
    return (struct record_sink){ .name = "web",
                                 .kind = kind,
                                 .url = test_text("https://localhost:%u/v1/logs", tls_peer_port(peer)),
                                 .ca = tls_peer_ca(peer),
                                 .header_file = header_file };
}

static void receivers(void)
{
    folder_new();
    file_put("header", "X-Key: secret-1\nsecond line\n", 28);
    for (int otlp = 0; otlp < 2; otlp++) {
        struct tls_peer *peer = tls_peer_start(&(struct tls_peer_behaviour){ .answer = OK_EMPTY });
        const struct record_sink sink =
            http_sink(otlp ? RECORD_SINK_OTLP : RECORD_SINK_WEBHOOK, peer, otlp ? NULL : in_folder("header"));
        struct records *r = with_sinks(&sink, 1);
        push_some(r, 3, 4, 1);
        UNTIL(stats_of(r, 0).written == 1);
        cases_check(&cases, stats_of(r, 0).written == 1 && stats_of(r, 0).failed == 0, "delivered");
        char *head = tls_peer_last_request(peer), *body = tls_peer_bodies(peer);
        cases_check(&cases,
                    strncmp(head, "POST /v1/logs HTTP/1.1\r\n", 24) == 0 &&
                        strstr(head, "Content-Type: application/json\r\n") && !strstr(head, "Expect:"),
                    "the request: %s", head);
        cases_check(&cases, (strstr(head, "X-Key: secret-1\r\n") != NULL) == !otlp && !strstr(head, "second"),
                    "its header");
        if (otlp)
            otlp_body(body);
        else
            cases_check(&cases,
                        strncmp(body, "[{\"Time\":", 9) == 0 && strcmp(body + strlen(body) - 2, "}]") == 0,
                        "an array");
        free(head);
        free(body);
        if (!otlp) {
            file_put("header", "X-Key: secret-2", 15);
            push_some(r, 4, 5, 1);
            UNTIL(stats_of(r, 0).written == 2);
            head = tls_peer_last_request(peer);
            cases_check(&cases, strstr(head, "X-Key: secret-2\r\n") != NULL, "a header that was renewed");
            free(head);
        }
        records_close(r);
        tls_peer_stop(peer);
    }
    folder_remove();
}

static void answers(void)
{
    static const struct {
        const char *answer;
        bool again, lost;
    } rows[] = {
        { "HTTP/1.1 204 No Content\r\n\r\n", false, false },
        { "HTTP/1.1 202 Accepted\r\n\r\n", false, false }, /* ends with the connection: nobody reads it */
        { "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", false, true },
        { "HTTP/1.1 301 Moved\r\nLocation: https://localhost/\r\nContent-Length: 0\r\n\r\n", false, true },
        { "HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n", false, true },
        { "HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n", true, false },
        { "HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n", true, false },
        { "HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n", true, false },
        { "nonsense", true, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tls_peer *peer = tls_peer_start(&(struct tls_peer_behaviour){ .answer = rows[i].answer });
        const struct record_sink sink = http_sink(RECORD_SINK_WEBHOOK, peer, NULL);
        struct records *r = with_sinks(&sink, 1);
        struct record_sink_stats s;
        int64_t from = clock_ns();
        push_some(r, 1, 2, 1);
        UNTIL((s = stats_of(r, 0), s.written + s.lost + s.failed > 0));
        s = stats_of(r, 0);
        cases_check(&cases,
                    s.lost == rows[i].lost && s.written == (!rows[i].lost && !rows[i].again) &&
                        s.waiting == rows[i].again,
                    "%.20s: written %" PRIu64 " lost %" PRIu64 " waiting %zu", rows[i].answer, s.written,
                    s.lost, s.waiting);
        if (rows[i].again) {
            tls_peer_answer(peer, OK_EMPTY);
            UNTIL(stats_of(r, 0).written == 1);
            cases_check(&cases, stats_of(r, 0).written == 1, "%.20s: and then taken", rows[i].answer);
            bool asked = strstr(rows[i].answer, "Retry-After") != NULL;
            cases_check(&cases, !asked || clock_ns() - from > 950 * 1000000L, "%.20s: not before it was time",
                        rows[i].answer);
        }
        records_close(r);
        tls_peer_stop(peer);
    }
}

/* One that never answers, beside one that works, and more records than fit: the second has all, the first loses some, a push
 * never waits, and the end comes in time. */
static void dead(void)
{
    folder_new();
    struct tls_peer *peer = tls_peer_start(&(struct tls_peer_behaviour){ .silent = true });
    struct record_sink sinks[] = { http_sink(RECORD_SINK_OTLP, peer, NULL),
                                   { .name = "file", .kind = RECORD_SINK_FILE, .path = in_folder("file") } };
    struct records *r = with_sinks(sinks, 2);
    int64_t longest = 0;
    for (unsigned i = 0; i < 1000; i++) {
        struct record one = record_of(i, 3);
        struct att_err err = { 0 };
        int64_t from = clock_ns();
        cases_check(&cases, records_push(r, &one, &err), "push beside a dead sink");
        int64_t took = clock_ns() - from;
        longest = took > longest ? took : longest;
        if (i % 100 == 99)
            UNTIL(stats_of(r, 1).written == i + 1);
    }
    UNTIL(stats_of(r, 1).written == 1000);
    struct record_sink_stats s = stats_of(r, 0);
    cases_check(&cases, stats_of(r, 1).written == 1000, "the file has all");
    cases_check(&cases, s.waiting <= 500 && s.lost == 1000 - s.waiting && s.written == 0,
                "the dead one: waiting %zu, lost %" PRIu64, s.waiting, s.lost);
    cases_check(&cases, longest < 200 * 1000000L, "the longest push took %" PRId64 " us", longest / 1000);
    tls_peer_stop(peer); /* its connections end */
    int64_t from = clock_ns();
    records_close(r);
    cases_check(&cases, clock_ns() - from < 8000000000L, "closing took %" PRId64 " ms",
                (clock_ns() - from) / 1000000);
    folder_remove();
}

/* -- slow ------------------------------------------------------------------------------------------------- */

static bool slow_write(struct outlet *o, struct record_line *const *lines, size_t count,
                       struct outlet_result *result, struct att_err *err)
{
    (void)o;
    (void)lines;
    (void)count;
    (void)result;
    (void)err;
    pause_ms(20);
    return true;
}

/* A receiver that takes everything, at its leisure: with attempts_max the end does not wait for the last line. */
static void slow(void)
{
    static const struct outlet_ops ops = { .write = slow_write };
    const struct record record = record_of(1, 1);

    for (unsigned bounded = 0; bounded < 2; bounded++) {
        struct outlet o = { .ops = &ops, .attempts_max = bounded, .end_ms = 50 };
        struct record_sink_stats stats = { 0 };
        struct att_err err = { 0 };
        must(outlet_start(&o, 5000, &err), err.text);
        struct record_line *line = record_line_new(&record, att_str("{}"));
        for (unsigned i = 0; line && i < 5000; i++)
            outlet_put(&o, line);
        record_line_free(line);
        int64_t begun = clock_ns();
        outlet_end(&o);
        do {
            pause_ms(5);
            outlet_stats(&o, &stats);
        } while (stats.waiting > 0);
        int64_t took_ms = (clock_ns() - begun) / 1000000;
        cases_check(&cases, stats.written + stats.lost == 5000, "nothing is forgotten");
        cases_check(&cases, bounded ? stats.lost > 1000 && took_ms < 300 : stats.lost == 0,
                    "end %u: %u lost in %d ms", bounded, (unsigned)stats.lost, (int)took_ms);
        outlet_stop(&o);
    }
}

/* Each datagram is taken, and each a little late: a batch has an end of its own. */
static void *read_slowly(void *fd)
{
    char got[65536];

    for (;;) {
        ssize_t n = recv(*(int *)fd, got, sizeof got, 0);
        if (n <= 0 || got[0] == '.')
            return NULL;
        pause_ms(50);
    }
}

static void slow_reader(void)
{
    struct att_err err = { 0 };
    pthread_t reader;

    folder_new();
    const struct record_sink sink = { .name = "syslog",
                                      .kind = RECORD_SINK_SYSLOG,
                                      .path = in_folder("log") };
    int log = socket_bound(sink.path);
    struct outlet o = { .attempts_max = 1 };
    must(sink_syslog_open(&o, &sink, &err), err.text);
    must(pthread_create(&reader, NULL, read_slowly, &log) == 0, "a thread");
    const struct record record = record_of(1, 1);
    static const char large[16384] = "{";
    struct record_line *line = record_line_new(&record, att_span_of(large, sizeof large));
    struct record_line *lines[OUTLET_BATCH_MAX];
    for (size_t i = 0; i < OUTLET_BATCH_MAX; i++)
        lines[i] = line;
    struct outlet_result result = { 0 };
    int64_t begun = clock_ns();
    bool ok = o.ops->write(&o, lines, OUTLET_BATCH_MAX, &result, &err);
    cases_check(&cases, !ok && result.done > 0 && result.done < OUTLET_BATCH_MAX && !result.give_up,
                "a slow reader: %zu", result.done);
    cases_check(&cases, clock_ns() - begun < INT64_C(4000000000), "some seconds at most");
    o.ops->close(&o);
    (void)shutdown(log, SHUT_RDWR);
    pthread_join(reader, NULL);
    record_line_free(line);
    close(log);
    folder_remove();
}

int main(void)
{
    struct att_err err = { 0 };

    must(fetch_open(&door, &err), err.text);
    refused_sinks();
    file_sink();
    sockets();
    receivers();
    answers();
    dead();
    slow();
    slow_reader();
    fetch_close(door);
    return cases_report(&cases);
}
