#include "signer/signer.h"

#include "base/err.h"
#include "signer/child.h"
#include "signer/core.h"
#include "signer/process.h"

/* A program that does not look for its role would begin again from the start as its own child, for ever. */
static bool role_looked_for;

void signer_role(int argc, char **argv)
{
    size_t channels = 0;

    role_looked_for = true;
    if (child_role(argc, argv, &channels))
        child_run(channels);
}

bool signer_open(const struct signer_options *options, struct signer **ret, struct att_err *err)
{
    if (options->in_process)
        return core_open(options, ret, err);
    if (!role_looked_for)
        return att_fail(err, ATT_INTERNAL, "signer", "signer_role at the start of main", "none");
    return process_open(options, ret, err);
}

bool signer_alive(struct signer *s)
{
    return !s->ops->alive || s->ops->alive(s);
}

void signer_close(struct signer *s)
{
    if (s)
        s->ops->close(s);
}

bool signer_make(struct signer *s, const char *purpose, const char *alg, struct att_arena *arena,
                 struct signer_key *ret, struct att_err *err)
{
    return s->ops->make(s, purpose, alg, arena, ret, err);
}

bool signer_load(struct signer *s, const struct signer_key *key, struct att_err *err)
{
    return s->ops->load(s, key, err);
}

void signer_forget(struct signer *s, const char *kid)
{
    s->ops->forget(s, kid);
}

bool signer_sign(struct signer *s, const char *kid, struct att_span input, struct att_arena *arena,
                 struct att_span *ret, struct att_err *err)
{
    return s->ops->sign(s, kid, input, arena, ret, err);
}

bool signer_certify(struct signer *s, const char *kid, const struct signer_certify *want,
                    struct att_arena *arena, struct att_span *ret_der, struct att_err *err)
{
    return s->ops->certify(s, kid, want, arena, ret_der, err);
}

bool signer_reseal(struct signer *s, const struct signer_key *key, struct att_arena *arena,
                   struct att_span *ret_sealed, bool *ret_changed, struct att_err *err)
{
    return s->ops->reseal(s, key, arena, ret_sealed, ret_changed, err);
}

bool signer_share(struct signer *s, enum signer_shared which, struct att_span sealed, struct att_arena *arena,
                  uint8_t ret[SIGNER_SHARED_BYTES], struct att_span *ret_sealed, struct att_err *err)
{
    return s->ops->share(s, which, sealed, arena, ret, ret_sealed, err);
}
