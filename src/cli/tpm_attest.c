#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/files.h"
#include "cli/tpm.h"
#include "cli/tpm_request.h"
#include "cli/tpm_service.h"

#include <ctype.h>
#include <fcntl.h>
#include <unistd.h>

/* Fewer could be guessed or come twice; more do not fit into a quote. */
enum { CHALLENGE_BYTES_MIN = 8, CHALLENGE_BYTES_MAX = 64 };

#define PATH_ATTEST "/attest/Tpm?api-version=2022-08-01"

ATT_AUTO_PTR(tss_auto, struct tss, tss_close)

/* -- both messages: {"data": base64url of {"payload": {...}}} --------------------------------------------------- */

static bool not_understood(struct tpm_service *s, const char *expected)
{
    struct att_err err = { 0 };

    att_fail(&err, ATT_SERVICE_UNAVAILABLE, "answer", expected, "something else");
    return tpm_service_fail(s, &err);
}

/* `payload`: {"type":...} or {"request":...}. The answer's payload is an object of `ret`. */
static bool exchange(struct tpm_service *s, const struct att_buf *payload, struct att_json *ret,
                     att_json_id *ret_payload)
{
    ATT_AUTO(att_buf_free) struct att_buf inner = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
    struct att_arena *arena = s->c->arena;
    struct att_json outer;
    struct att_span text, json;

    att_buf_puts(&inner, "{\"payload\":");
    att_buf_put(&inner, att_buf_span(payload));
    att_buf_putc(&inner, '}');
    att_buf_puts(&body, "{\"data\":\"");
    att_base64url_put(&body, att_buf_span(&inner));
    att_buf_puts(&body, "\"}");
    body.failed |= inner.failed || payload->failed;
    if (!tpm_service_post(s, PATH_ATTEST, &body, &outer))
        return false;
    if (!att_json_want_string(&outer, arena, ATT_JSON_ROOT, "answer", "data", &text, NULL) ||
        !att_base64_decode(arena, ATT_BASE64_LENIENT, text, "data", &json, NULL) ||
        !att_json_parse(arena, json, NULL, ret, NULL))
        return not_understood(s, "{\"data\":...}");
    *ret_payload = att_json_get(ret, ATT_JSON_ROOT, "payload");
    return att_json_type(ret, *ret_payload) == ATT_JSON_OBJECT || not_understood(s, "a payload");
}

static bool ask_challenge(struct tpm_service *s, struct tpm_challenge *ret)
{
    ATT_AUTO(att_buf_free) struct att_buf payload = { 0 };
    struct att_arena *arena = s->c->arena;
    att_json_id id = ATT_JSON_NONE;
    struct att_json doc;

    att_buf_puts(&payload, "{\"type\":\"aikcert\"}");
    if (!exchange(s, &payload, &doc, &id))
        return false;
    return (att_json_want_string(&doc, arena, id, "payload", "challenge", &ret->text, NULL) &&
            att_json_want_string(&doc, arena, id, "payload", "service_context", &ret->service_context,
                                 NULL) &&
            att_base64_decode(arena, ATT_BASE64_LENIENT, ret->text, "challenge", &ret->bytes, NULL) &&
            ret->bytes.len >= CHALLENGE_BYTES_MIN && ret->bytes.len <= CHALLENGE_BYTES_MAX) ||
           not_understood(s, "a challenge of 8 to 64 bytes and a service context");
}

/* Anything else must not reach a terminal or a shell. */
static bool looks_like_jws(struct att_span text)
{
    size_t dots = 0, empty = 0; /* header or payload */

    for (size_t i = 0; i < text.len; i++) {
        uint8_t ch = text.ptr[i];
        if (!isalnum(ch) && ch != '-' && ch != '_' && ch != '.')
            return false;
        empty += ch == '.' && (i == 0 || text.ptr[i - 1] == '.');
        dots += ch == '.';
    }
    return dots == 2 && empty == 0;
}

static bool ask_report(struct tpm_service *s, struct att_span jws, struct att_span *ret)
{
    ATT_AUTO(att_buf_free) struct att_buf payload = { 0 };
    att_json_id id = ATT_JSON_NONE;
    struct att_json doc;

    att_buf_puts(&payload, "{\"request\":\"");
    att_buf_put(&payload, jws);
    att_buf_puts(&payload, "\"}");
    if (!exchange(s, &payload, &doc, &id))
        return false;
    return (att_json_want_string(&doc, s->c->arena, id, "payload", "report", ret, NULL) &&
            looks_like_jws(*ret)) ||
           not_understood(s, "a report");
}

/* -- the command ------------------------------------------------------------------------------------------------ */

