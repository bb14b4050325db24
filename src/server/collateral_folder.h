/* server/collateral_folder.h - a folder of collateral, with the file names of attestctl. */
#ifndef SERVER_COLLATERAL_FOLDER_H
#define SERVER_COLLATERAL_FOLDER_H

#include <attest/arena.h>
#include <attest/collateral.h>

/* One folder of collateral, with the file names of attestctl. Files that are not there stay empty spans. A
 * root_ca.pem in it is never read: collateral does not choose its own anchor. */
ATT_CHECK bool collateral_folder_load(struct att_arena *arena, const char *dir, struct att_dcap_bundle *ret,
                                      struct att_err *err);
/* The lists of AMD in the same folder: vcek_crl.der and vcek_chain.pem, vlek_crl.der and vlek_chain.pem; false in
 * *ret_any when there is none. */
ATT_CHECK bool collateral_folder_load_amd(struct att_arena *arena, const char *dir,
                                          struct att_amd_bundle *ret, bool *ret_any, struct att_err *err);

#endif
