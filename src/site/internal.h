/* site/internal.h - what the files of this folder share; nobody else includes it.
 *
 * A view is the whole of what the site knows, as sorted arrays of pointers. Readers look into the site's view under the
 * lock. A change has a view of its own: it borrows the site's arrays and copies those that it touches; committing swaps
 * the copies in, which cannot fail. The reference that a view holds on its objects is counted once, by the array of
 * keys; a change's view holds none (struct site_changed keeps them).
 */
#ifndef SITE_INTERNAL_H
#define SITE_INTERNAL_H

#include "site/row.h"
#include "site/site.h"
#include "store/store.h"

#include <pthread.h>

enum { SITE_DIGEST_BYTES = 32, SITE_ARENA_BYTES_MAX = 64 << 20 };

/* -- objects: object.c ------------------------------------------------------------------------------------ */

/* A copy in one block of memory, one reference; `digest` is the SHA-256 of its row's body. */
ATT_CHECK bool site_object_new(const void *object, const uint8_t digest[SITE_DIGEST_BYTES], const void **ret,
                               struct att_err *err);
const uint8_t *site_object_digest(const void *object);
ATT_CHECK bool site_digest(struct att_span body, uint8_t ret[SITE_DIGEST_BYTES], struct att_err *err);

/* -- views: view.c ---------------------------------------------------------------------------------------- */

/* First the keys of each kind (the index of a kind is its number), then the others. */
enum site_index_id {
    SITE_BY_NAME = SITE_KINDS, /* providers, lower-case name */
    SITE_BY_CLIENT,            /* principals, client id */
    SITE_BY_UID,               /* principals, unix user */
    SITE_BY_ASSIGNEE,          /* assignments, tenant and principal */
    SITE_INDEXES
};

/* In order of text, number, the object's tenant, the object's key. */
struct site_entry {
    const char *text; /* the object's */
    uint64_t number;
    const struct site_object *object;
};
struct site_index {
    struct site_entry *entries;
    size_t count, room;
    bool own; /* false: borrowed from the view below */
};
struct site_view {
    struct site_index index[SITE_INDEXES];
};

/* For loading: in any order, sorted afterwards. */
ATT_CHECK bool site_view_append(struct site_view *v, const struct site_object *o, struct att_err *err);
void site_view_sort(struct site_view *v);
/* Copies the arrays that it touches. */
ATT_CHECK bool site_view_add(struct site_view *v, const struct site_object *o, struct att_err *err);
ATT_CHECK bool site_view_remove(struct site_view *v, const struct site_object *o, struct att_err *err);
/* Puts a copy in the place of its original: the same entries. */
ATT_CHECK bool site_view_replace(struct site_view *v, const struct site_object *old,
                                 const struct site_object *fresh, struct att_err *err);
const struct site_object *site_view_get(const struct site_view *v, enum site_kind kind, const char *key);
const struct site_object *site_view_get_span(const struct site_view *v, enum site_kind kind,
                                             struct att_span key);
/* Where entries with this text and number begin, or would. */
size_t site_index_find(const struct site_index *x, const char *text, uint64_t number);
/* The assignments of a principal at one scope: their keys begin with the scope's, so they stand together.
 *     struct site_assignments i = { .index = ..., .tenant = ..., .principal = ... };
 *     site_assignments_at(&i, scope);
 *     while (site_assignments_next(&i, &a)) ... */
struct site_assignments {
    const struct site_index *index; /* SITE_BY_ASSIGNEE */
    const char *tenant, *principal;
    size_t at;
    char keys[STORE_ID_BYTES_MAX + 1]; /* what they begin with */
};
void site_assignments_at(struct site_assignments *i, struct att_span scope);
bool site_assignments_next(struct site_assignments *i, const struct site_assignment **ret);
/* The keys from `prefix` "/" on that begin so: [*ret_first, *ret_end). */
void site_index_below(const struct site_index *x, const char *prefix, size_t *ret_first, size_t *ret_end);
/* Frees the arrays that are its own. */
void site_view_drop(struct site_view *v);
/* Drops the references, too. */
void site_view_release(struct site_view *v);

