/* server/guid.h - a random GUID (RFC 9562 5.4), lower case. */
#ifndef SERVER_GUID_H
#define SERVER_GUID_H

#include <attest/error.h>

enum { GUID_SIZE = 37 };

ATT_CHECK bool guid_new(char ret[GUID_SIZE], struct att_err *err);
/* The same of version 8: the ids of the built-in authority's principals, which no identity provider gives out
 * (docs/decisions/0014). */
ATT_CHECK bool guid_principal_new(char ret[GUID_SIZE], struct att_err *err);

#endif
