/* Datagrams to a socket of this machine: syslog (RFC 5424), and systemd's journal in its native protocol. One datagram is one
 * record. A receiver that is gone is looked for again with each attempt. */
#include "records/outlet.h"

#include "base/err.h"
#include "base/timetext.h"
#include "codec/json.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Facility 10, security, for programs that keep it from the eyes of others (RFC 5424 6.2.1). */
enum {
    FACILITY = 10,
    SEVERITY_ERROR = 3,
    SEVERITY_INFO = 6,
    SEND_WAIT_MS = 500,
    BATCH_MS = 1000,
    ARENA_BYTES = 1 << 20
};

struct socket_sink {
    struct sockaddr_un to;
    int fd;
    char host[256];
    struct att_buf message;
    struct att_arena *arena;
    void (*put)(struct socket_sink *s, const struct record_line *line);
};

static bool connect_socket(struct socket_sink *s, struct att_err *err)
{
    s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd >= 0 && connect(s->fd, (const struct sockaddr *)(const void *)&s->to, sizeof s->to) == 0)
        return true;
    (void)att_fail(err, ATT_IO_FAILED, "sink.socket", "a socket that somebody reads", "%m");
    if (s->fd >= 0)
        (void)close(s->fd); /* nothing was written */
    s->fd = -1;
    return false;
}

static bool send_one(struct socket_sink *s, struct outlet_result *result, struct att_err *err)
{
    struct pollfd p = { .fd = s->fd, .events = POLLOUT };

    for (;;) {
        if (send(s->fd, s->message.ptr, s->message.len, MSG_NOSIGNAL) >= 0)
            return true;
        if (errno == EINTR)
            continue;
        if ((errno != EAGAIN && errno != ENOBUFS) || poll(&p, 1, SEND_WAIT_MS) <= 0)
            break;
    }
    /* Too large for a datagram today, and tomorrow: the next one shall not wait for it. */
    result->give_up = errno == EMSGSIZE && result->done == 0;
    (void)att_fail(err, ATT_IO_FAILED, "sink.socket", "a reader that keeps up", "%m");
    (void)close(s->fd); /* datagrams: nothing waits in it */
    s->fd = -1;
    return false;
}

static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Each datagram may wait for a slow reader; all of a batch together may not wait for each of them. */
static bool socket_write(struct outlet *o, struct record_line *const *lines, size_t count,
                         struct outlet_result *result, struct att_err *err)
{
    struct socket_sink *s = o->state;
    int64_t until = now_ms() + BATCH_MS;

    if (s->fd < 0 && !connect_socket(s, err))
        return false;
    for (; result->done < count; result->done++) {
        if (now_ms() >= until)
            return att_fail(err, ATT_IO_FAILED, "sink.socket", "a reader that keeps up", "one that is slow");
        att_buf_clear(&s->message);
        att_arena_reset(s->arena);
        s->put(s, lines[result->done]);
        if (s->message.failed)
            return att_fail_memory(err, "records.sink");
        if (!send_one(s, result, err))
            return false;
    }
    return true;
}

/* <PRIORITY>1 TIME HOST attestd PROCESS record - TEXT; the text is ASCII or UTF-8 that was looked at, and so may come without a
 * byte order mark (MSG-ANY). */
static void put_syslog(struct socket_sink *s, const struct record_line *line)
{
    struct att_time_text at;

    att_buf_printf(&s->message, "<%d>1 %.19s.%06dZ %s attestd %ld record - ",
                   FACILITY * 8 + (line->failed ? SEVERITY_ERROR : SEVERITY_INFO),
                   att_time_text(&at, line->at_unix_us / 1000000), (int)(line->at_unix_us % 1000000), s->host,
                   (long)getpid());
    att_buf_put(&s->message, att_span_of(line->text, line->len));
}

/* NAME=value, or with the length in 64 bits for a value of several lines. */
static void put_field(struct att_buf *b, const char *name, struct att_span value)
{
    att_buf_puts(b, name);
    if (value.len > 0 && memchr(value.ptr, '\n', value.len)) {
        att_buf_putc(b, '\n');
        att_buf_u64le(b, value.len);
    } else {
        att_buf_putc(b, '=');
    }
    att_buf_put(b, value);
    att_buf_putc(b, '\n');
}

