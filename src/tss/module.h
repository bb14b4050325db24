/* tss/module.h - what lib/attestd/tss.so gives to the program that loads it. */
#ifndef TSS_MODULE_H
#define TSS_MODULE_H

#include "tss/tss.h"

/* Defined in tss/esys; for the module's own sources. The program asks module_load("tss"). */
ATT_API extern const struct tss_ops attestd_module_tss;

#endif
