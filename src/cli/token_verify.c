#include "base/auto.h"
#include "base/err.h"
#include "base/timetext.h"
#include "cli/answer.h"
#include "cli/files.h"
#include "cli/token.h"
#include "client/https.h"

#include <attest/relying_party.h>

enum { EXPECT_MAX = 64 }; /* what a relying party's object takes */

struct fetch {
    const char *ca_file;
    bool failed; /* keys could not be had: that is no verdict on the token */
};

ATT_AUTO_PTR(party_auto, struct att_relying_party, att_relying_party_free)

/* One token is checked and the process ends: how long an answer may be kept does not matter. */
static bool fetch(void *ctx, const char *url, struct att_arena *arena, struct att_span *ret_body,
                  int64_t *ret_max_age_s, struct att_err *err)
{
    struct fetch *f = ctx;
    struct client_request request = { .url = url, .ca_file = f->ca_file };
    ATT_AUTO(client_response_free) struct client_response answer = { 0 };

    (void)ret_max_age_s;
    f->failed = true;
    if (!client_send(&request, &answer, err))
        return false;
    if (answer.status != 200) {
        struct att_shown shown;
        att_fail(err, ATT_SERVICE_UNAVAILABLE, "answer", "status 200", "status %ld", answer.status);
        att_err_text(err, "%s answers with status %ld instead of 200", att_shown(&shown, att_str(url)),
                     answer.status);
        return false;
    }
    char *copy = att_arena_dup(arena, att_buf_span(&answer.body));
    if (!copy)
        return att_fail_memory(err, "answer");
    *ret_body = att_span_of(copy, answer.body.len);
    f->failed = false;
    return true;
}

static bool expectations_readable(const struct cli *c, struct att_err *err)
{
    const char *text = NULL;
    struct att_shown shown;

    for (size_t n = 0; (text = cli_value_at(c, "expect", n)) != NULL; n++) {
        if (n == EXPECT_MAX)
            return att_fail(err, ATT_USAGE, "expect", "at most 64 of them", "more");
        if (text[0] == '=' || !strchr(text, '='))
            return att_fail(err, ATT_USAGE, "expect", "CLAIM=VALUE", "%s", att_shown(&shown, att_str(text)));
    }
    return true;
}

/* "x-ms-sgx-product-id=7": the name ends at the first equals sign. */
static bool expectations(struct cli *c, const struct att_required_claim **ret, size_t *ret_count,
                         struct att_err *err)
{
    struct att_required_claim *claims = NULL;
    const char *text = NULL;
    size_t count = 0;

    if (!expectations_readable(c, err))
        return false;
    while (cli_value_at(c, "expect", count))
        count++;
    claims = att_arena_alloc(c->arena, count ? count : 1, sizeof *claims);
    if (!claims)
        return att_fail_memory(err, "expect");
    for (size_t n = 0; n < count && (text = cli_value_at(c, "expect", n)) != NULL; n++) {
        size_t name = strcspn(text, "=");
        claims[n].path = att_arena_dup(c->arena, att_span_of(text, name));
        claims[n].value = text + name + 1;
        if (!claims[n].path)
            return att_fail_memory(err, "expect");
    }
    *ret = claims;
    *ret_count = count;
    return true;
}

static bool party(struct cli *c, struct fetch *f, int64_t *ret_now, struct att_relying_party **ret,
                  struct att_err *err)
{
    struct att_relying_issuer issuer = { .issuer = cli_value(c, "issuer") };
    struct att_relying_options options = {
        .size = sizeof options,
        .issuers = &issuer,
        .issuers_count = 1,
        .fetch = fetch,
        .fetch_ctx = f,
        .audience = cli_value(c, "audience"),
        .allow_unsafe = cli_has(c, "allow-unsafe"),
        .allow_unsecured = cli_has(c, "allow-unsecured"),
    };
    bool has_jwks = false;
    struct att_shown shown;

    if (!expectations(c, &options.claims, &options.claims_count, err))
        return false;
    if (!issuer.issuer && !cli_has(c, "jwks"))
        return att_fail(err, ATT_USAGE, "issuer", "--issuer URL or --jwks FILE", "neither");
    if (issuer.issuer && strncmp(issuer.issuer, "https://", 8) != 0)
        return att_fail(err, ATT_USAGE, "issuer", "https://HOST...", "%s",
                        att_shown(&shown, att_str(issuer.issuer)));
    return cli_is_readable(c, "ca", err) && cli_read_option(c, "jwks", &has_jwks, &issuer.jwks, err) &&
           cli_time(c, ret_now, err) && att_relying_party_new(&options, ret, err);
}

/* A key set that cannot be used is no verdict on the token: the file's fault, or the issuer's. */
static enum cli_exit exit_of(const struct cli *c, const struct fetch *f, const struct att_err *err)
{
    if (f->failed)
        return err->code == ATT_USAGE ? CLI_USAGE : CLI_UNKNOWN;
    if (err->code == ATT_TOKEN_KEYS_INVALID)
        return cli_has(c, "jwks") ? CLI_USAGE : CLI_UNKNOWN;
    return cli_exit_of(err->code);
}

