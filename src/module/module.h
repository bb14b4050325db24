/* module/module.h - parts of the program that are loaded only when they are asked for.
 *
 * A module is a shared object lib/attestd/NAME.so that exports one thing, `attestd_module_NAME`, a table of functions.
 * It is looked for beside the program (../lib/attestd as seen from the folder of the executable), then in the folder
 * that the build was configured to install to. No environment variable leads elsewhere. It stays loaded for good.
 * cmake/modules.cmake makes modules and says how one is written.
 *
 * Errors: CONFIG_INVALID when there is none (with `advice`: what to install), IO_FAILED when it cannot be loaded or is
 * of another release.
 * Threads: any.
 */
#ifndef MODULE_MODULE_H
#define MODULE_MODULE_H

#include <attest/error.h>

/* The address of attestd_module_NAME; NULL with the error filled. The type is for the caller to know. */
ATT_CHECK const void *module_load(const char *name, const char *advice, struct att_err *err);

#endif
