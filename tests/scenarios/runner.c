/* Runs stories: runner ATTESTD ATTESTCTL FOLDER STORY... . README.md explains the language. */
#include "runner.h"

#include "base/buf.h"
#include "support/cases.h"

#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STORY_ARENA_BYTES = 1 << 30, STORY_S_MAX = 400 };

static bool verb_set(struct story *s, char *args)
{
    const char *name = word(&args);
    struct att_span value = { 0 };

    return expand(s, att_str(args), false, &value) && var_set(s, name, value);
}

static bool verb_ca(struct story *s, char *args)
{
    s->ca = att_arena_dup(s->arena, att_str(args));
    return s->ca || fault(s, "memory");
}

/* Of a file that a program has written: out OP VALUE, err OP VALUE */
static bool verb_out(struct story *s, char *args)
{
    bool found = false;
    struct att_span text = file_span(s, "out", &found);
    return compare(s, "out", found, text, args);
}

static bool verb_err(struct story *s, char *args)
{
    bool found = false;
    struct att_span text = file_span(s, "err", &found);
    return compare(s, "err", found, text, args);
}

static bool verb_sleep(struct story *s, char *args)
{
    (void)s;
    return usleep((useconds_t)strtoul(args, NULL, 10) * 1000) == 0;
}

static const struct verb {
    const char *name;
    bool (*run)(struct story *s, char *args);
    bool expand; /* the arguments first; others expand a part themselves */
} verbs[] = {
    { "set", verb_set, false },
    { "ca", verb_ca, true },
    { "start", verb_start, true },
    { "stop", verb_stop, false },
    { "use", verb_use, false },
    { "signal", verb_signal, false },
    { "run", verb_run, true },
    { "fails", verb_fails, true },
    { "out", verb_out, false },
    { "err", verb_err, false },
    { "log", verb_log, false },
    { "await", verb_await, false },
    { "reload", verb_reload, false },
    { "request", verb_request, false },
    { "admin", verb_admin, false },
    { "with", verb_with, false },
    { "open", verb_open, false },
    { "send", verb_send, false },
    { "receive", verb_receive, false },
    { "raw", verb_raw, false },
    { "drip", verb_drip, false },
    { "closed", verb_closed, false },
    { "alive", verb_alive, false },
    { "status", verb_status, false },
    { "header", verb_header, false },
    { "body", verb_body, false },
    { "json", verb_json, false },
    { "token", verb_token, false },
    { "sorted", verb_sorted, false },
    { "keep", verb_keep, false },
    { "save", verb_save, false },
    { "refusal", verb_refusal, false },
    { "prometheus", verb_prometheus, false },
    { "sleep", verb_sleep, false },
    { "untrusted", verb_untrusted, false },
    { "login", verb_login, true },
    { "vendor", verb_vendor, true },
};

bool fault(struct story *s, const char *format, ...)
{
    va_list args;

    if (s->problem[0])
        return false; /* the first one is the reason */
    va_start(args, format);
    (void)vsnprintf(s->problem, sizeof s->problem, format, args);
    va_end(args);
    return false;
}

static bool perform(struct story *s, const char *line)
{
    char *args = att_arena_dup(s->arena, att_str(line));
    const char *name = args ? word(&args) : "";
    struct att_span expanded = { 0 };

    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].name, name) != 0)
            continue;
        if (!verbs[i].expand)
            return verbs[i].run(s, args);
        return expand(s, att_str(args), false, &expanded) && verbs[i].run(s, (char *)(uintptr_t)expanded.ptr);
    }
    return fault(s, "no verb %s", name);
}

/* One story file. */
struct play {
    struct story *story;
    struct cases *cases;
    const char *title; /* file name */
    char *name;        /* of the running case; NULL before the first */
    bool failed;       /* it, or the preparation */
    bool given_up;     /* the preparation failed */
};

static void close_case(struct play *p)
{
    if (p->name)
        cases_check(p->cases, !p->failed, "%s: %s: %s", p->title, p->name, p->story->problem);
    p->name = NULL;
}

