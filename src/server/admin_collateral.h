/* server/admin_collateral.h - the collateral service as JSON, for the admin listener. */
#ifndef SERVER_ADMIN_COLLATERAL_H
#define SERVER_ADMIN_COLLATERAL_H

#include "base/buf.h"
#include "supply/supply.h"

/* {"collateral":[{"id","source","held","aging","evaluationNumber","issued","nextUpdate","fetched","nextTry","last":{...}}],
 * "floors":[...],"now"}: times in seconds since 1970. `bytes`: only items that are held, with "body" (base64url) and
 * "chain" (PEM). */
void admin_collateral_write(struct supply *supply, bool bytes, int64_t now_unix_s, struct att_buf *out);

#endif
