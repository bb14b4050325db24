#include "server/log.h"

#include "base/buf.h"
#include "base/timetext.h"
#include "codec/json.h"
#include "records/text.h"

#include <stdarg.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[] = {
    [LOG_LEVEL_INFO] = "info", [LOG_LEVEL_WARN] = "warn", [LOG_LEVEL_ERROR] = "error"
};

/* What was found is often what a stranger has sent: somebody puts a token into a path, and it shall not stand here. */
static void put(struct att_json_writer *w, const char *name, const char *value)
{
    struct att_buf clean = { 0 };

    record_clean(&clean, value);
    att_jw_key(w, name);
    att_jw_string(w, att_buf_span(&clean));
    w->out->failed = w->out->failed || clean.failed;
    att_buf_free(&clean);
}

static void begin(struct att_json_writer *w, enum log_level level, const char *what)
{
    struct att_time_text when;

    att_jw_object(w);
    put(w, "time", att_time_text(&when, (int64_t)time(NULL)));
    put(w, "level", level_names[level]);
    put(w, "event", what);
}

static void end(struct att_json_writer *w)
{
    att_jw_end_object(w);
    att_buf_putc(w->out, '\n');
    /* One write, so that lines of several threads do not mix. A log that cannot be written has nobody to
     * tell. */
    if (!w->out->failed && write(STDERR_FILENO, w->out->ptr, w->out->len) < 0)
        (void)0;
    att_buf_free(w->out);
}

void log_event(enum log_level level, const char *what, ...)
{
    struct att_buf line = { 0 };
    struct att_json_writer w = { .out = &line };
    va_list args;

    begin(&w, level, what);
    va_start(args, what);
    for (const char *name = va_arg(args, const char *); name; name = va_arg(args, const char *))
        put(&w, name, va_arg(args, const char *));
    va_end(args);
    end(&w);
}

void log_refusal(enum log_level level, const char *what, const struct att_err *err)
{
    log_event(level, what, "code", att_code_name(err->code), "where", err->where, "found", err->found,
              "expected", err->expected, (const char *)NULL);
}
