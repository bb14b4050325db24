/* server/files.h - reading and writing the few files that the server touches. */
#ifndef SERVER_FILES_H
#define SERVER_FILES_H

#include <attest/arena.h>
#include <attest/collateral.h>

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
/* "dir/name" in the arena; NULL when memory is out. */
char *file_path(struct att_arena *arena, const char *dir, const char *name);

/* One folder of collateral, with the file names of attestctl. Files that are not there stay empty spans. A
 * root_ca.pem in it is never read: collateral does not choose its own anchor. */
ATT_CHECK bool collateral_folder_load(struct att_arena *arena, const char *dir, struct att_dcap_bundle *ret,
                                      struct att_err *err);
/* The lists of AMD in the same folder: vcek_crl.der and vcek_chain.pem, vlek_crl.der and vlek_chain.pem; false in
 * *ret_any when there is none. */
ATT_CHECK bool collateral_folder_load_amd(struct att_arena *arena, const char *dir,
                                          struct att_amd_bundle *ret, bool *ret_any, struct att_err *err);
/* Names of the files of a folder that end so, in order; none when the folder is not there. */
ATT_CHECK bool folder_list(struct att_arena *arena, const char *dir, const char *ending, const char ***ret,
                           size_t *ret_count, struct att_err *err);

#endif
