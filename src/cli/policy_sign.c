/* attestctl policy sign: a policy token, made without a service. */
#include "cli/policy_sign.h"

#include "base/auto.h"
#include "base/err.h"
#include "base/timetext.h"
#include "cli/answer.h"
#include "cli/files.h"
#include "cli/policy.h"
#include "cli/sign.h"

#include <attest/policy.h>
#include <unistd.h>

ATT_AUTO_PTR(policy_free, struct att_policy, att_policy_free)

/* A policy that does not compile is not worth a signature. */
static bool request_of(struct cli *c, struct sign_request *ret, struct att_err *err)
{
    ATT_AUTO(policy_free) struct att_policy *policy = NULL;
    bool reset = cli_has(c, "reset");
    bool wanted = false;

    if (!sign_wanted(c, &wanted, err))
        return false;
    if (!wanted)
        return att_fail(err, ATT_USAGE, "key", "--key and --cert", "none");
    if (reset != (c->operand_count == 0))
        return att_fail(err, ATT_USAGE, "policy", "FILE or --reset", reset ? "both" : "none");
    ret->use = reset ? ATT_POLICY_RESET : ATT_POLICY_SET;
    return reset ||
           (cli_policy_read(c, &ret->text, err) && att_policy_compile(ret->text, NULL, &policy, NULL, err));
}

static bool write_out(struct cli *c, const char *token, struct att_err *err)
{
    const char *path = cli_value(c, "out");
    int fd = -1;

    if (!cli_file_new("out", path, &fd, err))
        return false;
    bool done = cli_file_put("out", fd, token, err);
    (void)close(fd); /* fsync has said what there is to say */
    if (!done)
        (void)unlink(path); /* made above, by us */
    return done;
}

static void show(struct cli *c, const struct signed_token *t, const char *token)
{
    struct att_json_writer w = cli_writer(c);
    struct att_time_text room;
    const char *expires = t->expires_unix_s ? att_time_text(&room, t->expires_unix_s) : NULL;

    if (!c->json) {
        if (cli_has(c, "out"))
            att_buf_printf(&c->out, "signed with %s by %s, %s%s\n", t->alg, t->thumbprint,
                           expires ? "until " : "without end", expires ? expires : "");
        else
            att_buf_printf(&c->out, "%s\n", token);
        return;
    }
    att_jw_object(&w);
    att_jw_key(&w, "token");
    att_jw_str(&w, token);
    att_jw_key(&w, "alg");
    att_jw_str(&w, t->alg);
    att_jw_key(&w, "thumbprint");
    att_jw_str(&w, t->thumbprint);
    att_jw_key(&w, "expires");
    att_jw_str(&w, expires);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

static enum cli_exit run_sign(struct cli *c)
{
    struct sign_request q = { 0 };
    struct signed_token t;
    struct att_err err = { 0 };

    if (!request_of(c, &q, &err) || !sign_token(c, &q, &t, &err))
        return cli_refuse(c, &err);
    const char *token = att_arena_dup(c->arena, t.token);
    if (!token)
        att_fail_memory(&err, "sign");
    if (!token || (cli_has(c, "out") && !write_out(c, token, &err)))
        return cli_refuse(c, &err);
    show(c, &t, token);
    return CLI_YES;
}

static const struct cli_option options[] = {
    OPTIONS_SIGN("cert"),
    { .name = "reset", .help = "Make a token that resets a policy; without FILE." },
    { .name = "out",
      .argument = "FILE",
      .help = "Write the token to this new file; else to standard output." },
    { 0 },
};

const struct cli_command cli_policy_sign = {
    .name = "policy sign",
    .operands = "[FILE]",
    .operands_min = 0,
    .operands_max = 1,
    .summary = "make a signed policy token",
    .about = "Signs the policy in FILE, text or a policy token, once it is known to compile. The token "
             "brings the certificates of --cert along (x5c), counts once (jti) and until it expires (exp), "
             "and with --for at that provider only (aud). What is made is checked as a service checks it. "
             "policy set sends it.",
    .examples =
        "  attestctl policy sign mine.policy --key signer.key --cert signer.pem --for "
        "https://attest.example.com/p/one\n"
        "  attestctl policy sign --reset --key signer.key --cert signer.pem --expires 10m --out reset.jwt\n",
    .options = options,
    .run = run_sign,
};
