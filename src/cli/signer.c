#include "cli/signer.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/policy_remote.h"

/* GET without a body, else POST of a JSON string. */
static bool ask(struct policy_service *s, const char *tail, const struct att_span *body,
                struct att_json *ret_payload)
{
    struct remote_request q = {
        .method = body ? "POST" : NULL, .url = s->uri, .audience = AUDIENCE_DATA, .body = body
    };
    struct remote_answer a = { 0 };
    struct att_err err = { 0 };

    q.path = cli_text(s->r.c->arena, "/certificates%s?api-version=" VERSION_DATA, tail);
    if (!q.path) {
        att_fail_memory(&err, "request");
        return remote_fail(&s->r, &err);
    }
    return remote_call(&s->r, &q, &a) &&
           (policy_answer(s->r.c, &a, ret_payload, &err) || remote_fail(&s->r, &err));
}

/* -- list ------------------------------------------------------------------------------------------------- */

struct signer {
    const char *alg;
    struct pem_shown shown;
};

static bool signer_of(struct members *m, att_json_id key, struct signer *ret, struct att_err *err)
{
    att_json_id first = att_json_first(m->doc, att_json_get(m->doc, key, "x5c"));
    struct att_span base64;
    struct att_span der;

    ret->alg = member_at(m, key, "alg");
    if (first == ATT_JSON_NONE || !att_json_string(m->doc, m->arena, first, &base64) ||
        !att_base64_decode(m->arena, ATT_BASE64_STANDARD, base64, "answer.x5c", &der, NULL) ||
        !pem_show(m->arena, der, &ret->shown, NULL))
        return att_fail(err, ATT_SERVICE_UNAVAILABLE, "answer", "a key with a certificate in x5c",
                        "one without");
    return true;
}

static void put_signer(struct cli *c, struct att_json_writer *w, const struct signer *s)
{
    struct att_buf *b = &c->out;

    if (!c->json) {
        att_buf_printf(b, "%-40s  %-20s  ", s->shown.thumbprint, s->shown.not_after);
        cli_put_plain(b, s->alg[0] ? s->alg : "-");
        att_buf_puts(b, "  ");
        cli_put_plain(b, s->shown.subject);
        att_buf_putc(b, '\n');
        return;
    }
    att_jw_object(w);
    att_jw_key(w, "thumbprint");
    att_jw_str(w, s->shown.thumbprint);
    att_jw_key(w, "notAfter");
    att_jw_str(w, s->shown.not_after);
    att_jw_key(w, "alg");
    att_jw_str(w, s->alg[0] ? s->alg : NULL);
    att_jw_key(w, "subject");
    att_jw_str(w, s->shown.subject);
    att_jw_end_object(w);
}

static bool put_signers(struct cli *c, const struct att_json *payload, struct att_err *err)
{
    struct members m = { .arena = c->arena, .doc = payload };
    struct att_json_writer w = cli_writer(c);
    struct signer s;
    att_json_id set = att_json_get(payload, ATT_JSON_ROOT, "x-ms-policy-certificates");
    att_json_id keys = att_json_get(payload, set, "keys");

    if (keys == ATT_JSON_NONE || att_json_type(payload, keys) != ATT_JSON_ARRAY)
        return att_fail(err, ATT_SERVICE_UNAVAILABLE, "answer", "a set of keys", "none");
    if (c->json) {
        att_jw_object(&w);
        att_jw_key(&w, "value");
        att_jw_array(&w);
    }
    for (att_json_id key = att_json_first(payload, keys); key != ATT_JSON_NONE;
         key = att_json_next(payload, key)) {
        if (!signer_of(&m, key, &s, err))
            return false;
        put_signer(c, &w, &s);
    }
    if (c->json) {
        att_jw_end_array(&w);
        att_jw_end_object(&w);
        att_buf_putc(&c->out, '\n');
    }
    return true;
}

static enum cli_exit run_list(struct cli *c)
{
    struct policy_service s;
    struct att_json payload;
    struct att_err err = { 0 };

    if (!policy_open(c, &s) || !ask(&s, "", NULL, &payload))
        return s.r.exit;
    return put_signers(c, &payload, &err) ? CLI_YES : cli_refuse(c, &err);
}

