#include "cli/token.h"

#include "base/err.h"
#include "base/timetext.h"
#include "cli/answer.h"
#include "cli/files.h"

#include <attest/relying.h>

static bool blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct att_span trimmed(struct att_span s)
{
    while (s.len > 0 && blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool cli_token_read(struct cli *c, struct att_span *ret, struct att_err *err)
{
    struct att_span file;
    struct att_json doc;

    if (!cli_read(c, "token", c->operands[0], &file, err))
        return false;
    file = trimmed(file);
    if (file.len == 0 || file.ptr[0] != '{') {
        *ret = file;
        return true;
    }
    if (!att_json_parse(c->arena, file, NULL, &doc, err) ||
        !att_json_want_string(&doc, c->arena, ATT_JSON_ROOT, "token", "token", ret, err))
        return att_fail_as(err, ATT_TOKEN_MALFORMED, "");
    return true;
}

/* "exp": 1782345678 is hard to read: the times stand below the token once more. */
static void time_line(struct cli *c, const struct att_json *doc, const char *name, const char *label)
{
    struct att_time_text text;
    int64_t at = 0;
    att_json_id id = att_json_get(doc, ATT_JSON_ROOT, name);

    if (id != ATT_JSON_NONE && att_json_i64(doc, id, &at))
        att_buf_printf(&c->out, "%s  %s\n", label, att_time_text(&text, at));
}

static void times(struct cli *c, struct att_span payload)
{
    struct att_json doc;

    if (!att_json_parse(c->arena, payload, NULL, &doc, NULL))
        return;
    time_line(c, &doc, "iat", "issued    ");
    time_line(c, &doc, "nbf", "not before");
    time_line(c, &doc, "exp", "expires   ");
}

static enum cli_exit run_decode(struct cli *c)
{
    struct att_err err = { 0 };
    struct att_token token;
    struct att_span text;

    if (!cli_token_read(c, &text, &err) || !att_token_decode(c->arena, text, NULL, &token, &err))
        return cli_refuse(c, &err);
    struct att_json_writer w = cli_writer(c);
    att_jw_object(&w);
    att_jw_key(&w, "header");
    cli_put_text(&w, c->arena, token.header);
    att_jw_key(&w, "payload");
    cli_put_text(&w, c->arena, token.payload);
    att_jw_key(&w, "verified");
    att_jw_bool(&w, false);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
    if (c->json)
        return CLI_YES;
    times(c, token.payload);
    att_buf_puts(&c->out, "nothing was verified: see attestctl token verify\n");
    return CLI_YES;
}

static const struct cli_option no_options[] = { { 0 } };

const struct cli_command cli_token_decode = {
    .name = "token decode",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "show what a token says, believing nothing",
    .about =
        "Splits a token and shows its header and payload. FILE holds a compact JWS or a service's answer "
        "{\"token\":\"...\"}; - is standard input. No signature and no time is checked.",
    .examples = "  attestctl token decode token.txt\n",
    .options = no_options,
    .run = run_decode,
};
