#include "server/guid.h"

#include "base/err.h"

#include <openssl/rand.h>
#include <stdio.h>

static bool guid_of(unsigned version, char ret[GUID_SIZE], struct att_err *err)
{
    uint8_t b[16];

    if (RAND_bytes(b, sizeof b) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "guid", "random bytes", "none to be had");
    b[6] = (uint8_t)((b[6] & 0x0f) | version << 4);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    (void)snprintf(ret, GUID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                   b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
                   b[14], b[15]);
    return true;
}

bool guid_new(char ret[GUID_SIZE], struct att_err *err)
{
    return guid_of(4, ret, err);
}

bool guid_principal_new(char ret[GUID_SIZE], struct att_err *err)
{
    return guid_of(8, ret, err);
}