/* -- rules over several objects: rules.c ------------------------------------------------------------------ */

/* What the object lies in is there and of the same tenant: SUBSCRIPTION_NOT_FOUND, GROUP_NOT_FOUND,
 * RESOURCE_NOT_FOUND. */
ATT_CHECK bool site_rule_parent(const struct site_view *v, const struct site_object *o, struct att_err *err);
/* What the row lies in is not there, or is a namesake of what it was made for. Of kinds with may_be_left; else false. */
bool site_rule_left_behind(const struct site_view *v, const struct site_object *o);
/* Nobody else has what must be unique: NAME_TAKEN, ROLE_ASSIGNMENT_EXISTS. */
ATT_CHECK bool site_rule_unique(const struct site_view *v, const struct site_object *o, struct att_err *err);
/* Nothing lies below this key, which is gone: INTERNAL. */
ATT_CHECK bool site_rule_childless(const struct site_view *v, const char *key, struct att_err *err);

/* -- the site --------------------------------------------------------------------------------------------- */

struct site {
    struct store *store;
    pthread_rwlock_t lock; /* over `view`; held for lookups and for the moment of publishing, never for I/O */
    struct site_view view;
    /* The rest is of the thread of changes. */
    bool sealing; /* does not change once it is open */
    uint8_t row_key[SITE_ROW_KEY_BYTES];
    uint64_t generation;
    bool generation_known;
    bool left_behind; /* there were rows that nobody owns when all was read */
    bool changing;
};

/* Inside of a transaction: reads everything, and lets readers see it. Objects whose rows are as they were stay. */
ATT_CHECK bool site_load(struct site *s, struct store_tx *tx, struct att_err *err);
/* The new arrays take the place of those that `v` has not borrowed; v has the old ones afterwards. */
void site_publish(struct site *s, struct site_view *v);

/* -- sealed rows: seal.c ---------------------------------------------------------------------------------- */

/* Are rows of this kind sealed here? */
bool site_seals(const struct site *s, const char *kind);
/* The body that stands in the store for a plain one. */
ATT_CHECK bool site_seal(const uint8_t *key, const char *kind, const char *id, struct att_arena *arena,
                         struct att_span plain, struct att_buf *out, struct att_err *err);
/* The document with its plain body, in the arena. SEAL_INVALID, STORE_FAILED. */
ATT_CHECK bool site_unseal(const uint8_t *key, struct att_arena *arena, const struct store_doc *doc,
                           struct store_doc *ret, struct att_err *err);

/* -- rows that another program has left: leftover.c --------------------------------------------------------- */

/* In a change, before a new object is written: the row under its own key, and what a namesake of a new provider had. */
ATT_CHECK bool site_leftovers_drop(struct site_change *c, const struct site_object *fresh,
                                   struct att_err *err);

/* -- changes ---------------------------------------------------------------------------------------------- */

/* One object that a change has put or deleted. */
struct site_changed {
    enum site_kind kind;
    char *key;                        /* malloc'd */
    const struct site_object *before; /* as readers see it; the view's reference. NULL: there was none */
    const struct site_object *after;  /* a reference of this row; NULL: deleted */
    bool derived; /* a provider that is new because something below it is; its row is as it was */
};

struct site_change {
    struct site *site;
    struct store_tx *tx;
    int64_t now_unix_s;
    struct att_arena *arena; /* for one step at a time */
    struct site_view view;
    struct site_changed *rows; /* in order of kind and key */
    size_t row_count, row_room;
    /* What a later step of the same change has replaced: it was lent until the change ends. */
    const struct site_object **spent;
    size_t spent_count, spent_room;
    bool wrote;
    bool kept; /* rows that are no objects: the store counts them */
    bool failed;
};

/* The record or records of a change (its rows) or of a refusal (none). */
ATT_CHECK bool site_audit_append(struct store_tx *tx, struct att_arena *arena, int64_t now_unix_s,
                                 const struct site_record *record, const struct site_changed *rows,
                                 size_t row_count, struct att_err *err);

#endif
