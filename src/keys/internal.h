/* keys/internal.h - what the files of this folder share; nobody else includes it. */
#ifndef KEYS_INTERNAL_H
#define KEYS_INTERNAL_H

#include "keys/keyring.h"
#include "keys/keyrow.h"
#include "keys/order.h"

#include <pthread.h>

/* What the store said when it was last looked at. */
struct keyring_view {
    struct att_arena *arena;
    struct keyrows rows; /* the signer has taken each */
    bool ordered;
    size_t refused;
    struct att_err refusal;
};

struct keyring {
    struct keyring_options options;
    pthread_mutex_t lock; /* over `set`, `refused`, `refusal`; held for moments, never for work */
    const struct keyset *set;
    size_t refused;
    struct att_err refusal;
    /* The rest is of the thread of changes. */
    struct keyring_view *view;
    struct keyring_view
        *gone; /* the one before: its keys are forgotten once nobody can be signing with them */
    uint64_t generation;
    bool generation_known;
    int64_t look_again_unix_s; /* at rows that were left out */
    int64_t try_again_unix_s;  /* a change that failed */
};

/* A new set of what is published at this time; one reference. */
ATT_CHECK bool keyset_new(const struct keyring_options *options, const struct keyrows *rows,
                          int64_t now_unix_s, uint64_t number, const struct keyset **ret,
                          struct att_err *err);
/* Has the time changed what the set should be: which key stands first, or which is published? */
bool keyset_outdated(const struct keyset *k, int64_t now_unix_s);

#endif
