#include "cli/policy_remote.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/files.h"
#include "cli/provider.h"
#include "cli/scope.h"

#include <attest/token.h>

static bool no_answer(struct att_err *err, const char *expected)
{
    *err = (struct att_err){ 0 }; /* only that it was no answer matters */
    return att_fail(err, ATT_SERVICE_UNAVAILABLE, "answer", expected, "something else");
}

bool policy_path(struct remote *r, const char *type, const char *tail, const char **ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };

    att_buf_puts(&b, "/policies/");
    if (!path_put(&b, "type", type, err))
        return false;
    att_buf_printf(&b, "%s?api-version=" VERSION_DATA, tail);
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

bool policy_answer(struct cli *c, const struct remote_answer *a, struct att_json *ret, struct att_err *err)
{
    struct att_span token;

    return (a->has_doc &&
            att_json_want_string(&a->doc, c->arena, ATT_JSON_ROOT, "answer", "token", &token, NULL) &&
            payload_of(c, token, ret)) ||
           no_answer(err, "a token");
}

/* A signed one carries its text in the same member; who signed it is the service's business. */
bool policy_text(struct cli *c, struct att_span token, struct att_span *ret, struct att_err *err)
{
    struct att_json payload;
    struct att_span text;

    if (memmem(token.ptr, token.len, "..", 2)) { /* the empty policy, which has no payload */
        *ret = (struct att_span){ 0 };
        return true;
    }
    return (payload_of(c, token, &payload) &&
            att_json_want_string(&payload, c->arena, ATT_JSON_ROOT, "policy", "AttestationPolicy", &text,
                                 NULL) &&
            att_base64_decode(c->arena, ATT_BASE64_LENIENT, text, "policy", ret, NULL)) ||
           no_answer(err, "a token with a policy");
}

static bool fetch_token(struct remote *r, const char *attest_uri, const char *type, struct att_span *ret,
                        struct remote_answer *answer, struct att_err *err)
{
    struct remote_request q = { .url = attest_uri, .audience = AUDIENCE_DATA };
    struct att_json payload;

    if (!policy_path(r, type, "", &q.path, err) || !remote_send(r, &q, answer, err))
        return false;
    if (!remote_done(answer))
        return true;
    return policy_answer(r->c, answer, &payload, err) &&
           (att_json_want_string(&payload, r->c->arena, ATT_JSON_ROOT, "token", "x-ms-policy", ret, NULL) ||
            no_answer(err, "a token with a policy"));
}

bool policy_fetch(struct remote *r, const char *attest_uri, const char *type, struct att_span *ret,
                  struct remote_answer *answer, struct att_err *err)
{
    struct att_span token;

    if (!fetch_token(r, attest_uri, type, &token, answer, err))
        return false;
    return !remote_done(answer) || policy_text(r->c, token, ret, err);
}

static bool is_token(struct att_span text)
{
    size_t dots = 0;

    for (size_t i = 0; i < text.len; i++)
        dots += text.ptr[i] == '.';
    return text.len > 2 && memcmp(text.ptr, "ey", 2) == 0 && dots == 2 && !memchr(text.ptr, ' ', text.len);
}

/* Text becomes an unsigned token; what is a token already stays one, without the line ends behind it. */
static bool token_of(struct att_arena *arena, struct att_span text_or_token, struct att_span *ret,
                     bool *ret_was, struct att_err *err)
{
    *ret = text_or_token;
    *ret_was = is_token(text_or_token);
    while (*ret_was && ret->ptr[ret->len - 1] == '\n')
        ret->len--;
    return *ret_was || att_policy_token_wrap(arena, text_or_token, ret, err);
}

static bool send_token(struct remote *r, const char *attest_uri, const char *type, bool reset,
                       struct att_span token, struct remote_answer *answer, struct att_err *err)
{
    struct remote_request q = { .method = reset ? "POST" : "PUT",
                                .url = attest_uri,
                                .audience = AUDIENCE_DATA,
                                .content_type = "text/plain",
                                .body = &token };

    return policy_path(r, type, reset ? ":reset" : "", &q.path, err) && remote_send(r, &q, answer, err);
}

bool policy_store(struct remote *r, const char *attest_uri, const char *type, struct att_span text_or_token,
                  struct remote_answer *answer, struct att_err *err)
{
    struct att_span token;
    bool was = false;

    return token_of(r->c->arena, text_or_token, &token, &was, err) &&
           send_token(r, attest_uri, type, false, token, answer, err);
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

bool policy_open(struct cli *c, struct policy_service *ret)
{
    return remote_open(c, &ret->r) && uri_of(&ret->r, &ret->uri);
}

bool policy_now(struct policy_service *s, const char *type, struct att_span *ret_token)
{
    struct remote_answer a = { 0 };
    struct att_err err = { 0 };

    if (!fetch_token(&s->r, s->uri, type, ret_token, &a, &err))
        return remote_fail(&s->r, &err);
    if (remote_done(&a))
        return true;
    s->r.exit = remote_refuse(s->r.c, &a);
    return false;
}

bool policy_send(struct policy_service *s, const char *type, const struct policy_change *change,
                 struct remote_answer *ret)
{
    struct cli *c = s->r.c;
    struct sign_request q = { .use = change->reset ? ATT_POLICY_RESET : ATT_POLICY_SET,
                              .text = change->text,
                              .audience = s->uri };
    struct signed_token made = { .token = change->token };
    struct att_err err = { 0 };
    bool wanted = false;

