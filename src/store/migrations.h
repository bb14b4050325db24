/* store/migrations.h - the numbered changes of the schema, embedded by the build from migrations/DIALECT/. */
#ifndef STORE_MIGRATIONS_H
#define STORE_MIGRATIONS_H

struct store_migration {
    unsigned number; /* 0 ends the table */
    const char *name;
    const char *sql;
};

extern const struct store_migration store_migrations_sqlite[];
extern const struct store_migration store_migrations_postgres[];

#endif
