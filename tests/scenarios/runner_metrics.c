/* The text form of Prometheus, as strictly as its own reader takes it: HELP and TYPE once in front of the samples of
 * their name, labels with quoted values, no series twice, a number at the end. */
#include "runner.h"

#include <stdlib.h>

enum { SERIES_MAX = 2048 };

struct reading {
    struct att_span name; /* of the family that samples now belong to */
    bool typed, histogram;
    struct att_span families[SERIES_MAX], series[SERIES_MAX];
    size_t family_count, series_count;
};

static bool add(struct att_span *list, size_t *count, struct att_span what)
{
    for (size_t i = 0; i < *count; i++) {
        if (att_span_eq(list[i], what))
            return false;
    }
    if (*count == SERIES_MAX)
        return false;
    list[(*count)++] = what;
    return true;
}

static size_t name_len(const char *at)
{
    return strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}

/* {a="x",b="y"}; the length, 0 when it is not well-formed */
static size_t labels_len(const char *at)
{
    const char *p = at + 1;

    for (;;) {
        size_t len = name_len(p);
        if (len == 0 || strncmp(p + len, "=\"", 2) != 0)
            return 0;
        for (p += len + 2; *p && *p != '"' && *p != '\n'; p++)
            p += *p == '\\' && p[1] && strchr("\\\"n", p[1]);
        if (*p++ != '"')
            return 0;
        if (*p == '}')
            return (size_t)(p - at) + 1;
        if (*p++ != ',')
            return 0;
    }
}

static bool comment(struct reading *r, const char *line)
{
    bool help = strncmp(line, "# HELP ", 7) == 0;
    struct att_span name = att_span_of(line + 7, name_len(line + 7));
    const char *rest = line + 7 + name.len;

    if (name.len == 0 || *rest++ != ' ')
        return false;
    if (help) {
        r->name = name;
        r->typed = false;
        return add(r->families, &r->family_count, name);
    }
    r->histogram = strncmp(rest, "histogram\n", 10) == 0;
    bool known = strncmp(rest, "gauge\n", 6) == 0 || strncmp(rest, "counter\n", 8) == 0 || r->histogram;
    bool first = !r->typed;
    r->typed = true;
    return strncmp(line, "# TYPE ", 7) == 0 && known && first && att_span_eq(name, r->name);
}

/* A sample's name is its family's; a histogram's has one of three endings. */
static bool belongs(const struct reading *r, struct att_span name)
{
    static const char *const endings[] = { "_bucket", "_sum", "_count" };

    if (!r->histogram)
        return att_span_eq(name, r->name);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t len = strlen(endings[i]);
        if (name.len == r->name.len + len && memcmp(name.ptr, r->name.ptr, r->name.len) == 0 &&
            memcmp(name.ptr + r->name.len, endings[i], len) == 0)
            return true;
    }
    return false;
}

static bool sample(struct reading *r, const char *line)
{
    size_t len = name_len(line), labels = line[len] == '{' ? labels_len(line + len) : 0;
    char *end = NULL;

    if (!r->typed || !belongs(r, att_span_of(line, len)) || (line[len] == '{' && labels == 0) ||
        line[len + labels] != ' ')
        return false;
    (void)strtod(line + len + labels + 1, &end);
    return end != line + len + labels + 1 && *end == '\n' &&
           add(r->series, &r->series_count, att_span_of(line, len + labels));
}

bool verb_prometheus(struct story *s, char *args)
{
    static struct reading r;
    const char *line = (const char *)s->reply.body.ptr;

    (void)args;
    r = (struct reading){ 0 };
    if (!line || s->reply.status != 200)
        return fault(s, "no metrics");
    for (; *line; line = strchr(line, '\n') + 1) {
        bool ok = strchr(line, '\n') && (line[0] == '#' ? comment(&r, line) : sample(&r, line));
        if (!ok)
            return fault(s, "not the form of Prometheus: %.200s", line);
    }
    return r.series_count > 10 || fault(s, "only %zu series", r.series_count);
}
