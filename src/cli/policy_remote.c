#include "cli/policy_remote.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/files.h"
#include "cli/provider.h"
#include "cli/scope.h"

#include <attest/token.h>

static bool not_a_policy(struct att_err *err)
{
    *err = (struct att_err){ 0 }; /* only that it was no answer matters */
    return att_fail(err, ATT_SERVICE_UNAVAILABLE, "answer", "a token with a policy", "something else");
}

static bool path_of(struct remote *r, const char *type, const char **ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };

    att_buf_puts(&b, "/policies/");
    if (!path_put(&b, "type", type, err))
        return false;
    att_buf_puts(&b, "?api-version=" VERSION_DATA);
    *ret = b.failed ? NULL : att_arena_dup(r->c->arena, att_buf_span(&b));
    return *ret || att_fail_memory(err, "request");
}

/* The payload of a compact JWS, unchecked: it came over TLS from the service that made it. */
static bool payload_of(struct cli *c, struct att_span jws, struct att_json *ret)
{
    const uint8_t *first = jws.len ? memchr(jws.ptr, '.', jws.len) : NULL;
    struct att_span payload;

    if (!first)
        return false;
    size_t left = jws.len - (size_t)(first + 1 - jws.ptr);
    const uint8_t *second = memchr(first + 1, '.', left);
    return second &&
           att_base64_decode(c->arena, ATT_BASE64_STRICT,
                             att_span_of(first + 1, (size_t)(second - first - 1)), "token", &payload, NULL) &&
           att_json_parse(c->arena, payload, NULL, ret, NULL);
}

bool policy_fetch(struct remote *r, const char *attest_uri, const char *type, struct att_span *ret,
                  struct remote_answer *answer, struct att_err *err)
{
    struct remote_request q = { .url = attest_uri, .audience = AUDIENCE_DATA };
    struct att_json payload;
    struct att_span token;
    struct att_span policy;

    if (!path_of(r, type, &q.path, err) || !remote_send(r, &q, answer, err))
        return false;
    if (!remote_done(answer))
        return true;
    if (!answer->has_doc ||
        !att_json_want_string(&answer->doc, r->c->arena, ATT_JSON_ROOT, "answer", "token", &token, NULL) ||
        !payload_of(r->c, token, &payload) ||
        !att_json_want_string(&payload, r->c->arena, ATT_JSON_ROOT, "token", "x-ms-policy", &policy, NULL))
        return not_a_policy(err);
    /* A signed one carries its text in the same member; who signed it is the service's business. */
    if (!payload_of(r->c, policy, &payload) ||
        !att_json_want_string(&payload, r->c->arena, ATT_JSON_ROOT, "policy", "AttestationPolicy", &policy,
                              NULL) ||
        !att_base64_decode(r->c->arena, ATT_BASE64_LENIENT, policy, "policy", ret, NULL))
        return not_a_policy(err);
    return true;
}

static bool is_token(struct att_span text)
{
    size_t dots = 0;

    for (size_t i = 0; i < text.len; i++)
        dots += text.ptr[i] == '.';
    return text.len > 2 && memcmp(text.ptr, "ey", 2) == 0 && dots == 2 && !memchr(text.ptr, ' ', text.len);
}

bool policy_store(struct remote *r, const char *attest_uri, const char *type, struct att_span text_or_token,
                  struct remote_answer *answer, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf payload = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf token = { 0 };
    struct remote_request q = {
        .method = "PUT", .url = attest_uri, .audience = AUDIENCE_DATA, .content_type = "text/plain"
    };

    while (is_token(text_or_token) && text_or_token.ptr[text_or_token.len - 1] == '\n')
        text_or_token.len--;
    if (is_token(text_or_token)) {
        att_buf_put(&token, text_or_token);
    } else {
        att_buf_puts(&payload, "{\"AttestationPolicy\":\"");
        att_base64url_put(&payload, text_or_token);
        att_buf_puts(&payload, "\"}");
        att_buf_puts(&token, "eyJhbGciOiJub25lIn0."); /* {"alg":"none"} */
        att_base64url_put(&token, att_buf_span(&payload));
        att_buf_putc(&token, '.');
    }
    if (payload.failed || token.failed)
        return att_fail_memory(err, "policy");
    struct att_span sent = att_buf_span(&token);
    q.body = &sent;
    return path_of(r, type, &q.path, err) && remote_send(r, &q, answer, err);
}

