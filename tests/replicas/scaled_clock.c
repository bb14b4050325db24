/* Loaded before libc (LD_PRELOAD): the clock of the wall runs faster, everything else as ever.
 *
 * ATTESTD_TEST_CLOCK="EPOCH FACTOR": at EPOCH, seconds since 1970, both clocks agree; from then on this one runs FACTOR times
 * as fast, in all processes alike. Timeouts and pauses are not touched - libfaketime shortens them by the same factor, and what
 * waits ten seconds for a database would wait a tenth. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { NS = 1000000000 };

static int64_t epoch_ns, factor;

/* Others' constructors may ask before ours has run. */
static void read_settings(void)
{
    const char *text = getenv("ATTESTD_TEST_CLOCK");
    char *end = NULL;

    factor = 1;
    if (!text)
        return;
    epoch_ns = strtoll(text, &end, 10) * NS;
    factor = strtoll(end, NULL, 10);
    if (factor < 1)
        abort();
}

static int64_t scaled(int64_t ns)
{
    if (factor == 0)
        read_settings();
    return ns < epoch_ns ? ns : epoch_ns + (ns - epoch_ns) * factor;
}

int clock_gettime(clockid_t id, struct timespec *ret)
{
    int status = (int)syscall(SYS_clock_gettime, id, ret);

    if (status == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
        int64_t ns = scaled((int64_t)ret->tv_sec * NS + ret->tv_nsec);
        ret->tv_sec = ns / NS;
        ret->tv_nsec = ns % NS;
    }
    return status;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec t;

    (void)zone;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    ret->tv_sec = t.tv_sec;
    ret->tv_usec = t.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *ret)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    if (ret)
        *ret = t.tv_sec;
    return t.tv_sec;
}