static struct att_span member(struct socket_sink *s, const struct att_json *doc, att_json_id of,
                              const char *name)
{
    struct att_span text = { 0 };

    if (!att_json_want_string(doc, s->arena, of, "record", name, &text, NULL))
        return (struct att_span){ 0 };
    return text;
}

static void put_systemd(struct socket_sink *s, const struct record_line *line)
{
    static const struct {
        const char *field, *member;
        bool in_properties;
    } fields[] = {
        { "ATTESTD_OPERATION", "operationName", false }, { "ATTESTD_CATEGORY", "category", false },
        { "ATTESTD_RESULT", "resultType", false },       { "ATTESTD_STATUS", "resultSignature", false },
        { "ATTESTD_RESOURCE", "resourceId", false },     { "ATTESTD_CLIENT", "callerIpAddress", false },
        { "ATTESTD_VERDICT", "verdictCode", true },      { "ATTESTD_REQUEST_ID", "requestId", true },
    };
    struct att_json doc;
    struct att_buf *b = &s->message;

    put_field(b, "PRIORITY", att_str(line->failed ? "3" : "6"));
    put_field(b, "SYSLOG_IDENTIFIER", att_str("attestd"));
    if (att_json_parse(s->arena, att_span_of(line->text, line->len), NULL, &doc, NULL)) {
        att_json_id properties = att_json_get(&doc, ATT_JSON_ROOT, "properties");
        att_buf_puts(b, "MESSAGE=");
        att_buf_put(b, member(s, &doc, ATT_JSON_ROOT, "operationName"));
        att_buf_putc(b, ' ');
        att_buf_put(b, member(s, &doc, ATT_JSON_ROOT, "resultSignature"));
        att_buf_putc(b, ' ');
        att_buf_put(b, member(s, &doc, properties, "verdictCode"));
        att_buf_putc(b, '\n');
        for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
            put_field(
                b, fields[i].field,
                member(s, &doc, fields[i].in_properties ? properties : ATT_JSON_ROOT, fields[i].member));
    }
    put_field(b, "ATTESTD_RECORD", att_span_of(line->text, line->len));
}

static void socket_free(struct socket_sink *s)
{
    if (s->fd >= 0)
        (void)close(s->fd); /* datagrams: nothing waits in it */
    att_buf_free(&s->message);
    att_arena_free(s->arena);
    free(s);
}

static void socket_close(struct outlet *o)
{
    socket_free(o->state);
    o->state = NULL;
}

static const struct outlet_ops socket_ops = { .write = socket_write, .close = socket_close };

static void name_host(struct socket_sink *s)
{
    if (gethostname(s->host, sizeof s->host) != 0)
        s->host[0] = '\0';
    s->host[sizeof s->host - 1] = '\0';
    for (char *c = s->host; *c; c++)
        *c = *c > ' ' && *c < 0x7f ? *c : '?';
    if (s->host[0] == '\0')
        (void)snprintf(s->host, sizeof s->host, "-");
}

/* The receiver may come later than we do: it is not looked for here. */
static bool open_socket(struct outlet *o, const struct record_sink *sink, const char *usual,
                        void (*put)(struct socket_sink *, const struct record_line *), struct att_err *err)
{
    struct socket_sink *s = calloc(1, sizeof *s);
    const char *path = sink->path && sink->path[0] ? sink->path : usual;

    if (!s)
        return att_fail_memory(err, "records.sink");
    s->fd = -1;
    s->put = put;
    s->to.sun_family = AF_UNIX;
    s->arena = att_arena_new(ARENA_BYTES);
    name_host(s);
    bool ok = s->arena || att_fail_memory(err, "records.sink");
    ok = ok &&
         ((path[0] == '/' && strlen(path) < sizeof s->to.sun_path) ||
          att_fail(err, ATT_CONFIG_INVALID, "sink.path", "an absolute path of at most 107 bytes", "another"));
    if (!ok) {
        socket_free(s);
        return false;
    }
    memcpy(s->to.sun_path, path, strlen(path) + 1);
    o->ops = &socket_ops;
    o->state = s;
    return true;
}

bool sink_syslog_open(struct outlet *o, const struct record_sink *sink, struct att_err *err)
{
    return open_socket(o, sink, "/dev/log", put_syslog, err);
}

bool sink_systemd_open(struct outlet *o, const struct record_sink *sink, struct att_err *err)
{
    return open_socket(o, sink, "/run/systemd/journal/socket", put_systemd, err);
}