/* Who may change policies need not see the control plane: then the URL is given. */
static bool uri_given(struct remote *r, const char *url, const char **ret)
{
    struct att_err err = { 0 };
    struct att_shown shown;
    size_t len = strlen(url);

    while (len > 0 && url[len - 1] == '/')
        len--;
    if (cli_value(r->c, "provider") || strncmp(url, "https://", 8) != 0 || len <= 8 ||
        strpbrk(url, "?#@\\ ")) {
        att_fail(&err, ATT_USAGE, "url", "https://HOST[:PORT][/PATH], and no --provider beside it", "%s",
                 att_shown(&shown, att_str(url)));
        return remote_fail(r, &err);
    }
    *ret = att_arena_dup(r->c->arena, att_span_of(url, len));
    if (*ret)
        return true;
    att_fail_memory(&err, "url");
    return remote_fail(r, &err);
}

/* The default provider's URL is the service's own. */
static bool uri_of(struct remote *r, const char **ret)
{
    const char *name = cli_value(r->c, "provider");
    const char *id = NULL;
    struct att_err err = { 0 };
    struct remote_answer a = { 0 };
    struct remote_request q = { 0 };

    *ret = NULL;
    if (cli_has(r->c, "url"))
        return uri_given(r, cli_value(r->c, "url"), ret);
    if (!name)
        return true;
    if (!scope_provider(r, cli_value(r->c, "group"), name, &id, &err))
        return remote_fail(r, &err);
    q.path = cli_text(r->c->arena, "%s?api-version=" VERSION_PROVIDERS, id);
    if (!q.path) {
        att_fail_memory(&err, "request");
        return remote_fail(r, &err);
    }
    if (!remote_call(r, &q, &a))
        return false;
    struct members m = remote_members(r, &a);
    *ret = a.has_doc ? member_at(&m, ATT_JSON_ROOT, "properties.attestUri") : "";
    return true;
}

static enum cli_exit run_get(struct cli *c)
{
    struct att_err err = { 0 };
    struct remote r;
    struct remote_answer a = { 0 };
    struct att_span text = { 0 };
    const char *uri = NULL;

    if (!remote_open(c, &r) || !uri_of(&r, &uri))
        return r.exit;
    if (!policy_fetch(&r, uri, c->operands[0], &text, &a, &err))
        return cli_refuse(c, &err);
    if (!remote_done(&a))
        return remote_refuse(c, &a);
    if (!c->json) {
        att_buf_put(&c->out, text);
        return CLI_YES;
    }
    struct att_json_writer w = cli_writer(c);
    att_jw_object(&w);
    att_jw_key(&w, "policy");
    att_jw_string(&w, text);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
    return CLI_YES;
}

static enum cli_exit run_set(struct cli *c)
{
    struct att_err err = { 0 };
    struct remote r;
    struct remote_answer a = { 0 };
    struct att_span text = { 0 };
    const char *uri = NULL;

    if (!cli_read(c, "policy", c->operands[1], &text, &err))
        return cli_refuse(c, &err);
    if (!remote_open(c, &r) || !uri_of(&r, &uri))
        return r.exit;
    if (!policy_store(&r, uri, c->operands[0], text, &a, &err))
        return cli_refuse(c, &err);
    return remote_done(&a) ? answer_change(c, &a, "set the policy of", c->operands[0]) : remote_refuse(c, &a);
}

static const struct cli_option options[] = {
    { .name = "provider", .argument = "NAME", .help = "The provider; else the service's default one." },
    { .name = "url",
      .argument = "URL",
      .help = "The provider's URL instead of its name, for who may not see providers." },
    OPTION_GROUP,
    OPTION_SUBSCRIPTION,
    { 0 },
};

const struct cli_command cli_policy_get = {
    .name = "policy get",
    .operands = "TYPE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "show the policy that a provider judges by",
    .about = "TYPE is the attestation type, SgxEnclave for one. The text is written exactly as it is stored.",
    .examples = "  attestctl policy get SgxEnclave --provider one --group lab\n",
    .options = options,
    .run = run_get,
};
const struct cli_command cli_policy_set = {
    .name = "policy set",
    .operands = "TYPE FILE",
    .operands_min = 2,
    .operands_max = 2,
    .summary = "set the policy that a provider judges by",
    .about = "FILE holds the text of a policy, or a policy token. Text is sent unsigned, which providers of "
             "the trust "
             "model AAD take; an Isolated provider wants a token of one of its signers.",
    .examples = "  attestctl policy set SgxEnclave mine.policy --provider one --group lab\n",
    .options = options,
    .run = run_set,
};
