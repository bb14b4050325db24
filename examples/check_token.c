/* check_token - a relying party's check of an attestation token, with a key set at hand.
 *
 *     check_token TOKEN JWKS ISSUER UNIX_SECONDS [CLAIM=VALUE]...
 *
 * TOKEN is a compact JWS, JWKS the answer of ISSUER/certs fetched over a connection that you trust. Nothing is
 * fetched here; a program that wants it gives a callback (att_token_check.fetch). Exit status 0 yes, 1 no,
 * 2 usage, 3 could not tell. */
#include <attest/relying.h>

#include "files.h"

/* A good signature only says who made the token. What it must say is for the relying party to demand. */
static bool claims_fit(struct att_arena *arena, const struct att_token *token, char *const *wanted,
                       struct att_err *err)
{
    for (; *wanted; wanted++) {
        const char *equals = strchr(*wanted, '=');
        if (!equals) {
            (void)fprintf(stderr, "%s: not of the form CLAIM=VALUE\n", *wanted);
            exit(EXIT_USAGE);
        }
        struct att_span path = att_span_of(*wanted, (size_t)(equals - *wanted));
        if (!att_token_expect(arena, token, path, att_str(equals + 1), err))
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct att_err err = { .code = ATT_OK };
    struct att_token token;
    char *end = NULL;
    long long now = argc >= 5 ? strtoll(argv[4], &end, 10) : 0;

    if (argc < 5 || end == argv[4] || *end != '\0') {
        (void)fprintf(stderr, "usage: check_token TOKEN JWKS ISSUER UNIX_SECONDS [CLAIM=VALUE]...\n");
        return EXIT_USAGE;
    }
    struct att_span text = file_read(argv[1]);
    struct att_span jwks = file_read(argv[2]);
    struct att_arena *arena = att_arena_new(4 << 20);

    if (!arena)
        return EXIT_TROUBLE;
    /* The issuer is named by us, never taken from the token; its kid only picks among the issuer's keys. */
    struct att_token_check check = {
        .size = sizeof check, .issuer = argv[3], .jwks = jwks, .now_unix_s = now, .leeway_s = 60
    };
    struct att_span compact = text; /* the library takes a token byte for byte: no newline at its end */
    while (compact.len > 0 && compact.ptr[compact.len - 1] == '\n')
        compact.len--;

    bool good =
        att_token_verify(arena, compact, &check, &token, &err) && claims_fit(arena, &token, argv + 5, &err);
    if (good)
        printf("yes: signed with %s by key %.*s\n%.*s\n", token.alg, (int)token.kid.len,
               (const char *)token.kid.ptr, (int)token.payload.len, (const char *)token.payload.ptr);
    else
        printf("no: %s at %s: %s\n", att_code_name(err.code), err.where, err.text);
    att_arena_free(arena);
    file_free(jwks);
    file_free(text);
    return good ? EXIT_SUCCESS : EXIT_NO;
}