/* -- add, remove ------------------------------------------------------------------------------------------ */

static bool body_of(struct cli *c, const struct policy_service *s, struct att_buf *ret, struct att_err *err)
{
    struct pem_chain chain;
    struct sign_request q = { .use = ATT_POLICY_SIGNER, .new_signer = &chain, .audience = s->uri };
    struct signed_token t;
    bool wanted = false;

    if (!sign_wanted(c, &wanted, err))
        return false;
    if (!wanted)
        return att_fail(err, ATT_USAGE, "key", "--key and --signer-cert: a signer signs the change", "none");
    if (!pem_read(c, "cert", cli_value(c, "cert"), &chain, err) || !sign_token(c, &q, &t, err))
        return false;
    att_json_put_string(ret, t.token);
    return !ret->failed || att_fail_memory(err, "request");
}

static void show_change(struct cli *c, const struct att_json *payload)
{
    struct members m = { .arena = c->arena, .doc = payload };
    struct att_json_writer w = cli_writer(c);
    const char *thumbprint = member_at(&m, ATT_JSON_ROOT, "x-ms-certificate-thumbprint");
    const char *result = member_at(&m, ATT_JSON_ROOT, "x-ms-policycertificates-result");

    if (!c->json) {
        att_buf_puts(&c->out,
                     strcmp(result, "IsPresent") == 0 ? "is a policy signer: " : "is no policy signer: ");
        cli_put_plain(&c->out, thumbprint);
        att_buf_putc(&c->out, '\n');
        return;
    }
    att_jw_object(&w);
    att_jw_key(&w, "thumbprint");
    att_jw_str(&w, thumbprint);
    att_jw_key(&w, "result");
    att_jw_str(&w, result);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

static enum cli_exit change(struct cli *c, const char *tail)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
    struct policy_service s;
    struct att_json payload;
    struct att_err err = { 0 };

    if (!policy_open(c, &s))
        return s.r.exit;
    if (!body_of(c, &s, &body, &err))
        return cli_refuse(c, &err);
    struct att_span sent = att_buf_span(&body);
    if (!ask(&s, tail, &sent, &payload))
        return s.r.exit;
    show_change(c, &payload);
    return CLI_YES;
}

static enum cli_exit run_add(struct cli *c)
{
    return change(c, ":add");
}

static enum cli_exit run_remove(struct cli *c)
{
    return change(c, ":remove");
}

static const struct cli_option options_list[] = { OPTIONS_POLICY_SERVICE, { 0 } };
static const struct cli_option options_change[] = {
    OPTIONS_POLICY_SERVICE,
    { .name = "cert",
      .argument = "PEM",
      .required = true,
      .help = "The certificate in question, followed by its issuers up to a CA if it has any." },
    OPTIONS_SIGN("signer-cert"),
    { 0 },
};

const struct cli_command cli_signer_list = {
    .name = "signer list",
    .summary = "show whose signatures a provider takes for policies",
    .about = "One line for each policy signer: thumbprint (SHA-1), when its certificate ends, algorithm, "
             "subject. Providers of the trust model AAD have none.",
    .examples = "  attestctl signer list --provider two --group lab\n",
    .options = options_list,
    .run = run_list,
};
const struct cli_command cli_signer_add = {
    .name = "signer add",
    .summary = "add a policy signer to an Isolated provider",
    .about =
        "The change is signed by one who is a policy signer already: --key and --signer-cert. Adding one "
        "that is there changes nothing.",
    .examples = "  attestctl signer add --cert new.pem --key old.key --signer-cert old.pem --provider two "
                "--group lab\n",
    .options = options_change,
    .run = run_add,
};
const struct cli_command cli_signer_remove = {
    .name = "signer remove",
    .summary = "remove a policy signer from an Isolated provider",
    .about =
        "The change is signed by a policy signer, which may be the one that goes. The last one cannot be "
        "removed. Policies that it signed stay in force; rolling back to one needs --key.",
    .examples = "  attestctl signer remove --cert old.pem --key new.key --signer-cert new.pem --provider two "
                "--group lab\n",
    .options = options_change,
    .run = run_remove,
};