static void answer_json(struct cli *c, const struct att_token *token, const struct att_err *err)
{
    struct att_json_writer w = cli_writer(c);

    att_jw_object(&w);
    att_jw_key(&w, "valid");
    att_jw_bool(&w, err->code == ATT_OK);
    att_jw_key(&w, "error");
    cli_put_error(&w, err);
    att_jw_key(&w, "signature_valid");
    att_jw_bool(&w, token->signature_valid);
    att_jw_key(&w, "key_thumbprint");
    att_jw_str(&w, token->key_thumbprint.len ? (const char *)token->key_thumbprint.ptr : NULL);
    att_jw_key(&w, "header");
    cli_put_text(&w, c->arena, token->header);
    att_jw_key(&w, "payload");
    cli_put_text(&w, c->arena, token->payload);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

static void answer_text(struct cli *c, const struct att_token *token, const struct att_err *err)
{
    struct att_buf *b = &c->out;
    struct att_json_writer w = { .out = b, .pretty = true };

    if (err->code != ATT_OK) {
        att_buf_printf(b, "invalid: %s: %s\n", att_code_name(err->code), err->text);
        cli_put_reason(b, err, "  ");
        if (strcmp(err->where, "x-attestd-unsafe") == 0)
            att_buf_puts(b, "  what to do  for a test, take it with --allow-unsafe\n");
        return;
    }
    if (token->signature_valid)
        att_buf_printf(b, "valid: %s, signed by key %.*s\n", token->alg, (int)token->key_thumbprint.len,
                       (const char *)token->key_thumbprint.ptr);
    else
        att_buf_puts(b, "not signed, read because of --allow-unsecured: its claims are nobody's word\n");
    cli_put_text(&w, c->arena, token->payload);
    att_buf_putc(b, '\n');
}

static enum cli_exit run_verify(struct cli *c)
{
    struct fetch f = { .ca_file = cli_value(c, "ca") };
    struct att_relying_check check = { .size = sizeof check };
    ATT_AUTO(party_auto) struct att_relying_party *p = NULL;
    struct att_token token = { 0 };
    struct att_err err = { 0 };
    struct att_span text;

    if (!party(c, &f, &check.now_unix_s, &p, &err)) {
        enum cli_exit status = err.code == ATT_TOKEN_KEYS_INVALID ? CLI_USAGE : cli_exit_of(err.code);
        (void)cli_refuse(c, &err);
        return status;
    }
    bool ok =
        cli_token_read(c, &text, &err) && att_relying_party_check(p, c->arena, text, &check, &token, &err);
    enum cli_exit status = ok ? CLI_YES : exit_of(c, &f, &err);
    if (status == CLI_USAGE || status == CLI_UNKNOWN) {
        (void)cli_refuse(c, &err); /* the status was decided above: a bad key set is not the token's fault */
        return status;
    }
    if (c->json)
        answer_json(c, &token, &err);
    else
        answer_text(c, &token, &err);
    return status;
}

static const struct cli_option options_verify[] = {
    { .name = "issuer",
      .argument = "URL",
      .help = "Who must have issued it. Its keys are asked for through URL/.well-known/openid-configuration "
              "unless "
              "--jwks gives them. Never taken from the token." },
    { .name = "jwks", .argument = "FILE", .help = "The key set to use; nothing is fetched." },
    { .name = "ca", .argument = "PEM", .help = "Trust this CA alone for the connection to the issuer." },
    { .name = "at", .argument = "TIME", .help = "Judge at this time (RFC 3339) instead of now." },
    { .name = "expect",
      .argument = "CLAIM=VALUE",
      .repeats = true,
      .help = "Demand this claim; a dotted path reaches inside objects. May be given several times." },
    { .name = "audience",
      .argument = "NAME",
      .help =
          "Demand that the claim aud names this. Without it a token that has aud is refused: it is meant for "
          "somebody else." },
    { .name = "allow-unsafe",
      .help =
          "Take a token that says x-attestd-unsafe, as those of attestd --dev do. It proves nothing about "
          "hardware." },
    { .name = "allow-unsecured",
      .help = "Read an unsigned token (alg none), as answers to draft policies are." },
    { 0 },
};

const struct cli_command cli_token_verify = {
    .name = "token verify",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "check a token as a relying party must",
    .about =
        "Checks signature, issuer, times and the claims that are expected. Keys come from the issuer named "
        "here or from a file; what the token itself says about its keys is ignored. A token of test hardware "
        "is "
        "refused unless it is allowed by name. FILE holds a compact JWS "
        "or a service's answer {\"token\":\"...\"}; - is standard input.",
    .examples = "  attestctl token verify token.txt --issuer https://localhost:8443 --ca ca.pem --expect "
                "x-ms-sgx-is-debuggable=false\n",
    .options = options_verify,
    .run = run_verify,
};
