#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/files.h"
#include "cli/policy.h"

#include <attest/policy.h>
#include <attest/token.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void free_text(char **text)
{
    free(*text);
}

static bool fail_write(struct att_err *err, const char *path)
{
    struct att_shown shown;

    return att_fail(err, ATT_IO_FAILED, "write", "a file that can be replaced", "%s: %m",
                    att_shown(&shown, att_str(path)));
}

/* Whole or not at all: whoever reads the file meanwhile sees the old text or the new one. A symbolic link stays one. */
static bool replace(const char *path, struct att_span text, struct att_err *err)
{
    ATT_AUTO(free_text) char *real = realpath(path, NULL);
    char temporary[4096];
    struct stat st;

    int n = real ? snprintf(temporary, sizeof temporary, "%s.XXXXXX", real) : 0;
    if (!real || stat(real, &st) != 0)
        return fail_write(err, path);
    if (n < 0 || (size_t)n >= sizeof temporary) {
        errno = ENAMETOOLONG;
        return fail_write(err, path);
    }
    int fd = mkstemp(temporary);
    if (fd < 0)
        return fail_write(err, path);
    bool ok = fchmod(fd, st.st_mode & 07777) == 0 && cli_write_all(fd, text) && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    if (ok && rename(temporary, real) == 0)
        return true;
    fail_write(err, path);
    (void)unlink(temporary); /* the failure that counts is known */
    return false;
}

/* Tokens are refused: what is signed, or hashed, is the text inside. */
static bool read_text(struct cli *c, struct att_span *ret, struct att_err *err)
{
    struct att_span file;
    struct att_span text;

    if (!cli_read(c, "policy", c->operands[0], &file, err))
        return false;
    if (!att_policy_from_client(c->arena, file, NULL, &text, err) || att_span_eq(text, file)) {
        *ret = file;
        return err->code == ATT_OK;
    }
    att_fail(err, ATT_USAGE, "policy", "a policy as text", "a policy token");
    att_err_text(
        err, "this is a policy token: formatting the text inside would give it another hash and break its "
             "signature; format the text before it is signed");
    return false;
}

static void answer_json(struct cli *c, struct att_span text, struct att_span made)
{
    struct att_json_writer w = cli_writer(c);

    att_jw_object(&w);
    att_jw_key(&w, "changed");
    att_jw_bool(&w, !att_span_eq(text, made));
    att_jw_key(&w, "policy");
    if (cli_has(c, "write") || cli_has(c, "check"))
        att_jw_null(&w);
    else
        att_jw_string(&w, made);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

static enum cli_exit run_fmt(struct cli *c)
{
    struct att_err err = { 0 };
    struct att_span text = { 0 };
    struct att_span made = { 0 };
    bool check = cli_has(c, "check");
    bool write = cli_has(c, "write");

    if (check && write)
        att_fail(&err, ATT_USAGE, "write", "one of --write and --check", "both");
    if (write && strcmp(c->operands[0], "-") == 0)
        att_fail(&err, ATT_USAGE, "write", "a file", "standard input");
    if (err.code != ATT_OK || !read_text(c, &text, &err) ||
        !att_policy_format(text, NULL, c->arena, &made, &err))
        return cli_refuse(c, &err);
    bool changed = !att_span_eq(text, made);
    if (write && changed && !replace(c->operands[0], made, &err))
        return cli_refuse(c, &err);
    if (c->json)
        answer_json(c, text, made);
    else if (check && changed)
        att_buf_printf(&c->out, "%s is not formatted: attestctl policy fmt --write\n", c->operands[0]);
    else if (!check && !write)
        att_buf_put(&c->out, made);
    return check && changed ? CLI_NO : CLI_YES;
}

static const struct cli_option options_fmt[] = {
    { .name = "write", .help = "Replace the file, in one step, instead of writing to standard output." },
    { .name = "check", .help = "Change nothing; the exit status is 1 when the file would change." },
    { 0 },
};

const struct cli_command cli_policy_fmt = {
    .name = "policy fmt",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "bring a policy into the one usual form",
    .about =
        "Writes the policy with the same tokens and the same comments, and other white space: four columns "
        "for "
        "each level, a rule on one line when it fits into 100 columns, else a line for each condition. Text "
        "that does not compile is refused, and so is a policy token.\n\n"
        "The result has another hash: format before signing, not after.",
    .examples = "  attestctl policy fmt mine.policy\n"
                "  attestctl policy fmt --write mine.policy\n"
                "  attestctl policy fmt --check mine.policy\n",
    .options = options_fmt,
    .run = run_fmt,
};
