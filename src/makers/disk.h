/* makers/disk.h - files and folders: all file I/O of makers, and of what else writes evidence.
 *
 * Errors: IO_FAILED names the file and the reason.
 */
#ifndef MAKERS_DISK_H
#define MAKERS_DISK_H

#include <attest/error.h>
#include <sys/stat.h>

struct att_buf;

enum { MK_FILE_BYTES_MAX = 64 * 1024, MK_PATH_BYTES_MAX = 4096 };

struct mk_path {
    char text[MK_PATH_BYTES_MAX];
};

/* False; with errno's reason. */
bool mk_io_failed(struct att_err *err, const char *path, const char *doing);
/* dir/name and ending. */
ATT_CHECK bool mk_path_join(struct mk_path *ret, const char *dir, const char *name, const char *ending,
                            struct att_err *err);
/* The folder and its parents; those that exist are left as they are. */
ATT_CHECK bool mk_folder_make(const char *dir, mode_t mode, struct att_err *err);
/* Written beside and renamed, so that a reader sees the old file or the new one. */
ATT_CHECK bool mk_file_write(const char *dir, const char *name, const char *ending, struct att_span bytes,
                             mode_t mode, struct att_err *err);
/* Appends the whole file, of at most MK_FILE_BYTES_MAX. */
ATT_CHECK bool mk_file_read(const char *path, struct att_buf *out, struct att_err *err);
/* Gone, or never there. */
ATT_CHECK bool mk_file_remove(const char *dir, const char *name, struct att_err *err);

#endif
