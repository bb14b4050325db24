#include "module/module.h"

#include "base/err.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* The folder of the running program, without a slash at the end. */
static bool program_folder(char *ret, size_t room)
{
    ssize_t len = readlink("/proc/self/exe", ret, room - 1);

    if (len <= 0 || (size_t)len >= room - 1)
        return false;
    ret[len] = 0;
    char *slash = strrchr(ret, '/');
    if (!slash)
        return false;
    *slash = 0;
    return true;
}

/* The first place where there is such a file at all: one that is there and cannot be loaded is an error to be told, not
 * a reason to take another. */
static bool find(const char *name, char *ret, size_t room)
{
    char program[PATH_MAX];

    if (program_folder(program, sizeof program)) {
        int n = snprintf(ret, room, "%s/../lib/attestd/%s.so", program, name);
        if (n > 0 && (size_t)n < room && access(ret, F_OK) == 0)
            return true;
    }
    int n = snprintf(ret, room, "%s/%s.so", MODULE_DIR, name);
    return n > 0 && (size_t)n < room && access(ret, F_OK) == 0;
}

const void *module_load(const char *name, const char *advice, struct att_err *err)
{
    char path[PATH_MAX + 64];
    char symbol[64];

    int n = snprintf(symbol, sizeof symbol, "attestd_module_%s", name);
    if (n < 0 || (size_t)n >= sizeof symbol || strchr(name, '/')) {
        (void)att_fail(err, ATT_IO_FAILED, "module", "the name of a module", "%zu bytes", strlen(name));
        return NULL;
    }
    if (!find(name, path, sizeof path)) {
        (void)att_fail(err, ATT_CONFIG_INVALID, "module", advice,
                       "no %s.so in ../lib/attestd beside the program nor in %s", name, MODULE_DIR);
        return NULL;
    }
    /* Everything is bound now, so that a library that lacks something is told here. */
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!handle) {
        (void)att_fail(err, ATT_IO_FAILED, "module", advice, "%s", dlerror());
        return NULL;
    }
    const void *found = dlvsym(handle, symbol, MODULE_VERSION);
    if (!found)
        (void)att_fail(err, ATT_IO_FAILED, "module", "a module of this release of attestd", "%s", dlerror());
    (void)dlclose(handle); /* gives back our count only: what was loaded stays */
    return found;
}
