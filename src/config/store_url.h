/* config/store_url.h - the settings `store` and `store_password_file` as the address that store/backends.h opens. The
 * password is in the file alone: a command line is in everybody's list of processes, a configuration in every copy. */
#ifndef CONFIG_STORE_URL_H
#define CONFIG_STORE_URL_H

#include "config/config.h"

/* With the password in it: give an arena that is wiped soon. CONFIG_INVALID; nothing of the password is in `err`. */
ATT_CHECK bool store_url(const struct config *c, struct att_arena *secrets, const char **ret,
                         struct att_err *err);
/* Can the store be asked for at all? Opens nothing. */
ATT_CHECK bool store_url_check(const struct config *c, struct att_err *err);

#endif