    bool ok = sign_wanted(c, &wanted, &err) && (!wanted || sign_token(c, &q, &made, &err)) &&
              send_token(&s->r, s->uri, type, change->reset, made.token, ret, &err);
    if (!ok)
        return remote_fail(&s->r, &err);
    if (remote_done(ret))
        return true;
    s->r.exit = remote_refuse(c, ret);
    return false;
}

/* -- commands --------------------------------------------------------------------------------------------- */

/* --format: text unless it says jwt. */
static bool wants_token(const struct cli *c, bool *ret, struct att_err *err)
{
    const char *format = cli_value(c, "format");
    struct att_shown shown;

    *ret = format && strcmp(format, "jwt") == 0;
    if (!format || *ret || strcmp(format, "text") == 0)
        return true;
    return att_fail(err, ATT_USAGE, "format", "text or jwt", "%s", att_shown(&shown, att_str(format)));
}

static enum cli_exit run_get(struct cli *c)
{
    struct att_err err = { 0 };
    struct policy_service s;
    struct att_span token = { 0 };
    struct att_span text = { 0 };
    bool as_token = false;

    if (!wants_token(c, &as_token, &err))
        return cli_refuse(c, &err);
    if (!policy_open(c, &s) || !policy_now(&s, c->operands[0], &token))
        return s.r.exit;
    if (!policy_text(c, token, &text, &err))
        return cli_refuse(c, &err);
    if (!c->json) {
        att_buf_put(&c->out, as_token ? token : text);
        if (as_token)
            att_buf_putc(&c->out, '\n');
        return CLI_YES;
    }
    struct att_json_writer w = cli_writer(c);
    att_jw_object(&w);
    att_jw_key(&w, "policy");
    att_jw_string(&w, text);
    att_jw_key(&w, "token");
    att_jw_string(&w, token);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
    return CLI_YES;
}

/* What a file holds, as it is to be sent: a token stays one unless it is to be signed by another. */
static bool change_of(struct cli *c, const char *path, struct policy_change *ret, struct att_err *err)
{
    bool was = false;

    return cli_read(c, "policy", path, &ret->text, err) &&
           token_of(c->arena, ret->text, &ret->token, &was, err) &&
           (!was || !cli_has(c, "key") ||
            att_policy_from_client(c->arena, ret->token, NULL, &ret->text, err));
}

static enum cli_exit run_set(struct cli *c)
{
    struct att_err err = { 0 };
    struct policy_service s;
    struct remote_answer a = { 0 };
    struct policy_change change = { 0 };

    if (!change_of(c, c->operands[1], &change, &err))
        return cli_refuse(c, &err);
    if (!policy_open(c, &s) || !policy_send(&s, c->operands[0], &change, &a))
        return s.r.exit;
    return answer_change(c, &a, "set the policy of", c->operands[0]);
}

static enum cli_exit run_reset(struct cli *c)
{
    struct att_err err = { 0 };
    struct policy_service s;
    struct remote_answer a = { 0 };
    struct policy_change change = { .reset = true };

    if (!att_policy_token_wrap(c->arena, (struct att_span){ 0 }, &change.token, &err))
        return cli_refuse(c, &err);
    if (!policy_open(c, &s) || !policy_send(&s, c->operands[0], &change, &a))
        return s.r.exit;
    return answer_change(c, &a, "reset the policy of", c->operands[0]);
}

static const struct cli_option options_get[] = {
    OPTIONS_POLICY_SERVICE,
    { .name = "format",
      .argument = "text|jwt",
      .help = "The text alone (if not given), or the token that it was set with." },
    { 0 },
};
static const struct cli_option options_change[] = { OPTIONS_POLICY_SERVICE, OPTIONS_SIGN("cert"), { 0 } };

const struct cli_command cli_policy_get = {
    .name = "policy get",
    .operands = "TYPE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "show the policy that a provider judges by",
    .about = "TYPE is the attestation type, SgxEnclave for one. The text is written exactly as it is stored.",
    .examples = "  attestctl policy get SgxEnclave --provider one --group lab\n"
                "  attestctl policy get SgxEnclave --format jwt\n",
    .options = options_get,
    .run = run_get,
};
const struct cli_command cli_policy_set = {
    .name = "policy set",
    .operands = "TYPE FILE",
    .operands_min = 2,
    .operands_max = 2,
    .summary = "set the policy that a provider judges by",
    .about = "FILE holds the text of a policy, or a policy token. Text is sent unsigned, which providers of "
             "the trust model AAD take; an Isolated provider wants a token of one of its signers. With --key "
             "it is signed first, for this provider and for an hour unless --for and --expires say "
             "otherwise; a token in FILE is then signed anew.",
    .examples = "  attestctl policy set SgxEnclave mine.policy --provider one --group lab\n"
                "  attestctl policy set SgxEnclave mine.policy --provider two --group lab --key signer.key "
                "--cert signer.pem\n",
    .options = options_change,
    .run = run_set,
};
const struct cli_command cli_policy_reset = {
    .name = "policy reset",
    .operands = "TYPE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "take a provider's policy back to the default one",
    .about = "What was set stays in its history, from where policy rollback sets it again. An Isolated "
             "provider wants the reset signed: --key and --cert.",
    .examples = "  attestctl policy reset SgxEnclave --provider one --group lab\n",
    .options = options_change,
    .run = run_reset,
};
