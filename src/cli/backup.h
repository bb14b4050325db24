/* cli/backup.h - attestctl backup and restore. */
#ifndef CLI_BACKUP_H
#define CLI_BACKUP_H

#include "cli/command.h"

extern const struct cli_command cli_backup, cli_restore;

#endif
