/* server/dev_principals.h - tenant, subscription and principals of --dev: read from the dev folder, made when they are not
 * there. For dev.c, which holds the folder's lock. */
#ifndef SERVER_DEV_PRINCIPALS_H
#define SERVER_DEV_PRINCIPALS_H

#include "server/dev.h"

/* Fills tenant, subscription and principals of `ret`. A file that cannot be understood is an error (CONFIG_INVALID) and
 * is left as it is. */
ATT_CHECK bool dev_principals_open(struct att_arena *arena, const char *dir, struct dev *ret,
                                   struct att_err *err);

#endif
