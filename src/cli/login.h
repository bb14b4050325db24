/* cli/login.h - attestctl login, logout. */
#ifndef CLI_LOGIN_H
#define CLI_LOGIN_H

#include "cli/command.h"

extern const struct cli_command cli_login;
extern const struct cli_command cli_logout;

#endif
