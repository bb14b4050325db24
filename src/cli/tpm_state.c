#include "cli/tpm_state.h"

#include "base/err.h"
#include "cli/files.h"
#include "cli/members.h"
#include "makers/disk.h"

#include <stdlib.h>

static bool folder_of(struct cli *c, const char **ret, struct att_err *err)
{
    const char *given = cli_value(c, "state"), *base = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

    if (given)
        *ret = given;
    else if (base && base[0] == '/')
        *ret = cli_text(c->arena, "%s/attestctl/tpm", base);
    else if (home && home[0] == '/')
        *ret = cli_text(c->arena, "%s/.local/state/attestctl/tpm", home);
    else
        return att_fail(err, ATT_USAGE, "state", "a folder", "none given, and no HOME");
    return *ret || att_fail_memory(err, "state");
}

bool tpm_state_read(struct cli *c, struct tpm_state *ret, struct att_err *err)
{
    struct tpm_state s = { 0 };

    if (!folder_of(c, &s.dir, err) ||
        !cli_read_optional(c, "state", s.dir, "aik.tpm2b_public", &s.aik.public_area, err) ||
        !cli_read_optional(c, "state", s.dir, "aik.tpm2b_private", &s.aik.private_area, err) ||
        !cli_read_optional(c, "state", s.dir, "aik_cert.der", &s.certificate, err))
        return false;
    s.has_key = s.aik.public_area.len > 0 && s.aik.private_area.len > 0;
    s.has_certificate = s.certificate.len > 0;
    *ret = s;
    return true;
}

bool tpm_state_need(struct cli *c, struct tpm_state *ret, struct att_err *err)
{
    struct tpm_state s;
    struct att_shown shown;

    if (!tpm_state_read(c, &s, err))
        return false;
    if (!s.has_key)
        return att_fail(err, ATT_USAGE, "state", "an attestation key: attestctl tpm enroll makes it",
                        "none in %s", att_shown(&shown, att_str(s.dir)));
    *ret = s;
    return true;
}

bool tpm_state_folder(const struct tpm_state *s, struct att_err *err)
{
    return mk_folder_make(s->dir, 0700, err);
}

bool tpm_state_put(const struct tpm_state *s, const char *name, struct att_span bytes, struct att_err *err)
{
    return bytes.len > 0 ? mk_file_write(s->dir, name, "", bytes, 0600, err)
                         : mk_file_remove(s->dir, name, err);
}
