/* makers/folder.h - made-up hardware and evidence on disk. Files are read and written by disk.c.
 *
 * Hardware folder (DATA/dev/hardware): root_ca.pem, processor_ca.pem, platform_ca.pem, tcb_signing.pem and a
 * *.TEST-KEY.pem each, mode 0600, with the machine's pck.TEST-KEY.pem and attestation.TEST-KEY.pem beside them;
 * below it, collateral/processor and collateral/platform for SGX, the same with -tdx behind for TDX.
 *
 * Evidence folder: quote.bin, report.bin, runtime_data.bin, tcb_info.json, ..., expected.json.
 *
 * Files appear whole (written beside, then renamed). Errors: IO_FAILED names the file and the reason.
 */
#ifndef MAKERS_FOLDER_H
#define MAKERS_FOLDER_H

#include "makers/hardware.h"
#include "makers/sgx.h"
#include "makers/tdx.h"

/* Makes the folder (mode 0700) and its parents. */
ATT_CHECK bool mk_hardware_save(const struct mk_hardware *hw, const char *dir, struct att_err *err);
/* CONFIG_INVALID when keys and certificates do not belong together. */
ATT_CHECK bool mk_hardware_load(const char *dir, struct mk_hardware **ret, struct att_err *err);
/* Loads what is there; makes and saves it when the folder holds none yet. A damaged folder is an error and is never
 * replaced. */
ATT_CHECK bool mk_hardware_open(const char *dir, int64_t at_unix_s, struct mk_hardware **ret,
                                struct att_err *err);
/* Fresh collateral of the default machine for `at_unix_s`, under both CAs: DIR/processor, DIR/platform, and for TDX
 * DIR/processor-tdx, DIR/platform-tdx. */
ATT_CHECK bool mk_hardware_write_collateral(const struct mk_hardware *hw, const char *dir, int64_t at_unix_s,
                                            struct att_err *err);

/* Every item and expected.json under their usual names; a file of an absent item is removed, so that an older run
 * cannot stand in for it. `name` goes into expected.json. */
ATT_CHECK bool mk_evidence_write(const struct mk_evidence *ev, const char *dir, const char *name,
                                 struct att_err *err);
/* The collateral items alone, without a root: a folder for `attestd --collateral`. */
ATT_CHECK bool mk_collateral_write(const struct mk_evidence *ev, const char *dir, struct att_err *err);

#endif
