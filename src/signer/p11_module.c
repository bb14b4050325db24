/* Libraries of PKCS#11. C_Initialize and C_Finalize count for the whole process, so two tokens of one library share it. */
#include "signer/p11_internal.h"

#include "base/err.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

struct p11_module {
    struct p11_module *next;
    void *library;
    CK_FUNCTION_LIST *functions;
    size_t users;
    pid_t pid; /* initialised by this process: a child has to do it anew */
    bool ours; /* we called C_Initialize, so we call C_Finalize */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct p11_module *modules; /* never freed: as the libraries, which stay loaded */

static struct p11_module *module_of(void *library)
{
    for (struct p11_module *m = modules; m; m = m->next) {
        if (m->library == library)
            return m;
    }
    return NULL;
}

static bool functions_of(void *library, CK_FUNCTION_LIST **ret, struct att_err *err)
{
    CK_FUNCTION_LIST *list = NULL;
    CK_C_GetFunctionList get = NULL;
    void *symbol = dlsym(library, "C_GetFunctionList");

    if (!symbol)
        return att_fail(err, ATT_CONFIG_INVALID, "pkcs11_module", "a library of PKCS#11",
                        "one without C_GetFunctionList");
    _Static_assert(sizeof get == sizeof symbol, "POSIX: dlsym gives functions, too");
    memcpy(&get, &symbol, sizeof get);
    CK_RV rv = get(&list);
    if (rv != CKR_OK)
        return p11_refused(err, "C_GetFunctionList", rv);
    if (!list || list->version.major < 2 || list->version.major > 3) /* the list of 3 begins with that of 2 */
        return att_fail(err, ATT_CONFIG_INVALID, "pkcs11_module", "version 2 or 3 of PKCS#11", "version %d",
                        list ? list->version.major : 0);
    *ret = list;
    return true;
}

static bool library_open(const char *path, void **ret, struct att_err *err)
{
    if (path[0] != '/') /* else the folders of LD_LIBRARY_PATH would be asked */
        return att_fail(err, ATT_CONFIG_INVALID, "pkcs11_module", "a path from the root", "another");
    /* Its threads and exit handlers may run later than any dlclose: it stays. */
    *ret = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    return *ret || att_fail(err, ATT_CONFIG_INVALID, "pkcs11_module", "a library that can be loaded", "%s",
                            dlerror());
}

static bool initialise(struct p11_module *m, struct att_err *err)
{
    CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
    CK_RV rv = m->functions->C_Initialize(&args);

    if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
        return p11_refused(err, "C_Initialize", rv);
    m->ours = rv == CKR_OK;
    m->pid = getpid();
    m->users = 0;
    return true;
}

static bool enter(void *library, struct p11_module **ret, struct att_err *err)
{
    struct p11_module *m = module_of(library);
    CK_FUNCTION_LIST *functions = NULL;

    if (!m) {
        if (!functions_of(library, &functions, err))
            return false;
        m = calloc(1, sizeof *m);
        if (!m)
            return att_fail_memory(err, "pkcs11");
        *m = (struct p11_module){ .next = modules, .library = library, .functions = functions };
        modules = m;
    }
    if ((m->users == 0 || m->pid != getpid()) && !initialise(m, err))
        return false;
    m->users++;
    *ret = m;
    return true;
}

bool p11_module_load(const char *path, struct p11_module **ret, struct att_err *err)
{
    void *library = NULL;

    if (!library_open(path, &library, err))
        return false;
    pthread_mutex_lock(&lock);
    bool ok = enter(library, ret, err);
    pthread_mutex_unlock(&lock);
    (void)dlclose(library); /* gives back our count only */
    return ok;
}

CK_FUNCTION_LIST *p11_module_functions(struct p11_module *m)
{
    return m->functions;
}

void p11_module_release(struct p11_module *m)
{
    pthread_mutex_lock(&lock);
    if (m->pid == getpid() && --m->users == 0 && m->ours)
        (void)m->functions->C_Finalize(NULL); /* nothing is left that could be done about it */
    pthread_mutex_unlock(&lock);
}
