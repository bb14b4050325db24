/* keys/order.h - changes of keys that an operator asks for, as rows.
 *
 * An order is a document: tenant STORE_TENANT_SITE, kind "key-order", id PURPOSE, so there is at most one of each purpose. The body:
 * {"activate_in","asked","by","purpose","retire"}: seconds from when it is carried out to when the new key signs, -1 for the lead of
 * who carries it out; when and by whom it was asked for; the key that goes in the same step, or null. Whoever carries it out
 * deletes it in the same transaction.
 */
#ifndef KEYS_ORDER_H
#define KEYS_ORDER_H

#include <attest/arena.h>
#include <attest/error.h>

#include "store/store.h"

#define KEY_ORDER_KIND "key-order"

enum { KEY_ORDER_LEAD = -1, KEY_ORDER_ACTIVATE_S_MAX = 366 * 86400 };

struct key_order {
    const char *purpose;
    const char *by;
    const char *retire; /* kid, or NULL */
    int64_t asked_unix_s;
    int64_t activate_in_s; /* or KEY_ORDER_LEAD */
    uint64_t version;      /* of the document */
};

ATT_CHECK bool key_order_encode(struct att_arena *arena, const struct key_order *order, struct store_doc *ret,
                                struct att_err *err);
ATT_CHECK bool key_order_decode(struct att_arena *arena, const struct store_doc *doc, struct key_order *ret,
                                struct att_err *err);
/* Inside of a transaction. STORE_CONFLICT: there is one already. */
ATT_CHECK bool key_order_put(struct store_tx *tx, struct att_arena *arena, const struct key_order *order,
                             struct att_err *err);
/* *ret_found false: there is none. */
ATT_CHECK bool key_order_get(struct store_tx *tx, struct att_arena *arena, const char *purpose,
                             struct key_order *ret, bool *ret_found, struct att_err *err);
/* Done, or given up. */
ATT_CHECK bool key_order_delete(struct store_tx *tx, const struct key_order *order, struct att_err *err);

#endif
