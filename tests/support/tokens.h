/* tests/support/tokens.h - keys, key sets and tokens for tests, on OpenSSL alone and independent of src/jose.
 *
 * Header and payload are JSON texts, taken as they are, so that a test can write any wrong thing; `alg` says how the
 * token is truly signed, whatever its header says. Every key is made anew and means nothing.
 *
 *     EVP_PKEY *key = test_key_ec("P-256");
 *     char *set = test_text("{\"keys\":[%s]}", test_jwk(key, "k1", ""));
 *     char *token = test_token(key, "ES256", "{\"alg\":\"ES256\",\"kid\":\"k1\"}", "{\"exp\":1800000000}");
 *
 * Keys and texts live until the program ends: a test is short, and its rows stay readable. A maker that fails ends the
 * program with status 2. Threads: all functions from any thread.
 *
 * A test that includes this header is linked with it and with libcrypto (tests/CMakeLists.txt).
 */
#ifndef TESTS_SUPPORT_TOKENS_H
#define TESTS_SUPPORT_TOKENS_H

#include <attest/span.h>

#include <openssl/evp.h>

void test_must(bool ok, const char *what);
/* Hands memory of malloc over to the end of the program. */
void *test_kept(void *memory);
char *test_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *test_b64url(const void *bytes, size_t len);
/* Base64 with padding, as x5c has it. */
char *test_b64(const void *bytes, size_t len);

EVP_PKEY *test_key_rsa(unsigned bits, unsigned exponent);
EVP_PKEY *test_key_ec(const char *curve);        /* "P-256", "P-384", "P-521" */
EVP_PKEY *test_key_named(const char *algorithm); /* "ED25519", ... */

/* {"kid":"K",MORE "kty":...}; kid NULL: none; more: members, each with a comma behind it, or "". Public members only. */
char *test_jwk(EVP_PKEY *key, const char *kid, const char *more);
char *test_jwks1(EVP_PKEY *key, const char *kid); /* {"keys":[...]} with this one */
/* A big-endian number of the key as base64url: "n", "e", "d", "qx", "qy"; padded to `len` bytes, 0: minimal. */
char *test_key_number(EVP_PKEY *key, const char *name, size_t len);
char *test_public_pem(EVP_PKEY *key);
struct att_span test_public_der(EVP_PKEY *key); /* SubjectPublicKeyInfo */
/* Self-signed certificate, DER, with `pad` bytes in an extension of no meaning. */
struct att_span test_certificate(EVP_PKEY *key, const char *cn, size_t pad);

/* "header.payload", both in base64url. */
char *test_signing_input(const char *header, const char *payload);
/* RS, PS (salt as long as the hash) or ES with 256, 384, 512; ECDSA as r||s. */
struct att_span test_sign(EVP_PKEY *key, const char *alg, const char *input);
struct att_span test_sign_pss(EVP_PKEY *key, const char *alg, const char *input, int salt_bytes);
struct att_span test_sign_der(EVP_PKEY *key, const char *alg, const char *input); /* ECDSA as DER */
char *test_join(const char *input, struct att_span signature);
/* alg "none": an empty signature, no key needed. */
char *test_token(EVP_PKEY *key, const char *alg, const char *header, const char *payload);
/* HS256, HS384, HS512. */
char *test_token_hmac(struct att_span secret, const char *alg, const char *header, const char *payload);

#endif
