#include "store/postgres/internal.h"

#define T OID_TEXT
#define N OID_INT8

static const struct statement {
    const char *name, *sql;
    Oid types[PARAMETERS_MAX]; /* 0 ends them */
} statements[SQL_COUNT] = {
    [SQL_STATE_LOCK] = { "store.begin",
                         "SELECT generation, schema FROM store_state WHERE one FOR UPDATE",
                         { 0 } },
    [SQL_GENERATION] = { "store.generation", "SELECT generation FROM store_state WHERE one", { 0 } },
    [SQL_GENERATION_NEXT] = { "store.generation.next",
                              "UPDATE store_state SET generation = generation + 1 WHERE one",
                              { 0 } },
    [SQL_DOC_SCAN] = { "store.documents.scan",
                       "SELECT tenant, kind, id, version, changed_unix_s, body FROM documents "
                       "WHERE kind = $1 ORDER BY tenant, id",
                       { T } },
    [SQL_DOC_SCAN_ALL] = { "store.documents.scan.all",
                           "SELECT tenant, kind, id, version, changed_unix_s, body FROM documents "
                           "ORDER BY tenant, kind, id",
                           { 0 } },
    [SQL_DOC_RESTORE] = { "store.documents.restore",
                          "INSERT INTO documents (tenant, kind, id, version, changed_unix_s, body) "
                          "VALUES ($1, $2, $3, $6, $4, $5) ON CONFLICT DO NOTHING",
                          { T, T, T, N, T, N } },
    [SQL_DOC_GET] = { "store.documents.get",
                      "SELECT tenant, kind, id, version, changed_unix_s, body FROM documents "
                      "WHERE tenant = $1 AND kind = $2 AND id = $3",
                      { T, T, T } },
    [SQL_DOC_INSERT] = { "store.documents.insert",
                         "INSERT INTO documents (tenant, kind, id, version, changed_unix_s, body) "
                         "VALUES ($1, $2, $3, 1, $4, $5) ON CONFLICT DO NOTHING",
                         { T, T, T, N, T } },
    [SQL_DOC_UPDATE] = { "store.documents.update",
                         "UPDATE documents SET version = version + 1, changed_unix_s = $4, body = $5 "
                         "WHERE tenant = $1 AND kind = $2 AND id = $3 AND version = $6",
                         { T, T, T, N, T, N } },
    [SQL_DOC_DELETE] = { "store.documents.delete",
                         "DELETE FROM documents WHERE tenant = $1 AND kind = $2 AND id = $3 AND version = $4",
                         { T, T, T, N } },
    [SQL_AUDIT_LIST] = { "store.audit.list",
                         "SELECT seq, tenant, scope, at_unix_s, body FROM audit "
                         "WHERE seq > $1 AND ($2 IS NULL OR tenant = $2) "
                         "AND ($3 = '' OR scope = $3 OR (scope >= $4 AND scope < $5)) ORDER BY seq LIMIT $6",
                         { N, T, T, T, T, N } },
    [SQL_AUDIT_LAST] = { "store.audit.last",
                         "SELECT seq, tenant, scope, at_unix_s, body FROM audit ORDER BY seq DESC LIMIT 1",
                         { 0 } },
    [SQL_AUDIT_INSERT] = { "store.audit.insert",
                           "INSERT INTO audit (seq, tenant, scope, at_unix_s, body) "
                           "SELECT coalesce(max(seq), 0) + 1, $1, $2, $3, $4 FROM audit RETURNING seq",
                           { T, T, N, T } },
    [SQL_ONCE_TAKE] = { "store.once.take",
                        "INSERT INTO once (space, id, until_unix_s) VALUES ($1, $2, $3) "
                        "ON CONFLICT (space, id) DO UPDATE SET until_unix_s = excluded.until_unix_s "
                        "WHERE once.until_unix_s < $4",
                        { T, T, N, N } },
    /* Rows that somebody else is at are left to them: nobody waits in here. */
    [SQL_ONCE_FORGET] = { "store.once.forget",
                          "DELETE FROM once WHERE (space, id) IN (SELECT space, id FROM once "
                          "WHERE until_unix_s < $1 ORDER BY until_unix_s LIMIT $2 FOR UPDATE SKIP LOCKED)",
                          { N, N } },
};

const char *postgres_statement_name(enum postgres_sql which)
{
    return statements[which].name;
}

bool postgres_prepare_all(struct postgres *p, struct att_err *err)
{
    for (size_t i = 0; i < SQL_COUNT; i++) {
        const struct statement *s = &statements[i];
        int count = 0;
        while (count < PARAMETERS_MAX && s->types[count] != 0)
            count++;
        RESULT r = postgres_prepare(p, s->name, s->sql, s->types, count, err);
        if (!r)
            return false;
    }
    return true;
}
