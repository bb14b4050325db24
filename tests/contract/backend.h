/* tests/contract/backend.h - what the suite of the store needs to know of a back end, and its helpers.
 *
 * The suite is the same for all; a back end says where a store is, how to reach its rows behind the store's back, and
 * whether several handles can share one. */
#ifndef TESTS_CONTRACT_BACKEND_H
#define TESTS_CONTRACT_BACKEND_H

#include "store/backends.h"
#include "support/cases.h"

struct broken_row {
    const char *name, *sql;
};

struct backend {
    const char *name;
    bool shared; /* a store outlives its handle, and other processes see it */
    char url[1024];
    bool (*start)(void);                     /* once; false: cannot run here (the reason was printed) */
    bool (*fresh)(void);                     /* a new empty place; its URL goes to `url` */
    bool (*raw)(const char *sql);            /* behind the store's back */
    const char *newer_schema, *older_schema; /* SQL: as if another release had been here; and back */
    const char *first_schema;                /* SQL: back to migration 0001, as 0002 says it */
    const char *const *loose_tables;         /* SQL: the same tables without checks; NULL ends it */
    const struct broken_row *wrong_types;    /* ends with an empty row */
    void (*own)(struct cases *c);            /* cases that only this one has; NULL: none */
    void (*stop)(void);
};
extern struct backend backend_memory, backend_sqlite, backend_postgres;

/* The one that runs. */
extern struct backend *backend;
extern struct cases cases;

/* Opens the place of `backend`; a failure is a failed case and NULL. */
struct store *open_again(void);
/* A new empty one. */
struct store *open_fresh(void);

/* -- steps: each says whether it succeeded; the error is in `step_err` -------------------------------------- */

extern struct att_err step_err;
extern struct att_arena *arena; /* for rows; reset by the suite between cases */

struct store_tx *begin(struct store *s); /* NULL: refused */
bool put(struct store_tx *tx, const char *tenant, const char *kind, const char *id, const char *body,
         uint64_t replaces);
bool put_doc(struct store_tx *tx, const struct store_doc *doc, uint64_t replaces);
bool del(struct store_tx *tx, const char *tenant, const char *kind, const char *id, uint64_t replaces);
bool get(struct store_tx *tx, const char *tenant, const char *kind, const char *id, struct store_doc *ret,
         bool *ret_found);
bool audit(struct store_tx *tx, const char *tenant, const char *scope, const char *body, uint64_t *ret_seq);
bool commit(struct store_tx *tx);
/* One put in a transaction of its own. */
bool put_alone(struct store *s, const char *id, const char *body, uint64_t replaces);
bool audit_alone(struct store *s, const char *tenant, const char *scope, const char *body);
uint64_t generation(struct store *s);
/* store_wait: 1 changed, 0 not, -1 refused. */
int wait_ms(struct store *s, unsigned ms);

/* All that a reader can see of the kinds k, l and provider, of the audit trail and of the generation, as text; malloc'd. */
char *picture(struct store *s);
/* The body of t/k/id as of now; -1 when there is none, -2 on failure. For bodies that are numbers. */
long value_of(struct store *s, const char *id, uint64_t *ret_version);

/* -- parts of the suite -------------------------------------------------------------------------------------- */

void documents_suite(void);
void arguments_suite(void);
void audit_suite(void);
void shared_suite(void);
void once_suite(void);
void once_shared_suite(void);
void broken_suite(void);
void wait_suite(void);

#endif
