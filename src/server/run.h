/* server/run.h - the life of the server: start in order, serve, reload, drain. */
#ifndef SERVER_RUN_H
#define SERVER_RUN_H

#include "server/options.h"

/* Starts and serves until SIGTERM or SIGINT. False: it could not start; the reason is in err. */
ATT_CHECK bool server_run(struct att_arena *arena, struct options *options, struct att_err *err);

#endif
