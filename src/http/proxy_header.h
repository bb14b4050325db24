/* http/proxy_header.h - the PROXY header, version 1 and 2: a proxy's word about who has connected to it. Pure.
 *
 * Spec: haproxy.org, "The PROXY protocol", versions 1 and 2. Stricter here: only stream sockets over IP, no leading
 * zeros, one space between fields, and TLVs must fill the length exactly (what they say is not read). A version 1
 * header of any form ends within 107 bytes, a version 2 header has at most 536 bytes behind its first 16.
 */
#ifndef HTTP_PROXY_HEADER_H
#define HTTP_PROXY_HEADER_H

#include "base/cidr.h"

#include <attest/error.h>

enum { PROXY_V1_BYTES_MAX = 107, PROXY_V2_START_BYTES = 16, PROXY_V2_REST_BYTES_MAX = 536 };
enum { PROXY_HEADER_BYTES_MAX = PROXY_V2_START_BYTES + PROXY_V2_REST_BYTES_MAX };

enum proxy_status { PROXY_NEED_MORE, PROXY_DONE, PROXY_BAD };

struct proxy_header {
    bool has_source; /* false: LOCAL or UNKNOWN, the connection's own peer counts */
    struct att_ip source;
    uint16_t source_port;
    size_t bytes; /* of the header; what follows is the connection's */
};

/* `bytes` are everything received so far. NEED_MORE: all of them belong to the header. The verdict depends on the bytes
 * up to the one that decides it, not on how they came. REQUEST_MALFORMED, REQUEST_TOO_LARGE. */
enum proxy_status proxy_header_read(struct att_span bytes, struct proxy_header *ret, struct att_err *err);

#endif
