/* authority/internal.h - what the files of this folder share; nobody else includes it. */
#ifndef AUTHORITY_INTERNAL_H
#define AUTHORITY_INTERNAL_H

#include "authority/authority.h"
#include "authority/form.h"
#include "authority/guesses.h"
#include "authority/replay.h"
#include "keys/keyring.h"

#include <pthread.h>

enum {
    GUESSES_IN_ALL_MAX = 300, /* a minute; each costs a scrypt: about half of one core */
    GUESSES_RETRY_S = GUESSES_WINDOW_S,
};

struct authority {
    struct authority_options options;
    struct guesses *guesses; /* secrets that are no credential's */
    struct guesses *misses;  /* secrets that begin as a credential's and go on in another way */
    struct replay *replay;
    pthread_mutex_t keys_lock; /* over the two below; held for a copy, never for work */
    char *keys_json;           /* malloc'd; NULL: nobody has asked yet */
    uint64_t keys_number;      /* of the set of keys that it is made of */
};

int64_t authority_now(const struct authority *a);
/* "BASE/TENANT", or "BASE/adfs" without one. */
ATT_CHECK bool authority_root(const struct authority *a, struct att_arena *arena, const char *tenant,
                              const char **ret, struct att_err *err);
/* TENANT_NOT_FOUND unless a subscription belongs to it. */
ATT_CHECK bool authority_tenant_check(const struct authority *a, const char *tenant, struct att_err *err);

/* -- client.c: who asks ----------------------------------------------------------------------------------- */

/* What a request says, before any of it is believed. */
struct authority_asked {
    const char *tenant;    /* NULL: /adfs */
    const char *client_id; /* lower case when it is a GUID; NULL: an assertion names it */
    struct att_span secret, assertion;
    const char *resource; /* one of the options' */
    const char *peer;
};
ATT_CHECK bool authority_asked_read(const struct authority *a, struct att_arena *arena,
                                    const struct authority_token_in *in, struct authority_asked *ret,
                                    const char **ret_client_id, struct att_err *err);
/* The principal who has proved to be one: a reference. `err` is for the operator: it tells more than the client may know. */
ATT_CHECK bool authority_client_check(struct authority *a, struct att_arena *arena,
                                      const struct authority_asked *asked, const struct site_principal **ret,
                                      struct att_err *err);
/* A reference, or NULL: there is none of this id, or not in this tenant (NULL: in any). */
const struct site_principal *authority_principal(const struct authority *a, const char *client_id,
                                                 const char *tenant);

/* -- assertion.c: RFC 7523 -------------------------------------------------------------------------------- */

/* Who the assertion says it is from (iss and sub, which must be the same), read without believing it. */
ATT_CHECK bool assertion_client(struct att_arena *arena, struct att_span assertion, const char **ret,
                                struct att_err *err);
/* Is it signed by a certificate of the principal, for this authority, for now, and not used before? */
ATT_CHECK bool assertion_check(struct authority *a, struct att_arena *arena,
                               const struct authority_asked *asked, const struct site_principal *p,
                               struct att_err *err);

/* -- token.c: what is issued ------------------------------------------------------------------------------ */

struct authority_issued {
    struct att_span jwt;
    int64_t issued_unix_s, lifetime_s;
};
ATT_CHECK bool authority_issue(const struct authority *a, struct att_arena *arena,
                               const struct site_principal *p, const char *resource,
                               struct authority_issued *ret, struct att_err *err);
/* The audience that a text names, without a trailing slash: AUDIENCE_UNKNOWN. */
ATT_CHECK bool authority_resource_of(const struct authority *a, struct att_arena *arena, struct att_span text,
                                     const char **ret, struct att_err *err);

/* -- answer.c --------------------------------------------------------------------------------------------- */

/* RFC 6749 5.2; ret->refusal is set to `err`. */
void authority_refuse(struct att_arena *arena, const struct att_err *err, const char *trace_id,
                      int64_t now_unix_s, struct authority_answer *ret);
/* What the arena has, or the answer for when memory is out. */
struct att_buf;
void authority_answer_put(struct att_arena *arena, int status, struct att_buf *json,
                          struct authority_answer *ret);

#endif
