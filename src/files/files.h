/* files/files.h - whole files and folders of this machine: read with a bound, written so that a reader sees all or nothing. */
#ifndef FILES_FILES_H
#define FILES_FILES_H

#include <attest/arena.h>
#include <attest/error.h>

enum {
    FILE_BYTES_MAX = 64 << 20, /* a bundle of collateral; everything else is far smaller */
    FOLDER_FILES_MAX = 256,
};

/* Whole file into the arena. IO_FAILED; `where` is the file's last name, never its folder. */
ATT_CHECK bool file_load(struct att_arena *arena, const char *path, struct att_span *ret,
                         struct att_err *err);
/* As file_load; a file that is not there gives an empty span. */
ATT_CHECK bool file_load_optional(struct att_arena *arena, const char *path, struct att_span *ret,
                                  struct att_err *err);
/* Written beside, synced and renamed into place, so that a reader sees all or nothing. */
ATT_CHECK bool file_store(const char *path, struct att_span bytes, unsigned mode, struct att_err *err);
/* Makes the folder (and those above it, with mode 0755) when it is not there. */
ATT_CHECK bool folder_make(const char *path, unsigned mode, struct att_err *err);
/* What follows the last slash; borrowed. */
const char *file_last_name(const char *path);
/* "dir/name" in the arena; NULL when memory is out. */
char *file_path(struct att_arena *arena, const char *dir, const char *name);

/* Names of the files of a folder that end so, in order; none when the folder is not there. */
ATT_CHECK bool folder_list(struct att_arena *arena, const char *dir, const char *ending, const char ***ret,
                           size_t *ret_count, struct att_err *err);

#endif
