/* layers: authority keys site store store/memory store/sqlite signer access base codec relying attest */
/* Secrets and certificates: what is made, what is stored, and everything but the right one refused. */
#include "authority/secret.h"

#include "support/tokens.h" /* here too: the build looks for it */
#include "unit/authority/rig.h"

static struct cases cases = { .name = "authority.secret" };

static enum att_code check(const char *hash, const char *secret)
{
    struct att_err err = { 0 };

    return authority_secret_check(hash, att_str(secret), &err) ? ATT_OK : err.code;
}

static void made(struct att_arena *arena, const char **secret, const char **hash)
{
    struct att_err err = { 0 };

    must(authority_secret_new(arena, secret, hash, &err), &err, "a secret");
}

static void check_form(struct att_arena *arena)
{
    const char *secret = NULL, *hash = NULL, *other = NULL, *other_hash = NULL;

    scrypt_cheap = true;
    for (int i = 0; i < 200; i++) {
        made(arena, &secret, &hash);
        bool plain = strspn(secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
                     strlen(secret);
        bool letter = (secret[0] | 0x20) >= 'a' && (secret[0] | 0x20) <= 'z';
        if (!plain || !letter || strlen(secret) != 8 + 43 || strstr(hash, secret + 8))
            cases_check(&cases, false, "a secret of another form");
    }
    made(arena, &other, &other_hash);
    cases_check(&cases, strcmp(secret, other) != 0 && strcmp(hash, other_hash) != 0, "two are different");
    cases_check(&cases, strncmp(hash, "scrypt$32768$8$1$", 17) == 0, "the hash names its parameters");
    cases_check(&cases, secret_selects(hash, att_str(secret)) && !secret_selects(hash, att_str(other)),
                "a secret names its credential and no other");
    cases_check(&cases, !secret_selects(hash, att_span_of(secret, 8)), "the name alone is no secret");
    cases_check(&cases, !secret_selects(hash, (struct att_span){ 0 }), "nothing selects nothing");
    cases_check(&cases, !secret_selects("", att_str(secret)), "a credential without a hash");
    scrypt_cheap = false;
}

/* With the real cost. */
static void check_real(struct att_arena *arena)
{
    const char *secret = NULL, *hash = NULL;

    made(arena, &secret, &hash);
    cases_check(&cases, check(hash, secret) == ATT_OK, "the right one");
    cases_check(&cases, check(hash, "") == ATT_SECRET_INVALID, "an empty one");
    scrypt_cheap = true;
    cases_check(&cases, check(hash, secret) == ATT_SECRET_INVALID,
                "under other parameters it is another hash");
    scrypt_cheap = false;
}

static void check_changes(struct att_arena *arena)
{
    const char *secret = NULL, *hash = NULL;

    scrypt_cheap = true;
    made(arena, &secret, &hash);
    size_t len = strlen(secret);
    for (size_t i = 0; i < len; i++) {
        char *changed = strdup(secret);
        for (int bit = 0; bit < 7; bit++) {
            changed[i] = (char)(secret[i] ^ 1 << bit);
            if (changed[i] != '\0')
                cases_check(&cases, check(hash, changed) == ATT_SECRET_INVALID, "bit %d of character %zu",
                            bit, i);
        }
        changed[i] = '\0';
        cases_check(&cases, check(hash, changed) == ATT_SECRET_INVALID, "cut at %zu", i);
        free(changed);
    }
    cases_check(&cases, check(hash, test_text("%s=", secret)) == ATT_SECRET_INVALID, "one character more");
    scrypt_cheap = false;
}

/* What is stored is not changed unnoticed either, and never trusted to set the work. */
static void check_hashes(struct att_arena *arena)
{
    static const char *const broken[] = {
        "",
        "scrypt",
        "plain$secret",
        "scrypt$2$8$1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "scrypt$1073741824$8$1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "scrypt$32768$8$1$AAAAAAAAAAAAAAAAAAAAAA$",
        "scrypt$32768$8$1$$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    };
    const char *secret = NULL, *hash = NULL;

    scrypt_cheap = true;
    made(arena, &secret, &hash);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        scrypt_calls = 0;
        cases_check(&cases, check(broken[i], secret) == ATT_INTERNAL && scrypt_calls == 0, "stored: '%s'",
                    broken[i]);
    }
    for (size_t i = 17; hash[i]; i++) {
        char *changed = strdup(hash);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        cases_check(&cases, check(changed, secret) != ATT_OK, "stored with another character %zu", i);
        changed[i] = '\0';
        cases_check(&cases, check(changed, secret) == ATT_INTERNAL, "stored, cut at %zu", i);
        free(changed);
    }
    scrypt_fails = true;
    cases_check(&cases, check(hash, secret) == ATT_CRYPTO_FAILED, "a failing library is not a yes");
    const char *none = NULL;
    struct att_err err = { 0 };
    cases_check(&cases, !authority_secret_new(arena, &none, &none, &err) && !none, "and makes no secret");
    scrypt_fails = false;
    scrypt_cheap = false;
}

/* -- certificates ----------------------------------------------------------------------------------------- */

static enum att_code read_certificate(struct att_arena *arena, struct att_span der,
                                      struct authority_certificate *ret)
{
    struct att_err err = { 0 };

    return authority_certificate_read(arena, der, ret, &err) ? ATT_OK : err.code;
}

static void check_certificates(struct att_arena *arena)
{
    struct authority_certificate c = { 0 };
    struct att_span rsa = test_certificate(test_key_rsa(2048, 65537), "client", 0);
    struct att_span ec = test_certificate(test_key_ec("P-256"), "client", 0);

    cases_check(&cases,
                read_certificate(arena, rsa, &c) == ATT_OK && strlen(c.thumbprint) == 64 &&
                    c.not_after_unix_s > c.not_before_unix_s,
                "RSA");
    cases_check(&cases, read_certificate(arena, ec, &c) == ATT_OK, "P-256");
    cases_check(&cases,
                read_certificate(arena, test_certificate(test_key_ec("P-384"), "c", 0), &c) ==
                    ATT_KEY_INVALID,
                "P-384: no algorithm that is taken");
    cases_check(&cases,
                read_certificate(arena, test_certificate(test_key_rsa(1024, 65537), "c", 0), &c) ==
                    ATT_KEY_INVALID,
                "J5: RSA of 1024 bits");
    cases_check(&cases, read_certificate(arena, (struct att_span){ 0 }, &c) == ATT_CERT_MALFORMED, "nothing");
    cases_check(&cases,
                read_certificate(arena, test_certificate(test_key_ec("P-256"), "c", 20000), &c) ==
                    ATT_CERT_MALFORMED,
                "J8: a huge one");
    for (size_t len = 0; len < ec.len; len++)
        cases_check(&cases, read_certificate(arena, att_span_of(ec.ptr, len), &c) != ATT_OK, "cut at %zu",
                    len);
    uint8_t *longer = malloc(ec.len + 1);
    memcpy(longer, ec.ptr, ec.len);
    longer[ec.len] = 0;
    cases_check(&cases, read_certificate(arena, att_span_of(longer, ec.len + 1), &c) == ATT_CERT_MALFORMED,
                "a byte behind it");
    free(longer);
}

int main(void)
{
    struct att_arena *arena = att_arena_new((size_t)256 << 20);

    check_form(arena);
    check_real(arena);
    check_changes(arena);
    check_hashes(arena);
    check_certificates(arena);
    att_arena_free(arena);
    return cases_report(&cases);
}
