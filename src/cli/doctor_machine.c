/* What the machine gives: time, room, open files. And whose word about clients counts. */
#include "cli/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

enum { FUTURE_S = 60, DISK_WARN_MB = 1024, DISK_BAD_MB = 100, FILES_RESERVED = 64, IDLE_S = 120 };

/* -- time ------------------------------------------------------------------------------------------------- */

void doctor_clock(struct doctor *d)
{
    static const char check[] = "clock";
    struct timex t = { 0 };
    struct stat st;
    int state = adjtimex(&t); /* modes 0: asks only */

    if (stat(d->path, &st) == 0 && st.st_mtime > d->now_unix_s + FUTURE_S) {
        doctor_found(d, check, DOCTOR_BAD, "behind: %s was written later than now", d->path);
        doctor_advice(d, "set the clock: evidence, certificates and tokens are judged by it");
    } else if (state < 0) {
        doctor_found(d, check, DOCTOR_WARN, "whether it is kept by anything cannot be asked: %s",
                     strerror(errno));
    } else if (state == TIME_ERROR || (t.status & STA_UNSYNC)) {
        doctor_found(d, check, DOCTOR_WARN, "the kernel's clock is not synchronised to anything");
        doctor_advice(d, "run chrony or systemd-timesyncd (timedatectl set-ntp true), here or on the host");
    } else {
        doctor_found(d, check, DOCTOR_OK, "synchronised, at most %ld ms off", t.maxerror / 1000);
    }
}

/* -- room ------------------------------------------------------------------------------------------------- */

static void examine_disk(struct doctor *d, const char *check, const char *path)
{
    struct statvfs v;

    if (path[0] == '\0' || statvfs(path, &v) != 0)
        return; /* that it is not there was told before */
    unsigned long long mb = (unsigned long long)v.f_bavail * v.f_frsize >> 20;
    bool no_files = v.f_files > 0 && v.f_favail < 100;
    enum doctor_state state = mb < DISK_BAD_MB || no_files ? DOCTOR_BAD
                              : mb < DISK_WARN_MB          ? DOCTOR_WARN
                                                           : DOCTOR_OK;

    doctor_found(d, check, state, "%s: %llu MB free%s", path, mb, no_files ? ", no files left" : "");
    if (state != DOCTOR_OK)
        doctor_advice(d, "make room there: without any, changes and records are refused");
}

void doctor_disk(struct doctor *d)
{
    examine_disk(d, "disk of data_dir", d->config.data_dir);
    examine_disk(d, "disk of records_dir", d->config.records_dir);
}

/* -- open files ------------------------------------------------------------------------------------------- */

/* Of a file in /proc, its beginning; "" when it cannot be read. */
static void read_proc(const char *pid, const char *name, char *ret, size_t size)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%.20s/%s", pid, name);
    FILE *f = fopen(path, "re");
    size_t len = f ? fread(ret, 1, size - 1, f) : 0;
    if (f)
        (void)fclose(f); /* was only read */
    ret[len] = '\0';
    for (size_t i = 0; i < len; i++) /* arguments end with NUL */
        ret[i] = ret[i] ? ret[i] : '\n';
}

/* The soft limit of an attestd that was started with this configuration; 0 when the process is none. */
static unsigned long limit_of(const char *pid, const char *config)
{
    char text[4096];

    read_proc(pid, "comm", text, sizeof text);
    if (strcmp(text, "attestd\n") != 0)
        return 0;
    read_proc(pid, "cmdline", text, sizeof text);
    if (!strstr(text, config))
        return 0;
    read_proc(pid, "limits", text, sizeof text);
    const char *line = strstr(text, "Max open files");
    return line ? strtoul(line + strlen("Max open files"), NULL, 10) : 0;
}

/* The signer, a child of the service, may have less: the largest counts. */
static unsigned long limit_seen(const char *config)
{
    DIR *proc = opendir("/proc");
    unsigned long most = 0;

    for (const struct dirent *e = NULL; proc && (e = readdir(proc)) != NULL;) {
        unsigned long one = e->d_name[0] >= '1' && e->d_name[0] <= '9' ? limit_of(e->d_name, config) : 0;
        most = one > most ? one : most;
    }
    if (proc)
        (void)closedir(proc); /* likewise */
    return most;
}

void doctor_limits(struct doctor *d)
{
    static const char check[] = "open files";
    unsigned long limit = limit_seen(d->path), wanted = d->config.connections_max + FILES_RESERVED;

    if (limit == 0) {
        doctor_found(d, check, DOCTOR_WARN, "no attestd is seen here that was started with %s", d->path);
        doctor_advice(d, "systemctl start attestd");
    } else if (limit < wanted) {
        doctor_found(d, check, DOCTOR_BAD, "at most %lu, and connections_max is %lu", limit,
                     d->config.connections_max);
        doctor_advice(d, "LimitNOFILE=%lu in the unit (systemctl edit attestd), or a smaller connections_max",
                      wanted);
    } else {
        doctor_found(d, check, DOCTOR_OK, "at most %lu, for %lu connections", limit,
                     d->config.connections_max);
    }
}

/* -- proxies ---------------------------------------------------------------------------------------------- */

void doctor_proxies(struct doctor *d)
{
    static const char check[] = "proxies";
    const struct config_list *trusted = &d->config.trusted_proxies;

    for (size_t i = 0; i < trusted->count; i++) {
        const char *slash = strrchr(trusted->item[i], '/');
        if (slash && strtoul(slash + 1, NULL, 10) == 0) {
            doctor_found(d, check, DOCTOR_BAD, "trusted_proxies has %s: everybody may claim to be anybody",
                         trusted->item[i]);
            doctor_advice(d, "name the addresses of your proxies in %s", d->path);
            return;
        }
    }
    if (d->config.idle_timeout_s < IDLE_S) {
        doctor_found(d, check, DOCTOR_WARN, "idle_timeout_s is %lu: official clients hang below 120",
                     d->config.idle_timeout_s);
        doctor_advice(d, "take idle_timeout_s out of %s", d->path);
        return;
    }
    doctor_found(d, check, DOCTOR_OK, "%zu trusted%s", trusted->count,
                 d->config.proxy_protocol ? ", with a PROXY header" : "");
}
