/* cli/files.h - reading what the command line names. Every size has a limit, folders are refused. */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include "cli/command.h"

/* No input of attestctl is larger; what is smaller meets the library's own limits. */
#define CLI_FILE_BYTES_MAX ((size_t)64 << 20)

/* The whole file, in c->arena; "-" is standard input, once. IO_FAILED, LIMIT_EXCEEDED, USAGE. `where` names the
 * option or operand in refusals. */
ATT_CHECK bool cli_read(struct cli *c, const char *where, const char *path, struct att_span *ret,
                        struct att_err *err);
/* A file of a folder; when it does not exist `ret` is empty and that is no failure. */
ATT_CHECK bool cli_read_optional(struct cli *c, const char *where, const char *dir, const char *name,
                                 struct att_span *ret, struct att_err *err);
/* The same for an option: when it was not given, ret_given is false and nothing is read. */
ATT_CHECK bool cli_read_option(struct cli *c, const char *option, bool *ret_given, struct att_span *ret,
                               struct att_err *err);
/* A regular file of any size, as it lies on the disk, which is not changed meanwhile; the caller calls munmap. */
ATT_CHECK bool cli_map(const char *where, const char *path, struct att_span *ret, struct att_err *err);
/* The folder exists. */
ATT_CHECK bool cli_is_folder(const char *where, const char *path, struct att_err *err);
/* The file of an option that a library opens by its name can be read; true when the option was not given. */
ATT_CHECK bool cli_is_readable(const struct cli *c, const char *option, struct att_err *err);

/* A new file that only its owner may read. USAGE when there is one already, IO_FAILED. The caller closes. */
ATT_CHECK bool cli_file_new(const char *where, const char *path, int *ret, struct att_err *err);
/* The text and a line end, on disk when it returns. */
ATT_CHECK bool cli_file_put(const char *where, int fd, const char *text, struct att_err *err);

/* Every byte, however often the system takes only some. */
ATT_CHECK bool cli_write_all(int fd, struct att_span bytes);

/* --at, or the clock of this machine: RFC 3339, with Z or a numeric offset. TIME_INVALID. */
ATT_CHECK bool cli_time(const struct cli *c, int64_t *ret_unix_s, struct att_err *err);

#endif
