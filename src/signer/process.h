/* signer/process.h - the form whose keys are in a child. Private to signer. */
#ifndef SIGNER_PROCESS_H
#define SIGNER_PROCESS_H

#include "signer/signer.h"

ATT_CHECK bool process_open(const struct signer_options *options, struct signer **ret, struct att_err *err);

#endif
