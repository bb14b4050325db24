/* layers: attest relying jose crypto codec base */
/* What a relying party and the reader of policies do with bytes from anybody. First line of the input: what the
 * "network" answers to the metadata request; second: to the key request; the rest: the token. Without keys of ours no
 * signature can be valid; an unsecured token is never called signed; the policy reader never invents a text. */
#include <attest/relying.h>
#include <attest/token.h>

#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct answers {
    struct att_span pages[2];
    unsigned asked;
};

static void require(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static struct att_span first_line(struct att_span *rest)
{
    const uint8_t *end = rest->len > 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;
    size_t len = end ? (size_t)(end - rest->ptr) : rest->len;
    struct att_span line = att_span_of(rest->ptr, len);

    *rest = end ? att_span_of(end + 1, rest->len - len - 1) : (struct att_span){ 0 };
    return line;
}

static bool answer(void *ctx, const char *url, struct att_arena *arena, struct att_span *ret,
                   struct att_err *err)
{
    struct answers *all = ctx;

    (void)arena;
    (void)err;
    require(strncasecmp(url, "https://i.example", 17) == 0 &&
            (url[17] == '/' || url[17] == '?' || url[17] == '\0'));
    require(all->asked < 2);
    *ret = all->pages[all->asked++];
    return true;
}

static void as_token(struct att_arena *a, struct att_span text, struct answers *all, bool allow_unsecured)
{
    const struct att_token_check check = { .size = sizeof check,
                                           .issuer = "https://i.example",
                                           .fetch = answer,
                                           .fetch_ctx = all,
                                           .now_unix_s = 1800000000,
                                           .allow_unsecured = allow_unsecured };
    struct att_token token;
    struct att_err err = { 0 };

    all->asked = 0;
    bool ok = att_token_verify(a, text, &check, &token, &err);
    require(ok == (err.code == ATT_OK));
    require(!token.signature_valid || all->asked == 2);
    require(!ok || token.signature_valid || (allow_unsecured && strcmp(token.alg, "none") == 0));
    if (ok) {
        struct att_err why = { 0 };
        require(att_token_expect(a, &token, att_str("iss"), att_str("https://i.example"), &why));
        require(!att_token_expect(a, &token, att_str("exp"), att_str("1"), &why));
    }
}

static void as_policy(struct att_arena *a, struct att_span text)
{
    struct att_span got = { 0 };
    struct att_err err = { 0 };

    if (att_policy_from_client(a, text, NULL, &got, &err))
        require(err.code == ATT_OK);
    else
        require(err.code == ATT_POLICY_TOKEN_INVALID || err.code == ATT_OUT_OF_MEMORY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_span rest = att_span_of(data, size);
    struct answers all = { 0 };

    struct att_arena *a = att_arena_new((size_t)8 << 20);
    require(a != NULL);
    all.pages[0] = first_line(&rest);
    all.pages[1] = first_line(&rest);
    as_token(a, rest, &all, false);
    as_token(a, rest, &all, true);
    as_policy(a, rest);
    att_arena_free(a);
    return 0;
}
