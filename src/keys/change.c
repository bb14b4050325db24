#include "keys/change.h"

#include "base/err.h"
#include "base/timetext.h"
#include "site/site.h"

#include <stdio.h>

enum { SUBJECT_SIZE = 256 };

static bool record(const struct key_change *c, const char *operation, const struct keyrow *row,
                   struct att_err *err)
{
    char subject[SUBJECT_SIZE];
    struct att_time_text at;

    (void)snprintf(subject, sizeof subject, "purpose=%s alg=%s kid=%s activates=%s", row->purpose, row->alg,
                   row->kid, att_time_text(&at, row->activate_unix_s));
    const struct site_record r = { .tenant = STORE_TENANT_SITE,
                                   .scope = "",
                                   .operation = operation,
                                   .action = "attestd/keys/write",
                                   .principal = c->by,
                                   .subject = subject,
                                   .via = c->via };
    return site_record_append(c->tx, c->now_unix_s, &r, err);
}

bool key_change_add(const struct key_change *c, const struct keyrow *fresh, struct att_err *err)
{
    struct store_doc doc;

    return keyrow_encode(c->arena, fresh, &doc, err) && store_doc_put(c->tx, &doc, 0, err) &&
           record(c, "key.rotate", fresh, err);
}

bool key_change_delete(const struct key_change *c, const struct keyrow *row, const char *operation,
                       struct att_err *err)
{
    return store_doc_delete(c->tx, STORE_TENANT_SITE, KEYROW_KIND, row->id, row->version, err) &&
           record(c, operation, row, err);
}

bool key_change_activate(const struct key_change *c, const struct keyrow *row, struct att_err *err)
{
    struct keyrow now = *row;
    struct store_doc doc;

    if (row->activate_unix_s <= c->now_unix_s)
        return true;
    now.activate_unix_s = c->now_unix_s;
    return keyrow_encode(c->arena, &now, &doc, err) && store_doc_put(c->tx, &doc, row->version, err) &&
           record(c, "key.activate", &now, err);
}