static bool make_request(struct tpm_service *s, struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(tss_auto) struct tss *tpm = NULL;
    struct tpm_challenge challenge = { 0 };
    struct tpm_state state;
    struct cli *c = s->c;

    if (!tpm_state_need(c, &state, err) || !tss_open(cli_value(c, "tcti"), &tpm, err))
        return tpm_service_fail(s, err);
    if (!ask_challenge(s, &challenge))
        return false;
    return tpm_request_make(c, tpm, &state, &challenge, ret, err) || tpm_service_fail(s, err);
}

static bool read_request(struct tpm_service *s, const char *path, struct att_span *ret, struct att_err *err)
{
    if (!cli_read(s->c, "send", path, ret, err))
        return tpm_service_fail(s, err);
    while (ret->len > 0 && ret->ptr[ret->len - 1] == '\n')
        ret->len--;
    return looks_like_jws(*ret) ||
           att_fail(err, ATT_USAGE, "send", "a request that --dry-run wrote", "something else") ||
           tpm_service_fail(s, err);
}

/* One line. `path` NULL: standard output. */
static bool write_line(struct cli *c, const char *option, struct att_span text, struct att_err *err)
{
    const char *path = cli_value(c, option);
    struct att_shown shown;

    if (!path)
        return true;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool ok = fd >= 0 && cli_write_all(fd, text) && cli_write_all(fd, att_str("\n"));
    ok = (fd < 0 || close(fd) == 0) && ok;
    return ok || att_fail(err, ATT_IO_FAILED, option, "a file that can be written", "%s: %m",
                          att_shown(&shown, att_str(path)));
}

static void answer(struct cli *c, const char *name, struct att_span text, bool in_file)
{
    struct att_json_writer w = cli_writer(c);

    if (!c->json) {
        if (!in_file) {
            att_buf_put(&c->out, text);
            att_buf_putc(&c->out, '\n');
        }
        return;
    }
    att_jw_object(&w);
    att_jw_key(&w, name);
    att_jw_string(&w, text);
    att_jw_key(&w, "error");
    att_jw_null(&w);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

static bool options_fit(struct cli *c, struct att_err *err)
{
    if (cli_has(c, "send") && (cli_has(c, "dry-run") || cli_has(c, "request")))
        return att_fail(err, ATT_USAGE, "send", "neither --dry-run nor --request beside it", "one of them");
    if (cli_has(c, "dry-run") && cli_has(c, "out"))
        return att_fail(err, ATT_USAGE, "out", "no --dry-run beside it: there is no token then", "both");
    return tpm_request_options(c, err);
}

static enum cli_exit run_attest(struct cli *c)
{
    struct tpm_service service;
    struct att_span jws = { 0 }, token = { 0 };
    struct att_err err = { 0 };
    const char *sent = cli_value(c, "send");

    if (!options_fit(c, &err))
        return cli_refuse(c, &err);
    if (!tpm_service_open(c, &service) ||
        !(sent ? read_request(&service, sent, &jws, &err) : make_request(&service, &jws, &err)))
        return service.exit;
    if (!write_line(c, "request", jws, &err))
        return cli_refuse(c, &err);
    if (cli_has(c, "dry-run")) {
        answer(c, "request", jws, cli_has(c, "request"));
        return CLI_YES;
    }
    if (!ask_report(&service, jws, &token))
        return service.exit;
    if (!write_line(c, "out", token, &err))
        return cli_refuse(c, &err);
    answer(c, "token", token, cli_has(c, "out"));
    return CLI_YES;
}

static const struct cli_option options[] = {
    OPTION_TCTI,
    OPTION_STATE,
    OPTIONS_TPM_SERVICE,
    OPTIONS_SHOT,
    OPTIONS_REQUEST,
    { .name = "out", .argument = "FILE", .help = "Write the token there instead of to standard output." },
    { .name = "request",
      .argument = "FILE",
      .help = "Write the request there, too: attestctl verify tpm judges it." },
    { .name = "dry-run",
      .help = "Make the request and send nothing; it can be sent once, while its challenge is good." },
    { .name = "send",
      .argument = "FILE",
      .help = "Send a request that --dry-run has made; no TPM is asked." },
    { 0 },
};

const struct cli_command cli_tpm_attest = {
    .name = "tpm attest",
    .summary = "quote this machine for a service and get a token",
    .about =
        "Asks the provider for a challenge, has the TPM quote its registers over it, and sends quote, logs "
        "and "
        "the attestation key's certificate in a request that is signed by a key made for it. The provider "
        "needs a policy for Tpm. The token is not verified here: give it to attestctl token verify.\n\n"
        "Reading the kernel's logs takes root.",
    .examples =
        "  attestctl tpm attest --rp-data Zm9v | attestctl token verify - --issuer https://localhost:8443\n"
        "  attestctl tpm attest --tcti swtpm:path=/tmp/tpm.sock --state aik --event-log log.bin --key tpm\n",
    .options = options,
    .run = run_attest,
};
