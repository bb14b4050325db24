/* What surrounds evidence of a TPM: whose attestation keys count, which challenge was sent out. */
#include "base/base64.h"
#include "base/err.h"
#include "cli/files.h"
#include "cli/verify_inputs.h"

/* Files of an option that repeats, one behind the other: PEM may stand in a row. */
static bool read_all(struct cli *c, const char *option, struct att_span *ret, struct att_err *err)
{
    struct att_buf all = { 0 };
    const char *path = NULL;
    bool ok = true;

    for (size_t i = 0; ok && (path = cli_value_at(c, option, i)) != NULL; i++) {
        struct att_span text = { 0 };
        ok = cli_read(c, option, path, &text, err);
        if (ok)
            att_buf_put(&all, text);
        att_buf_putc(&all, '\n');
    }
    char *copy = ok && !all.failed ? att_arena_dup(c->arena, att_buf_span(&all)) : NULL;
    *ret = att_span_of(copy, copy ? all.len : 0);
    att_buf_free(&all);
    return ok && (copy || att_fail_memory(err, option));
}

bool cli_tpm_trust_read(struct cli *c, const struct att_lib *lib, struct att_tpm_trust **ret,
                        struct att_err *err)
{
    struct att_root root = { 0 };
    struct att_tpm_trust_in in = { .size = sizeof in,
                                   .roots = &root,
                                   .root_count = cli_has(c, "aik-root") ? 1 : 0 };

    return read_all(c, "aik-root", &root.pem, err) &&
           read_all(c, "aik-intermediates", &in.intermediates, err) && att_tpm_trust_new(lib, &in, ret, err);
}

bool cli_challenge_read(struct cli *c, bool *ret_given, struct att_span *ret, struct att_err *err)
{
    const char *text = cli_value(c, "expect-challenge");
    struct att_span challenge = { 0 };

    if (!text)
        return true;
    if (!att_base64_decode(c->arena, ATT_BASE64_LENIENT, att_str(text), "expect-challenge", &challenge, err))
        return att_fail_as(err, ATT_USAGE, "");
    if (challenge.len == 0)
        return att_fail(err, ATT_USAGE, "expect-challenge", "base64url of a challenge", "nothing");
    *ret_given = true;
    *ret = challenge;
    return true;
}
