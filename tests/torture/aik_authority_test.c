/* layers: service access keys signer store store/memory base codec */
/* What may happen once, and the authority of attestation keys: whatever fails, nobody is told wrongly to be the first, and there
 * is never a second authority. */
#include "torture/torture.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "service/aik_authority.h"
#include "store/memory/memory.h"
#include "support/signer.h"

static struct cases cases = { .name = "torture.aik_authority" };
static const uint8_t kek[32] = { 9 };
static const int64_t now = 1781524800;

/* The store in memory grows its arrays with this one, which the linker does not wrap: so they can fail, too. */
void *reallocarray(void *p, size_t count, size_t size)
{
    return size > 0 && count > SIZE_MAX / size ? NULL : realloc(p, count * size);
}

struct scene {
    struct store *store; /* keeps */
    char kek_path[64];
    struct att_span spki;
    uint8_t certificate[1024];
    size_t certificate_len; /* 0: any will do */
};

/* -- once --------------------------------------------------------------------------------------------------- */

static enum torture_answer ask(struct store *store, struct att_err *err)
{
    bool first = false, again = false;
    struct att_err ignored = { 0 };

    bool ok = store_once(store, "space", "id", now + 9, now, &first, err);
    if (ok && !first)
        return torture_wrong("the first was told that it is not");
    bool known = store_once(store, "space", "id", now + 9, now, &again, &ignored);
    torture_rest();
    if (ok && known && again)
        return torture_wrong("two were told to be the first");
    if (!ok && first)
        return torture_wrong("a refusal with an answer");
    return ok ? TORTURE_RIGHT : TORTURE_REFUSED;
}

static enum torture_answer once(void *state, struct att_err *err)
{
    struct store *store = NULL;

    (void)state;
    if (!store_memory_open("", &store, err)) {
        torture_rest();
        return TORTURE_REFUSED;
    }
    enum torture_answer answer = ask(store, err);
    store_close(store);
    return answer;
}

/* -- the authority -------------------------------------------------------------------------------------------- */

static bool right(const struct scene *s, const struct aik_authority *a, struct att_span der)
{
    const uint8_t *p = der.ptr, *q = a->certificate.ptr;
    X509 *leaf = d2i_X509(NULL, &p, (long)der.len), *ca = d2i_X509(NULL, &q, (long)a->certificate.len);
    bool ok = leaf && ca && X509_verify(leaf, X509_get0_pubkey(ca)) == 1 &&
              X509_verify(ca, X509_get0_pubkey(ca)) == 1 && X509_get_ext_count(leaf) == 5 &&
              att_span_is(att_span_of(a->pem.ptr, 27), "-----BEGIN CERTIFICATE-----");

    if (s->certificate_len > 0)
        ok = ok && att_span_eq(a->certificate, att_span_of(s->certificate, s->certificate_len));
    X509_free(leaf);
    X509_free(ca);
    return ok;
}

static enum torture_answer use_with(struct scene *s, struct store *store, struct signer *signer,
                                    struct att_err *err)
{
    const struct aik_authority_options o = {
        .store = store, .signer = signer, .host = "torture", .now_unix_s = now
    };
    struct att_arena *arena = att_arena_new(1 << 16);
    struct aik_authority *a = NULL;
    struct att_span der = { 0 };
    uint8_t name[34] = { 0, 11 };
    const struct aik_request request = {
        .spki = s->spki, .name = att_span_of(name, sizeof name), .now_unix_s = now, .life_days = 1
    };

    if (!arena) {
        torture_rest();
        *err = (struct att_err){ .code = ATT_OUT_OF_MEMORY, .where = "test", .text = "owned up to it" };
        return TORTURE_REFUSED;
    }
    bool ok = aik_authority_open(&o, &a, err) && aik_authority_issue(a, &request, arena, &der, err);
    torture_rest();
    enum torture_answer answer = TORTURE_REFUSED;
    if (ok)
        answer =
            right(s, a, der) ? TORTURE_RIGHT : torture_wrong("another authority, or a wrong certificate");
    aik_authority_free(a);
    att_arena_free(arena);
    return answer;
}

/* A signer for each run: it would fill up with keys that were made in vain. */
static enum torture_answer use(struct scene *s, struct store *store, struct att_err *err)
{
    const struct signer_options o = { .kek = s->kek_path, .in_process = true };
    struct signer *signer = NULL;

    if (!signer_open(&o, &signer, err)) {
        torture_rest();
        return TORTURE_REFUSED;
    }
    enum torture_answer answer = use_with(s, store, signer, err);
    signer_close(signer);
    return answer;
}

static enum torture_answer fresh(void *state, struct att_err *err)
{
    struct store *store = NULL;

    if (!store_memory_open("", &store, err)) {
        torture_rest();
        return TORTURE_REFUSED;
    }
    enum torture_answer answer = use(state, store, err);
    store_close(store);
    return answer;
}

static enum torture_answer kept(void *state, struct att_err *err)
{
    struct scene *s = state;

    return use(s, s->store, err);
}

static bool set_up(struct scene *s)
{
    struct aik_authority_options mine = { .signer = test_signer(kek), .host = "torture", .now_unix_s = now };
    int fd = memfd_create("kek", MFD_CLOEXEC); /* open until the end */

    for (size_t i = 0; i < sizeof kek; i++)
        (void)dprintf(fd, "%02x", (unsigned)kek[i]);
    (void)snprintf(s->kek_path, sizeof s->kek_path, "/proc/self/fd/%d", fd);
    struct aik_authority *a = NULL;
    struct att_err err = { 0 };

    if (!store_memory_open("", &s->store, &err))
        return false;
    mine.store = s->store;
    if (!aik_authority_open(&mine, &a, &err) || a->certificate.len > sizeof s->certificate)
        return false;
    s->certificate_len = a->certificate.len;
    memcpy(s->certificate, a->certificate.ptr, a->certificate.len);
    aik_authority_free(a);
    signer_close(mine.signer);
    return true;
}

int main(void)
{
    torture_start();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    uint8_t *spki = NULL;
    int len = i2d_PUBKEY(key, &spki);
    struct scene any = { .spki = att_span_of(spki, (size_t)len) }, same = any;

    if (len <= 0 || !set_up(&same))
        return 1;
    memcpy(any.kek_path, same.kek_path, sizeof any.kek_path);
    const struct torture_flow flows[] = {
        { "what may happen once", once, NULL, NULL, false },
        { "a new authority", fresh, NULL, &any, false },
        { "the authority that is there", kept, NULL, &same, true },
    };
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++)
        torture_flow(&cases, &flows[i]);
    store_close(same.store);
    OPENSSL_free(spki);
    EVP_PKEY_free(key);
    return cases_report(&cases);
}
