/* layers: store/sqlite store base codec */
/* Several processes that open the same new file at the same moment all succeed: the change to WAL does not wait for
 * the busy timeout, so an open without a lock of its own told some of them "database is locked". */
#include "store/sqlite/sqlite.h"
#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 25, PROCESSES = 4 };

static int open_when_told(const char *path, int gate)
{
    struct att_err err = { 0 };
    struct store *s = NULL;
    char go = 0;

    if (read(gate, &go, 1) != 0) /* the other end closes: everybody starts */
        return 2;
    bool ok = store_sqlite_open(path, &s, &err);
    if (!ok)
        (void)fprintf(stderr, "%s\n", err.text);
    else
        store_close(s);
    return ok ? 0 : 1;
}

static unsigned round_of(const char *path)
{
    int gate[2];
    unsigned failed = 0;

    if (pipe(gate) != 0)
        return PROCESSES;
    for (int i = 0; i < PROCESSES; i++) {
        pid_t child = fork();
        if (child == 0) {
            (void)close(gate[1]);
            _exit(open_when_told(path, gate[0]));
        }
        failed += child < 0;
    }
    (void)close(gate[0]);
    (void)close(gate[1]);
    int status = 0;
    while (wait(&status) > 0)
        failed += status != 0;
    return failed;
}

int main(void)
{
    struct cases c = { .name = "store.open_race" };
    char dir[] = "/tmp/attestd-store-race-XXXXXX";

    if (!mkdtemp(dir))
        return 1;
    for (unsigned i = 0; i < ROUNDS; i++) {
        char *path = path_of(dir, "%u.sqlite", i);
        unsigned failed = round_of(path);
        cases_check(&c, failed == 0, "round %u: %u of %d could not open it", i, failed, PROCESSES);
        free(path);
    }
    char remove[128];
    (void)snprintf(remove, sizeof remove, "rm -rf -- '%s'", dir);
    int removed = system(remove);
    return removed == 0 ? cases_report(&c) : 1;
}
