/* Keys that are PKCS#8 in this process and sealed everywhere else. */
#include "signer/key.h"

#include <attest/jwks.h>

#include "base/auto.h"
#include "base/err.h"
#include "signer/kek.h"
#include "signer/keypair.h"

#include <stdio.h>
#include <stdlib.h>

/* An RSA key of 2048 bits is 1218 bytes of PKCS#8, once open and once sealed. */
enum { LABEL_SIZE = 128, SECRETS_ARENA_BYTES = 64 << 10 };

struct home {
    struct key_home base;
    const struct keks *keks;
};

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

static const struct keks *keks_of(const struct key_home *h)
{
    return ((const struct home *)(const void *)h)->keks;
}

/* As the rows of version 0.1 have it. */
static struct att_span label_of(char room[LABEL_SIZE], const char *purpose, const char *kid)
{
    (void)snprintf(room, LABEL_SIZE, "signing-key:%s:%s", purpose, kid);
    return att_str(room);
}

static bool describe(const struct signer_keypair *pair, const char *purpose, const char *alg,
                     struct att_arena *arena, struct signer_key *ret, struct att_err *err)
{
    char kid[ATT_KID_SIZE];

    if (!att_kid_of_spki(pair->spki, kid, err))
        return false;
    char *spki = att_arena_dup(arena, pair->spki);
    *ret = (struct signer_key){ .purpose = att_arena_dup(arena, att_str(purpose)),
                                .kid = att_arena_dup(arena, att_str(kid)),
                                .alg = att_arena_dup(arena, att_str(alg)),
                                .spki = att_span_of(spki, pair->spki.len) };
    return (ret->purpose && ret->kid && ret->alg && spki) || att_fail_memory(err, "signer.key");
}

/* The private half is in an arena of its own, which is wiped at the end; the caller's may live long. */
static bool home_make(struct key_home *h, const char *purpose, const char *alg, struct att_arena *arena,
                      struct signer_key *ret, struct key **ret_key, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *secrets = att_arena_new(SECRETS_ARENA_BYTES);
    struct signer_keypair pair = { 0 };
    struct signer_key made = { 0 };
    char label[LABEL_SIZE];

    if (!secrets)
        return att_fail_memory(err, "signer.key");
    if (!signer_keypair_new(alg, secrets, &pair, err) || !describe(&pair, purpose, alg, arena, &made, err) ||
        !keks_seal(keks_of(h), arena, label_of(label, purpose, made.kid), pair.pkcs8, &made.sealed, err) ||
        !key_software_new(alg, pair.pkcs8, ret_key, err))
        return false;
    *ret = made;
    return true;
}

/* The seal first: with another key-encryption key nothing else of the row can be judged. */
static bool open_row(struct key_home *h, const struct signer_key *row, struct att_arena *secrets,
                     struct att_span *ret_pkcs8, size_t *ret_by, struct att_err *err)
{
    struct signer_keypair pair = { .spki = row->spki };
    char label[LABEL_SIZE];

    if (!keks_unseal(keks_of(h), secrets, label_of(label, row->purpose, row->kid), row->sealed, &pair.pkcs8,
                     ret_by, err))
        return att_fail_as(err, err ? err->code : ATT_SEAL_INVALID, "signing-key");
    if (!signer_keypair_fits(&pair, err))
        return false;
    *ret_pkcs8 = pair.pkcs8;
    return true;
}

static bool home_load(struct key_home *h, const struct signer_key *row, struct key **ret, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *secrets = att_arena_new(SECRETS_ARENA_BYTES);
    struct att_span pkcs8 = { 0 };
    size_t by = 0;

    if (!secrets)
        return att_fail_memory(err, "signer.key");
    return open_row(h, row, secrets, &pkcs8, &by, err) && key_software_new(row->alg, pkcs8, ret, err);
}

static bool home_reseal(struct key_home *h, const struct signer_key *row, struct att_arena *arena,
                        struct att_span *ret_sealed, bool *ret_changed, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *secrets = att_arena_new(SECRETS_ARENA_BYTES);
    struct att_span pkcs8 = { 0 }, sealed = row->sealed;
    char label[LABEL_SIZE];
    size_t by = 0;

    if (!secrets)
        return att_fail_memory(err, "signer.key");
    if (!open_row(h, row, secrets, &pkcs8, &by, err) ||
        (by > 0 &&
         !keks_seal(keks_of(h), arena, label_of(label, row->purpose, row->kid), pkcs8, &sealed, err)))
        return false;
    *ret_sealed = sealed;
    *ret_changed = by > 0;
    return true;
}

static void home_close(struct key_home *h)
{
    free(h);
}

static const struct key_home_ops home_ops = {
    .form = KEY_FORM_SEALED, .make = home_make, .load = home_load, .reseal = home_reseal, .close = home_close
};

bool key_home_software_open(const struct keks *keks, struct key_home **ret, struct att_err *err)
{
    struct home *h = calloc(1, sizeof *h);

    if (!h)
        return att_fail_memory(err, "signer");
    *h = (struct home){ .base.ops = &home_ops, .keks = keks };
    *ret = &h->base;
    return true;
}
