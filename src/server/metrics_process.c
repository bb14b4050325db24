/* The process itself, from /proc. A unit that hides the rest of /proc leaves these files, and the start is told against the
 * clock since boot, so that nothing else is needed. */
#include "server/metrics_parts.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static void value(struct att_buf *b, enum metric m, const char *name, double v)
{
    metrics_head(b, m);
    att_buf_printf(b, "%s %.15g\n", name, v);
}
#define VALUE(b, name, v) value(b, METRIC_##name, #name, v)

static void memory(struct att_buf *b)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long pages = 0, resident = 0;
    bool read = file && fscanf(file, "%lu %lu", &pages, &resident) == 2;
    double page = (double)sysconf(_SC_PAGESIZE);

    if (file)
        (void)fclose(file); /* it was only read */
    if (!read)
        return;
    VALUE(b, process_resident_memory_bytes, (double)resident * page);
    VALUE(b, process_virtual_memory_bytes, (double)pages * page);
}

static double seconds(clockid_t clock)
{
    struct timespec t = { 0 };

    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Field 22 of /proc/PID/stat counts from boot; fields are counted from behind the name, which may hold anything. */
static void start(struct att_buf *b)
{
    FILE *file = fopen("/proc/self/stat", "re");
    unsigned long long ticks = 0;
    char text[1024] = "";
    size_t len = file ? fread(text, 1, sizeof text - 1, file) : 0;

    if (file)
        (void)fclose(file);
    text[len] = '\0';
    const char *behind = strrchr(text, ')');
    if (!behind ||
        sscanf(behind, ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
               &ticks) != 1)
        return;
    double age = seconds(CLOCK_BOOTTIME) - (double)ticks / (double)sysconf(_SC_CLK_TCK);
    VALUE(b, process_start_time_seconds, seconds(CLOCK_REALTIME) - age);
}

static void descriptors(struct att_buf *b)
{
    struct rlimit most = { 0 };
    unsigned open = 0;
    DIR *dir = opendir("/proc/self/fd");

    if (dir) {
        for (const struct dirent *e = readdir(dir); e; e = readdir(dir))
            open += e->d_name[0] != '.';
        (void)closedir(dir);
        VALUE(b, process_open_fds, open > 0 ? open - 1 : 0); /* without the one that has just looked */
    }
    if (getrlimit(RLIMIT_NOFILE, &most) == 0 && most.rlim_cur != RLIM_INFINITY)
        VALUE(b, process_max_fds, (double)most.rlim_cur);
}

void metrics_process(struct att_buf *b)
{
    VALUE(b, process_cpu_seconds_total, seconds(CLOCK_PROCESS_CPUTIME_ID));
    memory(b);
    descriptors(b);
    start(b);
}
