/* store/sqlite/sqlite.h - the store in one SQLite file.
 *
 * WAL with synchronous=FULL: an acknowledged write survives power loss. The file is created with mode 0600. A
 * file whose schema is newer than this program is refused, never changed. A second writer waits 5 s for the first.
 */
#ifndef STORE_SQLITE_SQLITE_H
#define STORE_SQLITE_SQLITE_H

#include "store/store.h"

ATT_CHECK bool store_sqlite_open(const char *path, struct store **ret, struct att_err *err);
/* One that is there, with the schema of this program; nothing is made or brought up to date. */
ATT_CHECK bool store_sqlite_open_as_is(const char *path, struct store **ret, struct att_err *err);

#endif
