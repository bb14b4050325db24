/* cli/advice.h - what a person can do about a failure. */
#ifndef CLI_ADVICE_H
#define CLI_ADVICE_H

#include <attest/error.h>

/* One sentence; NULL when found and expected already say it all. */
const char *cli_advice(enum att_code code);

#endif
