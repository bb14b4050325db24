#include "support/softhsm.h"

#include <dlfcn.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SLOTS_MAX = 16, LABEL_BYTES = 32 };

static void must(CK_RV rv, const char *what)
{
    if (rv == CKR_OK)
        return;
    fprintf(stderr, "softhsm: %s: 0x%lx\n", what, rv);
    abort();
}

#define MUST(call) must((call), #call)

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    if (!f || fputs(text, f) < 0 || fclose(f) != 0 || chmod(path, 0600) != 0)
        abort();
}

bool softhsm_start(struct softhsm *ret)
{
    struct softhsm h = { .dir = "/tmp/softhsm-test-XXXXXX" };
    char path[128], text[256];
    void *library = dlopen(SOFTHSM_MODULE, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    CK_C_GetFunctionList get = NULL;

    if (!library)
        return false;
    void *symbol = dlsym(library, "C_GetFunctionList");
    if (!symbol || !mkdtemp(h.dir))
        abort();
    memcpy(&get, &symbol, sizeof get);
    snprintf(path, sizeof path, "%s/conf", h.dir);
    snprintf(text, sizeof text, "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n",
             h.dir);
    write_file(path, text);
    if (setenv("SOFTHSM2_CONF", path, 1) != 0)
        abort();
    snprintf(h.pin_file, sizeof h.pin_file, "%s/pin", h.dir);
    write_file(h.pin_file, SOFTHSM_PIN "\n");
    MUST(get(&h.f));
    CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
    MUST(h.f->C_Initialize(&args));
    *ret = h;
    return true;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

void softhsm_stop(struct softhsm *h)
{
    (void)h->f->C_Finalize(NULL);
    (void)nftw(h->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void padded(CK_UTF8CHAR ret[LABEL_BYTES], const char *label)
{
    memset(ret, ' ', LABEL_BYTES);
    memcpy(ret, label, strlen(label));
}

/* The slot of the token with the label; NULL: the one that has no token yet. */
static CK_SLOT_ID slot_of(const struct softhsm *h, const char *label)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    CK_UTF8CHAR want[LABEL_BYTES];

    padded(want, label ? label : "");
    MUST(h->f->C_GetSlotList(CK_TRUE, slots, &count));
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        MUST(h->f->C_GetTokenInfo(slots[i], &info));
        bool made = (info.flags & CKF_TOKEN_INITIALIZED) != 0;
        if (label ? made && memcmp(info.label, want, sizeof want) == 0 : !made)
            return slots[i];
    }
    abort();
}

void softhsm_token(const struct softhsm *h, const char *label)
{
    CK_UTF8CHAR room[LABEL_BYTES], so[] = "the officer", pin[] = SOFTHSM_PIN;
    CK_SESSION_HANDLE session = 0;
    CK_ULONG count = 0;

    MUST(h->f->C_GetSlotList(CK_TRUE, NULL, &count)); /* makes it offer another slot */
    CK_SLOT_ID slot = slot_of(h, NULL);
    padded(room, label);
    MUST(h->f->C_InitToken(slot, so, sizeof so - 1, room));
    MUST(h->f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
    MUST(h->f->C_Login(session, CKU_SO, so, sizeof so - 1));
    MUST(h->f->C_InitPIN(session, pin, sizeof pin - 1));
    MUST(h->f->C_CloseSession(session));
    MUST(h->f->C_GetSlotList(CK_TRUE, NULL, &count));
}

CK_SESSION_HANDLE softhsm_session(const struct softhsm *h, const char *token)
{
    CK_UTF8CHAR pin[] = SOFTHSM_PIN;
    CK_SESSION_HANDLE session = 0;

    MUST(h->f->C_OpenSession(slot_of(h, token), CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
    CK_RV rv = h->f->C_Login(session, CKU_USER, pin, sizeof pin - 1);
    if (rv != CKR_USER_ALREADY_LOGGED_IN)
        must(rv, "C_Login");
    return session;
}

void softhsm_aes(const struct softhsm *h, const char *token, const char *label, unsigned long bytes,
                 bool sensitive, bool extractable)
{
    CK_SESSION_HANDLE session = softhsm_session(h, token);
    CK_MECHANISM mechanism = { .mechanism = CKM_AES_KEY_GEN };
    CK_OBJECT_HANDLE key = 0;
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ULONG len = bytes;
    char name[64];

    snprintf(name, sizeof name, "%s", label);
    CK_ATTRIBUTE want[] = {
        { CKA_TOKEN, &yes, sizeof yes },
        { CKA_PRIVATE, &yes, sizeof yes },
        { CKA_SENSITIVE, sensitive ? &yes : &no, sizeof yes },
        { CKA_EXTRACTABLE, extractable ? &yes : &no, sizeof yes },
        { CKA_ENCRYPT, &yes, sizeof yes },
        { CKA_DECRYPT, &yes, sizeof yes },
        { CKA_VALUE_LEN, &len, sizeof len },
        { CKA_LABEL, name, strlen(name) },
    };
    MUST(h->f->C_GenerateKey(session, &mechanism, want, sizeof want / sizeof want[0], &key));
    MUST(h->f->C_CloseSession(session));
}

void softhsm_restart(const struct softhsm *h)
{
    CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };

    MUST(h->f->C_Finalize(NULL));
    MUST(h->f->C_Initialize(&args));
}
