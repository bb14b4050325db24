/* attest/signer_key.h - one policy signer as a JWK, checked and written in the form that is kept. Private to src/attest. */
#ifndef ATTEST_SIGNER_KEY_H
#define ATTEST_SIGNER_KEY_H

#include "attest/x5c.h"
#include "jose/jwk.h"

struct att_signer_rules {
    const struct att_crypto *crypto;
    struct att_arena *arena;
    const struct att_limits *limits;
    unsigned rsa_bits_min; /* att_signer_rsa_bits */
};

/* What the caller's setting means: 0 is the default, and less than 1024 is never taken. */
unsigned att_signer_rsa_bits(unsigned setting);

struct att_signer_key {
    struct att_x5c x5c;
    struct att_jwk jwk;
};
/* Reads the chain, then the key. On success the caller calls att_signer_key_free. */
ATT_CHECK bool att_signer_key_read(const struct att_signer_rules *rules, const struct att_json *doc,
                                   att_json_id id, const char *where, struct att_signer_key *ret,
                                   struct att_err *err);
void att_signer_key_free(struct att_signer_key *key);
/* Is the key large enough, and does each certificate issue the one before? */
ATT_CHECK bool att_signer_key_check(const struct att_signer_rules *rules, const struct att_signer_key *key,
                                    struct att_err *err);
/* {"alg","kty","use","x5c"} */
ATT_CHECK bool att_signer_key_write(const struct att_signer_key *key, struct att_arena *arena,
                                    struct att_span *ret, struct att_err *err);

#endif
