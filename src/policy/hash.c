#include <attest/policy.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"

#include <openssl/evp.h>

enum { HASH_TEXT = 43 };

/* x-ms-policy-hash is the hash of the base64url text that travels as "AttestationPolicy" in an uploaded
 * policy, not of the policy text itself (policy language, section 10). */
bool att_policy_hash(struct att_span text, char ret[44], struct att_err *err)
{
    struct att_buf wire = { 0 };
    struct att_buf out = { 0 };
    uint8_t digest[32];

    att_base64url_put(&wire, text);
    bool hashed = !wire.failed && EVP_Digest(wire.ptr, wire.len, digest, NULL, EVP_sha256(), NULL) == 1;
    if (hashed)
        att_base64url_put(&out, att_span_of(digest, sizeof digest));
    bool done = hashed && !out.failed && out.len == HASH_TEXT;
    if (done) {
        memcpy(ret, out.ptr, HASH_TEXT);
        ret[HASH_TEXT] = '\0';
    }
    bool memory = wire.failed || out.failed;
    att_buf_free(&wire);
    att_buf_free(&out);
    if (memory)
        return att_fail_memory(err, "policy.hash");
    return done || att_fail(err, ATT_CRYPTO_FAILED, "policy.hash", "a SHA-256 digest", "none");
}
