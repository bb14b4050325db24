/* evidence/tdx/verifier.h - the evidence type of this folder: a quote of a trust domain. */
#ifndef EVIDENCE_TDX_VERIFIER_H
#define EVIDENCE_TDX_VERIFIER_H

#include "evidence/common/verifier.h"

extern const struct att_verifier tdx_verifier; /* "tdx" */

#endif
