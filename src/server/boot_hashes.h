/* server/boot_hashes.h - contents of Secure Boot's variables that the operator calls good, from a text file.
 *
 * One a line: the variable (pk, kek, db or dbx), blanks, SHA-256 of the whole variable in 64 hexadecimal digits. Empty lines,
 * and lines that begin with #, say nothing.
 */
#ifndef SERVER_BOOT_HASHES_H
#define SERVER_BOOT_HASHES_H

#include <attest/attest.h>

enum { BOOT_HASHES_MAX = 4096 };

/* Rows in the arena. CONFIG_INVALID: `where` is "tpm_boot_hashes:LINE"; LIMIT_EXCEEDED: more than BOOT_HASHES_MAX of a variable. */
ATT_CHECK bool boot_hashes_read(struct att_arena *arena, struct att_span text, struct att_boot_hashes *ret,
                                struct att_err *err);

#endif
