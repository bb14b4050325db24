/* The contract of store/store.h, the same for every back end. Usage: contract_store memory|sqlite|postgres */
#include "contract/backend.h"

#include <stdio.h>
#include <stdlib.h>

static struct backend *const all[] = { &backend_memory, &backend_sqlite, &backend_postgres };
struct backend *backend;
struct cases cases;

static void urls_suite(void)
{
    static const char *const wrong[] = { "",         ":",       "sqlite",     "sqlite:",       "Sqlite:/x",
                                         "memory:x", "mysql:a", "postgres:x", "postgres:host", "postgres:" };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct store *s = NULL;
        struct att_err err = { 0 };
        bool ok = store_open(wrong[i], &s, &err);
        cases_check(&cases, !ok && !s && err.code == ATT_CONFIG_INVALID, "the URL \"%s\": %s", wrong[i],
                    ok ? "opened" : err.text);
    }
    struct store *s = NULL;
    struct att_err err = { 0 };
    bool ok = store_open("postgres:host=/nonexistent password='hidden", &s, &err);
    cases_check(&cases, !ok && err.code == ATT_CONFIG_INVALID && !strstr(err.text, "hidden"),
                "a password in a broken URL is not repeated: %s", err.text);
}

int main(int argc, char **argv)
{
    static char name[64];

    for (size_t i = 0; argc == 2 && i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(argv[1], all[i]->name) == 0)
            backend = all[i];
    }
    if (!backend) {
        (void)fprintf(stderr, "usage: contract_store memory|sqlite|postgres\n");
        return 2;
    }
    (void)snprintf(name, sizeof name, "contract.store.%s", backend->name);
    cases.name = name;
    if (!backend->start()) {
        cases_skip(&cases, "%s cannot run here", backend->name);
        return cases_report(&cases);
    }
    arena = att_arena_new(64 << 20);
    if (!arena)
        abort();
    urls_suite();
    documents_suite();
    arguments_suite();
    audit_suite();
    once_suite();
    wait_suite();
    if (backend->shared) {
        once_shared_suite();
        shared_suite();
        broken_suite();
    }
    if (backend->own)
        backend->own(&cases);
    att_arena_free(arena);
    backend->stop();
    return cases_report(&cases);
}