static void open_case(struct play *p, const char *name)
{
    close_case(p);
    p->name = att_arena_dup(p->story->arena, att_str(name));
    p->failed = p->given_up;
    p->story->problem[0] = '\0';
    p->story->extra = (struct att_span){ 0 };
    if (p->given_up)
        (void)fault(p->story, "not tried: the preparation failed");
}

static void take_line(struct play *p, const char *line, size_t number)
{
    struct story *s = p->story;

    if (strncmp(line, "case ", 5) == 0) {
        open_case(p, line + 5);
        return;
    }
    if (p->failed || p->given_up || perform(s, line))
        return;
    p->failed = true;
    char why[sizeof s->problem];
    memcpy(why, s->problem, sizeof why);
    s->problem[0] = '\0';
    (void)fault(s, "line %zu: %s", number, why);
    if (p->name)
        return;
    cases_check(p->cases, false, "%s: preparation: %s", p->title, s->problem);
    p->given_up = true;
}

/* Lines end with LF; a backslash there joins the next one. "@ NAME" begins a file that "." ends. */
static void play_text(struct play *p, char *text)
{
    FILE *file = NULL;
    size_t number = 0;

    for (char *line = text, *next = NULL; *line; line = next) {
        size_t first = ++number;
        size_t len = strcspn(line, "\n");
        while (!file && line[len] == '\n' && len > 0 && line[len - 1] == '\\') {
            memmove(line + len - 1, line + len + 1, strlen(line + len + 1) + 1);
            len = len - 1 + strcspn(line + len - 1, "\n");
            number++;
        }
        next = line[len] ? line + len + 1 : line + len;
        line[len] = '\0';
        if (file && strcmp(line, ".") == 0) {
            (void)fclose(file);
            file = NULL;
        } else if (file) {
            (void)fprintf(file, "%s\n", line);
        } else if (strncmp(line, "@ ", 2) == 0) {
            file = fopen(line + 2, "w");
        } else if (line[0] != '\0' && line[0] != '#') {
            take_line(p, line, first);
        }
    }
    close_case(p);
}

/* Every server ends with 0, and its log is clean. */
static void last_cases(struct play *p)
{
    for (size_t i = 0; i < SERVERS_MAX; i++) {
        char name[64];
        if (p->story->servers[i].pid <= 0)
            continue;
        (void)snprintf(name, sizeof name, "%s ends well, its log is clean", p->story->servers[i].name);
        p->failed = false;
        open_case(p, name);
        p->failed = !verb_stop(p->story, att_arena_dup(p->story->arena, att_str(p->story->servers[i].name)));
        close_case(p);
    }
}

static bool play(const char *path, const char *folder, struct story *s, struct cases *cases)
{
    size_t len = 0;
    char *text = (char *)file_read(path, &len);
    const char *slash = strrchr(path, '/');
    struct play p = { .story = s, .cases = cases, .title = slash ? slash + 1 : path };

    if (!text || mkdir(folder, 0700) != 0 || chdir(folder) != 0) {
        free(text);
        return false;
    }
    s->arena = att_arena_new(STORY_ARENA_BYTES);
    s->ca = "data/dev/ca.pem";
    s->fd = -1;
    (void)alarm(STORY_S_MAX);
    if (s->arena)
        s->stories = slash ? att_arena_dup(s->arena, att_span_of(path, (size_t)(slash - path))) : ".";
    if (s->arena && s->stories) {
        play_text(&p, text);
        last_cases(&p);
    }
    hang_up(s);
    servers_kill(s);
    att_arena_free(s->arena);
    free(text);
    return s->arena != NULL;
}

int main(int argc, char **argv)
{
    struct cases cases = { .name = argc > 4 ? argv[4] : "scenarios" };
    static struct story s;

    if (argc < 5) {
        (void)fprintf(stderr, "usage: runner ATTESTD ATTESTCTL FOLDER STORY\n");
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    s.attestd = argv[1];
    s.attestctl = argv[2];
    if (!play(argv[4], argv[3], &s, &cases))
        cases_check(&cases, false, "%s: cannot be played", argv[4]);
    return cases_report(&cases);
}
